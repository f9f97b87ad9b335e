"""The verb `translate`, with a game that costs nothing."""

import dataclasses
import functools
import os
import shutil
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from jaxgan import cli, games, training
from jaxgan.data import ArraySource, Stretch
from jaxgan.training import Schedule

NAME = Path(__file__).stem
TRACES = []


@dataclasses.dataclass(frozen=True)
class Negatives:
    """From a to b: negatives. From b to a: half as bright. Sides in multiples of 4."""

    schedule: Schedule = Schedule(steps=1)
    channels: int = 3
    sides: tuple[str, ...] = ("a", "b")
    values: tuple[float, float] | None = None
    sizes = range(4, sys.maxsize, 4)

    @property
    def transform(self):
        return Stretch(8, self.channels)

    @property
    def value_range(self):
        return self.values

    def game(self):
        def generate(key, state, inputs):
            ((side, images),) = inputs.items()
            TRACES.append(images.shape)
            assert images.dtype == jnp.float32
            assert all(side in self.sizes for side in images.shape[1:3])
            if images.size > 1 << 19:
                raise ValueError(f"{images.shape} will not do: there is no room\nso there")
            noise = jax.random.uniform(key, (len(images), 1, 1, images.shape[3]))
            images = images.at[:, :1, :1].set(noise)
            return -images * state["rounds"] if side == "a" else (images - 1) / 2

        return games.Game(
            init=lambda key, batch: {"rounds": jnp.float32(0)},
            update=lambda key, state, batch: (
                {"rounds": state["rounds"] + 1},
                {"loss": jnp.zeros(())},
            ),
            generate=generate,
        )

    def data(self, pipeline):
        images = np.zeros((4, 4, 4, self.channels), np.uint8)
        return pipeline(ArraySource({"a": images, "b": images}), batch_size=2, flip=False)

    def inputs(self, key, count):
        return {"a": jax.random.uniform(key, (count, 4, 4, self.channels))}


@dataclasses.dataclass(frozen=True)
class Mute:
    """Has a game of pictures, and does not say of which sides."""

    schedule: Schedule = Schedule(steps=1)
    channels: int = 3
    game, data, inputs = Negatives.game, Negatives.data, Negatives.inputs


@pytest.fixture
def call(capfd, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"])

    def call(experiment, *words):
        with pytest.raises(SystemExit) as stop:
            cli.main(experiment, small=experiment, arguments=[str(word) for word in words])
        captured = capfd.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def run_of(tmp_path_factory):
    @functools.cache
    def run_of(experiment):
        directory = tmp_path_factory.mktemp("runs") / "run"
        training.train(experiment, directory, name=NAME, devices=1)
        return directory

    return run_of


@pytest.fixture
def translate(call, run_of, tmp_path):
    run, output = run_of(Negatives()), tmp_path / "out"

    def translate(*words):
        return call(Negatives(), "translate", run, *words, "--output", output)

    return translate


def save(path, shape=(8, 12), channels=3, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (*shape, channels), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(path)
    return pixels


def load(path):
    with Image.open(path) as image:
        return np.asarray(image)


def same(path, expected):
    """All but the pixel with the noise."""
    found = load(path).astype(int)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found.reshape(-1, 3)[1:], expected.reshape(-1, 3)[1:], atol=1)


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def refused(result, *sentences):
    code, _, error = result
    assert code == 2
    (line,) = error.strip().splitlines()
    for sentence in ("error: ", *sentences):
        assert sentence in line


def test_a_picture(translate, tmp_path):
    pixels = save(tmp_path / "in" / "Fjord 1.png")
    code, out, error = translate(tmp_path / "in" / "Fjord 1.png")
    assert code == 0, error
    assert "1 picture by step 1 is" in out
    assert names(tmp_path / "out") == ["Fjord 1.png", "sheet.png"]
    same(tmp_path / "out" / "Fjord 1.png", 255 - pixels)


def test_the_other_side(translate, tmp_path):
    pixels = save(tmp_path / "x.png")
    assert translate(tmp_path / "x.png", "--side", "b")[0] == 0
    same(tmp_path / "out" / "x.png", pixels // 2)


def test_folders_and_files(translate, tmp_path):
    folder = tmp_path / "in"
    expected = {
        "one.png": save(folder / "one.png", seed=1),
        "deep/one.png": save(folder / "deep" / "one.png", (4, 4), seed=2),
        "deep/er/two.png": save(folder / "deep" / "er" / "two.bmp", seed=3),
        "grey.png": save(folder / "grey.png", channels=1, seed=4).repeat(3, axis=-1),
        "m.png": save(tmp_path / "more" / "m.tif", (4, 4), seed=5),
    }
    save(folder / ".hidden.png")
    code, out, error = translate(folder, tmp_path / "more" / "m*")
    assert code == 0, error
    assert error == f"passed over in {folder}: 1 hidden\n"
    assert "5 pictures" in out
    assert names(tmp_path / "out") == sorted([*expected, "sheet.png"])
    for name, pixels in expected.items():
        same(tmp_path / "out" / name, 255 - pixels)


def test_batches_of_equal_size(translate, tmp_path):
    pixels = {}
    for index in range(5):
        pixels[f"{index}.png"] = save(tmp_path / "in" / f"{index}.png", seed=index)
    for index in range(5, 7):
        pixels[f"{index}.png"] = save(tmp_path / "in" / f"{index}.png", (4, 8), seed=index)
    TRACES.clear()
    assert translate(tmp_path / "in", "--batch-size", 3)[0] == 0
    assert TRACES == [(3, 8, 12, 3), (2, 4, 8, 3)]  # each shape is compiled once
    noise = set()
    for name, expected in pixels.items():
        same(tmp_path / "out" / name, 255 - expected)
        noise.add(tuple(load(tmp_path / "out" / name)[0, 0]))
    assert len(noise) == 7


def test_noise_is_of_the_seed(call, run_of, tmp_path):
    run = run_of(Negatives())
    save(tmp_path / "x.png")
    made = []
    for index, seed in enumerate((0, 0, 1)):
        output = tmp_path / f"out{index}"
        call(Negatives(), "translate", run, tmp_path / "x.png", "--output", output, "--seed", seed)
        made.append(load(output / "x.png"))
    np.testing.assert_array_equal(made[0], made[1])
    assert (made[0][0, 0] != made[2][0, 0]).any()


def test_any_size_is_kept(translate, tmp_path):
    shapes = (7, 9), (5, 11), (1, 2)  # the first two become 8x12
    pixels = {shape: save(tmp_path / "in" / f"{shape[0]}.png", shape) for shape in shapes}
    TRACES.clear()
    assert translate(tmp_path / "in")[0] == 0
    assert set(TRACES) == {(1, 4, 4, 3), (2, 8, 12, 3)}
    for shape in shapes[1:]:  # what is added above them has the noise
        made = load(tmp_path / "out" / f"{shape[0]}.png").astype(int)
        np.testing.assert_allclose(made, 255 - pixels[shape], atol=1)
    same(tmp_path / "out" / "7.png", 255 - pixels[7, 9])


def test_resized_as_the_run_was(translate, tmp_path):
    """The run's pictures are stretched to 8x8."""
    pixels = np.full((10, 40, 3), 100, np.uint8)
    pixels[:, :15] = 200
    Image.fromarray(pixels).save(tmp_path / "x.png")
    for fit, left in (("run", 55), ("crop", 155)):
        assert translate(tmp_path / "x.png", "--fit", fit)[0] == 0
        made = load(tmp_path / "out" / "x.png")
        assert made.shape == (8, 8, 3)
        np.testing.assert_allclose(made[1:, :2], left, atol=9)  # Lanczos's filter rings
        shutil.rmtree(tmp_path / "out")
    assert translate(tmp_path / "x.png", "--image-size", 16)[0] == 0
    made = load(tmp_path / "out" / "x.png")
    assert made.shape == (16, 16, 3)
    np.testing.assert_allclose(made[1:, :4], 55, atol=9)


def test_an_older_checkpoint(call, run_of, tmp_path):
    experiment = Negatives(Schedule(steps=2, checkpoint_every=1))
    Image.new("RGB", (4, 4), (102, 102, 102)).save(tmp_path / "x.png")  # -0.2
    words = ("translate", run_of(experiment), tmp_path / "x.png", "--output")
    for step, made in ((2, 178), (1, 153)):
        code, out, error = call(experiment, *words, tmp_path / str(step), "--step", step)
        assert code == 0, error
        assert f"by step {step} " in out
        assert abs(int(load(tmp_path / str(step) / "x.png")[2, 2, 0]) - made) <= 1
    refused(call(experiment, *words, tmp_path / "out", "--step", 7), "no checkpoint of step 7", "1")
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_translated_loses_nothing(translate, tmp_path):
    """There is no room for four of 240x240, nor for one of 512x512."""
    (tmp_path / "in").mkdir()
    for index in range(6):
        size = {4: (512, 512), 5: (8, 8)}.get(index, (240, 240))
        Image.new("RGB", size, (index, 0, 0)).save(tmp_path / "in" / f"{index}.png")
    refused(
        translate(tmp_path / "in"),
        *("1 of 6 pictures could not be translated, first", "4.png (", "there is no room)"),
        *("give --image-size", "5 pictures by step 1 are in "),
    )
    assert names(tmp_path / "out") == [*(f"{index}.png" for index in (0, 1, 2, 3, 5)), "sheet.png"]
    for index in (0, 1, 2, 3, 5):
        assert abs(int(load(tmp_path / "out" / f"{index}.png")[2, 2, 0]) - (255 - index)) <= 1


def test_unreadable_pictures_are_left_out(translate, tmp_path):
    good = os.fsdecode(b"\xe9.png")  # no UTF-8
    pixels = save(tmp_path / "in" / good)
    (tmp_path / "in" / "b\n\x1b[7m.png").write_bytes((tmp_path / "in" / good).read_bytes()[:80])
    (tmp_path / "c.doc").write_text("word")
    refused(translate(tmp_path / "in"), r"in/b\n\x1b[7m.png cannot be decoded", "1 of 2")
    words = (tmp_path / "in", tmp_path / "c.doc", "--skip-unreadable")
    refused(translate(*words[1:]), "c.doc cannot be decoded", "1 of 1 pictures are like that")
    code, out, error = translate(*words)
    assert code == 0
    assert "1 picture by step 1 is in " in out
    assert "left out: 2" in out
    for line, name in zip(error.splitlines(), (r"in/b\n\x1b[7m.png", "c.doc"), strict=True):
        assert f"left out: {tmp_path / name} cannot be decoded as an image (" in line
    assert names(tmp_path / "out") == ["sheet.png", good]
    same(tmp_path / "out" / good, 255 - pixels)


def test_grey_runs_see_grey(call, run_of, tmp_path):
    experiment = Negatives(channels=1)
    run = run_of(experiment)
    Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "red.png")
    code, *_ = call(experiment, "translate", run, tmp_path / "red.png", "--output", tmp_path / "o")
    assert code == 0
    made = load(tmp_path / "o" / "red.png")
    assert made.shape == (8, 8)
    assert abs(int(made[4, 4]) - (255 - 76)) <= 1  # 76 is the luma of red


def test_ranges(call, run_of, tmp_path):
    """Twelve bits in sixteen: the file's range would be all black."""
    pixels = np.linspace(0, 4095, 32).reshape(4, 8).astype(np.uint16)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    expected = 255 - np.round(pixels / 4095 * 255)[..., None].repeat(3, axis=-1)
    plain, ranged = Negatives(), Negatives(values=(0.0, 4095.0))
    cases = (plain, ("--range", 0, 4095)), (ranged, ()), (ranged, ("--range", 0, 8190))
    for number, (experiment, words) in enumerate(cases):
        output = tmp_path / str(number)
        words = ("translate", run_of(experiment), tmp_path / "x.png", "--output", output, *words)
        code, _, error = call(experiment, *words)
        assert code == 0, error
        brighter = number == 2  # the negative of half as much
        same(output / "x.png", (255 + expected) / 2 if brighter else expected)
    words = ("translate", run_of(plain), tmp_path / "x.png", "--output", tmp_path / "out")
    refused(call(plain, *words, "--range", 4095, 0), "wrong way round", "--range 0 4095")
    Image.fromarray(pixels.astype(np.int32) * 9).save(tmp_path / "y.tiff")
    words = ("translate", run_of(plain), tmp_path / "y.tiff", "--output", tmp_path / "out")
    refused(call(plain, *words), "y.tiff holds whole numbers from 0 to 36855", "--range LOW HIGH")
    assert not (tmp_path / "out").exists()


def test_sheet(translate, tmp_path):
    for index in range(17):
        shade = 10 * index
        size = (128, 64) if index % 2 else (64, 64)
        Image.new("RGB", size, (shade, 0, 0)).save(tmp_path / f"{index:02}.png")
    assert translate(tmp_path / "*.png")[0] == 0
    sheet = load(tmp_path / "out" / "sheet.png").astype(int)
    assert sheet.shape == (4 * 130 + 2, 8 * 130 + 2, 3)
    for index in range(16):
        row, column = divmod(2 * index, 8)
        for offset, red in ((0, 10 * index), (1, 255 - 10 * index)):
            centre = sheet[130 * row + 66, 130 * (column + offset) + 66]
            assert abs(centre[0] - red) <= 2
    assert (sheet[4, 2 * 130 + 66] == 255).all()  # the second picture does not fill its box


def test_what_cannot_be_read(translate, tmp_path, monkeypatch):
    save(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b.png").write_bytes((tmp_path / "in" / "a.png").read_bytes()[:80])
    refused(translate(tmp_path / "in"), "b.png cannot be decoded", "1 of 2", "--skip-unreadable")
    (tmp_path / "in" / "c.doc").write_text("word")
    refused(translate(tmp_path / "in" / "c.doc"), "c.doc cannot be decoded")
    refused(translate(tmp_path / "nowhere"), "there are no pictures at", "nowhere")
    refused(translate(), "there is nothing to translate")
    (tmp_path / "empty").mkdir()
    refused(translate(tmp_path / "empty"), "there are no images in", "empty")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    save(tmp_path / "wide.png", (2, 26))
    refused(translate(tmp_path / "wide.png"), "wide.png would go in with 4 x 28 pixels, and 100 ")
    save(tmp_path / "giant.png", (10, 11))
    refused(translate(tmp_path / "giant.png"), "giant.png cannot be decoded as", " 100 pixels")
    assert not (tmp_path / "out").exists()


def test_sizes_that_the_network_does_not_allow(translate, tmp_path):
    save(tmp_path / "a.png", (500, 333), channels=1)
    refused(translate(tmp_path / "a.png", "--image-size", 6), "multiples of 4", "take 4 or 8 for 6")
    refused(translate(tmp_path / "a.png", "--image-size", 0), "0 pixels are empty")
    assert not (tmp_path / "out").exists()


def test_folders_that_hold_something(translate, tmp_path):
    save(tmp_path / "x.png")
    save(tmp_path / "out" / "y.png")
    refused(translate(tmp_path / "x.png"), "already holds something", "--output")
    assert names(tmp_path / "out") == ["y.png"]


def test_flags_that_will_not_do(translate, tmp_path):
    save(tmp_path / "x.png")
    refused(translate(tmp_path / "x.png", "--side", "c"), "--side must be a or b, not c")
    refused(translate(tmp_path / "x.png", "--batch-size", 0), "--batch-size must be 1 or more")
    assert not (tmp_path / "out").exists()


def test_experiments_that_do_not_translate(call):
    code, _, error = call(Mute(), "translate", "run", "x.png", "--output", "out")
    assert code == 2
    assert "Available subcommands: train, resume, sample, report, reproduce, export," in error


def test_no_run(call, tmp_path):
    save(tmp_path / "x.png")
    result = call(
        Negatives(), "translate", tmp_path, tmp_path / "x.png", "--output", tmp_path / "o"
    )
    refused(result, "is no run")
