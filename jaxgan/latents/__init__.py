"""Latent vectors: where they come from and what can be done with them."""

from jaxgan.latents.priors import Prior as Prior
from jaxgan.latents.priors import normal as normal
from jaxgan.latents.priors import uniform as uniform
from jaxgan.latents.styles import mix as mix
from jaxgan.latents.styles import truncate as truncate
