"""OpenMoji's drawings as a data set: the builder, the rendering, and what code points tell."""

from jaxgan.data.openmoji.builder import OPENMOJI_SIZES as OPENMOJI_SIZES
from jaxgan.data.openmoji.builder import openmoji_builder as openmoji_builder
from jaxgan.data.openmoji.names import Description as Description
from jaxgan.data.openmoji.names import describe as describe
from jaxgan.data.openmoji.names import half_of as half_of
