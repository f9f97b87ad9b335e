"""Penalties on the gradient of a critic with respect to its input, per example.

A critic is a pure function `[B, ...] -> [B]`. The score of an example must depend on that example
alone: the gradient is taken of the sum of the scores, so a critic that looks across its batch
(batch norm, minibatch statistics) adds what each example does to the others' scores.

Every penalty is jitted and differentiable again, with respect to what the critic closes over too.
A critic that changes from call to call costs no new trace where it is given as
`jax.tree_util.Partial(apply, parameters)`; a new lambda costs one. Inside an outer `jit` that
does not matter.
"""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeAlias

import chex
import jax
import jax.numpy as jnp
import optax

Critic: TypeAlias = Callable[[jax.Array], jax.Array]
"""`images -> scores`: `[B, ...]` to `[B]`."""

_Parameters = ParamSpec("_Parameters")


def _jit_with_critic(
    penalty: Callable[_Parameters, jax.Array],
) -> Callable[_Parameters, jax.Array]:
    """Jit a function one of whose arguments is a function.

    `jax.jit` takes arrays and pytrees of them. A `Partial` is one (its arguments are leaves, its
    function is compared by identity), so a plain callable, which is none, becomes a `Partial`.
    """
    jitted = jax.jit(penalty)

    def as_pytree(leaf: object) -> object:
        return jax.tree_util.Partial(leaf) if callable(leaf) else leaf

    @functools.wraps(penalty)
    def with_critic(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> jax.Array:
        args, kwargs = jax.tree.map(as_pytree, (args, kwargs))
        return jitted(*args, **kwargs)

    return with_critic


def _input_gradients(critic: Critic, inputs: jax.Array) -> jax.Array:
    """The gradient of each score with respect to its own input, flattened: `[B, D]`."""

    def sum_of_scores(inputs: jax.Array) -> jax.Array:
        scores = critic(inputs)
        chex.assert_shape(scores, inputs.shape[:1])
        return scores.sum()

    gradients = jax.grad(sum_of_scores)(inputs)
    gradients = gradients.astype(jnp.promote_types(gradients.dtype, jnp.float32))
    return gradients.reshape(len(gradients), -1)


def _distance_to_target(critic: Critic, inputs: jax.Array, target: float) -> jax.Array:
    """$(‖∇s(x)‖ - target)^2$, with a gradient of zero, not NaN, where $∇s(x)$ is exactly zero."""
    return (optax.safe_norm(_input_gradients(critic, inputs), 0.0, axis=1) - target) ** 2


def _half_squared_norm(critic: Critic, inputs: jax.Array) -> jax.Array:
    return (_input_gradients(critic, inputs) ** 2).sum(axis=1) / 2


def _check_images(*images: jax.Array) -> None:
    chex.assert_equal_shape(images)
    chex.assert_shape(images, (None, None, ...))
    chex.assert_type(images, float)


@_jit_with_critic
def gradient_penalty(
    key: jax.Array, critic: Critic, real: jax.Array, fake: jax.Array, *, target: float = 1.0
) -> jax.Array:
    r"""Hold the critic's slope at `target` on lines between reals and fakes.

    $$(‖∇s(x̂)‖ - target)^2, \quad x̂ = ε x_real + (1 - ε) x_fake$$

    with one $ε ~ U(0, 1)$ for each example.

    Args:
        key: a typed key.
        critic: a pure function `[B, ...] -> [B]`.
        real: `[B, ...]`, floats, rank 2 or more.
        fake: the same shape.
        target: the slope to hold.

    Returns:
        The penalty of each example, `[B]`, of 32 bits or more.

    Raises:
        AssertionError: where the shapes differ, or the critic does not return `[B]`.

    Gulrajani et al., Improved Training of Wasserstein GANs, 2017, eq. 3 (without its lambda).

    >>> slope_of_two = lambda images: 2 * images[:, 0]
    >>> images = jnp.ones((3, 5))
    >>> gradient_penalty(jax.random.key(0), slope_of_two, images, -images).tolist()
    [1.0, 1.0, 1.0]
    """
    _check_images(real, fake)
    epsilon = jax.random.uniform(key, (len(real), *(1 for _ in real.shape[1:])), real.dtype)
    return _distance_to_target(critic, epsilon * real + (1 - epsilon) * fake, target)


@_jit_with_critic
def r1(critic: Critic, real: jax.Array) -> jax.Array:
    """Half the squared gradient of the critic on reals.

    $$‖∇s(x_real)‖^2 / 2$$

    Args:
        critic: a pure function `[B, ...] -> [B]`.
        real: `[B, ...]`, floats, rank 2 or more.

    Returns:
        The penalty of each example, `[B]`, of 32 bits or more.

    Raises:
        AssertionError: where `real` holds no floats, or the critic does not return `[B]`.

    Mescheder et al., Which Training Methods for GANs do actually Converge?, 2018, eq. 9
    (without its gamma).

    >>> r1(lambda images: 2 * images[:, 0], jnp.ones((3, 5))).tolist()
    [2.0, 2.0, 2.0]
    """
    _check_images(real)
    return _half_squared_norm(critic, real)


@_jit_with_critic
def r2(critic: Critic, fake: jax.Array) -> jax.Array:
    """Half the squared gradient of the critic on fakes.

    $$‖∇s(x_fake)‖^2 / 2$$

    Args:
        critic: a pure function `[B, ...] -> [B]`.
        fake: `[B, ...]`, floats, rank 2 or more.

    Returns:
        The penalty of each example, `[B]`, of 32 bits or more.

    Raises:
        AssertionError: where `fake` holds no floats, or the critic does not return `[B]`.

    Mescheder et al., Which Training Methods for GANs do actually Converge?, 2018, eq. 10
    (without its gamma).
    """
    _check_images(fake)
    return _half_squared_norm(critic, fake)


@_jit_with_critic
def dragan(
    key: jax.Array, critic: Critic, real: jax.Array, *, scale: float = 0.5, target: float = 1.0
) -> jax.Array:
    r"""Hold the critic's slope at `target` in a cloud around the reals.

    $$(‖∇s(x_real + δ)‖ - target)^2, \quad δ ~ N(0, (scale std(real))^2 I)$$

    The standard deviation is that of all numbers of the batch, and a constant: no gradient flows
    through it. This is the paper's penalty. The authors' published code differs: its noise is
    `scale * std(real)` times U[0, 1), so never negative, and the slope is taken at a uniformly
    drawn point of the line between the example and its noisy copy.

    Args:
        key: a typed key.
        critic: a pure function `[B, ...] -> [B]`.
        real: `[B, ...]`, floats, rank 2 or more.
        scale: the width of the cloud, in standard deviations of the batch; 0 or more.
        target: the slope to hold; the paper's k.

    Returns:
        The penalty of each example, `[B]`, of 32 bits or more.

    Raises:
        AssertionError: where `real` holds no floats, or the critic does not return `[B]`.

    Kodali et al., On Convergence and Stability of GANs, 2017 (without its lambda).

    >>> dragan(jax.random.key(0), lambda images: 2 * images[:, 0], jnp.ones((3, 5))).tolist()
    [1.0, 1.0, 1.0]
    """
    _check_images(real)
    deviation = jax.lax.stop_gradient(scale * jnp.std(real))
    noise = deviation * jax.random.normal(key, real.shape, real.dtype)
    return _distance_to_target(critic, real + noise, target)
