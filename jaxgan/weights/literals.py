"""What stands in a pickle itself: numbers, texts and bytes, and what reads them."""

import pickletools
from collections.abc import Callable
from typing import IO, Any

from jaxgan.weights.refusals import refuse

BITS = 256
"""Of the longest integer that is read: the states of random numbers have 128."""

CODES = {info.name: info for info in pickletools.opcodes}
"""By their names, the codes of all protocols."""


def argument(name: str) -> Callable[[IO[bytes]], Any]:
    """What reads the argument that stands behind an opcode."""
    info = CODES[name].arg
    assert info is not None
    return info.reader


def _line(file: IO[bytes]) -> bytes:
    line = file.readline(BITS)
    if not line.endswith(b"\n"):
        raise ValueError(f"a number of more than {BITS} characters, or of no end")
    return line[:-1]


def decimal(file: IO[bytes]) -> int:
    """An integer in decimals, of Python 2 with an L behind it; 00 and 01 are truth values."""
    line = _line(file)
    return bool(int(line)) if line in (b"00", b"01") else int(line.removesuffix(b"L"))


def _binary(name: str) -> Callable[[IO[bytes]], int]:
    reader = argument(name)

    def read(file: IO[bytes]) -> int:
        number = reader(file)
        if number.bit_length() > BITS:
            refuse(f"has an integer of {number.bit_length()} bits: {BITS} are read")
        return number

    return read


LITERALS: dict[str, Callable[[IO[bytes]], Any]] = {
    name: argument(name)
    for name in (
        *("BININT", "BININT1", "BININT2", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
        *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    )
} | {
    **{"INT": decimal, "LONG": decimal, "LONG1": _binary("LONG1"), "LONG4": _binary("LONG4")},
    "FLOAT": lambda file: float(_line(file)),
    "NONE": lambda file: None,
    "NEWTRUE": lambda file: True,
    "NEWFALSE": lambda file: False,
    "EMPTY_TUPLE": lambda file: (),
    "EMPTY_LIST": lambda file: [],
    "EMPTY_DICT": lambda file: {},
}
"""What pushes a value that needs nothing of the stack."""
