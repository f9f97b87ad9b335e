import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from jaxgan import data
from jaxgan.data.faces import drawings

pytest.importorskip("dicebear")
pytest.importorskip("resvg_py")

ROOT = Path(__file__).parents[3]
NAME = "faces/open_peeps_32_60"
STYLE = data.STYLES["open_peeps"]


def options(count, style=STYLE):
    return [data.draw_face(style, number).options for number in range(count)]


def draw(folder, count, **changed):
    wanted = {"source": STYLE.source, "view": STYLE.view, "size": 32} | changed
    view, size = wanted["view"], wanted["size"]
    return drawings.draw_all(wanted["source"], folder, options(count), view=view, size=size)


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """Sixty faces in two archives, each drawn by a process of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawings, "_CHUNK", 30)
        return draw(tmp_path_factory.mktemp("drawings"), 60)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    directory = tmp_path_factory.mktemp("faces")
    data.tfds_arrays(NAME, "train", data_dir=directory)
    return directory


@pytest.fixture(scope="module")
def parts(place):
    return {split: data.tfds_arrays(NAME, split, data_dir=place) for split in ("train", "test")}


def pictures(archives):
    return {n: png for path in archives for n, png in drawings.read_drawings(path).items()}


def test_archives_of_a_few_hundred(archives):
    assert [path.name for path in archives] == ["000000-000029.zip", "000030-000059.zip"]
    assert sorted(pictures(archives)) == list(range(60))
    assert sorted(archives[0].parent.iterdir()) == archives


def test_a_picture_is_a_function_of_style_and_number(archives, tmp_path):
    """In another order, in this process, without the others."""
    faces = {number: options(60)[number] for number in (57, 31, 2)}
    work = {"source": STYLE.source, "view": STYLE.view, "size": 32, "faces": faces}
    drawings.draw_archive(work, tmp_path / "three.zip")
    all_of_them = pictures(archives)
    three = drawings.read_drawings(tmp_path / "three.zip")
    assert three == {number: all_of_them[number] for number in faces}
    assert sorted(tmp_path.iterdir()) == [tmp_path / "three.zip"]


def test_an_attempt_is_taken_up_again(archives, tmp_path, monkeypatch):
    monkeypatch.setattr(drawings, "_CHUNK", 30)
    # As if stopped on the way: one archive is there, and one half written.
    (tmp_path / archives[0].name).write_bytes(b"kept")
    (tmp_path / "000030-000059.123").write_bytes(b"half")
    again = draw(tmp_path, 60)
    assert again[0].read_bytes() == b"kept"
    assert pictures(again[1:]) == pictures(archives[1:])
    monkeypatch.setattr(subprocess, "run", None)
    assert draw(tmp_path, 60) == again  # nothing starts where all is there


def test_a_face_that_cannot_be_drawn(tmp_path):
    with pytest.raises(RuntimeError, match=r"faces of 000000-000009 cannot be drawn: .*no-style"):
        draw(tmp_path, 10, source="no-style")
    assert list(tmp_path.iterdir()) == []


def test_the_view_is_cut_out(tmp_path):
    """A face at 64 pixels, and its left upper quarter at 32: the same pixels."""
    whole = {"source": STYLE.source, "size": 64, "view": (0, 0, 704), "faces": {3: options(4)[3]}}
    part = whole | {"size": 32, "view": (0, 0, 352)}
    drawn = []
    for index, work in enumerate((whole, part)):
        drawings.draw_archive(work, tmp_path / f"{index}.zip")
        (png,) = drawings.read_drawings(tmp_path / f"{index}.zip").values()
        drawn.append(np.asarray(Image.open(io.BytesIO(png))))
    assert drawn[0].shape == (64, 64, 3)
    assert drawn[0][0, 0].tolist() == [255, 255, 255]
    difference = np.abs(drawn[0][:32, :32].astype(int) - drawn[1])
    assert difference.max() <= 2
    assert np.ptp(drawn[1]) > 100


def test_arrays(place, parts, archives):
    assert len(parts["train"]["image"]) == 54
    assert len(parts["test"]["image"]) == 6
    assert set(parts["test"]["number"].tolist()) == set(range(9, 60, 10))
    drawn, seen = pictures(archives), set()
    for arrays in parts.values():
        assert arrays["image"].shape[1:] == (32, 32, 3)
        assert arrays["image"].dtype == np.uint8
        for row, number in enumerate(arrays["number"].tolist()):
            seen.add(number)
            pixels = np.asarray(Image.open(io.BytesIO(drawn[number])))
            np.testing.assert_array_equal(arrays["image"][row], pixels)
            labels = data.draw_face(STYLE, number).labels
            for attribute in STYLE.attributes:
                assert arrays[attribute.name].dtype == np.int32
                label = attribute.labels[arrays[attribute.name][row]]
                assert label == labels[attribute.name]
    assert seen == set(range(60))
    assert "tensorflow" not in sys.modules


def test_licence_and_artist_travel_with_the_data(place):
    info = tfds.builder(NAME, data_dir=place).info
    assert info.redistribution_info.license == "CC0 1.0"
    assert info.citation == data.attribution("open_peeps")
    text = (place / "faces" / "open_peeps_32_60" / "ATTRIBUTION.txt").read_text()
    assert text == f"{data.attribution('open_peeps')}\n"
    assert "Pablo Stanley" in text


def test_is_a_source_of_images(place, parts):
    images = data.Images(dataset=NAME, image_size=32, channels=3, data_dir=place, split="test")
    source = images.source()
    assert source.classes == ()
    np.testing.assert_array_equal(source.read(np.arange(6))["image"], parts["test"]["image"])
    assert source.fingerprint == f"tfds:{NAME}/1.0.0:test:{images.transform}"


def test_an_attribute_is_the_label(place, parts):
    chosen = {"dataset": NAME, "image_size": 32, "channels": 3, "data_dir": place}
    source = data.Images(**chosen, label="glasses").source()
    assert source.classes[:2] == ("none", "glasses")
    batch = source.read(np.arange(54))
    np.testing.assert_array_equal(batch["label"], parts["train"]["glasses"])
    assert batch["label"].dtype == np.int32
    other = data.Images(**chosen, label="skin_colour").source()
    assert (
        len({source.fingerprint, other.fingerprint, data.Images(**chosen).source().fingerprint})
        == 3
    )
    lacking = r"'faces/.*' has no label 'earrings', but beard, .*, skin_colour \(--label\)"
    with pytest.raises(ValueError, match=lacking):
        data.Images(**chosen, label="earrings").source()
    with pytest.raises(ValueError, match="has no label 'number', but"):
        data.Images(**chosen, label="number").source()


def test_several_attributes_are_a_vector_of_labels(place, parts):
    chosen = {"dataset": NAME, "image_size": 32, "channels": 3, "data_dir": place}
    source = data.Images(**chosen, label="skin_colour, glasses").source()
    assert source.classes[:6] == (
        *(f"skin_colour={name}" for name in STYLE.attributes[0].labels),
        "glasses=none",
    )
    found = source.read(np.arange(54))["label"]
    vectors = np.stack([parts["train"]["skin_colour"], parts["train"]["glasses"]], axis=1)
    np.testing.assert_array_equal(found, vectors)
    assert found.dtype == np.int32
    assert ":label=skin_colour,glasses:" in source.fingerprint
    assert source.notes[0].endswith(", each with skin_colour, glasses")
    with pytest.raises(ValueError, match="has no label 'earrings', but"):
        data.Images(**chosen, label="glasses,earrings").source()
    with pytest.raises(ValueError, match="--label names 'glasses' twice"):
        data.Images(**chosen, label="glasses,beard,glasses").source()


@pytest.mark.parametrize(
    ("chosen", "labels"),
    [({"folder": Path("cats")}, "sub-folders"), ({"dataset": "stacked_digits"}, "three digits")],
)
def test_no_attribute_of_what_has_none(chosen, labels):
    with pytest.raises(ValueError, match=f"{labels}, not 'glasses': leave --label out"):
        data.Images(**chosen, label="glasses").source()


@pytest.mark.parametrize("package", ["dicebear", "dicebear_styles", "resvg_py"])
def test_without_the_extra(package, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, package, None)
    sentence = rf"{NAME}' needs '{package}' once: pip install 'jaxgan\[faces\]'$"
    with pytest.raises(ValueError, match=sentence):
        data.Images(dataset=NAME, image_size=32, channels=3, data_dir=tmp_path).source()
    assert list((tmp_path / NAME).rglob("*")) == []  # no half of a set


def test_no_such_style_before_anything_is_made(tmp_path):
    with pytest.raises(ValueError, match=r"^there is no style of faces 'open_pips': choose one of"):
        data.tfds_arrays("faces/open_pips_32", "train", data_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_killed_on_the_way(archives, tmp_path):
    """Killed after the first archive; the next attempt keeps it, and makes the same set."""
    name, folder = "faces/open_peeps_32_60", tmp_path / "faces" / "open_peeps_32_60"
    code = (
        "from jaxgan import data; from jaxgan.data.faces import drawings; drawings._CHUNK = 10; "
        f"data.tfds_arrays({name!r}, 'train', data_dir={str(tmp_path)!r})"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 120
        while not (there := list(folder.glob("drawings-*/*.zip"))):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    made = {path: path.stat().st_mtime_ns for path in there}
    assert not (folder / "1.0.0").exists()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    assert {path: path.stat().st_mtime_ns for path in there} == made
    assert pictures(sorted(folder.glob("drawings-*/*.zip"))) == pictures(archives)
    assert len(data.tfds_arrays(name, "train", data_dir=tmp_path)["image"]) == 54
