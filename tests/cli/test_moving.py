"""The verbs of latents with real networks, as they are before any training."""

import numpy as np
import pytest
from PIL import Image

from jaxgan import latents
from tests.fresh import CGAN, DCGAN, SIZE, STYLEGAN, STYLEGAN2, begun

NAMES = {STYLEGAN2: "stylegan2", STYLEGAN: "stylegan", DCGAN: "dcgan", CGAN: "cgan"}
SCALE = 64 // SIZE


@pytest.fixture(scope="module")
def begin(tmp_path_factory):
    """A run of an experiment, begun when it is first asked for, and its state."""
    folder, found = tmp_path_factory.mktemp("moving"), {}

    def begin(experiment):
        if experiment not in found:
            name = NAMES[experiment]
            scale = 8.0 if experiment in (DCGAN, CGAN) else 1.0
            state = begun(experiment, folder / name, name=name, scale=scale)
            found[experiment] = folder / name, state
        return found[experiment]

    return begin


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.int32)


def cell(path, row, column, *, top=0):
    """An image of a sheet, as it was before the sheet enlarged it."""
    y, x = (SCALE * (2 + place * (SIZE + 2)) for place in (row, column))
    return pixels(path)[top + y :: SCALE, x::SCALE][:SIZE, :SIZE]


def sampled(line, experiment, run, folder, *words):
    """The first pictures of seed 0."""
    line.done(experiment, "sample", run, "--count", 2, *words, "--output", folder)
    return [folder / f"0000{number}.png" for number in range(2)]


@pytest.mark.parametrize("experiment", [STYLEGAN2, STYLEGAN, CGAN])
def test_strips_begin_and_end_with_samples(line, begin, tmp_path, experiment):
    run, _ = begin(experiment)
    words = ("--label", 1) if experiment is CGAN else ("--truncation", 0.5)
    files = sampled(line, experiment, run, tmp_path / "sampled", *words)
    output = tmp_path / "a.png"
    line.done(
        *(experiment, "interpolate", run, "--rows", 1, "--columns", 3, *words),
        *("--output", output),
    )
    for column, file in zip((0, 2), files, strict=True):
        assert np.abs(cell(output, 0, column) - pixels(file)).max() <= 1
    middle = cell(output, 0, 1)
    assert all(np.abs(middle - pixels(file)).max() > 1 for file in files)


def test_the_first_kernel_of_a_generator_without_styles(line, begin, tmp_path):
    run, state = begin(DCGAN)
    output = tmp_path / "a"
    words = ("--count", 2, "--rows", 1, "--columns", 3, "--draws", 8, "--output", output)
    line.done(DCGAN, "traverse", run, *words)
    kernel = state.generator.parameters["Dense_0"]["kernel"]
    directions = latents.sefa(kernel)[0][:2]
    np.testing.assert_allclose(np.load(output / "directions.npy"), directions, atol=1e-5)
    left, middle, right = (cell(output / "1.png", 0, column, top=18) for column in range(3))
    assert np.abs(left - right).mean() > np.abs(left - middle).mean() > 1


@pytest.mark.parametrize("experiment", [STYLEGAN2, STYLEGAN])
def test_the_affine_maps_of_styles(line, begin, tmp_path, experiment):
    run, state = begin(experiment)
    output = tmp_path / "a"
    words = ("--count", 1, "--rows", 1, "--columns", 3, "--draws", 8, "--output", output)
    line.done(experiment, "traverse", run, *words)
    kernels = experiment.latent_kernels(state)
    if experiment is STYLEGAN2:
        assert len(kernels) == 5  # b4: conv1, torgb; b8: conv0, conv1, torgb
    else:
        assert len(kernels) == 2  # b4: input, conv1; b8 has not grown yet
    (direction,) = latents.sefa(*kernels)[0][:1]
    np.testing.assert_allclose(np.load(output / "directions.npy"), direction[None], atol=1e-5)
    left, middle, right = (cell(output / "1.png", 0, column, top=18) for column in range(3))
    assert np.abs(left - right).mean() > np.abs(left - middle).mean() > 1


@pytest.mark.parametrize(
    ("experiment", "file"), [(STYLEGAN2, "w_plus"), (STYLEGAN, "w"), (DCGAN, "z")]
)
def test_samples_are_found_again(line, begin, tmp_path, experiment, file):
    run, _ = begin(experiment)
    target = sampled(line, experiment, run, tmp_path / "b")[0]
    output = tmp_path / "c"
    words = (target, "--steps", 60, "--output", output)
    out = line.done(experiment, "project", run, *words)
    told, said, *_ = out.splitlines()
    assert told == "pictures are compared by their pixels"
    before = float(said.split(": ")[1].split()[0])
    after = [float(part.split()[0]) for part in said.split(", ")[1:]]
    assert max(after) < 0.5 * before
    words = ("--latents", output / f"{file}.npy", "--output", tmp_path / "d")
    line.done(experiment, "sample", run, *words)
    column = 2 if file == "w_plus" else 1
    found = cell(output / "sheet.png", 0, column, top=18)
    assert np.abs(pixels(tmp_path / "d" / "00000.png") - found).max() <= 1
