"""Weights that come from elsewhere: files read without running them, laid over our networks."""

from jaxgan.weights.laying import laid_over as laid_over
from jaxgan.weights.nvidia import LICENCE as LICENCE
from jaxgan.weights.nvidia import StyleNetworks as StyleNetworks
from jaxgan.weights.nvidia import style_networks as style_networks
from jaxgan.weights.official import OfficialNetwork as OfficialNetwork
from jaxgan.weights.official import official_parameters as official_parameters
from jaxgan.weights.parts import chosen_parts as chosen_parts
from jaxgan.weights.parts import parts_of as parts_of
from jaxgan.weights.parts import short_name as short_name
from jaxgan.weights.r3gan import LICENCE_OF_R3GAN as LICENCE_OF_R3GAN
from jaxgan.weights.r3gan import R3GANNetworks as R3GANNetworks
from jaxgan.weights.r3gan import r3gan_networks as r3gan_networks
from jaxgan.weights.recognise import Recognised as Recognised
from jaxgan.weights.recognise import recognise as recognise
from jaxgan.weights.records import NetworkRecord as NetworkRecord
from jaxgan.weights.records import read_networks as read_networks
from jaxgan.weights.tensors import check_finite as check_finite
from jaxgan.weights.tensors import read_tensors as read_tensors
from jaxgan.weights.tensors import read_weights as read_weights
