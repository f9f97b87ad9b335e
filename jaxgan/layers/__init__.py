"""Building blocks shared by networks."""

from jaxgan.layers.convolution import Conv as Conv
from jaxgan.layers.convolution import ConvTranspose as ConvTranspose
from jaxgan.layers.convolution import convolution as convolution
from jaxgan.layers.convolution import transposed_convolution as transposed_convolution
from jaxgan.layers.initialisers import normal as normal
