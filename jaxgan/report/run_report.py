"""The page of a run, or of several of one experiment, side by side.

`report.html` is the page and `report.js` draws its curves and moves its pictures; here they get
what is theirs.
"""

import dataclasses
import html
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

from jaxgan.report.curves import Curves, Group, groups_of, thinned
from jaxgan.report.figures import evaluation_table
from jaxgan.report.markup import Markup, element, joined
from jaxgan.report.reading import Reading, read_run
from jaxgan.report.strips import embedded, strip
from jaxgan.report.tables import (
    commands,
    configuration,
    environment,
    facts,
    runs_table,
    swatch,
)
from jaxgan.training import Run

_ROOM = 3_400_000
"""Letters that the pictures of all runs take together."""
_SHEETS = 800_000
"""Letters that the sheets of neighbours may take together."""


def run_report(runs: Sequence[Run], *, title: str | None = None) -> str:
    """A page that shows one run, or several side by side, and asks nobody for anything.

    Runs that differ in their seeds alone are one group: their curves are drawn as mean and range,
    their figures told as mean and standard deviation. What is damaged in a run's directory, or not
    there yet, is left out; the page says so. The same runs give the same page.

    Args:
        runs: of one experiment.
        title: of the page; the experiment's name where None.

    Returns:
        HTML, under 5 MB where the runs are few: samples through training are thinned to that.

    Raises:
        ValueError: where there is no run, one is there twice, or two are of other experiments.
    """
    _check(runs)
    readings = _named_apart([read_run(run) for run in runs])
    groups = groups_of(readings)
    readings = [reading for group in groups for reading in group.readings]
    experiment = readings[0].run.manifest["experiment"]
    title = experiment if title is None else title
    notes: list[str] = []
    strips = []
    for reading in readings:
        made, damaged = strip(reading.pictures, _ROOM // len(readings))
        strips.append(made)
        notes += damaged
    terms = thinned([[reading.terms for reading in group.readings] for group in groups])
    during = thinned([[reading.during for reading in group.readings] for group in groups])
    neighbours = _neighbours(readings)
    notes += [note for reading in readings for note in reading.notes]
    shown = [_samples(groups, readings, strips), _evaluation(groups)]
    parts = [
        _head(title, groups, readings),
        # Of one run there is room for both beside each other.
        *([element("div", *shown, class_="pair")] if len(readings) == 1 else shown),
        _during(during),
        _curves(groups, terms),
        neighbours,
        _section("Configuration", commands(readings), configuration(groups)),
        _section("Environment", environment(readings)),
        _notes(notes),
    ]
    data = {
        "terms": _drawn(terms),
        "during": _drawn(during),
        "strips": [_frames(made) for made in strips if made],
    }
    several = f", {len(readings)} runs" if len(readings) > 1 else ""
    return _page(title + several, joined(parts), data)


def _check(runs: Sequence[Run]) -> None:
    if not runs:
        raise ValueError("a report needs a run: give one or more")
    first = runs[0]
    for number, run in enumerate(runs):
        its, other = first.manifest["experiment"], run.manifest["experiment"]
        if its != other:
            raise ValueError(
                f"{first.directory} is a run of {its} and {run.directory} one of {other}: a report "
                "is of runs of one experiment, so leave the others out, or compare them"
            )
        if any(_same(run, before) for before in runs[:number]):
            raise ValueError(f"{run.directory} is there twice: name it once")


def _same(run: Run, other: Run) -> bool:
    return os.path.realpath(run.directory) == os.path.realpath(other.directory)


def _named_apart(readings: list[Reading]) -> list[Reading]:
    """With as much of their paths in their names as tells them apart."""
    if len({reading.name for reading in readings}) == len(readings):
        return readings
    paths = [os.path.abspath(reading.run.directory) for reading in readings]
    common = os.path.commonpath(paths)
    return [
        dataclasses.replace(reading, name=os.path.relpath(path, common))
        for reading, path in zip(readings, paths, strict=True)
    ]


def _head(title: str, groups: Sequence[Group], readings: Sequence[Reading]) -> Markup:
    button = element("button", "light / dark", id="theme", type="button")
    parts = [element("p", "jaxgan report", class_="overline"), element("h1", title), button]
    if len(readings) == 1:
        told = [readings[0].name, *facts(readings[0])]
        parts.append(element("p", *(element("span", fact) for fact in told), class_="facts"))
    else:
        told = f"{len(readings)} runs that differ in their seeds alone"
        if len(groups) > 1:
            told = f"{len(readings)} runs side by side, of {len(groups)} configurations"
        parts += [element("p", told, class_="facts"), runs_table(groups)]
    return element("header", *parts)


def _section(heading: str, *inside: str) -> Markup:
    return element("section", element("h2", heading), *inside)


def _samples(
    groups: Sequence[Group], readings: Sequence[Reading], strips: Sequence[Mapping[int, str]]
) -> Markup:
    """The last picture of each run, and what moves through the others."""
    if not any(strips):
        return _section("Samples", element("p", "There are no pictures of samples yet."))
    owner = {id(reading): index for index, group in enumerate(groups) for reading in group.readings}
    figures = []
    for reading, made in zip(readings, strips, strict=True):
        if not made:
            continue
        last = max(made)
        caption = element("figcaption", swatch(groups, owner[id(reading)]), reading.name)
        image = element(
            "img", src=made[last], alt=f"samples of {reading.name} at step {last:,}",
            data_run=reading.name,
        )  # fmt: skip
        figures.append(element("figure", *([caption] if len(readings) > 1 else []), image))
    slider = element("input", type="range", id="moment", min=0, step=1, aria_label="step")
    controls = [
        element("button", "play", type="button", id="play"),
        element("label", slider, class_="long"),
        element("output", id="step", for_="moment"),
    ]
    several = max(map(len, strips)) > 1
    about = "The same inputs through training."
    return _section(
        "Samples",
        element("p", about, class_="about") if several else "",
        element("div", *controls, class_="controls above", hidden=not several),
        element("div", *figures, class_="strip"),
    )


def _evaluation(groups: Sequence[Group]) -> Markup:
    told = "Not evaluated yet: the verb evaluate says in figures how good the generator is."
    return _section("Evaluation", evaluation_table(groups) or element("p", told))


def _during(during: Curves) -> Markup:
    if not during.values:
        return Markup()
    about = (
        "Quick figures on the way, which rank the states of a run: those of pictures from latents "
        "are of fewer samples, beside held-out pictures where there are such. They are not to be "
        "compared with an evaluation."
    )
    return _section(
        "Evaluation during training", element("p", about, class_="about"), _charts("during")
    )


def _neighbours(readings: Sequence[Reading]) -> Markup:
    sheets = _sheets(readings)
    if not sheets:
        return Markup()
    return _section("Nearest neighbours", element("div", *sheets, class_="sheets"))


def _sheets(readings: Sequence[Reading]) -> list[Markup]:
    figures, sides = [], (1400, 1024, 768, 512, 256)
    sheets = [
        (reading, which, path) for reading in readings for which, path in reading.neighbours.items()
    ]
    for reading, which, path in sheets:
        made = (embedded(path, side) for side in sides)
        room = _SHEETS // len(sheets)
        address = next((made for made in made if made is None or len(made) <= room), None)
        if address is None:
            reading.notes.append(f"{path} is left out: it is damaged or too large.")
            continue
        name = f"{reading.name}, {which}"
        alt = f"samples of {name}, beside their nearest neighbours in the data"
        caption = [element("figcaption", name)] if len(sheets) > 1 else []
        figures.append(element("figure", *caption, element("img", src=address, alt=alt)))
    return figures


def _curves(groups: Sequence[Group], terms: Curves) -> Markup:
    if not terms.values:
        told = "There are no metrics yet: a run writes them as it is trained."
        return _section("Curves", element("p", told))
    legend = []
    for index, group in enumerate(groups):
        runs = len(group.readings)
        words = group.name + (f" ({runs} runs)" if runs > 1 else "")
        if len(groups) > 1:
            legend.append(element("li", swatch(groups, index), words))
    log = element("input", type="checkbox", id="log")
    smooth = element("input", type="range", id="smooth", min=0, max=0.98, step=0.02, value=0)
    controls = [
        element("label", log, "logarithmic, where all values are positive"),
        element("label", "smoothing", smooth),
    ]
    each, told = max(terms.each), []
    if any(len(group.readings) > 1 for group in groups):
        told.append("Of runs that differ in their seeds, a line is the mean and a band the range.")
    if each > 1:
        told.append(f"A point is the mean of up to {each} lines of metrics.")
    return _section(
        "Curves",
        element("ul", *legend, class_="legend") if legend else "",
        element("p", " ".join(told), class_="about") if told else "",
        element("div", *controls, class_="controls"),
        _charts("terms"),
    )


def _charts(name: str) -> Markup:
    return element("div", class_="charts", data_charts=name)


def _drawn(curves: Curves) -> dict[str, Any]:
    """What the script draws: terms of the same values once, under their names."""
    drawn: dict[tuple[str, str], dict[str, Any]] = {}
    players = dict.fromkeys(name.rpartition("/")[0] for name in curves.values)
    for player in players:
        for name, groups in curves.values.items():
            before, _, own = name.rpartition("/")
            if before != player or not any(v is not None for v in _numbers(groups)):
                continue
            place = (player, json.dumps(groups))
            if place in drawn:
                drawn[place]["name"] += f" = {own}"
            else:
                drawn[place] = {"player": player, "name": own, "groups": groups}
    return {"steps": curves.steps, "curves": list(drawn.values())}


def _numbers(groups: Sequence[Sequence[Sequence[float | None]]]) -> Iterator[float | None]:
    return (value for runs in groups for run in runs for value in run)


def _frames(strip: Mapping[int, str]) -> list[list[Any]]:
    """Steps and addresses; not that of the last, which the page holds already."""
    steps = sorted(strip)
    return [[step, None if step == steps[-1] else strip[step]] for step in steps]


def _notes(notes: Sequence[str]) -> Markup:
    if not notes:
        return Markup()
    return _section("Left out", *(element("p", note, class_="note") for note in notes))


def _page(title: str, body: Markup, data: Mapping[str, Any]) -> str:
    folder = resources.files("jaxgan.report")
    page, script = ((folder / f"report.{kind}").read_text("utf-8") for kind in ("html", "js"))
    told = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    parts = {"title": html.escape(title), "body": body, "data": told, "script": script}
    # All at once: what is put in is anybody's, and may look like a place for something else.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], page)
