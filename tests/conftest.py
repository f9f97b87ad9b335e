"""Settings that every test runs under."""

import os

# Four virtual devices on the CPU, threads enough for their collectives, and patience with a busy
# machine: XLA ends a process whose devices wait 40 s for each other. Before JAX starts.
os.environ["XLA_FLAGS"] = (
    f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=4 "
    "--xla_cpu_collective_call_terminate_timeout_seconds=300"
)
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
def _settings(shared_folder):
    """Nothing of a person's own is read or written, and no shape broadcasts by adding axes."""
    os.environ["XDG_CACHE_HOME"] = str(shared_folder / "cache")
    jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture(scope="module", autouse=True)
def _forget():
    """What a file of tests has compiled goes with it: a process may not map memory without end."""
    yield
    jax.clear_caches()
