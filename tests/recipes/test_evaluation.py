"""Figures of samples next to real pictures, without a network."""

import numpy as np
import pytest
from PIL import Image

from jaxgan import recipes
from jaxgan.data import ArraySource
from jaxgan.recipes.measures import Sets

PICTURES = np.random.default_rng(0).integers(0, 256, (40, 2, 2, 1), np.uint8)
PIXELS = recipes.Extractor(
    *("pixels", "as they are", "0123"),
    lambda x: recipes.Activations(x.reshape(len(x), -1) / 255, None),
)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.mark.parametrize("names", [("odd", "even"), ("even", "odd")])
def test_classes_are_the_same_by_their_names(names):
    label = np.arange(40, dtype=np.int32) % 2
    real = recipes.Real(ArraySource({"image": PICTURES, "label": label}, ("even", "odd")), "real")
    said = []
    found = recipes.evaluate_pictures(
        *([PICTURES[::-1]], real, PIXELS, [recipes.class_figures]),
        labels=label[::-1],
        classes=names,
        protocol={},
        say=said.append,
    )
    same = names == ("even", "odd")
    assert bool(found.figures) == same
    assert any("(odd, even) are not those of the real pictures" in line for line in said) != same


def test_pictures_of_eight_bits_are_told_from_deeper_ones(tmp_path):
    for name in ("0.png", "1.jpg"):
        Image.fromarray(np.zeros((2, 2), np.uint8)).save(tmp_path / name)
    assert recipes.of_eight_bits(recipes.pictures_in(tmp_path))
    Image.fromarray(np.zeros((2, 2), np.uint16)).save(tmp_path / "2.png")
    assert not recipes.of_eight_bits(recipes.pictures_in(tmp_path))


def test_the_error_of_an_extrapolated_distance_is_as_large_as_the_spread_of_other_samples():
    def sets(seed, count=400):
        shifts = np.array([0.3, 0.0])[:, None, None]
        features = np.random.default_rng(seed).normal(shifts, size=(2, count, 8))
        made, real = (recipes.Activations(x, None) for x in features)
        return Sets(made, real, None, None, 0, "normal", False, {})

    found = [recipes.extrapolated_figures(sets(seed))[0] for seed in range(30)]
    spread = np.std([figure.value for figure in found])  # 3 times the line's own error
    assert np.mean([figure.error for figure in found]) == pytest.approx(spread, rel=0.3)


def test_the_error_of_a_kernel_distance_is_as_large_as_the_spread_of_other_samples():
    def sets(seed, count=80):
        features = np.random.default_rng(seed).normal((((3,),), ((0,),)), size=(2, count, 1))
        made, real = (recipes.Activations(x, None) for x in features)
        return Sets(made, real, None, None, 0, "normal", False, {})

    found = [recipes.kernel_figures(sets(seed))[0] for seed in range(60)]
    spread = np.std([figure.value for figure in found])
    assert np.mean([figure.error for figure in found]) == pytest.approx(spread, rel=0.2)
    (whole,) = recipes.kernel_figures(sets(0, count=2))
    assert whole.error is None
