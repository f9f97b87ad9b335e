"""What a page says in words and tables: runs, figures, configuration, environment."""

import shlex
from collections.abc import Mapping, Sequence

from jaxgan.report.curves import Group, different, word
from jaxgan.report.markup import Markup, element, joined
from jaxgan.report.reading import Reading, duration
from jaxgan.training import flat

_COLOURS = 6
"""Of groups; behind them they come again, dashed."""

_LONG = 24
"""Letters of a value that do not stand beside its name."""


def swatch(groups: Sequence[Group], index: int) -> Markup:
    """The colour of a group's lines; nothing where there is one group alone."""
    if len(groups) == 1:
        return Markup()
    dashed = " dashed" if index >= _COLOURS else ""
    return element("i", class_=f"swatch{dashed}", style=f"--tone: var(--tone{index % _COLOURS})")


def progress(reading: Reading) -> str:
    """How far a run is.

    `3,500 steps`, or `step 300 of 3,500, still going or interrupted`.
    """
    if reading.run.is_imported and not reading.reached:
        return "trained elsewhere"
    if reading.total is None or reading.reached == reading.total:
        return f"{reading.reached:,} steps"
    if reading.reached > reading.total:
        return f"{reading.reached:,} steps, beyond {reading.total:,}"
    return f"step {reading.reached:,} of {reading.total:,}, still going or interrupted"


def facts(reading: Reading) -> list[str]:
    """What the head of a page of one run says of it."""
    environment = reading.run.manifest["environment"]
    told = [f"seed {reading.run.manifest['seed']}", progress(reading)]
    if reading.seconds:
        told.append(f"about {duration(reading.seconds)}")
    if kind := environment.get("device_kind"):
        told.append(f"on {reading.run.manifest['devices']} × {kind}")
    return told


def runs_table(groups: Sequence[Group]) -> Markup:
    """Several runs, a row each, under the names of their groups."""
    head = [element("th", name, scope="col") for name in ("run", "seed", "steps", "time")]
    rows = []
    for index, group in enumerate(groups):
        if len(groups) > 1:
            name = element("th", swatch(groups, index), group.name, colspan=4, scope="rowgroup")
            rows.append(element("tr", name, class_="group"))
        for reading in group.readings:
            cells = [
                *(element("th", reading.name, scope="row", title=str(reading.run.directory)),),
                *(element("td", str(reading.run.manifest["seed"]), class_="number"),),
                *(element("td", progress(reading), class_="number"),),
                *(element("td", duration(reading.seconds), class_="number"),),
            ]
            rows.append(element("tr", *cells))
    return wide(element("thead", element("tr", *head)), element("tbody", *rows))


def wide(*inside: str, class_: str = "") -> Markup:
    """A table that scrolls where the page is too narrow for it."""
    table = element("table", *inside, class_=class_)
    return element("div", table, class_="wide", tabindex=0)


def configuration(groups: Sequence[Group]) -> Markup:
    """All settings; those that differ between groups in a table of their own."""
    settings = [group.settings for group in groups]
    differing = different(settings)
    same = {name: value for name, value in settings[0].items() if name not in differing}
    parts = []
    if differing:
        head = [element("th", "setting", scope="col")]
        for index, group in enumerate(groups):
            seeds = ", ".join(str(reading.run.manifest["seed"]) for reading in group.readings)
            several = f"{len(group.readings)} runs, seeds {seeds}"
            name = group.readings[0].name if len(group.readings) == 1 else several
            head.append(element("th", swatch(groups, index), name, scope="col"))
        rows = [
            element(
                "tr",
                element("th", _setting(name), scope="row"),
                *(element("td", several.get(name, "unknown")) for several in settings),
            )
            for name in differing
        ]
        parts += [
            element("h3", "What differs"),
            wide(element("thead", element("tr", *head)), element("tbody", *rows), class_="differs"),
            element("h3", "The same in all"),
        ]
    parts.append(_list(same))
    return joined(parts)


def commands(readings: Sequence[Reading]) -> Markup:
    """What was typed for each of the runs."""
    lines = []
    for reading in readings:
        words = reading.run.manifest["environment"].get("command")
        if isinstance(words, list) and words:
            lines.append(element("code", f"python {shlex.join(map(str, words))}"))
    return element("pre", Markup("\n".join(lines))) if lines else Markup()


def environment(readings: Sequence[Reading]) -> Markup:
    """Versions, machine, devices and digests, what differs by run."""
    told = [_environment(reading) for reading in readings]
    differing = different(told)
    same = {name: value for name, value in told[0].items() if name not in differing}
    parts = [_list(same)]
    if differing:
        head = [element("th", name, scope="col") for name in ("run", *differing)]
        rows = [
            element(
                "tr",
                element("th", reading.name, scope="row"),
                *(element("td", several.get(name, "unknown")) for name in differing),
            )
            for reading, several in zip(readings, told, strict=True)
        ]
        parts += [
            element("h3", "By run"),
            wide(element("thead", element("tr", *head)), element("tbody", *rows), class_="small"),
        ]
    return joined(parts)


def _environment(reading: Reading) -> dict[str, str]:
    manifest = reading.run.manifest
    told = {name: word(value) for name, value in flat(manifest["environment"]).items()}
    del told["command"]
    return {
        **{name.removeprefix("packages."): value for name, value in told.items()},
        "devices": str(manifest["devices"]),
        "manifest": manifest.get("digest", "without a digest, as those of format 1 are"),
    }


def _list(values: Mapping[str, str]) -> Markup:
    """Names and values, in as many columns as there is room for."""
    pairs = [
        element(
            "div",
            element("dt", _setting(name)),
            element("dd", value),
            class_="long" if len(value) > _LONG else "",
        )
        for name, value in values.items()
    ]
    return element("dl", *pairs)


def _setting(name: str) -> Markup:
    """A setting's name, its groups' names paler."""
    before, dot, last = name.rpartition(".")
    return joined([element("span", before + dot, class_="pale") if dot else "", last])
