"""Inception's weights from PyTorch's file: every tensor in its place, or refused in a sentence."""

import sys

import flax
import jax
import numpy as np
import pytest
from safetensors.numpy import save_file

from experiments.benchmarks.weight_files import saved
from jaxgan.weights import inception_variables, read_tensors


@pytest.fixture(scope="module")
def tensors(inception_file):
    return read_tensors(inception_file)


def test_every_tensor_has_its_place(inception_file, tensors, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    variables = inception_variables(inception_file)
    leaves = flax.traverse_util.flatten_dict(variables)
    assert len(leaves) == len(tensors) == 94 * 5 + 2
    assert sum(x.size for x in leaves.values()) == 23_885_392
    assert {x.dtype for x in leaves.values()} == {np.dtype(np.float32)}
    units = variables["params"]["Mixed_6c"]
    theirs = tensors["Mixed_6c.branch7x7_2.conv.weight"]
    assert theirs.shape == (160, 160, 1, 7)
    kernel = units["branch7x7_2"]["conv"]["kernel"]
    np.testing.assert_array_equal(kernel[0, 5], theirs[:, :, 0, 5].T)
    norm = {"scale": "weight", "bias": "bias"}
    for ours, name in norm.items():
        expected = tensors[f"Mixed_6c.branch_pool.bn.{name}"]
        np.testing.assert_array_equal(units["branch_pool"]["bn"][ours], expected)
    statistics = variables["batch_stats"]["Conv2d_1a_3x3"]["bn"]
    for ours, name in {"mean": "running_mean", "var": "running_var"}.items():
        np.testing.assert_array_equal(statistics[ours], tensors[f"Conv2d_1a_3x3.bn.{name}"])
    np.testing.assert_array_equal(
        variables["params"]["fc"]["kernel"][3], tensors["fc.weight"][:, 3]
    )
    np.testing.assert_array_equal(variables["params"]["fc_bias"], tensors["fc.bias"])


def test_pytorch_reads_the_same_file_and_its_own_is_read(inception_file, tensors, tmp_path):
    torch = pytest.importorskip("torch")
    theirs = torch.load(inception_file)
    assert {name: tuple(x.shape) for name, x in theirs.items()} == {
        name: x.shape for name, x in tensors.items()
    }
    theirs["Mixed_5b.branch1x1.bn.num_batches_tracked"] = torch.tensor(3)
    torch.save(theirs, tmp_path / "own.pth")
    ours, own = (inception_variables(path) for path in (inception_file, tmp_path / "own.pth"))
    jax.tree.map(np.testing.assert_array_equal, ours, own)


def test_what_is_no_such_file_is_refused(inception_file, tensors, tmp_path):
    path = tmp_path / "other.pth"

    def refused(content, says):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=says) as caught:
            inception_variables(path)
        assert "other.pth" in str(caught.value)
        assert "\n" not in str(caught.value)

    small = {"fc.bias": tensors["fc.bias"], "one": np.ones(2), "last.linear.bias": np.ones(2)}
    refused(saved(small), "is another network: 471 missing .Conv2d_1a.*, 2 unexpected .one, last")
    small |= {"fc.bias": np.ones(1000), "fc.weight": np.ones(3)}
    refused(saved(small), r"fc.kernel is \(3,\) and not \(2048, 1008\)")
    refused(inception_file.read_bytes()[:50_000_000], "other.pth")
    refused(b"", "other.pth")


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    save_file({"fc.bias": np.float32([1, np.nan])}, tmp_path / "nan.safetensors")
    says = r"'fc\.bias' has 1 of 2 values that are not finite"
    with pytest.raises(ValueError, match=says):
        inception_variables(tmp_path / "nan.safetensors")
