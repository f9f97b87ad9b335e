"""The latent whose image is nearest to a given picture."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import chex
import jax
import jax.numpy as jnp
import optax

from jaxgan.latents.pyramids import pyramid

Features: TypeAlias = Callable[[jax.Array], jax.Array]
"""`images -> features`: `[N, H, W, C]` to `[N, F]`."""
Noise: TypeAlias = Any
"""Any tree of maps, `[N, H, W]` each; None for no maps."""

_NOISE_UNTIL, _NOISE_SHARE = 0.75, 0.05
_RAMP_UP, _RAMP_DOWN = 0.05, 0.25
_ADAM = optax.scale_by_adam(b1=0.9, b2=0.999, eps=1e-8)


class Projection(NamedTuple):
    """What was found.

    Attributes:
        latent: `[N, L, W]`, where all layers have one w too; `[N, Z]` for generators without w.
        image: `[N, H, W, C]`: what it gives.
        distances: `[steps + 1, N]`: the squared distance in features before the first step and
            after each. That before the first, of the mean, and the last are without noise, the
            others with the noise that is added to latents.
        noise: the tree of maps, where one was given; else None.
    """

    latent: jax.Array
    image: jax.Array
    distances: jax.Array
    noise: Noise


class _State(NamedTuple):
    """What moves, as (latents, maps), and Adam's moments."""

    free: tuple[jax.Array, Noise]
    moments: optax.OptState


class _Problem(NamedTuple):
    """What stays. The functions are pytrees, as `jax.tree_util.Partial`."""

    synthesise: Any
    features: Any
    wanted: jax.Array
    mean: jax.Array
    deviation: jax.Array
    noise_weight: float
    prior_weight: float


def project(
    key: jax.Array,
    synthesise: Callable[..., jax.Array],
    target: jax.Array,
    *,
    mean: jax.Array,
    deviation: float | jax.Array,
    features: Features = pyramid,
    steps: int = 1000,
    layers: int | None = None,
    per_layer: bool = False,
    learning_rate: float = 0.1,
    noise: Noise = None,
    noise_weight: float = 1e5,
    prior_weight: float = 0.01,
    watch: Callable[[int, jax.Array], object] | None = None,
) -> Projection:
    r"""Find the latents of pictures by Adam, from the mean latent on.

    $$‖f(G(w + n)) - f(x)‖^2, \quad n ~ N(0, (0.05 deviation\, max(0, 1 - t / 0.75)^2)^2 I)$$

    where t goes from 0 to 1 over the steps. Adam has the moments 0.9 and 0.999; its rate rises in
    a straight line until t = 0.05 and falls as a cosine from t = 0.75 on. Pictures do not see each
    other: each is found as it would be alone, but for the noise.

    There are three spaces. With `layers` given, it is w, one for all layers, or with `per_layer`
    w+, one each: nearer to the picture, further from what the generator knows. Without, it is z,
    for generators that have no w, and $λ (‖z - mean‖^2 / deviation^2 - 1)^2$ is added, with
    λ = `prior_weight`, which keeps z at the length that latents have. That term and w+ are not the
    source's.

    Noise maps of the generator's layers are found too where they are given. They are held at a mean
    of 0 and a deviation of 1, and `noise_correlation`, weighted, keeps the picture out of them.

    Args:
        key: a typed key.
        synthesise: a pure function of w, `[N, layers, W]`, or of z, `[N, Z]`, and of `noise` behind
            it where that is given, to images `[N, H, W, C]`; each image a function of its own
            latent and maps. As `jax.tree_util.Partial(apply, parameters)` it costs no new trace
            when it is given again.
        target: the pictures, `[N, H, W, C]` floats in [-1, 1].
        mean: of latents, `[W]` or `[Z]`.
        deviation: the root of their mean squared distance from it, [] and positive: for z from
            N(0, I), the root of Z.
        features: a pure function `[N, H, W, C] -> [N, F]`; a network's are nearer to what people
            see than pixels.
        steps: 1 or more.
        layers: how many w the generator takes; None for z.
        per_layer: whether each layer has a w of its own.
        learning_rate: the highest, positive.
        noise: any tree of maps `[N, H, W]` to begin with, drawn from N(0, 1).
        noise_weight: of `noise_correlation`.
        prior_weight: of the length of z.
        watch: called with the number of each step, from 1 on, and the distances `[N]` of the
            latents that the step began with.

    Returns:
        The latents, their images, and how near those came.

    Raises:
        ValueError: where images and target differ in shape, or a number is out of range.

    Karras et al., Analyzing and Improving the Image Quality of StyleGAN, 2020, appendix D.

    >>> synthesise = lambda z: z.reshape(-1, 1, 1, 2)
    >>> target = jnp.array([[[[0.5, -1.0]]]])
    >>> found = project(
    ...     jax.random.key(0), synthesise, target, mean=jnp.zeros(2), deviation=1.1, steps=100
    ... )
    >>> [round(float(x), 1) for x in found.latent[0]]
    [0.5, -1.0]
    """
    target, mean = jnp.asarray(target), jnp.asarray(mean)
    chex.assert_rank([target, mean, deviation], [4, 1, 0])
    chex.assert_type([target, mean], float)
    _check(steps, layers, per_layer, float(deviation), learning_rate)
    shape = (len(target), *(() if layers is None or not per_layer else (layers,)), len(mean))
    latent = jnp.broadcast_to(mean.reshape(*(1 for _ in shape[1:]), -1), shape)
    problem = _Problem(
        *(_as_tree(synthesise), _as_tree(features)),
        *(jnp.asarray(features(target)), mean, jnp.asarray(deviation, mean.dtype)),
        *(noise_weight, prior_weight),
    )
    images = jax.eval_shape(lambda: _synthesised(problem, latent, noise, layers))
    if images.shape != target.shape:
        raise ValueError(
            f"pictures {list(target.shape)} are not like the images {list(images.shape)} of the "
            "generator: bring them to its size and its channels"
        )
    noise = jax.tree.map(_standardised, noise)
    _, distance = _measure(problem, latent, noise, layers)
    distances = [distance]
    state = _State((latent, noise), _ADAM.init((latent, noise)))
    for step in range(steps):
        rate, spread = _schedules(step / steps)
        state, distance = _step(
            jax.random.fold_in(key, step), problem, state, learning_rate * rate, spread, layers
        )
        distances += [distance] if step else []
        if watch is not None:
            watch(step + 1, distance)
    latent, noise = state.free
    image, distance = _measure(problem, latent, noise, layers)
    return Projection(_styles(latent, layers), image, jnp.stack([*distances, distance]), noise)


def _as_tree(function: Callable[..., jax.Array]) -> jax.tree_util.Partial:
    """A function as a pytree, which `jit` takes; a `Partial` is one."""
    if isinstance(function, jax.tree_util.Partial):
        return function
    return jax.tree_util.Partial(function)


def _schedules(time: float) -> tuple[float, float]:
    """The share of the highest rate, and the noise as a share of the latents' deviation.

    Args:
        time: from 0 at the first step to 1.

    >>> _schedules(0.0), _schedules(0.75)[0]
    ((0.0, 0.05), 1.0)
    """
    falling = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1.0 - time) / _RAMP_DOWN))
    rate = falling * min(1.0, time / _RAMP_UP)
    return rate, _NOISE_SHARE * max(0.0, 1.0 - time / _NOISE_UNTIL) ** 2


def noise_correlation(maps: Noise) -> jax.Array:
    """How much noise maps look like pictures: what neighbours have in common, at all sizes.

    $$Σ (mean_xy n_xy n_{x-1,y})^2 + (mean_xy n_xy n_{x,y-1})^2$$

    over all maps and over each at all its sizes: halved, as the means of 2x2 times 2, while the
    smaller side is above 8 (and both are even). The edges have the opposite edges for neighbours.
    The authors' code leaves the factor of 2 out, so that a map's deviation falls with its size.

    Args:
        maps: any tree of `[N, H, W]` floats.

    Returns:
        Of each of the N, `[N]`.

    Karras et al., Analyzing and Improving the Image Quality of StyleGAN, 2020, appendix D.
    """
    total = jnp.zeros(())
    for x in jax.tree.leaves(maps):
        chex.assert_rank(x, 3)
        while True:
            for axis in (1, 2):
                total = total + (x * jnp.roll(x, 1, axis)).mean((1, 2)) ** 2
            count, height, width = x.shape
            if min(height, width) <= 8 or height % 2 or width % 2:
                break
            x = 2 * x.reshape(count, height // 2, 2, width // 2, 2).mean((2, 4))
    return total


@jax.jit(static_argnames="layers")
def _step(
    key: jax.Array,
    problem: _Problem,
    state: _State,
    rate: float,
    spread: float,
    layers: int | None,
) -> tuple[_State, jax.Array]:
    """One step of Adam, and the distances before it."""
    latent = state.free[0]
    added = spread * problem.deviation * jax.random.normal(key, latent.shape, latent.dtype)

    def loss(free: tuple[jax.Array, Noise]) -> tuple[jax.Array, jax.Array]:
        latent, noise = free
        images = _synthesised(problem, latent + added, noise, layers)
        distance = _distance(problem, images)
        total = distance + problem.noise_weight * noise_correlation(noise)
        if layers is None:
            square = ((latent - problem.mean[None]) ** 2).sum(1) / problem.deviation**2
            total = total + problem.prior_weight * (square - 1) ** 2
        return total.sum(), distance

    gradients, distance = jax.grad(loss, has_aux=True)(state.free)
    updates, moments = _ADAM.update(gradients, state.moments)
    latent, noise = jax.tree.map(lambda x, update: x - rate * update, state.free, updates)
    return _State((latent, jax.tree.map(_standardised, noise)), moments), distance


@jax.jit(static_argnames="layers")
def _measure(
    problem: _Problem, latent: jax.Array, noise: Noise, layers: int | None
) -> tuple[jax.Array, jax.Array]:
    """The images, and their distances."""
    images = _synthesised(problem, latent, noise, layers)
    return images, _distance(problem, images)


def _synthesised(
    problem: _Problem, latent: jax.Array, noise: Noise, layers: int | None
) -> jax.Array:
    maps = () if noise is None else (noise,)
    return problem.synthesise(_styles(latent, layers), *maps)


def _styles(latent: jax.Array, layers: int | None) -> jax.Array:
    """One w for all layers, repeated; all else as it is."""
    if layers is None or latent.ndim == 3:
        return latent
    return jnp.repeat(latent[:, None], layers, axis=1)


def _distance(problem: _Problem, images: jax.Array) -> jax.Array:
    return ((problem.features(images) - problem.wanted) ** 2).sum(1)


def _standardised(x: jax.Array) -> jax.Array:
    """Each map to a mean of 0 and a deviation of 1."""
    x = x - x.mean((1, 2), keepdims=True)
    return x * jax.lax.rsqrt((x**2).mean((1, 2), keepdims=True))


def _check(
    steps: int, layers: int | None, per_layer: bool, deviation: float, learning_rate: float
) -> None:
    if steps < 1:
        raise ValueError(f"{steps} steps lead nowhere: give 1 or more")
    if per_layer and layers is None:
        raise ValueError("per_layer asks for a w of each layer: say how many layers there are")
    if layers is not None and layers < 1:
        raise ValueError(f"there are no {layers} layers: give 1 or more, or None for latents z")
    for name, value in (("deviation", deviation), ("learning_rate", learning_rate)):
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be positive and finite, not {value}")
