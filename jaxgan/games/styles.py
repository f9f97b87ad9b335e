"""Latents on their way to a generator with styles: mapped to w, mixed, and truncated."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.games.game import apply_train, stream


class StyleGenerator(Protocol):
    """What the game asks of a generator, besides what every Flax module has.

    It is called `(latent [B, Z], *y, train) -> images [B, H, W, C]`, which is its two methods in
    turn. Its collection `latent_mean` holds the moving mean of w as `mapping/mean`, [W].
    """

    @property
    def num_ws(self) -> int:
        """L, how many w an image is made of."""
        ...

    def init(self, *args: Any, **kwargs: Any) -> Any:
        """Flax's."""
        ...

    def apply(self, *args: Any, **kwargs: Any) -> Any:
        """Flax's."""
        ...

    def map_latents(self, *args: Any, **kwargs: Any) -> Any:
        """`(latent [B, Z], *y, train) -> w [B, L, W]`; moves `latent_mean` where `train`."""
        ...

    def synthesise(self, *args: Any, **kwargs: Any) -> Any:
        """`(w [B, L, W], *, train) -> images [B, H, W, C]`; noise is drawn in training only.

        Where networks grow, also with `stage`, an int, and `fade`, [] in (0, 1]: the images are
        those of the stage, as small as it makes them.
        """
        ...


def mix_styles(
    key: jax.Array, w: jax.Array, others: jax.Array, *, probability: float, layers: int
) -> jax.Array:
    """With some probability, the w of another latent from some layer on.

    One draw and one cutoff, uniform in {1, ..., layers - 1}, are those of the whole batch.

    Args:
        key: typed key, [].
        w: `[B, L, W]`.
        others: w of other latents, `[B, L, W]`.
        probability: of mixing at all, in [0, 1].
        layers: how many layers are in use, 2 to L.

    Returns:
        `[B, L, W]`.

    Karras et al., StyleGAN, 2019, section 3.1; a cutoff a batch is that of the authors' later code.
    """
    key_cutoff, key_whether = stream(key, "cutoff"), stream(key, "whether")
    cutoff = jax.random.randint(key_cutoff, (), 1, layers)
    mixed = jax.random.bernoulli(key_whether, probability)
    place = jnp.arange(w.shape[1])[None, :, None]
    return jnp.where(mixed & (place >= cutoff), others, w)


def truncate_styles(
    w: jax.Array, mean: jax.Array, truncation: jax.Array, cutoff: jax.Array | None = None
) -> jax.Array:
    r"""Draw w towards its mean: less variety, fewer strange images.

    $$w ← mean + ψ (w - mean)$$

    Args:
        w: `[N, L, W]`.
        mean: `[W]`.
        truncation: ψ of each image, `[N]`; 1 leaves w alone, 0 gives the mean.
        cutoff: how many of the first layers are truncated, `[N]` int32; all where None.

    Returns:
        `[N, L, W]`.

    Karras et al., StyleGAN, 2019, appendix B.
    """
    mean = mean[None, None]
    near = mean + truncation[:, None, None] * (w - mean)
    if cutoff is None:
        return near
    return jnp.where(jnp.arange(w.shape[1])[None, :, None] < cutoff[:, None, None], near, w)


def draw_noise(seeds: jax.Array, constant: Any) -> Any:
    """Noise for each image, to lie in the place of the constant one.

    Args:
        seeds: of each image's noise, `[N]` uint32; an image's noise is a function of its seed.
        constant: the collection `noise` of a generator, arrays `[H, W]`.

    Returns:
        The same tree of N(0, 1), `[N, H, W]` float32.
    """

    def drawn(place: Any, leaf: jax.Array) -> jax.Array:
        name = jax.tree_util.keystr(place)

        def of(seed: jax.Array) -> jax.Array:
            return jax.random.normal(stream(jax.random.key(seed), name), leaf.shape)

        return jax.vmap(of)(seeds)

    return jax.tree.map_with_path(drawn, constant)


class Styled(NamedTuple):
    """A generator with styles in training, with all that does not change through a game.

    Attributes:
        network: see `StyleGenerator`.
        latent: p(z): `(key, count) -> [count, Z]`.
        mixing: probability that two latents share the images of a batch.
        layers: how many of the L layers are in use.
    """

    network: nn.Module
    latent: Callable[[jax.Array, int], jax.Array]
    mixing: float
    layers: int

    def styles(
        self, key: jax.Array, parameters: Any, collections: Any, count: int, *y: jax.Array
    ) -> tuple[jax.Array, Any]:
        """What fresh latents are mapped to, mixed, `[count, L, W]`, and the collections afterwards.

        The mean of w moves with the first latents only, not with those that are mixed in.
        """

        def mapped(key: jax.Array) -> tuple[jax.Array, Any]:
            z = self.latent(stream(key, "latent"), count)
            inputs = parameters, collections, z, *y
            return apply_train(stream(key, "map"), self.network, *inputs, method="map_latents")

        w, seen = mapped(stream(key, "first"))
        if self.mixing == 0 or self.layers < 2:
            return w, seen
        others, _ = mapped(stream(key, "second"))
        key_mix = stream(key, "mix")
        w = mix_styles(key_mix, w, others, probability=self.mixing, layers=self.layers)
        return w, seen

    def synthesise(
        self, key: jax.Array, parameters: Any, collections: Any, w: jax.Array
    ) -> tuple[jax.Array, Any]:
        """Images of w, `[B, L, W]`, and the collections afterwards."""
        inputs = parameters, collections, w
        return apply_train(stream(key, "synthesis"), self.network, *inputs, method="synthesise")

    def make(
        self, key: jax.Array, parameters: Any, collections: Any, count: int, *y: jax.Array
    ) -> tuple[jax.Array, Any]:
        """Images of fresh latents, and the collections afterwards."""
        w, seen = self.styles(key, parameters, collections, count, *y)
        return self.synthesise(key, parameters, seen, w)
