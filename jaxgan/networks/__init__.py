"""Generators and discriminators: pure Flax modules, one family a file."""

from jaxgan.networks.dcgan import DCGANDiscriminator as DCGANDiscriminator
from jaxgan.networks.dcgan import DCGANGenerator as DCGANGenerator
from jaxgan.networks.fully_connected import (
    FullyConnectedDiscriminator as FullyConnectedDiscriminator,
)
from jaxgan.networks.fully_connected import FullyConnectedGenerator as FullyConnectedGenerator
