"""What keeps a generator smooth: a step in w changes its image as much wherever it is taken."""

import math
from collections.abc import Callable
from typing import TypeAlias

import chex
import jax
import jax.numpy as jnp
import optax

Synthesise: TypeAlias = Callable[[jax.Array], jax.Array]
"""`w -> images`: `[B, L, W]` to `[B, H, W, C]`."""


def path_length(
    key: jax.Array,
    synthesise: Synthesise,
    w: jax.Array,
    mean: jax.Array,
    *,
    decay: float = 0.01,
) -> tuple[jax.Array, jax.Array]:
    r"""Hold the length of the generator's Jacobian, along random images, at its moving mean.

    $$(‖J^T y‖ - a)^2, \quad y ~ N(0, I / (H W)), \quad
    a = mean + decay (mean_B ‖J^T y‖ - mean)$$

    where $‖J^T y‖$ is the root of the mean over the L layers of the sum over the numbers of w. The
    moving mean a has this batch in it, and the gradient flows through it, as in the code of
    StyleGAN2-ADA and StyleGAN3: only the copy that a caller keeps is detached.

    Args:
        key: typed key, [].
        synthesise: a pure function `[B, L, W] -> [B, H, W, C]`; each image a function of its own w.
        w: `[B, L, W]`, floats, one w for each of L layers.
        mean: the moving mean before this batch, [] float32; 0 at the beginning.
        decay: of the mean; in (0, 1].

    Returns:
        The penalty of each example, `[B]` (without the paper's weight), and the moving mean after
        this batch, [], through which gradients flow.

    Raises:
        AssertionError: where w is not of rank 3, or the images not of rank 4.

    Karras et al., Analyzing and Improving the Image Quality of StyleGAN, 2020, equation 4.

    >>> twice = lambda w: 2 * w.sum(axis=(1, 2)).reshape(-1, 1, 1, 1)
    >>> penalty, mean = path_length(jax.random.key(0), twice, jnp.ones((3, 2, 4)), jnp.zeros(()))
    >>> penalty.shape, mean.shape
    ((3,), ())
    """
    chex.assert_rank([w, mean], [3, 0])
    chex.assert_type([w, mean], float)

    images, pull_back = jax.vjp(synthesise, w)
    chex.assert_rank(images, 4)
    noise = jax.random.normal(key, images.shape, images.dtype)
    (gradients,) = pull_back(noise / math.sqrt(images.shape[1] * images.shape[2]))
    gradients = gradients.astype(jnp.promote_types(gradients.dtype, jnp.float32))
    # Where a generator does not look at w at all, the gradient of the root is 0 and not NaN.
    lengths = optax.safe_norm(gradients.reshape(len(w), -1), 0.0, axis=1) / math.sqrt(w.shape[1])
    mean = mean + decay * (lengths.mean() - mean)
    return (lengths - mean) ** 2, mean
