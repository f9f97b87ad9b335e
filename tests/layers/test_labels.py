"""Labels: one-hot rows and learnt vectors, and labels that are out of range."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import LabelEmbedding, check_label, label_size, one_hot, select

modes = pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])


@modes
@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.int64])
def test_rows_of_the_identity(mode, dtype):
    label = np.array([3, 0, 2, 3], dtype)
    made = mode(lambda label: one_hot(label, 4))(label)
    chex.assert_type(made, jnp.float32)
    chex.assert_trees_all_equal(made, jnp.eye(4)[label.astype(int)])


@pytest.mark.parametrize("label", [-1, 4, 200])
def test_a_label_out_of_range(label):
    labels = jnp.array([1, label, 3], jnp.int32)
    with pytest.raises(ValueError, match=f"label {label} is out of range: 4 classes have labels 0"):
        one_hot(labels, 4)
    inside = jax.jit(one_hot, static_argnums=1)(labels, 4)
    chex.assert_trees_all_equal(jnp.isnan(inside).all(1), jnp.array([False, True, False]))
    chex.assert_trees_all_equal(inside[::2], jnp.eye(4)[jnp.array([1, 3])])
    rows = jax.jit(select, static_argnums=2)(jnp.ones((4, 3)), labels, 4)
    chex.assert_trees_all_equal(jnp.isnan(rows).all(1), jnp.array([False, True, False]))


@pytest.mark.parametrize("label", [jnp.ones((2,)), jnp.ones((2, 1), jnp.int32)])
def test_labels_are_a_row_of_integers(label):
    with pytest.raises(AssertionError):
        one_hot(label, 4)


@modes
def test_rows_of_several_attributes_stand_side_by_side(mode):
    label = np.array([[2, 0], [0, 1]])
    made = mode(lambda label: one_hot(label, (3, 2)))(label)
    chex.assert_trees_all_equal(made, jnp.array([[0, 0, 1, 1, 0], [1.0, 0, 0, 0, 1]]))
    assert label_size((3, 2)) == made.shape[1]
    table = jnp.asarray(np.random.default_rng(0).standard_normal((5, 4), np.float32))
    rows = mode(lambda label: select(table, label, (3, 2)))(label)
    chex.assert_trees_all_close(rows, table[jnp.array([2, 0])] + table[jnp.array([3, 4])])


@pytest.mark.parametrize("label", [[[0, 0, 0]], [[0]]])
def test_a_vector_of_another_length(label):
    sentence = rf"{len(label[0])} attributes came to a network of classes=\(3, 2\): give \[B, 2\]"
    for run in (one_hot, jax.jit(one_hot, static_argnums=1)):
        with pytest.raises(ValueError, match=sentence):
            run(jnp.array(label), (3, 2))
    with pytest.raises(AssertionError):
        one_hot(jnp.array([0, 1]), (3, 2))


def test_a_label_that_its_attribute_has_not():
    with pytest.raises(ValueError, match="label 2 is out of range: 2 classes have labels 0 to 1"):
        one_hot(jnp.array([[0, 1], [2, 2]]), (3, 2))
    inside = jax.jit(one_hot, static_argnums=1)(jnp.array([[0, 1], [2, 2]]), (3, 2))
    assert jnp.isnan(inside).any(1).tolist() == [False, True]


@modes
def test_embedding_is_the_row_and_its_gradient_goes_there(mode):
    module = LabelEmbedding(4, 3)
    label = jnp.array([3, 0, 3])
    variables = module.init(jax.random.key(0), label)
    table = variables["params"]["embedding"]
    chex.assert_trees_all_equal(mode(module.apply)(variables, label), table[label])
    weight = jnp.asarray(np.random.default_rng(0).standard_normal((3, 3), np.float32))
    gradient = mode(jax.grad(lambda v: jnp.sum(weight * module.apply(v, label))))(variables)
    true = jnp.stack([weight[1], jnp.zeros(3), jnp.zeros(3), weight[0] + weight[2]])
    chex.assert_trees_all_close(gradient["params"]["embedding"], true, rtol=1e-6)


def test_embedding_starts_from_a_standard_normal():
    table = LabelEmbedding(100, 500).init(jax.random.key(0), jnp.array([0]))["params"]["embedding"]
    assert float(table.std()) == pytest.approx(1, abs=0.02)
    assert float(table.mean()) == pytest.approx(0, abs=0.02)


def test_labels_and_classes_come_together():
    check_label(None, None)
    check_label(jnp.array([0]), 3)
    with pytest.raises(ValueError, match="classes=3 was called without a label: give labels"):
        check_label(None, 3)
    with pytest.raises(ValueError, match="classes=None was called with a label: give labels"):
        check_label(jnp.array([0]), None)
