"""JAX and its devices, as a command line needs them."""

import os

import jax

from jaxgan.data import cache_folder


def prepare_jax() -> None:
    """Settings that must stand before JAX touches a device; what the user has set is kept."""
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_gpu_deterministic_ops" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()
    if "xla_force_host_platform_device_count" in flags:
        # Virtual devices that outnumber the cores deadlock in a collective without more threads.
        os.environ.setdefault("NPROC", "8")
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = cache_folder()
        if folder is not None:  # without one, programs are compiled anew
            jax.config.update("jax_compilation_cache_dir", str(folder / "xla"))


def device_trouble(error: Exception) -> str | None:
    """What to tell a person where JAX can start no device; None where it can."""
    # JAX raises a RuntimeError, or an AssertionError without a word, wherever a device is first
    # asked for; and of a platform that is not the first of several, once only.
    if not (isinstance(error, RuntimeError) and "Unable to initialize backend" in str(error)):
        try:
            jax.devices()
            return None
        except (RuntimeError, AssertionError) as again:
            error = again
    reason = f" ({first_line(error)})" if str(error) else ""
    named = os.environ.get("JAX_PLATFORMS")
    if not named:
        return f"JAX can start no device{reason}"
    return (
        f"JAX_PLATFORMS is '{named}', and JAX can start no such device here{reason}: "
        "leave it out, or name another, as in JAX_PLATFORMS=cpu"
    )


def first_line(error: Exception) -> str:
    """Of an error of JAX's, without its own advice in brackets."""
    return str(error).partition("\n")[0].partition(" (set JAX_PLATFORMS")[0].rstrip(".")
