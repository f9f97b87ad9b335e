"""What two images are compared by where no network is at hand."""

import chex
import jax
import jax.numpy as jnp


def pyramid(images: jax.Array, levels: int = 4) -> jax.Array:
    """The pixels of images and their means over blocks of 2x2, 4x4, ..., as features.

    $$‖f(a) - f(b)‖^2 = mean_l mean ((a_l - b_l)^2)$$

    with $a_l$ the image of level l, halved l times: each level counts alike, however few numbers it
    has. Coarse levels draw large parts to their places while the pixels do not match yet.

    Args:
        images: `[N, H, W, C]` floats.
        levels: how many at most, 1 or more. An image with an odd side is not halved again.

    Returns:
        `[N, F]`, of the images' type.

    Raises:
        ValueError: where there is no level.

    >>> features = pyramid(jnp.ones((2, 4, 6, 1)))
    >>> features.shape, round(float((features**2).sum(1)[0]), 5)
    ((2, 30), 1.0)
    """
    chex.assert_rank(images, 4)
    chex.assert_type(images, float)
    if levels < 1:
        raise ValueError(f"a pyramid of {levels} levels has no features: give 1 or more")
    stages = [images]
    while len(stages) < levels and all(side % 2 == 0 for side in stages[-1].shape[1:3]):
        count, height, width, channels = stages[-1].shape
        blocks = stages[-1].reshape(count, height // 2, 2, width // 2, 2, channels)
        stages.append(blocks.mean((2, 4)))
    flat = [stage.reshape(len(stage), -1) for stage in stages]
    return jnp.concatenate([x / (len(flat) * x.shape[1]) ** 0.5 for x in flat], axis=1)
