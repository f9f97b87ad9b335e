"""Images that are not square: what each network takes, what it makes, and what it refuses."""

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxgan import networks
from jaxgan.networks.sizes import smallest_maps

WIDE = (16, 24)


def made(network, *shapes):
    """What a network gives for zeros, and its parameters, without computing either."""
    key = jax.random.key(0)
    return jax.eval_shape(
        lambda *inputs: network.init_with_output(
            {"params": key, "dropout": key}, *inputs, train=True
        ),
        *(jnp.zeros(shape) for shape in shapes),
    )


@pytest.mark.parametrize(
    "generator",
    [
        networks.DCGANGenerator(WIDE, 3, 4),
        networks.InfoGANGenerator(WIDE, 3, 4),
        networks.ResNetGenerator(WIDE, 3, 8, attention=8),
        networks.R3GANGenerator(WIDE, 3, (16, 8, 8), 1),
        networks.FullyConnectedGenerator((*WIDE, 3), (4,)),
    ],
)
def test_generators_make_images_that_are_not_square(generator):
    assert made(generator, (2, 5))[0].shape == (2, *WIDE, 3)


@pytest.mark.parametrize(
    "discriminator",
    [
        networks.DCGANDiscriminator(WIDE, 4),
        networks.InfoGANDiscriminator(WIDE, 4, networks.Score()),
        networks.ResNetDiscriminator(WIDE, 8, attention=8),
        networks.R3GANDiscriminator(WIDE, (16, 8, 8), 1),
        networks.FullyConnectedDiscriminator((4,)),
    ],
)
def test_discriminators_score_images_that_are_not_square(discriminator):
    assert made(discriminator, (2, *WIDE, 3))[0].shape == (2,)
    if not isinstance(discriminator, networks.FullyConnectedDiscriminator):
        with pytest.raises(ValueError, match=r"24x16 came .* image_size=\(16, 24\): make the two"):
            made(discriminator, (2, *WIDE[::-1], 3))


@pytest.mark.parametrize(
    ("translator", "size"),
    [
        (networks.UNetGenerator((96, 128), width=4), (96, 128)),
        (networks.UNetGenerator((64, 128), width=4), (64, 128)),
        (networks.ResNetTranslator(width=4, blocks=1), (12, 20)),
    ],
)
def test_translators_keep_the_shape(translator, size):
    assert made(translator, (1, *size, 3))[0].shape == (1, *size, 3)


def test_xgan_of_another_shape():
    outputs, _ = made(networks.XGAN((32, 40), width=4, embedding=8), *[(2, 32, 40, 3)] * 2)
    assert outputs.a_to_b.shape == outputs.reconstruction_b.shape == (2, 32, 40, 3)


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (networks.DCGANGenerator, (1, 4)),
        (networks.InfoGANGenerator, (1, 4)),
        (networks.ResNetGenerator, (1, 4)),
        (networks.DCGANDiscriminator, (1, 8, 8, 3)),
        (networks.ResNetDiscriminator, (1, 8, 8, 3)),
    ],
)
def test_two_equal_numbers_are_one(network, shape):
    """The same parameters, by name and shape: checkpoints of either serve the other."""
    assert made(network(8, width=4), shape) == made(network((8, 8), width=4), shape)


def test_levels_of_a_unet():
    levels = {(96, 128): 5, (64, 128): 6, (56, 112): 3, 96: 5, 256: 8}
    assert {size: networks.UNetGenerator(size).levels for size in levels} == levels


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (networks.DCGANGenerator((100, 130)), "a DCGAN .* size 100x130: take 96x128, or others"),
        (networks.ResNetGenerator((120, 144)), "of size 120x144: take 112x144, or others"),
        (networks.InfoGANGenerator((28, 30)), "28x30 has no quarter"),
        (networks.R3GANGenerator((32, 36)), "4 stages do not make images of size 32x36"),
    ],
)
def test_sizes_that_cannot_be_made(network, message):
    with pytest.raises(ValueError, match=message) as refusal:
        made(network, (1, 5))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("size", [(100, 140), (240, 320), (2, 64)])
def test_a_unet_that_cannot_be(size):
    with pytest.raises(ValueError, match=rf"no U-Net of image_size=\({size[0]}, {size[1]}\)") as no:
        made(networks.UNetGenerator(size, width=4), (1, *size, 3))
    near = str(no.value).split("take ")[1].split(",")[0].split("x")
    assert networks.UNetGenerator((int(near[0]), int(near[1]))).levels >= 2


def test_an_xgan_that_cannot_be():
    with pytest.raises(ValueError, match="no XGAN for images of size 32x36: take 32, 64"):
        made(networks.XGAN((32, 36)), *[(2, 32, 36, 3)] * 2)


@given(st.tuples(*[st.integers(-4, 600)] * 2))
def test_the_neighbour_that_is_named_can_be_made(size):
    try:
        smallest, halvings = smallest_maps(size, "a network")
    except ValueError as refusal:
        words = str(refusal).split("take ")[1].split(", or")[0].split("x")
        smallest, halvings = smallest_maps((int(words[0]), int(words[-1])), "a network")
    assert halvings >= 1
    assert 4 <= min(smallest) <= 7
