"""Settings that every test runs under."""

import os

# Four virtual devices on the CPU, and threads enough for their collectives; before JAX starts.
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
os.environ["NPROC"] = "8"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

from pathlib import Path

import jax
import pytest


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory) -> Path:
    """A folder that all the processes of a test run share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def digits_folder(shared_folder) -> Path:
    """Where the digits are kept: prepared once for a test run."""
    return shared_folder / "data_sets"


@pytest.fixture(scope="session", autouse=True)
def _settings(shared_folder, tmp_path_factory):
    """Nothing of a person's own is read or written, and no shape broadcasts by adding axes."""
    os.environ["XDG_CACHE_HOME"] = str(shared_folder / "cache")
    jax.config.update("jax_numpy_rank_promotion", "raise")
    # Most of a test's time is compilation, often of what another test of this process has compiled.
    jax.config.update("jax_compilation_cache_dir", str(tmp_path_factory.getbasetemp() / "xla"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
