import contextlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.losses import classification

MODES = {"eager": jax.disable_jit, "jit": contextlib.nullcontext}
GENERATOR = np.random.default_rng(4)
LOGITS = GENERATOR.normal(size=(6, 5), scale=3).astype(np.float32)
LABELS = np.int32([0, 4, 2, 2, 1, 3])
WEIGHTS = GENERATOR.normal(size=6).astype(np.float32)


def log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def targets(labels, classes, smoothing):
    return (1 - smoothing) * np.eye(classes)[labels] + smoothing / classes


def weighted(logits, labels, smoothing=0.0):
    return (WEIGHTS * classification(logits, labels, smoothing=smoothing)).sum()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_values_and_gradients(smoothing, mode):
    with MODES[mode]():
        found = classification(jnp.asarray(LOGITS), jnp.asarray(LABELS), smoothing=smoothing)
        slope = jax.grad(weighted)(jnp.asarray(LOGITS), jnp.asarray(LABELS), smoothing)
    right, wanted = log_softmax(LOGITS.astype(np.float64)), targets(LABELS, 5, smoothing)
    assert found.shape == (6,)
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, -(wanted * right).sum(axis=1), rtol=2e-6, atol=1e-6)
    expected = WEIGHTS.astype(np.float64)[:, None] * (np.exp(right) - wanted)
    np.testing.assert_allclose(slope, expected, rtol=1e-5, atol=1e-6)


def test_as_pytorch_has_it():
    torch = pytest.importorskip("torch")
    logits, labels = torch.tensor(LOGITS), torch.tensor(LABELS, dtype=torch.long)
    expected = torch.nn.functional.cross_entropy(
        logits, labels, reduction="none", label_smoothing=0.2
    )
    np.testing.assert_allclose(
        classification(LOGITS, LABELS, smoothing=0.2), expected.numpy(), rtol=1e-5
    )


def test_far_logits():
    logits = jnp.float32([[100.0, -100.0], [-100.0, 100.0]])
    labels = jnp.array([0, 0])
    np.testing.assert_allclose(classification(logits, labels), [0.0, 200.0], rtol=1e-6)
    slope = jax.grad(lambda logits: classification(logits, labels).sum())(logits)
    np.testing.assert_allclose(slope, [[0.0, 0.0], [-1.0, 1.0]], rtol=1e-6, atol=1e-37)


def test_narrow_logits_are_computed_in_float32():
    narrow = jnp.asarray(LOGITS, jnp.bfloat16)
    found = classification(narrow, LABELS)
    assert found.dtype == jnp.float32
    np.testing.assert_array_equal(found, classification(narrow.astype(jnp.float32), LABELS))


@pytest.mark.parametrize("make", [np.asarray, jnp.asarray])
@pytest.mark.parametrize("wrong", [-1, 5, 100])
def test_label_out_of_range_is_refused(wrong, make):
    labels = make([0, 4, 2, wrong, 1, 3])
    with pytest.raises(ValueError, match=f"label {wrong} is not in 0 to 4"):
        classification(LOGITS, labels)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("wrong", [-1, 5, 100])
def test_traced_label_out_of_range_is_nan(wrong, smoothing):
    labels = jnp.array([0, 4, 2, wrong, 1, 3])
    found = jax.jit(lambda labels: classification(LOGITS, labels, smoothing=smoothing))(labels)
    np.testing.assert_array_equal(np.isnan(found), np.arange(6) == 3)
    slope = jax.jit(jax.grad(lambda x, labels: weighted(x, labels, smoothing)))(LOGITS, labels)
    np.testing.assert_array_equal(np.isnan(slope).all(axis=1), np.arange(6) == 3)
    np.testing.assert_array_equal(np.isnan(slope).any(axis=1), np.arange(6) == 3)


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, float("nan")])
def test_smoothing_outside_is_refused(smoothing):
    with pytest.raises(ValueError, match=r"smoothed by .*\[0, 1\)"):
        classification(LOGITS, LABELS, smoothing=smoothing)


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        (LOGITS, LABELS[:5]),
        (LOGITS, LABELS[:, None]),
        (LOGITS[0], LABELS),
        (LOGITS, LABELS.astype(np.float32)),
        (LOGITS.astype(np.int32), LABELS),
        (LOGITS, np.eye(5, dtype=np.int32)[LABELS]),
    ],
)
def test_wrong_shapes_and_dtypes_are_refused(logits, labels):
    with pytest.raises(AssertionError):
        classification(logits, labels)
