"""Features of pictures by Inception v3, in the way of one of three libraries."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import numpy as np

from jaxgan.networks import InceptionOutputs, InceptionV3, InputProtocol, check_pictures


def inception_features(
    variables: Mapping[str, Any],
    pictures: np.ndarray,
    protocol: InputProtocol,
    *,
    batch_size: int = 64,
) -> InceptionOutputs:
    """Inception's outputs for pictures, in batches of one size.

    In float32 with all its digits on every device, without TF32: features are for figures that
    people compare.

    Args:
        variables: of `jaxgan.networks.InceptionV3`, as of `jaxgan.weights.inception_variables`; on
            a device already, they are not copied there again.
        pictures: `[N, H, W, C]` uint8, grey (C = 1) or RGB (C = 3), of one size; N is 1 or more.
        protocol: `TENSORFLOW`, `PYTORCH_FID` or `CLEAN` of `jaxgan.networks`.
        batch_size: pictures at a time, 1 or more. The last batch is filled up and cut.

    Returns:
        Float32 arrays of NumPy: `features` `[N, 2048]`, `logits` and `logits_unbiased`
        `[N, 1008]`, in the order of the pictures.

    Raises:
        ValueError: where the pictures are others, or there are none, or the batch size is below 1.
    """
    check_pictures(pictures)
    if batch_size < 1 or not len(pictures):
        raise ValueError(
            f"{len(pictures)} pictures in batches of {batch_size} have no features: give 1 picture "
            "or more, and a batch size of 1 or more"
        )
    variables = jax.device_put(dict(variables))
    found: list[InceptionOutputs] = []
    for first in range(0, len(pictures), batch_size):
        batch = pictures[first : first + batch_size]
        missing = batch_size - len(batch)
        batch = np.pad(batch, [(0, missing), *[(0, 0)] * 3])
        found.append(_outputs(variables, _prepared(batch, protocol)))
        # The one before is fetched while the device computes this one.
        found[-2:-1] = jax.device_get(found[-2:-1])
    found[-1] = jax.device_get(found[-1])
    return jax.tree.map(lambda *parts: np.concatenate(parts)[: len(pictures)], *found)


# Two programs: pictures of other sizes and protocols need the first anew, which is soon compiled.
@partial(jax.jit, static_argnames="protocol")
def _prepared(pictures: jax.Array, protocol: InputProtocol) -> jax.Array:
    return protocol.prepare(pictures)


@jax.jit
def _outputs(variables: Mapping[str, Any], images: jax.Array) -> InceptionOutputs:
    with jax.default_matmul_precision("highest"):
        outputs: Any = InceptionV3().apply(variables, images)
        return outputs
