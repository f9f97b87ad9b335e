"""The verb `compare`: results side by side, ranked where they were made by one protocol."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import tyro

from jaxgan.cli.evaluated import refuse_twice
from jaxgan.training import Evaluation, Figure, RunError, differing


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
        for path in results:
            if path.is_dir() and not (path / "evaluation.json").exists():
                raise RunError(
                    f"{path} has no evaluation.json: evaluate it first, with the verb evaluate"
                )
        files = [path / "evaluation.json" if path.is_dir() else path for path in results]
        refuse_twice(files)
        evaluations = [Evaluation.read(path) for path in files]
        for path, evaluation in zip(files, evaluations, strict=True):
            if evaluation.left_out:
                print(f"of {path} are left out, as no finite numbers: {evaluation.left_out}")
        tables = [{figure.name: figure for figure in e.figures} for e in evaluations]
        shared = [name for name in tables[0] if all(name in table for table in tables)]
        if not shared:
            there = [f"{path} has {', '.join(t)}" for path, t in zip(results, tables, strict=True)]
            raise RunError(
                f"the results share no figure: {'; '.join(there)}; evaluate them by the same "
                "--figures and --features"
            )
        refused = 0
        for name in shared:
            refused += not _rank(name, results, [table[name] for table in tables])
        return 1 if refused else 0

    return compare


def _rank(name: str, results: Sequence[Path], figures: Sequence[Figure]) -> bool:
    """Print one figure of all results; whether they could be compared."""
    unknown = [
        str(path) for path, figure in zip(results, figures, strict=True) if not figure.protocol
    ]
    if unknown:
        print(
            f"{name}: not ranked, for {', '.join(unknown)} does not say how it was measured: "
            "evaluate anew"
        )
        return False
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
