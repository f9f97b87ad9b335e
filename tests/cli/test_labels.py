"""Labels of several attributes at once, with images that are their latents."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import recipes, training
from jaxgan.cli.drawing import Drawn
from jaxgan.cli.labels import label_names, named_label
from jaxgan.data import ArraySource, Images
from tests.painted import HALF_A_BYTE, SIZE, Painted, cells, sampled

NAMES = ("glasses=none", "glasses=round", "glasses=square", "beard=none", "beard=full")
BRIGHTER = np.array([0.1, 0.3])
TURN = [[1, 0], [0, 0], [2, 0], [1, 1]]


@dataclasses.dataclass(frozen=True)
class Attributed(Painted):
    """Images that are brighter by their labels of two attributes."""

    classes: tuple[int, ...] = (3, 2)

    def paint(self, state, inputs):
        rows = inputs["latent"] + inputs["label"] @ BRIGHTER.reshape(2, 1)
        return jnp.broadcast_to(rows[:, None, :, None], (len(rows), SIZE, SIZE, 1))

    def data(self, pipeline):
        arrays = {"image": np.zeros((8, 4, 4, 1), np.uint8), "label": np.zeros((8, 2), np.int32)}
        return pipeline(ArraySource(arrays, classes=NAMES), batch_size=4)

    def inputs(self, key, count):
        turn = recipes.varied(self.classes, (1, 0))
        label = jnp.asarray(turn[np.arange(count) % len(turn)])
        return {"latent": self.latent(key, count), "label": label}

    def shown(self, key, count):
        return self.inputs(key, count) | {"latent": jnp.zeros((count, 4))}


EXPERIMENT = Attributed()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("attributed") / "run"
    training.train(EXPERIMENT, directory, name="test_labels", devices=1)
    return directory


def drawn(line, run, tmp_path, *words):
    """The labels of samples."""
    folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
    line.done(EXPERIMENT, "sample", run, "--count", 5, *words, "--output", folder)
    labels, latents = np.load(folder / "labels.npy"), np.load(folder / "latents.npy")
    np.testing.assert_array_equal(latents, sampled(EXPERIMENT, 0, 5)["latent"])
    return labels.tolist()


def test_samples_have_vectors_in_turn_or_as_words_say(line, run, tmp_path):
    assert drawn(line, run, tmp_path) == [*TURN, TURN[0]]
    for words, label in (
        ("glasses=square", [2, 0]),
        ("beard=full, glasses=no", [0, 1]),
        ("beard", [1, 1]),
        ("2,1", [2, 1]),
    ):
        assert drawn(line, run, tmp_path, "--label", words) == [label] * 5


def test_pictures_are_of_their_labels(line, run):
    line.done(EXPERIMENT, "sample", run, "--seeds", "3-4", "--label", "beard=full")
    folder = run / "generated" / "seeds_3-4_label_1-1"
    latents = np.load(folder / "latents.npy")
    found = cells(folder / "grid.png", 2, top=18)
    np.testing.assert_allclose(found[0], latents + 0.4, **HALF_A_BYTE)
    line.done(EXPERIMENT, "sample", run, "--seeds", "3-4,10")
    labels = np.load(run / "generated" / "seeds_3-4,10" / "labels.npy")
    assert labels.tolist() == [TURN[3], TURN[0], TURN[2]]
    again = run / "generated" / "again"
    line.done(EXPERIMENT, "sample", run, "--latents", folder / "latents.npy", "--output", again)
    assert (again / "grid.png").read_bytes() == (folder / "grid.png").read_bytes()


def test_sheets_are_of_their_labels(line, run, tmp_path):
    out = tmp_path / "a.png"
    line.done(EXPERIMENT, "interpolate", run, "--rows", 2, "--columns", 2, "--output", out)
    latents = sampled(EXPERIMENT, 0, 4)["latent"].reshape(2, 2, -1)
    expected = latents + (np.array(TURN[:2]) @ BRIGHTER).reshape(2, 1, 1)
    np.testing.assert_allclose(cells(out, 2), expected, **HALF_A_BYTE)

    words = ("--directions", "sefa", "--count", 1, "--rows", 2, "--columns", 3)
    line.done(
        EXPERIMENT, "traverse", run, *words, "--label", "glasses=no", "--output", tmp_path / "b"
    )
    middle = cells(tmp_path / "b" / "1.png", 3, top=18)[:, 1]
    np.testing.assert_allclose(middle, sampled(EXPERIMENT, 0, 2)["latent"], **HALF_A_BYTE)

    words = (
        "--start",
        0,
        "--minus",
        1,
        "--plus",
        2,
        "--label",
        "beard",
        "--output",
        tmp_path / "c.png",
    )
    line.done(EXPERIMENT, "arithmetic", run, *words)
    found = cells(tmp_path / "c.png", 6, band=18)[:, 0]
    np.testing.assert_allclose(found, sampled(EXPERIMENT, 0, 3)["latent"] + 0.4, **HALF_A_BYTE)
    words = ("interpolate", run, "--animation", "--rows", 2, "--columns", 1)
    line.done(EXPERIMENT, *words)


def test_fixed_samples_of_a_run_are_those_that_it_shows(run):
    sheet = max((run / "samples").glob("step_*.png"))
    found = cells(sheet, 8, top=36)[0, :, 0]
    expected = (np.array(TURN) @ BRIGHTER).repeat(2)
    np.testing.assert_allclose(found, expected, **HALF_A_BYTE)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("hat=red", "--label hat=red names no attribute: there are glasses, beard"),
        ("glasses=blue", "none of the labels of glasses: give glasses= one of yes, no, round, sq"),
        ("beard,beard=no", "names beard twice: name each attribute once"),
        ("1", "--label 1 is of length 1, and images have 2 attributes"),
        ("0,1,0", "--label 0,1,0 is of length 3"),
        ("0,2", "--label 0,2 gives attribute 2 the label 2, and it has 0 to 1"),
        ("", "--label '' has an empty part: give labels apart by commas, as in glasses=none,beard"),
        ("0,1,", "--label '0,1,' has an empty part"),
        ("0,-1", "--label 0,-1 gives attribute 2 the label -1, and it has 0 to 1"),
        ("0,beard=no", "--label 0,beard=no mixes numbers and names: give a number for each of gl"),
    ],
)
def test_labels_that_there_are_not(line, run, words, says):
    line.refused(EXPERIMENT, "sample", run, "--label", words, says=says)


def test_no_label_beyond_those_of_the_data(run):
    """An experiment may have room for more."""
    roomy = dataclasses.replace(EXPERIMENT, classes=(4, 3))
    with pytest.raises(ValueError, match="gives attribute 2 the label 2, and it has 0 to 1"):
        named_label(training.Run.open(run), roomy, "0,2")


def test_files_of_other_labels(line, run, tmp_path):
    np.save(tmp_path / "latents.npy", np.zeros((2, 4)))
    for labels, says in (
        (np.zeros(2, int), "2 latents have 2 labels: give whole numbers [2, 2]"),
        (np.zeros((2, 3), int), "of shape [2, 3]"),
        (np.array([[2, 1], [1, 2]]), "holds labels 1 to 2, and the run's are 0 to 1"),
    ):
        np.save(tmp_path / "labels.npy", labels)
        words = ("--latents", tmp_path / "latents.npy")
        line.refused(EXPERIMENT, "sample", run, *words, says=says)


def test_samples_of_an_evaluation_have_the_labels_of_pictures(monkeypatch):
    vectors = np.array([[0, 1], [2, 0], [1, 1]], np.int32)
    source = ArraySource({"image": np.zeros((3, 4, 4, 1), np.uint8), "label": vectors}, NAMES)
    monkeypatch.setattr(Images, "source", lambda images: source)
    asked = []

    def generate(key, inputs):
        asked.append(inputs["label"])
        return EXPERIMENT.paint(None, inputs)

    samples = Drawn(EXPERIMENT, None, generate, jax.random.key(0), count=5)
    assert len(next(iter(samples))) == 5
    assert samples.labels is None
    np.testing.assert_array_equal(asked[0], vectors[[0, 1, 2, 0, 1]])


def test_names_of_each_attribute(run):
    names = label_names(training.Run.open(run), EXPERIMENT)
    assert names == {"glasses": ["none", "round", "square"], "beard": ["none", "full"]}
