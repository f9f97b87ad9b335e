"""How smoothly a generator's images change along its latent space."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.games import Batch, stream
from jaxgan.latents import lerp, slerp
from jaxgan.metrics import perceptual_path_length
from jaxgan.training import Figure, Generate, Generates, Styled

_EPSILON = 1e-4
"""Of the way from one latent to another, as NVIDIA's code has it."""
_CHUNK = 100
"""How many pairs are drawn at once."""


def path_length_figure(
    experiment: Generates,
    state: Any,
    generate: Generate,
    key: jax.Array,
    *,
    count: int,
    features: Callable[[jax.Array], jax.Array],
    told: str,
) -> Figure:
    r"""The perceptual path length: $\|f(a) - f(b)\|^2 / ε^2$ of images that are ε apart.

    Of images that are made of styles in w, at the ends of paths (t = 0); of others in z, anywhere
    on them. The two images of a pair have one label and one noise. Distances below the first and
    above the 99th percentile do not count.

    Args:
        experiment: whose images they are.
        state: of its game.
        generate: its trained generator.
        key: typed key, [], of the latents.
        count: of pairs, 2 or more.
        features: what images are compared by: `[N, H, W, C]` floats in [-1, 1] to `[N, F]`.
        told: what these are, for the figure's name. PPL is said of LPIPS alone.
    """
    key_first, key_second, key_share = (stream(key, name) for name in ("first", "second", "share"))
    first, second = experiment.inputs(key_first, count), experiment.inputs(key_second, count)
    near, far = _ends(experiment, state, first, {**first, "latent": second["latent"]}, key_share)
    distances = []
    for number, start in enumerate(range(0, count, _CHUNK)):
        noise, rows = jax.random.fold_in(key, number), slice(start, start + _CHUNK)
        one, other = (
            np.asarray(features(jnp.asarray(generate(noise, {k: x[rows] for k, x in p.items()}))))
            for p in (near, far)
        )
        distances.append(np.sum((one - other) ** 2, axis=1))
    length = perceptual_path_length(np.concatenate(distances), epsilon=_EPSILON)
    styled = isinstance(experiment, Styled)
    space, where = ("w", "ends") if styled else ("z", "anywhere")
    return Figure(
        f"path length in {space} ({told})",
        length.mean,
        length.deviation / count**0.5,
        "lower",
        {"pairs": count, "epsilon": _EPSILON, "at": where, "percentiles": "1 to 99"},
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
