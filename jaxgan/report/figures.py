"""Figures of evaluations as a table: per run, and over the runs of a group."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from jaxgan.report.curves import Group, word
from jaxgan.report.markup import Markup, element, joined
from jaxgan.report.reading import Reading
from jaxgan.report.tables import swatch, wide
from jaxgan.training import Evaluation, Figure, differing

_BETTER = {"lower": "↓", "higher": "↑"}

Evaluated: TypeAlias = Sequence[tuple[Reading, Evaluation | None]]


class _Column(NamedTuple):
    """Figures side by side.

    Attributes:
        kind: which checkpoint of each run they are of: "last" or "best".
        head: what it is called.
        runs: of one group, each with its evaluation.
    """

    kind: str
    head: Markup
    runs: Evaluated


def evaluation_table(groups: Sequence[Group]) -> Markup | None:
    """Figures by rows, groups by columns; each figure opens to its runs and its protocol.

    Over the runs of a group stand mean and standard deviation; of one run the value and its
    sampling error. Of groups the best is marked, where the protocols agree.

    Args:
        groups: their runs' evaluations are in them.

    Returns:
        The table, with words above it; None where no run was evaluated.
    """
    columns = _columns(groups)
    evaluations = [told for column in columns for _, told in column.runs if told is not None]
    names = dict.fromkeys(figure.name for told in evaluations for figure in told.figures)
    if not names:
        return None
    head = [element("th", "figure", scope="col"), *(column.head for column in columns)]
    table = wide(
        element("thead", element("tr", *head)),
        element("tbody", *(_row(name, columns) for name in names)),
        class_=f"figures columns{min(len(columns), 3)}",
    )
    return joined([_about(columns), table])


def _columns(groups: Sequence[Group]) -> list[_Column]:
    def evaluated(group: Group, kind: str) -> Evaluated:
        return [
            (reading, reading.last if kind == "last" else reading.best)
            for reading in group.readings
        ]

    kinds = [
        kind
        for kind in ("last", "best")
        if any(told for group in groups for _, told in evaluated(group, kind))
    ]
    columns = []
    for index, group in enumerate(groups):
        for kind in kinds:
            small = element("small", kind) if len(kinds) > 1 else Markup()
            usual = "value" if len(group.readings) == 1 else "mean ± standard deviation"
            told = joined([swatch(groups, index), group.name, small]) or usual
            column = _Column(kind, element("th", told, scope="col"), evaluated(group, kind))
            columns.append(column)
    return columns


def number(value: float) -> str:
    """Four digits of a figure.

    >>> number(0.852), number(1234.56), number(3e-7)
    ('0.852', '1,235', '3e-07')
    """
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e7 else f"{value:.4g}"


def with_error(value: float, error: float | None) -> str:
    """A figure, and what it may be off by, in two digits.

    >>> with_error(12.3456, 0.345), with_error(0.731, 0.0081), with_error(2.0, None)
    ('12.35 ± 0.34', '0.7310 ± 0.0081', '2')
    """
    if error is None:
        return number(value)
    digits = 1 - math.floor(math.log10(error)) if error > 0 else -1
    if not 0 <= digits <= 6 or abs(value) >= 1e7:
        return f"{number(value)} ± {error:.2g}"
    return f"{value:,.{digits}f} ± {error:.{digits}f}"


def _known(runs: Evaluated, name: str) -> list[tuple[Reading, Figure]]:
    """The figure of this name of each run that has one."""
    return [
        (reading, figure)
        for reading, evaluation in runs
        for figure in (evaluation.figures if evaluation is not None else [])
        if figure.name == name
    ]


def _row(name: str, columns: Sequence[_Column]) -> Markup:
    found = [_known(column.runs, name) for column in columns]
    figures = [figure for known in found for _, figure in known]
    protocols = [{key: word(value) for key, value in figure.protocol.items()} for figure in figures]
    apart = list(differing([figure.protocol for figure in figures]))
    better = figures[0].better
    means = [statistics.fmean(f.value for _, f in known) if known else None for known in found]
    cells = []
    for column, known, mean in zip(columns, found, means, strict=True):
        others = [
            other
            for rival, other in zip(columns, means, strict=True)
            if rival.kind == column.kind and other is not None
        ]
        best = {"lower": min, "higher": max}.get(better or "")
        marked = best and mean == best(others, default=None) and len(others) > 1 and not apart
        agree = not differing([figure.protocol for _, figure in known])
        text = _cell(column, known, agree=agree)
        cells.append(element("td", element("b", text) if marked else text, class_="number"))
    title = joined([name, " ", _arrow(better)])
    inside = [*_of_runs(columns, found), *_protocol(protocols, apart)]
    if inside:
        title = element("details", element("summary", title), *inside)
    return element("tr", element("th", title, scope="row"), *cells)


def _cell(column: _Column, known: Sequence[tuple[Reading, Figure]], *, agree: bool) -> str:
    values = [figure.value for _, figure in known]
    if not known:
        return "–"
    if len(column.runs) == 1:
        return with_error(values[0], known[0][1].error)
    if not agree:
        return ", ".join(map(number, values))
    spread = statistics.stdev(values) if len(values) > 1 else None
    missing = f" ({len(values)} of {len(column.runs)})" if len(values) < len(column.runs) else ""
    return with_error(statistics.fmean(values), spread) + missing


def _arrow(better: str | None) -> Markup:
    if better is None:
        return Markup()
    told = f"{better} is better"
    return element("span", _BETTER[better], class_="pale", title=told, role="img", aria_label=told)


def _of_runs(
    columns: Sequence[_Column], found: Sequence[Sequence[tuple[Reading, Figure]]]
) -> list[Markup]:
    """The value of each run, where a column is of several."""
    if all(len(column.runs) == 1 for column in columns):
        return []
    several = len({column.kind for column in columns}) > 1
    pairs = [
        element(
            "div",
            element("dt", f"{reading.name}, {column.kind}" if several else reading.name),
            element("dd", with_error(figure.value, figure.error)),
        )
        for column, known in zip(columns, found, strict=True)
        for reading, figure in known
    ]
    return [element("dl", *pairs)]


def _protocol(protocols: Sequence[Mapping[str, str]], apart: Sequence[str]) -> list[Markup]:
    """How a figure was measured; what differs between runs stands one behind the other."""
    keys = dict.fromkeys(key for protocol in protocols for key in protocol)
    if not keys:
        return []
    pairs = []
    for key in keys:
        values = dict.fromkeys(protocol.get(key, "unknown") for protocol in protocols)
        name, value = element("dt", key.replace("_", " ")), element("dd", " / ".join(values))
        pairs.append(element("div", name, value, class_="differing" if key in apart else ""))
    parts = [element("dl", *pairs)]
    if apart:
        names = ", ".join(key.replace("_", " ") for key in apart)
        told = f"The protocols differ ({names}), so these are not compared."
        parts.append(element("p", told, class_="note"))
    return parts


def _about(columns: Sequence[_Column]) -> Markup:
    """Of which checkpoints the figures are, and what stands behind ±."""
    kinds = len({column.kind for column in columns})
    told: dict[str, list[str]] = {}
    for column in columns:
        for reading, evaluation in column.runs:
            if evaluation is not None:
                kind = f"{column.kind.capitalize()} is" if kinds > 1 else "Of"
                subject = f"{kind} {_subject(evaluation.subject)}"
                told.setdefault(subject, []).append(reading.name)
    sentences = [
        f"{subject}." if len(told) == kinds else f"{', '.join(names)}: {subject}."
        for subject, names in told.items()
    ]
    if any(len(column.runs) > 1 for column in columns):
        sentences.append("Of several runs these are mean ± standard deviation.")
    figures = [figure for column in columns for _, e in column.runs if e for figure in e.figures]
    if any(figure.error is not None for figure in figures):
        sentences.append("Of one run ± is the sampling error.")
    return element("p", " ".join(sentences), class_="about")


def _subject(subject: Mapping[str, object]) -> str:
    parts = []
    if type(step := subject.get("step")) is int:
        parts.append(f"step {step:,}")
    if subject.get("weights") is not None:
        parts.append(f"{subject['weights']} weights")
    if subject.get("seed") is not None:
        parts.append(f"samples of seed {subject['seed']}")
    return ", ".join(parts) or "a checkpoint that is not named"
