"""Labels of a `dataset.json`: those that NVIDIA's tools write, and those that nobody should."""

import io
import json
import os
import zipfile

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import (
    Images,
    Transform,
    check_labels,
    folder_source,
    label_files,
    pipeline,
    prepare_folder,
)

TRANSFORM = Transform(image_size=4, channels=1)
NAMES = ("00000/img0.png", "00000/img1.png", "00001/img2.png")
CLASSES = {"labels": [["00000/img0.png", 2], ["00001/img2.png", 0], ["00000/img1.png", 2]]}
VECTORS = {"labels": [[name, [0.5, row, -1e-3]] for row, name in enumerate(NAMES)]}


def encoded(value):
    file = io.BytesIO()
    Image.new("L", (4, 4), value).save(file, "png")
    return file.getvalue()


@pytest.fixture
def make(tmp_path):
    """A folder, or a zip of it, with a `dataset.json` of this content."""

    def make(content, *, zipped=False, names=NAMES):
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        files = {name: encoded(value) for value, name in enumerate(names)} | {"dataset.json": text}
        place = tmp_path / ("mine.zip" if zipped else "mine")
        if zipped:
            with zipfile.ZipFile(place, "w") as opened:
                for name, data in files.items():
                    opened.writestr(f"mine/{name}", data)
            return place
        for name, data in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
        return place

    return make


def open_it(place):
    return folder_source(place, transform=TRANSFORM)


def all_of(source):
    return source.read(np.arange(len(source)))


@pytest.mark.parametrize("zipped", [False, True])
def test_classes(make, zipped):
    place = make(CLASSES, zipped=zipped)
    source = check_labels(open_it(place), classes=3)
    assert source.classes == ("0", "1", "2")
    batch = all_of(source)
    assert batch["label"].dtype == np.int32
    np.testing.assert_array_equal(batch["label"], [2, 2, 0])
    np.testing.assert_array_equal(batch["image"][:, 0, 0, 0], [0, 1, 2])
    assert source.notes == (
        f"3 pictures of 3 classes in {place}: 0 (1), 1 (0), 2 (2)",
        "labels are classes, as dataset.json has it; sub-folders count nothing",
    )
    with pytest.raises(ValueError, match="3 labels, up to '2', and the networks know 2: give --cl"):
        check_labels(source, classes=2)


@pytest.mark.parametrize("resident_bytes", [0, 2**30])
def test_vectors(make, resident_bytes):
    source = open_it(make(VECTORS))
    assert source.classes == ()
    assert "labels are vectors of 3" in source.notes[1]
    expected = np.array([label for _, label in VECTORS["labels"]], np.float32)
    np.testing.assert_array_equal(all_of(source)["label"], expected)
    batch = pipeline(source, seed=0, batch_size=3, resident_bytes=resident_bytes)(0)
    assert batch["label"].dtype == np.float32
    np.testing.assert_array_equal(np.sort(batch["label"], axis=0), np.sort(expected, axis=0))
    with pytest.raises(ValueError, match="are vectors, and the game is conditioned on classes"):
        check_labels(source, classes=3)


def test_that_there_are_none(make):
    source = open_it(make({"labels": None}))
    assert source.classes == ()
    assert list(all_of(source)) == ["image"]
    assert source.notes[1].startswith("there are no labels, as dataset.json has it")
    with pytest.raises(ValueError, match="has no labels, and the game"):
        check_labels(source, classes=3)


def test_fingerprints_tell_labels_apart(make, tmp_path):
    other = {"labels": [[name, 0] for name in NAMES]}
    contents = (CLASSES, other, VECTORS, {"labels": None})
    prints = {
        getattr(open_it(make(content)), kind)
        for content in contents
        for kind in ("fingerprint", "former_fingerprint")
    }
    (tmp_path / "mine" / "dataset.json").unlink()
    without = open_it(tmp_path / "mine")
    prints |= {without.fingerprint, without.former_fingerprint}
    assert len(prints) == 10


def test_a_file_that_changes_nothing_leaves_the_fingerprint(make, tmp_path):
    place = make({"labels": None}, names=("a.png", "b.png"))
    source = open_it(place)
    (place / "dataset.json").unlink()
    assert open_it(place).fingerprint == source.fingerprint
    assert open_it(place).notes == source.notes


@pytest.mark.parametrize("content", [CLASSES, VECTORS, {"labels": None}])
def test_prepared(make, tmp_path, content):
    before = open_it(make(content))
    prepare_folder(tmp_path / "mine", tmp_path / "out", transforms=[TRANSFORM])
    after = open_it(tmp_path / "out")
    assert after.fingerprint == before.fingerprint
    assert after.classes == before.classes
    assert after.notes[1:] == before.notes[1:]
    assert all_of(after).keys() == all_of(before).keys()
    for name, array in all_of(before).items():
        np.testing.assert_array_equal(all_of(after)[name], array)


def test_what_is_left_out_has_a_label_too(make, tmp_path):
    place = make(CLASSES)
    (place / NAMES[0]).write_bytes(b"")
    source = folder_source(place, transform=TRANSFORM, skip_unreadable=True)
    np.testing.assert_array_equal(all_of(source)["label"], [2, 0])


def test_pictures_beside_sub_folders_are_clear(make):
    names = ("a.png", "deep/b.png")
    source = open_it(make({"labels": [["./deep/b.png", 1], ["a.png", 0]]}, names=names))
    np.testing.assert_array_equal(all_of(source)["label"], [0, 1])


def labels(*values):
    return {"labels": [list(pair) for pair in zip(NAMES, values, strict=True)]}


BAD = {
    "names what is not there": (
        {"labels": [*CLASSES["labels"], ["00000/img9.png", 1]]},
        r'names 1 of 4 pictures that are not there \("00000/img9.png"\): add them, or write it',
    ),
    "a picture without a label": (
        {"labels": CLASSES["labels"][:2]},
        r"1 of 3 pictures have no label in .*dataset.json \(00000/img1.png\): remove them",
    ),
    "no labels for all": ({"labels": []}, "3 of 3 pictures have no label"),
    "twice": (
        {"labels": [*CLASSES["labels"], ["./00001/img2.png", 0]]},
        'names "./00001/img2.png" twice: leave one out',
    ),
    "negative": (labels(0, -1, 1), r'gives "00000/img1.png" the label -1, which is no class'),
    "too large": (labels(0, 10**9, 1), "the label 1000000000, which is no class: .* 0 to 65,535"),
    "true": (labels(True, 0, 1), "the label true, which is neither a whole number nor a list"),
    "a float": (labels(0.5, 0, 1), "the label 0.5, which is neither a whole number nor a list"),
    "text": (labels("cat", 0, 1), 'the label "cat", which is neither'),
    "kinds": (labels(0, [1.0], 1), r"the label \[1.0\], and others are like 0: give labels of one"),
    "kinds the other way": (labels([1.0], 0, 1), r"the label 0, and others are like \[1.0\]"),
    "lengths": (labels([1], [1, 2], [1]), r"the label \[1, 2\], and others are like \[1\]"),
    "empty vectors": (labels([], [], []), r"the label \[\], which is no list of finite numbers"),
    "not a number": (labels([0], [float("nan")], [1]), r"\[NaN\], which is no list of finite"),
    "beyond floats": (labels([0], [1e300], [1]), r"\[1e\+300\], which is no list of finite"),
    "beyond all floats": (labels([0], [10**400], [1]), r"which is no list of finite numbers"),
    "no file of NVIDIA's": ({"images": []}, "has no labels in it, as in .*: give it that form, or"),
    "a list": ([], "has no labels in it"),
    "by name": ({"labels": dict(CLASSES["labels"])}, "has labels that are no list"),
    "no pairs": ({"labels": [["a.png", 1, 2]]}, r'has \["a.png", 1, 2\] among its labels'),
    "no name": ({"labels": [[1, "a.png"]]}, "give pairs of a name and a label"),
    "half a letter": ({"labels": [["\ud800.png", 1]]}, r'not there \("\\ud800.png"\)'),
    "cut short": (json.dumps(CLASSES).encode()[:-9], r"is no JSON \(.*\): mend it, or remove it"),
    "empty": (b"", "is no JSON"),
    "bytes": (b"\xff\xfe\xfd", "is no JSON"),
    "deep": (b"[" * 10**5, "is no JSON"),
    "digits": (b'{"labels": [["a", ' + b"9" * 5000 + b"]]}", "is no JSON"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD.keys())
def test_refusals(make, content, sentence):
    with pytest.raises(ValueError, match=sentence) as refusal:
        open_it(make(content))
    assert str(refusal.value).isprintable()
    assert "dataset.json" in str(refusal.value)
    assert len(str(refusal.value)) < 500


def test_in_a_zip(make):
    sentence = r"mine\.zip/dataset\.json names 1 of 4 pictures that are not there"
    with pytest.raises(ValueError, match=sentence):
        open_it(make(BAD["names what is not there"][0], zipped=True))


@pytest.mark.parametrize("zipped", [False, True])
def test_a_file_without_end(make, monkeypatch, zipped):
    """It is not read at all."""
    place = make(CLASSES, zipped=zipped)
    if zipped:
        monkeypatch.setattr(label_files, "_MOST_BYTES", 50)
    else:
        os.truncate(place / "dataset.json", 2**28 + 1)
    with pytest.raises(
        ValueError, match=r"dataset\.json has [\d,]+ bytes, and no more than .*: gi"
    ):
        open_it(place)


def test_the_experiment_s_folder(make):
    place = make(CLASSES, zipped=True)
    source = Images(folder=place, image_size=4).source()
    assert source.classes == ("0", "1", "2")
