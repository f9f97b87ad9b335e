"""Pickles of networks that nobody should have written, by kinds; each is made from a seed.

As in `hostile_files`, none holds more than calls of functions that do not exist, or `os.system`
with a command that does nothing.
"""

import functools
import random
import struct
from collections.abc import Callable, Iterator

import numpy as np

from experiments.benchmarks.hostile_files import mutations, program, random_code
from experiments.benchmarks.network_files import (
    nested,
    nvidia_pickle,
    r3gan_pickle,
    stream,
    tensor_of,
    tensorflow_pickle,
)
from experiments.benchmarks.weight_files import NUMBERS, legacy, number, state, storage, text

PERSISTENT = b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n"
NETWORK = b"cdnnlib.tflib.network\nNetwork\n)\x81"
LINEAR = b"ctorch.nn.modules.linear\nLinear\n)\x81"
DTYPE = (
    b"cnumpy\ndtype\n" + text("f4") + b"\x89\x88\x87R(K\x03" + text("<") + b"NNNJ\xff\xff\xff\xff"
)
DTYPE += b"J\xff\xff\xff\xffK\x00tb"
EMPTY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
HELD = nested(stream(NUMBERS))


def items(**values: bytes) -> bytes:
    """A program that pushes a dict."""
    return b"}(" + b"".join(text(name) + value for name, value in values.items()) + b"u"


def module(made: bytes = LINEAR, *, modules: bytes = b"}", **parameters: bytes) -> bytes:
    """A program that pushes a module of PyTorch's with these parameters."""
    return made + items(_parameters=items(**parameters), _buffers=b"}", _modules=modules) + b"b"


def persistent(attributes: bytes) -> bytes:
    """A program that pushes a module of NVIDIA's with these attributes."""
    named = items(type=text("class"), class_name=text("Generator"), state=attributes)
    return PERSISTENT + named + b"\x85R"


def file_of(network: bytes) -> bytes:
    """A whole pickle with one network."""
    return program(items(G_ema=network))


def array(size: bytes = number((6,)), raw: bytes = NUMBERS.tobytes()) -> bytes:
    """A program that pushes an array of NumPy's."""
    held = b"B" + struct.pack("<I", len(raw)) + raw
    return EMPTY + b"(K\x01" + size + DTYPE + b"\x89" + held + b"tb"


def variables(*values: bytes) -> bytes:
    """A program that pushes a network of TensorFlow's."""
    rows = b"".join(text(f"x{i}") + value + b"\x86" for i, value in enumerate(values))
    return NETWORK + items(version=b"K\x04", variables=b"](" + rows + b"e") + b"b"


def foreign(rng: random.Random) -> bytes:
    """What Python would run, or make, wherever a value may stand."""
    room, name = rng.choice(
        [
            *(("os", "system"), ("builtins", "eval"), ("builtins", "exec"), ("nt", "system")),
            *(("subprocess", "Popen"), ("builtins", "getattr"), ("importlib", "import_module")),
            *(("torch", "load"), ("torch.hub", "load"), ("torch_utils.misc", "print_module")),
            *(("dnnlib.util", "call_func_by_name"), ("dnnlib", "EasyDict"), ("pickle", "loads")),
            *(("torch.nn.modules.linear", "Linear.forward"), ("torch.nn.modulesx", "Linear")),
            *(("training.networks", "Generator.__init__"), ("training.loss", "StyleGAN2Loss")),
            *(("numpy", "load"), ("numpy.core.multiarray", "fromfile"), ("copyreg", "__newobj__")),
        ]
    )
    asked = rng.choice([f"c{room}\n{name}\n".encode(), text(room) + text(name) + b"\x93"])
    call = text("true")
    how = [
        *(asked + call + b"\x85R", asked + call + b"\x85\x81", b"(" + asked + call + b"o"),
        *(b"(" + call + f"i{room}\n{name}\n".encode(), asked + call + b"\x85}\x92", b"\x82\x01"),
        *(LINEAR + items(__class__=asked, __reduce__=asked) + b"b", asked, b"Ptrue\n"),
    ]
    made = rng.choice(how)
    where = rng.randrange(7)
    match where:
        case 0:
            return program(made)
        case 1:
            return file_of(made)
        case 2:
            return file_of(module(x=made))
        case 3:
            return file_of(persistent(items(_parameters=items(x=made))))
        case 4:
            return file_of(variables(array(), made))
        case 5:
            return file_of(module(x=tensor_of(made)))
        case _:
            return file_of(module(x=tensor_of(nested(legacy(program(made), {})))))


def streams(rng: random.Random) -> bytes:
    """Streams in streams, too many of one, or of something else than a storage."""
    inner = stream(NUMBERS)
    good = tensor_of(HELD)
    match rng.randrange(7):
        case 0:
            for _ in range(rng.choice([1, 2, 50])):
                inner = legacy(program(nested(inner)), {})
            return file_of(module(x=tensor_of(nested(inner))))
        case 1:
            raw = stream(np.zeros(rng.choice([6, 5000]), np.float32))
            bytes_ = b"B" + struct.pack("<I", len(raw)) + raw + b"\x940"
            again = b"ctorch.storage\n_load_from_bytes\nh\x00\x85R0"
            return program(bytes_ + again * rng.choice([2, 100, 9000]) + items(G=module(x=good)))
        case 2:
            return file_of(module(x=tensor_of(nested(legacy(state(x=HELD), {})))))
        case 3:
            cut = inner[: rng.randrange(len(inner))]
            return file_of(module(x=tensor_of(nested(cut))))
        case 4:
            length = rng.choice([-1, 7, 2**31, 2**62])
            held = b"\x80\x02" + storage("0", length) + b"."
            return file_of(module(x=tensor_of(nested(legacy(held, {"0": NUMBERS})))))
        case 5:
            what = rng.choice([b"N", b"K\x01", text("x"), b"]", b"(C\x00C\x00t", EMPTY])
            return file_of(
                module(x=tensor_of(b"ctorch.storage\n_load_from_bytes\n" + what + b"\x85R"))
            )
        case _:
            return file_of(module(x=tensor_of(HELD, rng.choice([(7,), (2**40,), (6, 6, 6)]))))
    raise AssertionError


def shapes(rng: random.Random) -> bytes:
    """Arrays and tensors that would fill terabytes, and shapes that are long."""
    size = rng.choice([2**20, 2**40, 2**59, 2**61, 2**200])
    axes = rng.choice([1, 2, 3, 64, 65, 3000])
    shape = number((size, *(1,) * (axes - 1)))
    ones = b"(" + b"K\x01" * axes + b"t\x940"
    match rng.randrange(5):
        case 0:
            return file_of(variables(array(shape)))
        case 1:
            zero = number((0, *(size,) * rng.randrange(1, 4)))
            return file_of(variables(array(zero, b"")))
        case 2:
            times = rng.choice([2, 3000])
            build = b"(K\x01h\x00" + DTYPE + b"\x89C\x04abcdtb"
            return program(ones + EMPTY + build * times + b"0" + items(G=variables()))
        case 3:
            still = rng.randint(2, 3000)
            held = tensor_of(HELD).replace(number((1,)), number((0,)), 1)
            big = held.replace(number((6,)), number((size,)), 1)
            many = {f"x{i}": big for i in range(min(still, 30))}
            return file_of(module(**many))
        case _:
            raw = bytes(4 * rng.choice([6, 5000]))
            held = b"B" + struct.pack("<I", len(raw)) + raw + b"\x940"
            body = EMPTY + b"(K\x01" + number((len(raw) // 4,)) + DTYPE + b"\x89h\x00tb"
            return program(held + items(G=variables(*[body] * rng.choice([20, 400]))))
    raise AssertionError


def modules(rng: random.Random) -> bytes:
    """Modules in very many places, in themselves, too deep, or of something else."""
    length = rng.choice([1, 1, 100, 1000])
    names = [text(chr(97 + i) * length) for i in range(rng.choice([1, 2, 8]))]
    below = module(x=tensor_of(HELD)) + b"\x940"
    for level in range(rng.choice([2, 10, 20, 80])):
        inner = b"}(" + b"".join(name + b"h" + bytes([level]) for name in names) + b"u"
        below += module(modules=inner) + b"\x940"
    top = b"h" + bytes([below.count(b"\x940") - 1])
    itself = LINEAR + b"\x94" + items(_parameters=b"}", _modules=items(a=b"h\x00")) + b"b"
    odd = rng.choice(
        [b"N", b"K\x01", b"]", text("x"), b"}", HELD, array(), b"\x8f", b"cnumpy\nndarray\n"]
    )
    return rng.choice(
        [
            program(below + items(G_ema=top)),
            program(below + items(G_ema=top)),
            file_of(itself),
            file_of(module(modules=items(a=itself))),
            file_of(module(modules=items(a=odd))) if odd != b"N" else file_of(b"K\x01"),
            file_of(module(x=odd)) if odd != b"N" else file_of(module(x=b"K\x01")),
            file_of(LINEAR + odd + b"b"),
            file_of(LINEAR + items(_parameters=odd) + b"b") if odd != b"}" else program(b"N"),
            file_of(persistent(odd)) if odd != b"}" else program(b"]"),
            file_of(NETWORK + items(variables=odd) + b"b") if odd != b"]" else program(b")"),
            file_of(NETWORK + items(variables=b"]", components=odd) + b"b") if odd != b"}" else b"",
            file_of(odd) if odd != b"N" else program(b"}"),
            program(odd),
        ]
    )


def records(rng: random.Random) -> bytes:
    """Records made, built and used as they should not be."""
    easy = b"cdnnlib.util\nEasyDict\n"
    linear, network = LINEAR[:-2], NETWORK[:-2]
    odd = rng.choice([b"N", b"K\x01", b"]", text("x"), HELD, b"}", b"K\x01\x85", b"(NNNNNt"])
    return rng.choice(
        [
            *(program(made + b"K\x01\x85\x81.") for made in (easy, linear, network)),
            *(program(made + b"K\x01\x81") for made in (easy, linear, network)),
            *(program(made + b")R") for made in (easy, linear, network)),
            *(program(made + b")}\x92") for made in (easy, linear, network)),
            program(b"}" + LINEAR + b"Ns"),
            program(LINEAR + b"K\x01a"),
            program(LINEAR + text("a") + b"Ns"),
            program(b"](" + LINEAR + b"\x90"),
            program(b"cnumpy\ndtype\n" + odd + b"\x85R"),
            program(b"cnumpy\ndtype\n" + text(rng.choice(["O8", "V9", "f4,O", "S9"])) + b"\x85R"),
            program(b"cnumpy\ndtype\n" + text("f4") + b"\x85R" + odd + b"b"),
            program(EMPTY + odd + b"b"),
            program(EMPTY[:-8] + odd + b"\x87R"),
            program(b"cnumpy.core.multiarray\nscalar\n" + DTYPE + odd + b"\x86R"),
            program(b"cnumpy.core.multiarray\nscalar\n" + DTYPE + b"C\x01a\x86R"),
            program(PERSISTENT + odd + b"\x85R"),
            program(PERSISTENT + b")R"),
        ]
    )


def random_pickle(rng: random.Random) -> bytes:
    """A good pickle whose program has some code by chance in it."""
    raw = bytearray(rng.choice(good_networks()))
    for _ in range(rng.choice([1, 1, 2, 20])):
        at = rng.randrange(2, len(raw))
        raw[at : at + rng.choice([0, 1, 2])] = random_code(rng)
    return bytes(raw)


def mutated_pickle(rng: random.Random) -> bytes:
    """A good pickle with bits flipped, bytes changed, cut, doubled or taken from another."""
    return mutations(rng, good_networks())


@functools.cache
def good_networks() -> list[bytes]:
    """Small real pickles, of each layout."""
    drawn = np.random.default_rng(0)

    def tensors(*names: str) -> dict[str, np.ndarray]:
        return {name: drawn.standard_normal((2, 3)).astype(np.float32) for name in names}

    roles = ("G", "D", "G_ema")
    torch = {x: tensors("mapping.fc0.weight", "mapping.w_avg", "synthesis.b4.const") for x in roles}
    flow = {x: tensors("dlatent_avg", "mapping/Dense0/weight") for x in roles}
    lod = {"lod": np.zeros((), np.float32)}
    plain = {x: {"synthesis_kwargs": {"conv_clamp": 256}, "z_dim": 3} for x in roles}
    return [
        nvidia_pickle(torch, plain, protocol=3),
        nvidia_pickle(torch, plain, protocol=4),
        r3gan_pickle({x: tensors("MainLayers.0.Layers.0.Basis") for x in roles}),
        tensorflow_pickle({x: lod | flow[x] for x in roles}, {"resolution": 4}),
        file_of(module(x=tensor_of(HELD))),
        file_of(persistent(items(_parameters=items(x=tensor_of(HELD))))),
        file_of(variables(array())),
    ]


NETWORK_KINDS: dict[str, Callable[[random.Random], bytes]] = {
    made.__name__: made
    for made in (foreign, streams, shapes, modules, records, random_pickle, mutated_pickle)
}


def hostile_networks(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """So many files, each with its kind; mutations come twice."""
    names = [*NETWORK_KINDS, "mutated_pickle"]
    for index in range(count):
        kind = names[index % len(names)]
        yield kind, NETWORK_KINDS[kind](random.Random(f"{seed} {index}"))


def cut(count: int) -> Iterator[bytes]:
    """So many good pickles that end too soon."""
    for index in range(count):
        raw = good_networks()[index % len(good_networks())]
        yield raw[: len(raw) * (index + 1) // (count + 2)]
