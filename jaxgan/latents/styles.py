"""What can be done with w, the styles of StyleGAN's layers: one vector a layer, `[N, L, W]`."""

import chex
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike


def truncate(
    w: jax.Array, mean: jax.Array, psi: ArrayLike, *, cutoff: int | None = None
) -> jax.Array:
    r"""Move w towards their mean: less variety, and fewer images that are hardly any.

    $$w'_l = \bar w + ψ (w_l - \bar w)$$

    for the first `cutoff` layers l; the others stay. ψ = 1 changes nothing, 0 gives the mean image,
    and what is below 0 goes to the other side of it: the opposite of an image.

    Args:
        w: `[N, L, W]` floats.
        mean: of the w that a mapping network gives, `[W]`.
        psi: ψ, of all w, [], or of each, `[N]`.
        cutoff: how many layers, 0 to L; all where None.

    Returns:
        `[N, L, W]`, of the type of w.

    Raises:
        ValueError: where there are not so many layers.

    Karras et al., A Style-Based Generator Architecture for GANs, 2019, appendix B.

    >>> truncate(jnp.full((1, 2, 1), 3.0), jnp.ones(1), 0.5, cutoff=1).ravel().tolist()
    [2.0, 3.0]
    """
    chex.assert_rank([w, mean], [3, 1])
    count, layers, size = w.shape
    chex.assert_shape(mean, (size,))
    if cutoff is not None and not 0 <= cutoff <= layers:
        raise ValueError(
            f"the first {cutoff} layers cannot be truncated, there are {layers}: give 0 to {layers}"
        )
    share = jnp.broadcast_to(jnp.asarray(psi, w.dtype), count)[:, None, None]
    centre = mean[None, None]
    moved = (centre + share * (w - centre)).astype(w.dtype)
    early = jnp.arange(layers) < (layers if cutoff is None else cutoff)
    return jnp.where(early[None, :, None], moved, w)


def mix(coarse: jax.Array, fine: jax.Array, start: int, stop: int | None = None) -> jax.Array:
    """The styles of two images in one: those of layers `start` to `stop - 1` are `fine`'s.

    Early layers make what is coarse, as pose and shape; late ones what is fine, as colours.

    Args:
        coarse: `[N, L, W]`, of all other layers.
        fine: `[N, L, W]`.
        start: the first layer that is `fine`'s, 0 to `stop`.
        stop: the first layer behind them, up to L; L where None.

    Returns:
        `[N, L, W]`.

    Raises:
        ValueError: where there are no such layers.

    Karras et al., A Style-Based Generator Architecture for GANs, 2019, section 3.1 and figure 3.

    >>> mix(jnp.zeros((1, 4, 1)), jnp.ones((1, 4, 1)), 1, 3).ravel().tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    chex.assert_rank([coarse, fine], 3)
    chex.assert_equal_shape([coarse, fine])
    layers = coarse.shape[1]
    stop = layers if stop is None else stop
    if not 0 <= start <= stop <= layers:
        raise ValueError(
            f"there are no layers {start} to {stop} to mix: there are {layers}, give two numbers "
            f"in 0 to {layers}, the smaller one first"
        )
    place = jnp.arange(layers)
    return jnp.where(((place >= start) & (place < stop))[None, :, None], fine, coarse)
