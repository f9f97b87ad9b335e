import itertools
import subprocess
import sys
import threading
import time

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from jaxgan.data import ArraySource, Resident, Streamed, pipeline, resident, streamed
from jaxgan.data.order import batch_indices

jitted = jax.jit(lambda data, step: data(step))


def assert_same(first, second):
    assert first.keys() == second.keys()
    for name in first:
        assert first[name].dtype == second[name].dtype
        np.testing.assert_array_equal(first[name], second[name])


def along_data():
    mesh = jax.make_mesh((4,), ("data",), axis_types=(AxisType.Auto,))
    return NamedSharding(mesh, PartitionSpec("data"))


@pytest.mark.parametrize("flip", [False, True])
def test_resident_and_streamed_agree(small, flip):
    # 200 steps of 16 run across the ends of 31 epochs of 101 examples.
    on_device = resident(small, seed=3, batch_size=16, flip=flip)
    on_host = streamed(small, seed=3, batch_size=16, flip=flip)
    ahead = on_host.iterate()
    for step in range(200):
        expected = jitted(on_device, step)
        assert_same(expected, on_host(step))
        assert_same(expected, on_host.finish(step, next(ahead)))
    ahead.close()


def test_agree_on_a_real_set(digits):
    on_device = resident(digits, seed=0, batch_size=500, flip=True)
    on_host = streamed(digits, seed=0, batch_size=500, flip=True)
    for step, raw in zip([7, 8, 9], on_host.iterate(7), strict=False):
        assert_same(on_device(step), on_host.finish(step, raw))


@pytest.mark.parametrize("threads", [0, 3])
def test_starting_late_equals_having_come_there(small, threads):
    data = streamed(small, seed=1, batch_size=9, threads=threads, prefetch=4)
    from_the_start = itertools.islice(data.iterate(), 117, 125)
    for step, (early, late) in enumerate(zip(from_the_start, data.iterate(117), strict=False)):
        assert_same(early, late)
        assert_same(early, data.read(117 + step))


def test_every_example_once_an_epoch(small):
    data = resident(small, seed=0, batch_size=8)
    labels = np.concatenate([np.asarray(jitted(data, step)["label"]) for step in range(101)])
    for epoch in labels.reshape(8, 101):
        np.testing.assert_array_equal(np.sort(epoch), np.arange(101))


def test_images_keep_their_labels(small):
    batch = jitted(resident(small, seed=0, batch_size=50), 3)
    np.testing.assert_array_equal(
        batch["label"], batch_indices(0, 3, batch_size=50, size=101), strict=True
    )
    marks = np.round((np.asarray(batch["image"])[:, 0, 0, 0] + 1) * 127.5)
    np.testing.assert_array_equal(marks, batch["label"])


@pytest.mark.parametrize("eager", [False, True])
def test_scaling(eager):
    image = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    data = resident(ArraySource({"image": image}), seed=0, batch_size=1)
    with jax.disable_jit(eager):
        found = np.asarray(data(0)["image"]).ravel()
    assert found.dtype == np.float32
    assert found[0] == -1
    assert found[255] == 1
    np.testing.assert_allclose(found, np.arange(256) / 127.5 - 1, rtol=0, atol=1.2e-7)
    assert (np.diff(found) > 0).all()


def test_flips_are_left_to_right_and_half(small):
    plain = resident(small, seed=5, batch_size=40)
    flipped = resident(small, seed=5, batch_size=40, flip=True)
    decisions = []
    for step in range(50):
        before, after = (np.asarray(jitted(data, step)["image"]) for data in (plain, flipped))
        same = (before == after).all(axis=(1, 2, 3))
        mirrored = (before[:, :, ::-1] == after).all(axis=(1, 2, 3))
        assert (same != mirrored).all()
        decisions.append(mirrored)
    # Of 2,000 fair coins, five standard deviations are 112.
    assert abs(np.sum(decisions) - 1000) < 112
    assert len({tuple(row) for row in decisions}) == 50
    other = np.asarray(jitted(resident(small, seed=6, batch_size=40, flip=True), 0)["image"])
    assert not (other == np.asarray(jitted(flipped, 0)["image"])).all()


def test_pairs_of_images_are_flipped_alike(small):
    arrays = {"image": small.arrays["image"], "input": small.arrays["image"]}
    batch = jitted(resident(ArraySource(arrays), seed=0, batch_size=20, flip=True), 0)
    np.testing.assert_array_equal(batch["image"], batch["input"])


def test_dequantised_bytes_fill_the_range():
    """x / 128 - 1 + U(0, 1/128), as in gan_cifar_resnet.py and sngan_projection's datasets."""
    image = np.repeat(np.arange(256, dtype=np.uint8), 64).reshape(1, 128, 128, 1)
    data = resident(ArraySource({"image": image}), seed=0, batch_size=1, dequantise=True)
    found = np.asarray(jitted(data, 0)["image"], np.float64)
    assert -1 <= found.min() < -0.999
    assert 0.999 < found.max() <= 1
    noise = 128 * (found + 1) - image
    assert 0 <= noise.min() < 1e-3
    assert 0.999 < noise.max() <= 1
    np.testing.assert_allclose(noise.mean(), 1 / 2, atol=0.01)  # of 16,384: deviation 0.002
    np.testing.assert_allclose(noise.var(), 1 / 12, atol=0.005)
    assert abs(np.corrcoef(noise.reshape(2, -1))[0, 1]) < 0.06  # of 8,192 pairs: 0.011


def test_dequantised_images_are_a_function_of_seed_step_and_place(small):
    rules = {"batch_size": 12, "flip": True, "dequantise": True}
    on_device = resident(small, seed=3, **rules)
    images = [np.asarray(jitted(on_device, step)["image"]) for step in (0, 5)]
    others = np.asarray(jitted(resident(small, seed=4, **rules), 5)["image"])
    noises = [128 * (x.astype(np.float64) + 1) % 1 for x in (*images, others, images[1][::-1])]
    for one, other in itertools.combinations(noises, 2):
        assert (one != other).mean() > 0.99
    for data in (on_device, streamed(small, seed=3, **rules), pipeline(small, seed=3, **rules)):
        np.testing.assert_array_equal(data(5)["image"], images[1])
        np.testing.assert_array_equal(data(5)["label"], jitted(on_device, 5)["label"])
    shares = [streamed(small, seed=3, part=(index, 3), **rules)(5) for index in range(3)]
    joined = np.concatenate([share["image"] for share in shares])
    np.testing.assert_array_equal(joined, images[1])
    plain = jitted(resident(small, seed=3, batch_size=12, flip=True), 5)["image"]
    assert np.abs(np.asarray(plain) - images[1]).max() <= 1 / 127.5


def test_images_of_other_names_have_noise_of_their_own():
    black = np.zeros((4, 8, 8, 1), np.uint8)
    source = ArraySource({"image": black, "input": black})
    batch = resident(source, seed=0, batch_size=4, dequantise=True)(0)
    assert (np.asarray(batch["image"]) != np.asarray(batch["input"])).mean() > 0.9


@pytest.mark.parametrize("parts", [2, 4])
def test_parts_make_up_the_batch(small, parts):
    whole = streamed(small, seed=2, batch_size=12, flip=True)
    shares = [
        streamed(small, seed=2, batch_size=12, flip=True, part=(i, parts)) for i in range(parts)
    ]
    for step in [0, 8, 9, 40]:
        raw = [share.read(step) for share in shares]
        assert all(len(rows["image"]) == 12 // parts for rows in raw)
        joined = {name: np.concatenate([rows[name] for rows in raw]) for name in raw[0]}
        assert_same(whole.read(step), joined)
        finished = [share(step) for share in shares]
        joined = {name: jnp.concatenate([rows[name] for rows in finished]) for name in finished[0]}
        assert_same(whole(step), joined)
        assert_same(whole(step), shares[1].finish(step, whole.read(step)))


class Watched(ArraySource):
    """Counts the examples that are read."""

    def __init__(self, arrays):
        super().__init__(arrays)
        object.__setattr__(self, "seen", [])

    def read(self, indices):
        self.seen.extend(indices.tolist())
        return super().read(indices)


def test_a_part_reads_only_its_rows(small):
    source = Watched(small.arrays)
    streamed(source, seed=0, batch_size=12, part=(1, 3)).read(5)
    expected = batch_indices(0, 5, batch_size=12, size=101)[4:8]
    np.testing.assert_array_equal(source.seen, expected)


@pytest.mark.parametrize("flip", [False, True])
def test_four_devices_give_what_one_gives(small, flip):
    one = resident(small, seed=4, batch_size=16, flip=flip)
    four = resident(small, seed=4, batch_size=16, flip=flip, sharding=along_data())
    assert four.arrays["image"].shape == (104, 5, 4, 3)
    shards = four.arrays["image"].addressable_shards
    assert [shard.data.shape for shard in shards] == [(26, 5, 4, 3)] * 4
    split = jax.jit(lambda data, step: data(step), out_shardings=along_data())
    for step in range(20):
        assert_same(jitted(one, step), split(four, step))


def test_no_device_gathers_the_whole_set(small):
    data = resident(small, seed=0, batch_size=16, sharding=along_data())
    text = jax.jit(Resident.read).lower(data, 0).compile().as_text()
    assert "all-gather" not in text
    assert "[104,5,4,3]" not in text


def test_sharded_set_is_read_once(small):
    source = Watched(small.arrays)
    resident(source, seed=0, batch_size=16, sharding=along_data())
    # Beyond one pass, the first example is read for its shape.
    assert sorted(example for example in source.seen if example) == list(range(1, 101))


def test_replicated_set(small):
    mesh = jax.make_mesh((4,), ("data",), axis_types=(AxisType.Auto,))
    everywhere = NamedSharding(mesh, PartitionSpec())
    data = resident(small, seed=4, batch_size=16, sharding=everywhere)
    assert_same(jitted(resident(small, seed=4, batch_size=16), 7), jitted(data, 7))


def test_is_traced_once(small):
    data = resident(small, seed=0, batch_size=4, flip=True)
    traced = jax.jit(chex.assert_max_traces(lambda data, step: data(step), n=1))
    for step in range(5):
        traced(data, jnp.int32(step))


def test_a_loop_on_the_device(small):
    data = resident(small, seed=0, batch_size=4, flip=True)

    def body(step, total):
        return total + jnp.sum(data(step)["image"])

    found = jax.jit(lambda count: jax.lax.fori_loop(0, count, body, 0.0))(30)
    expected = sum(float(jnp.sum(data(step)["image"])) for step in range(30))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def grain_threads():
    return [thread for thread in threading.enumerate() if "grain" in thread.name]


@pytest.mark.parametrize("drop", [False, True])
def test_closing_ends_the_threads(small, drop):
    batches = streamed(small, seed=0, batch_size=4).iterate()
    next(batches)
    assert grain_threads()
    if drop:
        del batches
    else:
        batches.close()
    deadline = time.monotonic() + 10
    while grain_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not grain_threads()


def test_errors_reach_the_reader(small):
    class Failing(ArraySource):
        def read(self, indices):
            raise ValueError("photo.png cannot be decoded")

    batches = streamed(Failing(small.arrays), seed=0, batch_size=4).iterate()
    with pytest.raises(ValueError, match=r"photo\.png"):
        next(batches)
    batches.close()


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, Resident),
        ({"resident_bytes": 101 * 64}, Resident),
        ({"resident_bytes": 101 * 64 - 1}, Streamed),
        ({"part": (0, 2)}, Streamed),
    ],
)
def test_size_chooses_the_pipeline(small, options, kind):
    data = pipeline(small, seed=0, batch_size=4, flip=True, **options)
    assert isinstance(data, kind)
    assert data.flip
    assert data.seed == 0


def test_shards_share_the_memory(small):
    quarter = 101 * 64 // 4 + 1
    split = pipeline(small, seed=0, batch_size=4, resident_bytes=quarter, sharding=along_data())
    assert isinstance(split, Resident)
    everywhere = NamedSharding(along_data().mesh, PartitionSpec())
    copied = pipeline(small, seed=0, batch_size=4, resident_bytes=quarter, sharding=everywhere)
    assert isinstance(copied, Streamed)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"batch_size": 102}, "a batch of 102 examples is larger than the data set of 101"),
        ({"batch_size": -1}, "a batch of -1 examples is empty"),
        ({"batch_size": 9, "part": (0, 2)}, "cannot be split over 2 processes"),
        ({"batch_size": 8, "part": (2, 2)}, "part 2 of 2 does not exist"),
        ({"batch_size": 8, "seed": -1}, "the seed -1 does not fit"),
    ],
)
def test_refusals(small, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        pipeline(small, **{"seed": 0, **options})


def test_refuses_counts(small):
    with pytest.raises(ValueError, match="threads=-1"):
        streamed(small, seed=0, batch_size=4, threads=-1)


def run_python(code, *arguments):
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_workers_give_the_same(digits, data_dir):
    code = """
import pathlib, sys
from jaxgan.data import Images, streamed
if __name__ == "__main__":
    source = Images(data_dir=pathlib.Path(sys.argv[1])).source()
    data = streamed(source, seed=0, batch_size=16, workers=2)
    batches = data.iterate(5)
    for step in range(5, 11):
        assert (next(batches)["image"] == data.read(step)["image"]).all()
    batches.close()
    print("done")
"""
    run = run_python(code, str(data_dir))
    output, errors = run.communicate(timeout=120)
    assert output == "done\n", errors
    assert "Exception" not in errors


@pytest.mark.slow
def test_two_processes_hold_half_each(small, tmp_path):
    code = """
import pathlib, sys
import jax, numpy as np
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_cpu_collectives_implementation", "gloo")
jax.distributed.initialize(f"localhost:{sys.argv[2]}", 2, int(sys.argv[1]))
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from jaxgan.data import ArraySource, resident

class Watched(ArraySource):
    seen = set()
    def read(self, indices):
        Watched.seen.update(indices.tolist())
        return super().read(indices)

image = np.random.default_rng(0).integers(0, 256, (101, 5, 4, 3), np.uint8)
image[:, 0, 0, 0] = np.arange(101)
source = Watched({"image": image, "label": np.arange(101, dtype=np.int32)})
devices = jax.device_count()
mesh = jax.make_mesh((devices,), ("data",), axis_types=(AxisType.Auto,))
along = NamedSharding(mesh, PartitionSpec("data"))
data = resident(source, seed=4, batch_size=16, flip=True, sharding=along)
whole = jax.jit(lambda d, s: d(s), out_shardings=NamedSharding(mesh, PartitionSpec()))
report = pathlib.Path(sys.argv[3]).open("w")
for step in range(8):
    batch = whole(data, np.int32(step))
    print(float(np.asarray(batch["image"].addressable_data(0)).astype(np.float64).sum()),
          np.asarray(batch["label"].addressable_data(0)).tolist(), file=report)
print(len(Watched.seen - {0}), file=report, flush=True)
"""
    port = str(free_port())
    reports = [tmp_path / "0", tmp_path / "1"]
    runs = [run_python(code, path.name, port, str(path)) for path in reports]
    outputs = [run.communicate(timeout=180) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    *first, rows_of_first = reports[0].read_text().splitlines()
    *second, rows_of_second = reports[1].read_text().splitlines()
    assert first == second
    assert len(first) == 8
    data = resident(small, seed=4, batch_size=16, flip=True)
    for step, line in enumerate(first):
        batch = jitted(data, step)
        total = float(np.asarray(batch["image"]).astype(np.float64).sum())
        assert line == f"{total} {np.asarray(batch['label']).tolist()}"
    # Each reads its half, and the first example, which both read for its shape.
    assert int(rows_of_first) + int(rows_of_second) == 100


def free_port():
    import socket

    with socket.socket() as server:
        server.bind(("localhost", 0))
        return server.getsockname()[1]
