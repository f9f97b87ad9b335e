"""Small files that would take long, or much memory: each kind is refused, and soon."""

import faulthandler
import time
import tracemalloc

import pytest

from experiments.benchmarks.hostile_files import KINDS, good_files, hostile_files, program
from experiments.benchmarks.hostile_weights import (
    LONGEST,
    HostileWeights,
    seconds_allowed,
)
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
from jaxgan.weights import read_tensors, read_weights

MANY = 3000
NONES = b"(" + b"N" * MANY + b"t\x940"
PAIRS = b"](" + b"".join(text(str(i)) + b"N\x86" for i in range(MANY)) + b"e\x940"
DICT = b"ccollections\nOrderedDict\n\x940"
SIZE = b"ctorch\nSize\n\x940"
ARGUMENTS = b"(" + storage() + b"K\x00))" + b"N" * MANY + b"t\x940"
DIGITS = b"7" * 300
LONG = b"\x8b\x00\x10\x00\x00" + b"\x77" * 4096


def doubled(first, deeper, levels=60, number=0):
    """A tree each of whose levels holds the one below it twice; the lowest has this number."""
    inner = (deeper.replace(b"BELOW", b"h%c" % (number + i)) for i in range(levels))
    return first + b"".join(inner)


LISTS = doubled(b"]\x94", b"0](BELOWBELOWe\x94")
OTHER_LISTS = doubled(b"]\x94", b"0](BELOWBELOWe\x94", number=61)
DICTS = doubled(b"}\x94" + text("x") + tensor() + b"s", b"0}(K\x00BELOWK\x01BELOWu\x94")
FEW_DICTS = doubled(b"}\x94" + text("x") + tensor() + b"s", b"0}(K\x00BELOWK\x01BELOWu\x94", 14)

HOSTILE = {
    "a dict of one list": (b"}" + DICT + PAIRS + b"h\x00h\x01\x85R0" * MANY, "makes things of"),
    "a size of one row": (b"}" + SIZE + NONES + b"h\x00h\x01\x85R0" * MANY, "makes things of"),
    "a tensor of one row": (
        b"}" + REBUILD + b"\x940" + ARGUMENTS + b"h\x00h\x01R0" * MANY,
        "makes things of",
    ),
    "a size of a text": (b"}" + SIZE + b"h\x00" + text("a" * MANY) + b"\x85R", "a torch.Size of"),
    "tensors of one long shape": (
        state(x=REBUILD + b"(" + storage() + b"K\x00" + NONES[:-1] + b"h\x00tR")[2:-1],
        "has 3000 axes",
    ),
    "one tensor of 64 axes": (
        text("x") + tensor((1,) * 64, (0,) * 64) + b"\x940}("
        + b"".join(b"M%c%ch\x00" % divmod(i, 256) for i in range(MANY)) + b"u",
        "has dicts in dicts of",
    ),
    "dicts in many places": (FEW_DICTS, "has dicts in dicts of"),
    "a dict in itself": (b"}\x94" + text("x") + b"h\x00s" + b"N0" * 99, "more than 16 deep"),
    "dicts that are deep": (DICTS, "has dicts in"),
    "a list as a key": (b"}" + LISTS + b"Ns", "type list among its keys"),
    "an integer of 4096 bytes": (b"}" + LONG + b"Ns", "has an integer of 32767 bits: 256 are read"),
    "an integer of 300 digits": (b"}I" + DIGITS + b"\nNs", "more than 256 characters"),
    "an integer of Python 2": (b"}L" + DIGITS + b"L\nNs", "more than 256 characters"),
    "a fraction of 300 digits": (b"}F" + DIGITS + b"\n0", "more than 256 characters"),
    "a memory of 300 digits": (b"}p" + DIGITS + b"\n", "more than 256 characters"),
    "a memory of the billions": (b"}p999999999\n", "under a number that is too large"),
    "a memory below nothing": (b"}p-1\n", "under a number that is too large"),
    "what is remembered below nothing": (b"}\x94g-1\n", "what it does not remember"),
    "what is not remembered": (b"}q\x03h\x02", "what it does not remember"),
    "a long key": (b"}" + text("a" * 1001) + b"Ns", "has a key of 1001 characters, 'aaa"),
    "the same key": (b"}(" + (text("x") + tensor()) * 2 + b"u", "two values under 'x'"),
    "a number and its text": (
        b"}(K\x00" + tensor() + text("0") + tensor() + b"u",
        "a dict with two values under '0': nothing says which is meant",
    ),
    "two dicts of one place": (
        b"}(" + text("a/b") + b"}\x94" + text("x") + tensor() + b"s"
        + text("a") + b"}" + text("b") + b"h\x00su",
        "two dicts that are both found under 'a/b'",
    ),
    "a key that is long as shown": (
        b"}(" + (text("\U000e0001" * 300) + b"N") * 2 + b"u",
        "two values under '\\U000e0001",
    ),
}  # fmt: skip


def promptly(path, raw):
    """What comes of a file, once it is clear that it took no more than it may."""
    path.write_bytes(raw)
    faulthandler.dump_traceback_later(120, exit=True)  # nothing else ends what compares in C
    start = time.process_time()
    problem = None
    try:
        read_weights(path)
    except ValueError as error:
        problem = str(error)
    seconds = time.process_time() - start
    faulthandler.cancel_dump_traceback_later()
    assert seconds < 4 * seconds_allowed(len(raw))  # a machine may be slow
    if problem is not None:
        assert problem.startswith(f"{path} ")
        assert len(problem) < len(str(path)) + LONGEST
        assert "\n" not in problem
    return problem


@pytest.fixture
def memory():
    """What the largest of all memory was, since the start."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


@pytest.mark.parametrize("name", HOSTILE)
def test_each_kind_is_refused(name, tmp_path, memory):
    body, sentence = HOSTILE[name]
    held = {"0": NUMBERS} if text("storage") in body else {}
    for raw in (zipped(program(body)), legacy(program(body), held)):
        assert sentence in (promptly(tmp_path / "a.pth", raw) or "was read")
        assert memory() < 20 * len(raw) + 1e6


def test_keys_that_are_equal_trees(tmp_path):
    """To sort, compare or hash them takes 2^60 steps."""
    both = b"\x80\x04](" + LISTS + OTHER_LISTS + b"e."
    for keys in (both, b"\x80\x04" + LISTS + b"."):
        problem = promptly(tmp_path / "a.pth", legacy(state(x=tensor()), keys=keys))
        assert "does not list the storages" in problem


def test_keys_of_equal_hashes(tmp_path):
    """Integers are kept as texts, which Python hashes with a secret."""
    multiples = [(2**61 - 1) * i for i in range(MANY)]
    keys = b"".join(number(n) + tensor() for n in multiples)
    path = tmp_path / "a.pth"
    assert promptly(path, zipped(program(b"}(" + keys + b"u"))) is None
    assert [*read_tensors(path)] == [str(n) for n in multiples]


def test_what_pickles_may_hold(tmp_path):
    """States of random numbers of 128 bits, keys of 1000 characters, memories that begin at 1."""
    key = text("a" * 1000)
    body = b"}q\x01(" + key + tensor() + text("state") + number(2**128) + text("it") + b"h\x01u"
    path = tmp_path / "a.pth"
    assert "16 deep" in promptly(path, zipped(program(body)))
    assert promptly(path, zipped(program(body.replace(b"h\x01u", b"g1\n0Nu")))) is None
    assert [*read_tensors(path)] == ["a" * 1000]


def test_hostile_headers(tmp_path):
    path = tmp_path / "a.safetensors"
    one = entry("F32", [2], 0, 8)
    rows = {
        "header too large": safetensors({"x": one}, bytes(8), 2**63),
        "'x' in the type F4 of safetensors": safetensors({"x": entry("F4", [16], 0, 8)}, bytes(8)),
        "'x' has 65 axes": safetensors({"x": entry("U8", [1] * 65, 0, 1)}, bytes(1)),
        "invalid offset": safetensors({"x": one, "y": one}, bytes(8)),
        "recursion limit": safetensors(b'{"a":' * MANY),
    }
    for sentence, raw in rows.items():
        problem = promptly(path, raw)
        assert "safetensors" in problem
        assert sentence in problem
    for length in range(len(raw := safetensors({"x": one}, bytes(8)))):
        assert "of safetensors" in promptly(path, raw[:length])


def test_hostile_files_in_short(tmp_path):
    """A few of the files that `experiments.benchmarks.hostile_weights` reads by the thousand."""
    files = list(hostile_files(102, seed=1))
    problems = [promptly(tmp_path / "a.pth", raw) for _, raw in files]
    assert {kind for kind, _ in files} == {*KINDS}
    assert 0 < problems.count(None) < 40


def test_good_files_are_read(tmp_path):
    """Those that are mutated."""
    for raw in good_files():
        assert promptly(tmp_path / "a.pth", raw) is None


@pytest.mark.slow
def test_hostile_files_under_limits(capsys):
    """The script itself: no file takes more than its bound, and none does anything."""
    assert HostileWeights(files=51, networks=24, seed=2).run() == 0
    assert "75 files" in capsys.readouterr().out
