"""Conditional batch norm against float64."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import ConditionalBatchNorm

LABEL = np.array([2, 0, 2, 1])


def case():
    random = np.random.default_rng(0)
    x = random.standard_normal((4, 3, 2, 5)).astype(np.float32) * 2 + 1
    module = ConditionalBatchNorm(3)
    variables = module.init(jax.random.key(0), x, LABEL, train=True)
    chex.assert_trees_all_equal(
        variables["params"], {"scale": jnp.ones((3, 5)), "bias": jnp.zeros((3, 5))}
    )
    parameters = {
        name: random.standard_normal((3, 5)).astype(np.float32) for name in ("scale", "bias")
    }
    statistics = {
        "BatchNorm_0": {
            "mean": random.standard_normal(5).astype(np.float32),
            "var": random.uniform(0.5, 2, 5).astype(np.float32),
        }
    }
    return module, x, parameters, statistics


def reference(x, parameters, mean, variance):
    normalised = (np.float64(x) - mean) / np.sqrt(variance + 1e-5)
    gain, shift = (np.float64(parameters[name])[LABEL] for name in ("scale", "bias"))
    return np.float32(gain[:, None, None] * normalised + shift[:, None, None])


@pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])
def test_values(mode):
    module, x, parameters, statistics = case()
    variables = {"params": parameters, "batch_stats": statistics}
    axes = (0, 1, 2)

    def apply(x, train):
        return module.apply(variables, x, LABEL, train=train, mutable=["batch_stats"])

    made, moved = mode(lambda x: apply(x, True))(x)
    mean, variance = np.float64(x).mean(axes), np.float64(x).var(axes)
    chex.assert_trees_all_close(made, reference(x, parameters, mean, variance), atol=1e-5)
    before = statistics["BatchNorm_0"]
    after = {
        "mean": np.float32(0.9 * before["mean"] + 0.1 * mean),
        "var": np.float32(0.9 * before["var"] + 0.1 * variance),
    }
    chex.assert_trees_all_close(moved["batch_stats"]["BatchNorm_0"], after, rtol=1e-5, atol=1e-6)

    made, kept = mode(lambda x: apply(x, False))(x)
    true = reference(x, parameters, before["mean"], before["var"])
    chex.assert_trees_all_close(made, true, atol=1e-5)
    chex.assert_trees_all_equal(kept["batch_stats"], statistics)


def test_gradients_of_gains_and_shifts_are_sums_over_their_class():
    module, x, parameters, statistics = case()
    weight = np.random.default_rng(1).standard_normal(x.shape).astype(np.float32)

    def value(parameters):
        variables = {"params": parameters, "batch_stats": statistics}
        made, _ = module.apply(variables, x, LABEL, train=True, mutable=["batch_stats"])
        return jnp.sum(weight * made)

    gradient = jax.grad(value)(parameters)
    axes = (0, 1, 2)
    normalised = (np.float64(x) - x.mean(axes)) / np.sqrt(np.float64(x).var(axes) + 1e-5)
    for y in range(3):
        mine = (y == LABEL)[:, None, None, None]
        true = {"scale": weight * normalised * mine, "bias": weight * mine}
        for name, terms in true.items():
            chex.assert_trees_all_close(
                gradient[name][y], np.float32(terms.sum(axes)), rtol=1e-4, atol=1e-4
            )


def test_a_label_out_of_range():
    module, x, *_ = case()
    with pytest.raises(ValueError, match="label 3 is out of range: 3 classes"):
        module.init(jax.random.key(0), x, np.array([0, 1, 2, 3]), train=True)


def test_several_attributes_add_up():
    """As one attribute whose classes are their pairs."""
    random = np.random.default_rng(0)
    x = random.standard_normal((4, 3, 2, 5)).astype(np.float32)
    vectors = np.array([[0, 0], [1, 1], [0, 1], [1, 0]])
    several, one = ConditionalBatchNorm((2, 2)), ConditionalBatchNorm(4)
    variables = several.init(jax.random.key(0), x, vectors, train=True)
    plain = {"scale": jnp.ones((4, 5)), "bias": jnp.zeros((4, 5))}

    def made(module, parameters, labels):
        collections = {"params": parameters, "batch_stats": variables["batch_stats"]}
        return module.apply(collections, x, labels, train=False)

    pairs = vectors @ [2, 1]
    chex.assert_trees_all_close(
        made(several, variables["params"], vectors), made(one, plain, pairs), rtol=1e-6
    )
    tables = {name: random.standard_normal((4, 5)).astype(np.float32) for name in plain}
    sums = {name: (t[:2, None] + t[None, 2:]).reshape(4, 5) for name, t in tables.items()}
    chex.assert_trees_all_close(made(several, tables, vectors), made(one, sums, pairs), rtol=1e-5)
