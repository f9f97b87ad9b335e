"""A pool of images that a generator has made, shown to a discriminator again."""

from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp


class Pool(NamedTuple):
    """Images kept, `[N, H, W, C]`, and how many of them there are, [] int32."""

    images: jax.Array
    count: jax.Array


def empty_pool(size: int, images: jax.Array) -> Pool:
    """A pool for so many images of the shape of `images`, `[B, H, W, C]`; 0 keeps none."""
    if size < 0:
        raise ValueError(f"a pool of {size} images cannot be kept: give a size of 0 or more")
    return Pool(jnp.zeros((size, *images.shape[1:]), images.dtype), jnp.int32(0))


def exchange(key: jax.Array, pool: Pool, images: jax.Array) -> tuple[Pool, jax.Array]:
    """Put new images in, one after another, and take as many out.

    While the pool is not full, each new image is kept and comes out itself. From then on, with
    probability 1/2 it takes the place of one drawn at random, which comes out in its stead; else it
    comes out itself and is not kept.

    Args:
        key: typed key, [].
        pool: of N images; with N = 0 all images come out themselves.
        images: `[B, H, W, C]`.

    Returns:
        The pool afterwards, and `[B, H, W, C]`.

    Shrivastava et al., 2017, section 2.3; in this form in CycleGAN (Zhu et al., 2017, section 4).
    """
    chex.assert_equal_shape_suffix([pool.images, images], 3)
    size = len(pool.images)
    if size == 0:
        return pool, images

    def one(pool: Pool, new: tuple[jax.Array, jax.Array]) -> tuple[Pool, jax.Array]:
        key, image = new
        key_choice, key_place = jax.random.split(key)
        filling = pool.count < size
        swapped = ~filling & jax.random.bernoulli(key_choice)
        place = jnp.where(filling, pool.count, jax.random.randint(key_place, (), 0, size))
        there = pool.images[place]
        kept = jnp.where(filling | swapped, image, there)
        out = jnp.where(swapped, there, image)
        return Pool(pool.images.at[place].set(kept), pool.count + filling), out

    return jax.lax.scan(one, pool, (jax.random.split(key, len(images)), images))
