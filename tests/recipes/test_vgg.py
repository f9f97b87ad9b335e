"""VGG16's features of any count of pictures, and LPIPS as one program."""

import jax
import numpy as np
import pytest

from experiments.benchmarks.weight_files import saved
from jaxgan.networks import vgg16_input
from jaxgan.recipes import lpips_distances, vgg16_features
from jaxgan.weights import lpips_variables, vgg16_variables
from tests.vgg import SMALL, SMALL_LPIPS, lpips_tensors, vgg16_tensors


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vgg")
    (folder / "vgg16.pth").write_bytes(saved(vgg16_tensors()))
    (folder / "heads.pth").write_bytes(saved(lpips_tensors()))
    return folder / "vgg16.pth", folder / "heads.pth"


def test_features_of_any_count(files):
    variables = vgg16_variables(files[0], SMALL)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 40, 30, 1), np.uint8)
    found = vgg16_features(variables, pictures, batch_size=2, network=SMALL)
    assert type(found) is np.ndarray
    expected = jax.jit(SMALL.apply)(variables, vgg16_input(pictures)).fc2
    assert abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, atol=1e-5 * abs(expected).max())
    with pytest.raises(ValueError, match="0 pictures in batches of 2 have no features"):
        vgg16_features(variables, pictures[:0], batch_size=2, network=SMALL)
    with pytest.raises(ValueError, match="type float64 cannot be compared"):
        vgg16_features(variables, pictures / 255, batch_size=2, network=SMALL)


def test_distances(files):
    variables = jax.device_put(lpips_variables(*files, SMALL_LPIPS))
    images, others = np.random.default_rng(0).uniform(-1, 1, (2, 2, 16, 16, 3)).astype(np.float32)
    found = lpips_distances(variables, images, others, network=SMALL_LPIPS)
    expected = jax.jit(SMALL_LPIPS.apply)(variables, images, others)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert min(found) > 0
