"""Settings that every test runs under."""

import os
import signal
from importlib.metadata import version

# Four virtual devices on the CPU, threads enough for their collectives, and patience with a busy
# machine: XLA ends a process whose devices wait 40 s for each other. Before JAX starts.
#
# Compiling is the tests' time. What they compile runs for a moment, so it is compiled without
# LLVM's optimisations and by XLA's plainer emitters, in a third of the time. The README's examples
# are compiled as everybody's programs are.
os.environ["XLA_FLAGS"] = (
    f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=4 "
    "--xla_cpu_collective_call_terminate_timeout_seconds=300 --xla_backend_optimization_level=0"
)
if version("jaxlib").startswith("0.10."):  # later ones end a process that names this flag
    os.environ["XLA_FLAGS"] += " --xla_cpu_use_fusion_emitters=false"
os.environ["NPROC"] = "8"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

# What a shell starts in the background ignores SIGINT, which tests send to what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

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


@pytest.fixture(scope="session")
def inception_file(tmp_path_factory) -> Path:
    """A file of PyTorch's with random weights for Inception v3."""
    from experiments.benchmarks.inception_twins import random_file

    return random_file(tmp_path_factory.mktemp("inception"))


@pytest.fixture(scope="session", autouse=True)
def _settings(shared_folder):
    """Nothing of a person's own is read or written, and no shape broadcasts by adding axes."""
    os.environ["XDG_CACHE_HOME"] = str(shared_folder / "cache")
    jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture(scope="module", autouse=True)
def _forget():
    """What was compiled goes where it is much: a process may have 65,530 maps of memory."""
    yield
    maps = Path("/proc/self/maps")
    if not maps.exists() or maps.read_bytes().count(b"\n") > 30_000:
        jax.clear_caches()


def pytest_addoption(parser):
    parser.addoption(
        "--portable", action="store_true", help="only what may differ on another Python"
    )


def pytest_collection_modifyitems(config, items):
    """Another Python is asked for imports, data, the command line, and a game of each kind."""
    if not config.getoption("--portable"):
        return
    chosen_files = {
        *("test_house.py", "test_main.py", "test_import.py", "test_tensors.py", "test_builder.py"),
        *("test_decoding.py", "test_digits.py", "test_finding.py", "test_folder.py"),
        *("test_paired.py", "test_tfds.py", "test_transforms.py", "test_paths.py"),
        *("test_plain.py", "test_programs.py"),
    }
    kinds = ("gan", "pix2pix", "cycle", "xgan")

    def is_portable(item) -> bool:
        place = item.path.relative_to(Path(__file__).parent.parent).parts
        if place[:1] != ("tests",):
            return False
        if place[-1] == "test_conformance.py":
            return item.callspec.params["name"] in kinds
        return place[1] != "recipes" and place[-1] in chosen_files

    chosen = [item for item in items if is_portable(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen
