"""Every generator of the library as a program for elsewhere: StableHLO, and ONNX."""

import importlib.util
import sys
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export
from jax.extend import core

from jaxgan import networks
from jaxgan.weights import (
    TOLERANCE,
    Argument,
    needed,
    onnx_program,
    repeatable,
    run_onnx,
    stablehlo_program,
)

with_onnx = pytest.mark.skipif(
    importlib.util.find_spec("jax2onnx") is None, reason="needs jaxgan[onnx]"
)

LATENT, LABEL = Argument("latent", ("n", 4), "float32"), Argument("label", ("n",), "int32")
SEED = Argument("seed", (), "uint32")
CLASSES = 3


class Case(NamedTuple):
    """A generator, what it takes, and which of its methods makes images."""

    network: Any
    arguments: tuple[Argument, ...] = (LATENT,)
    method: str | None = None

    def arrays(self, count):
        random = np.random.default_rng(0)
        return {
            name: np.arange(count, dtype=np.int32) % CLASSES
            if dtype == "int32"
            else random.standard_normal((count, *shape[1:]), np.float32)
            for name, shape, dtype in self.arguments
        }

    def make(self):
        """The generator, with weights none of which is as at first."""
        taken = tuple(self.arrays(2).values()) * (1 if self.method is None else 2)
        shapes = jax.eval_shape(
            lambda key: self.network.init(key, *taken, train=False), jax.random.key(0)
        )
        random = np.random.default_rng(1)

        def drawn(place, leaf):
            weights = random.standard_normal(leaf.shape, np.float32) * np.float32(0.3)
            return abs(weights) + 0.5 if "var" in jax.tree_util.keystr(place) else weights

        learnt, key = jax.tree.map_with_path(drawn, shapes), jax.random.key(7)

        def make(arrays):
            rng = jax.random.key(arrays["seed"]) if "seed" in arrays else key
            taken = [arrays[argument.name] for argument in self.arguments]
            return self.network.apply(learnt, *taken, train=False, rngs=rng, method=self.method)

        return make


def pictures(size, channels):
    return (Argument("a", ("n", size, size, channels), "float32"),)


DCGAN = networks.DCGANGenerator(8, 1, width=2)
TINY = {"image_size": 8, "channel_max": 4, "latent_size": 4, "w_size": 4, "mapping_layers": 2}
LABELLED = (LATENT, LABEL)
CASES = {
    "fully_connected": Case(networks.FullyConnectedGenerator((4, 4, 1), (8,))),
    "perceptron": Case(networks.PerceptronGenerator(widths=(8,))),
    "dcgan": Case(DCGAN),
    "dcgan_of_classes": Case(networks.DCGANGenerator(8, 1, width=2, classes=CLASSES), LABELLED),
    "append_label": Case(networks.AppendLabel(DCGAN, CLASSES), LABELLED),
    "multiply_label": Case(networks.MultiplyLabel(DCGAN, CLASSES), LABELLED),
    "infogan": Case(networks.InfoGANGenerator(8, 1, 2)),
    "sngan": Case(networks.SNGANGenerator(8, 3, 2)),
    "resnet": Case(networks.ResNetGenerator(8, 3, 8, CLASSES, attention=8), LABELLED),
    "r3gan": Case(networks.R3GANGenerator(8, 1, (16, 8), blocks=1, classes=CLASSES), LABELLED),
    "stylegan": Case(networks.StyleGANGenerator(**TINY, classes=CLASSES), LABELLED),
    "stylegan2": Case(networks.StyleGAN2Generator(**TINY, classes=CLASSES), LABELLED),
    "unet": Case(networks.UNetGenerator(16, width=2), pictures(16, 1)),
    "resnet_translator": Case(
        networks.ResNetTranslator(width=2, blocks=1, dropout=0.5), pictures(8, 3)
    ),
    "xgan": Case(networks.XGAN(32, 3, 4, 2), pictures(32, 3), "translate_a"),
    "tags": Case(
        networks.TagGenerator(6, 8, 8), (LATENT, Argument("features", ("n", 5), "float32"))
    ),
}


def alone(make, arrays):
    """What a generator makes of each example by itself."""
    jitted = jax.jit(make)
    count = len(next(iter(arrays.values())))
    rows = [{name: x[n : n + 1] for name, x in arrays.items()} for n in range(count)]
    return np.concatenate([jitted(row) for row in rows])


def called(program, arrays):
    exported = export.deserialize(bytearray(program.raw))
    return exported.call(*(arrays[argument.name] for argument in program.arguments))


def test_the_table_has_every_generator():
    kinds = {type(case.network) for case in CASES.values()}
    there = {
        network
        for name, network in vars(networks).items()
        if name.endswith(("Generator", "Translator")) or name in ("AppendLabel", "MultiplyLabel")
    }
    assert kinds == there | {networks.XGAN}
    assert len(there) == 14


@pytest.mark.parametrize("name", CASES)
def test_stablehlo(name):
    case = CASES[name]
    make = case.make()
    program = stablehlo_program(repeatable(make), case.arguments, result="images")
    arrays = case.arrays(3)
    made = called(program, arrays)
    assert made.dtype == program.result.dtype == "float32"
    assert (3, *program.result.shape[1:]) == made.shape
    assert program.result.shape[0] == "n"
    np.testing.assert_allclose(made, alone(make, arrays), rtol=1e-5, atol=2e-5)
    assert np.std(made) > 1e-3


@with_onnx
@pytest.mark.parametrize("name", CASES)
def test_onnx(name):
    case = CASES[name]
    make = case.make()
    program = onnx_program(repeatable(make), case.arguments, result="images")
    for count in (1, 3):
        arrays = case.arrays(count)
        made = run_onnx(program.raw, arrays)
        assert made.shape == (count, *program.result.shape[1:])
        np.testing.assert_allclose(made, alone(make, arrays), rtol=0, atol=TOLERANCE)


def test_what_is_drawn_comes_by_a_seed():
    """Of dropout; a generator that draws nothing needs no seed."""
    case = CASES["resnet_translator"]
    make, arguments = case.make(), (*case.arguments, SEED)
    assert needed(make, arguments) == arguments
    program = stablehlo_program(make, arguments, result="images")
    arrays = case.arrays(2)
    found = [called(program, arrays | {"seed": np.uint32(seed)}) for seed in (0, 0, 5)]
    np.testing.assert_array_equal(found[0], found[1])
    assert float(np.abs(found[0] - found[2]).max()) > 1e-3
    asked = jax.jit(make)(arrays | {"seed": np.uint32(5)})
    np.testing.assert_allclose(found[2], asked, rtol=1e-5, atol=1e-5)
    plain = CASES["dcgan"]
    assert needed(plain.make(), (*plain.arguments, SEED)) == plain.arguments


def test_dropout_that_rests_is_left_alone():
    class Resting(nn.Module):
        @nn.compact
        def __call__(self, x, *, train):
            x = nn.Dropout(0.5)(x, deterministic=not train)
            x = nn.Dropout(0.5)(x, True)
            x = nn.Dropout(0.5, deterministic=True)(x)
            return nn.Dropout(0.0)(x, deterministic=False)

    def make(arrays):
        return Resting().apply({}, arrays["latent"], train=False)

    x = np.ones((2, 4), np.float32)
    np.testing.assert_array_equal(repeatable(make)({"latent": x}), x)


@pytest.mark.parametrize(
    "make",
    [
        lambda arrays: jnp.zeros(len(arrays["latent"])),
        lambda arrays: arrays["latent"] * (arrays["latent"].shape[0] > 3),
    ],
)
def test_functions_that_ask_for_the_count(make):
    with pytest.raises(ValueError, match=r"no program of any count .*write x\.shape\[0\]"):
        stablehlo_program(make, [LATENT], result="images")


made_up = core.Primitive("made_up")
made_up.def_abstract_eval(lambda x: x)


@with_onnx
def test_an_operation_that_cannot_be_converted_is_named():
    with pytest.raises(ValueError, match="cannot convert the operation made_up to ONNX") as error:
        onnx_program(
            lambda arrays: 2 * made_up.bind(arrays["latent"] + 1), [LATENT], result="images"
        )
    assert "\n" not in str(error.value)


@with_onnx
def test_an_operation_without_a_plain_form_is_named():
    with pytest.raises(ValueError, match="padding between the elements of an array has no form"):
        onnx_program(
            lambda arrays: jax.lax.pad(arrays["latent"], 0.0, ((0, 0, 0), (0, 0, 1))),
            [LATENT],
            result="images",
        )


@with_onnx
def test_what_onnxruntime_cannot_run():
    with pytest.raises(ValueError, match="onnxruntime cannot run the program"):
        run_onnx(b"nothing", {})


def test_onnx_without_its_extra(monkeypatch):
    for name in ("jax2onnx", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ValueError, match=r"pip install 'jaxgan\[onnx\]'"):
        onnx_program(lambda arrays: arrays["latent"], [LATENT], result="images")
    with pytest.raises(ValueError, match=r"pip install 'jaxgan\[onnx\]'"):
        run_onnx(b"", {})
