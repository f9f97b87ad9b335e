"""Pickles of plain values, read and not run.

A pickle is a program for a small stack machine, and Python's own machine may call anything. The
one here knows plain values, containers, and the names that it is given, and it does for each byte
of the program no more than a fixed amount of work.
"""

import pickletools
from collections.abc import Callable, Mapping
from typing import IO, Any, NoReturn

BITS = 256
"""Of the longest integer that is read: the states of random numbers have 128."""

CHARACTERS = 1000
"""Of the longest key of a dict."""

ELEMENTS = 4
"""How many elements may be handed to functions, for each byte of the program: PyTorch's own
programs need a byte or two for each."""


class RefusedError(Exception):
    """What a file holds and should not; its text goes on after the file's name."""


def refuse(text: str) -> NoReturn:
    """Stop reading."""
    raise RefusedError(text)


def read_pickle(
    file: IO[bytes],
    *,
    names: Mapping[tuple[str, str], Any],
    load: Callable[[Any], Any],
) -> Any:
    """Read one pickle, to its last byte and no further.

    Time and memory are at most in proportion to its bytes: a value is pushed for a byte or more;
    keys are short texts, which Python hashes with a secret; numbers have at most `BITS` bits; the
    memory is a list no longer than what has been read; and what functions are handed, which may be
    one long list again and again, has at most `ELEMENTS` elements for each byte.

    Args:
        file: open at the pickle's first byte; one in memory, as lengths in it are not to be
            believed.
        names: what each (module, name) that the pickle may ask for stands for. What can be called
            is called with whatever the pickle says; it may look at each argument, and at each
            element of a list or tuple among them, once.
        load: what a persistent identifier, a tuple, stands for; the same holds for it.

    Returns:
        Numbers, texts, bytes, None, lists, tuples, dicts with texts as keys, and what comes of
        `names` and `load`. Integers among the keys are made texts. Attributes that the pickle sets
        on dicts are left out.

    Raises:
        RefusedError: where the pickle asks for another name or does what plain values do not need.
        ValueError: where it is damaged; and LookupError or TypeError.
    """
    machine = _Machine(file, names, load)
    while (code := file.read(1)) != b".":
        step = _STEPS.get(code)
        if step is None:
            _refuse_code(code, file)
        step(machine)
    return machine.stack.pop()


def with_items(target: Any, items: list[Any]) -> dict[str, Any]:
    """The dict itself, with keys and values, one after the other, put in."""
    if not isinstance(target, dict) or len(items) % 2:
        refuse(f"is damaged: it sets items of {kind(target)}")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, str | int):  # a tuple of tuples may take for ever to hash
            refuse(f"has a dict with {kind(key)} among its keys: texts alone are read")
        name = str(key)  # integers can be chosen so that their hashes collide
        if len(name) > CHARACTERS:
            refuse(f"has a key of {len(name)} characters, {shown(name)}: {CHARACTERS} are read")
        if name in target:
            refuse(f"has a dict with two values under {shown(name)}: nothing says which is meant")
        target[name] = value
    return target


def kind(value: Any) -> str:
    """What to call a value of a file: never the value itself, which may be as long as it likes."""
    return f"a value of type {type(value).__name__}"


def shown(text: Any) -> str:
    """A text of a file, as it may be shown: on one line, and short."""
    quoted = repr(str(text)[:100])
    return quoted if len(quoted) <= 110 else f"{quoted[:100]}...{quoted[0]}"


class _Machine:
    """The stack, the stacks under each mark, and the memory; a method for each kind of step."""

    def __init__(
        self,
        file: IO[bytes],
        names: Mapping[tuple[str, str], Any],
        load: Callable[[Any], Any],
    ) -> None:
        self.file, self.names, self.load = file, names, load
        self.start = file.tell()
        self.handed = 0
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memory: list[Any] = []

    def mark(self) -> None:
        self.below.append(self.stack)
        self.stack = []

    def to_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.below.pop()
        return items

    def put(self, index: int) -> None:
        """Pickles number what they remember from 0 or 1 on, so none needs more than its length."""
        if not 0 <= index <= self.read():
            raise ValueError("it remembers something under a number that is too large")
        while len(self.memory) <= index:
            self.memory.append(_NOTHING)
        self.memory[index] = self.stack[-1]

    def get(self, index: int) -> None:
        value = self.memory[index] if index >= 0 else _NOTHING
        if value is _NOTHING:
            raise LookupError("it asks for what it does not remember")
        self.stack.append(value)

    def popped(self, count: int) -> list[Any]:
        """The last values, the lowest first."""
        values = self.stack[-count:]
        if len(values) < count:
            raise LookupError("its stack is empty")
        del self.stack[-count:]
        return values

    def collect(self, make: Callable[[list[Any]], Any]) -> None:
        """Push what is made of all above the last mark."""
        made = make(self.to_mark())
        self.stack.append(made)

    def set_items(self, items: list[Any]) -> None:
        with_items(self.stack[-1], items)

    def extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            refuse(f"is damaged: it appends to {kind(target)}")
        target.extend(items)

    def find(self, module: Any, name: Any) -> None:
        if not (isinstance(module, str) and isinstance(name, str)):
            refuse("is damaged: it asks for something that has no name")
        if (module, name) not in self.names:
            asked = shown(f"{module[:100]}.{name[:100]}")[1:-1]
            refuse(f"asks for {asked}, which no dict of tensors needs: nothing in it has been run")
        self.stack.append(self.names[module, name])

    def read(self) -> int:
        """How many bytes of the pickle have been read."""
        return self.file.tell() - self.start

    def hand(self, values: Any) -> Any:
        """The values themselves, once it is clear that to look at them all is not too much."""
        most = ELEMENTS * self.read()
        self.handed += len(values)
        if self.handed <= most:
            self.handed += sum([len(x) for x in values if isinstance(x, list | tuple)])
        if self.handed > most:
            refuse(
                f"makes things of {self.handed} elements by {self.read()} bytes, which no dict of "
                "tensors needs"
            )
        return values

    def identify(self) -> None:
        identifier = self.stack.pop()
        if not isinstance(identifier, tuple):
            refuse("names something that is no storage of numbers")
        self.stack.append(self.load(self.hand(identifier)))

    def reduce(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not (callable(function) and isinstance(arguments, tuple)):
            refuse(f"is damaged: it calls {kind(function)}")
        self.stack.append(function(*self.hand(arguments)))

    def build(self) -> None:
        attributes = self.stack.pop()
        if not (isinstance(self.stack[-1], dict) and isinstance(attributes, dict)):
            refuse(f"sets attributes of {kind(self.stack[-1])}, which nothing plain needs")


_NOTHING = object()

_CODES = {info.name: info for info in pickletools.opcodes}


def _argument(name: str) -> Callable[[IO[bytes]], Any]:
    """What reads the argument that stands behind an opcode."""
    info = _CODES[name].arg
    assert info is not None
    return info.reader


def _line(file: IO[bytes]) -> bytes:
    line = file.readline(BITS)
    if not line.endswith(b"\n"):
        raise ValueError(f"a number of more than {BITS} characters, or of no end")
    return line[:-1]


def _decimal(file: IO[bytes]) -> int:
    """An integer in decimals, of Python 2 with an L behind it; 00 and 01 are truth values."""
    line = _line(file)
    return bool(int(line)) if line in (b"00", b"01") else int(line.removesuffix(b"L"))


def _binary(name: str) -> Callable[[IO[bytes]], int]:
    reader = _argument(name)

    def read(file: IO[bytes]) -> int:
        number = reader(file)
        if number.bit_length() > BITS:
            refuse(f"has an integer of {number.bit_length()} bits: {BITS} are read")
        return number

    return read


def _global(file: IO[bytes]) -> list[str]:
    """Module and name."""
    return _argument("GLOBAL")(file).split(" ", 1)


def _refuse_code(code: bytes, file: IO[bytes]) -> NoReturn:
    """Of a code that the machine does not know."""
    if not code:
        raise ValueError("the pickle has no end")
    names = [name for name, info in _CODES.items() if info.code == code.decode("latin-1")]
    if names == ["INST"]:
        asked = shown(_argument("INST")(file))
        refuse(f"makes an object of {asked}, which nothing plain needs")
    if names:
        refuse(f"makes an object by {names[0]}, which nothing plain needs")
    raise ValueError(f"the pickle has an unknown code {code!r}")


def _pushing(reader: Callable[[IO[bytes]], Any]) -> Callable[[_Machine], None]:
    return lambda machine: machine.stack.append(reader(machine.file))


_LITERALS: dict[str, Callable[[IO[bytes]], Any]] = {
    name: _argument(name)
    for name in (
        *("BININT", "BININT1", "BININT2", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
        *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    )
} | {
    **{"INT": _decimal, "LONG": _decimal, "LONG1": _binary("LONG1"), "LONG4": _binary("LONG4")},
    "FLOAT": lambda file: float(_line(file)),
    "NONE": lambda file: None,
    "NEWTRUE": lambda file: True,
    "NEWFALSE": lambda file: False,
    "EMPTY_TUPLE": lambda file: (),
    "EMPTY_LIST": lambda file: [],
    "EMPTY_DICT": lambda file: {},
}
"""What pushes a value that needs nothing of the stack."""

_STEPS: dict[bytes, Callable[[_Machine], Any]] = {
    _CODES[name].code.encode("latin-1"): step
    for name, step in {
        **{name: _pushing(reader) for name, reader in _LITERALS.items()},
        "PROTO": lambda machine: machine.file.read(1),
        "FRAME": lambda machine: machine.file.read(8),
        "MARK": _Machine.mark,
        "POP": lambda machine: machine.stack.pop(),
        "POP_MARK": _Machine.to_mark,
        "DUP": lambda machine: machine.stack.append(machine.stack[-1]),
        "PUT": lambda machine: machine.put(_decimal(machine.file)),
        "BINPUT": lambda machine: machine.put(machine.file.read(1)[0]),
        "LONG_BINPUT": lambda machine: machine.put(_argument("LONG_BINPUT")(machine.file)),
        "MEMOIZE": lambda machine: machine.put(len(machine.memory)),
        "GET": lambda machine: machine.get(_decimal(machine.file)),
        "BINGET": lambda machine: machine.get(machine.file.read(1)[0]),
        "LONG_BINGET": lambda machine: machine.get(_argument("LONG_BINGET")(machine.file)),
        "TUPLE1": lambda machine: machine.stack.append(tuple(machine.popped(1))),
        "TUPLE2": lambda machine: machine.stack.append(tuple(machine.popped(2))),
        "TUPLE3": lambda machine: machine.stack.append(tuple(machine.popped(3))),
        "TUPLE": lambda machine: machine.collect(tuple),
        "LIST": lambda machine: machine.collect(list),
        "DICT": lambda machine: machine.collect(lambda items: with_items({}, items)),
        "APPEND": lambda machine: machine.extend([machine.stack.pop()]),
        "APPENDS": lambda machine: machine.extend(machine.to_mark()),
        "SETITEM": lambda machine: machine.set_items(machine.popped(2)),
        "SETITEMS": lambda machine: machine.set_items(machine.to_mark()),
        "GLOBAL": lambda machine: machine.find(*_global(machine.file)),
        "STACK_GLOBAL": lambda machine: machine.find(*machine.popped(2)),
        "BINPERSID": _Machine.identify,
        "REDUCE": _Machine.reduce,
        "BUILD": _Machine.build,
    }.items()
}
