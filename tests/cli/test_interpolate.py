"""Strips and animations, with images that are their latents."""

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from jaxgan import training
from jaxgan.latents import slerp, smoothstep
from tests.painted import (
    BRIGHTER,
    HALF_A_BYTE,
    MEAN,
    SIZE,
    Dressed,
    Painted,
    W,
    cells,
    sampled,
    styles,
)

PAINTED, LABELLED = Painted(), Painted(classes=3)
DRESSED, DRESSED_TO_LABELS = Dressed(), Dressed(classes=3)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each."""
    folder = tmp_path_factory.mktemp("interpolate")
    found = {}
    for experiment in (PAINTED, LABELLED, DRESSED, DRESSED_TO_LABELS):
        found[experiment] = folder / f"run{len(found)}"
        training.train(experiment, found[experiment], name="painted", devices=1)
    return found


def drawn(line, runs, tmp_path, experiment, *words, columns):
    output = tmp_path / "sheet.png"
    out = line.done(experiment, "interpolate", runs[experiment], *words, "--output", output)
    assert f"{output} is a sheet of step 1: from the left to the right" in out
    return cells(output, columns)


def between(points, shares, way):
    """Strips of neighbouring points, `[rows, columns, D]`."""
    ends = zip(points[::2], points[1::2], strict=True)
    return np.stack([[way(start, end, share) for share in shares] for start, end in ends])


def straight(start, end, share):
    return start + share * (end - start)


def test_strips_go_round_the_sphere_of_latents(line, runs, tmp_path):
    words = ("--rows", 2, "--columns", 5, "--seed", 7)
    found = drawn(line, runs, tmp_path, PAINTED, *words, columns=5)
    latents = sampled(PAINTED, 7, 4)["latent"]
    expected = between(latents, np.linspace(0, 1, 5), lambda a, b, t: np.asarray(slerp(a, b, t)))
    np.testing.assert_allclose(found, expected, **HALF_A_BYTE)
    flat = between(latents, np.linspace(0, 1, 5), straight)
    assert np.abs(expected - flat).max() > 0.05  # the sphere is another way


def test_strips_of_four_and_eight(line, runs):
    line.done(PAINTED, "interpolate", runs[PAINTED], "--seed", 9)
    found = cells(runs[PAINTED] / "generated" / "interpolate_seed_9.png", 8)
    latents = sampled(PAINTED, 9, 8)["latent"]
    np.testing.assert_allclose(found[:, 0], latents[::2], **HALF_A_BYTE)
    np.testing.assert_allclose(found[:, -1], latents[1::2], **HALF_A_BYTE)


@pytest.mark.parametrize(("words", "labels"), [((), [0, 1, 2, 0]), (("--label", 2), [2] * 4)])
def test_each_row_has_a_label(line, runs, tmp_path, words, labels):
    found = drawn(line, runs, tmp_path, LABELLED, "--columns", 2, *words, columns=2)
    latents = sampled(LABELLED, 0, 8)["latent"]
    for row, label in enumerate(labels):
        expected = latents[2 * row : 2 * row + 2] + BRIGHTER * label
        np.testing.assert_allclose(found[row], expected, **HALF_A_BYTE)
    in_w = drawn(line, runs, tmp_path / "w", DRESSED_TO_LABELS, "--columns", 2, *words, columns=2)
    inputs = sampled(LABELLED, 0, 8) | {"label": np.repeat(labels, 2)}
    np.testing.assert_allclose(in_w[..., :W], styles(inputs).reshape(4, 2, W), **HALF_A_BYTE)


@pytest.mark.parametrize("psi", [None, 0.5])
@pytest.mark.parametrize("space", [None, "w", "z"])
def test_strips_of_styles_are_straight(line, runs, tmp_path, space, psi):
    words = ["--rows", 1, "--columns", 4]
    words += [] if space is None else ["--space", space]
    words += [] if psi is None else ["--truncation", psi]
    found = drawn(line, runs, tmp_path, DRESSED, *words, columns=4)[..., :W]
    latents = sampled(DRESSED, 0, 2)["latent"]
    way = straight if space != "z" else lambda a, b, t: np.asarray(slerp(a, b, t))
    w = between(latents, np.linspace(0, 1, 4), way)[..., :W]
    near = w if psi is None else MEAN + psi * (w - MEAN)
    np.testing.assert_allclose(found, near, **HALF_A_BYTE)


OF_FEW_COLOURS = {"atol": 0.04}


def frames(path):
    """The frames of an animation, the last row of each: `[N, SIZE]` in [-1, 1]."""
    found = []
    with Image.open(path) as animation:
        assert animation.info["loop"] == 0
        for number in range(animation.n_frames):
            animation.seek(number)
            assert animation.info["duration"] == 50
            pixels = np.asarray(animation.convert("L"), np.float64)
            found.append(pixels[-1, :: pixels.shape[1] // SIZE] / 127.5 - 1)
    return np.stack(found)


def test_an_animation_sets_out_slowly_and_comes_back(line, runs, tmp_path):
    output = tmp_path / "a.gif"
    words = ("interpolate", runs[DRESSED], "--animation", "--rows", 3, "--columns", 4)
    out = line.done(DRESSED, *words, "--output", output)
    assert f"{output} is an animation of step 1: 12 frames through 3 images in w" in out
    anchors = styles(sampled(DRESSED, 0, 3))
    shares = np.asarray(smoothstep(jnp.arange(4) / 4))
    expected = [
        straight(anchors[number], anchors[(number + 1) % 3], share)
        for number in range(3)
        for share in shares
    ]
    np.testing.assert_allclose(frames(output)[:, :W], expected, **OF_FEW_COLOURS)


@pytest.mark.parametrize(("words", "label"), [((), 0), (("--label", 2), 2)])
def test_an_animation_in_z_is_of_one_label(line, runs, words, label):
    words = ("interpolate", runs[LABELLED], "--animation", "--rows", 2, "--columns", 1, *words)
    line.done(LABELLED, *words)
    name = "interpolate_seed_0_label_2.gif" if label else "interpolate_seed_0.gif"
    found = frames(runs[LABELLED] / "generated" / name)
    expected = sampled(LABELLED, 0, 2)["latent"] + BRIGHTER * label
    np.testing.assert_allclose(found, expected, **OF_FEW_COLOURS)


def test_an_animation_through_labels_in_w(line, runs, tmp_path):
    words = ("--animation", "--rows", 3, "--columns", 1, "--output", tmp_path / "a.gif")
    line.done(DRESSED_TO_LABELS, "interpolate", runs[DRESSED_TO_LABELS], *words)
    expected = styles(sampled(DRESSED_TO_LABELS, 0, 3))
    np.testing.assert_allclose(frames(tmp_path / "a.gif")[:, :W], expected, **OF_FEW_COLOURS)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--rows", 0), "--rows must be 1 or more, not 0"),
        (("--columns", 1), "--columns must be 2 or more, not 1"),
        (("--columns", 2000), "8,000 images"),
        (("--space", "w"), "are not made of styles: give --space z"),
        (("--truncation", 0.5), "are not made of styles"),
        (("--truncation", -0.5), "--truncation -0.5 leads to the other side"),
        (("--label", 1), "not conditional: leave --label out"),
        (("--step", 9), "no checkpoint of step 9"),
        (("--animation", "--rows", 1), "--rows must be 2 or more, not 1"),
        (("--animation", "--columns", 0), "--columns must be 1 or more, not 0"),
        (("--animation", "--rows", 1000), "24,000 images"),
        (("--output", "a.gif"), "a sheet is a PNG, and a.gif is not called one: name a FILE.png"),
        (("--animation", "--output", "a.png"), "an animation is a GIF, and a.png is not called"),
    ],
)
def test_what_cannot_be_drawn(line, runs, words, says):
    line.refused(PAINTED, "interpolate", runs[PAINTED], *words, says=says)


def test_nothing_is_written_over(line, runs, tmp_path):
    for suffix, words in (("png", ()), ("gif", ("--animation",))):
        output = tmp_path / f"a.{suffix}"
        output.write_text("mine")
        words = (*words, "--output", output)
        line.refused(PAINTED, "interpolate", runs[PAINTED], *words, says="is there already")
        assert output.read_text() == "mine"


def test_help(line):
    out = " ".join(line.done(PAINTED, "interpolate", "--help").split())
    assert "Draw the images between two: a row for each pair" in out
    for flag in ("--rows", "--columns", "--animation", "--space {None,z,w}", "--truncation"):
        assert flag in out
