"""VGG16's and LPIPS's weights: every tensor in its place, or refused in a sentence."""

import sys

import jax
import numpy as np
import pytest

from experiments.benchmarks.weight_files import saved
from jaxgan.weights import lpips_variables, vgg16_variables
from tests.vgg import SMALL, SMALL_LPIPS, lpips_tensors, vgg16_tensors


@pytest.fixture
def write(tmp_path):
    def write(name, tensors):
        (tmp_path / name).write_bytes(saved(tensors))
        return tmp_path / name

    return write


def test_every_tensor_has_its_place(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    tensors, heads = vgg16_tensors(), lpips_tensors()
    path = write("vgg16.pth", tensors)
    found = vgg16_variables(path, SMALL)["params"]
    assert len(jax.tree.leaves(found)) == len(tensors) == 2 * (13 + 3)
    kernel = found["maps"]["features_10"]["kernel"]
    np.testing.assert_array_equal(kernel[0, 2], tensors["features.10.weight"][:, :, 0, 2].T)
    first = tensors["classifier.0.weight"].reshape(5, 16, 7, 7)
    row = (3 * 7 + 4) * 16 + 9
    np.testing.assert_array_equal(found["fc1"]["kernel"][row], first[:, 9, 3, 4])
    np.testing.assert_array_equal(found["fc2"]["kernel"].T, tensors["classifier.3.weight"])
    np.testing.assert_array_equal(found["logits"]["bias"], tensors["classifier.6.bias"])
    lpips = lpips_variables(path, write("heads.pth", heads), SMALL_LPIPS)["params"]
    assert sorted(lpips) == [*(f"head_{level}" for level in range(5)), "maps"]
    np.testing.assert_array_equal(lpips["head_3"], heads["lin3.model.1.weight"].ravel())
    jax.tree.map(np.testing.assert_array_equal, lpips["maps"], found["maps"])


def test_other_files_are_refused(write):
    tensors, heads = vgg16_tensors(), lpips_tensors()
    path, beside = write("vgg16.pth", tensors), write("heads.pth", heads)
    wide = r"the network of .*vgg16\.pth is another network: 32 of another shape"
    with pytest.raises(ValueError, match=wide):
        vgg16_variables(path)
    with pytest.raises(ValueError, match=r"another network: 32 missing .*, 5 unexpected .head_0"):
        vgg16_variables(beside, SMALL)
    swapped = r"vgg16\.pth is another network: .* missing .*head_0.*"
    with pytest.raises(ValueError, match=swapped):
        lpips_variables(path, path, SMALL_LPIPS)
    odd = tensors | {"classifier.0.weight": np.ones((5, 50), np.float32)}
    with pytest.raises(ValueError, match=r"fc1\.kernel is \(50, 5\) and not \(784, 5\)"):
        vgg16_variables(write("odd.pth", odd), SMALL)
    heads["lin2.model.1.weight"][0, 1] = np.inf
    with pytest.raises(ValueError, match=r"'lin2\.model\.1\.weight' has 1 of 8 values that"):
        lpips_variables(path, write("lost.pth", heads), SMALL_LPIPS)
    tensors["features.0.bias"][0] = np.nan
    for read in (
        lambda lost: vgg16_variables(lost, SMALL),
        lambda lost: lpips_variables(lost, beside, SMALL_LPIPS),
    ):
        with pytest.raises(ValueError, match=r"'features\.0\.bias' has 1 of 2 values that are not"):
            read(write("lost.pth", tensors))
