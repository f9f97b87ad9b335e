"""Sums of groups of images, with images that are their latents."""

import numpy as np
import pytest
from PIL import Image

from jaxgan import training
from jaxgan.cli import groups
from jaxgan.data import Images
from tests.painted import (
    ATTRIBUTES,
    BRIGHTER,
    HALF_A_BYTE,
    MEAN,
    SIZE,
    Dressed,
    Painted,
    W,
    cells,
    sampled,
    seeing,
    styles,
)

PAINTED, LABELLED = Painted(), Painted(classes=3)
DRESSED, DRESSED_TO_LABELS = Dressed(), Dressed(classes=3)
NUMBERS = ("--start", "3,8,12", "--minus", "0-1", "--plus", 5)
GROUPS = ([3, 8, 12], [0, 1], [5])
BAND = 18


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each."""
    folder = tmp_path_factory.mktemp("arithmetic")
    found = {}
    for experiment in (PAINTED, LABELLED, DRESSED, DRESSED_TO_LABELS):
        found[experiment] = folder / f"run{len(found)}"
        training.train(experiment, found[experiment], name="painted", devices=1)
    return found


@pytest.fixture
def classifier(monkeypatch):
    """A stand-in, which says whether it was asked for."""
    asked = []

    def found(images):
        asked.append(images)
        return seeing

    monkeypatch.setattr(groups, "attribute_labels", lambda images: ATTRIBUTES)
    monkeypatch.setattr(groups, "attribute_classifier", found)
    return asked


def drawn(line, runs, tmp_path, experiment, *words, columns):
    output = tmp_path / "sheet.png"
    out = line.done(experiment, "arithmetic", runs[experiment], *words, "--output", output)
    assert f"{output} is a sheet of step 1" in out
    return cells(output, columns, band=BAND), out


def summed(points, numbers=GROUPS):
    means = [points[group].mean(axis=0) for group in numbers]
    return means, means[0] - means[1] + means[2]


def check(found, points, numbers=GROUPS):
    """The terms on the left, their means, a blank column, and the result on the right."""
    count = max(map(len, numbers))
    means, result = summed(points, numbers)
    for row, group in enumerate(numbers):
        np.testing.assert_allclose(found[row, : len(group)], points[group], **HALF_A_BYTE)
        assert (found[row, len(group) : count] == 1).all()
        np.testing.assert_allclose(found[row, count], means[row], **HALF_A_BYTE)
        assert (found[row, count + 1] == 1).all()
    np.testing.assert_allclose(found[1, count + 3], result, **HALF_A_BYTE)
    return found[:, count + 2 :].reshape(9, -1)[[0, 1, 2, 3, 5, 6, 7, 8]] - result


def test_numbers_are_those_of_samples(line, runs, tmp_path):
    found, out = drawn(line, runs, tmp_path, PAINTED, *NUMBERS, "--seed", 4, columns=8)
    assert "--start 3,8,12: samples 3, 8, 12" in out
    assert "3,8,12 - 0-1 + 5 in z" in out
    near = check(found, sampled(PAINTED, 4, 13)["latent"])
    # A uniform latent's deviation is 1 / sqrt(12), and neighbours are within 0.25 sqrt(3) of it.
    assert 0.05 < np.abs(near).max() < 0.25 / 2 + 0.02
    assert len(np.unique(np.round(near, 4), axis=0)) == 8
    line.done(PAINTED, "sample", runs[PAINTED], "--seed", 4, "--count", 13)
    with Image.open(runs[PAINTED] / "generated" / "seed_4" / "00012.png") as image:
        sample = np.asarray(image, np.float64)[-1] / 127.5 - 1
    np.testing.assert_allclose(found[0, 2], sample, **HALF_A_BYTE)


def test_words_stand_above(line, runs, tmp_path):
    drawn(line, runs, tmp_path, PAINTED, *NUMBERS, columns=8)
    with Image.open(tmp_path / "sheet.png") as image:
        pixels = np.asarray(image)
    height = 16 * (SIZE + 4) + BAND
    cell = 16 * (SIZE + 2)
    for row in range(3):
        band = pixels[row * height : row * height + BAND]
        assert (band[:, : 3 * cell] < 128).any()  # its words
        assert (band[:, 3 * cell : 4 * cell] < 128).any()  # mean
        assert (band[:, 5 * cell :] < 128).any() == (row == 0)  # the result


@pytest.mark.parametrize("psi", [None, 0.5])
@pytest.mark.parametrize("space", [None, "z"])
def test_sums_of_styles(line, runs, tmp_path, space, psi):
    words = [*NUMBERS, "--spread", 0]
    words += [] if space is None else ["--space", space]
    words += [] if psi is None else ["--truncation", psi]
    found, _ = drawn(line, runs, tmp_path, DRESSED, *words, columns=8)
    w = styles(sampled(DRESSED, 0, 13))
    near = w if psi is None else MEAN + psi * (w - MEAN)
    assert np.abs(check(found[..., :W], near)).max() < 1 / 127  # all are the result


def test_labels_are_in_styles_already(line, runs, tmp_path):
    found, _ = drawn(line, runs, tmp_path, DRESSED_TO_LABELS, *NUMBERS, columns=8)
    check(found[..., :W], styles(sampled(DRESSED_TO_LABELS, 0, 13)))


def test_in_z_all_have_one_label(line, runs, tmp_path):
    words = (*NUMBERS, "--label", 2)
    found, _ = drawn(line, runs, tmp_path, LABELLED, *words, columns=8)
    check(found - 2 * BRIGHTER * (found < 1), sampled(LABELLED, 0, 13)["latent"])
    says = ("a label, which must be the same of all", "--label")
    line.refused(LABELLED, "arithmetic", runs[LABELLED], *NUMBERS, says=says)


def best(points, wanted, each, taken=()):
    """The numbers of the first samples that a classifier is sure of, or else the likeliest."""
    odds = seeing(points[:, None, :, None])
    found = np.prod([odds[name][:, labels].sum(1) for name, labels in wanted.items()], axis=0)
    for name, labels in wanted.items():
        found = np.where(np.isin(odds[name].argmax(1), labels), found, -1)
    found = np.where(found >= 0.9, 1, found)
    found[list(taken)] = -1
    return [int(n) for n in np.argsort(-found, kind="stable")[:each] if found[n] > 0]


def test_words_are_what_a_classifier_sees(line, runs, tmp_path, classifier):
    words = ("--start", "left", "--minus", "left=no,right=bright", "--plus", "right=dark,left=some")
    words = (*words, "--draws", 40, "--each", 2)
    found, out = drawn(line, runs, tmp_path, PAINTED, *words, columns=7)
    assert len(classifier) == 1
    points = sampled(PAINTED, 0, 40)["latent"]
    start = best(points, {"left": [1, 2]}, 2)
    minus = best(points, {"left": [0], "right": [1]}, 2, start)
    plus = best(points, {"left": [1], "right": [0]}, 2, start + minus)
    assert f"--start left: samples {start[0]}, {start[1]}\n" in out
    assert f"--plus right=dark,left=some: samples {plus[0]}, {plus[1]}\n" in out
    check(found, points, [start, minus, plus])
    assert (points[start, 0] > -0.2).all()
    assert (points[minus, 0] < -0.2).all()
    assert (points[plus, 1] < 0).all()


def test_words_and_numbers(line, runs, tmp_path, classifier):
    """A sample that was named is in no other group."""
    points = sampled(PAINTED, 0, 30)["latent"]
    first = best(points, {"left": [2]}, 1)
    words = ("--start", first[0], "--minus", "left=no", "--plus", "left=much", "--draws", 30)
    _, out = drawn(line, runs, tmp_path, PAINTED, *words, "--each", 1, columns=6)
    second = best(points, {"left": [2]}, 1, first)
    assert f"--plus left=much: samples {second[0]}\n" in out


def test_labels_are_words_too(line, runs, tmp_path, classifier):
    words = ("--start", "label=2", "--minus", "label=0", "--plus", "label=1", "--draws", 9)
    found, out = drawn(line, runs, tmp_path, DRESSED_TO_LABELS, *words, columns=8)
    assert classifier == []
    assert "--start label=2: samples 2, 5, 8\n" in out
    numbers = [[2, 5, 8], [0, 3, 6], [1, 4, 7]]
    check(found[..., :W], styles(sampled(DRESSED_TO_LABELS, 0, 9)), numbers)


def test_fewer_than_wanted(line, runs, tmp_path, classifier):
    words = ("--start", "label=2", "--minus", "label=0", "--plus", "label=1", "--draws", 5)
    _, out = drawn(line, runs, tmp_path, DRESSED_TO_LABELS, *words, columns=7)
    assert "--start label=2: samples 2, as no more of 5 are like that" in out


def terms(start="3", minus="0", plus="5"):
    return ("--start", start, "--minus", minus, "--plus", plus)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (terms(start=""), "--start names nobody: give numbers of samples, or words"),
        (terms(minus=" "), "--minus names nobody"),
        (terms(start="5-3"), "--start 5-3 names no numbers"),
        (terms(start="3,x"), "--start 3,x names no numbers"),
        (terms(start="100000"), "99999 is the largest"),
        (terms(start="10-509"), "1,500 images"),
        (terms(start="3,4", minus="9,4"), "--start and --minus both name sample 4"),
        (terms(minus="5"), "--minus and --plus both name 5: name groups that have nothing"),
        (terms(plus="3"), "--start and --plus both name 3"),
        (terms("left=yes", "left=yes", "right=dark"), "--start and --minus both name left=yes"),
        (terms("left", "left=no", "left=yes"), "--start and --plus both name left=yes"),
        (terms(start="ears=yes"), ("names no attribute: there are left, right", "left=much")),
        (terms(start="left=huge"), "give left= one of yes, no, some, much"),
        (terms(start="right=yes"), "give right= one of dark, bright"),
        (terms(start="right"), "give right= one of dark, bright"),
        (terms(start="left=no,"), "--start  names no attribute"),
        (
            (*terms(start="left=no,left=yes"), "--draws", 20),
            "--start left=no,left=yes: none of 20 samples is like that",
        ),
        (terms(start="label=1"), "this GAN is not conditional: its images have no label"),
        ((*terms(), "--each", 0), "--each must be 1 or more, not 0"),
        ((*terms(), "--each", 400), "1,200 images"),
        ((*terms(), "--draws", 0), "--draws must be 1 or more, not 0"),
        ((*terms(), "--spread", -1), "--spread -1 is no distance"),
        ((*terms(), "--spread", "nan"), "--spread nan is no distance"),
        ((*terms(), "--space", "w"), "are not made of styles: give --space z"),
        ((*terms(), "--truncation", -1), "--truncation -1 leads to the other side"),
    ],
)
def test_what_cannot_be_summed(line, runs, classifier, words, says):
    line.refused(PAINTED, "arithmetic", runs[PAINTED], *words, says=says)


def test_a_label_is_in_no_latent(line, runs):
    words = (*terms(start="label=1"), "--label", 2)
    says = "asks for a label, which in z no point has"
    line.refused(LABELLED, "arithmetic", runs[LABELLED], *words, says=says)


def test_images_of_which_there_is_no_classifier(line, runs, tmp_path):
    experiment = Painted(images=Images(dataset="cifar10", image_size=SIZE, channels=3))
    training.train(experiment, tmp_path / "run", name="painted", devices=1)
    says = "no classifier sees attributes in images of 3 channels of 'cifar10'"
    line.refused(experiment, "arithmetic", tmp_path / "run", *terms("a=b"), says=says)


def test_terms_must_be_given(line, runs):
    code, _, error = line.call(PAINTED, "arithmetic", runs[PAINTED], "--start", 1)
    assert code == 2
    assert "--minus" in error
