"""The styles of faces by name; each file tells what of its style is left out."""

from collections.abc import Mapping

from jaxgan.data.faces.adventurer import ADVENTURER
from jaxgan.data.faces.avataaars import AVATAAARS
from jaxgan.data.faces.lorelei import LORELEI
from jaxgan.data.faces.micah import MICAH
from jaxgan.data.faces.open_peeps import OPEN_PEEPS
from jaxgan.data.faces.styles import Style

STYLES: Mapping[str, Style] = {
    "open_peeps": OPEN_PEEPS,
    "micah": MICAH,
    "avataaars": AVATAAARS,
    "lorelei": LORELEI,
    "adventurer": ADVENTURER,
}
"""What faces can be drawn in; the first is the one where none is named."""
