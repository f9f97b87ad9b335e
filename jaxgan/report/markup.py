"""HTML out of plain text, in which nothing that a person named can become HTML."""

import html
from collections.abc import Iterable


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


_WITHOUT_END = {"img", "input", "col"}


def element(kind: str, *inside: str, **attributes: str | float | bool) -> Markup:
    """An element of HTML.

    Args:
        kind: its name.
        inside: what it holds: `Markup` as it is, any other text with its letters escaped.
        attributes: by name, as in `class_="wide"`, `aria_label="a"`; True is one without a value,
            and one that is False is left out.

    >>> element("p", "a < b", element("b", "c"), class_="x", hidden=True)
    '<p class="x" hidden>a &lt; b<b>c</b></p>'
    """
    words = [kind]
    for name, value in attributes.items():
        name = name.rstrip("_").replace("_", "-")
        if value is True:
            words.append(name)
        elif value is not False:
            words.append(f'{name}="{html.escape(str(value))}"')
    end = "" if kind in _WITHOUT_END else f"</{kind}>"
    return Markup(f"<{' '.join(words)}>{joined(inside)}{end}")


def joined(parts: Iterable[str]) -> Markup:
    """Parts one behind the other, those that are no `Markup` escaped."""
    return Markup(
        "".join(part if isinstance(part, Markup) else html.escape(part) for part in parts)
    )
