"""Heads of discriminators against float64, and in a discriminator."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import Classifier, DCGANDiscriminator, Projection, Score

FEATURES = jnp.asarray(np.random.default_rng(0).standard_normal((4, 6), np.float32))
LABEL = jnp.array([2, 0, 2, 1])
modes = pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])


def shaken(head, *inputs):
    """The head's parameters, moved away from their starting points."""
    variables = head.init(jax.random.key(0), *inputs, train=True)
    return jax.tree.map(lambda leaf: leaf + 0.3, variables["params"])


def dense(layer, x):
    return np.float64(x) @ np.float64(layer["kernel"]) + np.float64(layer["bias"])


@modes
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_score(mode, dtype):
    parameters = shaken(Score(), FEATURES)
    features = FEATURES.astype(dtype)
    made = mode(lambda p, f: Score().apply({"params": p}, f, train=False))(parameters, features)
    true = dense(parameters["Dense_0"], features.astype(jnp.float32))[:, 0]
    chex.assert_type(made, jnp.float32)
    chex.assert_trees_all_close(made, np.float32(true), rtol=1e-5, atol=1e-6)


@modes
def test_projection(mode):
    head = Projection(3)
    parameters = shaken(head, FEATURES, LABEL)
    weight = np.array([1.0, -2.0, 0.5, 3.0], np.float32)

    def play(parameters, features):
        made = head.apply({"params": parameters}, features, LABEL, train=True)
        return jnp.sum(weight * made), made

    gradients, made = mode(jax.grad(play, argnums=(0, 1), has_aux=True))(parameters, FEATURES)
    score = parameters["score"]["Dense_0"]
    table = np.float64(parameters["LabelEmbedding_0"]["embedding"])
    vectors = table[np.asarray(LABEL)]
    true = dense(score, FEATURES)[:, 0] + np.sum(np.float64(FEATURES) * vectors, axis=1)
    chex.assert_trees_all_close(made, np.float32(true), rtol=1e-5)

    of_parameters, of_features = gradients
    true = weight[:, None] * (np.float64(score["kernel"])[:, 0] + vectors)
    chex.assert_trees_all_close(of_features, np.float32(true), rtol=1e-5)
    true = np.zeros((3, 6))
    np.add.at(true, np.asarray(LABEL), weight[:, None] * np.float64(FEATURES))
    made = of_parameters["LabelEmbedding_0"]["embedding"]
    chex.assert_trees_all_close(made, np.float32(true), rtol=1e-4, atol=1e-6)


@modes
def test_classifier(mode):
    head = Classifier(3)
    parameters = shaken(head, FEATURES)
    scores, logits = mode(lambda p, f: head.apply({"params": p}, f, train=True))(
        parameters, FEATURES
    )
    true = dense(parameters["score"]["Dense_0"], FEATURES)[:, 0]
    chex.assert_trees_all_close(scores, np.float32(true), rtol=1e-5, atol=1e-6)
    true = dense(parameters["Dense_0"], FEATURES)
    chex.assert_trees_all_close(logits, np.float32(true), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("head", "condition", "shapes", "count"),
    [
        (Score(), (), (2,), 16 * 4 + 1),
        (Projection(10), (jnp.array([1, 2]),), (2,), 16 * 4 + 1 + 10 * 16 * 4),
        (Classifier(10), (), ((2,), (2, 10)), 11 * (16 * 4 + 1)),
    ],
    ids=["score", "projection", "classifier"],
)
def test_in_a_discriminator(head, condition, shapes, count):
    network = DCGANDiscriminator(8, 4, head=head)
    outputs, variables = jax.eval_shape(
        lambda key: network.init_with_output(key, jnp.ones((2, 8, 8, 3)), *condition, train=True),
        jax.random.key(0),
    )
    assert jax.tree.map(lambda a: a.shape, outputs) == shapes
    assert sum(leaf.size for leaf in jax.tree.leaves(variables["params"]["head"])) == count


def test_conditions_that_a_head_does_not_take_or_lacks():
    images = jnp.ones((2, 8, 8, 1))
    label = jnp.array([1, 2])
    for head in (Score(), Classifier(3)):
        with pytest.raises(ValueError, match="a condition came to a discriminator that scores"):
            DCGANDiscriminator(8, 4, head=head).init(jax.random.key(0), images, label, train=True)
    projecting = DCGANDiscriminator(8, 4, head=Projection(3))
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'label'"):
        projecting.init(jax.random.key(0), images, train=True)
    with pytest.raises(ValueError, match="label 3 is out of range: 3 classes"):
        projecting.init(jax.random.key(0), images, jnp.array([1, 3]), train=True)
