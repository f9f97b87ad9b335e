"""Two styles of faces as two sides, with labels alone: nothing is drawn here."""

import dataclasses
import sys
from collections import Counter

import numpy as np
import pytest

from jaxgan import data
from jaxgan.data import ArraySource, Attribute, Sides, face_sides

COUNT = 300
A, B = "open_peeps", "avataaars"


def drawn(name, split):
    """The numbers of a split, and what is seen of each face."""
    side = data.parse_faces(name.removeprefix("faces/"))
    numbers = [n for n in range(COUNT) if (n % 10 == 9) == (split == "test")]
    return side, numbers, [data.draw_face(data.STYLES[side.style], n).labels for n in numbers]


def labels_of(name, split, *, only, data_dir):
    side, _, faces = drawn(name, split)
    labels = {each.name: each.labels for each in data.STYLES[side.style].attributes}
    return {key: np.array([labels[key].index(face[key]) for face in faces]) for key in only}


def pictures_of(name, split, *, transform, data_dir):
    """The number of a face as its colour: red in one style, green in the other."""
    side, numbers, _ = drawn(name, split)
    images = np.zeros((len(numbers), *transform.shape), np.uint8)
    images[..., [A, B].index(side.style)] = np.array(numbers)[:, None, None] // 2
    return ArraySource({"image": images})


@pytest.fixture
def undrawn(monkeypatch):
    monkeypatch.setattr(face_sides, "tfds_arrays", labels_of)
    monkeypatch.setattr(face_sides, "tfds_source", pictures_of)
    return Sides("faces", load_size=32, crop_size=32)


def said(face):
    """The words that the two styles share, by hand."""
    there = ("some" if face[name] != "none" else "none" for name in ("glasses", "beard"))
    return (*there, face["hair_colour"], face["skin_colour"])


@pytest.mark.parametrize(
    ("dataset", "size", "configurations"),
    [
        ("faces", 32, ("open_peeps_32", "avataaars_32")),
        ("faces/avataaars_open_peeps", (33, 64), ("avataaars_64", "open_peeps_64")),
        ("faces/micah_adventurer", 1000, ("micah_256", "adventurer_256")),
        ("faces/micah_avataaars_64_500", 32, ("micah_64_500", "avataaars_64_500")),
    ],
)
def test_names(dataset, size, configurations):
    sides = data.parse_face_sides(dataset, size=size)
    assert tuple(side.configuration for side in sides) == configurations


def test_every_two_styles_can_be_named():
    for a in data.STYLES:
        for b in data.STYLES:
            if a != b:
                named = data.parse_face_sides(f"faces/{a}_{b}_32_100", size=32)
                assert [side.style for side in named] == [a, b]


def test_other_sets_are_no_faces():
    assert data.parse_face_sides("openmoji", size=32) is None
    assert Sides().faces is None
    assert Sides("faces", folder_a="x", folder_b="y").faces is None


@pytest.mark.parametrize(
    ("dataset", "sentence"),
    [
        ("faces/micah_micah", "both sides are faces of 'micah', so .* one of open_peeps, avata"),
        ("faces/micah", r"'faces/micah' does not name two styles of faces: give two of open_peeps"),
        ("faces/micah_32", "does not name two styles"),
        ("faces/micah_adventurer_", "'faces/micah_adventurer_' does not name two styles"),
        ("faces/micah_smiths", "'faces/micah_smiths' does not name two styles"),
        (
            "faces/micah_lorelei_48",
            "^'faces/micah_lorelei_48' .* names no size of 32, 64, 128, 256",
        ),
        ("faces/micah_lorelei_32_3", "3 faces of 'micah' cannot be drawn"),
        ("faces/micah_lorelei_32_x", "of two styles, as in 'faces/micah_lorelei_[0-9]+'$"),
    ],
)
def test_sides_that_cannot_be(dataset, sentence):
    with pytest.raises(ValueError, match=sentence) as refusal:
        Sides(dataset).unpaired()
    assert "\n" not in str(refusal.value)


def test_styles_that_have_nothing_in_common(monkeypatch):
    hats = (Attribute("hat", "hatVariant", {"cap": "cap"}), Attribute("beard", "b", {"full": "f"}))
    monkeypatch.setitem(data.STYLES, "stick", dataclasses.replace(data.STYLES[A], attributes=hats))
    sentence = (
        "^faces of 'lorelei' and of 'stick' have none of glasses, beard, hair_colour, skin_colour "
        "in common, so nothing can survive a translation: with 'lorelei' would open_peeps or micah "
        "or avataaars or adventurer do, and with 'stick' would no other style do$"
    )
    with pytest.raises(ValueError, match=sentence):
        Sides("faces/lorelei_stick").unpaired()


def test_what_styles_share():
    assert data.shared_words(A, B) == {
        "glasses": ("none", "some"),
        "beard": ("none", "some"),
        "hair_colour": ("none", *data.STYLES[A].attributes[2].values),
        "skin_colour": ("pale", "light", "brown", "dark_brown", "black"),
    }
    assert set(data.shared_words("lorelei", "adventurer")) == {"glasses"}
    words = data.face_words("micah", "beard", np.arange(3))
    assert words.tolist() == ["none", "some", "some"]


def test_pairs_are_of_the_same_people(undrawn):
    for split in ("test", "train"):
        pairs = data.face_pairs(undrawn.faces, split, transform=undrawn.transform)
        people = list(zip(*pairs.words.values(), strict=True))
        assert list(pairs.words) == list(data.FACE_WORDS)
        faces = {style: drawn(f"faces/{style}_32", split) for style in (A, B)}
        shown = {}
        for row, (style, (_, numbers, seen)) in enumerate(faces.items()):
            side = (pairs.images.a, pairs.images.b)[row]
            found = side.source.read(side.rows)["image"][:, 0, 0, row]
            assert found.tolist() == [numbers[i] // 2 for i in side.rows]
            assert len(set(side.rows.tolist())) == len(side)  # a face is in one pair
            assert [said(seen[i]) for i in side.rows] == people
            shown[style] = Counter(said(face) for face in seen)
        assert Counter(people) == shown[A] & shown[B]
        # One of each kind of people first.
        assert len(set(people[: pairs.kinds])) == pairs.kinds == len(set(people))
    assert pairs.styles == (A, B)


def test_are_two_sides(undrawn):
    train = undrawn.unpaired()
    assert len(train.a) == len(train.b) == COUNT * 9 // 10
    held_out = undrawn.held_out()
    pairs = data.face_pairs(undrawn.faces, "test", transform=undrawn.transform)
    np.testing.assert_array_equal(
        held_out["a"], pairs.images.read(np.arange(len(pairs.images)))["a"]
    )
    assert held_out["a"][..., 0].max() > 0 == held_out["a"][..., 1].max()
    swapped = dataclasses.replace(undrawn, swap=True)
    np.testing.assert_array_equal(swapped.held_out(3)["b"], held_out["a"][:3])
    assert swapped.unpaired().a.read(np.array([0]))["image"][..., 0].max() == 0
    assert undrawn.has_pairs
    assert undrawn.licence == f"{data.attribution(A)} {data.attribution(B)}"
    assert len(undrawn.paired().a) == len(undrawn.paired().b) > len(held_out["a"])


def test_nobody_whom_both_drew(monkeypatch, undrawn):
    def odd(name, split, *, only, data_dir):
        return {key: np.full(3, A in name, np.int32) for key in only}

    monkeypatch.setattr(face_sides, "tfds_arrays", odd)
    with pytest.raises(ValueError, match=r"'open_peeps_32' and 'avataaars_32' in the split 'test'"):
        undrawn.held_out()


def test_without_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "dicebear", None)
    sentence = r"'faces/open_peeps_32' needs 'dicebear' once: pip install 'jaxgan\[faces\]'$"
    with pytest.raises(ValueError, match=sentence):
        Sides("faces", load_size=32, crop_size=32, data_dir=tmp_path).unpaired()
    assert list((tmp_path / "faces" / "open_peeps_32").rglob("*")) == []
