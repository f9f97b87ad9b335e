"""Images along directions, with images that are their latents."""

import numpy as np
import pytest
from PIL import Image

from jaxgan import latents, training
from jaxgan.cli import directions, groups
from tests.painted import (
    ATTRIBUTES,
    BRIGHTER,
    HALF_A_BYTE,
    LAYERS,
    SIZE,
    Dressed,
    Painted,
    W,
    Z,
    cells,
    sampled,
    seeing,
    styles,
)

PAINTED, LABELLED = Painted(), Painted(classes=3)
DRESSED, DRESSED_TO_LABELS = Dressed(), Dressed(classes=3)
BAND = 18


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each."""
    folder = tmp_path_factory.mktemp("traverse")
    found = {}
    for experiment in (PAINTED, LABELLED, DRESSED, DRESSED_TO_LABELS):
        found[experiment] = folder / f"run{len(found)}"
        training.train(experiment, found[experiment], name="painted", devices=1)
    return found


@pytest.fixture
def classifier(monkeypatch):
    for module in (groups, directions):
        monkeypatch.setattr(module, "attribute_labels", lambda images: ATTRIBUTES)
    monkeypatch.setattr(groups, "attribute_classifier", lambda images: seeing)


def traversed(line, runs, tmp_path, experiment, *words, columns=7):
    """The sheets, what was said, and the directions."""
    folder = tmp_path / "sheets"
    out = line.done(experiment, "traverse", runs[experiment], *words, "--output", folder)
    directions = np.load(folder / "directions.npy")
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, rtol=1e-5)
    assert len(list(folder.iterdir())) == len(directions) + 1
    sheets = [folder / f"{number + 1}.png" for number in range(len(directions))]
    found = [cells(sheet, columns, top=BAND) for sheet in sheets]
    return found, out, directions


def walked(points, directions, samples, reach):
    """The points of sheets: `[K, rows, columns, D]`."""
    deviations = (samples @ directions.T).std(axis=0)
    ways = directions * deviations[:, None]
    return points[None, :, None] + reach[None, None, :, None] * ways[:, None, None]


def check(found, expected):
    np.testing.assert_allclose(np.stack(found), np.clip(expected, -1, 1), **HALF_A_BYTE)


def test_what_weights_move_most(line, runs, tmp_path):
    """The kernel has three columns of the first number, two of the second, one of the third."""
    words = ("--count", 3, "--rows", 2, "--draws", 200, "--strength", 1.5)
    found, out, directions = traversed(line, runs, tmp_path, PAINTED, *words)
    np.testing.assert_allclose(directions, np.eye(Z)[:3], atol=1e-6)
    for number, strength in enumerate((3, 2, 1)):
        assert f"{number + 1}.png: strength {strength}\n" in out
    samples = sampled(PAINTED, 0, 200)["latent"]
    check(found, walked(samples[:2], directions, samples, np.linspace(-1.5, 1.5, 7)))
    assert "in z, from -1.5 to 1.5 deviations" in out


def test_steps_stand_above_the_columns(line, runs, tmp_path):
    words = ("--count", 1, "--columns", 3, "--rows", 1, "--draws", 10)
    found, _, _ = traversed(line, runs, tmp_path, PAINTED, *words, columns=3)
    with Image.open(tmp_path / "sheets" / "1.png") as image:
        band = np.asarray(image)[:BAND] < 128
    for part in np.array_split(band, 3, axis=1):
        assert part.any()
    check(found[0][:, 1], sampled(PAINTED, 0, 1)["latent"])  # the middle is the image itself


@pytest.mark.parametrize(("layers", "moving"), [(None, [0, 1]), ("0-0", [0]), ("1", [1])])
def test_layers_of_styles(line, runs, tmp_path, layers, moving):
    words = ["--count", 1, "--rows", 2, "--draws", 50, "--columns", 3, "--strength", 1]
    words += [] if layers is None else ["--layers", layers]
    found, _, directions = traversed(line, runs, tmp_path, DRESSED, *words, columns=3)
    samples = styles(sampled(DRESSED, 0, 50))
    w = walked(samples[:2], directions, samples, np.linspace(-1, 1, 3))
    if LAYERS - 1 not in moving:
        w = np.broadcast_to(samples[:2][None, :, None], w.shape)
    check([found[0][..., :W]], w)  # the last row of an image, which is of the last layer
    with Image.open(tmp_path / "sheets" / "1.png") as image:
        top = np.asarray(image.convert("L"), np.float64)[BAND + 32 + 8, 32 : 32 + 64 : 16]
    first = samples[0] + (0 in moving) * -directions[0] * (samples @ directions[0]).std()
    np.testing.assert_allclose(top[:W] / 127.5 - 1, first, **HALF_A_BYTE)


def test_components_of_styles(line, runs, tmp_path):
    words = ("--directions", "components", "--count", 2, "--draws", 60, "--truncation", 0.5)
    found, out, directions = traversed(line, runs, tmp_path, DRESSED, *words)
    samples = 0.25 + 0.5 * (styles(sampled(DRESSED, 0, 60)) - 0.25)
    expected = latents.principal_components(samples)
    np.testing.assert_allclose(directions, expected.directions[:2], atol=1e-4)
    assert f"1.png: deviation {expected.deviations[0]:.3g}\n" in out
    w = [sheet[..., :W] for sheet in found]
    check(w, walked(samples[:4], directions, samples, np.linspace(-3, 3, 7)))


@pytest.mark.parametrize("experiment", [PAINTED, LABELLED])
def test_components_of_images_in_z(line, runs, tmp_path, experiment):
    words = ("--directions", "components", "--count", 2, "--draws", 60, "--rows", 3)
    found, out, directions = traversed(line, runs, tmp_path, experiment, *words)
    inputs = sampled(experiment, 0, 60)
    samples = inputs["latent"]
    brighter = BRIGHTER * inputs.get("label", np.zeros(60))[:, None]
    images = np.repeat((samples + brighter)[:, None], SIZE, axis=1).reshape(60, -1)
    expected = latents.regressed_directions(samples, images, 2)
    np.testing.assert_allclose(directions, expected, atol=1e-4)
    assert "1.png: component 1 of the images" in out
    sheets = walked(samples[:3], directions, samples, np.linspace(-3, 3, 7))
    check(found, sheets + brighter[:3, None][None])


def test_the_direction_of_an_attribute(line, runs, tmp_path, classifier):
    words = ("--directions", "right=bright", "--draws", 200)
    found, out, directions = traversed(line, runs, tmp_path, PAINTED, *words)
    assert directions.shape == (1, Z)
    assert directions[0, 1] > 0.97
    assert "1.png: right=bright, which of held-out samples" in out
    samples = sampled(PAINTED, 0, 200)["latent"]
    check(found, walked(samples[:4], directions, samples, np.linspace(-3, 3, 7)))


def test_a_name_alone_is_what_is_there(line, runs, tmp_path, classifier):
    for where, words, sign in (("a", "left", 1), ("b", "left=no", -1)):
        words = ("--directions", words, "--draws", 300, "--rows", 1)
        _, _, directions = traversed(line, runs, tmp_path / where, PAINTED, *words)
        assert sign * directions[0, 0] > 0.97


def test_an_attribute_without_another(line, runs, tmp_path, classifier):
    """What two attributes have in common is left out."""
    words = ("--directions", "left,right=bright", "--draws", 300, "--rows", 1)
    _, _, both = traversed(line, runs, tmp_path / "both", PAINTED, *words)
    assert min(both[0, :2]) > 0.4
    samples = sampled(PAINTED, 0, 300)["latent"]
    other = latents.separator(samples, samples[:, 1] > 0).direction
    for asked, keep in (("left,right=bright", "right=bright"), ("left", "others")):
        words = ("--directions", asked, "--draws", 300, "--rows", 1, "--keep", keep)
        _, out, found = traversed(line, runs, tmp_path / keep, PAINTED, *words)
        assert f"without {keep}" in out
        assert abs(found[0] @ other) < 1e-5
        assert found[0, 0] > 0.9


def test_the_direction_of_a_label(line, runs, tmp_path, classifier):
    words = ("--directions", "label=2", "--draws", 300, "--rows", 1)
    _, _, directions = traversed(line, runs, tmp_path, DRESSED_TO_LABELS, *words)
    np.testing.assert_allclose(directions[0], 3**-0.5, atol=0.25)  # all are brighter
    says = "asks for a label, which in z no point has"
    words = ("--directions", "label=2")
    line.refused(LABELLED, "traverse", runs[LABELLED], *words, says=says)


def test_folders_are_named_after_directions(line, runs, classifier):
    words = ("--draws", 100, "--rows", 1, "--seed", 3)
    line.done(PAINTED, "traverse", runs[PAINTED], "--directions", "right=bright", *words)
    folder = runs[PAINTED] / "generated" / "traverse_right_bright_seed_3"
    assert sorted(path.name for path in folder.iterdir()) == ["1.png", "directions.npy"]
    words = ("--directions", "right=bright", *words)
    says = f"{folder} already holds something"
    line.refused(PAINTED, "traverse", runs[PAINTED], *words, says=says)


def test_interrupted_it_leaves_nothing(line, runs, tmp_path, monkeypatch):
    def stopped(image, path):
        if path.name == "2.png":
            raise KeyboardInterrupt
        training.save_picture(image, path)

    monkeypatch.setattr("jaxgan.cli.traverse.save_picture", stopped)
    words = ("--draws", 50, "--rows", 1, "--output", tmp_path / "deep" / "out")
    code, out, _ = line.call(PAINTED, "traverse", runs[PAINTED], *words)
    assert code == 75
    assert "give the same command again" in out
    assert list(tmp_path.rglob("*")) == [tmp_path / "deep"]


def test_a_place_that_cannot_be_written(line, runs, tmp_path):
    (tmp_path / "file").write_text("mine")
    words = ("--draws", 50, "--output", tmp_path / "file" / "out")
    says = f"{tmp_path / 'file' / 'out'} could not be written (Not a directory): make room, or name"
    line.refused(PAINTED, "traverse", runs[PAINTED], *words, says=says)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--directions", "ears"), "--directions ears names no attribute"),
        (("--directions", "right"), "give right= one of dark, bright"),
        (("--directions", "3,8"), "--directions 3,8 are none: give sefa, components or"),
        (("--directions", ""), "--directions names nobody"),
        (("--directions", "left", "--count", 2), "has one direction: leave --count out"),
        (("--count", 0), "--count must be 1 or more, not 0"),
        (("--count", 5), "there are 4 such directions, not 5"),
        (("--directions", "components", "--count", 5), "5 directions cannot be found"),
        (("--keep", "left"), "--keep is of the direction of an attribute, not of sefa"),
        (("--directions", "left", "--keep", "left"), "--keep left: nothing is left"),
        (("--directions", "left", "--keep", "ears"), "--keep ears names no attribute"),
        (
            ("--directions", "left=no,left=some", "--draws", 50),
            "there is no direction of left=no,left=some: 0 of 50 points are labelled True",
        ),
        (("--rows", 0), "--rows must be 1 or more, not 0"),
        (("--columns", 1), "--columns must be 2 or more, not 1"),
        (("--draws", 1), "--draws must be 2 or more, not 1"),
        (("--draws", 10**9), "--draws must be 100,000 or fewer, not 1,000,000,000"),
        (("--rows", 500), "3,500 images"),
        (("--strength", 0), "--strength 0 moves nothing"),
        (("--strength", "inf"), "--strength inf moves nothing"),
        (("--layers", "0-1"), "--layers are of w, and images are moved in z"),
        (("--space", "w"), "are not made of styles: give --space z"),
        (("--truncation", 0.7), "are not made of styles"),
    ],
)
def test_what_cannot_be_traversed(line, runs, classifier, words, says):
    line.refused(PAINTED, "traverse", runs[PAINTED], *words, says=says)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--space", "z"), "the weights say what moves styles, which are w"),
        (("--layers", "2"), "--layers 2 names none of the 2 layers"),
        (("--layers", "1-0"), "--layers 1-0 names none"),
    ],
)
def test_what_cannot_be_traversed_of_styles(line, runs, words, says):
    line.refused(DRESSED, "traverse", runs[DRESSED], *words, says=says)
