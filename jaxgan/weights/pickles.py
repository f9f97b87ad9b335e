"""Pickles of plain values, read and not run.

A pickle is a program for a small stack machine, and Python's own machine may call anything. The
one here knows plain values, containers, and the names that it is given.
"""

import pickletools
from collections.abc import Callable, Mapping
from typing import IO, Any, NoReturn


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

    Args:
        file: open at the pickle's first byte; one in memory, as lengths in it are not to be
            believed.
        names: what each (module, name) that the pickle may ask for stands for. What can be called
            is called with whatever the pickle says.
        load: what a persistent identifier stands for.

    Returns:
        Numbers, texts, bytes, None, lists, tuples, dicts, and what comes of `names` and `load`.
        Attributes that the pickle sets on dicts are left out.

    Raises:
        RefusedError: where the pickle asks for another name or does what plain values do not need.
        ValueError: where it is damaged; and LookupError or TypeError.
    """
    stack: list[Any] = []
    below: list[list[Any]] = []  # the stacks under each mark
    memo: dict[Any, Any] = {}

    def to_mark() -> list[Any]:
        nonlocal stack
        items, stack = stack, below.pop()
        return items

    for opcode, argument, _ in pickletools.genops(file):
        match opcode.name:
            case "PROTO" | "FRAME":
                pass
            case name if name in _VALUES:
                stack.append(_VALUES[name])
            case name if name in _LITERALS:
                stack.append(argument)
            case "MARK":
                below.append(stack)
                stack = []
            case "POP":
                stack.pop()
            case "POP_MARK":
                to_mark()
            case "DUP":
                stack.append(stack[-1])
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "TUPLE1" | "TUPLE2" | "TUPLE3" as name:
                items = [stack.pop() for _ in range(int(name[-1]))]
                stack.append(tuple(items[::-1]))
            case "TUPLE":
                items = to_mark()
                stack.append(tuple(items))
            case "EMPTY_LIST":
                stack.append([])
            case "LIST":
                items = to_mark()
                stack.append(items)
            case "EMPTY_DICT":
                stack.append({})
            case "DICT":
                items = to_mark()
                stack.append(with_items({}, items))
            case "APPEND":
                items = [stack.pop()]
                _extend(stack[-1], items)
            case "APPENDS":
                items = to_mark()
                _extend(stack[-1], items)
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                with_items(stack[-1], [key, value])
            case "SETITEMS":
                items = to_mark()
                with_items(stack[-1], items)
            case "INST":
                refuse(f"makes an object of {shown(argument)}, which nothing plain needs")
            case "GLOBAL":
                module, _, name = str(argument).partition(" ")
                stack.append(_named(names, module, name))
            case "STACK_GLOBAL":
                name, module = stack.pop(), stack.pop()
                stack.append(_named(names, module, name))
            case "BINPERSID":
                stack.append(load(stack.pop()))
            case "REDUCE":
                arguments, function = stack.pop(), stack.pop()
                if not (callable(function) and isinstance(arguments, tuple)):
                    refuse(f"is damaged: it calls {kind(function)}")
                stack.append(function(*arguments))
            case "BUILD":
                attributes = stack.pop()
                if not (isinstance(stack[-1], dict) and isinstance(attributes, dict)):
                    refuse(f"sets attributes of {kind(stack[-1])}, which nothing plain needs")
            case "STOP":
                return stack.pop()
            case name:
                refuse(f"makes an object by {name}, which nothing plain needs")
    raise ValueError("the pickle has no end")


def with_items(target: Any, items: list[Any]) -> dict[Any, Any]:
    """The dict itself, with keys and values, one after the other, put in."""
    if not isinstance(target, dict) or len(items) % 2:
        refuse(f"is damaged: it sets items of {kind(target)}")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, str | int):  # a tuple of tuples may take for ever to hash
            refuse(f"has a dict with {kind(key)} among its keys: texts alone are read")
        target[key] = value
    return target


def kind(value: Any) -> str:
    """What to call a value of a file: never the value itself, which may be as long as it likes."""
    return f"a value of type {type(value).__name__}"


def shown(text: Any) -> str:
    """A text of a file, as it may be shown: on one line, and short."""
    return repr(str(text)[:100])


_VALUES = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}

_LITERALS = frozenset(
    (
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
        *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    )
)


def _extend(target: Any, items: list[Any]) -> None:
    if not isinstance(target, list):
        refuse(f"is damaged: it appends to {kind(target)}")
    target.extend(items)


def _named(names: Mapping[tuple[str, str], Any], module: Any, name: Any) -> Any:
    if not (isinstance(module, str) and isinstance(name, str)):
        refuse("is damaged: it asks for something that has no name")
    if (module, name) not in names:
        asked = shown(f"{module}.{name}")[1:-1]
        refuse(f"asks for {asked}, which no dict of tensors needs: nothing in it has been run")
    return names[module, name]
