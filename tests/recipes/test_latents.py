"""The bases of experiments that play from latents."""

import dataclasses

import jax
import numpy as np

from jaxgan import latents, recipes
from jaxgan.data import Images


class Pretended:
    fingerprint, classes = "black", ("0", "1")

    def __len__(self):
        return 100


@dataclasses.dataclass(frozen=True)
class Labelled(recipes.FromLabels):
    images: Images = Images()
    batch_size: int = 16
    classes: int = 2
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


def test_average_is_a_flag_of_all():
    assert Labelled(average_decay=0.9).average_decay == 0.9
    assert Labelled().average_decay is None
