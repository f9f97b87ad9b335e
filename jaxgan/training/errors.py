"""What ends a run, or keeps one from beginning."""


class RunError(Exception):
    """What a person can mend about a run; its text is one clear sentence."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it."""
        return [f"{type(self).__name__}: {self}"]


class NotFinite(RunError):  # noqa: N818 - named for what happened
    """A loss, a gradient or a weight is not finite any more."""


class Interrupted(Exception):  # noqa: N818 - a stop that was asked for is no error
    """SIGINT, SIGTERM or SIGHUP asked the run to stop, and it has: its state is saved."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it."""
        return [f"{self}; go on with training.resume(training.Run.open(DIRECTORY), experiment)"]
