"""Which of the two pipelines a data set takes."""

import jax

from jaxgan.data.resident import Resident, resident
from jaxgan.data.sources import Source, bytes_per_example
from jaxgan.data.streamed import Streamed, streamed


def pipeline(
    source: Source,
    *,
    seed: int,
    batch_size: int,
    flip: bool = False,
    resident_bytes: int = 2**30,
    sharding: jax.sharding.Sharding | None = None,
    part: tuple[int, int] = (0, 1),
) -> Resident | Streamed:
    """Keep a small data set on the device, stream a large one. The batches are the same.

    Args:
        source: Where the examples come from.
        seed: Of the run, in [0, 2^32).
        batch_size: B, examples in the whole batch, in [1, len(source)].
        flip: Whether images are flipped from left to right at random.
        resident_bytes: What the set may take of each device's memory; 0 always streams.
        sharding: How axis 0 of a resident set is split over devices; None keeps it on one.
        part: (i, P): this is process i of P. Without a sharding, several processes always stream.

    Returns:
        The pipeline: `data(step) -> batch`.

    Raises:
        ValueError: where `resident` or `streamed` does.
    """
    devices = 1 if sharding is None else sharding.num_devices
    shards = 1 if sharding is None else devices // sharding.shard_shape((devices,))[0]
    fits = len(source) * bytes_per_example(source) <= resident_bytes * shards
    if fits and (sharding is not None or part[1] == 1):
        return resident(source, seed=seed, batch_size=batch_size, flip=flip, sharding=sharding)
    return streamed(source, seed=seed, batch_size=batch_size, flip=flip, part=part)
