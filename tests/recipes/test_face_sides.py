"""Figures of translated faces, with stand-ins for the drawings and the classifiers."""

import dataclasses

import numpy as np
import pytest

from jaxgan import data, metrics, recipes
from jaxgan.data import FacePairs, Sides

COUNT, KINDS = 40, 12
STYLES = ("open_peeps", "adventurer")
NAMES = ("glasses", "skin_colour")
WORDS = ("pale", "brown")
RANDOM = np.random.default_rng(0)
SHOWN = {"glasses": RANDOM.integers(0, 2, COUNT), "skin_colour": RANDOM.integers(0, 2, COUNT)}
SIDES = Sides("faces/open_peeps_adventurer", load_size=32, crop_size=32)


def pictures(style, glasses, skin, other):
    """What is to be seen stands in the first pixels, above or below the middle by style."""
    images = np.zeros((len(glasses), 2, 2, 3), np.float32)
    row = STYLES.index(style)
    images[:, row, 0, 0], images[:, row, 0, 1], images[:, row, 0, 2] = glasses, skin, other
    return images


HELD_OUT = {
    side: pictures(style, *SHOWN.values(), np.arange(COUNT) / COUNT)
    for side, style in zip("ab", STYLES, strict=True)
}


class Seeing:
    """Reads the pixels of its own style."""

    def __init__(self, style):
        self.row = STYLES.index(style)
        attributes = {each.name: each.labels for each in data.STYLES[style].attributes}
        self.labels = [attributes["skin_colour"].index(word) for word in WORDS]

    def classify(self, images):
        glasses, skin, _ = np.round(images[:, self.row, 0]).astype(int).T
        return {"glasses": 3 * glasses, "skin_colour": np.take(self.labels, skin)}

    def features(self, images):
        return images[:, self.row, 0]


@pytest.fixture
def pretended(monkeypatch):
    words = {
        "glasses": np.array(["none", "some"])[SHOWN["glasses"]],
        "skin_colour": np.array(WORDS)[SHOWN["skin_colour"]],
    }
    module = "jaxgan.recipes.face_sides."
    people = FacePairs(STYLES, None, words, KINDS)
    monkeypatch.setattr(module + "face_pairs", lambda sides, split, *, transform, data_dir: people)
    monkeypatch.setattr(module + "face_classifier", lambda style, *, data_dir, say: Seeing(style))
    monkeypatch.setattr(
        module + "real_faces",
        lambda style, *, data_dir, split: (HELD_OUT["ab"[STYLES.index(style)]] + 0.01, {}),
    )

    def held_out(sides):
        a, b = (np.uint8(np.round((HELD_OUT[side] + 1) * 127.5)) for side in "ab")
        return {"a": b, "b": a} if sides.swap else {"a": a, "b": b}

    monkeypatch.setattr(Sides, "held_out", held_out)


@pytest.mark.parametrize("swap", [False, True])
def test_figures(pretended, swap):
    sides = dataclasses.replace(SIDES, swap=swap)
    there, back = HELD_OUT["b"].copy(), HELD_OUT["a"].copy()
    there[:10, 1, 0, 0] = 1 - there[:10, 1, 0, 0]  # ten lose or find glasses
    back[:, 0, 0, 1] = 0  # all turn pale
    made = (back, there) if swap else (there, back)
    figures = recipes.evaluate_face_sides(sides, *made)
    to_b, to_a = ("b_to_a_", "a_to_b_") if swap else ("a_to_b_", "b_to_a_")
    glasses, skin = SHOWN.values()
    assert figures[f"{to_b}glasses_kept"] == figures[f"{to_b}all_kept"] == 0.75
    assert figures[f"{to_b}skin_colour_kept"] == figures[f"{to_a}glasses_kept"] == 1
    pale = float(np.mean(skin == 0))
    assert figures[f"{to_a}skin_colour_kept"] == pytest.approx(pale)
    assert figures[f"{to_a}skin_colour_chance"] == pytest.approx(pale)
    changed = there[:, 1, 0, 0]
    chance = np.mean(changed[:, None] == glasses[None])
    assert figures[f"{to_b}glasses_chance"] == pytest.approx(chance)
    for name in ("glasses", "skin_colour", "all"):
        assert figures[f"{to_b}{name}_real"] == figures[f"{to_a}{name}_real"] == 1
    seen = Seeing(STYLES[1]).features
    expected = metrics.frechet_distance(seen(there), seen(HELD_OUT["b"] + 0.01))
    assert figures[f"{to_b}frechet_distance"] == pytest.approx(expected)
    real, other = (figures[f"{to_b}{name}_frechet_distance"] for name in ("real", "input"))
    assert real < 1e-3 < figures[f"{to_b}frechet_distance"] < other
    drawn = np.round((HELD_OUT["b"][:KINDS] + 1) * 127.5) / np.float32(127.5) - 1
    nearest = metrics.retrieval_at(seen(there)[:KINDS], seen(drawn), nearest=5)
    assert figures[f"{to_b}retrieval_5"] == pytest.approx(nearest)
    assert figures[f"{to_b}chance_retrieval_5"] == 5 / KINDS


def test_shares_and_chance_one_by_one():
    shown = {name: RANDOM.choice(["x", "y", "z"], 9) for name in NAMES}
    wanted = {name: RANDOM.choice(["x", "y"], 9) for name in NAMES}
    found = recipes.compare_words(shown, wanted)
    for name in NAMES:
        pairs = [[s == w for w in wanted[name]] for s in shown[name]]
        own = np.mean([pairs[i][i] for i in range(9)])
        assert found[name] == pytest.approx((own, np.mean(pairs)))
    together = [
        [all(shown[name][i] == wanted[name][j] for name in NAMES) for j in range(9)]
        for i in range(9)
    ]
    assert found["all"] == pytest.approx((np.mean(np.diag(together)), np.mean(together)))


@pytest.mark.parametrize("channels", [{"channels": 1}, {"channels_b": 1}])
def test_faces_are_judged_in_colour(channels):
    with pytest.raises(ValueError, match="one side of these is grey: evaluate a run of 3 channels"):
        recipes.evaluate_face_sides(Sides("faces", **channels), np.zeros(0), np.zeros(0))


def test_only_faces_have_people():
    with pytest.raises(ValueError, match="sides of 'openmoji' are no faces of two styles: choose"):
        recipes.held_out_people(Sides())
