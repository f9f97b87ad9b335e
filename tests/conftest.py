"""Settings that every test runs under."""

import os

# Four virtual devices on the CPU, and threads enough for their collectives; before JAX starts.
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
os.environ["NPROC"] = "8"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import pytest

from jaxgan import games


@pytest.fixture(scope="session", autouse=True)
def _settings(tmp_path_factory):
    """Nothing is read from or written to the person's own folders."""
    jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture
def images():
    """A batch of 8 small images, `[8, 28, 28, 1]` in [-1, 1]."""
    return {"image": jnp.tanh(jax.random.normal(jax.random.key(7), (8, 28, 28, 1)))}
