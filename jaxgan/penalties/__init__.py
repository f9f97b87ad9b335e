"""What keeps a critic or a generator smooth, per example."""

from jaxgan.penalties.gradient import dragan as dragan
from jaxgan.penalties.gradient import gradient_penalty as gradient_penalty
from jaxgan.penalties.gradient import r1 as r1
from jaxgan.penalties.gradient import r2 as r2
from jaxgan.penalties.path_length import path_length as path_length
