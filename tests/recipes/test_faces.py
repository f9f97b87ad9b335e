"""Figures of faces with a stand-in for the classifier, but for one test that trains a tiny one."""

import dataclasses

import infogan
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import data, metrics, recipes
from jaxgan.data import Images
from jaxgan.recipes import faces, samples

STYLE = data.STYLES["lorelei"]
GROUPS = {attribute.name: len(attribute.labels) for attribute in STYLE.attributes}


def pretended(count, split="train", size=8):
    """Pictures whose first pixels say the labels; those held out have other numbers."""
    first = 1000 if split == "test" else 0
    count = int(split[7:-1]) if split.startswith("train[:") else count
    drawn = [data.draw_face(STYLE, first + n).labels for n in range(count)]
    labels = {
        a.name: np.array([a.labels.index(face[a.name]) for face in drawn], np.int32)
        for a in STYLE.attributes
    }
    images = np.random.default_rng(first).normal(0, 0.1, (count, size, size, 3)).astype(np.float32)
    images[:, 0, 0, 0] = labels["glasses"] / 5
    images[:, 0, 1, 0] = labels["beard"]
    return images, labels


class Seeing:
    """Glasses and beards as the first pixels have them, and hair where the third one is lit."""

    def logits(self, images):
        parts = []
        for name, classes in GROUPS.items():
            seen = {
                "glasses": np.round(images[:, 0, 0, 0] * 5),
                "beard": np.round(images[:, 0, 1, 0]),
            }.get(name, np.zeros(len(images)))
            certainty = np.where(images[:, 0, 2, 0] > 0.9, 9.0, 1.0) if name == "hair" else 20.0
            parts.append(np.eye(classes)[seen.astype(int)] * np.reshape(certainty, (-1, 1)))
        return np.concatenate(parts, axis=1).astype(np.float32)

    def features(self, images):
        return images.mean((1, 2))


@pytest.fixture
def seeing(monkeypatch):
    classifier = recipes.FaceClassifier(Seeing(), GROUPS)
    monkeypatch.setattr(faces, "face_classifier", lambda style, *, data_dir: classifier)
    monkeypatch.setattr(samples, "face_classifier", lambda style, *, data_dir, say: classifier)
    monkeypatch.setattr(
        faces, "real_faces", lambda style, *, data_dir, split="train": pretended(300, split)
    )
    monkeypatch.setattr(
        faces, "tfds_arrays", lambda name, split, *, only, data_dir: pretended(300)[1]
    )
    monkeypatch.setattr(samples, "real_faces", faces.real_faces)
    return classifier


@pytest.fixture
def quick(monkeypatch):
    """A training of a second, good enough for nothing but tests."""
    settings = faces.FaceClassifierSettings(width=2, features=4, steps=2, batch_size=8)
    monkeypatch.setattr(faces, "SETTINGS", settings)
    monkeypatch.setattr(faces, "REQUIRED", 0.0)
    monkeypatch.setattr(
        faces, "real_faces", lambda style, *, data_dir, split="train": pretended(20, split)
    )
    return settings


def test_probabilities_are_of_each_attribute(seeing):
    images, labels = pretended(50)
    found = seeing.probabilities(images)
    assert {name: part.shape for name, part in found.items()} == {
        name: (50, classes) for name, classes in GROUPS.items()
    }
    for part in found.values():
        np.testing.assert_allclose(part.sum(axis=1), 1, rtol=1e-5)
    hair = np.exp(1) / (np.exp(1) + 47)
    np.testing.assert_allclose(found["hair"][0, 0], hair, rtol=1e-5)
    seen = seeing.classify(images)
    np.testing.assert_array_equal(seen["glasses"], labels["glasses"])
    np.testing.assert_array_equal(seen["beard"], labels["beard"])
    assert seen["glasses"].dtype == np.int32


def test_larger_faces_are_seen_as_the_means_of_squares(seeing):
    images, _ = pretended(6, size=32)
    larger = images.repeat(2, axis=1).repeat(2, axis=2)
    larger[:, ::2] += 0.5  # gone in the mean
    larger[:, 1::2] -= 0.5
    np.testing.assert_allclose(seeing.features(larger), seeing.features(images), atol=1e-6)
    for name, found in seeing.classify(larger).items():
        np.testing.assert_array_equal(found, seeing.classify(images)[name])


def test_sure_is_of_all_main_attributes_together(seeing):
    images, _ = pretended(10)
    images[:4, 0, 2, 0] = 1  # hair as well
    np.testing.assert_array_equal(seeing.sure(images), np.arange(10) < 4)


def test_figures(seeing):
    images, labels = pretended(200)
    images[:50, 0, 2, 0] = 1
    images[:, 0, 0, 0] = 0.2  # all have the first pair of glasses
    figures = recipes.evaluate_faces(images, "lorelei")
    assert figures["sure"] == 0.25
    assert figures["real_sure"] == 0
    _, real = pretended(300)
    expected = -np.log(np.mean(real["glasses"] == 1))
    assert figures["glasses_kl"] == pytest.approx(expected)
    p = np.bincount(labels["beard"], minlength=3) / 200
    q = np.bincount(real["beard"], minlength=3) / 300
    assert figures["beard_kl"] == pytest.approx(np.sum(p * np.log(p / q)))
    held_out = pretended(300, "test")[0].mean((1, 2))
    far = metrics.frechet_distance(images.mean((1, 2)), held_out)
    assert figures["frechet_distance"] == pytest.approx(far)
    near = metrics.frechet_distance(pretended(300)[0][:200].mean((1, 2)), held_out)
    assert figures["real_frechet_distance"] == pytest.approx(near)
    assert {f"{name}_kl" for name in GROUPS} <= figures.keys()
    shares = {name: figures[f"{name}_sure"] for name in GROUPS}
    assert shares == dict.fromkeys(GROUPS, 1.0) | {"hair": 0.25}


@pytest.mark.parametrize("shape", [(4, 8, 8, 1), (4, 8, 8, 4), (4, 8, 8)])
def test_faces_without_colours_have_no_figures(seeing, shape):
    with pytest.raises(ValueError, match=r"in colour, and .* shape is \(4, 8, 8.*--channels 3\)"):
        recipes.evaluate_faces(np.zeros(shape, np.float32), "lorelei")


@pytest.mark.parametrize("name", ["faces/lorelei_64_500", "faces/lorelei_32"])
def test_samples_of_a_run_on_faces(seeing, monkeypatch, name):
    counts = []

    def draw(count):
        counts.append(count)
        return pretended(40)[0]

    figures = recipes.evaluate_samples(Images(dataset=name, channels=3), draw)
    assert counts == [2000]
    assert figures == recipes.evaluate_faces(pretended(40)[0], "lorelei")


def test_samples_made_to_order(seeing):
    made, labels = pretended(100)
    asked = labels["glasses"].copy()
    asked[:10] = (asked[:10] + 1) % 6
    images = Images(dataset="faces/lorelei_32", channels=3, label="glasses")
    figures = recipes.evaluate_labelled(images, lambda count: (made, jnp.asarray(asked)))
    assert figures["label_accuracy"] == 0.9
    assert figures["labels_present"] == len(set(labels["glasses"].tolist()))
    assert figures.items() >= recipes.evaluate_faces(made, "lorelei").items()


def test_no_figures_of_other_data():
    with pytest.raises(ValueError, match=r"no figures for 'cifar10': .* faces or openmoji$"):
        recipes.evaluate_samples(Images(dataset="cifar10"), lambda count: None)
    with pytest.raises(ValueError, match=r"no figures for 'cifar10': .* mnist or faces$"):
        recipes.evaluate_labelled(Images(dataset="cifar10"), lambda count: None)


def test_codes_of_other_things_than_digits_have_no_names(monkeypatch):
    """InfoGAN's figures match its codes with digits; of other data it has those that all have."""
    monkeypatch.setattr(samples, "evaluate_faces", lambda made, style, *, data_dir: {style: 1.0})
    key = jax.random.key(0)
    images = Images(dataset="faces/micah_32", image_size=32, channels=3)
    figures = infogan.InfoGAN(images=images).evaluate(lambda key, inputs: None, key)
    assert figures == {"micah": 1.0}
    with pytest.raises(ValueError, match="no figures for 'cifar10'"):
        infogan.InfoGAN(images=Images(dataset="cifar10")).evaluate(lambda key, inputs: None, key)


def test_trained_once_then_read(quick, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(faces, "SIZE", 8)
    said = []
    first = recipes.face_classifier("lorelei", say=said.append)
    assert said[0] == "a classifier of 'lorelei' faces is trained, once, in a minute or two"
    assert "of 20 held-out faces rightly: hair " in said[1]
    monkeypatch.setattr(metrics, "train_classifier", None)
    second = recipes.face_classifier("lorelei", say=said.append)
    assert said[2:] == said[1:2]
    images, _ = pretended(5, "test")
    np.testing.assert_array_equal(first.features(images), second.features(images))
    (file,) = (tmp_path / "jaxgan").iterdir()
    assert file.name.startswith("face_classifier_lorelei_")
    monkeypatch.setattr(faces, "SETTINGS", dataclasses.replace(quick, noise=0.2))
    with pytest.raises(TypeError):  # other settings, another one
        recipes.face_classifier("lorelei")
    monkeypatch.setattr(faces, "SETTINGS", quick)
    monkeypatch.setattr(faces, "REQUIRED", 1.1)
    with pytest.raises(ValueError, match=r"too few .* \(glasses \d.*%, beard .*110\.0% are need"):
        recipes.face_classifier("lorelei")
    assert list((tmp_path / "jaxgan").iterdir()) == []


def test_samples_made_to_several_attributes(seeing):
    """A generator that gives everybody the glasses that are asked for, and nobody a beard."""
    images = Images(dataset="faces/lorelei_32", channels=3, label="beard,glasses")
    asked = []

    def make(labels):
        asked.append(labels)
        made = np.random.default_rng(0).normal(0, 0.1, (len(labels), 8, 8, 3)).astype(np.float32)
        made[:, 0, 0, 0], made[:, 0, 1, 0] = labels[:, 1] / 5, 0
        return made

    figures = samples.evaluate_attributes(images, make)
    _, real = pretended(300, "test")
    np.testing.assert_array_equal(asked, [np.stack([real["beard"], real["glasses"]], axis=1)])
    assert figures["glasses_accuracy"] == 1
    shares = np.bincount(real["glasses"]) / 300
    assert figures["glasses_chance"] == pytest.approx((shares**2).sum())
    none = np.mean(real["beard"] == 0)
    assert figures["beard_accuracy"] == figures["beard_chance"] == pytest.approx(none)
    assert figures["all_accuracy"] == figures["beard_accuracy"]
    assert "sure" in figures
    with pytest.raises(ValueError, match="no figures for several attributes of 'digits'"):
        samples.evaluate_attributes(Images(label="a,b"), make)
