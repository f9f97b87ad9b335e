"""What else a run depends on: versions, machine, devices, flags, source revision."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax

_PACKAGES = (
    *("jaxgan", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "chex", "numpy"),
    *("grain", "tensorflow-datasets"),
)


def environment() -> dict[str, Any]:
    """What else a run depends on: versions, machine, devices, flags, source revision."""
    devices = jax.devices()
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "platform": platform.platform(),
        "device_kind": devices[0].device_kind,
        "device_platform": devices[0].platform,
        "cores": os.cpu_count(),
        "flags": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(("XLA_", "JAX_", "NPROC"))
        },
        "revision": _revision(),
        "command": sys.argv,
    }


def differences(before: dict[str, Any], after: dict[str, Any], prefix: str = "") -> list[str]:
    """Where two nested dicts differ, a line a place."""
    lines = []
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            lines += differences(one, other, f"{prefix}{name}.")
        elif one != other:
            lines.append(f"{prefix}{name}: {one!r} then, {other!r} now")
    return lines


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _revision() -> str | None:
    """The commit of the source that runs, with `+changes` where files differ from it.

    None where the package lies in no repository, or in one of something else, as a virtual
    environment in a project's folder does.
    """
    package = Path(__file__).parents[1]

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=package, check=True, capture_output=True, text=True
        ).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", "__init__.py")
        if not package.samefile(Path(git("rev-parse", "--show-toplevel")) / package.name):
            return None
        changed = git("status", "--porcelain", "--untracked-files=no", ".")
        return git("rev-parse", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None
