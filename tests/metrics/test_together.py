"""What all metrics say of the same pictures: what is worse looks worse, and parts add up."""

import functools

import jax
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from scipy.ndimage import gaussian_filter

from jaxgan.metrics import (
    Moments,
    class_frechet_distances,
    confusion,
    count_labels,
    density_coverage,
    frechet_distance,
    frechet_distance_error,
    inception_score,
    jackknife,
    kernel_distance,
    memorisation,
    moments_frechet_distance,
    precision_recall,
    sliced_wasserstein_distance,
    wasserstein_distance,
)

SIZE, KINDS, EACH = 8, 6, 30
CORNERS = np.array([[1, 1], [1, 4], [1, 6], [5, 1], [5, 4], [5, 6]])
LABELS = np.repeat(np.arange(KINDS), EACH)


def pictures(seed):
    """`[180, 8, 8]`: a square at one of six places, as bright as it likes, on a grey of its own."""
    rng = np.random.default_rng(seed)
    images = np.zeros((len(LABELS), SIZE, SIZE)) + rng.uniform(0, 0.3, (len(LABELS), 1, 1))
    for image, (top, left) in zip(images, CORNERS[LABELS], strict=True):
        image[top : top + 2, left : left + 2] += rng.uniform(0.5, 1.0)
    return images + 0.02 * rng.normal(size=images.shape)


def flat(images):
    return images.reshape(len(images), -1)


REAL, HELD_OUT, FAKE = map(pictures, range(3))
NOISE = np.random.default_rng(9).normal(size=FAKE.shape)
DISTANCES = {
    "Fréchet": frechet_distance,
    # The cube of a product as large as the number of features, so that shape counts too.
    "kernel": lambda x, y: kernel_distance(8 * x, 8 * y, subsets=10, subset_size=80).mean,
    "sliced": functools.partial(sliced_wasserstein_distance, directions=100),
    "Wasserstein": lambda x, y: wasserstein_distance(x[:: len(x) // 60][:60], y[::3]),
}


@pytest.mark.parametrize("distance", DISTANCES.values(), ids=DISTANCES.keys())
def test_distances_grow_with_what_is_wrong(distance):
    real = flat(REAL)
    blurred = [FAKE if s == 0 else gaussian_filter(FAKE, (0, s, s)) for s in (0, 0.6, 0.9, 1.5)]
    noisy = [FAKE + level * NOISE for level in (0, 0.2, 0.4, 0.8)]
    dropped = [FAKE[EACH * gone :] for gone in range(4)]
    for series in (blurred, noisy, dropped):
        found = [distance(flat(images), real) for images in series]
        assert found == sorted(found)
        assert found[-1] > found[0] + 0.1 * abs(found[0])


def test_precision_falls_with_noise_and_recall_with_modes():
    real = flat(REAL)
    noisy = [precision_recall(flat(FAKE + level * NOISE), real) for level in (0, 0.1, 0.4)]
    precisions = [pair.precision for pair in noisy]
    assert precisions == sorted(precisions, reverse=True)
    assert precisions[0] > 0.5 > 0.1 > precisions[-1]
    dropped = [precision_recall(flat(FAKE[EACH * gone :]), real) for gone in (0, 2, 4)]
    recalls = [pair.recall for pair in dropped]
    assert recalls[1:] == pytest.approx([recalls[0] * 4 / 6, recalls[0] * 2 / 6], abs=0.1)
    assert min(pair.precision for pair in dropped) > 0.5
    blurred = precision_recall(flat(gaussian_filter(FAKE, (0, 1.2, 1.2))), real)
    assert blurred.precision < 0.1


def test_of_itself():
    real = flat(REAL)
    assert frechet_distance(real, real[::-1]) < 1e-8
    assert sliced_wasserstein_distance(real, real[::-1], directions=10) < 1e-12
    assert wasserstein_distance(real, real[::-1]) < 1e-12
    assert precision_recall(real, real) == (1, 1)
    assert density_coverage(real, real).coverage == 1
    assert memorisation(real, real, flat(HELD_OUT)).farther == 0
    assert class_frechet_distances(real, LABELS, real, LABELS, classes=KINDS).max() < 1e-8


def test_halves_of_a_set():
    """Nothing is wrong: about 0 without bias, about half, and far from what lost modes do."""
    order = np.random.default_rng(6).permutation(len(REAL))
    one, other = flat(REAL)[order[::2]], flat(REAL)[order[1::2]]
    fewer = other[LABELS[order[1::2]] >= 3]

    def kernel(x, y):
        return kernel_distance(8 * x, 8 * y, subsets=10, subset_size=30).mean

    assert abs(kernel(one, other)) < 3 * jackknife(kernel, one, other)
    assert kernel(one, fewer) > 2 * abs(kernel(one, other))
    assert frechet_distance(one, other) < 0.5 * frechet_distance(one, fewer)
    shares = [*precision_recall(one, other), density_coverage(one, other).coverage]
    assert min(shares) > 0.7
    split = memorisation(one, flat(HELD_OUT), other)
    assert abs(split.farther - 0.5) < 3 * split.error


def test_a_generator_that_copies_is_exposed():
    """Distances like copies better than new pictures; the test for memorisation does not."""
    real, held_out, new = map(flat, (REAL, HELD_OUT, FAKE))
    copies = flat(REAL + 0.02 * NOISE)
    assert frechet_distance(copies, real) < 0.2 * frechet_distance(new, real)
    honest, copied = memorisation(new, real, held_out), memorisation(copies, real, held_out)
    assert abs(honest.farther - 0.5) < 3 * honest.error
    assert honest.p_value > 0.001
    assert copied.farther + 5 * copied.error < 0.1
    assert copied.z < -10
    assert copied.p_value < 1e-20


def test_normal_distributions_of_known_distance():
    """(m - n)^2 + (s - t)^2 for each axis, to within the error and the bias of the counts."""
    rng = np.random.default_rng(3)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    deviations = np.array([1.0, 2.0, 0.5, 3.0]), np.array([2.0, 2.0, 1.0, 0.5])
    x = rng.normal(size=(6000, 4)) * deviations[0] @ turn
    y = (rng.normal(size=(9000, 4)) * deviations[1] + [1.0, 0, 0, -2.0]) @ turn
    expected = 5 + np.sum((deviations[0] - deviations[1]) ** 2)
    error = frechet_distance_error(x, y)
    assert abs(frechet_distance(x, y) - expected) < 4 * error < 0.1 * expected


def test_kernel_distance_of_normal_distributions():
    """On a line: the squared differences of the first three moments, weighed 3, 3 and 1."""
    x, y = np.random.default_rng(5).normal(size=(2, 3000, 1)) * [[[1.0]], [[1.2]]] + [
        [[0.0]],
        [[0.5]],
    ]
    moments = [(m, m**2 + s**2, m**3 + 3 * m * s**2) for m, s in ((0.0, 1.0), (0.5, 1.2))]
    expected = np.dot([3, 3, 1], np.subtract(*moments) ** 2)
    found = kernel_distance(x, y, subsets=5, subset_size=1000)
    assert found.mean == pytest.approx(expected, rel=0.15)


def over_devices(x):
    mesh = jax.make_mesh((4,), ("data",), axis_types=(AxisType.Auto,))
    return jax.device_put(x, NamedSharding(mesh, PartitionSpec("data")))


def test_one_pass_eight_shards_and_four_devices():
    """Sums on each device, merged on the host; labels likewise."""
    real, fake = flat(REAL).astype(np.float32), flat(FAKE).astype(np.float32)
    reference = Moments.init(64).update(real)
    expected = moments_frechet_distance(Moments.init(64).update(fake), reference)
    shards = over_devices(fake).addressable_shards
    assert len({shard.device for shard in shards}) == 4
    for parts in (np.array_split(fake, 8), [shard.data for shard in shards]):
        merged = functools.reduce(Moments.merge, [Moments.init(64).update(x) for x in parts])
        assert merged.count == len(fake)
        close = moments_frechet_distance(merged, reference)
        assert close == pytest.approx(expected, rel=1e-9)
    whole = Moments.init(64).update(over_devices(fake))
    assert moments_frechet_distance(whole, reference) == expected
    found = np.roll(LABELS, 7)
    labels = [shard.data for shard in over_devices(found).addressable_shards]
    counts = sum(count_labels(part, classes=KINDS) for part in labels)
    np.testing.assert_array_equal(counts, count_labels(found, classes=KINDS))
    tables = [
        confusion(a, b, classes=KINDS)
        for a, b in zip(np.array_split(LABELS, 8), np.array_split(found, 8), strict=True)
    ]
    np.testing.assert_array_equal(sum(tables), confusion(LABELS, found, classes=KINDS))


@pytest.mark.parametrize(
    "metric",
    [
        frechet_distance,
        precision_recall,
        density_coverage,
        functools.partial(kernel_distance, subsets=3, subset_size=50),
        functools.partial(sliced_wasserstein_distance, directions=10),
        wasserstein_distance,
        lambda x, y: memorisation(x, y[:90], y[90:]),
        lambda x, _: inception_score(x),
    ],
)
def test_takes_what_lies_on_four_devices(metric):
    real, fake = flat(REAL).astype(np.float32), flat(FAKE).astype(np.float32)
    assert metric(over_devices(fake), over_devices(real)) == metric(fake, real)
