"""Networks found from tensors: names and shapes as the authors' code gives them, by hand."""

import re

import numpy as np
import pytest

from jaxgan.layers import InstanceNorm, MinibatchNorm
from jaxgan.networks import PatchGAN, PixelDiscriminator, ResNetTranslator, UNetGenerator
from jaxgan.weights import Recognised, chosen_parts, official_parameters, parts_of, recognise
from tests.official_files import filled, patches, pixels, resnet, unet

NORMS = {"batch": MinibatchNorm, "instance": InstanceNorm, "none": None}
CASES = [
    *(
        (
            resnet(1, 3, 4, 2, norm, dropout),
            Recognised(ResNetTranslator(3, 4, 2, norm=NORMS[norm]), 1, dropout),
        )
        for norm, dropout in (
            *(("instance", True), ("batch", True)),
            *(("batch", False), ("none", False)),
        )
    ),
    (resnet(3, 1, 2, 0), Recognised(ResNetTranslator(1, 2, 0), 3, None)),
    *(
        (
            unet(3, 1, 2, halvings, norm),
            Recognised(UNetGenerator(1 << halvings, 1, 2, 0.0, norm=NORMS[norm]), 3, None),
        )
        for halvings, norm in ((5, "batch"), (3, "instance"), (2, "none"))
    ),
    *(
        (patches(6, 2, layers, norm), Recognised(PatchGAN(2, layers, NORMS[norm]), 6, False))
        for layers, norm in ((1, "batch"), (3, "instance"), (2, "none"))
    ),
    *(
        (pixels(4, 2, norm), Recognised(PixelDiscriminator(2, NORMS[norm]), 4, False))
        for norm in NORMS
    ),
]


@pytest.mark.parametrize(("shapes", "expected"), CASES)
def test_options_are_found(shapes, expected):
    assert recognise(filled(shapes)) == expected


def test_official_sizes_are_found():
    """Those of the authors' options: nothing is computed, so that width is no matter."""

    def halved(shapes):
        return {name: np.broadcast_to(np.float32(0), shape) for name, shape in shapes.items()}

    found = recognise(halved(unet(3, 3, 64, 8)))
    assert found.words == "a U-Net generator (halvings 8, width 64, channels 3, norm batch)"
    found = recognise(halved(resnet(3, 3, 64, 9)))
    assert found.words == "a ResNet generator (blocks 9, width 64, channels 3, norm instance)"


def lacking(shapes, *keys):
    return {name: shape for name, shape in shapes.items() if name not in keys}


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (lacking(resnet(), "model.4.bias"), "nearly a ResNet .* 1 missing (model.4.bias)"),
        (lacking(unet(), "model.model.3.bias"), "nearly a U-Net .* 1 missing (model.model.3.bias)"),
        (patches() | {"model.99.weight": (1, 2, 3, 4)}, "1 unexpected (model.99.weight)"),
        (patches() | {"model.5.bias": (2,)}, "another shape (model.5.bias is (2,) and not (1,)"),
        (lacking(resnet(blocks=0), "model.17.weight"), "1 missing (model.17.weight)"),
        (resnet() | {"model.2.weight": (2,)}, "its norm has weights, and the convolutions"),
        (unet(norm="instance") | {"model.model.1.model.2.weight": (4,)}, "its norm has weights"),
        ({f"model.{3 * k + 2}.weight": (1, 1, 4, 4) for k in range(20)}
         | {"model.0.weight": (1, 1, 4, 4)}, "19 layers, and more than 14"),
    ],
)  # fmt: skip
def test_what_is_nearly_a_network(shapes, message):
    with pytest.raises(ValueError, match=re.escape(message).replace(r"\.\*", ".*")):
        recognise(filled(shapes))


@pytest.mark.parametrize(
    "shapes",
    [
        {},
        {"conv.weight": (1, 1, 4, 4)},
        {"model.0.weight": (4, 4)},
        {"model.1.weight": (0, 1, 7, 7)},
    ],
)
def test_what_is_like_none(shapes):
    assert recognise(filled(shapes)) is None


def test_running_statistics_are_left_out():
    shapes = pixels(norm="batch")
    tensors, bare = filled(shapes), {}
    for name, tensor in tensors.items():
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked")):
            bare[name] = tensor
    assert recognise(bare) == recognise(tensors)
    assert len(bare) < len(tensors)
    older = filled(resnet()) | {
        "model.2.running_mean": np.zeros(2),
        "model.2.running_var": np.ones(2),
    }
    assert recognise(older).norm == "instance"


class Leaf:
    """Of a tree of shapes."""

    def __init__(self, *shape):
        self.shape = shape


PIXELS = {
    "conv_0": {"kernel": Leaf(3, 2), "bias": Leaf(2)},
    "conv_1": {"kernel": Leaf(2, 4)},
    "conv_2": {"kernel": Leaf(4, 1)},
}


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_parameters_that_are_not_finite_in_float32(value):
    network, tensors = PixelDiscriminator(2, None), filled(pixels(norm="none"))
    kernel = official_parameters(network, tensors, PIXELS)["conv_1"]["kernel"]
    np.testing.assert_array_equal(kernel, tensors["net.2.weight"][:, :, 0, 0].T)
    tensors["net.2.weight"] = tensors["net.2.weight"].astype(np.float64)
    tensors["net.2.weight"][1, 1] = value
    with pytest.raises(ValueError, match=r"'net\.2\.weight' has 1 of 8 values that are not finite"):
        official_parameters(network, tensors, PIXELS)


def test_files_with_dropout_fit_networks_without():
    """Where the second convolution of a block stands is told by the file, not by the network."""
    shapes = {"conv_0": {"kernel": Leaf(3, 3, 8, 8), "bias": Leaf(8)}}
    shapes = {"block_0": shapes | {"conv_1": shapes["conv_0"]}}
    names = {"kernel": "weight", "bias": "bias"}
    for dropout, second in ((False, 5), (True, 6)):
        tensors = filled(within_blocks(resnet(dropout=dropout)))
        taken = official_parameters(ResNetTranslator(3, 2, 1), tensors, shapes)
        for ours, theirs in names.items():
            given = tensors[f"model.10.conv_block.{second}.{theirs}"]
            assert np.sum(taken["block_0"]["conv_1"][ours]) == pytest.approx(given.sum(), rel=1e-4)


def within_blocks(shapes):
    return {name: shape for name, shape in shapes.items() if "conv_block" in name}


def test_the_work_on_names_grows_with_the_file():
    """Keys of very many words, and very many prefixes, are each looked at a few times."""
    tensor = np.zeros(1, np.float32)
    long = {"model." * 200_000 + "weight": tensor}
    assert len(parts_of({"": long})) == 5
    wide = {f"a{number}.b.c.d.e.weight": tensor for number in range(20_000)}
    parts = parts_of({"": wide})
    assert sum(map(len, parts.values())) == 5 * 20_000


def test_names_of_parts():
    a, b = np.zeros(1), np.ones(1)
    parts = parts_of({"": {"x.w": a}, "state_dict": {"netG.w": b}})
    assert set(parts) == {"", "x.", "state_dict", "state_dict/netG."}
    assert parts["state_dict/netG."] == {"w": b}
    assert chosen_parts(parts, "netG") == ["state_dict/netG."]
    assert chosen_parts(parts, "state_dict") == ["state_dict", "state_dict/netG."]
    assert chosen_parts(parts, "net") == []
    for averaged in ("params_ema", "ema", "g_ema", "model_ema.", "x/EMA/net.", "average", "swa"):
        assert chosen_parts(["params", averaged], None) == [averaged]
    assert chosen_parts(["cinema", "schema"], None) == ["cinema", "schema"]
