"""States as files of safetensors: back to the bit, whatever their arrays."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from jaxgan.training import by_place
from jaxgan.weights import read_archive, write_archive

ODD = np.array([np.nan, -0.0, np.inf, 1e-45, -np.nan], np.float32)


def test_any_array_comes_back_to_the_bit(tmp_path):
    state = {
        "player": ({"kernel": np.arange(6, dtype=np.float32).reshape(2, 3).T}, {"odd": ODD}),
        "rounds": jnp.int32(-7),
        "seen": np.array([True, False]),
        "half": np.arange(3).astype(ml_dtypes.bfloat16),
        "bytes": np.arange(3, dtype=np.uint8),
        "none": np.zeros((0, 4), np.float16),
        "raw key": jax.random.key_data(jax.random.key(3)),
    }
    arrays = by_place(state)
    path = tmp_path / "weights.safetensors"
    write_archive(path, arrays)
    found = read_archive(path)
    assert found.keys() == arrays.keys()
    for place, array in arrays.items():
        array = np.asarray(array)
        assert (found[place].dtype, found[place].shape) == (array.dtype, array.shape)
        assert np.asarray(found[place]).tobytes() == array.tobytes(), place


def test_typed_keys_come_back_as_keys(tmp_path):
    keys = {"key": jax.random.key(5), "keys": jax.random.split(jax.random.key(6, impl="rbg"), 2)}
    write_archive(tmp_path / "a.safetensors", keys)
    found = read_archive(tmp_path / "a.safetensors")
    for name, key in keys.items():
        assert found[name].dtype == key.dtype
        np.testing.assert_array_equal(jax.random.key_data(found[name]), jax.random.key_data(key))
    assert float(jax.random.normal(found["key"])) == float(jax.random.normal(keys["key"]))


@pytest.mark.parametrize("kept", [4, 40, -3])
def test_damaged_archives_are_refused(tmp_path, kept):
    path = tmp_path / "weights.safetensors"
    write_archive(path, {"a": np.arange(9.0)})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"weights\.safetensors .*(damaged|cut short)"):
        read_archive(path)


def test_damaged_metadata_are_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(2)}, tmp_path / "a.safetensors", {"keys": "{"})
    with pytest.raises(ValueError, match="its metadata keys cannot be read"):
        read_archive(tmp_path / "a.safetensors")
