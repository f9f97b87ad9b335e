"""Data sets that the tests of this folder share."""

import jax
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from jaxgan import data


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("tfds")


@pytest.fixture(scope="session")
def digits(data_dir):
    """The digits' part for training, prepared from nothing."""
    return data.Images(data_dir=data_dir).source()


@pytest.fixture(scope="session")
def held_out(digits, data_dir):
    return data.Images(data_dir=data_dir, split="test").source()


@pytest.fixture(scope="session")
def small():
    """101 examples, each of which tells its index."""
    image = np.random.default_rng(0).integers(0, 256, (101, 5, 4, 3), np.uint8)
    image[:, 0, 0, 0] = np.arange(101)
    return data.ArraySource({"image": image, "label": np.arange(101, dtype=np.int32)})


@pytest.fixture(scope="session")
def along_data():
    """Four devices, an array split among them along its first axis."""
    mesh = jax.make_mesh((4,), ("data",), axis_types=(AxisType.Auto,))
    return NamedSharding(mesh, PartitionSpec("data"))
