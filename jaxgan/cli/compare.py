"""The verb `compare`: results side by side, ranked where they were made by one protocol."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import tyro

from jaxgan.training import Evaluation, Figure, RunError, Value

_OF_THE_SUBJECT = {"seed", "weights"}
"""What of a protocol may differ: another draw, and what was evaluated."""


def compare_verb() -> Callable[..., int]:
    """`compare`."""

    def compare(
        results: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RESULT")],
    ) -> int:
        """Rank results of evaluate, best first, figure by figure.

        Figures of different protocols are not ranked: what differs is said instead.

        Args:
            results: Runs that were evaluated, or files of JSON that evaluate wrote.
        """
        if len(results) < 2:
            raise RunError("compare needs two results or more: name runs or files of JSON")
        files = [path / "evaluation.json" if path.is_dir() else path for path in results]
        evaluations = [Evaluation.read(path) for path in files]
        for path, evaluation in zip(files, evaluations, strict=True):
            if evaluation.left_out:
                print(f"of {path} are left out, as no finite numbers: {evaluation.left_out}")
        tables = [{figure.name: figure for figure in e.figures} for e in evaluations]
        shared = [name for name in tables[0] if all(name in table for table in tables)]
        if not shared:
            there = [f"{path} has {', '.join(t)}" for path, t in zip(results, tables, strict=True)]
            raise RunError(f"the results share no figure: {'; '.join(there)}")
        refused = 0
        for name in shared:
            refused += not _rank(name, results, [table[name] for table in tables])
        return 1 if refused else 0

    return compare


def _rank(name: str, results: Sequence[Path], figures: Sequence[Figure]) -> bool:
    """Print one figure of all results; whether they could be compared."""
    apart = differing([figure.protocol for figure in figures])
    if apart:
        print(f"{name}: not ranked, for the protocols differ")
        for key, values in apart.items():
            told = ", ".join(f"{path} {value}" for path, value in zip(results, values, strict=True))
            print(f"  {key}: {told}")
        return False
    direction = figures[0].better
    print(f"{name}{'' if direction is None else f' ({direction} is better)'}:")
    pairs = list(zip(results, figures, strict=True))
    if direction is not None:
        pairs.sort(key=lambda pair: pair[1].value, reverse=direction == "higher")
    for path, figure in pairs:
        error = "" if figure.error is None else f" ± {figure.error:.2g}"
        print(f"  {figure.value:.4g}{error}  {path}")
    return True


def differing(protocols: Sequence[Mapping[str, Value]]) -> dict[str, list[Value]]:
    """What differs between protocols, with the value of each; seeds and weights may.

    Args:
        protocols: of one figure.
    """
    names = dict.fromkeys(name for protocol in protocols for name in protocol)
    values = {name: [protocol.get(name) for protocol in protocols] for name in names}
    return {
        name: found
        for name, found in values.items()
        if name not in _OF_THE_SUBJECT and any(value != found[0] for value in found)
    }
