"""Features of pictures by Inception v3, in the way of one of three libraries."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import numpy as np

from jaxgan.networks import InceptionOutputs, InceptionV3, InputProtocol
from jaxgan.recipes.batching import in_batches


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
            a device already (`jax.device_put`), they are not copied there again.
        pictures: `[N, H, W, C]` uint8, grey (C = 1) or RGB (C = 3), of one size; N is 1 or more.
        protocol: `TENSORFLOW`, `PYTORCH_FID` or `CLEAN` of `jaxgan.networks`.
        batch_size: pictures at a time, 1 or more. The last batch is filled up and cut.

    Returns:
        Float32 arrays of NumPy: `features` `[N, 2048]`, `logits` and `logits_unbiased`
        `[N, 1008]`, in the order of the pictures.

    Raises:
        ValueError: where the pictures are others, or there are none, or the batch size is below 1.
    """
    variables = jax.device_put(dict(variables))
    return in_batches(
        lambda batch: _outputs(variables, _prepared(batch, protocol)),
        pictures,
        batch_size=batch_size,
    )


# Two programs: pictures of other sizes and protocols need the first anew, which is soon compiled.
@partial(jax.jit, static_argnames="protocol")
def _prepared(pictures: jax.Array, protocol: InputProtocol) -> jax.Array:
    return protocol.prepare(pictures)


@jax.jit
def _outputs(variables: Mapping[str, Any], images: jax.Array) -> InceptionOutputs:
    with jax.default_matmul_precision("highest"):
        outputs: Any = InceptionV3().apply(variables, images)
        return outputs
