"""Folders that were prepared once: the same pictures, whatever happened meanwhile."""

import dataclasses
import fcntl
import json
import logging
import os
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import Sides, Stretch, Transform, folder_source, prepare_folder
from jaxgan.data import folder as folder_module
from jaxgan.data import preparing as preparing_module
from jaxgan.data.prepared import open_prepared

SMALL = Transform((6, 8), 3)
LARGE = Transform((12, 16), 3)


def draw(path, seed, size=(11, 9)):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(noise).save(path)


@pytest.fixture
def photos(tmp_path):
    """Seven pictures in two classes; the order of their names is not that without endings."""
    for seed, name in enumerate(["cat/a.png", "cat/a.x.bmp", "cat/a-b.png", "cat/b/c.png"]):
        draw(tmp_path / "photos" / name, seed)
    for seed in range(3):
        draw(tmp_path / "photos" / "ant" / f"{seed}.png", 10 + seed, size=(20, 30))
    return tmp_path / "photos"


@pytest.fixture(autouse=True)
def _chunks_of_two(monkeypatch):
    monkeypatch.setattr(preparing_module, "_CHUNK", 2)


def all_of(source):
    return source.read(np.arange(len(source)))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("transform", [SMALL, Transform(5, 1, pad=True), Stretch((4, 8), 3)])
def test_is_as_the_folder_that_it_comes_from(photos, tmp_path, transform):
    prepare_folder(photos, tmp_path / "out", transforms=[transform])
    before = folder_source(photos, transform=transform)
    shutil.rmtree(photos)
    after = folder_source(tmp_path / "out", transform=transform)
    assert after.fingerprint == before.fingerprint
    assert after.former_fingerprint == before.former_fingerprint
    assert after.notes == tuple(
        note.replace(str(photos), f"{tmp_path / 'out'}") for note in before.notes
    )
    assert after.classes == before.classes == ("ant", "cat")
    assert after.shape == before.shape
    names = [[source.name(file) for file in source.files] for source in (before, after)]
    assert names[0] == names[1]
    batch = after.read(np.array([6, 0, 4]))
    assert batch["image"].shape == (3, *transform.shape)
    np.testing.assert_array_equal(batch["label"], [1, 0, 1])
    assert len(pickle.dumps(after)) < 5000  # no pixels go to other processes


def test_the_same_pixels(photos, tmp_path):
    prepare_folder(photos, tmp_path / "out", transforms=[SMALL, LARGE])
    for transform in (SMALL, LARGE):
        before = all_of(folder_source(photos, transform=transform))
        after = all_of(folder_source(tmp_path / "out", transform=transform))
        for name in ("image", "label"):
            np.testing.assert_array_equal(before[name], after[name])
        assert after["image"].dtype == np.uint8


def sides_of(folder, layout):
    if layout == "four folders":
        for name in ("trainA", "trainB", "testA", "testB"):
            for seed in range(3):
                draw(folder / name / f"{seed}.{'png' if name.endswith('A') else 'bmp'}", seed)
    else:
        for name in ("train", "val") if layout == "pairs" else ("train",):
            for seed in range(3):
                draw(folder / name / f"{seed}.png", seed, size=(18, 9))
    return Sides(folder=folder, load_size=(6, 8), crop_size=(5, 7))


@pytest.mark.parametrize("layout", ["four folders", "pairs", "pairs, some held out"])
def test_sides_are_as_their_folders(tmp_path, layout):
    before = sides_of(tmp_path / "in", layout)
    before.prepare(before.folder, tmp_path / "out")
    after = dataclasses.replace(before, folder=tmp_path / "out")
    assert before.has_pairs
    assert after.has_pairs
    for sides in ("paired", "unpaired"):
        one, two = getattr(before, sides)(), getattr(after, sides)()
        assert one.fingerprint == two.fingerprint
    for name, array in all_of(before.paired()).items():
        np.testing.assert_array_equal(array, all_of(after.paired())[name])
    for side in "ab":
        np.testing.assert_array_equal(before.held_out()[side], after.held_out()[side])


def test_one_side_alone(photos, tmp_path):
    sides = Sides(load_size=8, crop_size=8)
    for name in ("a", "b"):
        sides.prepare(photos, tmp_path / name)
    before, after = (
        dataclasses.replace(sides, folder_a=a, folder_b=b)
        for a, b in ((photos, photos), (tmp_path / "a", tmp_path / "b"))
    )
    assert after.has_pairs
    assert before.paired().fingerprint == after.paired().fingerprint


class Stop(BaseException):
    pass


def begin(photos, output, monkeypatch, *, after):
    """Prepare, and stop when so many pictures have been decoded."""
    decode, count = folder_module.decode, []

    def decode_some(file, **options):
        count.append(file)
        if len(count) > after:
            raise Stop
        return decode(file, **options)

    with monkeypatch.context() as patch:
        patch.setattr(folder_module, "decode", decode_some)
        with pytest.raises(Stop):
            prepare_folder(photos, output, transforms=[SMALL, LARGE])


def test_goes_on_where_it_was(photos, tmp_path, monkeypatch):
    prepare_folder(photos, tmp_path / "whole", transforms=[SMALL, LARGE])
    begin(photos, tmp_path / "out", monkeypatch, after=4)
    with pytest.raises(ValueError, match=r"holds 4 of 7 pictures: give the command .* once more"):
        folder_source(tmp_path / "out", transform=SMALL)
    decode, decoded = folder_module.decode, []

    def decode_noted(file, **options):
        decoded.append(file.name)
        return decode(file, **options)

    monkeypatch.setattr(folder_module, "decode", decode_noted)
    for _ in range(2):  # the second time nothing is left to be done
        prepare_folder(photos, tmp_path / "out", transforms=[SMALL, LARGE])
        assert contents(tmp_path / "out") == contents(tmp_path / "whole")
        assert sorted(decoded) == ["a.png", "a.x.bmp", "c.png"]


def test_interrupted_and_damaged_and_interrupted(photos, tmp_path, monkeypatch):
    output = tmp_path / "out"
    begin(photos, output, monkeypatch, after=6)
    flip(output / "pixels_1.npy")
    begin(photos, output, monkeypatch, after=2)
    assert (output / "chunks.jsonl").read_bytes().count(b"\n") == 3
    begin(photos, output, monkeypatch, after=0)
    prepare_folder(photos, output, transforms=[SMALL, LARGE])
    prepare_folder(photos, tmp_path / "whole", transforms=[SMALL, LARGE])
    assert contents(output) == contents(tmp_path / "whole")


@pytest.mark.slow
def test_killed_at_any_moment(photos, tmp_path):
    """As the two tests around it say, with a real process."""
    code = """
import sys
from jaxgan.data import Transform, folder, prepare_folder, preparing
preparing._CHUNK = 1
decode = folder.decode
def slow(file, **options):
    print("now", flush=True)
    sys.stdin.readline()
    return decode(file, **options)
folder.decode = slow
prepare_folder(*sys.argv[1:], transforms=[Transform((6, 8), 3), Transform((12, 16), 3)])
"""
    command = [sys.executable, "-c", code, photos, tmp_path / "out"]
    for _ in range(3):
        with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as process:
            for _ in range(2):
                assert process.stdout.readline() == "now\n"
                process.stdin.write("\n")
                process.stdin.flush()
            process.kill()
    prepare_folder(photos, tmp_path / "out", transforms=[SMALL, LARGE])
    before = all_of(folder_source(photos, transform=SMALL))["image"]
    after = all_of(folder_source(tmp_path / "out", transform=SMALL))["image"]
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", ["pixels_0.npy", "pixels_1.npy", "chunks.jsonl"])
def test_a_file_may_end_anywhere(photos, tmp_path, monkeypatch, name):
    """What a kill, or a power cut, leaves of the last writes."""
    prepare_folder(photos, tmp_path / "whole", transforms=[SMALL, LARGE])
    begin(photos, tmp_path / "begun", monkeypatch, after=6)
    whole = contents(tmp_path / "whole")
    content = (tmp_path / "begun" / name).read_bytes()
    for end in {0, 1, 60, 128, 200, len(content) // 2, len(content) - 1}:
        output = tmp_path / f"cut_{end}"
        shutil.copytree(tmp_path / "begun", output)
        (output / name).write_bytes(content[:end])
        prepare_folder(photos, output, transforms=[SMALL, LARGE])
        assert contents(output) == whole


def cut(path):
    path.write_bytes(path.read_bytes()[:-5])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"more")


@pytest.mark.parametrize("damage", [cut, flip, lengthen, os.remove])
def test_what_was_damaged_is_made_good(photos, tmp_path, damage):
    output = tmp_path / "out"
    prepare_folder(photos, output, transforms=[SMALL, LARGE])
    before = contents(output)
    damage(output / "pixels_1.npy")
    if damage in (cut, os.remove):  # all that a look at its length tells
        with pytest.raises(
            ValueError, match=r"pixels_1\.npy is cut short or damaged \("
        ) as refusal:
            folder_source(output, transform=SMALL)
        assert "\n" not in str(refusal.value)
    prepare_folder(photos, output, transforms=[SMALL, LARGE])
    assert contents(output) == before


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (cut, r"prepared\.json is cut short or damaged .*: remove .*, and prepare"),
        (
            lambda path: change(path, format=2),
            "has the format 2, and this version of jaxgan reads 1",
        ),
        (lambda path: path.write_text("[]"), "has the format None"),
        (lambda path: path.write_text("[" * 100_000), r"prepared\.json is cut short or damaged"),
        (lambda path: change(path, plan=3), r"prepared\.json is cut short or damaged \(plan: "),
        (lambda path: change(path, chunks=[]), "its pictures and their sizes are not as many"),
    ],
)
def test_other_formats_and_damaged_descriptions(photos, tmp_path, damage, sentence):
    prepare_folder(photos, tmp_path / "out", transforms=[SMALL])
    damage(tmp_path / "out" / "prepared.json")
    for attempt in (
        lambda: folder_source(tmp_path / "out", transform=SMALL),
        lambda: prepare_folder(photos, tmp_path / "out", transforms=[SMALL]),
    ):
        with pytest.raises(ValueError, match=sentence) as refusal:
            attempt()
        assert "\n" not in str(refusal.value)


def test_pixels_that_vanish_later(photos, tmp_path):
    prepare_folder(photos, tmp_path / "out", transforms=[SMALL])
    source = folder_source(tmp_path / "out", transform=SMALL)
    cut(tmp_path / "out" / "pixels_0.npy")
    with pytest.raises(ValueError, match="cut short or damaged"):
        all_of(source)


def test_smaller_and_grey_is_made_of_what_is_there(photos, tmp_path, caplog):
    prepare_folder(photos, tmp_path / "out", transforms=[LARGE, Transform((24, 32), 3)])
    grey = Transform((6, 8), 1)
    with caplog.at_level(logging.WARNING):
        source = folder_source(tmp_path / "out", transform=grey)
    assert "are 12 x 16 x 3 (height x width x channels), and are made 6 x 8 x 1" in caplog.text
    large = folder_source(tmp_path / "out", transform=LARGE)
    expected = [grey.prepare(image) for image in all_of(large)["image"]]
    np.testing.assert_array_equal(all_of(source)["image"], expected)
    # Not quite the pixels that the pictures themselves would give.
    assert source.fingerprint != folder_source(photos, transform=grey).fingerprint


@pytest.mark.parametrize(
    "transform", [Transform(16, 3), LARGE, Transform((6, 8), 3, pad=True), Stretch((6, 8), 3)]
)
def test_what_cannot_be_made_of_it_is_refused(photos, tmp_path, transform):
    prepare_folder(photos, tmp_path / "out", transforms=[SMALL])
    with pytest.raises(
        ValueError, match=r"was prepared as Transform\(.*, of which .* cannot be made"
    ):
        folder_source(tmp_path / "out", transform=transform)


def test_the_range_belongs_to_it(tmp_path):
    (tmp_path / "deep").mkdir()
    ramp = np.arange(12, dtype=np.uint16).reshape(3, 4) * 300
    Image.fromarray(ramp).save(tmp_path / "deep" / "1.png")
    transform = Transform((3, 4), 1)
    images, options = [], {"transform": transform, "value_range": (0, 4095)}
    prepare_folder(
        tmp_path / "deep", tmp_path / "out", transforms=[transform], value_range=(0, 4095)
    )
    for name in ("deep", "out"):
        images.append(all_of(folder_source(tmp_path / name, **options))["image"])
    assert images[0].max() > 200
    np.testing.assert_array_equal(*images)
    with pytest.raises(
        ValueError, match="with --range 0 4095, and is asked for with no --range: give"
    ):
        folder_source(tmp_path / "out", transform=transform)


def test_pairs_are_not_single_pictures(tmp_path):
    sides = sides_of(tmp_path / "in", "pairs")
    sides.prepare(sides.folder, tmp_path / "out")
    with pytest.raises(
        ValueError, match="was prepared as pairs side by side, and is asked for sing"
    ):
        folder_source(tmp_path / "out" / "train", transform=SMALL)
    draw(tmp_path / "in" / "train" / "odd.png", 0, size=(9, 9))
    with pytest.raises(ValueError, match=r"odd\.png is 9 pixels wide, which cannot be halved"):
        sides.prepare(sides.folder, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_sides_are_all_looked_at_first(tmp_path):
    sides = sides_of(tmp_path / "in", "four folders")
    (tmp_path / "in" / "testB" / "0.bmp").write_bytes(b"none")
    with pytest.raises(ValueError, match=r"testB/0\.bmp"):
        sides.prepare(sides.folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "out" / "other").mkdir(parents=True)
    (tmp_path / "in" / "testB" / "0.bmp").unlink()
    with pytest.raises(ValueError, match="already holds something: name another"):
        sides.prepare(sides.folder, tmp_path / "out")


def test_a_folder_that_holds_something(photos, tmp_path):
    output = tmp_path / "out"
    output.mkdir()
    (output / "letter.txt").write_text("mine")
    with pytest.raises(ValueError, match="already holds something: name another folder"):
        prepare_folder(photos, output, transforms=[SMALL])
    assert contents(output) == {"letter.txt": b"mine"}


@pytest.mark.parametrize("whole", [True, False])
def test_a_folder_that_holds_others(photos, tmp_path, monkeypatch, whole):
    output = tmp_path / "out"
    if whole:
        prepare_folder(photos, output, transforms=[SMALL, LARGE])
    else:
        begin(photos, output, monkeypatch, after=4)
    before = contents(output)
    draw(photos / "cat" / "new.png", 99)
    with pytest.raises(
        ValueError, match="already holds other pictures, or the same in another way"
    ):
        prepare_folder(photos, output, transforms=[SMALL, LARGE])
    (photos / "cat" / "new.png").unlink()
    with pytest.raises(
        ValueError, match="already holds other pictures, or the same in another way"
    ):
        prepare_folder(photos, output, transforms=[SMALL])
    assert contents(output) == before


def test_what_is_prepared_is_not_prepared_again(photos, tmp_path):
    prepare_folder(photos, tmp_path / "out", transforms=[LARGE])
    with pytest.raises(ValueError, match="is prepared already: give the folder that the pictures"):
        prepare_folder(tmp_path / "out", tmp_path / "again", transforms=[SMALL])


def test_one_process_at_a_time(photos, tmp_path, monkeypatch):
    begin(photos, tmp_path / "out", monkeypatch, after=4)
    with (tmp_path / "out" / "chunks.jsonl").open("ab") as lines:
        fcntl.flock(lines, fcntl.LOCK_EX)
        with pytest.raises(ValueError, match="is being prepared by another process: wait"):
            prepare_folder(photos, tmp_path / "out", transforms=[SMALL, LARGE])
    prepare_folder(photos, tmp_path / "out", transforms=[SMALL, LARGE])


def test_a_full_disk(photos, tmp_path, monkeypatch):
    fsync, count = os.fsync, []

    def full(descriptor):
        count.append(descriptor)
        if len(count) == 6:
            raise OSError(28, "No space left on device")
        return fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ValueError, match=r"after \d of 7 pictures \(No space left on device\)"):
            prepare_folder(photos, tmp_path / "out", transforms=[SMALL])
    prepare_folder(photos, tmp_path / "out", transforms=[SMALL])
    assert len(open_prepared(tmp_path / "out").plan.sizes) == 7


def test_unreadable_files(photos, tmp_path):
    (photos / "cat" / "bad.png").write_bytes(b"none")
    with pytest.raises(ValueError, match=r"bad\.png .*\(--skip-unreadable\)"):
        prepare_folder(photos, tmp_path / "out", transforms=[SMALL])
    assert not (tmp_path / "out").exists()
    prepare_folder(photos, tmp_path / "out", transforms=[SMALL], skip_unreadable=True)
    source = folder_source(tmp_path / "out", transform=SMALL)
    assert (len(source), source.skipped) == (7, 1)
