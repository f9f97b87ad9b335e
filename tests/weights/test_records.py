"""Pickles of whole networks, of each layout: read to the bit, or refused, and nothing is run."""

import pickle
import re
import sys
import time
import tracemalloc
import zipfile

import jax.numpy as jnp
import numpy as np
import pytest

from experiments.benchmarks import hostile_networks, network_files
from experiments.benchmarks.hostile_networks import (
    HELD,
    file_of,
    items,
    module,
    persistent,
    variables,
)
from experiments.benchmarks.hostile_weights import LONGEST, bytes_allowed, seconds_allowed
from experiments.benchmarks.network_files import EasyDict, nested, tensor_of
from experiments.benchmarks.weight_files import legacy, state, tensor, zipped
from jaxgan.weights import read_networks, read_weights

ROLES = ("G", "D", "G_ema")
SHAPES = {
    "mapping.fc0.weight": (4, 5),
    "mapping.w_avg": (4,),
    "synthesis.b4.const": (3, 4, 4),
    "synthesis.b4.conv1.weight": (2, 3, 3, 3),
    "synthesis.b4.conv1.noise_strength": (),
}


def drawn(shapes=SHAPES, seed=0, dtype=np.float32):
    random = np.random.default_rng(seed)
    return {name: random.standard_normal(shape).astype(dtype) for name, shape in shapes.items()}


def networks(**more):
    return {role: drawn(seed=seed, **more) for seed, role in enumerate(ROLES)}


def slashed(tensors):
    return {name.replace(".", "/"): tensor for name, tensor in tensors.items()}


def problem(path):
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} ") as caught:
        read_networks(path)
    return str(caught.value)


def read(path, raw):
    path.write_bytes(raw)
    return read_networks(path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "network.pkl"


def equal(found, given):
    assert {*found.tensors} == {*given}
    for name, array in given.items():
        np.testing.assert_array_equal(found.tensors[name], array, strict=True)
        assert found.tensors[name].flags.owndata


@pytest.mark.parametrize("protocol", [3, 4])
def test_nvidias_of_pytorch(path, protocol):
    given = networks()
    options = {role: {"z_dim": 5, "synthesis_kwargs": EasyDict(conv_clamp=256)} for role in ROLES}
    found = read(path, network_files.nvidia_pickle(given, options, protocol))
    assert [*found] == [*ROLES]
    for role, one in found.items():
        equal(one, given[role])
        assert one.kind == ("Discriminator" if role == "D" else "Generator")
        assert one.options == options[role]
        assert not one.tensorflow


@pytest.mark.parametrize("version", [3, 4])
def test_nvidias_of_tensorflow(path, version):
    given = {role: slashed(tensors) for role, tensors in networks().items()}
    raw = network_files.tensorflow_pickle(given, {"resolution": 4, "psi": 0.7}, version)
    found = read(path, raw)
    for role, one in found.items():
        equal(one, given[role])
        assert one.options == {"resolution": 4, "psi": 0.7}
        assert one.tensorflow
    alone = read(path, network_files.tensorflow_pickle({"G_ema": given["G_ema"]}))
    equal(alone["G_ema"], given["G_ema"])
    assert [*alone] == ["G_ema"]


@pytest.mark.parametrize("dtype", [np.float32, np.float16, jnp.bfloat16])
def test_r3gans(path, dtype):
    shapes = {"MainLayers.0.Layers.1.LinearLayer1.Layer.weight": (4, 2, 1, 1)}
    given = networks(shapes=shapes, dtype=dtype)
    found = read(path, network_files.r3gan_pickle(given))
    for role, one in found.items():
        equal(one, {f"Model.{name}": tensor for name, tensor in given[role].items()})


def test_what_the_file_says_of_numbers(path):
    """In other orders of bytes and of axes, and as numbers of NumPy's among the options."""
    random = np.random.default_rng(0)
    for dtype in ("<f4", ">f4", "<f8", "<f2", "<i8", "|u1", "|b1"):
        array = random.integers(0, 2, (2, 3)).astype(dtype)
        for one in (array, np.asfortranarray(array), array[:, :0]):
            raw = network_files.tensorflow_pickle({"G_ema": {"x": one}}, {"psi": np.float32(0.5)})
            found = read(path, raw)["G_ema"]
            np.testing.assert_array_equal(found.tensors["x"], one)
            assert found.tensors["x"].dtype == one.dtype.newbyteorder("=")
            assert found.options == {"psi": 0.5}


def test_what_pytorch_itself_writes(path):
    """Layers of PyTorch's in Python's own pickles, with an optimiser's state."""
    torch = pytest.importorskip("torch")
    layers = [torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3), torch.nn.LeakyReLU()]
    made = torch.nn.Sequential(*layers, torch.nn.ModuleList([torch.nn.Linear(2, 2)]))
    made.to(torch.bfloat16)
    for parameter in made.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser = torch.optim.Adam(made.parameters())
    optimiser.step()
    whole = {"G_ema": made, "G_opt_state": optimiser.state_dict(), "device": torch.device("cpu")}
    for protocol in (3, 4):
        found = read(path, pickle.dumps(whole, protocol))["G_ema"].tensors
        assert {*found} == {*made.state_dict()}
        for name, tensor_ in made.state_dict().items():
            np.testing.assert_array_equal(found[name].astype(float), tensor_.double().numpy())


def test_sentences(path):
    """One for each fault that a person may meet."""
    good = network_files.nvidia_pickle(networks(), {role: {} for role in ROLES})
    inner = nested(legacy(b"\x80\x04" + HELD + b".", {}))
    rows = {
        "is cut short, damaged or no pickle of networks": good[: len(good) // 2],
        "asks for os.system, which no file of these networks": file_of(b"cos\nsystem\n"),
        "asks for training.loss.Loss": file_of(b"ctraining.loss\nLoss\n)\x81"),
        "asks for torch.nn.modules.linear.Linear.forward": file_of(
            b"ctorch.nn.modules.linear\nLinear.forward\n"
        ),
        "has streams in its streams": file_of(module(x=tensor_of(inner))),
        "has streams in it of": file_of(module(x=tensor_of(HELD)))[:-1]
        + HELD.replace(b"\x85R", b"\x94\x85R0")
        + b"ctorch.storage\n_load_from_bytes\nh\x00\x85R0" * 9
        + b".",
        "is a file of torch.save, and not": zipped(state(x=tensor())),
        "holds a value of type dict, and no networks under the names G, D": state(),
        "holds a value of type dict under G_ema, and not a network": file_of(b"}"),
        "more than 16 deep": file_of(deep(17)),
        "has a module, 'a.', that is built of": file_of(
            module(modules=items(a=b"ctorch.nn.modules.linear\nLinear\n)\x81]b"))
        ),
    }
    for sentence, raw in rows.items():
        path.write_bytes(raw)
        said = problem(path)
        assert said.startswith(f"{path} ")
        assert sentence in said
    path.write_bytes(legacy(state(x=tensor())))
    assert "is a file of torch.save, and not" in problem(path)
    assert len(read(path, file_of(deep(16)))) == 1
    with pytest.raises(IsADirectoryError):
        read_networks(path.parent)
    path.write_bytes(good)
    with pytest.raises(ValueError, match=r"asks for torch_utils\.persistence"):
        read_weights(path)  # what reads dicts of tensors reads no more than before


def deep(levels):
    made = module(x=tensor_of(HELD))
    for _ in range(levels - 1):
        made = module(modules=items(a=made))
    return made


def test_what_plain_files_may_not_hold(tmp_path):
    """Sets by their code, and classes, where a dict of tensors is read."""
    for body, sentence in {
        b"\x8f": "makes an object by EMPTY_SET",
        b"(\x91": "makes an object by FROZENSET",
        b"ctorch.nn.modules.linear\nLinear\n)\x81": "asks for torch.nn.modules.linear.Linear",
        b"cdnnlib.util\nEasyDict\n)\x81": "asks for dnnlib.util.EasyDict",
        HELD: "asks for torch.storage._load_from_bytes",
    }.items():
        (tmp_path / "a.pth").write_bytes(zipped(b"\x80\x04}" + body + b"."))
        with pytest.raises(ValueError, match=sentence):
            read_weights(tmp_path / "a.pth")


def test_records_of_one_name(path):
    """A module may lie in two places, and a tensor may not have two values."""
    shared = module(x=tensor_of(HELD)) + b"\x94"
    found = read(path, file_of(module(modules=items(a=shared, b=b"h\x00"))))["G_ema"]
    assert [*found.tensors] == ["a.x", "b.x"]
    both = items(**{"a.x": tensor_of(HELD)})
    raw = file_of(
        b"ctorch.nn.modules.linear\nLinear\n)\x81"
        + items(_parameters=both, _buffers=b"}", _modules=items(a=module(x=tensor_of(HELD))))
        + b"b"
    )
    path.write_bytes(raw)
    assert "two tensors that are both found under 'a.x'" in problem(path)


def promptly(path, raw):
    """What comes of a file, in the time and memory that it may take."""
    path.write_bytes(raw)
    tracemalloc.reset_peak()
    before, start = tracemalloc.get_traced_memory()[0], time.process_time()
    try:
        read_networks(path)
        said = None
    except ValueError as error:
        said = str(error)
    assert time.process_time() - start < 4 * seconds_allowed(len(raw))  # a machine may be slow
    assert tracemalloc.get_traced_memory()[1] - before < bytes_allowed(len(raw))
    if said is not None:
        assert said.startswith(f"{path} ")
        assert len(said) < len(str(path)) + LONGEST
        assert "\n" not in said
    return said


@pytest.fixture
def memory():
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_200_hostile_pickles(path, memory):
    """A few of those that `experiments.benchmarks.hostile_weights` reads by the thousand."""
    for raw in hostile_networks.good_networks():
        assert promptly(path, raw) is None
    modules = {*sys.modules}
    problems = []
    for _, raw in hostile_networks.hostile_networks(240, seed=1):
        problems.append(promptly(path, raw))
    for raw in hostile_networks.cut(40):
        problems.append(promptly(path, raw))
        assert problems[-1] is not None
    assert len(problems) - problems.count(None) >= 200
    assert {*sys.modules} == modules


def test_code_is_never_run(path, monkeypatch):
    """Not the text that a file brings along, and not what it asks for."""
    ran = []
    monkeypatch.setattr("os.system", ran.append)
    monkeypatch.setattr("builtins.exec", ran.append)
    for raw in hostile_networks.good_networks():
        read(path, raw)
    for kind, raw in hostile_networks.hostile_networks(64, seed=3):
        if kind == "foreign":
            path.write_bytes(raw)
            problem(path)
    assert ran == []


def test_names_of_variables(path):
    raw = file_of(variables(b"N"))
    path.write_bytes(raw)
    assert "has a variable" in problem(path)
    raw = file_of(persistent(b"]"))
    path.write_bytes(raw)
    assert "makes a network of something else" in problem(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"")
    assert "is a file of torch.save, and not" in problem(path)
