"""Every experiment, both presets: the games and data that they build fit together."""

import dataclasses
import importlib
import inspect
import sys

import jax
import numpy as np
import pytest

from jaxgan import cli
from jaxgan.data import STYLES, Images, pipeline, resident
from jaxgan.training import experiment as experiment_module
from jaxgan.training import from_plain, to_plain
from jaxgan.training.configuration import validated

SCRIPTS = {
    "gan": "GAN",
    "dcgan": "DCGAN",
    "wgan": "WGAN",
    "wgan_gp": "WGANGP",
    "sngan": "SNGAN",
    "cgan": "CGAN",
    "acgan": "ACGAN",
    "infogan": "InfoGAN",
    "r3gan": "R3GAN",
}


ON_FACES = ("dcgan", "cgan", "r3gan")


@pytest.fixture(
    params=[
        *((name, preset) for name in SCRIPTS for preset in ("small", "paper")),
        *((name, "faces") for name in ON_FACES),
        ("infogan", "stacked"),
    ],
    ids="-".join,
)
def experiment(request):
    name, preset = request.param
    module = importlib.import_module(f"experiments.{name}")
    return paper_preset(name) if preset == "paper" else getattr(module, preset.upper())


def paper_preset(name):
    module = importlib.import_module(f"experiments.{name}")
    return getattr(module, "PAPER", None) or getattr(module, SCRIPTS[name])()


REPEATS = ("n_critic", "generator_batches", "blocks")
"""Fields that repeat what is traced: once is enough to see whether all fits."""


def traced_quickly(experiment):
    there = {field.name for field in dataclasses.fields(experiment)}
    return dataclasses.replace(experiment, **{name: 1 for name in REPEATS if name in there})


class Pretended:
    """Examples of any shape, all black, with labels."""

    fingerprint = "black"

    def __init__(self, images: Images):
        self.classes = tuple(str(label) for label in range(10))
        if len(images.labels) > 1:
            known = {
                attribute.name: attribute.labels for attribute in STYLES["open_peeps"].attributes
            }
            self.classes = tuple(
                f"{name}={label}" for name in images.labels for label in known[name]
            )
        self._attributes = (len(images.labels),) if len(images.labels) > 1 else ()
        self._shape = images.shape

    def __len__(self):
        return 5000

    def read(self, indices):
        shape = len(indices), *self._shape
        if self._attributes:
            label = np.zeros((len(indices), *self._attributes), np.int32)
        else:
            label = indices.astype(np.int32) % 10
        return {"image": np.zeros(shape, np.uint8), "label": label}


def test_game_and_data_fit(experiment, monkeypatch):
    monkeypatch.setattr(Images, "source", lambda images: Pretended(images))
    taken = {}

    def pipeline(source, *, batch_size, **rules):
        taken.update(batch_size=batch_size)
        small = resident(source, seed=0, batch_size=2, **rules)
        return jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct((batch_size, *leaf.shape[1:]), leaf.dtype),
            small.shapes,
        )

    experiment = traced_quickly(experiment)
    batch = experiment.data(pipeline)
    game = experiment.game()
    state = jax.eval_shape(game.init, jax.random.key(0), batch)
    if experiment.images.dataset in (
        "digits",
        "stacked_digits",
        "faces/open_peeps_32",
    ):  # of the papers' networks, `init` sees what fits
        after, info = jax.eval_shape(game.update, jax.random.key(0), state, batch)
        assert jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), after) == jax.tree.map(
            lambda leaf: (leaf.shape, leaf.dtype), state
        )
        assert {"generator/loss", "discriminator/loss"} <= info.keys()
    inputs = experiment.inputs(jax.random.key(1), 20)
    made = jax.eval_shape(game.generate, jax.random.key(0), state, inputs)
    assert made.shape == (20, *batch["image"].shape[1:])


@pytest.mark.parametrize(
    ("name", "size", "channels"),
    [
        *((name, (28, 56), 1) for name in ("gan", "dcgan", "cgan", "acgan", "infogan", "r3gan")),
        *((name, 28, 4) for name in SCRIPTS),
    ],
)
def test_images_that_are_not_square_or_transparent(name, size, channels, monkeypatch):
    monkeypatch.setattr(Images, "source", lambda images: Pretended(images))
    small = importlib.import_module(f"experiments.{name}").SMALL
    images = dataclasses.replace(small.images, image_size=size, channels=channels)
    experiment = validated(traced_quickly(dataclasses.replace(small, images=images)))
    assert experiment.images.image_size == size
    batch = {
        "image": jax.ShapeDtypeStruct((2, *images.shape), np.float32),
        "label": jax.ShapeDtypeStruct((2,), np.int32),
    }
    game = experiment.game()
    state = jax.eval_shape(game.init, jax.random.key(0), batch)
    inputs = experiment.inputs(jax.random.key(1), 20)
    made = jax.eval_shape(game.generate, jax.random.key(0), state, inputs)
    assert made.shape == (20, *images.shape)


def test_round_of_r3gan_as_its_authors_augment_and_average():
    """The paper's networks are too large to trace a round of: small ones, with its choices."""
    from experiments import r3gan

    taken = {name: getattr(r3gan.PAPER, name) for name in ("augment", "augment_with", "half_life")}
    assert taken == {"augment": (0.0, 0.55), "augment_with": "bgc", "half_life": 5_000_000}
    experiment = dataclasses.replace(r3gan.SMALL, **taken)
    game, batch = experiment.game(), {"image": jax.ShapeDtypeStruct((4, 28, 28, 1), np.float32)}
    state = jax.eval_shape(game.init, jax.random.key(0), batch)
    after, info = jax.eval_shape(game.update, jax.random.key(0), state, batch)
    assert jax.tree.structure(after) == jax.tree.structure(state)
    assert "discriminator/augmentation_probability" in info


def test_configuration_survives_the_manifest(experiment):
    assert validated(experiment) == experiment
    assert from_plain(type(experiment), to_plain(experiment)) == experiment


@pytest.mark.parametrize(("n_critic", "thorough", "rounds"), [(5, 100, 20), (2, 20, 10), (5, 5, 1)])
def test_thorough_critic_of_wgan_is_the_authors(n_critic, thorough, rounds):
    """Against their loop: G's first 25 updates and each 500th are behind a thorough critic."""
    from experiments.wgan import WGAN

    expected = []
    for updates_of_g in range(1600):
        thoroughly = updates_of_g < 25 or updates_of_g % 500 == 0
        expected += [False] * (rounds - 1 if thoroughly else 0) + [True]
    plays = WGAN(n_critic=n_critic, thorough=thorough).generator_plays
    np.testing.assert_array_equal(jax.vmap(plays)(np.arange(len(expected))), expected)


@pytest.mark.parametrize(
    ("name", "architecture", "collections"),
    [
        ("wgan", "dcgan", {"batch_stats"}),
        ("wgan", "infogan", {"batch_stats"}),
        ("wgan_gp", "resnet", set()),
        ("wgan_gp", "dcgan", set()),
        ("wgan_gp", "infogan", set()),
        ("sngan", "resnet", {"spectral"}),
        ("sngan", "cnn", {"spectral"}),
        ("sngan", "dcgan", {"spectral"}),
        ("sngan", "infogan", {"spectral"}),
    ],
)
def test_what_keeps_a_critic_of_any_architecture_smooth(name, architecture, collections):
    small = traced_quickly(importlib.import_module(f"experiments.{name}").SMALL)
    size = 16 if architecture == "cnn" else 28
    images = dataclasses.replace(small.images, image_size=size)
    game = dataclasses.replace(small, architecture=architecture, images=images).game()
    batch = {"image": jax.ShapeDtypeStruct((8, size, size, 1), np.float32)}
    state = jax.eval_shape(game.init, jax.random.key(0), batch)
    jax.eval_shape(game.update, jax.random.key(0), state, batch)
    assert set(state.discriminator.collections) == collections


@pytest.mark.parametrize("architecture", ["dcgan", "infogan"])
def test_wgan_gps_critic_starts_as_he_has_it(architecture):
    """N(0, 0.02), without batch norm, would let the images fade on their way to the score."""
    small = importlib.import_module("experiments.wgan_gp").SMALL
    _, critic = dataclasses.replace(small, architecture=architecture, width=16).players()
    image = np.zeros((1, 28, 28, 1), np.float32)
    parameters = jax.jit(lambda: critic.init(jax.random.key(0), image, train=True))()["params"]
    trunk = {name: layer["kernel"] for name, layer in parameters.items() if name != "head"}
    assert len(trunk) == {"dcgan": 2, "infogan": 3}[architecture]
    for kernel in trunk.values():
        fan_in = kernel[..., 0].size
        np.testing.assert_allclose(kernel.std(), (2 / fan_in) ** 0.5, rtol=0.1)


def test_infogan_is_the_authors():
    """Their launcher for MNIST: 50 epochs of 100, lambda 1, noise and gains as they draw them."""
    paper = paper_preset("infogan")
    assert (paper.schedule.steps, paper.batch_size, paper.noise) == (50 * 100, 128, 62)
    assert (paper.categorical_weight, paper.continuous_weight) == (1, 1)
    latent = np.asarray(paper.latent(jax.random.key(0), 1000))
    assert latent.shape == (1000, 62 + 10 + 2)
    assert np.abs(latent[:, :62]).max() <= 1
    np.testing.assert_allclose(latent[:, :62].var(), 1 / 3, atol=0.01)
    narrow = dataclasses.replace(paper, width=8)
    black = np.zeros((8, 28, 28, 1), np.float32)
    state = jax.jit(narrow.game().init)(jax.random.key(0), {"image": black})
    gains = [
        np.asarray(leaf)
        for player in (state.generator, state.discriminator)
        for path, leaf in jax.tree_util.tree_leaves_with_path(player.parameters)
        if path[-1].key == "scale"
    ]
    assert [len(gain) for gain in gains] == [128, 784, 8, 16, 128, 128]
    deviations = np.concatenate(gains) - 1
    np.testing.assert_allclose(deviations.std(), 0.02, rtol=0.1)
    assert abs(deviations.mean()) < 0.003


def test_infogan_is_judged_by_its_prior():
    """Figures of what its pictures show, where noise repeats and codes walk, would be others."""
    small = importlib.import_module("experiments.infogan").SMALL
    drawn = small.latent.split(np.asarray(small.inputs(jax.random.key(0), 1000)["latent"]))
    assert len(np.unique(drawn.noise, axis=0)) == 1000
    assert np.abs(drawn.continuous).max() <= 1
    assert drawn.categorical[0].sum(axis=0).std() > 1  # by lots, not in turn


@pytest.mark.parametrize(
    "changes", [{"categorical": ()}, {"categorical": (5,)}, {"images": Images("openmoji/32")}]
)
def test_infogan_without_digits_or_a_code_of_ten_is_judged_as_others_are(changes, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "jaxgan.recipes.latents.evaluate_samples",
        lambda images, draw: seen.append(draw(3).shape) or {"typical": 1.0},
    )
    small = importlib.import_module("experiments.infogan").SMALL
    experiment = dataclasses.replace(small, **changes)
    figures = experiment.evaluate(lambda key, inputs: inputs["latent"], jax.random.key(0))
    assert figures == {"typical": 1.0}
    assert seen == [(3, 62 + sum(experiment.categorical) + 2)]


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        ("xgan", {"semantic": float("nan")}, r"semantic = nan will not .* finite .*\(--semantic\)"),
        ("tags", {"word_noise": float("inf")}, r"word_noise = inf will not do: .*--word-noise"),
        ("r3gan", {"gamma": (1.0, float("inf"))}, r"gamma = \[1.0, inf\] will not do"),
        ("xgan", {"adversarial": -1.0}, r"adversarial = -1.0 will not do: .*greater than or equal"),
        ("cyclegan", {"identity": -1.0}, r"identity = -1.0 will not do"),
    ],
)
def test_values_that_no_game_can_be_played_with(name, changes, says):
    small = importlib.import_module(f"experiments.{name}").SMALL
    with pytest.raises(ValueError, match=says):
        validated(dataclasses.replace(small, **changes))


def test_projection_has_networks_of_its_own():
    small = importlib.import_module("experiments.cgan").SMALL
    with pytest.raises(ValueError, match="projection has no networks like infogan's: give --arch"):
        dataclasses.replace(small, conditioning="projection", architecture="infogan")


def test_older_runs_of_infogan_keep_their_noise_and_gains():
    """Their manifests do not name what came later."""
    paper = paper_preset("infogan")
    values = to_plain(paper)
    for name in ("uniform_noise", "gain_spread", "affine"):
        del values[name]
    read = from_plain(type(paper), values)
    assert np.abs(read.latent(jax.random.key(0), 100)[:, :62]).max() > 2
    assert read.gain_spread == read.affine == 0


@pytest.mark.parametrize("name", ["wgan_gp", "sngan"])
def test_bytes_are_made_continuous_as_in_the_authors_code(name, monkeypatch):
    monkeypatch.setattr(Images, "source", lambda images: Pretended(images))

    def noise(experiment):
        batch = experiment.data(lambda source, **rules: pipeline(source, seed=0, **rules))(0)
        return np.asarray(batch["image"]) + 1  # the images are black

    paper = dataclasses.replace(paper_preset(name), batch_size=2, n_critic=1)
    assert 0 <= noise(paper).min() < 1 / 1280
    assert 9 / 1280 < noise(paper).max() <= 1 / 128
    values = to_plain(paper)
    del values["images"]["dequantise"]  # as in an older run's manifest
    assert noise(from_plain(type(paper), values)).max() == 0
    small = importlib.import_module(f"experiments.{name}").SMALL
    assert not small.images.dequantise


def test_sngans_networks_have_the_papers_widths():
    from experiments.sngan import SNGAN

    def widths(architecture, **others):
        generator, normed = SNGAN(architecture=architecture, **others).players()
        return generator.width, normed.network.width

    assert widths("resnet") == (256, 128)
    assert widths("cnn") == (64, 64)
    assert widths("cnn", generator_width=8, discriminator_width=4) == (8, 4)


@pytest.mark.parametrize("conditioning", ["append", "multiply", "projection"])
def test_ways_to_condition(conditioning):
    from experiments.cgan import SMALL

    game = dataclasses.replace(SMALL, conditioning=conditioning).game()
    batch = {
        "image": jax.ShapeDtypeStruct((8, 28, 28, 1), np.float32),
        "label": jax.ShapeDtypeStruct((8,), np.int32),
    }
    state = jax.eval_shape(game.init, jax.random.key(0), batch)
    jax.eval_shape(game.update, jax.random.key(0), state, batch)
    with pytest.raises(ValueError, match="'label', and there is only 'image'"):
        jax.eval_shape(game.init, jax.random.key(0), {"image": batch["image"]})


def test_pictures_of_infogan():
    """Columns are the values of the categorical code; rows six to ten walk a continuous one."""
    from experiments.infogan import SMALL

    coded = SMALL.latent.split(SMALL.shown(jax.random.key(0), 200)["latent"])
    np.testing.assert_array_equal(coded.categorical[0].argmax(1), np.arange(200) % 10)
    walk = coded.continuous[3:200:10]  # one column, twenty rows
    np.testing.assert_allclose(walk[5:10, 0], [-1.5, -0.75, 0, 0.75, 1.5])
    np.testing.assert_allclose(walk[15:20, 1], [-1.5, -0.75, 0, 0.75, 1.5])
    np.testing.assert_array_equal(walk[5:10, 1], 0)
    for rows in (slice(5, 10), slice(15, 20)):
        noise = coded.noise[3:200:10][rows]
        np.testing.assert_array_equal(noise, noise[:1].repeat(5, 0))
    assert (abs(walk[:5]) <= 1).all()


def test_wgans_small_slopes_are_not_damped(monkeypatch):
    """RMSProp's epsilon is outside of its root: steps do not depend on how large slopes are."""
    module = importlib.import_module("experiments.wgan")
    players = {}
    monkeypatch.setattr(module.games, "adversarial", lambda *_, **rules: players.update(rules))
    module.WGAN().game()
    for optimiser in players["generator_optimiser"], players["discriminator_optimiser"]:
        weights = np.zeros(1, np.float32)
        steps = [
            optimiser.update(np.full(1, slope, np.float32), optimiser.init(weights), weights)[0]
            for slope in (1e-5, 1.0)
        ]
        np.testing.assert_allclose(steps[0], steps[1], rtol=0.02)
        np.testing.assert_allclose(steps[1], -10 * 5e-5, rtol=0.02)


@pytest.mark.parametrize("name", ON_FACES)
def test_faces_without_their_extra(name, monkeypatch, tmp_path, capsys):
    module = importlib.import_module(f"experiments.{name}")
    monkeypatch.setitem(sys.modules, "dicebear", None)
    words = ("--data-dir", tmp_path / "data", "--directory", tmp_path / "run")
    arguments = ["train", "--preset", "faces", *map(str, words)]
    with pytest.raises(SystemExit) as stop:
        cli.main(small=module.SMALL, presets={"faces": module.FACES}, arguments=arguments)
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert told.endswith("needs 'dicebear' once: pip install 'jaxgan[faces]'\n")
    assert told.count("\n") == 1
    assert not (tmp_path / "run").exists()


OTHERS = ("stylegan", "stylegan2", "toy", "tags", "pix2pix", "cyclegan", "one_way", "xgan")


@pytest.mark.parametrize("name", [*SCRIPTS, *OTHERS])
def test_what_is_named_as_a_protocols_method_is_that_method(name):
    """Protocols are known by the names of their methods alone."""
    module = importlib.import_module(f"experiments.{name}")
    kind = type(module.SMALL if hasattr(module, "SMALL") else module.PRESETS["small"])
    protocols = [
        one for one in vars(experiment_module).values() if getattr(one, "_is_protocol", False)
    ]
    assert len(protocols) > 9
    for protocol in protocols:
        for method, declared in vars(protocol).items():
            if (
                inspect.isfunction(declared)
                and not method.startswith("_")
                and hasattr(kind, method)
            ):
                asked = list(inspect.signature(declared).parameters)
                assert list(inspect.signature(getattr(kind, method)).parameters) == asked, method
