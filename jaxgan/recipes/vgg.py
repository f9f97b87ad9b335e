"""Features of pictures by VGG16, and perceptual distances by LPIPS."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import numpy as np

from jaxgan.networks import LPIPS, VGG16, vgg16_input
from jaxgan.recipes.batching import in_batches


def vgg16_features(
    variables: Mapping[str, Any],
    pictures: np.ndarray,
    *,
    batch_size: int = 64,
    network: VGG16 | None = None,
) -> np.ndarray:
    """VGG16's second dense layer, after its ReLU, for pictures: of precision and recall.

    In float32 with all its digits on every device, without TF32.

    Args:
        variables: of the network, as of `jaxgan.weights.vgg16_variables`; on a device already
            (`jax.device_put`), they are not copied there again.
        pictures: `[N, H, W, C]` uint8, grey (C = 1) or RGB (C = 3), of one size; N is 1 or more.
        batch_size: pictures at a time, 1 or more. The last batch is filled up and cut.
        network: of the variables' widths; torchvision's where None.

    Returns:
        `[N, 4096]` float32, an array of NumPy.

    Raises:
        ValueError: where the pictures are others, or there are none, or the batch size is below 1.
    """
    variables = jax.device_put(dict(variables))
    program = partial(_fc2, network or VGG16(), variables)
    return in_batches(program, pictures, batch_size=batch_size)


@partial(jax.jit, static_argnames="network")
def lpips_distances(
    variables: Mapping[str, Any],
    images: jax.Array,
    others: jax.Array,
    *,
    network: LPIPS | None = None,
) -> jax.Array:
    """`jaxgan.networks.LPIPS`, in float32 with all its digits on every device, without TF32.

    Args:
        variables: of the network, as of `jaxgan.weights.lpips_variables`.
        images: `[N, H, W, 3]` float32 in [-1, 1], of 16 or more in height and width.
        others: of the same shape.
        network: of the variables' width; torchvision's where None.

    Returns:
        `[N]`, 0 or more.
    """
    with jax.default_matmul_precision("highest"):
        distances: Any = (network or LPIPS()).apply(variables, images, others)
        return distances


@partial(jax.jit, static_argnums=0)
def _fc2(network: VGG16, variables: Mapping[str, Any], pictures: jax.Array) -> jax.Array:
    images = vgg16_input(pictures)
    with jax.default_matmul_precision("highest"):
        outputs: Any = network.apply(variables, images)
        return outputs.fc2
