"""What an image, or its embedding, has to keep, per example."""

import chex
import jax
import jax.numpy as jnp
import optax


@jax.jit
def l1(x: jax.Array, y: jax.Array) -> jax.Array:
    """Mean absolute difference of two images, or of any two arrays.

    $$mean |x - y|$$

    over all axes but the first.

    pix2pix's reconstruction is l1(G(x), y) (Isola et al., 2017, eq. 3); CycleGAN's cycle is
    l1(F(G(x)), x) and its identity l1(G(y), y) (Zhu et al., 2017, eq. 2 and section 5.2). Their
    norms are sums; their codes, and so the papers' weights, have means.

    Args:
        x: `[B, ...]` floats.
        y: `[B, ...]` floats.

    Returns:
        `[B]`, of 32 bits or more.

    Raises:
        AssertionError: where a shape or dtype is not as above.

    >>> l1(jnp.array([[1.0, -1.0]]), jnp.array([[0.0, 2.0]])).tolist()
    [2.0]
    """
    chex.assert_equal_shape([x, y])
    chex.assert_type([x, y], float)
    dtype = jnp.promote_types(jnp.promote_types(x.dtype, y.dtype), jnp.float32)
    return jnp.abs(x.astype(dtype) - y.astype(dtype)).mean(axis=tuple(range(1, x.ndim)))


@jax.jit
def domain_confusion(logits: jax.Array, domain: jax.Array) -> jax.Array:
    """Cross entropy of a classifier that tells two domains apart, in nats.

    $$log(1 + exp(s)) - d s$$

    for the logit s of domain 1 and the domain d.

    Behind a gradient reversal, its descent trains the classifier to tell the domains and the
    encoder to hide them (Ganin et al., 2016; L_dann of Royer et al., XGAN, 2017, section 3.1).

    Args:
        logits: `[B]` floats.
        domain: `[B]` or `[]` numbers, 0 or 1, or in between.

    Returns:
        `[B]`, of 32 bits or more.

    Raises:
        AssertionError: where a shape or dtype is not as above.

    >>> [round(float(x), 4) for x in domain_confusion(jnp.array([0.0, 100.0]), jnp.array([1, 0]))]
    [0.6931, 100.0]
    """
    chex.assert_rank(logits, 1)
    chex.assert_type(logits, float)
    domain = jnp.asarray(domain)
    if domain.ndim:
        chex.assert_equal_shape([logits, domain])
    logits = logits.astype(jnp.promote_types(logits.dtype, jnp.float32))
    return optax.losses.sigmoid_binary_cross_entropy(logits, domain.astype(logits.dtype))
