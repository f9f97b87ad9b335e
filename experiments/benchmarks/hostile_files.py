"""Files of weights that nobody should have written, by kinds; each is made from a seed.

Each kind is a function of a source of random numbers; files have from a hundred bytes to a few
hundred thousand. None holds anything but calls of functions that do not exist, or `os.system` with
a command that does nothing.
"""

import functools
import itertools
import json
import pickle
import pickletools
import random
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence

from experiments.benchmarks.weight_files import (
    NUMBERS,
    REBUILD,
    entry,
    legacy,
    number,
    safetensors,
    state,
    storage,
    tensor,
    text,
    zipped,
)

PRIME = 2**61 - 1
"""Integers that differ by a multiple of it have the same hash."""


def long(value: int) -> bytes:
    """A program that pushes an integer of any length."""
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8b" + struct.pack("<I", len(raw)) + raw


def program(body: bytes) -> bytes:
    """A whole pickle."""
    return b"\x80\x04" + body + b"."


def equal_trees(rng: random.Random) -> bytes:
    """Two trees that are equal and not the same, which take for ever to compare or hash."""
    levels = rng.randint(8, 90)
    open_, close = rng.choice([(b"](", b"e"), (b"(", b"t")])
    number_of = itertools.count()

    def tree() -> bytes:
        at = next(number_of)
        grown = b"]q" + bytes([at])
        for _ in range(levels):
            below, at = at, next(number_of)
            grown += b"0" + open_ + (b"h" + bytes([below])) * 2 + close + b"q" + bytes([at])
        return grown

    one, other = tree(), tree()
    both = one + other
    match rng.randrange(4):
        case 0:
            return legacy(state(x=tensor()), keys=b"\x80\x02](" + both + b"e.")
        case 1:
            return legacy(state(x=tensor()), keys=b"\x80\x02" + one + b".")
        case 2:
            return wrapped(rng, program(b"}(" + one + b"N" + other + b"Nu"))
        case _:
            return wrapped(rng, state(x=REBUILD + b"(" + storage() + b"K\x00" + both + b"tR"))


def one_long_thing(rng: random.Random) -> bytes:
    """A long list or tuple, handed to a function again and again."""
    count, times = rng.randint(10, 20_000), rng.randint(10, 20_000)
    pairs = b"".join(b"J" + struct.pack("<i", i) + b"N\x86" for i in range(count))
    items = rng.choice([pairs, pairs, b"N" * count, b"K\x01" * count, b"\x8c\x01aN\x86" * count])
    thing = b"(" + items + rng.choice([b"t", b"l"]) + b"\x940"
    behind = b"(" + storage() + b"K\x00))" + b"N" * count + b"t\x940"
    rebuild = rng.choice([REBUILD, REBUILD.replace(b"v2", b"v3")])
    made = rng.choice(
        [
            b"ccollections\nOrderedDict\n\x940(" + pairs + b"l\x940" + b"h\x00h\x01\x85R" * times,
            b"ccollections\nOrderedDict\n\x940" + thing + b"h\x00h\x01\x85R" * times,
            b"ctorch\nSize\n\x940(" + items + b"t\x940" + b"h\x00h\x01\x85R" * times,
            b"ctorch\nSize\n\x940" + thing + b"h\x00h\x01R" * times,
            REBUILD + b"\x940" + behind + b"h\x00h\x01R" * times,
            rebuild + b"\x940" + behind + b"h\x00h\x01R" * times,
            rebuild + b"\x940" + thing + b"h\x00(Nh\x01h\x01h\x01tR" * times,
            b"N\x940" + thing + b"h\x01Q" * times,
            b"N\x940" + storage()[:-2] + b"N" * count + b"t\x940" + b"h\x01Q" * times,
        ]
    )
    return wrapped(rng, program(b"}" + made + b"0" * times if rng.random() < 0.5 else b"}" + made))


def huge_integers(rng: random.Random) -> bytes:
    """Of up to half a million bits, in binary and in decimals, wherever an integer may stand."""
    bits = rng.choice([63, 64, 65, 255, 257, 5_000, 50_000, 500_000])
    value = rng.getrandbits(bits) | 1 << bits - 1
    digits = str(rng.randint(1, 9)).encode() * (bits // 3)
    n = rng.choice(
        [long(value), long(-value), b"I" + digits + b"\n", b"L" + digits + b"L\n", number(2**63)]
    )
    n = rng.choice([n, n, b"F" + digits + b"\n"])
    held = storage()
    return wrapped(
        rng,
        rng.choice(
            [
                program(b"}(" + (n + b"N") * rng.randint(1, 9) + b"u"),
                program(b"}" + n + tensor() + b"s"),
                program(b"N" + n + b"p" + digits + b"\n"),
                program(b"Np" + digits + b"\n"),
                program(b"g" + digits + b"\n"),
                state(x=REBUILD + b"(" + held + n + b"K\x01\x85K\x01\x85tR"),
                state(x=REBUILD + b"(" + held + b"K\x00(" + n * 9 + b"t(" + n * 9 + b"ttR"),
                state(x=REBUILD + b"(" + held + b"K\x00(K\x00" + n * 9 + b"t(" + n * 10 + b"ttR"),
                state(x=tensor(held=storage(view=b"")[:-4] + n + b"tQ")),
                state(x=b"ctorch\nSize\n" + n + b"\x85R"),
                program(n),
            ]
        ),
    )


def colliding_integers(rng: random.Random) -> bytes:
    """As keys and as numbers of the memory, of equal hashes or of the same places in a table."""
    count, factor = rng.randint(10, 8_000), rng.choice([PRIME, 2**20, 2**40, 2**61, 2**32 + 1])
    numbers = [factor * i for i in range(1, count)]
    match rng.randrange(4):
        case 0:
            return wrapped(rng, program(b"}(" + b"".join(long(n) + b"N" for n in numbers) + b"u"))
        case 1:
            return wrapped(rng, program(b"}" + b"".join(b"p%d\n" % n for n in numbers)))
        case 2:
            puts = (b"r" + struct.pack("<I", n % 2**32) for n in numbers)
            return wrapped(rng, program(b"}" + b"".join(puts)))
        case _:
            numbers = [rng.randrange(count) for _ in range(count)]
            return wrapped(rng, program(b"}" + b"".join(b"p%d\n" % n for n in numbers)))


def many_views(rng: random.Random) -> bytes:
    """Tensors that share one shape, or are all one tensor; some would fill terabytes."""
    axes, views = rng.choice([0, 1, 2, 31, 32, 33, 64, 65, 3000]), rng.randint(1, 20_000)
    size = number((rng.choice([0, 1, 1, 1, 2, 6, 10**6, 2**40, 2**59]),) * axes)
    strides = number((rng.choice([0, 0, 0, 1, 10**6]),) * axes)
    made = REBUILD + b"\x940(" + storage() + b"K\x00" + size + strides + b"t\x940"
    one = b"h\x00h\x01R" if rng.random() < 0.5 else b"h\x02"
    made += b"h\x00h\x01R\x940}("
    keys = (b"J" + struct.pack("<i", i) for i in range(views))
    return wrapped(rng, program(made + b"".join(k + one for k in keys) + b"u"))


def plain_codes(rng: random.Random) -> bytes:
    """Up to 300 kB of one short piece again and again."""
    pieces = [
        *(b"}", b"(", b"]", b")", b"N", b"\x94", b"}\x94", b"2", b"\x88", b"N\x85", b"\x85", b"]a"),
        *(b"K\x01", b"I9\n", b"F1\n", b"\x8a\x01\x01", b"\x8c\x00", b"V\n", b"S''\n", b"C\x00"),
        *(b"(K\x01Nd", b"}K\x01Ns", b"(l", b"(t", b"(Nl", b"0N", b"N0", b"(1", b"]Na", b"NN\x86"),
        *(b"h\x00", b"g0\n", b"j\x00\x00\x00\x00", b"q\x00", b"p0\n", b"\x95" + bytes(8)),
        *(b"}}b", b"ctorch\nSize\n", b"ccollections\nOrderedDict\n)R", storage(), tensor()),
    ]
    piece = rng.choice(pieces)
    times = rng.randint(1, 300_000 // len(piece))
    first = rng.choice([b"N\x94", b"}\x94", b"]\x94", b"(" * 9])
    last = rng.choice([b"", b"l", b"t", b"d", b"e", b"u", b"a" * times, b"s" * times, b"0" * times])
    return wrapped(rng, program(first + piece * times + last))


def dicts_in_dicts(rng: random.Random) -> bytes:
    """Few dicts in very many places, or in themselves, or with names that grow."""
    levels, times = rng.randint(2, 80), rng.randint(1, 12)
    length = rng.choice([1, 1, 1, 100, 1000, 1000, 1001])
    names = [text(chr(97 + i) * length) for i in range(times)]
    made = b"}\x94" + text("x") + tensor() + b"s" if rng.random() < 0.7 else b"}\x94"
    for level in range(levels):
        below = b"h" + bytes([level])
        made += b"0}\x94(" + b"".join(name + below for name in names) + b"u"
    if rng.random() < 0.3:
        made += text("itself") + b"h" + bytes([rng.randint(0, levels)]) + b"s"
    return wrapped(rng, program(made))


def the_same_key(rng: random.Random) -> bytes:
    """Keys that are equal, or equal once they are texts; long, or of odd characters."""
    one = rng.choice(["0", "1", "a" * rng.randint(1, 200_000), "\ud800", "\U000e0001" * 300, "\n"])
    other = rng.choice([text(one), b"K\x00", b"K\x01", b"\x88", b"I0\n"])
    keys = b"".join(rng.choice([text(one), other]) + tensor() for _ in range(rng.randint(1, 50)))
    return wrapped(rng, program(b"}(" + keys + b"u"))


def code(rng: random.Random) -> bytes:
    """What Python would run."""
    call = text("true")
    module, name = rng.choice(
        [
            *(("os", "system"), ("builtins", "eval"), ("subprocess", "Popen"), ("torch", "load")),
            *(("builtins", "getattr"), ("torch._utils", "_rebuild_tensor_v2.__globals__")),
            *(("jaxgan.weights", "read_tensors"), ("torch.jit", "load"), ("nt", "system")),
        ]
    )
    asked = rng.choice([f"c{module}\n{name}\n".encode(), text(module) + text(name) + b"\x93"])
    how = [
        *(asked + call + b"\x85R", asked + call + b"\x85\x81", b"(" + asked + call + b"o"),
        *(b"(" + call + f"i{module}\n{name}\n".encode(), asked + b"}(" + call + b"Nub"),
        *(b"\x82\x01", REBUILD + b"N}" + text("__class__") + asked + b"s\x86b", b"Ptrue\n"),
    ]
    made = rng.choice(how)
    if rng.random() < 0.3:
        return legacy(state(x=tensor()), keys=program(made))
    return wrapped(rng, rng.choice([program(made), state(x=made), state(x=tensor(held=made))]))


def archives(rng: random.Random) -> bytes:
    """Zip files with many, compressed, overlapping or missing members, and TorchScript's."""
    good = state(x=tensor())
    whole = bytearray(zipped(good, members={"version": b"3\n", "byteorder": b"little"}))
    listed = whole.index(b"PK\x01\x02")
    match rng.randrange(7):
        case 0:
            return zipped(good, {"0": bytes(10**7)}, compression=zipfile.ZIP_DEFLATED)
        case 1:
            return zipped(good, {str(i): b"" for i in range(rng.randint(1, 3000))})
        case 2:
            return zipped(good, members={"constants.pkl": good, "code/a.py": b"1"})
        case 3:  # sizes, places and lengths of the list of members
            at = listed + rng.choice([20, 24, 28, 30, 32, 42])
            whole[at : at + 2] = rng.randbytes(2)
            return bytes(whole)
        case 4:  # every member is the first one
            for at in range(listed, len(whole) - 46):
                if whole[at : at + 4] == b"PK\x01\x02":
                    whole[at + 42 : at + 46] = bytes(4)
            return bytes(whole)
        case 5:  # one entry again and again, and an end that counts them
            times = rng.randint(2, 5000)
            extra = struct.pack("<HH", 1, 0) * rng.choice([0, 100, 10_000])
            one = struct.pack(
                "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, *(0,) * 4, 0, 0, 0, 1, len(extra), *(0,) * 5
            )
            rows = b"".join(
                one + bytes([i % 256]) + extra for i in range(min(times, 10**6 // len(one + extra)))
            )
            end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, times, times, len(rows), 30, 0)
            return b"PK\x03\x04" + bytes(26) + rows + end
        case _:
            return zipped(good, members={"x" * rng.randint(1, 60_000): b""})
    raise AssertionError


def headers(rng: random.Random) -> bytes:
    """Files of safetensors whose headers lie, do not end, or hold too much."""
    count = rng.randint(1, 5000)
    one = entry("F32", [2], 0, 8)
    raw = json.dumps(one).encode()
    match rng.randrange(12):
        case 0:
            return safetensors({"x": one}, bytes(8), rng.choice([0, 1, 7, 10**6, 2**63, 2**64 - 1]))
        case 1:
            opened = rng.choice([b"[", b'{"a":', b'{"__metadata__":', b"{"])
            return safetensors(b"{" + b'"a":' + opened * count)
        case 2:
            return safetensors(
                raw.replace(b"[2]", b"[" + b"9" * count + b"]").join([b'{"x":', b"}"])
            )
        case 3:
            shape = [rng.choice([0, 1, 2**63, 2**64 - 1])] * rng.choice([1, 2, 64, 65, count])
            return safetensors({"x": entry("F32", shape, 0, rng.choice([0, 4]))}, bytes(4))
        case 4:
            return safetensors(b'{"x":' + raw + (b',"x":' + raw) * count + b"}", bytes(8))
        case 5:
            return safetensors({str(i): one for i in range(count)}, bytes(8))
        case 6:
            kind = rng.choice(["F4", "F6_E2M3", "F8_E4M3", "BF16", "X" * count, "U16", None, 3])
            return safetensors({"x": one | {"dtype": kind}}, bytes(8))
        case 7:
            names = [chr(rng.randrange(1, 0xD7FF)) * rng.choice([1, count]) for _ in range(9)]
            rows = {name: entry("U8", [1], i, i + 1) for i, name in enumerate(dict.fromkeys(names))}
            return safetensors(rows, bytes(len(rows)))
        case 8:
            return safetensors(b"{" + b'"__metadata__":{' + b'"a":"",' * count + b'"b":"c"}}')
        case 9:
            return safetensors({str(i): entry("U8", [0], 0, 0) for i in range(count)})
        case 10:
            return safetensors({"x": entry("F32", [2], *rng.sample(range(16), 2))}, bytes(16))
        case _:
            return safetensors(rng.randbytes(count).replace(b"{", b"") + b"}", bytes(8))
    raise AssertionError


def random_program(rng: random.Random) -> bytes:
    """Values in values, drawn by chance; in most, some code stands where it should not."""
    values = [_random_value(rng, rng.choice([0, 1, 3, 6])) for _ in range(rng.choice([1, 5, 40]))]
    body = b"}\x94(" + b"".join(text(f"x{i}") + value for i, value in enumerate(values))
    for _ in range(rng.choice([0, 1, 1, 2, 20])):
        at = rng.randrange(len(body))
        body = body[:at] + random_code(rng) + body[at + rng.choice([0, 1, 1, 2]) :]
    return wrapped(rng, program(body + b"u"))


def _random_value(rng: random.Random, depth: int) -> bytes:
    count = rng.choice([0, 1, 2, 5]) if depth else 0
    inner = [_random_value(rng, depth - 1) for _ in range(count)]
    row = b"".join(inner)
    items = b"".join(text(str(i)) + value for i, value in enumerate(inner))
    pairs = b"".join(text(str(i)) + value + b"\x86" for i, value in enumerate(inner))
    axes = rng.randrange(5)
    made = tensor(
        tuple(rng.choices([0, 1, 1, 1, 2], k=axes)),
        tuple(rng.choices([0, 0, 0, 0, 1, 2], k=axes if rng.random() < 0.99 else 2)),
        rng.choice([0] * 20 + [7]),
    )
    simple = [b"N", b"\x88", b"G" + rng.randbytes(8), b"\x8e" + bytes(8), text("a" * axes)]
    simple += [b"h" + bytes([rng.choice([0, 0, 0, 0, 1])]), number(rng.getrandbits(40))]
    groups = [b"](" + row + b"e", b"(" + row + b"t\x94", b"(" + row + b"l", b"(" + items + b"d"]
    groups += [b"}(" + items + b"u", b"}\x94(" + items + b"u"]
    groups += [b"ccollections\nOrderedDict\n](" + pairs + b"e\x85R"]
    groups += [b"ccollections\nOrderedDict\n)R(" + items + b"u}b"]
    return rng.choice([made, rng.choice(simple), *([rng.choice(groups)] * 4 if inner else [])])


def random_code(rng: random.Random) -> bytes:
    """Any code but the last, with an argument."""
    info = rng.choice([x for x in pickletools.opcodes if x.name != "STOP"])
    if info.arg is None:
        return info.code.encode("latin-1")
    if info.arg.n >= 0:
        argument = (
            rng.randbytes(info.arg.n)
            if rng.random() < 0.3
            else bytes([rng.randrange(9), *bytes(info.arg.n)])[: info.arg.n]
        )
    elif info.arg.n == pickletools.UP_TO_NEWLINE:
        argument = rng.choice([b"0\n", b"'a'\n", b"torch\nSize\n", b"1" * 50 + b"\n", b"\xff\n"])
    else:
        argument = bytes([rng.randrange(5)]) + bytes(rng.choice([0, 3, 7])) + rng.randbytes(4)
    return info.code.encode("latin-1") + argument


@functools.cache
def good_files() -> list[bytes]:
    """Small real files, of each format and of each protocol's codes."""
    named = {f"layer.{i}.weight": tensor() for i in range(3)}
    trained = state(epoch=b"K\x03", state_dict=state(**named)[2:-1], rates=number([0.1, 2, 3]))
    bytes_of = (
        text("storage") + b"ctorch.storage\nUntypedStorage\n" + text("0") + text("cpu") + number(24)
    )
    v3 = tensor(
        held=b"(" + bytes_of + b"tQ",
        rebuild=REBUILD.replace(b"v2", b"v3"),
        more=b"ctorch\nuint32\n",
    )
    programs = [state(**named), trained, state(x=v3)]
    files = [zipped(x, members={"version": b"3\n", "byteorder": b"little"}) for x in programs]
    files += [legacy(state(x=tensor(), y=tensor((3, 2), (1, 3))))]
    plain = {"a": [1, -2, 10**30, 1.5, None, True], "b": ("x", "y", {"c": (1, 2, 3, 4)}), "d": {}}
    for protocol in range(6):
        inner = pickle.dumps(plain, protocol)
        body = inner[2:-1] if protocol >= 2 else inner[:-1]
        files.append(zipped(program(b"}(" + text("x") + tensor() + text("y") + body + b"u")))
        files.append(legacy(program(b"}(" + text("x") + tensor() + text("y") + body + b"u")))
    rows = {
        "a": entry("F32", [2, 3], 0, 24),
        "b": entry("BF16", [4], 24, 32),
        "c": entry("F8_E4M3", [], 32, 33),
    }
    return [
        *files,
        *[safetensors({"__metadata__": {"format": "pt"}} | rows, NUMBERS.tobytes() + bytes(9))] * 4,
    ]


def mutated(rng: random.Random) -> bytes:
    """A real file with bits flipped, bytes changed, cut, doubled or taken from another."""
    return mutations(rng, good_files())


def mutations(rng: random.Random, good: Sequence[bytes]) -> bytes:
    """One of these files, changed at some places."""
    raw = bytearray(rng.choice(good))
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        at = rng.randrange(len(raw) + 1)
        to = min(len(raw), at + rng.choice([1, 1, 2, 4, 8, 50]))
        match rng.randrange(7):
            case 0 if at < len(raw):
                raw[at] ^= 1 << rng.randrange(8)
            case 1:
                raw[at:to] = rng.randbytes(to - at)
            case 2:
                del raw[at:to]
            case 3:
                raw[at:at] = raw[at:to] * rng.choice([1, 2, 1000])
            case 4:
                del raw[at:]
            case 5:
                other = rng.choice(good)
                where = rng.randrange(len(other))
                raw[at:to] = other[where : where + rng.choice([1, 8, 100])]
            case _:
                raw[at:to] = rng.choice([b"\xff", b"\0", b"\x7f"]) * (to - at)
    return bytes(raw)


def wrapped(rng: random.Random, pickled: bytes) -> bytes:
    """A file of PyTorch around a program, in either format."""
    held = {"0": NUMBERS} if text("storage") in pickled else {}
    return zipped(pickled) if rng.random() < 0.5 else legacy(pickled, held)


KINDS: dict[str, Callable[[random.Random], bytes]] = {
    made.__name__: made
    for made in (
        *(equal_trees, one_long_thing, huge_integers, colliding_integers, many_views, plain_codes),
        *(dicts_in_dicts, the_same_key, code, archives, headers, random_program, mutated),
    )
}


def hostile_files(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """So many files, each with its kind; random programs and mutations come three times."""
    names = [*KINDS, "random_program", "random_program", "mutated", "mutated"]
    for index in range(count):
        kind = names[index % len(names)]
        yield kind, KINDS[kind](random.Random(f"{seed} {index}"))
