"""The order of the examples: a permutation for every epoch, computed one element at a time.

Hoang, Morris and Rogaway, "An enciphering scheme based on a card shuffle" (CRYPTO 2012), figure 1:
the swap-or-not shuffle. It is a bijection on {0, ..., n - 1} for every n, without a table, a sort
or a retry, and needs nothing but unsigned integers of 32 bits, so NumPy and XLA agree to the bit.
"""

from types import ModuleType
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

Array: TypeAlias = np.ndarray | jax.Array

# An example fails to be moved by any round with probability 2^-24: less than once in 10^7.
_ROUNDS = 24

# 2^32 / golden ratio, which spreads small numbers. An array, as NumPy's scalars warn of overflow.
_ODD = np.array([0x9E3779B9], np.uint32)


def check_batch(*, batch_size: int, size: int) -> None:
    """Check that batches of one size can be taken from a data set of another.

    Args:
        batch_size: B, examples in a batch.
        size: N, examples in the data set.

    Raises:
        ValueError: where B is not positive, exceeds N, or B N does not fit in 32 bits.
    """
    if batch_size < 1:
        raise ValueError(
            f"a batch of {batch_size} examples is empty: give a batch size of 1 or more"
        )
    if batch_size > size:
        raise ValueError(
            f"a batch of {batch_size} examples is larger than the data set of {size}: "
            f"give a batch size of {size} or less"
        )
    if size * batch_size >= 2**32 or size >= 2**31:
        raise ValueError(
            f"{size} examples in batches of {batch_size} cannot be counted in 32 bits: "
            f"give a batch size of {(2**32 - 1) // size} or less"
        )


def permute(position: Array, *, seed: int | jax.Array, epoch: Array, size: int) -> Array:
    """Where the order of an epoch puts each position.

    Each round pairs x with K - x mod n and swaps the two if a hash of the pair says so:
    $x ← K - x mod n$ where $F(max(x, K - x mod n)) = 1$.

    Args:
        position: `[B]` uint32 in {0, ..., size - 1}; B is 1 or more.
        seed: of the run, in [0, 2^32); [] uint32 where it is traced.
        epoch: `[B]` uint32, the epoch of each position.
        size: n, examples in the data set, in [1, 2^31).

    Returns:
        `[B]` uint32 in {0, ..., size - 1}; a bijection of the positions of one epoch.
    """
    xp = _namespace(position)
    key = _mix(epoch + _mix(xp.full_like(epoch, _in_32_bits(seed))))

    def swap_or_not(number: int | Array, position: Array) -> Array:
        round_key = _mix(key + xp.asarray(number, np.uint32) * _ODD)
        offset = round_key % np.uint32(size)
        partner = offset - position + xp.where(offset < position, np.uint32(size), np.uint32(0))
        coin = _mix(xp.maximum(position, partner) + _mix(round_key)) >> np.uint32(31)
        return xp.where(coin == 1, partner, position)

    if isinstance(position, jax.Array):
        # A loop, as XLA would fuse the rounds into the gather and repeat them for every pixel; of
        # few turns, as a turn costs a launch on accelerators.
        return jax.lax.fori_loop(0, _ROUNDS, swap_or_not, position, unroll=8)
    for number in range(_ROUNDS):
        position = swap_or_not(number, position)
    return position


def batch_indices(
    seed: int | jax.Array, step: int | jax.Array, *, batch_size: int, size: int
) -> Array:
    """The examples of the batch of one step.

    Epochs follow one another without a gap: the batch of step s holds the positions
    s B, ..., s B + B - 1 of that stream, and may run across the end of an epoch.

    Args:
        seed: of the run, in [0, 2^32); [] uint32 where it is traced.
        step: s, in [0, 2^31); int32 where it is traced.
        batch_size: B, in [1, size].
        size: N, examples in the data set; B N < 2^32.

    Returns:
        `[B]` int32 in {0, ..., N - 1}: JAX where `step` is, otherwise NumPy; the same numbers.

    Raises:
        ValueError: where `check_batch` does, and where `seed` does not fit in 32 bits.

    >>> batch_indices(0, 5, batch_size=2, size=3).shape
    (2,)
    """
    check_batch(batch_size=batch_size, size=size)
    if not isinstance(seed, jax.Array):
        check_seed(seed)
    xp = _namespace(step)
    # With step = q N + r, position s B + j is number (r B + j) mod N of epoch q B + (r B + j) // N:
    # nothing here exceeds 32 bits, however long the run is.
    count = xp.full((batch_size,), step, dtype=np.uint32)
    quotient, remainder = count // np.uint32(size), count % np.uint32(size)
    place = remainder * np.uint32(batch_size) + xp.arange(batch_size, dtype=np.uint32)
    epoch = quotient * np.uint32(batch_size) + place // np.uint32(size)
    order = permute(place % np.uint32(size), seed=seed, epoch=epoch, size=size)
    return order.astype(np.int32)


def check_seed(seed: int) -> None:
    """Check that a seed fits in 32 bits.

    Args:
        seed: of the run.

    Raises:
        ValueError: where it is not in [0, 2^32).
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"the seed {seed} does not fit in 32 bits: give one from 0 to {2**32 - 1}")


def _in_32_bits(seed: int | jax.Array) -> np.uint32 | jax.Array:
    return seed if isinstance(seed, jax.Array) else np.uint32(seed)


def _namespace(value: int | Array) -> ModuleType:
    return jnp if isinstance(value, jax.Array) else np


def _mix(x: Array) -> Array:
    """Scatter the bits of uint32s: a bijection in which every bit of x reaches every other.

    The shifts and factors are those of Appleby's MurmurHash3 (2011), finaliser of 32 bits. The sum
    keeps 0 from being a fixed point.
    """
    x = x + _ODD
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))
