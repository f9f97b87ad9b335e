"""Which of the two pipelines a data set takes."""

from functools import partial
from typing import TypeAlias, overload

import jax

from jaxgan.data.order import check_seed
from jaxgan.data.resident import Resident, resident
from jaxgan.data.sources import Source, bytes_per_example
from jaxgan.data.streamed import Streamed, streamed
from jaxgan.data.transforms import Size
from jaxgan.data.unpaired import ResidentSides, StreamedSides, Unpaired, side_seed

Data: TypeAlias = Resident | Streamed | ResidentSides | StreamedSides
"""`data(step) -> batch`, in any of its ways."""


@overload
def pipeline(
    source: Source,
    *,
    seed: int,
    batch_size: int,
    flip: bool = False,
    crop: Size | None = None,
    dequantise: bool = False,
    resident_bytes: int = 2**30,
    sharding: jax.sharding.Sharding | None = None,
    part: tuple[int, int] = (0, 1),
) -> Resident | Streamed: ...
@overload
def pipeline(
    source: Unpaired,
    *,
    seed: int,
    batch_size: int,
    flip: bool = False,
    crop: Size | None = None,
    dequantise: bool = False,
    resident_bytes: int = 2**30,
    sharding: jax.sharding.Sharding | None = None,
    part: tuple[int, int] = (0, 1),
) -> ResidentSides | StreamedSides: ...
def pipeline(
    source: Source | Unpaired,
    *,
    seed: int,
    batch_size: int,
    flip: bool = False,
    crop: Size | None = None,
    dequantise: bool = False,
    resident_bytes: int = 2**30,
    sharding: jax.sharding.Sharding | None = None,
    part: tuple[int, int] = (0, 1),
) -> Data:
    """Keep a small data set on the device, stream a large one. The batches are the same.

    Args:
        source: Where the examples come from. The two sides of `Unpaired` are two data sets, each
            in an order of its own.
        seed: Of the run, in [0, 2^32).
        batch_size: B, examples in the whole batch, in [1, len(source)]; of each side, if unpaired.
        flip: Whether images are flipped from left to right at random.
        crop: Pixels on a side that images are cropped to at random; None leaves them whole.
        dequantise: Whether uniform noise fills the steps between the values of a byte.
        resident_bytes: What the set may take of each device's memory; 0 always streams.
        sharding: How axis 0 of a resident set is split over devices; None keeps it on one.
        part: (i, P): this is process i of P. Without a sharding, several processes always stream.

    Returns:
        The pipeline: `data(step) -> batch`.

    Raises:
        ValueError: where `resident` or `streamed` does.
    """
    sides = (source.a, source.b) if isinstance(source, Unpaired) else (source,)
    devices = 1 if sharding is None else sharding.num_devices
    shards = 1 if sharding is None else devices // sharding.shard_shape((devices,))[0]
    size = sum(len(side) * bytes_per_example(side) for side in sides)
    fits = size <= resident_bytes * shards and (sharding is not None or part[1] == 1)
    keep = partial(
        resident,
        batch_size=batch_size,
        flip=flip,
        crop=crop,
        dequantise=dequantise,
        sharding=sharding,
    )
    stream = partial(
        streamed,
        batch_size=batch_size,
        flip=flip,
        crop=crop,
        dequantise=dequantise,
        part=part,
    )
    if not isinstance(source, Unpaired):
        return keep(source, seed=seed) if fits else stream(source, seed=seed)
    check_seed(seed)
    seed_a, seed_b = (side_seed(seed, side) for side in "ab")
    if fits:
        return ResidentSides(keep(source.a, seed=seed_a), keep(source.b, seed=seed_b))
    return StreamedSides(stream(source.a, seed=seed_a), stream(source.b, seed=seed_b))
