"""NVIDIA's and R3GAN's tensors as variables of our networks: names, layouts, options, counts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.benchmarks import network_tensors as theirs
from experiments.benchmarks.network_tensors import Residual, Style, drawn
from jaxgan.layers import modulated_convolution
from jaxgan.networks import (
    R3GANDiscriminator,
    R3GANGenerator,
    R3GANProjection,
    StyleGAN2Discriminator,
    StyleGAN2Generator,
    StyleGANDiscriminator,
    StyleGANGenerator,
)
from jaxgan.weights import NetworkRecord, laid_over, r3gan_networks, style_networks

STYLE = Style()


def record(tensors, *, tensorflow=False, **options):
    return NetworkRecord("Network", dict(tensors), options, tensorflow)


def pytorch(style=STYLE, *, original=False, **options):
    return {
        "G_ema": record(drawn(theirs.pytorch_generator(style)), **options),
        "D": record(drawn(theirs.pytorch_discriminator(style, original=original), 1)),
    }


def tensorflow(style=STYLE, *, of_2018=False, **options):
    g = theirs.tensorflow_generator(style, of_2018=of_2018)
    d = theirs.tensorflow_discriminator(style, of_2018=of_2018)
    return {
        "G_ema": record(drawn(g), tensorflow=True, **options),
        "D": record(drawn(d, 1), tensorflow=True, **options),
    }


RESIDUAL = Residual()


def residual(network=RESIDUAL):
    def named(shapes, seed):
        return {f"Model.{name}": x for name, x in drawn(shapes, seed).items()}

    return {
        "G_ema": record(named(theirs.r3gan_generator(network), 0)),
        "D": record(named(theirs.r3gan_discriminator(network), 1)),
    }


def players(found):
    """Our networks of those options, and what they are called with."""
    size, channels = found.image_size, found.channels
    latent = jax.ShapeDtypeStruct((2, found.latent_size), jnp.float32)
    sides = (size, size) if isinstance(size, int) else size
    images = jax.ShapeDtypeStruct((2, *sides, channels), jnp.float32)
    if hasattr(found, "widths"):
        options = found.widths, found.blocks, found.group_width, found.expansion
        head = () if found.classes is None else (R3GANProjection(found.classes),)
        generator = R3GANGenerator(size, channels, *options, found.classes)
        return (generator, latent), (R3GANDiscriminator(size, *options, *head), images)
    base = {"image_size": size, "base": found.base, "classes": found.classes}
    base |= {"channel_base": found.channel_base, "channel_max": found.channel_max}
    of_g = {"channels": channels, "latent_size": found.latent_size, "w_size": found.w_size}
    of_g |= {"mapping_layers": found.mapping_layers, "noise": found.noise}
    if found.of_2018:
        return (
            (StyleGANGenerator(**base, **of_g), latent),
            (StyleGANDiscriminator(**base, group_size=found.group_size), images),
        )
    of_d = {"mapping_layers": found.discriminator_mapping_layers, "original": found.original}
    generator = StyleGAN2Generator(**base, **of_g, clamp=found.clamp)
    return (generator, latent), (StyleGAN2Discriminator(**base, **of_d), images)


def shapes(network, inputs, classes):
    label = () if classes is None else (jax.ShapeDtypeStruct((2,), jnp.int32),)
    return jax.eval_shape(
        lambda *given: network.init(jax.random.key(0), *given, train=False), inputs, *label
    )


def laid(found):
    """The variables of both networks, once they fit ours."""
    arrays = found.average, found.discriminator
    return [
        laid_over(variables, shapes(*player, found.classes), "it")
        for variables, player in zip(arrays, players(found), strict=True)
    ]


def test_pytorchs_layouts():
    given = pytorch()
    g, d = laid(style_networks(given))
    of_g, of_d = given["G_ema"].tensors, given["D"].tensors
    layer = g["params"]["synthesis"]["b8"]["conv0"]
    weight = of_g["synthesis.b8.conv0.weight"]
    np.testing.assert_array_equal(layer["kernel"][2, 0, 3, 1], weight[1, 3, 2, 0], strict=True)
    np.testing.assert_array_equal(
        layer["affine"]["kernel"], of_g["synthesis.b8.conv0.affine.weight"].T
    )
    np.testing.assert_array_equal(layer["affine"]["bias"], of_g["synthesis.b8.conv0.affine.bias"])
    assert layer["noise_strength"] == of_g["synthesis.b8.conv0.noise_strength"]
    noise = of_g["synthesis.b8.conv0.noise_const"]
    np.testing.assert_array_equal(g["noise"]["synthesis"]["b8"]["conv0"]["noise"], noise)
    const = g["params"]["synthesis"]["b4"]["const"]
    np.testing.assert_array_equal(const, np.moveaxis(of_g["synthesis.b4.const"], 0, -1))
    np.testing.assert_array_equal(g["latent_mean"]["mapping"]["mean"], of_g["mapping.w_avg"])
    features = np.random.default_rng(0).standard_normal((8, 4, 4))  # channels first
    np.testing.assert_allclose(
        np.moveaxis(features, 0, -1).ravel() @ d["params"]["b4"]["fc"]["kernel"],
        of_d["b4.fc.weight"] @ features.ravel(),
        rtol=1e-5,
    )
    skip = d["params"]["b16"]["skip"]["kernel"]
    np.testing.assert_array_equal(skip[0, 0], of_d["b16.skip.weight"][:, :, 0, 0].T)


@pytest.mark.parametrize("of_2018", [False, True])
def test_networks_without_noise(of_2018):
    given = tensorflow(of_2018=True) if of_2018 else pytorch()
    tensors = given["G_ema"].tensors
    silent = {name: x for name, x in tensors.items() if "noise" not in name.lower()}
    assert style_networks(given).noise
    found = style_networks(given | {"G_ema": record(silent, tensorflow=of_2018, use_noise=False)})
    assert not found.noise
    g, _ = laid(found)
    assert set(g) == {"params", "latent_mean"}


def as_tensorflow(tensors):
    """PyTorch's tensors of StyleGAN2 by TensorFlow's names and layouts, where the two differ."""
    made = {}
    for name, x in tensors.items():
        *place, last = name.split(".")
        if last == "resample_filter":
            continue
        if name == "mapping.w_avg":
            made["dlatent_avg"] = x
        elif place[0] == "mapping":
            layer = place[1].replace("fc", "Dense").replace("embed", "LabelEmbed")
            made[f"mapping/{layer}/{last}"] = x.T
        else:
            size = int(place[1][1:])
            at = f"synthesis/{size}x{size}"
            layer = {"conv0": "Conv0_up", "conv1": "Conv1", "torgb": "ToRGB"}.get(place[-1], "")
            layer = "Conv" if size == 4 and place[-1] == "conv1" else layer
            if last == "const":
                made[f"{at}/Const/const"] = x[None]
            elif last == "noise_const":
                number = 2 * int(np.log2(size)) - (5 if place[-1] == "conv0" else 4)
                made[f"synthesis/noise{number}"] = x[None, None]
            elif place[-1] == "affine":
                layer = {"conv0": "Conv0_up", "conv1": "Conv1", "torgb": "ToRGB"}[place[-2]]
                layer = "Conv" if size == 4 and layer == "Conv1" else layer
                one = x.T if last == "weight" else x - 1
                made[f"{at}/{layer}/mod_{last}"] = one
            elif last == "weight":
                kernel = x.transpose(2, 3, 1, 0)
                up = layer == "Conv0_up"
                made[f"{at}/{layer}/weight"] = kernel[::-1, ::-1] if up else kernel
            else:
                made[f"{at}/{layer}/{last}"] = x
    return made


@pytest.mark.parametrize("classes", [0, 3])
def test_both_layouts_of_one_network(classes):
    """The same variables, from PyTorch's file and from TensorFlow's."""
    style = Style(classes=classes)
    one = pytorch(style)["G_ema"]
    other = record(as_tensorflow(one.tensors), tensorflow=True)
    ours, same = (style_networks({"G_ema": x}).average for x in (one, other))
    assert {*ours} == {*same}
    for path, array in ours.items():
        rounding = 1e-6 if path[-2:] == ("affine", "bias") else 0.0
        np.testing.assert_allclose(same[path], array, atol=rounding, rtol=0)


@pytest.mark.parametrize("tensorflow_", [False, True])
def test_which_way_up_the_doubling_kernel_is(tensorflow_):
    """One pixel, doubled: a copy of PyTorch's kernel before the filter, TensorFlow's turned."""
    given = tensorflow() if tensorflow_ else pytorch()
    found = style_networks(given).average["params", "synthesis", "b8", "conv0", "kernel"]
    tensors = given["G_ema"].tensors
    if tensorflow_:
        weight = tensors["synthesis/8x8/Conv0_up/weight"].astype(float)[::-1, ::-1]
    else:
        weight = tensors["synthesis.b8.conv0.weight"].astype(float).transpose(2, 3, 1, 0)
    images = jnp.zeros((1, 5, 5, 8)).at[0, 2, 2, 0].set(1.0)
    made = modulated_convolution(images, jnp.asarray(found), jnp.ones((1, 8)), up=True)[0]
    spread = np.zeros((11, 11, 8))
    spread[4:7, 4:7] = weight[:, :, 0] / np.sqrt((weight**2).sum((0, 1, 2)))  # y[2 i + k]
    for axis in (0, 1):
        spread = np.apply_along_axis(np.convolve, axis, spread, np.array([1, 3, 3, 1]) / 4)
    # The filter reaches 3 further, of which the authors' padding of 1 leaves out 2.
    np.testing.assert_allclose(made, spread[2:12, 2:12], atol=1e-5)


@pytest.mark.parametrize("classes", [0, 3])
def test_layouts_of_2018(classes):
    given = tensorflow(Style(classes=classes), of_2018=True)
    found = style_networks(given)
    g, d = laid(found)
    of_g, of_d = given["G_ema"].tensors, given["D"].tensors
    synthesis, noise = g["params"]["synthesis"], g["noise"]["synthesis"]
    for ours, name, number in (
        (("b4", "input"), "4x4/Const", 0),
        (("b4", "conv1"), "4x4/Conv", 1),
        (("b8", "conv0"), "8x8/Conv0_up", 2),
        (("b16", "conv1"), "16x16/Conv1", 5),
    ):
        layer = synthesis[ours[0]][ours[1]]
        same(layer["noise_strength"], of_g[f"synthesis/{name}/Noise/weight"])
        same(layer["bias"], of_g[f"synthesis/{name}/bias"])
        same(layer["affine"]["kernel"], of_g[f"synthesis/{name}/StyleMod/weight"])
        same(layer["affine"]["bias"], of_g[f"synthesis/{name}/StyleMod/bias"])
        same(noise[ours[0]][ours[1]]["noise"], of_g[f"synthesis/noise{number}"][0, 0])
        if number:
            same(layer["kernel"], of_g[f"synthesis/{name}/weight"])
    same(synthesis["b16"]["torgb"]["kernel"], of_g["synthesis/ToRGB_lod0/weight"])
    same(synthesis["b4"]["torgb"]["bias"], of_g["synthesis/ToRGB_lod2/bias"])
    same(g["latent_mean"]["mapping"]["mean"], of_g["dlatent_avg"])
    same(d["params"]["b16"]["fromrgb"]["kernel"], of_d["FromRGB_lod0/weight"])
    same(d["params"]["b4"]["out"]["kernel"], of_d["4x4/Dense1/weight"])
    if classes:
        same(g["params"]["mapping"]["embed"]["kernel"], of_g["mapping/LabelConcat/weight"])
    features = np.random.default_rng(0).standard_normal((8, 4, 4))  # channels first
    np.testing.assert_allclose(
        np.moveaxis(features, 0, -1).ravel() @ d["params"]["b4"]["fc"]["kernel"],
        features.ravel() @ of_d["4x4/Dense0/weight"],
        rtol=1e-5,
    )


def same(ours, theirs_):
    np.testing.assert_array_equal(ours, theirs_, strict=True)


@pytest.mark.parametrize("classes", [0, 3])
def test_r3gans_layouts(classes):
    given = residual(Residual(classes=classes))
    found = r3gan_networks(given)
    assert found[3:] == (16, 3, 5, (8, 8, 4), 2, 4, 2, classes or None)
    g, d = (tree["params"] for tree in laid(found))
    of_g, of_d = (
        {name.removeprefix("Model."): x for name, x in given[role].tensors.items()}
        for role in ("G_ema", "D")
    )
    same(g["basis"], np.moveaxis(of_g["MainLayers.0.Layers.0.Basis"], 0, -1))
    same(g["Pointwise_0"]["kernel"], of_g["MainLayers.0.Layers.0.LinearLayer.weight"].T)
    same(  # of the two doublings, the second changes the channels
        g["Pointwise_1"]["kernel"],
        of_g["MainLayers.2.Layers.0.LinearLayer.Layer.weight"][..., 0, 0].T,
    )
    same(g["Pointwise_2"]["kernel"], of_g["AggregationLayer.Layer.weight"][..., 0, 0].T)
    for ours, at, tensors in (
        (g["ResidualBlock_3"], "MainLayers.1.Layers.2", of_g),
        (d["ResidualBlock_3"], "MainLayers.1.Layers.1", of_d),
    ):
        same(ours["Pointwise_0"]["kernel"], tensors[f"{at}.LinearLayer1.Layer.weight"][..., 0, 0].T)
        same(ours["Pointwise_1"]["kernel"], tensors[f"{at}.LinearLayer3.Layer.weight"][..., 0, 0].T)
        same(ours["Pointwise_0"]["bias"], tensors[f"{at}.NonLinearity1.Bias"])
        same(ours["GroupedConv_0"]["bias"], tensors[f"{at}.NonLinearity2.Bias"])
        weight = tensors[f"{at}.LinearLayer2.Layer.weight"]
        same(ours["GroupedConv_0"]["kernel"][2, 0, 1, 3], weight[3, 1, 2, 0])
    same(d["basis"], np.moveaxis(of_d["MainLayers.2.Layers.2.Basis.weight"][:, 0], 0, -1))
    same(d["head"]["Dense_0"]["kernel"], of_d["MainLayers.2.Layers.2.LinearLayer.weight"].T)
    if classes:
        same(g["LabelEmbedding_0"]["embedding"], of_g["EmbeddingLayer.weight"].T)
        same(d["head"]["LabelEmbedding_0"]["embedding"], of_d["EmbeddingLayer.weight"].T)
    else:
        assert d["head"]["Dense_0"]["bias"] == 0


def nothing(shapes_):
    """Tensors of zeros that take no memory."""
    blur = drawn({"resample_filter": ()})["resample_filter"]
    return {
        name: blur if name.endswith("resample_filter") else np.broadcast_to(np.float32(0), shape)
        for name, shape in shapes_.items()
    }


def count(tree):
    return sum(leaf.size for leaf in jax.tree.leaves(tree["params"]))


COUNTS = {
    "config f": (Style(1024, 32768, 512, 3, 512, 512, 8), False, 30_370_060, 29_012_513),
    "mapping of 2": (Style(32, 16384, 512, 3, 512, 512, 2), False, 19_947_539, 21_507_073),
    "2018": (Style(1024, 16384, 512, 3, 512, 512, 8), True, 26_219_627, 23_087_249),
}


@pytest.mark.parametrize("name", COUNTS)
def test_options_and_counts(name):
    """What the tensors tell makes networks of the published size."""
    style, of_2018, of_g, of_d = COUNTS[name]
    if of_2018:
        g = theirs.tensorflow_generator(style, of_2018=True)
        d = theirs.tensorflow_discriminator(style, of_2018=True)
    else:
        g, d = theirs.pytorch_generator(style), theirs.pytorch_discriminator(style)
    records = {role: record(nothing(x), tensorflow=of_2018) for role, x in (("G_ema", g), ("D", d))}
    found = style_networks(records)
    assert found.image_size == (style.size, style.size)
    assert (found.channel_base, found.channel_max) == (style.channel_base, style.channel_max)
    assert (found.latent_size, found.w_size, found.mapping_layers) == (512, 512, style.layers)
    assert [count(tree) for tree in laid(found)] == [of_g, of_d]


@pytest.mark.parametrize(
    ("network", "of_g", "of_d"),
    [
        (Residual((768,) * 4, 2, 16, 2, 64, 10), 20_781_952, 21_280_512),
        (Residual((768, 768, 768, 768, 384), 2, 16, 2, 64), 22_429_824, 22_381_440),
        (Residual((768, 768, 768, 768, 384, 192, 96), 2, 16, 2, 64), 23_057_952, 23_009_568),
    ],
    ids=["CIFAR-10 with labels", "FFHQ-64", "FFHQ-256"],
)
def test_r3gans_counts(network, of_g, of_d):
    def named(shapes_):
        return record({f"Model.{name}": x for name, x in nothing(shapes_).items()})

    g, d = theirs.r3gan_generator(network), theirs.r3gan_discriminator(network)
    found = r3gan_networks({"G_ema": named(g), "D": named(d)})
    bias = 0 if network.classes else 1  # ours has one in the score, which no loss sees
    assert [count(tree) for tree in laid(found)] == [of_g, of_d + bias]


def test_options_beside_the_tensors():
    found = style_networks(
        {
            "G_ema": pytorch(synthesis_kwargs={"conv_clamp": 256, "channel_base": 64})["G_ema"],
            "D": record(pytorch()["D"].tensors, epilogue_kwargs={"mbstd_group_size": 8}),
        }
    )
    assert (found.clamp, found.group_size, found.original) == (256.0, 8, False)
    assert style_networks(pytorch(conv_clamp=128)).clamp == 128
    assert style_networks(pytorch(original=True)).original
    labelled = style_networks(pytorch(Style(classes=4)))
    assert (labelled.classes, labelled.discriminator_mapping_layers) == (4, 2)
    laid(labelled)
    grey = style_networks(pytorch(Style(channels=1)))
    assert grey.channels == 1
    laid(grey)


def changed(given, role, **tensors):
    """Networks with some tensors instead; None leaves one out. `__` stands for a dot."""
    named = {name.replace("__", "."): x for name, x in tensors.items()}
    kept = {name: x for name, x in (given[role].tensors | named).items() if x is not None}
    return given | {role: given[role]._replace(tensors=kept)}


ZEROS = np.zeros((3, 8, 1, 1), np.float32)
WRONG = {
    "holds a StyleGAN3, and neither": {"G_ema": record({"synthesis.input.freqs": ZEROS})},
    "holds an R3GAN, and neither": residual(),
    "holds networks that are not known": {"G_ema": record({"x": ZEROS})},
    "discriminator, and no generator": {"D": pytorch()["D"]},
    "colours at its last resolution alone": changed(
        pytorch(), "G_ema", synthesis__b8__torgb__weight=None
    ),
    "its generator has residual blocks": changed(
        pytorch(), "G_ema", synthesis__b8__skip__weight=ZEROS
    ),
    "none of StyleGAN's or StyleGAN2's": changed(pytorch(), "G_ema", synthesis__b8__extra=ZEROS),
    "conv1.kernel is missing": changed(pytorch(), "G_ema", synthesis__b4__conv1__weight=None),
    "const is missing": changed(pytorch(), "G_ema", synthesis__b4__const=None)
    | {"D": pytorch()["D"]},
    "is another than that of": changed(
        pytorch(), "G_ema", synthesis__b8__resample_filter=np.ones((4, 4), np.float32)
    ),
    "has 1 of 8 values that are not finite": changed(
        pytorch(), "G_ema", synthesis__b8__conv1__bias=np.float32([np.nan] + [0] * 7)
    ),
    "sees images of 32x32": pytorch() | {"D": pytorch(Style(32))["D"]},
    "sees images of 16x16 and 1 channels": pytorch() | {"D": pytorch(Style(channels=1))["D"]},
    "discriminator has the channels": pytorch() | {"D": pytorch(Style(channel_base=32))["D"]},
    "channels of deviations": changed(
        pytorch(), "D", b4__conv__weight=np.zeros((8, 8, 3, 3), np.float32)
    ),
    "and ours halve from a most on": changed(
        pytorch(), "G_ema", synthesis__b16__conv1__weight=np.zeros((3, 4, 3, 3), np.float32)
    ),
    "are no square of 8 channels": changed(
        pytorch(), "D", b4__fc__weight=np.zeros((8, 24), np.float32)
    ),
    "made with activation 'relu'": pytorch(synthesis_kwargs={"activation": "relu"}),
    "made with lr_multiplier '0.1'": pytorch(mapping_kwargs={"lr_multiplier": 0.1}),
    "made with resample_kernel": tensorflow(resample_kernel=[1, 2, 1]),
    "made with fused_scale 'False'": tensorflow(of_2018=True, fused_scale=False),
    "normalised together with its latents": {
        "G_ema": record(
            drawn(theirs.tensorflow_generator(STYLE) | {"mapping/LabelConcat/weight": (3, 5)}),
            tensorflow=True,
        )
    },
}


@pytest.mark.parametrize("sentence", WRONG)
def test_what_is_not_imported(sentence):
    with pytest.raises(ValueError, match=sentence.replace("'", ".")) as caught:
        style_networks(WRONG[sentence])
    assert "\n" not in str(caught.value)


def test_what_is_no_r3gan():
    good = residual()
    at = "Model.MainLayers.1.Layers"
    rows = {
        "holds a StyleGAN2, and no R3GAN": pytorch(),
        "discriminator, and no generator": {"D": good["D"]},
        "none of R3GAN's": changed(good, "G_ema", Model__MainLayers__0__Attention=ZEROS),
        "its generator has image size 16": good | {"D": residual(Residual((8, 8, 8)))["D"]},
        "5 residual blocks in 3 stages": good
        | {
            "G_ema": record(
                {k: x for k, x in good["G_ema"].tensors.items() if not k.startswith(f"{at}.2.")}
            )
        },
        "not finite": changed(
            good, "G_ema", Model__AggregationLayer__Layer__weight=np.full_like(ZEROS, np.inf)
        ),
        "has the shape": changed(
            good, "G_ema", Model__AggregationLayer__Layer__weight=np.zeros(3, np.float32)
        ),
    }
    for sentence, given in rows.items():
        with pytest.raises(ValueError, match=sentence):
            r3gan_networks(given)


def test_what_differs_from_the_network():
    found = style_networks(pytorch())
    (player, _), _ = players(found)
    template = shapes(player, jax.ShapeDtypeStruct((2, 5), jnp.float32), None)
    less = {path: x for path, x in found.average.items() if path[0] != "latent_mean"}
    with pytest.raises(ValueError, match=r"G is another network: 1 missing \(mapping\.mean\)"):
        laid_over(less, template, "G")
    more = found.average | {("params", "odd"): np.zeros(3, np.float32)}
    with pytest.raises(ValueError, match=r"1 unexpected \(odd\)"):
        laid_over(more, template, "G")
