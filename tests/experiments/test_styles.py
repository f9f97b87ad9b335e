"""StyleGAN and StyleGAN2 as experiments: their presets, values that follow, and tiny runs."""

import dataclasses
import os
from typing import get_args

import jax
import numpy as np
import pytest
from PIL import Image

from experiments import stylegan, stylegan2
from jaxgan import cli, games, layers, recipes, training
from jaxgan.cli.labels import named_label
from jaxgan.recipes import discriminator_layers
from jaxgan.training import Parent, Run, RunError, from_plain, to_plain, validated

AUTO = stylegan2.PRESETS["auto"]


def sized(experiment, size):
    images = dataclasses.replace(experiment.images, image_size=size)
    return dataclasses.replace(experiment, images=images)


def shapes(experiment):
    """Of the state."""
    whole = experiment.resolved(1)
    image = jax.ShapeDtypeStruct((whole.batch_size, *whole.images.shape), np.float32)
    batch = {"image": image, "label": jax.ShapeDtypeStruct((whole.batch_size,), np.int32)}
    return jax.eval_shape(whole.game().init, jax.random.key(0), batch)


def counted(player):
    return sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(player.parameters))


@pytest.mark.parametrize(
    ("size", "devices", "batch", "gamma"),
    [
        (32, 1, 32, 0.0064),
        (64, 1, 32, 0.0256),
        (128, 1, 32, 0.1024),
        (256, 1, 16, 0.8192),
        (512, 1, 8, 6.5536),
        (1024, 1, 4, 52.4288),
        (32, 8, 64, 0.0032),
        (256, 4, 64, 0.2048),
        (1024, 8, 32, 6.5536),
        (1024, 128, 128, 1.6384),
    ],
)
def test_auto_is_the_authors(size, devices, batch, gamma):
    """Against the formulas of their code, for counts of devices that are powers of two."""
    found = sized(AUTO, size).resolved(devices)
    assert found.batch_size == batch == max(min(devices * min(4096 // size, 32), 64), devices)
    assert found.group_size == min(batch // devices, 4)
    assert found.gamma == pytest.approx(gamma)
    assert found.learning_rate == (0.002 if size >= 1024 else 0.0025)
    assert found.channel_base == (32768 if size >= 512 else 16384)
    assert found.half_life == pytest.approx(batch * 10 / 32 * 1000)
    assert (found.ramp, found.mapping_layers) == (0.05, 2)
    assert found.resolved(3) == found


@pytest.mark.parametrize("devices", [3, 5, 6, 7, 12])
def test_auto_of_other_counts_of_devices(devices):
    for size in (16, 64, 256, 1024):
        found = sized(AUTO, size).resolved(devices)
        assert found.batch_size % devices == 0
        assert found.batch_size % found.group_size == 0


def test_what_is_given_wins_over_auto():
    given = dataclasses.replace(sized(AUTO, 64), batch_size=6, gamma=0.0, half_life=7.0)
    found = given.resolved(1)
    assert (found.batch_size, found.gamma, found.half_life) == (6, 0.0, 7.0)
    assert (found.group_size, found.learning_rate) == (3, 0.0025)
    images = dataclasses.replace(AUTO.images, image_size=(32, 64))
    wide = dataclasses.replace(AUTO, images=images, base=(4, 8)).resolved(1)
    assert wide.gamma == pytest.approx(0.0002 * 32 * 64 / 32)


@pytest.mark.parametrize(
    "preset", [*stylegan2.PRESETS.values(), stylegan.StyleGAN(), stylegan.SMALL]
)
def test_configuration_survives_the_manifest(preset):
    assert validated(preset) == preset
    found = preset.resolved(2)
    assert from_plain(type(preset), to_plain(found)) == found


COUNTS = {
    "cifar": (19_947_539, 20_720_641),
    "paper1024": (30_370_060, 29_012_513),
}


@pytest.mark.parametrize("name", COUNTS)
def test_networks_of_the_papers_have_their_parameters(name):
    state = shapes(dataclasses.replace(stylegan2.PRESETS[name], augment="none"))
    assert (counted(state.generator), counted(state.discriminator)) == COUNTS[name]


def test_stylegans_networks_have_their_parameters():
    state = shapes(stylegan.StyleGAN())
    assert (counted(state.generator), counted(state.discriminator)) == (26_219_627, 23_087_249)
    growing = stylegan.StyleGAN().growing()
    assert [4 << stage for stage in growing.stages] == [8, 16, 32, 64, 128, 256, 512, 1024]
    assert growing.minibatches == (256, 128, 64, 32, 32, 32, 32, 32)
    rates = [0.001 * rate for rate in growing.rates]
    assert rates == pytest.approx([0.001] * 4 + [0.0015, 0.002, 0.003, 0.003])
    # A size's images: 600,000, and as many while it is faded in; the last has all that are left.
    images = [0.6e6] + 6 * [1.2e6] + [25e6 - 7.8e6]
    steps = sum(np.divide(images, growing.minibatches))
    assert stylegan.StyleGAN().schedule.steps == pytest.approx(steps, abs=1)


@pytest.mark.parametrize("name", ["small", "openmoji64", "auto"])
def test_presets_fit_their_images(name):
    preset = stylegan2.PRESETS[name]
    if name == "auto":
        preset = sized(preset, 16)
    state = shapes(preset)
    inputs = preset.inputs(jax.random.key(0), 5)
    w = jax.eval_shape(preset.map_latents, state, inputs)
    size = preset.images.image_size
    assert w.shape == (5, 2 * int(np.log2(size)) - 2, preset.w_size)
    assert jax.eval_shape(preset.latent_mean, state).shape == (preset.w_size,)
    made = jax.eval_shape(preset.resolved(1).game().generate, jax.random.key(0), state, inputs)
    assert made.shape == (5, *preset.images.shape)


@pytest.mark.parametrize("module", [stylegan, stylegan2], ids=["stylegan", "stylegan2"])
def test_images_of_labels(module):
    small = stylegan.SMALL if module is stylegan else stylegan2.PRESETS["small"]
    labelled = dataclasses.replace(small, classes=3)
    state, inputs = shapes(labelled), labelled.inputs(jax.random.key(0), 5)
    assert inputs["label"].tolist() == [0, 1, 2, 0, 1]
    assert "embed" in state.generator.parameters["mapping"]
    w = jax.eval_shape(labelled.map_latents, state, inputs)
    assert w.shape == (5, 8, small.w_size)


def test_operations_by_the_authors_names(monkeypatch):
    assert get_args(recipes.AugmentOperations) == tuple(layers.PIPELINES)
    seen = []
    monkeypatch.setattr(
        layers, "adaptive_augmentation", lambda *_, operations: seen.append(operations)
    )
    for names in ("blit", "bgcfnc"):
        given = dataclasses.replace(AUTO, augment="ada", augment_operations=names).augmentation()
        given.augment(None, None, 0.5)
    assert seen == [layers.BLIT, layers.BGCFNC]


@pytest.mark.parametrize(
    ("experiment", "lazy"),
    [
        (sized(AUTO, 16), 2),
        (dataclasses.replace(sized(AUTO, 16), gamma=0.0), 1),
        (dataclasses.replace(sized(AUTO, 16), path_length=0.0), 1),
        (stylegan2.PRESETS["cifar"], 1),
    ],
)
def test_a_penalty_of_weight_0_is_no_phase(experiment, lazy):
    phases = experiment.resolved(1).game().phases
    assert sum(isinstance(phase, games.Switch) for phase in phases) == lazy


def test_the_authors_configurations():
    cifar = stylegan2.PRESETS["cifar"]
    assert (cifar.path_length_every, cifar.bfloat16_resolutions, cifar.clamp) == (4, 4, 256)
    assert not AUTO.images.flip


def test_transferred_values():
    trained = dataclasses.replace(sized(AUTO, 64), augment="ada")
    larger = sized(trained, 128)
    found = larger.transferred(trained, imported=False)
    assert (found.ramp, found.augment_images) == (None, 100_000)
    assert found.transferred(trained, imported=False) == found
    assert trained.transferred(trained, imported=False) == trained
    assert trained.transferred(trained, imported=True).ramp is None
    asked = dataclasses.replace(larger, ramp=0.2, augment_images=300_000)
    assert asked.transferred(trained, imported=False) == asked


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"])


def called(*words):
    with pytest.raises(SystemExit) as stop:
        cli.main(presets=stylegan2.PRESETS, arguments=[str(word) for word in words])
    return stop.value.code


@pytest.fixture
def call(capfd):
    def call(*words):
        code = called(*words)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Eight of them, of two classes."""
    place = tmp_path_factory.mktemp("styles")
    random = np.random.default_rng(0)
    for label in ("left", "right"):
        (place / "pictures" / label).mkdir(parents=True)
        for number in range(4):
            pixels = random.integers(0, 256, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(place / "pictures" / label / f"{number}.png")
    return place / "pictures"


@pytest.fixture(scope="module")
def place(pictures):
    """A run of one round."""
    place = pictures.parent
    words = ["--folder", place / "pictures", "--image-size", 8, "--steps", 1, "--devices", 1]
    tiny = ["--channel-max", 4, "--latent-size", 4, "--w-size", 4, "--batch-size", 4]
    tiny += ["--mapping-layers", 1, "--discriminator-mapping-layers", 1, "--path-length", 0]
    frozen = ["--freeze-discriminator", 2, "--classes", 2]
    directory = ["--directory", place / "run"]
    assert called("train", "--preset", "auto", *words, *tiny, *frozen, *directory) == 0
    return place


def test_auto_on_a_folder(place):
    values = Run.open(place / "run").manifest["configuration"]
    assert (values["batch_size"], values["group_size"], values["gamma"]) == (4, 4, 0.0002 * 64 / 4)
    assert (values["half_life"], values["ramp"], values["learning_rate"]) == (1250, 0.05, 0.0025)


def test_frozen_layers_stay(place):
    before, after = (line["leaves"] for line in Run.open(place / "run").digests())
    moved = {
        tuple(name.split("/")[2:4])
        for name in before
        if name.startswith("discriminator/parameters/") and before[name] != after[name]
    }
    layers = [("b8", "fromrgb"), ("b8", "conv0"), ("b8", "conv1"), ("b8", "skip")]
    assert moved & {*layers} == {*layers[2:]}
    assert {("b4", "conv"), ("b4", "fc"), ("b4", "out")} <= moved
    experiment = from_plain(stylegan2.StyleGAN2, Run.open(place / "run").manifest["configuration"])
    assert discriminator_layers(shapes(experiment).discriminator.parameters) == layers
    for count in (5, 99):
        with pytest.raises(ValueError, match=f"{count} layers .* cannot be frozen, it has 4"):
            shapes(dataclasses.replace(experiment, freeze_discriminator=count))


def test_samples_and_sheets(call, place):
    """An image that is truncated by one is the image, which is where the sheets have it."""
    common = (place / "run", "--label", "right", "--seed", 3)
    psi = ("--truncation", 1)
    for words in (
        ("sample", *common, "--count", 1, *psi),
        ("mix", *common, "--rows", 1, "--columns", 1, "--layers", "1-2"),
        ("truncate", *common, "--rows", 1, *psi),
    ):
        code, _, error = call(*words)
        assert code == 0, error
    made = place / "run" / "generated"
    with Image.open(made / "seed_3_label_1_truncation_1.0" / "00000.png") as image:
        alone = np.asarray(image, int)
    for sheet, top in (("truncate", 2), ("mix", 12)):
        with Image.open(made / f"{sheet}_seed_3_label_1.png") as image:
            pixels = np.asarray(image, int)[4::8, 4::8]
        if sheet == "truncate":  # of two latents, the mix's first is another one
            np.testing.assert_allclose(pixels[top : top + 8, 2:10], alone, atol=1)
        assert pixels.shape == (top + 10, top + 10, 3)


def test_transfer_to_larger_images(place, capsys, tmp_path):
    """The blocks that both have; what is at the image, and what Adam knows, begin anew."""
    run = Run.open(place / "run")
    small = from_plain(stylegan2.StyleGAN2, run.manifest["configuration"])
    schedule = dataclasses.replace(small.schedule, steps=9)
    larger = dataclasses.replace(sized(small, 16), schedule=schedule, freeze_discriminator=1)
    begun = training.train(
        larger, tmp_path / "larger", name="stylegan2", devices=1, until=1, parent=Parent(run)
    )
    said = capsys.readouterr().out
    assert "because it begins with other images' networks: --ramp None --augment-images 100000" in (
        said
    )
    assert "arrays of generator, " in said
    assert "generator/optimiser, discriminator/optimiser begin anew" in said
    before, after = run.digests()[-1]["leaves"], begun.digests()[0]["leaves"]
    same = {name for name in after if before.get(name) == after[name]}
    for name in (
        *("generator/parameters/synthesis/b8/conv1/kernel", "path_length_mean", "images"),
        *("generator/collections/noise/synthesis/b8/conv0/noise", "average/count"),
        *("average/mean/params/mapping/fc0/kernel", "discriminator/parameters/b8/conv0/kernel"),
        *("generator/collections/latent_mean/mapping/mean", "discriminator/parameters/b4/fc/bias"),
    ):
        assert name in same
    assert "generator/parameters/synthesis/b16/conv0/kernel" in after


def test_what_cannot_be_trained(call, pictures, tmp_path):
    common = ("train", "--folder", pictures, "--directory", tmp_path / "run", "--devices", 1)
    common += ("--batch-size", 4)
    for words, sentence in {
        ("--image-size", "12"): "makes no images of size 12",
        ("--preset", "auto", "--image-size", "8", "--classes", "1"): "give --classes 2",
        ("--freeze-discriminator", "-1"): "freeze_discriminator = -1 will not do",
        ("--freeze-discriminator", "11"): "it has 10 before its last block: give 0 to 10",
        ("--mixing", "1.5"): "mixing = 1.5 will not do",
        ("--batch-size", "6"): "6",
    }.items():
        code, _, error = call(*common, *words)
        assert code == 2
        assert sentence in error
        assert "Traceback" not in error
        assert not (tmp_path / "run").exists()


def test_a_run_without_labels_takes_none():
    with pytest.raises(RunError, match="this GAN is not conditional: leave --label out"):
        named_label(Run("run", {"classes": ["left"]}), AUTO, "left")
