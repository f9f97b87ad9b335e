"""Spectral normalisation: weights whose largest singular value is one."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

Path = tuple[jax.tree_util.DictKey, ...]


class SpectralNorm(nn.Module):
    r"""A network with each of its weights divided by the weight's largest singular value.

    $$v ← W u / ‖W u‖, \quad u ← W^T v / ‖W^T v‖, \quad σ = v^T W u, \quad W_SN = W / σ$$

    Miyato, Kataoka, Koyama and Yoshida, "Spectral normalization for generative adversarial
    networks" (2018), Algorithm 1. W is a weight as a matrix, `[inputs, outputs]`: of a kernel the
    last axis stays, the others are one. Each call in training does one step of the power iteration
    for each weight; none outside. Gradients flow through W, with u and v constant (equation 11).

    All parameters called `kernel` or `embedding` are normalised, down to the network's last layer.
    Biases, and the gains and shifts of normalisations, are not. Parameters stay as they are; u and
    v live in the collection `spectral`.

    Attributes:
        network: any module that is called with `train`.

    >>> from jaxgan.networks import DCGANDiscriminator
    >>> network = SpectralNorm(DCGANDiscriminator(28, 8, batch_norm=False))
    >>> init = jax.jit(partial(network.init, train=True))
    >>> sorted(init(jax.random.key(0), jnp.ones((2, 28, 28, 1))))
    ['params', 'spectral']
    """

    network: nn.Module

    @nn.compact
    def __call__(self, *inputs: Any, train: bool) -> Any:
        """What the network gives for these inputs."""

        def call(network: nn.Module) -> Any:
            return network(*inputs, train=train)

        if self.is_initializing():
            call(self.network)  # makes the parameters, which would be stored normalised below
        normalised = nn.map_variables(
            call,
            "params",
            partial(jax.tree.map_with_path, partial(self._normalise, iterate=train)),
        )
        return normalised(self.network)

    def _normalise(self, path: Path, weight: jax.Array, *, iterate: bool) -> jax.Array:
        names = [part.key for part in path[1:]]  # within the collection `params`
        if names[-1] not in ("kernel", "embedding"):
            return weight
        matrix = weight.reshape(-1, weight.shape[-1])
        vectors = self.variable("spectral", ".".join(names), self._start, matrix)
        u, v = vectors.value["u"], vectors.value["v"]
        if iterate:
            fixed = jax.lax.stop_gradient(matrix)
            v = _direction(_product(fixed, u), v)
            u = _direction(_product(fixed.T, v), u)
            vectors.value = {"u": u, "v": v}
        else:  # an average of networks has averages of unit vectors
            u, v = _direction(u, u), _direction(v, v)
        sigma = _product(v, _product(matrix, u))
        return weight / jnp.where(sigma > 0, sigma, 1)

    def _start(self, matrix: jax.Array) -> Mapping[str, jax.Array]:
        u = jax.random.normal(self.make_rng("params"), matrix.shape[1:])
        u = _direction(u, u)
        v = _product(matrix, u)
        return {"u": u, "v": _direction(v, v)}


def _product(a: jax.Array, b: jax.Array) -> jax.Array:
    return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)


def _direction(x: jax.Array, otherwise: jax.Array) -> jax.Array:
    """The unit vector along x; the other where x is zero, from which no iteration would return."""
    length = jnp.linalg.norm(x)
    return jnp.where(length > 0, x / jnp.where(length > 0, length, 1), otherwise)
