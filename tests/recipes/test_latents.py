"""The bases of experiments that play from latents."""

import dataclasses

import jax
import numpy as np
import pytest

from jaxgan import latents, recipes
from jaxgan.data import Images
from jaxgan.training import Schedule


class Pretended:
    fingerprint, classes = "black", ("0", "1")

    def __len__(self):
        return 100

    def read(self, indices):
        return {"label": np.zeros(len(indices), np.int32)}


@dataclasses.dataclass(frozen=True)
class Labelled(recipes.FromLabels):
    images: Images = Images()
    batch_size: int = 16
    classes: int = 2
    schedule: Schedule = Schedule(steps=10)
    n_critic: int = 3

    @property
    def latent(self):
        return latents.normal(4)

    @property
    def minibatches(self):
        return self.n_critic


def test_a_minibatch_for_each_update_of_the_discriminator(monkeypatch):
    monkeypatch.setattr(Images, "source", lambda images: Pretended())
    asked = Labelled().data(lambda source, **rules: rules)
    assert asked == {"batch_size": 48, "flip": False, "dequantise": False}
    asked = Labelled(Images(flip=True, dequantise=True)).data(lambda source, **rules: rules)
    assert asked == {"batch_size": 48, "flip": True, "dequantise": True}


def test_labels_come_in_turn():
    inputs = Labelled().inputs(jax.random.key(0), 5)
    assert inputs["latent"].shape == (5, 4)
    np.testing.assert_array_equal(inputs["label"], [0, 1, 0, 1, 0])


@dataclasses.dataclass(frozen=True)
class Attributed(Labelled):
    classes: tuple[int, ...] = (3, 2)


def test_vectors_of_labels_come_in_turn():
    experiment = Attributed(usual=(1, 0))
    assert experiment.shapes["label"].shape == (48, 2)
    inputs = experiment.inputs(jax.random.key(0), 5)
    np.testing.assert_array_equal(inputs["label"], [[1, 0], [0, 0], [2, 0], [1, 1], [1, 0]])
    assert len(np.unique(inputs["latent"], axis=0)) == 5
    shown = experiment.shown(jax.random.key(0), 5)
    np.testing.assert_array_equal(shown["label"], inputs["label"])
    np.testing.assert_array_equal(shown["latent"], inputs["latent"][np.array([0, 0, 0, 0, 1])])
    plain = Labelled()
    np.testing.assert_array_equal(
        plain.shown(jax.random.key(0), 5)["latent"], plain.inputs(jax.random.key(0), 5)["latent"]
    )


def test_ten_vectors_whose_labels_are_far_apart():
    vectors = recipes.varied((8, 11, 5), (0, 0, 1))
    assert vectors.shape == (10, 3)
    np.testing.assert_array_equal(vectors[0], [0, 0, 1])
    assert (vectors[1:] != vectors[0]).sum(axis=1).tolist() == [1] * 9
    assert [vectors[1:4, 0].tolist(), vectors[4:7, 1].tolist()] == [[2, 4, 7], [3, 6, 10]]
    assert vectors[7:, 2].tolist() == [0, 2, 4]
    assert recipes.varied((1, 2)).tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize(
    ("usual", "says"),
    [
        (
            (0,),
            "--usual 0 is of 1 attributes and --classes 3 2 of 2: give each one number for every",
        ),
        ((0, 1, 1), "--usual 0,1,1 is of 3 attributes"),
        ((0, 2), "--usual 0,2 gives attribute 2 the label 2, and it has 0 to 1: give one of these"),
        ((-1, 0), "--usual -1,0 gives attribute 1 the label -1"),
    ],
)
def test_labels_that_are_not_there(usual, says):
    with pytest.raises(ValueError, match=says):
        Attributed(usual=usual)


def test_labels_of_several_attributes_where_there_is_one():
    with pytest.raises(ValueError, match="--usual 1,0 is of several attributes, and images have"):
        Labelled(usual=(1, 0))


@pytest.mark.parametrize(("classes", "told"), [((3, 0), " 3 0"), ((), " ")])
def test_attributes_without_labels(classes, told):
    with pytest.raises(ValueError, match=f"--classes{told} will not do: give one or more for each"):
        Attributed(classes=classes)


def test_average_is_a_flag_of_all():
    assert Labelled(average_decay=0.9).average_decay == 0.9
    assert Labelled().average_decay is None


def test_rates_of_both_players():
    rates = Labelled().rates
    at = np.arange(0, 31, 5)
    g_rate, d_rate = rates(1.0, 3.0, n_critic=2)
    np.testing.assert_allclose([g_rate(t) for t in at], np.clip(1 - at / 10, 0, 1), atol=1e-6)
    np.testing.assert_allclose([d_rate(t) for t in at], 3 * np.clip(1 - at / 20, 0, 1), atol=1e-6)
    assert [rate(7) for rate in rates(2.0, decay=False)] == [2.0, 2.0]
