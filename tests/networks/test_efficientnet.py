"""EfficientNet-Lite0: shapes, and with its weights the same numbers as in PyTorch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import EfficientNetLite0
from jaxgan.weights import find_lite0, lite0_variables, read_tensors
from tests.lite0 import needs_lite0

NETWORK = EfficientNetLite0()
PARAMETERS = 4_652_008


def pixels(height, width):
    random = np.random.default_rng(0)
    return random.uniform(-1, 1, (2, height, width, 3)).astype(np.float32)


@pytest.mark.parametrize("size", [(64, 32), (45, 70)])
def test_shapes(size):
    images = jnp.zeros((2, *size, 3))
    outputs, variables = jax.eval_shape(NETWORK.init_with_output, jax.random.key(0), images)
    sizes = [tuple(-(-side // stride) for side in size) for stride in (2, 4, 8, 16, 32)]
    shapes = [(2, *at, c) for at, c in zip(sizes, (16, 24, 40, 112, 320), strict=True)]
    assert [x.shape for x in outputs.maps] == shapes
    assert outputs.features.shape == (2, 1280)
    assert outputs.logits.shape == (2, 1000)
    assert sum(x.size for x in jax.tree.leaves(variables["params"])) == PARAMETERS


def test_images_have_three_channels():
    with pytest.raises(AssertionError):
        NETWORK.init(jax.random.key(0), jnp.zeros((1, 32, 32, 1)))


@needs_lite0
@pytest.mark.parametrize("size", [(64, 64), (224, 224), (45, 70)])
def test_the_same_as_in_pytorch(size):
    torch = pytest.importorskip("torch")
    tensors = {name: torch.tensor(x) for name, x in read_tensors(find_lite0()).items()}
    images = pixels(*size)
    *maps, features, logits = in_pytorch(torch, tensors, torch.tensor(images.transpose(0, 3, 1, 2)))
    found = jax.jit(NETWORK.apply)(lite0_variables(), images)
    expected = [*(x.permute(0, 2, 3, 1) for x in maps), features, logits]
    ours = [*found.maps, found.features, found.logits]
    for one, other in zip(ours, expected, strict=True):
        scale = float(abs(other).max())
        np.testing.assert_allclose(one / scale, other.numpy() / scale, rtol=0, atol=1e-4)


def in_pytorch(torch, tensors, x):
    """Maps at five sizes, `[N, C, H, W]`, features and logits: the paper's layers, one by one."""
    functions = torch.nn.functional

    def convolved(x, name, stride=1, groups=1):
        kernel = tensors[f"{name}.weight"]
        edges = []
        for size, taps in ((x.shape[3], kernel.shape[3]), (x.shape[2], kernel.shape[2])):
            missing = max((-(-size // stride) - 1) * stride + taps - size, 0)
            edges += [missing // 2, missing - missing // 2]
        return functions.conv2d(functions.pad(x, edges), kernel, stride=stride, groups=groups)

    def normalised(x, name):
        names = ("running_mean", "running_var", "weight", "bias")
        return functions.batch_norm(x, *(tensors[f"{name}.{n}"] for n in names), eps=1e-3)

    x = functions.relu6(normalised(convolved(x, "_conv_stem", 2), "_bn0"))
    maps = []
    for block in range(16):
        name, y = f"_blocks.{block}", x
        if block:
            y = functions.relu6(normalised(convolved(y, f"{name}._expand_conv"), f"{name}._bn0"))
        stride = 2 if block in (1, 3, 5, 11) else 1
        maps += [x] if stride == 2 else []
        y = convolved(y, f"{name}._depthwise_conv", stride, groups=y.shape[1])
        y = functions.relu6(normalised(y, f"{name}._bn1"))
        y = normalised(convolved(y, f"{name}._project_conv"), f"{name}._bn2")
        x = x + y if x.shape == y.shape else y
    maps.append(x)
    features = functions.relu6(normalised(convolved(x, "_conv_head"), "_bn1")).mean((2, 3))
    return *maps, features, features @ tensors["_fc.weight"].T + tensors["_fc.bias"]
