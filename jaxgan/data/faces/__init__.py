"""Drawn faces as a data set, each attribute of which is known: tables, drawing, and the builder."""

from jaxgan.data.faces.builder import FACES_COUNT as FACES_COUNT
from jaxgan.data.faces.builder import FACES_SIZES as FACES_SIZES
from jaxgan.data.faces.builder import FacesName as FacesName
from jaxgan.data.faces.builder import attribution as attribution
from jaxgan.data.faces.builder import faces_builder as faces_builder
from jaxgan.data.faces.builder import parse_faces as parse_faces
from jaxgan.data.faces.styles import NONE as NONE
from jaxgan.data.faces.styles import Attribute as Attribute
from jaxgan.data.faces.styles import Face as Face
from jaxgan.data.faces.styles import Style as Style
from jaxgan.data.faces.styles import draw_face as draw_face
from jaxgan.data.faces.tables import STYLES as STYLES
