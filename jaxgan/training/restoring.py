"""Runs that are made of what a run was exported to."""

from jaxgan.data import StrPath
from jaxgan.training.experiment import Experiment
from jaxgan.training.loading import load
from jaxgan.training.run import Run
from jaxgan.training.start import add_first_state


def restore(run: Run, experiment: Experiment, directory: StrPath) -> Run:
    """Make a run of a folder that one was exported to: it can be resumed as the first could be.

    Args:
        run: what `Run.open_exported` gives.
        experiment: of its configuration.
        directory: where the new run is written; nothing may be there yet.

    Returns:
        The run, with the other's manifest and the one state, to the bit.

    Raises:
        RunError: where the directory is taken, the folder is damaged, or the state cannot be
            written.
    """
    step, state = load(run, experiment)
    with Run.claim(directory):
        restored = Run.create(directory, run.manifest)
        add_first_state(restored, step, state, keep=experiment.schedule.keep)
    return restored
