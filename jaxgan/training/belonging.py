"""Whether a state that was saved is one of the game that is played."""

from typing import Any

from jaxgan.training.digests import by_place, kind_of
from jaxgan.training.errors import RunError
from jaxgan.training.run import Run


def refuse_others(run: Run, saved: Any, shapes: Any) -> None:
    """Refuse a saved state whose arrays are not those of the game.

    Args:
        run: whose state it is.
        saved: its tree, with shapes and types.
        shapes: of the game's state.

    Raises:
        RunError: where an array differs, or is absent; says which, and what to go on with.
    """
    of_run, of_game = by_place(saved), by_place(shapes)
    for place in sorted(of_run | of_game):
        was, is_now = of_run.get(place), of_game.get(place)
        if kind_of(was) == kind_of(is_now):
            continue
        if all(_narrow(of_run.get(p)) == _narrow(of_game.get(p)) for p in of_run | of_game):
            wide = int(kind_of(was) != _narrow(was))
            raise RunError(
                f"{run.directory} was made with JAX_ENABLE_X64={wide}: {place} is "
                f"{kind_of(was)} in it and {kind_of(is_now)} as it is set now; set it to {wide} "
                "to go on"
            )
        revision = run.manifest["environment"]["revision"]
        raise RunError(
            f"the states of {run.directory} are those of another jaxgan: {place} is "
            f"{kind_of(was)} in the run and {kind_of(is_now)} in the game; go on with the "
            f"version that made it (revision {revision}), or train a new run"
        )


def _narrow(leaf: Any) -> str:
    """An array as it is without JAX_ENABLE_X64."""
    return kind_of(leaf).replace("64[", "32[")
