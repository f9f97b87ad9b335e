"""Pieces of optax: what happens to weights between a gradient and the next round."""

from jaxgan.updates.averaging import AverageState as AverageState
from jaxgan.updates.averaging import Averaging as Averaging
from jaxgan.updates.averaging import average_weights as average_weights
from jaxgan.updates.averaging import averaged as averaged
from jaxgan.updates.averaging import half_life_average as half_life_average
from jaxgan.updates.clipping import clip_weights as clip_weights
from jaxgan.updates.finite import finite_gradients as finite_gradients
from jaxgan.updates.lazy import lazy_adam as lazy_adam
from jaxgan.updates.schedules import constant_then_linear as constant_then_linear
from jaxgan.updates.schedules import cosine as cosine
