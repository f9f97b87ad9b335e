"""Generative adversarial networks as games of pure functions, in JAX."""

__version__ = "0.1.0"
