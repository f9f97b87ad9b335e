"""The verb `explore`: what is in its page makes what the run makes, here and in a browser."""

import base64
import dataclasses
import gzip
import importlib.util
import json
import os
import re
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments import cyclegan, infogan
from jaxgan import latents, training
from jaxgan.cli import directions, explore, groups
from jaxgan.cli.runtime import FILES, PACKAGE, VERSION
from jaxgan.data import Sides, cache_folder
from jaxgan.training import create_from_state
from jaxgan.weights import run_onnx
from tests.browser import CHROMIUM, quiet_page, shown
from tests.fresh import STYLEGAN2, begun
from tests.painted import (
    ATTRIBUTES,
    BRIGHTER,
    LAYERS,
    MEAN,
    SIZE,
    Dressed,
    Painted,
    W,
    Z,
    sampled,
    seeing,
    styles,
)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("jax2onnx") is None, reason="jaxgan[onnx] is not installed"
)

PAINTED, DRESSED = Painted(classes=3), Dressed(classes=3)
CODED = dataclasses.replace(
    infogan.SMALL,
    images=dataclasses.replace(infogan.SMALL.images, image_size=8),
    noise=2,
    categorical=(3, 2),
    continuous=2,
    width=2,
    batch_size=2,
)
TRANSLATES = dataclasses.replace(
    cyclegan.SMALL,
    pairs=Sides(load_size=8, crop_size=8, channels=1, channels_b=3),
    batch_size=2,
    width=2,
    blocks=1,
    dropout=0.5,
    discriminator_width=2,
    layers=0,
)


@pytest.fixture
def runtime(tmp_path):
    """Files that have the names of the real ones."""
    folder = tmp_path / "dist"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text(name)
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explore")
    found = {PAINTED: folder / "painted", DRESSED: folder / "dressed"}
    for experiment, directory in found.items():
        training.train(experiment, directory, name="painted", devices=1)
    return found


def of_no_rounds(experiment, directory, name):
    shapes = experiment.shapes
    zeros = {array: jnp.zeros(leaf.shape, leaf.dtype) for array, leaf in shapes.items()}
    state = jax.jit(experiment.game().init)(jax.random.key(0), zeros)
    create_from_state(
        *(experiment, directory, state), name=name, seed=0, shapes=shapes, data="imported: none"
    )
    return state


def read(path):
    """What a page holds."""
    text = path.read_text("utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def made(data, network, **inputs):
    """What a network of a page makes of those of the inputs that it takes."""
    raw = gzip.decompress(base64.b64decode(data["networks"][network]))
    inputs = {name: np.asarray(array) for name, array in inputs.items()}
    return run_onnx(raw, inputs)


def test_a_page_of_latents(line, runs, runtime, tmp_path, monkeypatch):
    for module in (groups, directions):
        monkeypatch.setattr(module, "attribute_labels", lambda images: ATTRIBUTES)
    monkeypatch.setattr(groups, "attribute_classifier", lambda images: seeing)
    page, words = tmp_path / "a.html", ("--runtime", runtime, "--seeds", 5, "--draws", 300)
    asked = ("--directions", "left=much", "sefa")
    out = line.done(PAINTED, "explore", runs[PAINTED], *words, *asked, "--output", page)
    assert f"{page} is a page of step 1, " in out
    data = read(page)
    assert (data["title"], data["size"], data["seeds"]) == ("painted painted", [4, 4], 5)
    assert data["labels"] == ["0", "1", "2"]
    names = [(direction["group"], direction["name"]) for direction in data["directions"]]
    assert names == [("attributes", "left=much"), *(("sefa", f"sefa {n + 1}") for n in range(4))]
    rows = np.stack([floats(direction["vector"]) for direction in data["directions"]])
    np.testing.assert_allclose(rows[1:4], np.eye(Z)[:3], atol=1e-6)
    assert rows[0, 0] > 0.9
    samples = sampled(PAINTED, 0, 300)["latent"]
    units = [direction["unit"] for direction in data["directions"]]
    np.testing.assert_allclose(units, (samples @ rows.T).std(axis=0), rtol=1e-5)
    latent = floats(data["latents"]).reshape(5, Z)
    np.testing.assert_array_equal(latent[2], sampled(PAINTED, 2, 1)["latent"][0])
    image = made(data, "make", latent=latent[2:3], label=np.array([1], np.int32))
    expected = np.broadcast_to(latent[2, None, :, None] + BRIGHTER, (1, SIZE, SIZE, 1))
    np.testing.assert_allclose(image, expected, atol=1e-6)


def test_a_page_of_styles(line, runs, runtime):
    words = ("--runtime", runtime, "--seeds", 3, "--draws", 50, "--directions", "components")
    line.done(DRESSED, "explore", runs[DRESSED], *words)
    data = read(runs[DRESSED] / "generated" / "explore_seed_0.html")
    np.testing.assert_allclose(floats(data["styles"]["mean"]), np.full(W, MEAN))
    w = styles(sampled(DRESSED, 0, 50))
    rows = np.stack([floats(direction["vector"]) for direction in data["directions"]])
    np.testing.assert_allclose(rows, latents.principal_components(w).directions, atol=1e-6)
    latent = floats(data["latents"]).reshape(3, Z)[1:2]
    mapped = made(data, "map", latent=latent, label=np.array([2], np.int32))
    expected = np.broadcast_to(latent[:, None, :W] + 2 * BRIGHTER, (1, LAYERS, W))
    np.testing.assert_allclose(mapped, expected, atol=1e-6)
    np.testing.assert_allclose(made(data, "make", w=mapped)[0, 0, :W, 0], mapped[0, 0], atol=1e-6)


def test_a_page_of_codes(line, runtime, tmp_path):
    state = of_no_rounds(CODED, tmp_path / "run", "infogan")
    words = ("--runtime", runtime, "--seeds", 4, "--directions", "sefa")
    line.done(CODED, "explore", tmp_path / "run", *words)
    data = read(tmp_path / "run" / "generated" / "explore_seed_0.html")
    assert data["choices"] == [
        {"name": "code of 3", "first": 2, "size": 3},
        {"name": "code of 2", "first": 5, "size": 2},
    ]
    first, second, *_ = data["directions"]
    assert (first["group"], second["name"], second["unit"]) == ("codes", "code 2", 0.5)
    np.testing.assert_array_equal(floats(second["vector"]), np.eye(9)[8])
    latent = floats(data["latents"]).reshape(4, 9)[3:]
    expected = CODED.game().generate(jax.random.key(0), state, {"latent": latent})
    np.testing.assert_allclose(made(data, "make", latent=latent), expected, atol=1e-5)


def test_a_page_to_draw_on(line, runtime, tmp_path):
    state = of_no_rounds(TRANSLATES, tmp_path / "run", "cyclegan")
    words = ("--runtime", runtime, "--side", "b")
    line.done(TRANSLATES, "explore", tmp_path / "run", *words)
    data = read(tmp_path / "run" / "generated" / "explore_seed_0.html")
    assert (data["kind"], data["channels"], data["size"]) == ("pictures", 3, [8, 8])
    assert data["examples"] == []  # the run was not trained on any
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 8, 8, 3)).astype(np.float32)
    expected = TRANSLATES.game().generate(jax.random.key(0), state, {"b": picture})
    np.testing.assert_allclose(made(data, "make", picture=picture), expected, atol=1e-5)
    line.refused(
        *(TRANSLATES, "explore", tmp_path / "run", "--side", "c"),
        *("--output", tmp_path / "b.html", "--runtime", runtime),
        says="--side must be a or b, not c",
    )


def test_what_has_no_page(line, runs, runtime, tmp_path, monkeypatch):
    run, output = runs[PAINTED], ("--output", tmp_path / "a.html")
    for words, says in (
        (("--seeds", 0), "--seeds must be 1 or more"),
        (("--seeds", 10_001), "--seeds must be 10,000 or fewer, not 10,001"),
        (("--draws", 1), "--draws must be 2 or more"),
        (("--draws", 10**12), "--draws must be 100,000 or fewer, not 1,000,000,000,000"),
        (("--directions", "3,4"), "--directions 3,4 are none"),
    ):
        line.refused(PAINTED, "explore", run, *output, "--runtime", runtime, *words, says=says)
    says = "a page is a file of HTML"
    line.refused(PAINTED, "explore", run, "--output", tmp_path / "a.png", says=says)
    (tmp_path / "b.html").write_text("mine")
    line.refused(PAINTED, "explore", run, "--output", tmp_path / "b.html", says="is there already")
    line.refused(PAINTED, "explore", run, *output, "--runtime", run, says="has not the files ort")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "jax2onnx", None)
        line.refused(PAINTED, "explore", run, *output, says="pip install 'jaxgan[onnx]'")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    line.refused(PAINTED, "explore", run, *output, says="install Node.js, or give --runtime")
    monkeypatch.setattr(explore, "LARGEST", -1)  # these weigh nothing
    of_latents = ("--runtime", runtime, *output)
    line.refused(
        *(PAINTED, "explore", run, *of_latents),
        says="the generator has 0.0 MB of weights, and a page",
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.html", "dist"]


def real_runtime():
    """Where the runtime of ONNX for browsers is on this machine; None where it is not."""
    kept = cache_folder()
    places = [os.environ.get("JAXGAN_ONNX_RUNTIME"), kept and kept / f"{PACKAGE}-{VERSION}"]
    return next((Path(place) for place in places if place and Path(place).is_dir()), None)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
@pytest.mark.skipif(
    real_runtime() is None,
    reason=f"there is no {PACKAGE}: let explore fetch it, or name its dist in JAXGAN_ONNX_RUNTIME",
)
def test_a_browser_draws_what_python_does(line, tmp_path):
    state = begun(STYLEGAN2, tmp_path / "run", name="stylegan2", scale=2.0)
    page = tmp_path / "page.html"
    words = ("--seeds", 4, "--draws", 20, "--directions", "sefa", "--output", page)
    line.done(STYLEGAN2, "explore", tmp_path / "run", "--runtime", real_runtime(), *words)
    direction = read(page)["directions"][1]

    def expected(seed, psi, by):
        inputs = {"latent": explore.latents_of_seeds(STYLEGAN2, [seed])}
        w = latents.truncate(
            STYLEGAN2.map_latents(state, inputs), STYLEGAN2.latent_mean(state), psi
        )
        w += by * direction["unit"] * floats(direction["vector"])[None, None]
        image = STYLEGAN2.game().generate(jax.random.key(0), state, {"w": w})[0]
        return np.clip((np.asarray(image) + 1) * 127.5, 0, 255)

    with quiet_page(tmp_path / "profile") as browser:
        browser.open(page)
        np.testing.assert_allclose(shown(browser), expected(0, 1, 0), atol=2)
        move = "explorer.set({ truncation: 0.5 })"
        np.testing.assert_allclose(shown(browser, move), expected(0, 0.5, 0), atol=2)
        move = """(() => {
          const it = document.querySelector("[aria-label='sefa 2']");
          it.value = 3;
          it.dispatchEvent(new Event("input"));
        })()"""
        far = expected(0, 0.5, 3)
        np.testing.assert_allclose(shown(browser, move), far, atol=2)
        assert np.abs(far - expected(0, 0.5, 0)).max() > 10
