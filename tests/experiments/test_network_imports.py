"""The verb `import` of experiments from latents: pickles of NVIDIA's and R3GAN's code."""

import json
import os

import chex
import flax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from experiments import r3gan, stylegan2
from experiments.benchmarks import network_files
from experiments.benchmarks import network_tensors as theirs
from experiments.benchmarks.network_tensors import Residual, Style, drawn
from experiments.benchmarks.weight_files import legacy, state, tensor, zipped
from jaxgan import cli, games
from jaxgan.cli.runs import open_run
from jaxgan.recipes import with_networks
from jaxgan.training import load
from jaxgan.weights import (
    NetworkRecord,
    laid_over,
    r3gan_networks,
    read_networks,
    style_networks,
)

STYLE = Style(size=8, channel_base=32, channel_max=8, latent=4, w=4, layers=1)
RESIDUAL = Residual(widths=(8, 8), blocks=1, group_width=16, latent=4)
OPTIONS = {"synthesis_kwargs": {"conv_clamp": 256}, "epilogue_kwargs": {"mbstd_group_size": 2}}


@pytest.fixture
def call(capfd, monkeypatch, tmp_path):
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"])
    monkeypatch.chdir(tmp_path)

    def call(script, *words):
        small = stylegan2.PRESETS["small"] if script is stylegan2 else r3gan.SMALL
        with pytest.raises(SystemExit) as stop:
            cli.main(small, arguments=[str(word) for word in words])
        captured = capfd.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


def refused(result, *sentences):
    code, _, error = result
    assert code == 2
    (line,) = error.strip().splitlines()
    for sentence in ("error: ", *sentences):
        assert sentence in line


def nvidia(path, roles=("G", "D", "G_ema"), style=STYLE):
    shapes = theirs.pytorch_generator(style), theirs.pytorch_discriminator(style)
    drawn_ = {role: drawn(shapes[role == "D"], seed) for seed, role in enumerate(roles)}
    path.write_bytes(network_files.nvidia_pickle(drawn_, dict.fromkeys(roles, OPTIONS)))
    return path


def residual(path, roles=("G", "D", "G_ema"), network=RESIDUAL):
    shapes = theirs.r3gan_generator(network), theirs.r3gan_discriminator(network)
    drawn_ = {role: drawn(shapes[role == "D"], seed) for seed, role in enumerate(roles)}
    path.write_bytes(network_files.r3gan_pickle(drawn_))
    return path


def opened(directory, kind, name):
    run, experiment = open_run(directory, kind, name)
    return experiment, load(run, experiment)[1]


def equal(variables, arrays):
    """To the bit, and nothing else there."""
    expected = laid_over(arrays, variables, "it")
    chex.assert_trees_all_equal(jax.tree.map(np.asarray, dict(variables)), expected)


def test_stylegan2(call, tmp_path):
    """A run with the file's networks, their options and noise, from which pictures are drawn."""
    file = nvidia(tmp_path / "ffhq.pkl")
    code, out, error = call(stylegan2, "import", file, "--directory", "run")
    assert code == 0, error
    for said in (
        f"{file}: a StyleGAN2 (images of 8x8, channels 3, channel base 32, at most 8, mapping",
        "--image-size 8 --group-size 2 --latent-size 4 --w-size 4 --mapping-layers 1",
        "--clamp 256.0",
        "non-commercial use",
        "sample run",
    ):
        assert said in out
    experiment, state_ = opened(tmp_path / "run", stylegan2.StyleGAN2, "stylegan2")
    found = style_networks(read_networks(file))
    equal(games.variables(state_.generator), found.generator)
    equal(games.variables(state_.discriminator), found.discriminator)
    equal(state_.average.mean, found.average)
    assert (experiment.clamp, experiment.group_size) == (256.0, 2)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["data"].startswith("imported: ffhq.pkl sha256:")

    code, _, error = call(stylegan2, "sample", "run", "--count", 2, "--truncation", 0)
    assert code == 0, error
    pictures = sorted((tmp_path / "run/generated").glob("*/0*.png"))
    one, other = (np.asarray(Image.open(picture)) for picture in pictures)
    np.testing.assert_array_equal(one, other)  # both of the file's mean w
    assert np.std(one) > 1
    refused(call(stylegan2, "resume", "run"), "imported")


def test_r3gan(call, tmp_path):
    file = residual(tmp_path / "r3gan.pkl")
    code, out, error = call(r3gan, "import", file, "--directory", "run", "--blocks", 1)
    assert code == 0, error
    assert f"{file}: an R3GAN (images of 8x8, channels 3, widths 8 8, blocks 1)" in out
    assert "--image-size 8 --channels 3 --latent-size 4 --widths 8 8" in out
    experiment, state_ = opened(tmp_path / "run", r3gan.R3GAN, "r3gan")
    found = r3gan_networks(read_networks(file))
    equal(games.variables(state_.generator), found.generator)
    equal(games.variables(state_.discriminator), found.discriminator)
    equal(state_.average.mean, found.average)
    refused(call(r3gan, "import", file, "--blocks", 2), "--blocks 2 contradicts the files, which")
    assert experiment.widths == (8, 8)


def test_what_a_file_lacks(call, tmp_path):
    """A generator alone is G and its average; D begins anew."""
    file = residual(tmp_path / "r3gan.pkl", ["G_ema"])
    code, out, error = call(r3gan, "import", file, "--directory", "run")
    assert code == 0, error
    assert "one generator alone, which is taken for G and for its average" in out
    assert "no discriminator: it begins anew" in out
    _, state_ = opened(tmp_path / "run", r3gan.R3GAN, "r3gan")
    average = r3gan_networks(read_networks(file)).average
    equal(games.variables(state_.generator), average)
    equal(state_.average.mean, average)


def test_files_of_something_else(call, tmp_path):
    """One sentence that says what it is, and nothing half-written."""
    style, other = nvidia(tmp_path / "s.pkl"), residual(tmp_path / "r.pkl")
    freqs = {"G_ema": {"synthesis.input.freqs": np.zeros((3, 2), np.float32)}}
    third = tmp_path / "stylegan3.pkl"
    third.write_bytes(network_files.nvidia_pickle(freqs, {"G_ema": {}}))
    tensors = drawn(theirs.tensorflow_generator(STYLE, of_2018=True))
    first = tmp_path / "stylegan.pkl"
    first.write_bytes(network_files.tensorflow_pickle({"G_ema": tensors}, version=3))
    labelled = residual(tmp_path / "labelled.pkl", network=RESIDUAL._replace(classes=3))
    wide = residual(tmp_path / "wide.pkl", network=RESIDUAL._replace(group_width=8))
    cyclegan = tmp_path / "latest_net_G.pth"
    cyclegan.write_bytes(zipped(state(x=tensor())))
    older = tmp_path / "older.pth"
    older.write_bytes(legacy(state(x=tensor())))
    cut = tmp_path / "cut.pkl"
    cut.write_bytes(style.read_bytes()[:5000])
    hostile = tmp_path / "hostile.pkl"
    hostile.write_bytes(b"\x80\x04cos\nsystem\n\x8c\x04true\x85R.")
    for script, file, sentence in (
        (stylegan2, third, "it holds a StyleGAN3, and neither a StyleGAN nor a StyleGAN2"),
        (stylegan2, other, "it holds an R3GAN, and neither"),
        (stylegan2, first, "has a StyleGAN (images of 8x8"),
        (stylegan2, cyclegan, "is a file of torch.save, and not a pickle of whole networks"),
        (stylegan2, older, "is a file of torch.save, and not a pickle of whole networks"),
        (stylegan2, cut, "is cut short, damaged or no pickle of networks"),
        (stylegan2, hostile, "asks for os.system"),
        (stylegan2, tmp_path / "none.pkl", "No such file"),
        (r3gan, style, "it holds a StyleGAN2, and no R3GAN"),
        (r3gan, labelled, "and r3gan.py plays without labels"),
        (r3gan, wide, "of 8 channels in a group, 2 times wider inside: r3gan.py has 16 and 2"),
    ):
        refused(call(script, "import", file), sentence, file.name)
    assert not (tmp_path / "runs").exists()


def test_options_contradict(call, tmp_path):
    file = nvidia(tmp_path / "ffhq.pkl")
    said = "--mapping-layers 3 contradicts the files, which need 1: leave --mapping-layers out"
    refused(call(stylegan2, "import", file, "--mapping-layers", 3), said)
    refused(call(stylegan2, "import", file, "--image-size", 16), "--image-size 16 contradicts")
    said = "--no-noise contradicts the files, which need --noise: leave --no-noise out"
    refused(call(stylegan2, "import", file, "--no-noise"), said)
    assert not (tmp_path / "runs").exists()


def test_networks_of_2018_are_whole():
    """Where networks grow, those of a file have grown."""
    tensors = drawn(theirs.tensorflow_generator(STYLE, of_2018=True))
    found = style_networks({"G_ema": NetworkRecord("Network", tensors, {}, True)})
    variables = flax.traverse_util.unflatten_dict(found.average)
    player = games.Player(variables.pop("params"), variables, None)
    growth = games.Growth(jnp.int32(0), jnp.float32(0.5))
    zero = jnp.int32(0)
    before = games.StyleState(player, player, None, jnp.float32(0), zero, zero, None, growth)
    after = with_networks(before, found)
    assert (int(after.growth.stage), float(after.growth.fade)) == (1, 1.0)
    assert after.images > 10**9
    equal(games.variables(after.generator), found.average)


def test_configuration_is_plain(tmp_path):
    """What a file tells can be written down and read again."""
    found = stylegan2.PRESETS["small"].found_in(nvidia(tmp_path / "ffhq.pkl"))
    assert json.loads(json.dumps(dict(found.told.options))) == found.told.options
