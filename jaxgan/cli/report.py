"""The verb `report`: one run, or several side by side, as a page."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import jax
import tyro

from jaxgan.cli.command import way_on
from jaxgan.cli.devices import first_line
from jaxgan.cli.runs import check_experiment, refuse_file, unwritable
from jaxgan.report import run_report
from jaxgan.training import Run, write_whole

_PAGE = "report.html"


def report_verb(name: str) -> Callable[..., int]:
    """`report`, of runs of the experiment of this name."""

    def report(
        directories: Annotated[
            tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="DIRECTORY")
        ],
        *,
        output: Path | None = None,
    ) -> int:
        """Show runs on a page: samples, figures, curves, configuration; one file, for a browser.

        Args:
            directories: The runs', also such as still go on; of several that differ in their seeds
                alone the page shows mean and spread, of others each.
            output: The file; DIRECTORY/report.html where none is named, which is made anew every
                time; of several runs a new report.html beside the first.
        """
        runs = [Run.open(directory) for directory in directories]
        for run in runs[:1]:  # of which experiment the others are to be, the page says
            check_experiment(run, name)
        if output is not None and not (len(runs) == 1 and _is_own(output, runs[0])):
            refuse_file(output, ".html")
        page = run_report(runs)
        output = output or _place(runs)
        _write(output, page)
        print(f"{output} is the page of {_shown(runs)}: open it in a browser")
        return 0

    return report


def report_trained(*directories: Path) -> None:
    """Write the page of a run that was just trained, or of several together, and say where it is.

    That of several is in the folder that they are in.

    A page is a view: where it cannot be made, that is said, and the run is no worse for it. Of the
    processes of a run the first alone does it.
    """
    if jax.process_index() != 0:
        return
    first, *others = directories
    page = (first.parent if others else first) / _PAGE
    try:
        _write(page, run_report([Run.open(directory) for directory in directories]))
    except Exception as error:  # whatever it is, training has ended well
        what, command = first_line(error) or type(error).__name__, way_on("report", *directories)
        print(f"its page could not be written ({what}); try again with: {command}")
    else:
        whose = "its page" if len(directories) == 1 else "the page of all"
        print(f"{whose}: {page}")


def _is_own(output: Path, run: Run) -> bool:
    """Whether a file is the one in which a run keeps its page, and not another's."""
    return output.absolute() == (run.directory / _PAGE).absolute()


def _place(runs: Sequence[Run]) -> Path:
    """Where the page goes, if nobody says: of several runs the first free name beside them."""
    first = runs[0].directory
    if len(runs) == 1:
        return first / _PAGE
    folder = first.absolute().parent
    names = itertools.chain([_PAGE], (f"report-{number}.html" for number in itertools.count(2)))
    return next(folder / name for name in names if not (folder / name).exists())


def _write(output: Path, page: str) -> None:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_whole(output, page)
    except OSError as error:
        raise unwritable(output, error) from error


def _shown(runs: Sequence[Run]) -> str:
    return str(runs[0].directory) if len(runs) == 1 else f"{len(runs)} runs"
