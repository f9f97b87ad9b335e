"""Weights that come from elsewhere: files read without running them, laid over our networks."""

from jaxgan.weights.official import OfficialNetwork as OfficialNetwork
from jaxgan.weights.official import official_parameters as official_parameters
from jaxgan.weights.parts import chosen_parts as chosen_parts
from jaxgan.weights.parts import parts_of as parts_of
from jaxgan.weights.parts import short_name as short_name
from jaxgan.weights.recognise import Recognised as Recognised
from jaxgan.weights.recognise import recognise as recognise
from jaxgan.weights.records import NetworkRecord as NetworkRecord
from jaxgan.weights.records import read_networks as read_networks
from jaxgan.weights.tensors import check_finite as check_finite
from jaxgan.weights.tensors import read_tensors as read_tensors
from jaxgan.weights.tensors import read_weights as read_weights
