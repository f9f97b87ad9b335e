"""`evaluate` next to real pictures, and `compare`, with a classifier of a few numbers."""

import dataclasses
import hashlib
import json
import shutil

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from experiments.benchmarks.weight_files import saved
from jaxgan import cli, games, latents, recipes
from jaxgan.cli import comparing, evaluate, verbs
from jaxgan.cli.evaluated import print_spread
from jaxgan.data import ArraySource, Images
from jaxgan.training import Evaluation, Figure, Schedule


def means(pictures):
    """The mean of each quarter, as a network would see them."""
    x = pictures.astype(np.float32)
    quarters = [x[:, i : i + 2, j : j + 2].mean((1, 2, 3)) for i in (0, 2) for j in (0, 2)]
    features = np.stack(quarters, axis=1)
    return recipes.Activations(features, features / 32)


EXTRACTOR = recipes.Extractor("quarters", "as they are", "0123", means)


@dataclasses.dataclass(frozen=True)
class Few(Images):
    """Pictures of noise: 40 for training, 30 held out."""

    def source(self):
        if self.folder is not None:
            return super().source()
        if self.dataset != "noise" or self.split not in ("train", "test"):
            raise ValueError(f"there is no {self.dataset}/{self.split}: name noise")
        random = np.random.default_rng(len(self.split))
        count = 40 if self.split == "train" else 30
        label = np.arange(count, dtype=np.int32) % 2
        return ArraySource(
            {"image": random.integers(0, 256, (count, 4, 4, 1), np.uint8), "label": label},
            ("even", "odd"),
        )


@dataclasses.dataclass(frozen=True)
class Noise:
    """A generator of noise, which is best after two rounds."""

    images: Few = Few(dataset="noise", image_size=4)
    schedule: Schedule = Schedule(steps=1, log_every=1, sample_every=1, checkpoint_every=1)
    classes = 2
    latent = staticmethod(latents.uniform(16))

    def game(self):
        def generate(key, state, inputs):
            # Worse and worse from the second round on.
            return inputs["latent"].reshape(-1, 4, 4, 1) / jnp.maximum(state["rounds"] - 1, 1)

        return games.Game(
            init=lambda key, batch: {"rounds": jnp.float32(0)},
            update=lambda key, state, batch: (
                {"rounds": state["rounds"] + 1},
                {"loss": jnp.zeros(())},
            ),
            generate=generate,
        )

    def data(self, pipeline):
        return pipeline(self.images.source(), batch_size=4)

    def inputs(self, key, count):
        return {"latent": self.latent(key, count), "label": jnp.arange(count) % 2}

    def latent_kernels(self, state):
        return [jnp.eye(16)]

    def evaluate(self, generate, key):
        raise ValueError("there are no figures of noise: evaluate something else")


@pytest.fixture
def call(capfd, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(comparing, "_extractor", lambda *asked: EXTRACTOR)

    def call(*words):
        with pytest.raises(SystemExit) as stop:
            cli.main(Noise(), arguments=[str(word) for word in words])
        captured = capfd.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


@pytest.fixture
def run(call, tmp_path):
    directory = tmp_path / "run"
    code, _, error = call("train", "--directory", directory, "--devices", 1)
    assert code == 0, error
    return directory


def figures_of(path):
    return {figure["name"]: figure for figure in json.loads(path.read_text())["figures"]}


def refused(result, *sentences):
    code, _, error = result
    assert code == 2
    (line,) = error.strip().splitlines()
    for sentence in ("error: ", *sentences):
        assert sentence in line


def folder_of(pictures, folder):
    folder.mkdir()
    for number, pixels in enumerate(pictures):
        Image.fromarray(pixels[..., 0]).save(folder / f"{number}.png")
    return folder


def test_a_run_next_to_its_own_pictures(call, run):
    code, out, error = call("evaluate", run, "--count", 60)
    assert code == 0, error
    found = figures_of(run / "evaluation.json")
    assert set(found) == {
        f"{name} (quarters)"
        for name in (
            *("FD", "KD", "CS", "precision", "recall", "density", "coverage", "novelty"),
            *("novelty p-value", "FD within classes", "FD of the worst class"),
        )
    }
    assert "FD (quarters): " in out
    assert "without figures of the experiment's own: there are no figures of noise" in out
    distance = found["FD (quarters)"]
    assert distance["better"] == "lower"
    assert distance["protocol"]["divisor"] == "N - 1"
    for key, value in {
        "network": "quarters",
        "network_digest": "0123",
        "inputs": "as they are",
        "fakes": 60,
        "reals": 40,
        "image_size": "4x4x1",
        "resize": "Lanczos",
        "rounding": "to the nearest of 256",
        "seed": 0,
        "truncation": None,
        "weights": "last",
    }.items():
        assert distance["protocol"][key] == value
    assert found["recall (quarters)"]["protocol"]["k"] == 3
    errors = [
        found[f"FD {of} (quarters)"]["error"] for of in ("within classes", "of the worst class")
    ]
    assert 0 < errors[0] < errors[1]
    assert found["coverage (quarters)"]["protocol"]["strict"]
    assert (run / "neighbours.png").stat().st_size
    again = call("evaluate", run, "--count", 60)
    assert again[0] == 0
    assert figures_of(run / "evaluation.json") == found
    assert "are looked at, once" in out
    assert "are looked at, once" not in again[1]


def test_a_folder_next_to_itself_and_another(call, tmp_path):
    pictures = Few(dataset="noise").source().read(np.arange(40))["image"]
    one = folder_of(pictures, tmp_path / "one")
    dark = folder_of(pictures // 2, tmp_path / "dark")
    output = tmp_path / "one.json"
    code, out, error = call("evaluate", one, "--against", one, "--output", output)
    assert code == 0, error
    found = figures_of(output)
    assert found["FD (quarters)"]["value"] == pytest.approx(0, abs=1e-6)
    assert found["recall (quarters)"]["value"] == 1
    assert found["recall (quarters)"]["protocol"]["rounding"] == "to the nearest of 256"
    code, out, _ = call("evaluate", dark, "--against", one, "--output", tmp_path / "dark.json")
    assert figures_of(tmp_path / "dark.json")["FD (quarters)"]["value"] > 100
    code, out, _ = call("compare", tmp_path / "dark.json", output)
    assert code == 0
    lines = out.splitlines()
    at = lines.index("FD (quarters) (lower is better):")
    assert str(output) in lines[at + 1]
    assert "dark.json" in lines[at + 2]


def test_of_many_real_pictures_some_are_drawn_and_not_the_first(call, tmp_path):
    """A folder is often in the order of its classes."""
    classes = np.repeat([0, 255], 20).astype(np.uint8)
    both = folder_of(np.broadcast_to(classes[:, None, None, None], (40, 4, 4, 1)), tmp_path / "two")
    words = ("evaluate", both, "--against", both, "--reals", 20, "--figures", "distance")
    code, _, error = call(*words, "--output", tmp_path / "a.json")
    assert code == 0, error
    found = figures_of(tmp_path / "a.json")["FD (quarters)"]
    assert found["protocol"]["reals"] == 20
    assert call(*words, "--output", tmp_path / "b.json")[0] == 0
    assert figures_of(tmp_path / "b.json")["FD (quarters)"] == found
    folder_of(np.zeros((40, 4, 4, 1), np.uint8), tmp_path / "first")
    first = ("evaluate", both, "--against", tmp_path / "first", *words[4:])
    assert call(*first, "--output", tmp_path / "c.json")[0] == 0
    assert found["value"] < figures_of(tmp_path / "c.json")["FD (quarters)"]["value"] / 20


def test_fewer_real_pictures_than_the_sheet_of_neighbours_has_columns(call, run):
    code, _, error = call("evaluate", run, "--count", 20, "--reals", 6, "--figures", "distance")
    assert code == 0, error
    assert (run / "neighbours.png").stat().st_size


def test_figures_that_were_asked_for_and_are_not_there(call, tmp_path):
    one = folder_of(np.zeros((9, 4, 4, 1), np.uint8), tmp_path / "one")
    words = ("evaluate", one, "--against", one, "--figures")
    code, out, error = call(*words, "distance", "copying")
    assert code == 0, error
    assert "--figures copying tells nothing here: it needs a data set with a split called" in out
    refused(call(*words, "classes"), "--figures classes tells nothing of", "ask for others")


def test_an_interruption_after_training_names_the_way_on(call, tmp_path, monkeypatch):
    def stop(*directories):
        raise KeyboardInterrupt

    monkeypatch.setattr(verbs, "report_trained", stop)
    directory = tmp_path / "run"
    code, out, _ = call("train", "--directory", directory, "--devices", 1)
    assert code == 75
    assert "stopped after training, of which all is saved; go on with: " in out
    assert f"resume {directory}" in out


def test_statistics_in_the_place_of_pictures(call, run, tmp_path):
    file = tmp_path / "noise.npz"
    words = ("evaluate", run, "--count", 60, "--figures", "distance")
    assert call(*words, "--write-statistics", file)[0] == 0
    whole = figures_of(run / "evaluation.json")["FD (quarters)"]["value"]
    code, _, error = call(*words, "--against", file)
    assert code == 0, error
    assert figures_of(run / "evaluation.json")["FD (quarters)"]["value"] == pytest.approx(whole)
    refused(call(*words, "--write-statistics", file), "is there already")

    with np.load(file) as known:
        arrays = dict(known)
    np.savez(tmp_path / "other.npz", **{**arrays, "digest": "4567"})
    refused(call(*words, "--against", tmp_path / "other.npz"), "another protocol", "'4567'")
    np.savez(tmp_path / "less.npz", mu=np.zeros(4), sigma=-np.eye(4))
    refused(
        call(*words, "--against", tmp_path / "less.npz"), "less.npz", "an eigenvalue of -1: make"
    )
    np.savez(tmp_path / "wide.npz", mu=np.zeros(7), sigma=np.eye(7))
    refused(call(*words, "--against", tmp_path / "wide.npz"), "wide.npz", "of 7 dimensions", "of 4")
    np.savez(tmp_path / "torn.npz", mu=np.zeros(7), sigma=np.eye(4))
    refused(call(*words, "--against", tmp_path / "torn.npz"), "not of the same features")
    np.savez(tmp_path / "none.npz", arr=np.zeros(7))
    refused(call(*words, "--against", tmp_path / "none.npz"), "no mu and sigma, but arr")
    (tmp_path / "cut.npz").write_bytes(file.read_bytes()[:100])
    refused(call(*words, "--against", tmp_path / "cut.npz"), "cannot be read as statistics")
    (tmp_path / "text.npz").write_text("mu sigma")
    refused(call(*words, "--against", tmp_path / "text.npz"), "text.npz", "no whole .npz of num")
    lower = np.tril(np.ones((4, 4)))
    for name, mu, sigma in [
        ("a mu that is not f", np.full(4, np.nan), np.eye(4)),
        ("a sigma that is not sym", np.zeros(4), lower),
    ]:
        np.savez(tmp_path / "bad.npz", mu=mu, sigma=sigma)
        refused(call(*words, "--against", tmp_path / "bad.npz"), f"bad.npz has {name}")


def test_results_of_other_protocols_are_not_ranked(call, run, tmp_path):
    assert call("evaluate", run, "--count", 60)[0] == 0
    (run / "evaluation.json").rename(tmp_path / "60.json")
    assert call("evaluate", run, "--count", 50)[0] == 0
    code, out, _ = call("compare", tmp_path / "60.json", run)
    assert code == 1
    assert "FD (quarters): not ranked, for the protocols differ" in out
    assert f"fakes: {tmp_path / '60.json'} 60, {run} 50" in out
    refused(call("compare", run), "two results or more")
    (tmp_path / "a.json").write_text("[]")
    refused(call("compare", run, tmp_path / "a.json"), "is no evaluation")
    refused(call("compare", run, tmp_path / "b.json"), "b.json cannot be read")


def test_few_pictures_are_told(call, run):
    _, out, _ = call("evaluate", run, "--count", 4, "--figures", "distance")
    assert "4 pictures are no more than the 4 dimensions" in out
    (run / "evaluation.json").unlink()
    (run / "evaluation.json").mkdir()  # what was found is told, also where it cannot be kept
    result = call("evaluate", run, "--count", 4, "--figures", "distance")
    refused(result, "evaluation.json")
    assert "FD (quarters): " in result[1]


def test_several_runs_have_a_mean(call, run, tmp_path):
    other = tmp_path / "other"
    assert call("train", "--directory", other, "--seed", 1, "--devices", 1)[0] == 0
    code, out, error = call("evaluate", run, other, "--count", 60, "--figures", "distance")
    assert code == 0, error
    one, two = (
        figures_of(path / "evaluation.json")["FD (quarters)"]["value"] for path in (run, other)
    )
    mean, deviation = np.mean([one, two]), np.std([one, two], ddof=1)
    assert f"FD (quarters): {mean:.4g} ± {deviation:.2g}" in out.split("deviation of 2")[1]


def test_classes_of_samples_without_a_label(call, run, monkeypatch):
    inputs = lambda self, key, count: {"latent": self.latent(key, count)}  # noqa: E731
    monkeypatch.setattr(Noise, "inputs", inputs)
    words = ("evaluate", run, "--count", 60, "--figures", "classes")
    refused(call(*words), f"--figures classes tells nothing of {run}: classes")
    assert not (run / "evaluation.json").exists()


def test_refusals(call, run, tmp_path):
    refused(call("evaluate", tmp_path / "nothing"), "nothing of that name")
    (tmp_path / "pictures").mkdir()
    refused(call("evaluate", tmp_path / "pictures"), "--against")
    refused(call("evaluate", run, "--count", 1), "--count 1")
    refused(call("evaluate", run, "--output", tmp_path / "a.txt"), "name a FILE.json")
    refused(call("evaluate", run, "--write-statistics", tmp_path / "a"), "name a FILE.npz")
    refused(call("evaluate", run, tmp_path, "--output", tmp_path / "a.json"), "one by one")
    refused(call("evaluate", run, run / "../run"), "is there twice")
    refused(call("evaluate", run, "--figures", "own"), "no figures of noise")
    refused(call("evaluate", run, "--truncation", 0.5), "not made of styles")
    refused(call("evaluate", run, "--against", "nowhere/at/all"), "there is no nowhere/at/all")
    refused(call("evaluate", run, "--against", "noises"), "there is no folder noises, and there is")
    for name in ("gone.npz", "gone.zip", tmp_path / "gone"):
        refused(call("evaluate", run, "--against", name), f"there is no {name}", "--against")
    for seed in (-1, 10**20):
        refused(call("evaluate", run, "--seed", seed), f"--seed {seed}", "0 to")
    refused(call("evaluate", run, "--figures"), "--figures", "name one or more")
    gone = tmp_path / "gone"
    refused(call("evaluate", run, "--output", gone / "a.json"), "gone/a.json is in no folder")
    refused(call("evaluate", run, "--write-statistics", gone / "a.npz"), f"make {gone} first")
    refused(call("evaluate", run, "--protocol", "clean"), "--protocol clean is of --features inc")
    refused(call("evaluate", run, "--image-size", 16), "--image-size is of folders of pictures")
    refused(
        call("evaluate", run, "--split", "test"), "--split test is of a data set that --against"
    )
    refused(call("evaluate", tmp_path, "--against", run), "holds some: name one or more, as", "run")
    refused(
        call("compare", gone, tmp_path / "no"),
        "gone cannot be read",
        "name a run that was evaluated",
    )


@pytest.mark.parametrize(
    "flag",
    [
        *(("--against", "noise"), ("--write-statistics", "a.npz"), ("--truncation", 0.5)),
        *(("--features", "lite0"), ("--count", 7)),
    ],
)
def test_flags_that_own_figures_do_not_heed(call, tmp_path, flag, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call("evaluate", "run", "--figures", "own", *flag), f"{flag[0]} is of figures next to")


@pytest.mark.parametrize(
    "flag",
    [
        *(("--best",), ("--step", 1), ("--seed", 1), ("--truncation", 0.5), ("--count", 7)),
        ("--figures", "own"),
    ],
)
def test_flags_that_folders_do_not_heed(call, tmp_path, flag):
    refused(call("evaluate", tmp_path, "--against", "noise", *flag), flag[0], "of runs, and")


def test_an_interval_that_is_none_is_told_at_once(call, tmp_path):
    words = ("train", "--directory", tmp_path / "run", "--evaluate-every")
    for every in (0, -1):
        refused(call(*words, every), f"--evaluate-every {every} is no interval: give 1 or more")


def test_other_figures_of_the_same_state_stay(tmp_path):
    path = tmp_path / "evaluation.json"
    subject = {"step": 1, "weights": "last", "seed": 0}
    Evaluation(subject, [Figure("FD", 1.0), Figure("KD", 2.0)]).write(path)

    def beside(**other):
        found = Evaluation(subject | other, [Figure("FD", 3.0)]).beside(path)
        return {figure.name: figure.value for figure in found.figures}

    assert beside() == {"FD": 3.0, "KD": 2.0}
    for other in ({"step": 2}, {"weights": "averaged"}, {"seed": 1}):
        assert beside(**other) == {"FD": 3.0}


def test_files_that_cannot_hold_what_is_found(call, run, tmp_path):
    statistics, file = tmp_path / "real.npz", tmp_path / "it.json"
    refused(call("evaluate", run, "--write-statistics", "real.txt"), "real.txt", "FILE.npz")
    refused(call("evaluate", run, "--output", "it.txt"), "it.txt", "FILE.json")
    folders = (tmp_path / "one", tmp_path / "two")
    for folder in folders:
        folder_of(np.zeros((2, 4, 4, 1), np.uint8), folder)
    refused(call("evaluate", *folders, "--output", file), "one by one")
    refused(call("evaluate", run, folders[0], "--write-statistics", statistics), "one by one")
    assert not file.exists()
    assert not statistics.exists()
    statistics.touch()
    refused(call("evaluate", run, "--write-statistics", statistics), "name another file with --wr")


@pytest.mark.parametrize("values", [["a", "b", "c", "d"], [1j, 0, 0, 0]])
def test_statistics_that_are_no_real_numbers(call, run, tmp_path, values):
    np.savez(tmp_path / "odd.npz", mu=np.array(values), sigma=np.eye(4))
    refused(call("evaluate", run, "--against", tmp_path / "odd.npz"), "mu", "real numbers")


def test_few_samples_have_no_extrapolated_distance(call, run):
    words = ("--figures", "distance", "extrapolated")
    for count, there in [(15, False), (16, True)]:
        code, out, error = call("evaluate", run, "--count", count, *words)
        assert code == 0, error
        assert ("FD∞ (quarters)" in out) == there


def test_pictures_that_are_not_finite(call, run, monkeypatch):
    def broken(run, experiment, state):
        return lambda key, inputs: np.full((len(inputs["latent"]), 4, 4, 1), np.nan)

    monkeypatch.setattr(evaluate, "generator_of", broken)
    refused(call("evaluate", run), "not finite", "--step")
    assert not (run / "evaluation.json").exists()


def test_mixed_and_corrupt_folders(call, tmp_path):
    pictures = np.zeros((2, 4, 4, 1), np.uint8)
    mixed = folder_of(pictures, tmp_path / "mixed")
    Image.new("L", (6, 4)).save(mixed / "9.png")
    words = ("evaluate", mixed, "--against", mixed)
    refused(call(*words), "several sizes", "0.png is of 4x4", "9.png of 4x6", "--image-size")
    code, out, _ = call(*words, "--image-size", 4, "--figures", "distance")
    assert code == 0
    assert "3 pictures have no neighbours enough for precision" in out
    Image.new("RGB", (4, 4), "red").save(mixed / "9.png")
    _, out, _ = call(*words, "--figures", "distance")
    assert f"2 of 3 pictures of {mixed} are grey, and seen as RGB" in out
    (mixed / "3.png").write_bytes(b"\x89PNG")
    refused(call(*words), "3.png", "cannot be", "--skip-unreadable")
    assert call(*words, "--skip-unreadable", "--figures", "distance")[0] == 0


def test_figures_that_are_not_finite(tmp_path, capsys):
    for name, value in {"a": 2.0, "b": 1.0}.items():
        protocol = {"count": 2}
        figures = [Figure("KL", value, None, "lower", protocol), Figure("other", np.inf, np.nan)]
        Evaluation({}, figures).write(tmp_path / f"{name}.json")
    written = (tmp_path / "b.json").read_text()
    assert '"value": null' in written
    assert "NaN" not in written
    with pytest.raises(SystemExit):
        cli.main(Noise(), arguments=["compare", *(str(tmp_path / f"{n}.json") for n in "ab")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"of {tmp_path / 'a.json'} are left out, as no finite numbers: 1"
    assert [line.split()[0] for line in lines[2:]] == ["KL", "1", "2"]


def test_figures_without_a_protocol_or_of_others_have_no_rank_and_no_mean(tmp_path, capsys):
    def evaluation(value, protocol, name="FD"):
        return Evaluation({}, [Figure(name, value, better="lower", protocol=protocol)])

    def compared(*names):
        with pytest.raises(SystemExit) as stop:
            cli.main(Noise(), arguments=["compare", *(str(tmp_path / name) for name in names)])
        captured = capsys.readouterr()
        return stop.value.code, captured.out, captured.err

    few, many = evaluation(1.0, {"fakes": 10}), evaluation(9.0, {"fakes": 5000, "seed": 1})
    for name, told in [("few", few), ("many", many), ("bare", evaluation(1.0, {}))]:
        told.write(tmp_path / name)
    code, out, _ = compared("few", "bare")
    assert code == 1
    assert f"FD: not ranked, for {tmp_path / 'bare'} does not say how it was measured" in out
    refused(compared("few", "../" + tmp_path.name + "/few"), "is there twice: name it once")
    (tmp_path / "run").mkdir()
    refused(compared("few", "run"), "run has no evaluation.json: evaluate it first")
    print_spread([few, many])
    assert "FD: no mean, for the protocols differ: fakes 10, 5000" in capsys.readouterr().out
    print_spread([few, evaluation(1.0, {"fakes": 10}, "KD")])
    assert capsys.readouterr().out == "no figure is of all of these: there is no mean\n"
    print_spread([few, evaluation(2.0, {"fakes": 10, "seed": 1, "weights": "last"})])
    assert "FD: 1.5 ± 0.71" in capsys.readouterr().out


def test_other_weights_do_not_make_an_fid(tmp_path, monkeypatch, capsys):
    file = tmp_path / "other.pth"
    file.write_bytes(b"weights")
    made = dataclasses.replace(EXTRACTOR, inception=True)
    monkeypatch.setattr(comparing, "inception_variables", lambda path: path)
    monkeypatch.setattr(recipes, "inception_extractor", lambda variables, way: made)
    asked = comparing.Comparison(features="inception", weights=file)
    assert not asked.extractor(Images()).inception
    said = capsys.readouterr().out
    assert "other.pth is not pt_inception-2015-12-05-6726825d.pth: its SHA-256 begins with" in said
    assert "called FD and KD" in said

    known = hashlib.sha256(b"weights").hexdigest()
    published = recipes.PublishedFile("it.pth", "nowhere", known)
    monkeypatch.setattr(recipes, "INCEPTION_FILE", published)
    comparing._extractor.cache_clear()
    assert asked.extractor(Images()).inception
    assert not capsys.readouterr().out


def test_other_weights_of_vgg16_are_called_so(tmp_path, monkeypatch, capsys):
    file = tmp_path / "other.pth"
    file.write_bytes(b"weights")
    made = dataclasses.replace(EXTRACTOR, name="VGG16")
    monkeypatch.setattr(comparing, "vgg16_variables", lambda path: path)
    monkeypatch.setattr(recipes, "vgg16_extractor", lambda variables: made)
    comparing._extractor.cache_clear()
    asked = comparing.Comparison(features="vgg16", weights=file)
    assert asked.extractor(Images()).name == "VGG16 of other weights"
    assert "other.pth is not vgg16-397923af.pth: its SHA-256 begins" in capsys.readouterr().out
    known = recipes.PublishedFile("it.pth", "nowhere", hashlib.sha256(b"weights").hexdigest())
    monkeypatch.setattr(recipes, "VGG16_FILE", known)
    comparing._extractor.cache_clear()
    assert asked.extractor(Images()).name == "VGG16"


def test_weights_need_their_network(call, run, tmp_path):
    refused(call("evaluate", run, "--weights", tmp_path / "a.pth"), "--features inception or vgg16")


def test_path_lengths_by_lpips(call, run, tmp_path, monkeypatch):
    files = tmp_path / "vgg16.pth", tmp_path / "vgg.pth"
    words = ("evaluate", run, "--count", 2, "--figures", "path")
    refused(call(*words, "--path-weights", *files), "are of --path-features lpips")
    unasked = ("evaluate", run, "--figures", "distance", "--path-features", "lpips")
    refused(call(*unasked), "are of path lengths, which are not asked for: give", "distance path,")
    words += ("--path-features", "lpips", "--path-weights", *files)
    refused(call(*words), f"there is no file --path-weights {files[0]}")
    for file in files:
        file.write_bytes(saved({}))
    refused(call(*words), str(files[0]), "is another network: 31 missing")

    def distance(variables, *, published):
        assert variables == files
        measure = lambda images, others: ((images - others) ** 2).sum((1, 2, 3))  # noqa: E731
        return recipes.PathDistance("LPIPS by VGG16", "small", "4567", measure, published)

    monkeypatch.setattr(comparing, "lpips_variables", lambda *paths: paths)
    monkeypatch.setattr(recipes, "lpips_path_distance", distance)
    code, out, error = call(*words)
    assert code == 0, error
    assert f"{files[0]} is not vgg16-397923af.pth" in out
    assert "not called PPL" in out
    assert list(figures_of(run / "evaluation.json")) == ["path length in z (LPIPS by VGG16)"]
    digest = hashlib.sha256(files[0].read_bytes()).hexdigest()
    for name in ("VGG16_FILE", "LPIPS_FILE"):
        known = recipes.PublishedFile("it.pth", "nowhere", digest)
        monkeypatch.setattr(recipes, name, known)
    code, out, error = call(*words)
    assert code == 0, error
    assert "is not" not in out
    found = figures_of(run / "evaluation.json")["PPL in z (LPIPS by VGG16)"]
    assert found["protocol"]["network_digest"] == "4567"
    assert found["protocol"]["seed"] == 0


@pytest.fixture
def watched(call, tmp_path):
    directory = tmp_path / "evaluated"
    words = ("train", "--directory", directory, "--devices", 1)
    code, out, error = call(*words, "--steps", 4, "--evaluate-every", 2)
    assert code == 0, error
    return directory, out


def test_the_best_state_is_kept_beside_the_last(call, watched):
    directory, out = watched
    lines = [
        json.loads(line) for line in (directory / "evaluations.jsonl").read_text().splitlines()
    ]
    assert [line["step"] for line in lines] == [2, 4]
    assert lines[0]["rank"] < lines[1]["rank"]
    assert lines[0]["rank"] == lines[0]["figures"]["FD (quarters)"]
    assert "the best so far" in out.split("step 2: FD")[1].splitlines()[0]
    assert [path.name for path in (directory / "best").iterdir()] == ["2"]
    assert "of step 4; they are in" in out
    assert "of step 2, the best; they are in" in out
    last, best = (
        json.loads((directory / f"evaluation{which}.json").read_text()) for which in ("", "-best")
    )
    assert (last["subject"]["step"], best["subject"]["step"]) == (4, 2)
    # Anew: by other latents, and next to the training pictures.
    figure = best["figures"][0]
    assert figure["name"] == "FD (quarters)"
    assert figure["value"] != lines[0]["rank"]
    assert figure["protocol"]["reals"] == 40
    assert call("evaluate", directory, "--best", "--count", 20)[0] == 0
    refused(call("evaluate", directory, "--best", "--step", 4), "leave it or --step out")


def test_a_run_goes_on_with_its_evaluations(call, watched):
    directory, _ = watched
    whole = (directory / "evaluations.jsonl").read_text()
    shutil.rmtree(directory / "checkpoints" / "4")
    shutil.rmtree(directory / "checkpoints" / "3", ignore_errors=True)
    code, out, error = call("resume", directory)
    assert code == 0, error
    assert (directory / "evaluations.jsonl").read_text() == whole
    assert [path.name for path in (directory / "best").iterdir()] == ["2"]
    assert "of step 2, the best" in out


def test_a_state_that_cannot_be_evaluated_stops_no_run(call, tmp_path, monkeypatch):
    def broken(samples, *rest, **others):
        raise ValueError("not today")

    monkeypatch.setattr(recipes, "evaluate_pictures", broken)
    words = ("train", "--directory", tmp_path / "run", "--devices", 1, "--evaluate-every", 1)
    code, out, error = call(*words)
    assert code == 0, error
    assert "step 1 could not be evaluated: not today" in out
    assert f"{tmp_path / 'run'} could not be evaluated: not today" in out
    refused(call("evaluate", tmp_path / "run", "--best"), "no best state", "--evaluate-every")
