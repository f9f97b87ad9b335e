"""Files that PyTorch wrote, and files that nobody should have written."""

import argparse
import builtins
import collections
import os
import pickle
import re
import struct
import zipfile

import jax.numpy as jnp
import numpy as np
import pytest

from experiments.benchmarks import weight_files
from experiments.benchmarks.weight_files import (
    FLOATS,
    MAGIC,
    REBUILD,
    state,
    storage,
    tensor,
    text,
)
from jaxgan.weights import check_finite, read_tensors, read_weights


def zipped(path, program, storages=None, **members):
    path.write_bytes(weight_files.zipped(program, storages, members=members))
    return path


def legacy(path, program, storages=None, **options):
    path.write_bytes(weight_files.legacy(program, storages, **options))
    return path


WRITERS = pytest.mark.parametrize("write", [zipped, legacy], ids=["zip", "legacy"])


def refused(path, *sentences):
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        read_tensors(path)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 600
    for sentence in sentences:
        assert sentence in message


@WRITERS
def test_made_by_hand(write, tmp_path):
    tensors = read_tensors(
        write(
            tmp_path / "a.pth",
            state(
                whole=tensor(),
                turned=tensor(size=(3, 2), strides=(1, 3)),
                corner=tensor(size=(2,), strides=(3,), offset=2),
                scalar=tensor(size=(), strides=(), offset=5),
                empty=tensor(size=(0, 4), strides=(4, 1)),
                repeated=tensor(size=(3,), strides=(0,), offset=4),
            ),
        )
    )
    numbers = np.arange(6, dtype=np.float32).reshape(2, 3)
    expected = {
        "whole": numbers,
        "turned": numbers.T,
        "corner": np.float32([2, 5]),
        "scalar": np.float32(5),
        "empty": np.empty((0, 4), np.float32),
        "repeated": np.full(3, 4, np.float32),
    }
    assert list(tensors) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(tensors[name], array, strict=True)
    assert all(x.flags.owndata and x.flags.writeable for x in tensors.values())
    tensors["whole"][:] = 7
    np.testing.assert_array_equal(tensors["turned"], numbers.T)


@WRITERS
def test_as_old_pytorch_on_python_2_wrote(write, tmp_path):
    """Byte strings, `_rebuild_tensor`, torch.Size, a list of pairs, numbers that were on a GPU."""
    word = lambda text: b"U" + bytes([len(text)]) + text.encode()  # noqa: E731
    held = b"(" + word("storage") + b"ctorch.cuda\nFloatStorage\n" + word("0") + word("cuda:0")
    size = b"ctorch\nSize\n(K\x02K\x03t\x85R"
    rebuilt = b"ctorch._utils\n_rebuild_tensor\n(" + held + b"K\x06NtQ" + b"K\x00" + size
    pair = b"](" + word("weight") + rebuilt + b"K\x03K\x01\x86tRe"
    program = b"\x80\x02ccollections\nOrderedDict\n](" + pair + b"e\x85R}" + word("_metadata")
    tensors = read_tensors(write(tmp_path / "a.pth", program + b"}sb."))
    assert list(tensors) == ["weight"]
    np.testing.assert_array_equal(tensors["weight"], np.arange(6, dtype=np.float32).reshape(2, 3))


@pytest.mark.parametrize("protocol", range(2, 6))
def test_every_protocol(protocol, tmp_path):
    program = pickle.dumps(collections.OrderedDict(), protocol)
    assert read_tensors(zipped(tmp_path / "a.pth", program)) == {}


def test_big_endian(tmp_path):
    raw = np.arange(6, dtype=">f4").tobytes()
    path = zipped(tmp_path / "a.pth", state(x=tensor()), {"0": raw}, byteorder=b"big")
    expected = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(read_tensors(path)["x"], expected, strict=True)


@WRITERS
def test_dicts_in_dicts(write, tmp_path):
    """As trainers write them: numbers, texts and what lies in lists are left aside."""
    inner = state(x=tensor(), step=b"K\x05")[2:-1]
    trained = state(
        epoch=b"K\x03", state_dict=inner, lists=b"](" + inner + b"e", ema=state(g=inner)[2:-1]
    )
    path = write(tmp_path / "a.ckpt", trained)
    expected = np.arange(6, dtype=np.float32).reshape(2, 3)
    containers = read_weights(path)
    assert [*containers] == ["state_dict", "ema/g"]
    for tensors in containers.values():
        assert [*tensors] == ["x"]
        np.testing.assert_array_equal(tensors["x"], expected, strict=True)
    refused(path, "tensors in 2 places, 'state_dict', 'ema/g'", "read_weights")
    alone = read_tensors(write(path, state(epoch=b"K\x03", state_dict=inner)))
    np.testing.assert_array_equal(alone["x"], expected, strict=True)
    flat = read_weights(write(path, state(x=tensor(), inner=inner)))
    assert [*flat] == ["", "inner"]
    assert read_weights(write(path, state(), {})) == {"": {}}


def test_weights_that_are_not_finite():
    good = {"a": np.ones(3, np.float32), "b": np.array(7), "c": np.zeros((2, 0), jnp.bfloat16)}
    check_finite(good)
    check_finite({})
    bad = good | {"d": np.array([1, np.nan, -np.inf, np.inf], jnp.bfloat16)}
    with pytest.raises(ValueError, match=r"'d' has 3 of 4 values that are not finite .*: the"):
        check_finite(bad)
    with pytest.raises(ValueError, match=r"'d' has 3 of 4 .*, and 2 other tensors have some"):
        check_finite(bad | {"e": np.float32([np.inf]), "f": np.float64([[np.nan]])})
    with pytest.raises(ValueError, match="'scalar' has 1 of 1"):
        check_finite({"scalar": np.array(np.nan)})


FORMATS = pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])


@FORMATS
def test_pytorch_writes_every_type(new, tmp_path):
    torch = pytest.importorskip("torch")
    values = np.array([[0, 1, 2], [3, 4, 100]])
    types = {
        **{kind: np.dtype(kind) for kind in ("float64", "float32", "float16", "int64", "int32")},
        **{kind: np.dtype(kind) for kind in ("int16", "int8", "uint8")},
        "bfloat16": np.dtype(jnp.bfloat16),
        "bool": np.dtype(bool),
        **{kind: np.dtype(kind) for kind in ("uint16", "uint32", "uint64", "complex64")},
        **{kind: np.dtype(getattr(jnp, kind)) for kind in ("float8_e4m3fn", "float8_e5m2")},
    }
    saved = {name: torch.tensor(values).to(getattr(torch, name)) for name in types}
    torch.save(saved, tmp_path / "a.pth", _use_new_zipfile_serialization=new)
    tensors = read_tensors(tmp_path / "a.pth")
    assert list(tensors) == list(types)
    for name, dtype in types.items():
        np.testing.assert_array_equal(tensors[name], values.astype(dtype), strict=True)


@FORMATS
def test_pytorch_writes_modules_and_views(new, tmp_path):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.ConvTranspose2d(3, 5, 4), torch.nn.BatchNorm2d(5))
    base = torch.randn(6, 7, 8)
    saved = collections.OrderedDict(module.state_dict())
    saved._metadata = module.state_dict()._metadata
    saved |= {
        "parameter": torch.nn.Parameter(base[0], requires_grad=True),
        "turned": base.permute(2, 0, 1),
        "part": base[1:5:2, 2:, ::3],
        "expanded": base[0, 0, :1].expand(4),
        "channels_last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "empty": torch.empty(0, 3),
    }
    torch.save(saved, tmp_path / "a.pth", _use_new_zipfile_serialization=new)
    tensors = read_tensors(tmp_path / "a.pth")
    assert list(tensors) == list(saved)
    for name, value in saved.items():
        np.testing.assert_array_equal(tensors[name], value.detach().numpy(), strict=True)
        assert tensors[name].flags.owndata
        assert tensors[name].flags.c_contiguous
    assert tensors["1.num_batches_tracked"].shape == ()


@FORMATS
def test_pytorch_writes_what_trainers_keep(new, tmp_path):
    """Weights, their averages, an optimiser's state, options, numbers of NumPy, a schedule."""
    torch = pytest.importorskip("torch")
    module = torch.nn.Linear(3, 2)
    optimiser = torch.optim.Adam(module.parameters(), 0.1, betas=(0.5, 0.9))
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, [3, 5])
    module(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    schedule.step()
    saved = {
        "epoch": 3,
        "state_dict": {f"netG.{name}": x for name, x in module.state_dict().items()},
        "g_ema": module.state_dict(),
        "optimizer": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "args": argparse.Namespace(lr=0.1, names=["a", "b"], device=torch.device("cpu")),
        "best": np.float64(0.5),
        "random": torch.get_rng_state(),
    }
    torch.save(saved, tmp_path / "a.ckpt", _use_new_zipfile_serialization=new)
    containers = read_weights(tmp_path / "a.ckpt")
    moments = ["optimizer/state/0", "optimizer/state/1"]
    assert [*containers] == ["", "state_dict", "g_ema", *moments]
    assert [*containers["g_ema"]] == ["weight", "bias"]
    for name, x in saved["state_dict"].items():
        np.testing.assert_array_equal(containers["state_dict"][name], x.numpy(), strict=True)
    assert [*containers[""]] == ["random"]


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_pytorch_writes_torchscript(tmp_path):
    torch = pytest.importorskip("torch")
    module = torch.jit.trace(torch.nn.Linear(3, 2), torch.ones(1, 3))
    torch.jit.save(module, tmp_path / "a.pt")
    refused(tmp_path / "a.pt", "is an archive of TorchScript")
    torch.save(torch.jit.load(tmp_path / "a.pt").state_dict(), tmp_path / "b.pt")
    assert [*read_tensors(tmp_path / "b.pt")] == ["weight", "bias"]


class Marks:
    """Makes a file when it is unpickled."""

    def __init__(self, how):
        self.how = how

    def __reduce__(self):
        return self.how


def attacks(marker):
    """Programs that make `marker` when Python runs them, and the name of what they ask for."""
    touch = f"touch {marker}"
    code = f"open({str(marker)!r}, 'w').close()"
    system = (os.system, (touch,))
    inner = Marks((builtins.eval, (code,)))
    nested = Marks((collections.OrderedDict, ([["key", inner]],)))
    hidden = b"ctorch._utils\n_rebuild_tensor_v2.__globals__\n."
    dotted = b"\x80\x04" + text("torch._utils") + text("os.system") + b"\x93" + text(touch)
    inst = b"(" + text(touch) + b"ios\nsystem\n."
    by_new = b"\x80\x02csubprocess\nPopen\n" + text(touch) + b"\x85\x81."
    by_object = b"(cos\nsystem\n" + text(touch) + b"o."
    by_build = b"\x80\x02" + REBUILD + b"N}" + text("__defaults__") + b"Ns\x86b."
    on_type = b"\x80\x02" + FLOATS + b"}" + text("__class__") + b"Nsb."
    by_attribute = b"\x80\x02cbuiltins\ngetattr\n" + REBUILD + text("__globals__") + b"\x86R."
    return {
        "system": (pickle.dumps({"x": Marks(system)}, 2), f"{os.name}.system"),
        "system, protocol 5": (pickle.dumps({"x": Marks(system)}, 5), f"{os.name}.system"),
        "system, protocol 0": (pickle.dumps({"x": Marks(system)}, 0), f"{os.name}.system"),
        "eval": (pickle.dumps([inner], 4), "builtins.eval"),
        "nested": (pickle.dumps({"x": nested}, 4), "builtins.eval"),
        "in a tensor": (
            state(x=tensor(held=b"cos\nsystem\n" + text(touch) + b"\x85R")),
            "os.system",
        ),
        "in an identifier": (state(x=b"cos\nsystem\n" + text(touch) + b"\x85RQ"), "os.system"),
        "torch-looking": (dotted + b"\x85R.", "torch._utils.os.system"),
        "torch-looking globals": (hidden, "_rebuild_tensor_v2.__globals__"),
        "torch's own": (b"ctorch.serialization\nload\n.", "torch.serialization.load"),
        "a class of torch's": (
            b"ctorch.nn.modules.conv\nConv2d\n.",
            "torch.nn.modules.conv.Conv2d",
        ),
        "unknown storage": (b"ctorch\nEvilStorage\n.", "torch.EvilStorage"),
        "jaxgan's own": (
            b"cjaxgan.weights.pickles\nread_pickle\n.",
            "jaxgan.weights.pickles.read_pickle",
        ),
        "INST": (inst, "os system"),
        "NEWOBJ": (by_new, "subprocess.Popen"),
        "NEWOBJ of a known name": (b"\x80\x02ctorch\nSize\n)\x81.", "NEWOBJ"),
        "OBJ": (by_object, "os.system"),
        "OBJ of a known name": (b"(" + REBUILD + b"o.", "OBJ"),
        "EXT": (b"\x80\x02\x82\x01.", "EXT1"),
        "BUILD": (by_build, "sets attributes of a value of type function"),
        "BUILD on a type": (on_type, "sets attributes"),
        "getattr": (by_attribute, "builtins.getattr"),
        "name of lines": (b"\x80\x04" + text("os\nx") + text("a" * 999) + b"\x93.", r"os\nx.aaa"),
    }


@WRITERS
@pytest.mark.parametrize("name", attacks("x"))
def test_code_is_refused_by_name_and_not_run(write, name, tmp_path):
    marker = tmp_path / "marker"
    program, asked = attacks(marker)[name]
    refused(write(tmp_path / "a.pth", program), asked)
    assert not marker.exists()


def test_the_attacks_would_work(tmp_path):
    marker = tmp_path / "marker"
    for name in ("system", "eval", "nested", "INST", "OBJ"):
        pickle.loads(attacks(marker)[name][0])
        assert marker.exists(), name
        marker.unlink()


@pytest.mark.parametrize("part", [0, 1, 2, 4])
def test_code_in_every_pickle_of_the_older_format(part, tmp_path):
    marker = tmp_path / "marker"
    parts = [pickle.dumps(x, 2) for x in (MAGIC, 1001, {}, {}, [])]
    parts[part] = attacks(marker)["system"][0]
    path = tmp_path / "a.pth"
    path.write_bytes(b"".join(parts))
    refused(path, "system")
    assert not marker.exists()


HUGE = 2**62

HOSTILE = {
    "beyond its storage": state(x=tensor(size=(2, 4), strides=(3, 1))),
    "offset": state(x=tensor(offset=1)),
    "huge offset": state(x=tensor(offset=HUGE)),
    "huge size": state(x=tensor(size=(HUGE, HUGE), strides=(0, 0))),
    "huge stride": state(x=tensor(strides=(HUGE, 1))),
    "huge number": state(x=tensor(offset=10**5000)),
    "negative offset": state(x=tensor(offset=-1)),
    "negative size": state(x=tensor(size=(-2, -3))),
    "negative stride": state(x=tensor(strides=(-3, 1), offset=3)),
    "more strides": state(x=tensor(strides=(3, 1, 1))),
    "many axes": state(x=tensor(size=(1,) * 99, strides=(0,) * 99)),
    "empty and huge": state(x=tensor(size=(0, 10**30), strides=(1, 1))),
    "many views": state(**{f"x{i}": tensor(size=(10**4,), strides=(0,)) for i in range(99)}),
    "size of texts": state(x=REBUILD + b"(" + storage() + b"K\x00(Vtwo\nt(K\x01ttR"),
    "no storage": state(x=tensor(held=b"N")),
    "a tensor for a storage": state(x=tensor(held=tensor())),
    "another length": state(x=tensor(held=storage(length=7))),
    "huge length": state(x=tensor(held=storage(length=HUGE))),
    "negative length": state(x=tensor(held=storage(length=-1))),
    "storage of two types": state(x=tensor(), y=tensor(held=storage(kind=b"ctorch\nIntStorage\n"))),
    "view of a storage": state(x=tensor(held=storage(view=b"(Vview\nK\x00K\x01t"))),
    "storage elsewhere": state(x=tensor(held=storage(key="../data.pkl"))),
    "an identifier of another kind": state(x=b"Vmodule\nQ"),
    "text where a type is": state(x=tensor(held=storage(kind=b"Vfloat\n"))),
    "a parameter of nothing": state(x=b"ctorch._utils\n_rebuild_parameter\nN\x85R"),
    "a tensor of nothing": state(x=REBUILD + b")R"),
    "a size of a number": state(x=b"ctorch\nSize\nK\x05\x85R"),
    "a dict of a number": state(x=b"ccollections\nOrderedDict\nK\x05\x85R"),
    "calls a type": state(x=FLOATS + b")R"),
    "calls with a list": state(x=REBUILD + b"]R"),
    "calls a text": state(x=b"Vx\n)R"),
    "appends to a text": b"\x80\x02Vx\nNa.",
    "sets items of a list": b"\x80\x02]NNs.",
    "an odd item": b"\x80\x02}(Vx\nu.",
    "a tuple as a key": b"\x80\x02}" + b")" + b"2\x86" * 200 + b"Ns.",
    "a name that is no text": b"\x80\x04NN\x93.",
    "nothing on the stack": b"\x80\x02.",
    "nothing to call": b"\x80\x02R.",
    "no mark": b"\x80\x02t.",
    "no memory": b"\x80\x02h\x05.",
    "a memory of terabytes": b"\x80\x02Nr\xff\xff\xff\xff0.",
    "a text of exabytes": b"\x80\x04\x8d" + struct.pack("<Q", 2**60) + b"x.",
    "bytes of exabytes": b"\x80\x04\x8e" + struct.pack("<Q", 2**60) + b"x.",
    "bytes in place of exabytes": b"\x80\x05\x96" + struct.pack("<Q", 2**60) + b"x.",
    "an unknown code": b"\x80\x02\xff.",
    "no end": b"\x80\x02N",
    "nothing": b"",
    "a list": pickle.dumps([1], 2),
    "a number": pickle.dumps(3, 2),
    "a tensor": b"\x80\x02" + tensor() + b".",
    "numbers alone": state(epoch=b"K\x03"),
    "a list of tensors in the dict": state(x=b"](" + tensor() + b"e"),
    "a storage in the dict": state(x=storage()),
}


@WRITERS
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_programs(write, name, tmp_path):
    refused(write(tmp_path / "a.pth", HOSTILE[name]))


@WRITERS
def test_sentences(write, tmp_path):
    path = tmp_path / "a.pth"
    refused(write(path, HOSTILE["beyond its storage"]), "'x' of shape (2, 4) reaches beyond", "6")
    refused(write(path, HOSTILE["many views"]), "would take far more: 3960000 bytes")
    refused(write(path, HOSTILE["numbers alone"]), "type int under 'epoch'", "state_dict")
    refused(write(path, HOSTILE["a list"]), "type list, not a dict of tensors")


def test_hostile_archives(tmp_path):
    path, good = tmp_path / "a.pth", state(x=tensor())
    refused(zipped(path, good, {}), "storage '0' is missing")
    refused(zipped(path, good, {"0": b"123"}), "has 3 bytes", "not 6 numbers of type float32")
    path.write_bytes(weight_files.zipped(good, compression=zipfile.ZIP_DEFLATED))
    refused(path, "compressed inside")
    refused(zipped(path, good, **{"other/data.pkl": b""}), "data.pkl is missing")
    bomb = {"0": bytes(10**7)}
    path.write_bytes(weight_files.zipped(good, bomb, compression=zipfile.ZIP_DEFLATED))
    refused(path, "compressed inside")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("picture.png", b"")
    refused(path, "none that torch.save wrote")
    zipped(path, good)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("archive/data/0", bytes(24))
    refused(path, "two members of the same name")
    raw = zipped(path, good).read_bytes()
    name = raw.rindex(b"PK\x01\x02")  # the last entry of the list of members: the storage's
    path.write_bytes(raw[: name + 20] + struct.pack("<II", 10**8, 10**8) + raw[name + 28 :])
    refused(path, "claim more bytes than it has")


def test_torchscript(tmp_path):
    """Archives of `torch.jit.save` are named; a file that is itself called code.pt is none."""
    path, good = tmp_path / "a.pt", state(x=tensor())
    refused(zipped(path, good, **{"constants.pkl": good}), "TorchScript", ".state_dict()")
    refused(zipped(path, good, **{"code/__torch__.py": b"x"}), "TorchScript")
    raw = zipped(path, good).read_bytes()
    path.write_bytes(raw.replace(b"archive/", b"my/code/"))
    assert [*read_tensors(path)] == ["x"]


def test_hostile_files_of_the_older_format(tmp_path):
    path, good = tmp_path / "a.pth", state(x=tensor())
    refused(legacy(path, good, magic=5), "is no file of PyTorch's")
    refused(legacy(path, good, version=1002), "version")
    refused(legacy(path, good, keys=[]), "does not list the storages")
    refused(legacy(path, good, keys=["0", "0"]), "does not list the storages")
    refused(legacy(path, good, keys=["1"]), "does not list the storages")
    refused(legacy(path, good, keys=[[0]]), "does not list the storages")
    refused(legacy(path, good, keys=["0", 0]), "does not list the storages")
    refused(legacy(path, good, keys={"0": 1}), "does not list the storages")
    refused(legacy(path, good, lengths={"0": 7}), "said in two ways")
    refused(legacy(path, good, lengths={"0": -1}), "said in two ways")
    path.write_bytes(b"GIF89a")
    refused(path, "is no file of PyTorch's")
    path.write_bytes(b"")
    refused(path, "is no file of PyTorch's")
    with pytest.raises(FileNotFoundError):
        read_tensors(tmp_path / "nowhere.pth")


@WRITERS
def test_cut_anywhere(write, tmp_path):
    raw = write(tmp_path / "a.pth", state(x=tensor(), y=tensor())).read_bytes()
    path = tmp_path / "b.pth"
    for length in range(len(raw)):
        path.write_bytes(raw[:length])
        refused(path)


@WRITERS
def test_damaged_anywhere(write, tmp_path):
    """A bit that has flipped is refused in one sentence, or has changed a number or a name."""
    raw = write(tmp_path / "a.pth", state(x=tensor(), y=tensor())).read_bytes()
    path = tmp_path / "b.pth"
    for place in range(len(raw)):
        flipped = raw[place] ^ 1 << place % 8
        path.write_bytes(raw[:place] + bytes([flipped]) + raw[place + 1 :])
        if (problem := _problem(path)) is not None:
            assert str(path) in problem
            assert "\n" not in problem


def _problem(path):
    try:
        read_tensors(path)
    except ValueError as error:
        return str(error)
    return None


@FORMATS
def test_pytorch_reads_what_is_made_by_hand(new, tmp_path):
    """The hand-made files of these tests are what they seem."""
    torch = pytest.importorskip("torch")
    program = state(x=tensor(held=storage(view=b"" if new else b"N")))
    path = tmp_path / "a.pth"
    if new:
        zipped(path, program, version=b"3\n")
    else:
        legacy(path, program)
    loaded = torch.load(path, weights_only=True)
    np.testing.assert_array_equal(loaded["x"].numpy(), read_tensors(path)["x"])
