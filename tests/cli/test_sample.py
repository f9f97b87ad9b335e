"""Pictures of seeds and of files of latents, with images that are their latents."""

import dataclasses
import io

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from jaxgan import games, training
from jaxgan.games import stream
from jaxgan.latents import truncate
from jaxgan.training import Schedule
from tests.painted import (
    BRIGHTER,
    HALF_A_BYTE,
    LAYERS,
    MEAN,
    SIZE,
    Dressed,
    Painted,
    W,
    Z,
    sampled,
    styles,
)

PAINTED, LABELLED = Painted(), Painted(classes=3)
DRESSED, DRESSED_TO_LABELS = Dressed(), Dressed(classes=3)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each."""
    folder = tmp_path_factory.mktemp("sample")
    found = {}
    for experiment in (PAINTED, LABELLED, DRESSED, DRESSED_TO_LABELS):
        found[experiment] = folder / f"run{len(found)}"
        training.train(experiment, found[experiment], name="painted", devices=1)
    return found


def rows(path):
    """The last row of a picture, in [-1, 1]."""
    with Image.open(path) as image:
        assert image.size == (SIZE, SIZE)
        return np.asarray(image, np.float64)[-1] / 127.5 - 1


def first_latent(seed):
    return np.asarray(PAINTED.latent(stream(jax.random.key(seed), "inputs"), 1))[0]


def test_each_seed_has_a_picture_of_its_own(line, runs, tmp_path):
    line.done(PAINTED, "sample", runs[PAINTED], "--seeds", "11,0-2", "--output", tmp_path / "a")
    names = [f"seed{seed:04}.png" for seed in (0, 1, 2, 11)]
    assert sorted(path.name for path in (tmp_path / "a").glob("seed*")) == names
    for seed in (0, 1, 2, 11):
        found = rows(tmp_path / "a" / f"seed{seed:04}.png")
        np.testing.assert_allclose(found, first_latent(seed), **HALF_A_BYTE)
    latents = np.load(tmp_path / "a" / "latents.npy")
    np.testing.assert_array_equal(latents, [first_latent(seed) for seed in (11, 0, 1, 2)])
    line.done(PAINTED, "sample", runs[PAINTED], "--seeds", 11)
    alone = runs[PAINTED] / "generated" / "seeds_11" / "seed0011.png"
    assert alone.read_bytes() == (tmp_path / "a" / "seed0011.png").read_bytes()
    line.done(PAINTED, "sample", runs[PAINTED], "--seed", 11, "--count", 2)
    as_ever = runs[PAINTED] / "generated" / "seed_11" / "00000.png"
    assert alone.read_bytes() == as_ever.read_bytes()


def test_labels_go_round_with_the_seeds(line, runs, tmp_path):
    line.done(LABELLED, "sample", runs[LABELLED], "--seeds", "4-5", "--output", tmp_path / "a")
    for seed, label in ((4, 1), (5, 2)):
        found = rows(tmp_path / "a" / f"seed{seed:04}.png")
        np.testing.assert_allclose(found, first_latent(seed) + BRIGHTER * label, **HALF_A_BYTE)
    words = ("--seeds", "4-5", "--label", 2, "--output", tmp_path / "b")
    line.done(LABELLED, "sample", runs[LABELLED], *words)
    assert np.load(tmp_path / "b" / "labels.npy").tolist() == [2, 2]
    found = rows(tmp_path / "b" / "seed0004.png")
    np.testing.assert_allclose(found, first_latent(4) + 2 * BRIGHTER, **HALF_A_BYTE)


@pytest.mark.parametrize(
    ("experiment", "words"),
    [(PAINTED, ()), (LABELLED, ()), (LABELLED, ("--label", 2)), (DRESSED_TO_LABELS, ())],
)
def test_the_latents_beside_pictures_draw_them_again(line, runs, tmp_path, experiment, words):
    once, again = tmp_path / "once", tmp_path / "again"
    out = line.done(
        *(experiment, "sample", runs[experiment], "--seed", 3, "--count", 5, *words),
        *("--output", once),
    )
    assert f"what they are made of: {once / 'latents.npy'}" in out
    expected = sampled(experiment, 3, 5, label=2 if words else None)
    np.testing.assert_array_equal(np.load(once / "latents.npy"), expected["latent"])
    assert (once / "labels.npy").exists() == ("label" in expected)
    line.done(
        *(experiment, "sample", runs[experiment], "--latents", once / "latents.npy"),
        *("--output", again),
    )
    assert {path.name: path.read_bytes() for path in once.iterdir()} == {
        path.name: path.read_bytes() for path in again.iterdir()
    }


def test_a_label_for_latents_without(line, runs, tmp_path):
    np.save(tmp_path / "mine.npy", np.zeros((2, Z)))
    words = ("sample", runs[LABELLED], "--latents", tmp_path / "mine.npy")
    line.refused(LABELLED, *words, says=("no labels.npy beside", "say which with --label"))
    line.done(LABELLED, *words, "--label", 1)
    folder = runs[LABELLED] / "generated" / "latents_mine_label_1"
    np.testing.assert_allclose(rows(folder / "00001.png"), BRIGHTER, **HALF_A_BYTE)


@pytest.mark.parametrize("shape", [(3, W), (3, 1, W), (3, LAYERS, W)])
@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_styles_of_a_file(line, runs, tmp_path, shape, dtype):
    w = np.random.default_rng(0).uniform(-0.5, 0.5, shape).astype(dtype)
    np.save(tmp_path / "w.npy", w)
    words = ("--latents", tmp_path / "w.npy", "--output", tmp_path / "a")
    line.done(DRESSED_TO_LABELS, "sample", runs[DRESSED_TO_LABELS], *words)
    every = np.broadcast_to(w.reshape(3, -1, W), (3, LAYERS, W))
    for number in range(3):
        found = rows(tmp_path / "a" / f"{number:05}.png")
        np.testing.assert_allclose(found[:W], every[number, -1], **HALF_A_BYTE)
    np.testing.assert_array_equal(np.load(tmp_path / "a" / "latents.npy"), every.astype(np.float32))
    assert not (tmp_path / "a" / "labels.npy").exists()


@pytest.mark.parametrize("cutoff", [None, 1])
def test_styles_of_a_file_truncated(line, runs, tmp_path, cutoff):
    w = np.full((1, LAYERS, W), -0.5, np.float32)
    np.save(tmp_path / "w.npy", w)
    words = ["--latents", tmp_path / "w.npy", "--truncation", 0.5, "--output", tmp_path / "a"]
    words += [] if cutoff is None else ["--truncation-cutoff", cutoff]
    line.done(DRESSED, "sample", runs[DRESSED], *words)
    near = truncate(jnp.asarray(w), jnp.full(W, MEAN), 0.5, cutoff=cutoff)
    np.testing.assert_allclose(rows(tmp_path / "a" / "00000.png")[:W], near[0, -1], **HALF_A_BYTE)
    too_much = ("--truncation-cutoff", LAYERS + 1)
    refused = ("sample", runs[DRESSED], *words[:4], *too_much)
    line.refused(DRESSED, *refused, says=(f"0 to {LAYERS}", f"not {LAYERS + 1}"))


def test_truncation_beyond_what_is_usual(line, runs, tmp_path):
    words = ("sample", runs[DRESSED], "--count", 1)
    says = ("--truncation -0.5 leads to the other side", "give 0 (the mean image) to 1")
    line.refused(DRESSED, *words, "--truncation", -0.5, says=says)
    far = (*words, "--truncation", 2.5, "--output", tmp_path / "far")
    code, _, warned = line.call(DRESSED, *far)
    assert code == 0
    assert "--truncation 2.5 leads far from the mean image" in warned
    w = MEAN + 2.5 * (styles(sampled(DRESSED, 0, 1))[0] - MEAN)
    found = rows(tmp_path / "far" / "00000.png")[:W]
    np.testing.assert_allclose(found, np.clip(w, -1, 1), **HALF_A_BYTE)
    code, _, warned = line.call(DRESSED, *words, "--truncation", 2)
    assert (code, warned) == (0, "")


def bad_files(folder):
    """Files that hold no latents of `Painted`, and what is said of each."""
    arrays = {
        "wide": (np.zeros((2, Z + 1)), ("of shape [2, 5]", f"takes latents [N, {Z}]")),
        "flat": (np.zeros(Z), (f"of shape [{Z}]",)),
        "deep": (np.zeros((2, 1, Z)), ("of shape [2, 1, 4]",)),
        "nan": (np.full((2, Z), np.nan), ("holds nan at [0, 0]", "no finite number")),
        "huge": (np.full((2, Z), 1e300), ("holds 1e+300 at [0, 0]",)),
        "none": (np.zeros((0, Z)), ("holds no latents at all",)),
        "words": (np.full((2, Z), "a"), ("holds <U1, and latents are numbers",)),
        "complex": (np.zeros((2, Z), complex), ("holds complex128",)),
        "bools": (np.zeros((2, Z), bool), ("holds bool",)),
        "one": (np.float32(1), ("holds no array",)),
    }
    for name, (array, says) in arrays.items():
        np.save(folder / f"{name}.npy", array)
        yield folder / f"{name}.npy", says
    whole = io.BytesIO()
    np.save(whole, np.zeros((100, Z)))
    many = io.BytesIO()
    np.savez(many, a=np.zeros((2, Z)))
    bytes_of = {
        "cut": whole.getvalue()[:200],
        "npz": many.getvalue(),
        "text": b"1 2 3 4\n",
        "empty": b"",
        "unclosed": whole.getvalue().replace(b"}", b" "),
        "promises": whole.getvalue().replace(b"(100, 4)", b"(9**9,4)"),
    }
    for name, data in bytes_of.items():
        (folder / f"{name}.npy").write_bytes(data)
        yield folder / f"{name}.npy", ("holds no array of numbers as NumPy writes it",)
    np.save(folder / "pickled.npy", np.array([{}]), allow_pickle=True)
    yield folder / "pickled.npy", ("holds no array of numbers as NumPy writes it",)
    yield folder / "gone.npy", ("is no file", "latents.npy of sample")
    yield folder, ("is no file",)


def test_interrupted_it_says_how_many_there_are(line, runs, tmp_path, monkeypatch):
    def stopped(image, path):
        if path.name == "00002.png":
            raise KeyboardInterrupt
        training.save_picture(image, path)

    monkeypatch.setattr("jaxgan.cli.sample.save_picture", stopped)
    words = ("--count", 4, "--output", tmp_path / "out")
    code, out, _ = line.call(PAINTED, "sample", runs[PAINTED], *words)
    assert code == 75
    assert f"interrupted: 2 of 4 pictures are in {tmp_path / 'out'}; for all of them, name" in out


def test_files_that_hold_no_latents(line, runs, tmp_path):
    for path, says in bad_files(tmp_path):
        words = ("--latents", path)
        line.refused(PAINTED, "sample", runs[PAINTED], *words, says=(str(path), *says))


def test_files_that_hold_no_styles(line, runs, tmp_path):
    for shape in ((2, LAYERS + 1, W), (2, LAYERS, W + 1), (2, W + 2)):
        np.save(tmp_path / "w.npy", np.zeros(shape))
        line.refused(
            *(DRESSED, "sample", runs[DRESSED], "--latents", tmp_path / "w.npy"),
            says=(f"of shape {list(shape)}", "styles [N, 2, 3] or [N, 1, 3]"),
        )
    np.save(tmp_path / "w.npy", np.zeros((2, W)))
    line.refused(
        *(PAINTED, "sample", runs[PAINTED], "--latents", tmp_path / "w.npy"), says="takes latents"
    )
    line.refused(
        *(DRESSED_TO_LABELS, "sample", runs[DRESSED_TO_LABELS]),
        *("--latents", tmp_path / "w.npy", "--label", 1),
        says="holds styles, in which a label is already",
    )


def test_labels_that_do_not_belong_to_latents(line, runs, tmp_path):
    np.save(tmp_path / "latents.npy", np.zeros((2, Z)))
    words = ("--latents", tmp_path / "latents.npy")
    for labels, says in (
        (np.zeros(3, int), "2 latents have 2 labels"),
        (np.zeros((2, 1), int), "of shape [2, 1]"),
        (np.zeros(2), "is float64"),
        (np.array([0, 3]), "holds labels 0 to 3, and the run's are 0 to 2"),
        (np.array([-1, 0]), "holds labels -1 to 0"),
    ):
        np.save(tmp_path / "labels.npy", labels)
        line.refused(LABELLED, "sample", runs[LABELLED], *words, says=("labels.npy", says))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--seeds", "0-3", "--seed", 1), "--seeds and --seed contradict each other"),
        (("--seeds", "0-3", "--count", 1), "leave out --count"),
        (("--latents", "a.npy", "--seeds", 1), "--latents and --seeds contradict"),
        (("--latents", "a.npy", "--count", 1, "--seed", 2), "leave out --seed and --count"),
        (("--seeds", "3-1"), "--seeds 3-1 names no numbers: give some"),
        (("--seeds", "1,,2"), "as in 0,3,7-9"),
        (("--seeds", "a"), "--seeds a names no numbers"),
        (("--seeds", "-3"), "--seeds -3 names no numbers"),
        (("--seeds", "2147483648"), "2147483647 is the largest"),
        (("--seeds", "0-2147483647"), "names more than 100,000 numbers"),
        (("--count", "-1"), "--count must be 1 or more, not -1"),
        (("--seed", "-1"), "--seed -1 is not in 0 to"),
        (("--count", 10**12), "--count must be 1,000,000 or fewer, not 1,000,000,000,000"),
        (("--truncation", "0.7"), "are not made of styles"),
    ],
)
def test_what_contradicts(line, runs, words, says):
    line.refused(PAINTED, "sample", runs[PAINTED], *words, says=says)


@dataclasses.dataclass(frozen=True)
class Pointed:
    """Points of the plane, as the toy's."""

    schedule: Schedule = Schedule(steps=1)
    data = Painted.data

    def game(self):
        return games.Game(
            init=lambda key, batch: {"rounds": jnp.zeros(1)},
            update=lambda key, state, batch: (state, {"loss": batch["image"].mean()}),
            generate=lambda key, state, inputs: inputs["latent"][:, :2],
        )

    def inputs(self, key, count):
        return {"latent": jax.random.normal(key, (count, Z))}

    def draw(self, state, made):
        return Image.new("L", (4, 4))


def test_what_is_no_image_of_latents(line, tmp_path):
    run = tmp_path / "run"
    training.train(Pointed(), run, name="test_sample", devices=1)
    for words in (("--seeds", "0-3"), ("--latents", "a.npy")):
        line.refused(Pointed(), "sample", run, *words, says="are not images of latents")
    line.done(Pointed(), "sample", run, "--count", 3)
    made = {path.name: path for path in (run / "generated" / "seed_0").iterdir()}
    assert sorted(made) == ["picture.png", "samples.npy"]
    np.testing.assert_array_equal(
        np.load(made["samples.npy"]), sampled(Pointed(), 0, 3)["latent"][:, :2]
    )
