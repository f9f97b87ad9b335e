"""How much of a code can be read from an image: the variational bound of InfoGAN, per example.

$$I(c; G(z, c)) ≥ L_I = E_{c, x ~ G(z, c)} [log Q(c|x)] + H(c)$$

The two functions are the inside of that expectation, in nats: for codes drawn from their priors,
the mean over a batch estimates $L_I$. Players *subtract* λ times it: they minimise
$V(D, G) - λ L_I(G, Q)$. For that the graph must reach G: Q's parameters are computed from the
images that G has just made from the code.

Chen et al., InfoGAN: Interpretable Representation Learning by Information Maximizing Generative
Adversarial Nets, 2016, eqs. 4 to 6.
"""

import math

import chex
import jax
import jax.numpy as jnp


@jax.jit
def categorical_information(logits: jax.Array, code: jax.Array) -> jax.Array:
    """The bound for a categorical code, uniform over K values.

    $$log softmax(logits)_c + log K$$

    At most log K, reached where Q is sure and right; 0 where Q knows nothing.

    Args:
        logits: Q's, `[B, K]` floats.
        code: one-hot, `[B, K]` floats.

    Returns:
        `[B]` nats, of 32 bits or more.

    Raises:
        AssertionError: where the shapes differ, or an argument does not hold floats.

    >>> code = jnp.array([[0.0, 1.0]])
    >>> categorical_information(jnp.zeros((1, 2)), code).tolist()
    [0.0]
    """
    chex.assert_rank([logits, code], 2)
    chex.assert_equal_shape([logits, code])
    chex.assert_type([logits, code], float)
    logits = logits.astype(jnp.promote_types(logits.dtype, jnp.float32))
    return (code * jax.nn.log_softmax(logits)).sum(axis=1) + math.log(logits.shape[1])


@jax.jit
def gaussian_information(
    mean: jax.Array, log_variance: jax.Array | float, code: jax.Array
) -> jax.Array:
    """The bound for C continuous codes, each U(-1, 1), where Q is a Gaussian of each.

    $$Σ_c [log N(c; μ_c, σ_c^2) + log 2]$$

    A log variance of 0.0 fixes Q's variance at one, as the authors' code does on MNIST: then Q
    minimises $(c - μ)^2 / 2$, and the bound is at most $C (log 2 - log(2 π) / 2)$, below zero.
    A learnt one has no upper bound, so the network should keep it from falling without end.

    Args:
        mean: Q's means, `[B, C]` floats.
        log_variance: Q's log variances, `[B, C]` floats, or one number for all.
        code: `[B, C]` floats in [-1, 1].

    Returns:
        `[B]` nats, of 32 bits or more.

    Raises:
        AssertionError: where the shapes differ, or an argument does not hold floats.

    >>> sure = gaussian_information(jnp.zeros((1, 1)), -6.0, jnp.zeros((1, 1)))
    >>> round(float(sure[0]), 3)  # 3 - log(2 pi) / 2 + log 2
    2.774
    """
    chex.assert_rank([mean, log_variance, code], [2, {0, 2}, 2])
    chex.assert_equal_shape([mean, code])
    chex.assert_type([mean, log_variance, code], float)
    if jnp.ndim(log_variance):
        chex.assert_equal_shape([mean, log_variance])
    dtype = jnp.promote_types(jnp.result_type(mean, log_variance, code), jnp.float32)
    mean, log_variance, code = (jnp.asarray(x, dtype) for x in (mean, log_variance, code))
    # Scaled before it is squared: a variance of exp(-100) has no inverse in float32.
    distance = ((code - mean) * jnp.exp(-log_variance / 2)) ** 2
    log_density = -(math.log(2 * math.pi) + log_variance + distance) / 2
    return (log_density + math.log(2)).sum(axis=1)
