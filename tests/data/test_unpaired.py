import itertools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.data import ArraySource, ResidentSides, StreamedSides, Unpaired, pipeline
from jaxgan.data.order import batch_indices
from jaxgan.data.unpaired import side_seed
from jaxgan.games import Game
from jaxgan.training import digest, make_mesh, place


def side(count, offset, channels=3):
    """Images whose upper left pixel tells which one it is."""
    image = np.random.default_rng(offset).integers(0, 256, (count, 6, 5, channels), np.uint8)
    image[:, 0, 0] = offset + np.arange(count)[:, None]
    return ArraySource({"image": image, "label": np.zeros(count, np.int32)}, classes=("x",))


@pytest.fixture(scope="module")
def sides():
    return Unpaired(side(31, 0), side(17, 100))


WAYS = {"resident": 2**30, "streamed": 0}


def open_both(sides, **options):
    return [pipeline(sides, resident_bytes=size, **options) for size in WAYS.values()]


def first_bytes(images):
    return np.round((np.asarray(images)[:, 0, 0, 0] + 1) * 127.5).astype(int)


def assert_same(one, other):
    assert set(one) == set(other) == {"a", "b"}
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize("crop", [None, 4])
def test_resident_and_streamed_agree(sides, crop):
    on_device, on_host = open_both(sides, seed=3, batch_size=8, flip=True, crop=crop)
    assert isinstance(on_device, ResidentSides)
    assert isinstance(on_host, StreamedSides)
    assert on_device.on_device is True
    assert on_host.on_device is False
    assert on_device.fingerprint == on_host.fingerprint
    assert on_device.batch_size == on_host.batch_size == 8
    assert on_device.shapes == on_host.shapes
    jitted = jax.jit(lambda data, step: data(step))
    ahead = on_host.iterate(5)
    for step in range(5, 25):
        batch = jitted(on_device, step)
        chex.assert_trees_all_equal_shapes_and_dtypes(batch, on_host.shapes)
        assert_same(batch, on_host(step))
        assert_same(batch, on_host.finish(step, next(ahead)))
    ahead.close()


def test_each_side_keeps_its_own_epochs(sides):
    data = pipeline(sides, seed=0, batch_size=8)
    for name, size, offset in (("a", 31, 0), ("b", 17, 100)):
        seen = np.concatenate([first_bytes(data(step)[name]) for step in range(size)]) - offset
        for epoch in seen.reshape(8, size):
            np.testing.assert_array_equal(np.sort(epoch), np.arange(size))
        expected = batch_indices(side_seed(0, name), 4, batch_size=8, size=size)
        np.testing.assert_array_equal(first_bytes(data(4)[name]) - offset, expected)


def test_two_equal_sides_go_separate_ways():
    """The same images on both sides come in two orders, with two crops and two flips."""
    same = side(40, 0)
    data = pipeline(Unpaired(same, same), seed=0, batch_size=40)
    orders = np.stack([[first_bytes(data(step)[name]) for name in "ab"] for step in range(50)])
    # A pair of permutations of 40 meets once on average, variance one.
    meetings = (orders[:, 0] == orders[:, 1]).sum()
    assert abs(meetings - 50) < 5 * np.sqrt(50)
    one = ArraySource({"image": np.arange(70, dtype=np.uint8).reshape(1, 7, 10, 1)})
    data = pipeline(Unpaired(one, one), seed=0, batch_size=1, flip=True, crop=5)
    alike = [bool((data(step)["a"] == data(step)["b"]).all()) for step in range(100)]
    # 3 x 6 crops, two ways each.
    assert np.mean(alike) < 0.15


def test_side_seeds_are_bijections_that_differ():
    seeds = [*range(1000), 2**32 - 1]
    for name in "ab":
        assert len({side_seed(seed, name) for seed in seeds}) == len(seeds)
        assert all(0 <= side_seed(seed, name) < 2**32 for seed in seeds)
    assert all(side_seed(seed, "a") != side_seed(seed, "b") for seed in seeds)


def test_parts_make_up_the_batch(sides):
    whole = pipeline(sides, seed=1, batch_size=8, flip=True, crop=4)
    shares = [pipeline(sides, seed=1, batch_size=8, flip=True, crop=4, part=(i, 2)) for i in (0, 1)]
    assert all(isinstance(share, StreamedSides) for share in shares)
    for step in (0, 9):
        made = [share(step) for share in shares]
        joined = {name: jnp.concatenate([m[name] for m in made]) for name in "ab"}
        assert_same(whole(step), joined)


def test_four_devices_give_what_one_gives(sides, along_data):
    one = pipeline(sides, seed=4, batch_size=8, flip=True, crop=4)
    four = pipeline(sides, seed=4, batch_size=8, flip=True, crop=4, sharding=along_data)
    assert four.a.arrays["image"].shape[0] == 32
    assert four.b.arrays["image"].shape[0] == 20
    split = jax.jit(lambda data, step: data(step), out_shardings=along_data)
    for step in range(4):
        assert_same(one(step), split(four, step))


def test_both_sides_must_fit(sides):
    size = 31 * (90 + 4) + 17 * (90 + 4)
    assert isinstance(pipeline(sides, seed=0, batch_size=4, resident_bytes=size), ResidentSides)
    assert isinstance(pipeline(sides, seed=0, batch_size=4, resident_bytes=size - 1), StreamedSides)


def test_dropping_the_iterator_ends_both(sides):
    batches = pipeline(sides, seed=0, batch_size=4, resident_bytes=0).iterate(2)
    assert len(list(itertools.islice(batches, 3))) == 3
    batches.close()
    with pytest.raises(StopIteration):
        next(batches)


def moments():
    """A game of no players: its state sums what it sees."""

    def update(key, state, batch):
        state = {
            name: total + batch[name].mean(0) * jax.random.normal(key)
            for name, total in state.items()
        }
        return state, {name: batch[name].mean() for name in "ab"}

    return Game(
        init=lambda key, batch: {name: jnp.zeros(batch[name].shape[1:]) for name in "ab"},
        update=update,
        generate=lambda key, state, inputs: inputs["a"],
    )


@pytest.mark.slow
@pytest.mark.parametrize("way", ["one_a_call", "looped", "streamed"])
def test_is_placed_and_resumed(sides, way):
    """Round `step` plays `data(step)`, on one device or two, however the rounds are cut."""
    size = WAYS["streamed" if way == "streamed" else "resident"]
    data = pipeline(sides, seed=0, batch_size=8, flip=True, crop=4, resident_bytes=size)
    key = jax.random.key(0)
    game = moments()
    expected = game.init(key, data(0))
    update = jax.jit(game.update)
    for step in range(5):
        expected, info = update(jax.random.fold_in(key, step), expected, data(step))
    ends = []
    for devices, cuts in ((1, [5]), (1, [2, 3]), (2, [5])):
        placed = place(game, data, mesh=make_mesh(devices), key=key, looped=way == "looped")
        assert (placed.stride > 1) == (way == "looped")
        state, start = placed.init(), 0
        for cut in cuts:
            state, report = placed.advance(state, start, start + cut)
            state, start = jax.tree.map(np.array, state), start + cut
        chex.assert_trees_all_close(state, expected, rtol=1e-5, atol=1e-6)
        chex.assert_trees_all_close(report.info, info, rtol=1e-5, atol=1e-6)
        ends.append(digest(state))
    assert ends[0] == ends[1]


class Empty(ArraySource):
    def __len__(self):
        return 0


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        (side(3, 0), Empty(side(3, 0).arrays), "side b is empty"),
        (ArraySource({"point": np.zeros((3, 2), np.float32)}), side(3, 0), "side a does not read"),
    ],
)
def test_refusals(a, b, sentence):
    with pytest.raises(ValueError, match=sentence) as refusal:
        Unpaired(a, b)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"batch_size": 18}, "18 examples is larger than the data set of 17"),
        ({"batch_size": 8, "crop": 6}, "'image' is 6 x 5 pixels, smaller than the crop of 6"),
        ({"batch_size": 8, "seed": 2**32}, "the seed 4294967296 does not fit"),
        ({"batch_size": 9, "part": (0, 2)}, "cannot be split over 2 processes"),
    ],
)
def test_refusals_of_the_pipeline(sides, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        pipeline(sides, **{"seed": 0, **options})
