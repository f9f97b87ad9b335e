"""How smoothly a generator's images change along its latent space."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.games import Batch, stream
from jaxgan.latents import lerp, slerp
from jaxgan.metrics import perceptual_path_length
from jaxgan.networks import LPIPS
from jaxgan.recipes.extractors import digest_of
from jaxgan.recipes.perceptual import on_white, perceptual_features
from jaxgan.recipes.vgg import lpips_distances
from jaxgan.training import Figure, Generate, Generates, Styled, Value
from jaxgan.weights import find_lite0, lite0_variables

_EPSILON = 1e-4
"""Of the way from one latent to another, as NVIDIA's code has it."""
_CHUNK = 100
"""How many pairs are drawn at once."""
_LARGEST = 256
"""Pixels on a side of what LPIPS sees, as NVIDIA's code has it."""


class PathDistance(NamedTuple):
    """What the images at two near places of a path are compared by.

    Attributes:
        name: what figures are named after.
        inputs: in words, how images are brought to what the network takes.
        digest: of its weights; None where there are none.
        measure: two times images, `[N, H, W, C]` float32 in [-1, 1] of grey, RGB or RGBA, to their
            distances, `[N]`.
        lpips: whether it is LPIPS, by the weights that its authors published.
    """

    name: str
    inputs: str
    digest: str | None
    measure: Callable[[jax.Array, jax.Array], jax.Array]
    lpips: bool = False


def features_path_distance() -> PathDistance:
    """The squared distance of `perceptual_features`: EfficientNet-Lite0's with the pixels'.

    Raises:
        ValueError: where the file of the weights is not what it should be.
        OSError: where it cannot be read.
    """
    features = perceptual_features()

    def measure(images: jax.Array, others: jax.Array) -> jax.Array:
        return jnp.sum((features(images) - features(others)) ** 2, axis=1)

    if find_lite0() is None:
        return PathDistance("pixels", "as they are", None, measure)
    digest = digest_of(lite0_variables())
    return PathDistance("EfficientNet-Lite0 and pixels", "smaller side 64 to 256", digest, measure)


def lpips_path_distance(
    variables: Mapping[str, Any], *, published: bool = True, network: LPIPS | None = None
) -> PathDistance:
    """LPIPS by VGG16, which the papers' path lengths are of.

    Args:
        variables: as of `jaxgan.weights.lpips_variables`.
        published: whether they are the published ones: PPL is said of these alone.
        network: of the variables' width; torchvision's where None.
    """
    held = jax.device_put(dict(variables))

    def measure(images: jax.Array, others: jax.Array) -> jax.Array:
        seen = (_seen(jnp.asarray(x, jnp.float32)) for x in (images, others))
        return lpips_distances(held, *seen, network=network)

    inputs = f"means of squares, to {_LARGEST} or less"
    return PathDistance("LPIPS by VGG16", inputs, digest_of(variables), measure, published)


@jax.jit
def _seen(images: jax.Array) -> jax.Array:
    """Images as LPIPS takes them: RGB, in NVIDIA's way at most 256 pixels high."""
    images = on_white(images)
    count, height, width, channels = images.shape
    factor = height // _LARGEST
    if factor < 2 or height % factor or width % factor:
        return images
    squares = images.reshape(count, height // factor, factor, width // factor, factor, channels)
    return squares.mean((2, 4))


def path_length_figure(
    experiment: Generates,
    state: Any,
    generate: Generate,
    key: jax.Array,
    *,
    count: int,
    distance: PathDistance,
    protocol: Mapping[str, Value],
) -> Figure:
    r"""The perceptual path length: $d(a, b) / ε^2$ of images that are ε apart.

    Of images that are made of styles in w, at the ends of paths (t = 0); of others in z, anywhere
    on them. The two images of a pair have one label and one noise. Distances below the first and
    above the 99th percentile do not count.

    Args:
        experiment: whose images they are.
        state: of its game.
        generate: its trained generator.
        key: typed key, [], of the latents.
        count: of pairs, 2 or more.
        distance: d. PPL is said of the published LPIPS alone.
        protocol: how the images were made, beside what is known here.
    """
    key_first, key_second, key_share = (stream(key, name) for name in ("first", "second", "share"))
    first, second = experiment.inputs(key_first, count), experiment.inputs(key_second, count)
    near, far = _ends(experiment, state, first, {**first, "latent": second["latent"]}, key_share)
    distances = []
    for number, start in enumerate(range(0, count, _CHUNK)):
        noise, rows = jax.random.fold_in(key, number), slice(start, start + _CHUNK)
        one, other = (
            jnp.asarray(generate(noise, {k: x[rows] for k, x in p.items()})) for p in (near, far)
        )
        distances.append(np.asarray(distance.measure(one, other)))
    length = perceptual_path_length(np.concatenate(distances), epsilon=_EPSILON)
    styled = isinstance(experiment, Styled)
    space, where = ("w", "ends") if styled else ("z", "anywhere")
    called = "PPL" if distance.lpips else "path length"
    known: dict[str, Value] = {
        "network": distance.name,
        "network_digest": distance.digest,
        "inputs": distance.inputs,
        "pairs": count,
        "epsilon": _EPSILON,
        "at": where,
        "percentiles": "1 to 99",
    }
    return Figure(
        f"{called} in {space} ({distance.name})",
        length.mean,
        length.deviation / count**0.5,
        "lower",
        {**known, **protocol},
    )


def _ends(
    experiment: Generates, state: Any, first: Batch, second: Batch, key: jax.Array
) -> tuple[Batch, Batch]:
    """Inputs that are ε apart on the ways from the first to the second."""
    if isinstance(experiment, Styled):
        start, end = experiment.map_latents(state, first), experiment.map_latents(state, second)
        return {"w": start}, {"w": lerp(start, end, _EPSILON)}
    start, end = jnp.asarray(first["latent"]), jnp.asarray(second["latent"])
    share = jax.random.uniform(key, (len(start), 1))
    near, far = slerp(start, end, share), slerp(start, end, share + _EPSILON)
    return {**first, "latent": near}, {**first, "latent": far}
