"""States of runs, as those who use them take them."""

from typing import Any

import jax

from jaxgan.training.checkpoints import Checkpoints
from jaxgan.training.errors import RunError
from jaxgan.training.experiment import Experiment
from jaxgan.training.run import Run


def load(
    run: Run, experiment: Experiment, *, step: int | None = None, best: bool = False
) -> tuple[int, Any]:
    """A checkpoint of a run, on one device: its step and its state.

    Args:
        run: what `Run.open` gives, or `Run.open_exported`.
        experiment: of the run's own configuration.
        step: of the checkpoint; the newest whole one where None.
        best: whether it is the best of those that were evaluated while the run was trained.

    Raises:
        RunError: where there is none, or none of that step; says which there are.
    """
    batch = {
        array: jax.ShapeDtypeStruct(tuple(leaf["shape"]), leaf["dtype"])
        for array, leaf in run.manifest["batch"].items()
    }
    shapes = jax.eval_shape(experiment.game().init, jax.random.key(0), batch)
    if run.archive is not None:
        return run.archive.step, run.archive.state(shapes, step=step)
    device = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    if best and not run.best.is_dir():
        raise RunError(
            f"{run.directory} has no best state: it was not evaluated while it was trained "
            "(train --evaluate-every)"
        )
    with Checkpoints(run, best=best) as checkpoints:
        restored = checkpoints.restore(shapes, device, say=print, step=step)
    if restored is None:
        raise RunError(f"{run.directory} has no checkpoint yet: resume it first, as it is")
    return restored
