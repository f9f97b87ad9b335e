"""Augmentations that gradients pass through, of reals and fakes alike, in front of a discriminator.

Every example has its own draw. All are differentiable in the images in both modes, as often as one
likes, so a penalty on the critic's gradient may be taken through them. A pixel that is moved in or
cut out is 0, the middle of the range [-1, 1].

Zhao et al., Differentiable Augmentation for Data-Efficient GAN Training, 2020; the ranges are those
of the authors' code.
"""

import chex
import jax
import jax.numpy as jnp
from jax import lax


def colour(key: jax.Array, images: jax.Array) -> jax.Array:
    """Change brightness, then saturation, then contrast.

    - $x ← x + b$, $b ~ U(-0.5, 0.5)$
    - $x ← s (x - m) + m$, $s ~ U(0, 2)$, with m the mean over channels
    - $x ← k (x - m) + m$, $k ~ U(0.5, 1.5)$, with m the mean over the image

    Saturation leaves images of one channel as they are. Of four channels the last is alpha, which
    stays as it is and has no part in the means. Nothing is clipped.

    Args:
        key: a typed key.
        images: `[B, H, W, C]`, floats in [-1, 1].

    Returns:
        `[B, H, W, C]`, of the images' dtype; computed in float32 or wider.

    Raises:
        AssertionError: where the images are not floats of rank 4.
    """
    _check_images(images)

    def draw(key: jax.Array, low: float, high: float) -> jax.Array:
        return jax.random.uniform(key, (len(images), 1, 1, 1), minval=low, maxval=high)

    key_brightness, key_saturation, key_contrast = jax.random.split(key, 3)
    return _recolour(
        images,
        draw(key_brightness, -0.5, 0.5),
        draw(key_saturation, 0.0, 2.0),
        draw(key_contrast, 0.5, 1.5),
    )


def translation(key: jax.Array, images: jax.Array, *, ratio: float = 0.125) -> jax.Array:
    """Move each image by whole pixels, zeros following.

    $$x[i, j] ← x[i - d, j - r]$$

    with d and r uniform in {-n, ..., n}, `n = round(ratio * side)`.

    Args:
        key: a typed key.
        images: `[B, H, W, C]`, floats.
        ratio: the furthest move, as a part of the side; in [0, 1].

    Returns:
        `[B, H, W, C]`, of the images' dtype.

    Raises:
        ValueError: where `ratio` is outside [0, 1].
        AssertionError: where the images are not floats of rank 4.
    """
    _check_images(images)
    down_most, right_most = _parts(images, ratio)
    key_down, key_right = jax.random.split(key)
    count = (len(images),)
    down = jax.random.randint(key_down, count, -down_most, down_most + 1)
    right = jax.random.randint(key_right, count, -right_most, right_most + 1)
    return _move(images, down, right, (down_most, right_most))


def cutout(key: jax.Array, images: jax.Array, *, ratio: float = 0.5) -> jax.Array:
    """Set a rectangle of each image to zero, its centre anywhere, so that edges may cut it.

    Its sides are `n = round(ratio * side)`. It covers rows c - n // 2 to c - n // 2 + n - 1 with c
    uniform in {0, ..., H - 1}, or to H where n is even, and columns alike.

    Args:
        key: a typed key.
        images: `[B, H, W, C]`, floats.
        ratio: the rectangle's sides, as a part of the image's; in [0, 1].

    Returns:
        `[B, H, W, C]`, of the images' dtype.

    Raises:
        ValueError: where `ratio` is outside [0, 1].
        AssertionError: where the images are not floats of rank 4.
    """
    _check_images(images)
    _, height, width, _ = images.shape
    rows, columns = _parts(images, ratio)
    key_row, key_column = jax.random.split(key)
    count = (len(images),)
    top = jax.random.randint(key_row, count, 0, height + 1 - rows % 2) - rows // 2
    left = jax.random.randint(key_column, count, 0, width + 1 - columns % 2) - columns // 2
    return _cut_out(images, top, left, (rows, columns))


def differentiable_augmentation(key: jax.Array, images: jax.Array) -> jax.Array:
    """Colour, then translation by up to an eighth, then cutout of half: DiffAugment's three.

    Args:
        key: a typed key.
        images: `[B, H, W, C]`, floats in [-1, 1].

    Returns:
        `[B, H, W, C]`, of the images' dtype.

    Raises:
        AssertionError: where the images are not floats of rank 4.

    >>> images = jax.random.normal(jax.random.key(0), (16, 28, 28, 1))
    >>> differentiable_augmentation(jax.random.key(1), images).shape
    (16, 28, 28, 1)
    """
    key_colour, key_translation, key_cutout = jax.random.split(key, 3)
    images = colour(key_colour, images)
    images = translation(key_translation, images)
    return cutout(key_cutout, images)


def _recolour(
    images: jax.Array, brightness: jax.Array, saturation: jax.Array, contrast: jax.Array
) -> jax.Array:
    """The three of `colour`, each `[B, 1, 1, 1]`."""
    alpha = images[..., 3:]
    x = images[..., :3].astype(jnp.promote_types(images.dtype, jnp.float32))
    x = x + brightness
    grey = x.mean(axis=3, keepdims=True)
    x = saturation * (x - grey) + grey
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    x = contrast * (x - mean) + mean
    x = x.astype(images.dtype)
    return jnp.concatenate([x, alpha], axis=3) if alpha.size else x


def _move(images: jax.Array, down: jax.Array, right: jax.Array, most: tuple[int, int]) -> jax.Array:
    """Move by `[B]` pixels down and right; neither moves by more than `most`."""
    # A slice of the padded image: in both directions the fastest of five forms on the CPU (shifts
    # by powers of two, products with shifted identities, ...), and exact whatever the precision.
    (rows, columns), shape = most, images.shape[1:]
    padded = jnp.pad(images, ((0, 0), (rows, rows), (columns, columns), (0, 0)))

    def see(image: jax.Array, row: jax.Array, column: jax.Array) -> jax.Array:
        return lax.dynamic_slice(image, (row, column, 0), shape)

    return jax.vmap(see)(padded, rows - down, columns - right)


def _cut_out(
    images: jax.Array, top: jax.Array, left: jax.Array, size: tuple[int, int]
) -> jax.Array:
    """Zeros in a rectangle whose upper left corner, `[B]` twice, may be outside of the image."""

    def covered(axis: int, first: jax.Array) -> jax.Array:
        place = jnp.arange(images.shape[axis])[None] - first[:, None]
        return jnp.expand_dims((place >= 0) & (place < size[axis - 1]), (3 - axis, 3))

    return jnp.where(covered(1, top) & covered(2, left), 0, images)


def _parts(images: jax.Array, ratio: float) -> tuple[int, int]:
    """The ratio's part of height and of width, in pixels."""
    if not 0 <= ratio <= 1:
        raise ValueError(f"a ratio of {ratio} is no part of an image's side: give one in [0, 1]")
    _, height, width, _ = images.shape
    return int(height * ratio + 0.5), int(width * ratio + 0.5)


def _check_images(images: jax.Array) -> None:
    chex.assert_rank(images, 4)
    chex.assert_type(images, float)
