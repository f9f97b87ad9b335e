"""Many inputs, a chunk at a time."""

import jax
import numpy as np
import pytest

from jaxgan.training import generate_chunks

INPUTS = {"latent": np.arange(14.0).reshape(7, 2), "label": np.arange(7)}


def gather(generate, size, key):
    chunks = list(generate_chunks(generate, key, 10, INPUTS, size=size))
    assert [len(chunk) for chunk in chunks[:-1]] == [min(size, 7)] * (len(chunks) - 1)
    return np.concatenate(chunks)


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_they_are_as_of_one_call(key, size):
    calls = []

    def generate(key, state, inputs):
        calls.append({name: array.shape for name, array in inputs.items()})
        return inputs["latent"] * inputs["label"][:, None] + state

    expected = generate(key, 10, INPUTS)
    np.testing.assert_array_equal(gather(generate, size, key), expected)
    largest = min(size, 7)
    shapes = {"latent": (largest, 2), "label": (largest,)}
    assert calls[1:] == [shapes] * -(-7 // size)  # all of one shape, none larger


def test_no_chunk_repeats_the_noise_of_another(key):
    def generate(key, state, inputs):
        return jax.random.uniform(key, (len(inputs["label"]),))

    made = gather(generate, 3, key)
    assert len(np.unique(made)) == 7
    np.testing.assert_array_equal(made, gather(generate, 3, key))
