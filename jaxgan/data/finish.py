"""The last stretch of both pipelines, on the device: crops, flips, and from bytes to [-1, 1]."""

import zlib
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.data.transforms import Size, height_and_width, in_words

_FLIP = zlib.crc32(b"flip")
_CROP = zlib.crc32(b"crop")
_DEQUANTISE = zlib.crc32(b"dequantise")

Raw = Mapping[str, np.ndarray | jax.Array]
"""A batch as it is stored: images `[B, H, W, C]` uint8, labels `[B]` int32, others as they are."""

Batch = dict[str, jax.Array]
"""A batch as games take it: images `[B, H, W, C]` float32 in [-1, 1], labels `[B]` int32, others as
they are."""


def check_crop(examples: Mapping[str, np.ndarray], crop: Size) -> None:
    """Check that a crop fits into the images of a source.

    Args:
        examples: What a source reads.
        crop: Height and width, or one number for both.

    Raises:
        ValueError: where the crop is empty, larger than an image, or the images of one example
            differ in size, so that there is no rectangle that all of them have.
    """
    rows, columns = height_and_width(crop)
    if min(rows, columns) < 1:
        raise ValueError(f"a crop of {in_words(crop)} pixels is empty: give a size of 1 or more")
    images = {name: array for name, array in examples.items() if _is_images(array)}
    for name, array in images.items():
        height, width = array.shape[1:3]
        if height < rows or width < columns:
            most = (
                min(height, width) if rows == columns else (min(height, rows), min(width, columns))
            )
            raise ValueError(
                f"'{name}' is {height} x {width} pixels, smaller than the crop of "
                f"{in_words(crop)}: give a crop of {in_words(most)} or less, or load larger images"
            )
    if len({array.shape[1:3] for array in images.values()}) > 1:
        sizes = ", ".join(f"'{name}' {a.shape[1]} x {a.shape[2]}" for name, a in images.items())
        raise ValueError(
            f"images that are cropped together differ in size ({sizes}): give one size"
        )


def finish_batch(
    raw: Raw,
    step: int | jax.Array,
    *,
    seed: int | jax.Array,
    batch_size: int,
    first: int,
    flip: bool,
    crop: Size | None = None,
    dequantise: bool = False,
) -> Batch:
    """Crop images at random, flip half of them, and scale them: $x ← (2 x - 255) / 255$.

    Where they are cropped and which ones are flipped, from left to right, are functions of
    (seed, step) and of the place in the batch; arrays of images under other names are cropped and
    flipped along. All else passes unchanged.

    Dequantised, $x ← x / 128 - 1 + u$, $u ~ U(0, 1/128)$ for each number: the 256 values that a
    byte can have fill [-1, 1] without gaps: as the authors of WGAN-GP and SNGAN have it in their
    code. The noise too is a function of (seed, step), of the place and of the name.

    Args:
        raw: Arrays `[n, ...]`: rows `first` to `first + n - 1` of the batch.
        step: Of the run; int32.
        seed: Of the run, in [0, 2^32); [] uint32 where it is traced.
        batch_size: B, examples in the whole batch.
        first: The first row that `raw` holds.
        flip: Whether to flip at all.
        crop: Height and width of what is left of an image, or one number for both; None leaves
            all.
        dequantise: Whether noise fills the steps between the values of a byte.

    Returns:
        The same names; images are `[n, H', W', C]` float32 in [-1, 1].
    """
    finish = _finish if isinstance(seed, jax.Array) else _finish_of_seed
    return finish(raw, step, seed, batch_size, first, flip, crop, dequantise)


def _finish(
    raw: Raw,
    step: int | jax.Array,
    seed: int | jax.Array,
    batch_size: int,
    first: int,
    flip: bool,
    crop: Size | None,
    dequantise: bool,
) -> Batch:
    key = jax.random.fold_in(jax.random.key(seed), step)
    flipped = jax.random.bernoulli(jax.random.fold_in(key, _FLIP), shape=(batch_size,))
    # Drawn for the whole batch, as a process that holds a part of it must crop as all do.
    key_crop = jax.random.fold_in(key, _CROP)

    def cut(array: jax.Array, size: tuple[int, int]) -> jax.Array:
        room = jnp.array(array.shape[1:3]) - jnp.array(size) + 1
        corners = jax.random.randint(key_crop, (batch_size, 2), 0, room[None])
        return jax.vmap(
            lambda image, corner: jax.lax.dynamic_slice(
                image, (*corner, 0), (*size, image.shape[-1])
            )
        )(array, corners[first : first + len(array)])

    def scale(name: str, array: np.ndarray | jax.Array) -> jax.Array:
        image = jnp.asarray(array, jnp.float32)
        if not dequantise:
            # 2 x - 255 is exact, so one rounding is all there is: fusion cannot change a bit.
            return (2.0 * image - 255.0) / 255.0
        key_noise = jax.random.fold_in(
            jax.random.fold_in(key, _DEQUANTISE), zlib.crc32(name.encode())
        )
        noise = jax.random.uniform(key_noise, (batch_size, *array.shape[1:]))
        # Here the sum alone is rounded.
        return (image / 128.0 - 1.0) + noise[first : first + len(array)] / 128.0

    def finish(name: str, array: np.ndarray | jax.Array) -> jax.Array:
        if not _is_images(array):
            return jnp.asarray(array)
        if crop is not None:
            array = cut(jnp.asarray(array), height_and_width(crop))
        image = scale(name, array)
        if not flip:
            return image
        rows = flipped[first : first + len(array), None, None, None]
        return jnp.where(rows, image[:, :, ::-1], image)

    return {name: finish(name, array) for name, array in raw.items()}


_finish_of_seed = jax.jit(_finish, static_argnums=range(2, 8))


def _is_images(array: np.ndarray | jax.Array) -> bool:
    return array.dtype == np.uint8 and array.ndim == 4
