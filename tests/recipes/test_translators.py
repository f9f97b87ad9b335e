"""Experiments with the authors' networks: what files tell of them; states with their weights."""

import dataclasses
import importlib
import json

import jax
import numpy as np
import pytest
from PIL import Image

from jaxgan import cli, recipes
from jaxgan.data import ArraySource, Sides, Unpaired
from jaxgan.layers import InstanceNorm, MinibatchNorm
from jaxgan.networks import PixelDiscriminator, ResNetTranslator, UNetGenerator
from jaxgan.training import from_plain, to_plain
from jaxgan.weights import official_parameters
from tests import official_files
from tests.official_files import filled, patches, pixels, resnet, unet

KINDS = {"cyclegan": "CycleGAN", "pix2pix": "Pix2Pix", "one_way": "OneWay"}


def small(name):
    return importlib.import_module(f"experiments.{name}").SMALL


def with_options(experiment, options):
    plain = to_plain(experiment)
    for field, value in options.items():
        *groups, last = field.split(".")
        place = plain
        for group in groups:
            place = place[group]
        place[last] = value
    return from_plain(type(experiment), plain)


def told(experiment, shapes, *, side="a", discriminator=False):
    """The experiment with what a file tells of it."""
    found = experiment.recognised(filled(shapes), side, discriminator=discriminator)
    return with_options(experiment, found.options | found.usual)


def zeros(experiment):
    """A state of the experiment's game that nothing was computed for."""
    state = jax.eval_shape(experiment.game().init, jax.random.key(0), experiment.shapes)
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), state)


@pytest.mark.parametrize(
    ("name", "shapes", "network", "channels"),
    [
        ("cyclegan", resnet(1, 3, 4, 2, "batch", True),
         ResNetTranslator(3, 4, 2, 0.5, MinibatchNorm), (1, 3)),
        ("cyclegan", unet(1, 3, 2, 3), UNetGenerator(8, 3, 2, 0.0), (1, 3)),
        ("pix2pix", resnet(3, 1, 2, 1, "none"), ResNetTranslator(1, 2, 1, 0.0, None), (3, 1)),
        ("pix2pix", resnet(3, 3, 2, 1, "none", True), ResNetTranslator(3, 2, 1, 0.5, None), (3, 3)),
        ("pix2pix", unet(3, 1, 2, 3, "instance"), UNetGenerator(8, 1, 2, 0.5, norm=InstanceNorm),
         (3, 1)),
    ],
    ids=["ResNet", "U-Net", "ResNet for pairs", "the same, dropout", "U-Net for pairs"],
)  # fmt: skip
def test_generators(name, shapes, network, channels):
    experiment = told(small(name), shapes)
    assert experiment.generator() == network
    assert experiment.generator("b") == network.clone(channels=channels[0])
    assert tuple(leaf.shape[-1] for leaf in experiment.shapes.values()) == channels


@pytest.mark.parametrize(
    ("name", "shapes", "fields"),
    [
        ("pix2pix", patches(6, 4, 3, "none"),
         {"discriminator_width": 4, "layers": 3, "discriminator_norm": "none"}),
        ("pix2pix", pixels(6, 2, "batch"), {"layers": 0, "discriminator_norm": "batch"}),
        ("cyclegan", patches(3, 2, 1, "batch"), {"layers": 1, "discriminator_norm": "batch"}),
    ],
    ids=["patches of pairs", "pixels of pairs", "patches"],
)  # fmt: skip
def test_discriminators(name, shapes, fields):
    experiment = told(small(name), shapes, discriminator=True)
    kept = to_plain(experiment)
    assert {field: kept[field] for field in fields} == fields
    assert isinstance(experiment.discriminator, PixelDiscriminator) == (fields["layers"] == 0)


def test_sizes_that_networks_need():
    pix2pix = told(small("pix2pix"), unet(3, 3, 1, 7)).fitted()
    assert (pix2pix.pairs.crop_size, pix2pix.pairs.load_size) == (128, 128)
    assert pix2pix.generator().levels == 7
    wider = told(pix2pix, patches(6, 1, 6), discriminator=True).fitted()
    assert wider.pairs.crop_size == 256  # of 192 or more, the next multiple of 128
    for experiment in (small("cyclegan"), told(small("pix2pix"), unet(3, 3, 1, 5))):
        assert experiment.fitted() == experiment
    paper = importlib.import_module("experiments.pix2pix").Pix2Pix()
    assert told(paper, unet(3, 3, 1, 8)).fitted().pairs == paper.pairs
    oblong = dataclasses.replace(pix2pix, pairs=Sides(load_size=(96, 140), crop_size=(96, 130)))
    pairs = dataclasses.replace(oblong, halvings=5).fitted().pairs
    assert (pairs.load_size, pairs.crop_size) == ((96, 160), (96, 160))
    assert oblong.fitted().pairs.crop_size == (128, 256)


def test_sides_that_differ_have_no_identity():
    cyclegan = dataclasses.replace(small("cyclegan"), identity=5.0)
    assert told(cyclegan, resnet()).fitted().identity == 5
    fitted = told(cyclegan, resnet(3, 1)).fitted()
    assert fitted.identity == 0
    assert {side: leaf.shape[-1] for side, leaf in fitted.shapes.items()} == {"a": 3, "b": 1}
    assert told(cyclegan, resnet(3, 1), side="b").shapes["a"].shape[-1] == 1


@pytest.mark.parametrize(
    ("name", "shapes", "discriminator", "message"),
    [
        ("pix2pix", patches(), False, "it is a discriminator of .*, and a generator is to be"),
        ("cyclegan", resnet(), True, "it is a ResNet generator .*, and a discriminator is to be"),
        ("pix2pix", patches(3), True, r"channels 3, .* and here one sees 6 channels"),
        ("cyclegan", patches(6), True, r"channels 6, .* and here one sees 3 channels"),
        ("cyclegan", resnet(4, 3), False, "makes images of 3 channels from images of 4, and pic"),
        ("pix2pix", unet(3, 2), False, "makes images of 2 channels from images of 3, and pic"),
    ],
)
def test_files_for_something_else(name, shapes, discriminator, message):
    with pytest.raises(ValueError, match=message):
        small(name).recognised(filled(shapes), "a", discriminator=discriminator)


def same(parameters, network, shapes, seed):
    expected = official_parameters(network, filled(shapes, seed), parameters)
    jax.tree.map(np.testing.assert_array_equal, parameters, expected)


def test_states_of_pix2pix():
    generator, discriminator = unet(3, 3, 2, 2), pixels(6, 2, "batch")
    experiment = told(small("pix2pix"), generator)
    experiment = told(experiment, discriminator, discriminator=True)
    begun = state = zeros(experiment)
    state = experiment.imported(state, filled(generator, 1), "a", discriminator=False)
    state = experiment.imported(state, filled(discriminator, 2), "a", discriminator=True)
    same(state.generator.parameters, experiment.generator(), generator, 1)
    same(state.discriminator.parameters, experiment.discriminator, discriminator, 2)
    # The average that pictures are made with begins with the file's weights, too.
    same(state.average.mean["params"], experiment.generator(), generator, 1)
    assert jax.tree.map(np.shape, state) == jax.tree.map(np.shape, begun)


def test_states_of_cyclegan():
    a, b, of_a, of_b = resnet(1, 3, 2, 1), resnet(3, 1, 2, 1), pixels(3), pixels(1)
    experiment = told(told(small("cyclegan"), a), of_a, discriminator=True)
    begun = state = zeros(experiment)
    for shapes, seed, side, discriminator in (
        *((a, 1, "a", False), (b, 2, "b", False)),
        *((of_a, 3, "a", True), (of_b, 4, "b", True)),
    ):
        state = experiment.imported(state, filled(shapes, seed), side, discriminator=discriminator)
    same(state.a_to_b.parameters, experiment.generator("a"), a, 1)
    same(state.b_to_a.parameters, experiment.generator("b"), b, 2)
    same(state.average.mean[0]["params"], experiment.generator("a"), a, 1)
    same(state.average.mean[1]["params"], experiment.generator("b"), b, 2)
    # G_A makes images of side b, and D_A of the authors' code scores them.
    same(state.discriminator_b.player.parameters, experiment.discriminator, of_a, 3)
    same(state.discriminator_a.player.parameters, experiment.discriminator, of_b, 4)
    assert jax.tree.map(np.shape, state) == jax.tree.map(np.shape, begun)


def test_the_one_way_game_has_one_discriminator():
    networks = {"blocks": 1, "width": 2, "layers": 0, "discriminator_width": 2}
    experiment = dataclasses.replace(small("one_way"), **networks)
    state = zeros(experiment)
    experiment.imported(state, filled(pixels(3)), "a", discriminator=True)
    with pytest.raises(ValueError, match="one-way game has no discriminator of side a: leave"):
        experiment.imported(state, filled(pixels(3)), "b", discriminator=True)


@pytest.mark.parametrize("channels", [(1, 3), (3, 1)])
def test_sheets_and_figures_of_sides_that_differ(monkeypatch, channels):
    pictures = {
        side: np.random.default_rng(0).integers(0, 256, (4, 16, 16, count), np.uint8)
        for side, count in zip("ab", channels, strict=True)
    }
    halves = [ArraySource({"image": images}) for images in pictures.values()]
    monkeypatch.setattr(Sides, "held_out", lambda sides, count=None: pictures)
    monkeypatch.setattr(Sides, "unpaired", lambda sides, split="train": Unpaired(*halves))
    experiment = small("pix2pix")
    experiment = dataclasses.replace(experiment, pairs=Sides(load_size=16, crop_size=16))
    a, b = experiment.held_out().values()
    figures = experiment.compare(b)
    assert figures["l1"] == 0
    assert 0.2 < figures["input_l1"] < 0.5
    sheet = np.asarray(recipes.draw_strips(a, b))
    # Pixels are four times as large, pictures two of them apart: the first of each row.
    np.testing.assert_allclose(sheet[8, 8], np.broadcast_to(pictures["a"][0, 0, 0], 3), atol=1)
    np.testing.assert_allclose(sheet[80, 8], np.broadcast_to(pictures["b"][0, 0, 0], 3), atol=1)


NEW = ("architecture", "norm", "discriminator_norm", "halvings")


@pytest.mark.parametrize(
    ("name", "new", "network"),
    [
        ("cyclegan", (*NEW, "dropout"), ResNetTranslator(3, 16, 3)),
        ("pix2pix", (*NEW, "blocks"), UNetGenerator(64, 3, 24)),
    ],
)
def test_manifests_of_before(name, new, network):
    plain = to_plain(small(name))
    for field in new:
        del plain[field]
    del plain["pairs"]["channels_b"]
    experiment = from_plain(type(small(name)), json.loads(json.dumps(plain)))
    assert experiment == small(name)
    assert experiment.generator() == network


def run(name, *words):
    module = importlib.import_module(f"experiments.{name}")
    paper = getattr(module, KINDS[name])()
    with pytest.raises(SystemExit) as stop:
        cli.main(paper, small=module.SMALL, arguments=[str(word) for word in words])
    return stop.value.code


def test_generators_that_were_not_trained_together(tmp_path, capsys):
    """One has dropout and the other has not; the rate is in neither file."""
    with_dropout = official_files.write(tmp_path / "G_A.pth", filled(resnet(dropout=True)))
    without = official_files.write(tmp_path / "G_B.pth", filled(resnet()))
    for (one, rate), (other, another) in (
        ((with_dropout, 0.5), (without, 0.0)),
        ((without, 0.0), (with_dropout, 0.5)),
    ):
        assert run("cyclegan", "import", one, "--other", other) == 2
        said = f"{other} has dropout {another}, and {one} has {rate}: give files"
        assert said in capsys.readouterr().err


@pytest.mark.slow
def test_from_four_files_to_pictures(tmp_path, monkeypatch, capsys):
    """Grey to RGB and back, and no option is given."""
    monkeypatch.chdir(tmp_path)
    words = ["import"]
    for flag, file, shapes in (
        ("", "G_A", resnet(1, 3, 2, 1)),
        ("--other", "G_B", resnet(3, 1, 2, 1)),
        ("--discriminator", "D_A", pixels(3)),
        ("--other-discriminator", "D_B", pixels(1)),
    ):
        path = official_files.write(tmp_path / f"latest_net_{file}.pth", filled(shapes))
        words += [flag, path] if flag else [path]
    assert run("cyclegan", *words, "--directory", "run") == 0
    assert "--channels 1 --channels-b 3 --width 2 --blocks 1" in capsys.readouterr().out
    Image.new("RGB", (8, 12), "red").save("x.png")
    for side, mode in (("a", "RGB"), ("b", "L")):
        assert run("cyclegan", "translate", "run", "x.png", "--output", side, "--side", side) == 0
        with Image.open(f"{side}/x.png") as image:
            assert (image.mode, image.size) == (mode, (8, 12))
    assert run("cyclegan", *words, "--directory", "other", "--blocks", "3") == 2
    assert "--blocks 3 contradicts the files, which need 1" in capsys.readouterr().err
