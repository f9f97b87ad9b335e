"""Figures with a stand-in for the classifier, but for one test that trains the real one."""

import dataclasses
from pathlib import Path

import jax
import numpy as np
import pytest

from experiments import cgan, gan, infogan
from jaxgan import metrics, recipes
from jaxgan.data import Images
from jaxgan.networks import SmallClassifier
from jaxgan.recipes import digits


class Levels:
    """Sees digit d where the mean of an image is about d / 10 - 0.5."""

    def classify(self, images):
        assert images.shape[-1] == 1
        return np.round(10 * images.mean((1, 2, 3)) + 5).astype(np.int32)

    def features(self, images):
        return images.mean((1, 2))


def pictures(values, noise=0.1):
    values = np.asarray(values)
    images = np.random.default_rng(0).normal(0, noise, (len(values), 28, 28, 1))
    images -= images.mean((1, 2, 3), keepdims=True)
    return (images + values.reshape(-1, 1, 1, 1) / 10 - 0.5).astype(np.float32)


@pytest.fixture
def levels(monkeypatch):
    monkeypatch.setattr(digits, "digit_classifier", lambda *, data_dir: Levels())


@pytest.fixture
def quick(monkeypatch):
    """A training of one second, good enough for nothing but tests."""
    settings = digits.ClassifierSettings(network=SmallClassifier(classes=10, width=2), steps=30)
    monkeypatch.setattr(digits, "SETTINGS", settings)
    monkeypatch.setattr(digits, "REQUIRED", 0.0)
    return settings


@pytest.fixture
def no_training(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("it is trained")

    return lambda: monkeypatch.setattr(metrics, "train_classifier", fail)


def test_labels(levels, digits_folder):
    asked = np.arange(100) % 10
    seen = np.where(np.arange(100) < 10, 3, asked)
    figures = recipes.evaluate_labels(pictures(seen), asked, data_dir=digits_folder)
    assert figures["label_accuracy"] == pytest.approx(0.91)
    assert figures["worst_label_accuracy"] == pytest.approx(0.9)
    assert figures["labels_present"] == 10
    assert 0 < figures["least_diversity"] <= figures["diversity"] < 1
    assert {"typical", "coverage", "label_kl"} <= figures.keys()


def test_diversity_of_the_real_digits_is_one(levels, digits_folder):
    images, labels = recipes.real_digits(data_dir=digits_folder)
    assert images.dtype == np.float32
    assert (images.min(), images.max()) == (-1.0, 1.0)
    levels_of_labels = Levels().classify(pictures(labels, noise=0.0))
    np.testing.assert_array_equal(levels_of_labels, labels)
    diversity = metrics.relative_diversity(images, labels, images, labels)
    assert diversity == pytest.approx({"diversity": 1.0, "least_diversity": 1.0})


def test_codes(levels, digits_folder):
    codes = np.arange(50) % 10
    figures = recipes.evaluate_codes(pictures(9 - codes), codes, data_dir=digits_folder)
    assert (figures["code_accuracy"], figures["labels_present"]) == (1.0, 10.0)
    assert {"typical", "coverage", "label_kl"} <= figures.keys()


def test_modes(levels, digits_folder):
    red, green, blue = [1, 1, 9], [2, 2, 0], [3, 3, 5]
    images = np.concatenate([pictures(digits) for digits in (red, green, blue)], axis=-1)
    figures = recipes.evaluate_modes(images, data_dir=digits_folder)
    expected = 2 / 3 * np.log(2 / 3 * 1000) + 1 / 3 * np.log(1 / 3 * 1000)
    assert figures == pytest.approx({"modes": 2, "kl": expected})


def test_digits(levels, digits_folder, monkeypatch):
    real = pictures(np.arange(10))
    monkeypatch.setattr(digits, "real_digits", lambda **_: (real, np.arange(10)))
    figures = recipes.evaluate_digits(pictures([0, 0, 0, 1, 1, 1]) + 1e-3, data_dir=digits_folder)
    # Of the digits 0 to 4 one of the samples is nearer than their fifth neighbour.
    assert figures == pytest.approx(
        {"typical": 0.0, "coverage": 0.5, "labels_present": 2, "label_kl": np.log(5)}
    )
    found = recipes.evaluate_digits(real, data_dir=digits_folder)
    assert (found["typical"], found["coverage"]) == (1.0, 1.0)


def test_one_digit_over_and_over_is_typical_and_covers_little(levels, digits_folder, monkeypatch):
    real = pictures(np.arange(100) % 10, noise=0.0)
    monkeypatch.setattr(digits, "real_digits", lambda **_: (real, np.arange(100) % 10))
    figures = recipes.evaluate_digits(pictures([3] * 20, noise=0.0), data_dir=digits_folder)
    assert figures["typical"] == 1.0
    assert figures["coverage"] < 0.2


@pytest.mark.parametrize("experiment", [gan.GAN(), cgan.CGAN(), infogan.InfoGAN()])
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"folder": Path("mine.zip")}, "there are no figures for 'mine.zip': evaluate a run on di"),
        ({"dataset": "cifar10"}, "there are no figures for 'cifar10': evaluate a run on digits"),
        (
            {"channels": 4},
            "no figures for digits of 4 channels, .* evaluate a run with --channels 1",
        ),
    ],
)
def test_what_the_classifier_cannot_judge(experiment, change, sentence):
    """Whatever a conditional GAN was trained on, its samples would be seen as digits."""

    def generate(key, inputs):
        raise AssertionError("nothing is made for it")

    images = Images(**{"dataset": "digits"} | change)
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(experiment, images=images).evaluate(generate, jax.random.key(0))


def test_trained_once_then_read(quick, no_training, digits_folder, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said = []
    first = recipes.digit_classifier(data_dir=digits_folder, say=said.append)
    assert "is trained, once" in said[0]
    assert "of 1000 held-out digits rightly" in said[1]
    (file,) = (tmp_path / "jaxgan").iterdir()
    no_training()
    second = recipes.digit_classifier(data_dir=digits_folder, say=said.append)
    assert said[2:] == said[1:2]
    images, _ = recipes.real_digits(data_dir=digits_folder, split="test")
    np.testing.assert_array_equal(first.features(images[:20]), second.features(images[:20]))
    monkeypatch.setattr(digits, "SETTINGS", dataclasses.replace(quick, steps=31))
    with pytest.raises(AssertionError, match="it is trained"):  # other settings, another one
        recipes.digit_classifier(data_dir=digits_folder)
    monkeypatch.setattr(digits, "SETTINGS", quick)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(AssertionError, match="it is trained"):  # cut short
        recipes.digit_classifier(data_dir=digits_folder)


def test_a_poor_classifier_is_refused_and_forgotten(quick, digits_folder, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(digits, "REQUIRED", 1.0)
    with pytest.raises(ValueError, match=r"sees \d+\.\d% .* and 100\.0% are needed"):
        recipes.digit_classifier(data_dir=digits_folder)
    assert list((tmp_path / "jaxgan").iterdir()) == []


@pytest.mark.slow
def test_the_classifier_sees_digits_rightly(digits_folder, monkeypatch, tmp_path):
    """After a tenth of its steps; whenever it is used, it is held to `REQUIRED`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    short = dataclasses.replace(digits.SETTINGS, steps=150, batch_size=32)
    monkeypatch.setattr(digits, "SETTINGS", short)
    monkeypatch.setattr(digits, "REQUIRED", 0.95)
    said = []
    classifier = recipes.digit_classifier(data_dir=digits_folder, say=said.append)
    images, labels = recipes.real_digits(data_dir=digits_folder, split="test")
    assert np.mean(classifier.classify(images) == labels) >= 0.95
    larger, _ = recipes.real_digits(data_dir=digits_folder, split="test", image_size=32)
    assert np.mean(classifier.classify(larger) == labels) >= 0.95
    figures = recipes.evaluate_labels(images, labels, data_dir=digits_folder)
    assert figures["label_accuracy"] >= 0.95
    assert figures["diversity"] == pytest.approx(1.0, abs=0.05)
