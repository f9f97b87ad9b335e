import json
from importlib.resources import files

import numpy as np
import pytest

from jaxgan import data
from jaxgan.data.faces.drawings import open_style

pytest.importorskip("dicebear")
pytest.importorskip("dicebear_styles")


def style_definition(source):
    return json.loads(files("dicebear_styles").joinpath(f"{source}.json").read_text())


def colours_and_parts(definition, options):
    """What a drawing refers to, by a walk through the artist's file."""
    found = set()
    elements = list(definition["canvas"]["elements"])
    while elements:
        element = elements.pop()
        elements += element.get("children", [])
        for value in (element.get("attributes") or {}).values():
            if isinstance(value, dict) and value["type"] == "color":
                found.add(f"{value['name']}Color")
        if element["type"] == "component":
            name = element["name"]
            if options.get(f"{name}Probability", 100) and f"{name}Variant" in options:
                found.add(f"{name}Variant")
                variant = definition["components"][name]["variants"][options[f"{name}Variant"]]
                elements += variant["elements"]
    return found


@pytest.mark.parametrize("name", data.STYLES)
def test_attributes_are_what_dicebear_draws(name):
    from dicebear import Avatar

    style = data.STYLES[name]
    definition = style_definition(style.source)
    drawing = open_style(style.source)
    for number in range(40):
        face = data.draw_face(style, number)
        chosen = Avatar(drawing, face.options).to_json()["options"]
        shown = colours_and_parts(definition, chosen | face.options)
        for attribute in style.attributes:
            label = face.labels[attribute.name]
            assert label in attribute.labels
            if attribute.option in shown:
                value = chosen[attribute.option]
                assert attribute.values[label] == (value if isinstance(value, str) else value[0])
            elif name == "open_peeps" and attribute.name == "hair_colour":  # drawn in ink
                assert (label == "none") == (face.labels["hair"] in OTHER_THAN_HAIR)
                assert label in ("none", "black")
            else:
                assert label == "none"
        for option, value in style.fixed.items():
            if option in shown:
                assert chosen[option] == [value]
        for option in shown - face.options.keys():  # nothing is left for DiceBear to choose
            part = definition["components"].get(option.removesuffix("Variant"), {}).get("variants")
            colour = definition["colors"].get(option.removesuffix("Color"), {}).get("values")
            assert len(part or colour) == 1


OTHER_THAN_HAIR = ("noHair1", "noHair2", "hatBeanie", "hatHip", "hijab", "turban")


@pytest.mark.parametrize("name", data.STYLES)
def test_values_are_the_artists(name):
    style = data.STYLES[name]
    definition = style_definition(style.source)
    for attribute in style.attributes:
        values = set(attribute.values.values())
        assert len(values) == len(attribute.values)
        if attribute.option.endswith("Variant"):
            known = definition["components"][attribute.option.removesuffix("Variant")]["variants"]
        else:
            known = definition["colors"][attribute.option.removesuffix("Color")]["values"]
        assert values <= set(known)
        assert attribute.weights.keys() <= attribute.values.keys()
        assert attribute.optional or attribute.share == 1
    licence, creator = definition["meta"]["license"], definition["meta"]["creator"]
    told = data.attribution(name)
    assert licence["name"].lower() in told.lower()
    assert creator["name"] in told
    assert style.licence == licence["name"]
    assert licence["url"].rstrip("/") in told
    assert definition["meta"]["source"]["url"].rstrip("/") in told


def test_a_face_is_a_function_of_style_and_number():
    assert data.draw_face(data.STYLES["open_peeps"], 7).labels == {
        "skin_colour": "brown",
        "hair": "bangs2",
        "hair_colour": "black",
        "glasses": "none",
        "beard": "none",
        "expression": "smileLOL",
        "clothes_colour": "magenta",
    }
    assert data.draw_face(data.STYLES["micah"], 7) == data.draw_face(data.STYLES["micah"], 7)


def test_how_often_there_is_what():
    style = data.STYLES["open_peeps"]
    faces = [data.draw_face(style, number) for number in range(4000)]
    for attribute in style.attributes:
        drawn = [face.options.get(attribute.option) for face in faces]
        assert drawn.count(None) / 4000 == pytest.approx(1 - attribute.share, abs=0.03)
        counts = np.array([drawn.count(value) for value in attribute.values.values()])
        weights = np.array([attribute.weights.get(value, 1.0) for value in attribute.values])
        expected = weights / weights.sum() * counts.sum()
        # Pearson's statistic has mean K - 1 and standard deviation sqrt(2 (K - 1)).
        spread = np.sqrt(2 * (len(counts) - 1))
        assert ((counts - expected) ** 2 / expected).sum() < len(counts) - 1 + 4 * spread
    labels = [face.labels["hair_colour"] for face in faces]
    assert 0.4 < labels.count("black") / 4000 < 0.5


def test_attributes_are_drawn_independently():
    style = data.STYLES["micah"]
    faces = [data.draw_face(style, number).labels for number in range(2000)]
    kinds = ("glasses", "beard", "earrings")
    there = np.array([[face[kind] == "none" for kind in kinds] for face in faces])
    assert np.abs(np.corrcoef(there.T) - np.eye(3)).max() < 0.08


def test_as_many_faces_as_the_product_of_what_they_differ_in():
    assert data.STYLES["micah"].faces == 3 * 7 * 8 * 3 * 6 * 3 * 3 * 8 * 5 * 4 * 3 * 2 * 3 * 7


@pytest.mark.parametrize(
    ("name", "parsed", "configuration"),
    [
        ("", ("open_peeps", 32, 20_000), "open_peeps_32"),
        ("lorelei_256", ("lorelei", 256, 20_000), "lorelei_256"),
        ("micah_64_500", ("micah", 64, 500), "micah_64_500"),
        ("open_peeps_128_20000:1.0.0", ("open_peeps", 128, 20_000), "open_peeps_128"),
    ],
)
def test_names(name, parsed, configuration):
    found = data.parse_faces(name)
    assert found == data.FacesName(*parsed)
    assert found.configuration == configuration


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "open_pips_32",
            "no style of faces 'open_pips': choose one of open_peeps, micah, ",
        ),
        ("32", "no style of faces '32'"),
        ("open_peeps", "'faces/open_peeps' names no size of 32, 64, 128, 256: say 'faces/open_"),
        ("micah_48", "'faces/micah_48' names no size of 32, 64, 128, 256: say 'faces/micah_32'"),
        (
            "micah_32_0",
            "^0 faces of 'micah' cannot be drawn: ask for 10 or more, .* at most 548,674,560",
        ),
        ("micah_32_-4", "^-4 faces of 'micah' cannot be drawn"),
        ("micah_32_9", "^9 faces of 'micah' cannot be drawn"),
        ("micah_32_99999999999", "99999999999 faces .* as many as the style can tell apart"),
    ],
)
def test_names_of_no_faces(name, sentence):
    with pytest.raises(ValueError, match=sentence) as refusal:
        data.parse_faces(name)
    assert "\n" not in str(refusal.value)


def test_no_attribution_of_no_style():
    with pytest.raises(ValueError, match="no style of faces 'Micah': give one of open_peeps, mi"):
        data.attribution("Micah")
