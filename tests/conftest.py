"""Settings that every test runs under."""

import os

# Four virtual devices on the CPU, and threads enough for their collectives; before JAX starts.
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
os.environ["NPROC"] = "8"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

from pathlib import Path

import jax
import pytest


@pytest.fixture(scope="session", autouse=True)
def _settings():
    """Shapes that only broadcast by adding axes are mistakes here."""
    jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture(scope="session")
def digits_folder(tmp_path_factory) -> Path:
    """Where the digits are kept: prepared once for all the processes of a test run."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    return folder / "data_sets"
