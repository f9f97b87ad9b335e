"""The mapping network of the StyleGAN family: latents and labels to w."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

from jaxgan.layers import EqualisedDense, check_label, label_vectors, rectify

_EPSILON = 1e-8


def normalised(x: jax.Array) -> jax.Array:
    """Rows divided by the root of their mean square, `[B, C]`."""
    return x * lax.rsqrt(jnp.mean(x**2, axis=1, keepdims=True) + _EPSILON)


def check_styles(w: jax.Array, num_ws: int, features: int) -> None:
    """Refuse what is no w of each layer.

    Args:
        w: `[B, num_ws, features]`.
        num_ws: layers that w styles.
        features: W.

    Raises:
        ValueError: where w has another shape.
    """
    if w.ndim != 3 or w.shape[1:] != (num_ws, features):
        raise ValueError(
            f"w of shape {w.shape} came to a generator of {num_ws} layers: give [B, {num_ws}, "
            f"{features}]"
        )


class Mapping(nn.Module):
    """Latents and labels, each normalised, to w; and where w is on average.

    Parameters, float32: `fc0`, `fc1`, ...; `embed` where there are classes. Collection
    `latent_mean`: `mean` [features], the moving mean of w.

    Attributes:
        features: W, of w and of the layers between.
        layers: how many.
        classes: how many labels there are, or the length of labels that are vectors; None plays
            without.
        multiplier: of the layers' rate of learning.
        mean_decay: what the moving mean of w keeps in a pass of training; None has no mean.
    """

    features: int = 512
    layers: int = 8
    classes: int | None = None
    multiplier: float = 0.01
    mean_decay: float | None = 0.995

    @nn.compact
    def __call__(
        self, latent: jax.Array | None, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        """Latents `[B, Z]` (None for labels alone) and labels `[B]` or `[B, L]` to w `[B, W]`.

        Raises:
            ValueError: where a label is missing, unasked for or out of range.
        """
        check_label(label, self.classes)
        inputs = []
        if latent is not None:
            chex.assert_rank(latent, 2)
            inputs.append(normalised(latent))
        if label is not None:
            assert self.classes is not None
            embed = EqualisedDense(self.features, name="embed")
            inputs.append(normalised(embed(label_vectors(label, self.classes))))
        x = jnp.concatenate(inputs, axis=1)
        for layer in range(self.layers):
            x = rectify(EqualisedDense(self.features, self.multiplier, name=f"fc{layer}")(x))
        if self.mean_decay is not None:
            mean = self.variable("latent_mean", "mean", jnp.zeros, (self.features,), jnp.float32)
            if train and not self.is_initializing():
                now = lax.stop_gradient(jnp.mean(x, axis=0))
                mean.value = now + self.mean_decay * (mean.value - now)
        return x
