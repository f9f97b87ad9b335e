"""Pickles of plain values, read and not run.

A pickle is a program for a small stack machine, and Python's own machine may call anything. The
one here knows plain values, containers, and the names that it is given, and it does for each byte
of the program no more than a fixed amount of work.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import IO, Any, NoReturn

from jaxgan.weights.inert import Aside, Maker, Record
from jaxgan.weights.literals import CODES, LITERALS, argument, decimal
from jaxgan.weights.refusals import kind, refuse, shown

CHARACTERS = 1000
"""Of the longest key of a dict."""

ELEMENTS = 2
"""How many elements may be handed to functions, for each byte of the program: PyTorch's own
programs need three bytes or so for each."""


def read_pickle(
    file: IO[bytes],
    *,
    names: Mapping[tuple[str, str], Any],
    load: Callable[[Any], Any],
    records: Callable[[str, str], Maker | None] | None = None,
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
            element of a list or tuple among them, once. An `Aside` is left as it is.
        load: what a persistent identifier, a tuple, stands for; the same holds for it.
        records: `(module, name)` to what stands for a class that `names` lacks, or None, which
            refuses it. Where it is given, sets are left aside, and are refused where not.

    Returns:
        Numbers, texts, bytes, None, lists, tuples, dicts with texts as keys, and what comes of
        `names`, `load` and `records`. Integers among the keys are made texts. Attributes that the
        pickle sets on dicts are left out.

    Raises:
        RefusedError: where the pickle asks for another name or does what plain values do not need.
        ValueError: where it is damaged; and LookupError or TypeError.
    """
    machine = _Machine(file, names, load, records)
    steps = _STEPS if records is None else _STEPS | _STEPS_OF_SETS
    while (code := file.read(1)) != b".":
        step = steps.get(code)
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


class _Machine:
    """The stack, the stacks under each mark, and the memory; a method for each kind of step."""

    def __init__(
        self,
        file: IO[bytes],
        names: Mapping[tuple[str, str], Any],
        load: Callable[[Any], Any],
        records: Callable[[str, str], Maker | None] | None,
    ) -> None:
        self.file, self.names, self.load, self.records = file, names, load, records
        self.start = file.tell()
        self.handed = 0
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memory: list[Any] = []

    def push(self, reader: Callable[[IO[bytes]], Any]) -> None:
        self.stack.append(reader(self.file))

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
        if not isinstance(self.stack[-1], Aside):
            with_items(self.stack[-1], items)

    def extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            refuse(f"is damaged: it appends to {kind(target)}")
        target.extend(items)

    def add(self) -> None:
        """Items of a set, which are left aside with it."""
        self.to_mark()
        if not isinstance(self.stack[-1], Aside):
            refuse(f"is damaged: it adds items to {kind(self.stack[-1])}")

    def find(self, module: Any, name: Any) -> None:
        if not (isinstance(module, str) and isinstance(name, str)):
            refuse("is damaged: it asks for something that has no name")
        if (module, name) in self.names:
            self.stack.append(self.names[module, name])
            return
        asked = shown(f"{module[:100]}.{name[:100]}")[1:-1]
        if self.records is None:
            refuse(
                f"asks for {asked}, which no dict of tensors needs: nothing in it has been run; "
                "save the state_dict alone"
            )
        if (maker := self.records(module, name)) is None:
            refuse(
                f"asks for {asked}, which no file of these networks needs: nothing in it has been "
                "run; fetch it again, from its authors"
            )
        self.stack.append(maker)

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
        if isinstance(function, Aside):
            self.stack.append(function)
        elif callable(function) and isinstance(arguments, tuple):
            self.stack.append(function(*self.hand(arguments)))
        else:
            refuse(f"is damaged: it calls {kind(function)}")

    def make(self, code: str, count: int) -> None:
        """Make an object of a class and of `count` values behind it, if it is left aside."""
        made, *arguments = self.popped(count + 1)
        if isinstance(made, Maker) and code == "NEWOBJ" and isinstance(arguments[0], tuple):
            made = made.make(*self.hand(arguments[0]))
        elif not isinstance(made, Aside):
            refuse(f"makes an object by {code}, which nothing plain needs")
        self.stack.append(made)

    def build(self) -> None:
        attributes, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, Record):
            target.build(attributes)
            return
        plain = isinstance(target, dict) and isinstance(attributes, dict)
        if not plain and not isinstance(target, Aside):
            refuse(f"sets attributes of {kind(target)}, which nothing plain needs")


_NOTHING = object()
_SET = Aside()


def _refuse_code(code: bytes, file: IO[bytes]) -> NoReturn:
    """Of a code that the machine does not know."""
    if not code:
        raise ValueError("the pickle has no end")
    names = [name for name, info in CODES.items() if info.code == code.decode("latin-1")]
    if names == ["INST"]:
        asked = shown(argument("INST")(file))
        refuse(f"makes an object of {asked}, which nothing plain needs")
    if names:
        refuse(f"makes an object by {names[0]}, which nothing plain needs")
    raise ValueError(f"the pickle has an unknown code {code!r}")


_STEPS: dict[bytes, Callable[[_Machine], Any]] = {
    CODES[name].code.encode("latin-1"): step
    for name, step in {
        **{name: partial(_Machine.push, reader=reader) for name, reader in LITERALS.items()},
        "PROTO": lambda machine: machine.file.read(1),
        "FRAME": lambda machine: machine.file.read(8),
        "MARK": _Machine.mark,
        "POP": lambda machine: machine.stack.pop(),
        "POP_MARK": _Machine.to_mark,
        "DUP": lambda machine: machine.stack.append(machine.stack[-1]),
        "PUT": lambda machine: machine.put(decimal(machine.file)),
        "BINPUT": lambda machine: machine.put(machine.file.read(1)[0]),
        "LONG_BINPUT": lambda machine: machine.put(argument("LONG_BINPUT")(machine.file)),
        "MEMOIZE": lambda machine: machine.put(len(machine.memory)),
        "GET": lambda machine: machine.get(decimal(machine.file)),
        "BINGET": lambda machine: machine.get(machine.file.read(1)[0]),
        "LONG_BINGET": lambda machine: machine.get(argument("LONG_BINGET")(machine.file)),
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
        "GLOBAL": lambda machine: machine.find(*argument("GLOBAL")(machine.file).split(" ", 1)),
        "STACK_GLOBAL": lambda machine: machine.find(*machine.popped(2)),
        "BINPERSID": _Machine.identify,
        "REDUCE": _Machine.reduce,
        "NEWOBJ": lambda machine: machine.make("NEWOBJ", 1),
        "NEWOBJ_EX": lambda machine: machine.make("NEWOBJ_EX", 2),
        "BUILD": _Machine.build,
    }.items()
}

_STEPS_OF_SETS: dict[bytes, Callable[[_Machine], Any]] = {
    CODES[name].code.encode("latin-1"): step
    for name, step in {
        "EMPTY_SET": lambda machine: machine.stack.append(_SET),
        "FROZENSET": lambda machine: machine.collect(lambda items: _SET),
        "ADDITEMS": _Machine.add,
    }.items()
}
