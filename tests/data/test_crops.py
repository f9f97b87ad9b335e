import jax
import numpy as np
import pytest

from jaxgan.data import ArraySource, pipeline, resident, streamed
from jaxgan.data.finish import finish_batch

HEIGHT, WIDTH, CROP = 9, 7, 5
ROOM = (HEIGHT - CROP + 1) * (WIDTH - CROP + 1)


@pytest.fixture(scope="module")
def places():
    """40 examples whose pixels tell where they are: red the row, green the column, blue which."""
    image = np.zeros((40, HEIGHT, WIDTH, 3), np.uint8)
    image[..., 0] = np.arange(HEIGHT)[:, None]
    image[..., 1] = np.arange(WIDTH)
    image[..., 2] = np.arange(40)[:, None, None]
    return ArraySource({"a": image, "b": image[..., :2], "label": np.arange(40, dtype=np.int32)})


def to_bytes(image):
    return np.round((np.asarray(image) + 1) * 127.5).astype(np.int64)


def corners(images):
    """(top, left, flipped) of each; every pixel is looked at."""
    found = []
    for image in images:
        top, columns = image[:, :, 0].min(), image[0, :, 1]
        left, flipped = columns.min(), columns[0] > columns[-1]
        np.testing.assert_array_equal(
            image[:, :, 0], top + np.arange(CROP)[:, None].repeat(CROP, 1)
        )
        expected = left + np.arange(CROP)[:: -1 if flipped else 1]
        np.testing.assert_array_equal(image[:, :, 1], expected[None].repeat(CROP, 0))
        found.append((int(top), int(left), bool(flipped)))
    return found


def test_a_crop_is_a_rectangle_and_all_are_alike_likely(places):
    data = resident(places, seed=3, batch_size=40, flip=True, crop=CROP)
    assert data.shapes["a"].shape == (40, CROP, CROP, 3)
    found = []
    for step in range(60):
        batch = data(step)
        found += corners(to_bytes(batch["a"]))
        np.testing.assert_array_equal(np.sort(batch["label"]), np.arange(40))
        np.testing.assert_array_equal(to_bytes(batch["a"])[:, 0, 0, 2], batch["label"])
    counts = np.unique([f"{corner}" for corner in found], return_counts=True)[1]
    assert len(counts) == 2 * ROOM
    # Multinomial: five standard deviations of each count.
    expected = len(found) / (2 * ROOM)
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_both_of_a_pair_are_cropped_and_flipped_alike(places):
    data = resident(places, seed=0, batch_size=40, flip=True, crop=CROP)
    batch = data(4)
    np.testing.assert_array_equal(batch["a"][..., :2], batch["b"])
    assert len(set(corners(to_bytes(batch["a"])))) > 10


@pytest.mark.parametrize("eager", [False, True])
def test_the_crop_against_numpy(places, eager):
    raw = places.read(np.arange(40))
    options = {"seed": 5, "batch_size": 40, "first": 0}
    with jax.disable_jit(eager):
        cropped = np.asarray(finish_batch(raw, 8, flip=False, crop=CROP, **options)["a"])
    for row, (top, left, _) in enumerate(corners(to_bytes(cropped))):
        whole = raw["a"][row, top : top + CROP, left : left + CROP].astype(np.float64)
        np.testing.assert_allclose(cropped[row], whole / 127.5 - 1, rtol=0, atol=1.2e-7)


def test_depends_on_seed_and_step(places):
    raw = places.read(np.arange(40))
    options = {"batch_size": 40, "first": 0, "flip": False, "crop": CROP}
    found = [
        corners(to_bytes(finish_batch(raw, step, seed=seed, **options)["a"]))
        for seed, step in [(0, 0), (0, 1), (1, 0), (0, 0)]
    ]
    assert found[0] == found[3]
    assert found[0] != found[1] != found[2] != found[0]


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_a_part_crops_as_the_whole(places, parts):
    whole = resident(places, seed=2, batch_size=12, flip=True, crop=CROP)(9)["a"]
    shares = [
        streamed(places, seed=2, batch_size=12, flip=True, crop=CROP, part=(i, parts))(9)["a"]
        for i in range(parts)
    ]
    np.testing.assert_array_equal(whole, np.concatenate(shares))


def test_four_devices_crop_as_one(places, along_data):
    one = resident(places, seed=2, batch_size=12, flip=True, crop=CROP)
    four = resident(places, seed=2, batch_size=12, flip=True, crop=CROP, sharding=along_data)
    split = jax.jit(lambda data, step: data(step), out_shardings=along_data)
    for step in range(3):
        np.testing.assert_array_equal(one(step)["a"], split(four, step)["a"])


def test_a_crop_of_the_whole_image_changes_nothing(small):
    image = ArraySource({"image": small.arrays["image"][:, :4]})
    plain, cropped = (resident(image, seed=0, batch_size=9, flip=True, crop=c) for c in (None, 4))
    np.testing.assert_array_equal(plain(3)["image"], cropped(3)["image"])


def test_a_crop_that_is_not_square(places):
    one = resident(places, seed=1, batch_size=40, flip=True, crop=(4, 6))(2)
    assert one["a"].shape == (40, 4, 6, 3)
    np.testing.assert_array_equal(one["a"][..., :2], one["b"])
    found = to_bytes(one["a"])
    assert len(np.unique(found[:, 0, 0, 0])) == HEIGHT - 4 + 1  # every row that a crop can begin at
    np.testing.assert_array_equal(np.ptp(found[:, :, 0, 0], axis=1), np.full(40, 3))
    np.testing.assert_array_equal(np.ptp(found[:, 0, :, 1], axis=1), np.full(40, 5))
    streams = pipeline(places, seed=1, batch_size=40, flip=True, crop=(4, 6), resident_bytes=0)
    np.testing.assert_array_equal(streams(2)["a"], one["a"])


@pytest.mark.parametrize("resident_bytes", [0, 2**30])
@pytest.mark.parametrize(
    ("crop", "sentence"),
    [
        (8, "'a' is 9 x 7 pixels, smaller than the crop of 8: give a crop of 7 or less"),
        ((4, 8), "smaller than the crop of 4 x 8: give a crop of 4 x 7 or less"),
        (0, "a crop of 0 pixels is empty"),
        ((4, 0), "a crop of 4 x 0 pixels is empty"),
    ],
)
def test_refusals(places, resident_bytes, crop, sentence):
    with pytest.raises(ValueError, match=sentence) as refusal:
        pipeline(places, seed=0, batch_size=4, crop=crop, resident_bytes=resident_bytes)
    assert "\n" not in str(refusal.value)


def test_images_of_two_sizes_have_no_common_crop():
    arrays = {"a": np.zeros((3, 8, 8, 1), np.uint8), "b": np.zeros((3, 8, 9, 1), np.uint8)}
    with pytest.raises(ValueError, match=r"differ in size \('a' 8 x 8, 'b' 8 x 9\)"):
        pipeline(ArraySource(arrays), seed=0, batch_size=2, crop=4)
