"""What every report of a benchmark says."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version


def machine() -> str:
    """What the figures were measured on: processor, cores, load and versions."""
    cores = len(os.sched_getaffinity(0))
    versions = ", ".join(
        f"{name} {_version(name)}" for name in ("jax", "jaxlib", "flax", "optax", "torch")
    )
    return (
        f"{platform.machine()}, {cores} CPU cores, load average {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}, {versions}"
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
