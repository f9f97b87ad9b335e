"""The streamed pipeline: the host reads batches ahead of the step, with Grain."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

import jax
import numpy as np

from jaxgan.data.finish import Batch, Raw, check_crop, finish_batch
from jaxgan.data.order import batch_indices, check_batch, check_seed
from jaxgan.data.sources import Source, former_fingerprint_of, notes_of
from jaxgan.data.transforms import Size


@dataclass(frozen=True, eq=False)
class Streamed:
    """`data(step) -> batch`, from a source that stays on the host.

    Attributes:
        source: Where the examples come from.
        batch_size: B, examples in the whole batch.
        seed: Of the run.
        flip: Whether images are flipped at random.
        crop: Pixels on a side that images are cropped to at random; None leaves them whole.
        dequantise: Whether uniform noise fills the steps between the values of a byte.
        part: (i, P): this is process i of P, which reads the rows [i B / P, (i + 1) B / P).
        threads: Threads that read batches ahead, in each process that reads; 0 reads none ahead.
        prefetch: Batches that are held ready.
        workers: Processes that read; 0 reads in this one.
    """

    source: Source
    batch_size: int
    seed: int
    flip: bool
    crop: Size | None
    dequantise: bool
    part: tuple[int, int]
    threads: int
    prefetch: int
    workers: int

    on_device: ClassVar[Literal[False]] = False

    @property
    def size(self) -> int:
        """N, examples in the set."""
        return len(self.source)

    @property
    def fingerprint(self) -> str:
        """Of the source."""
        return self.source.fingerprint

    @property
    def former_fingerprint(self) -> str:
        """Of the source, as earlier versions wrote it."""
        return former_fingerprint_of(self.source)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the labels; empty where there are none."""
        return self.source.classes

    @property
    def notes(self) -> tuple[str, ...]:
        """What the source says of itself."""
        return notes_of(self.source)

    def agrees(self, fingerprint: str) -> bool:
        """Whether a fingerprint, of this version or an earlier one, is that of these data."""
        return fingerprint in (self.fingerprint, self.former_fingerprint)

    def reseeded(self, seed: int) -> Self:
        """The pipeline of a run of another seed, from the same source."""
        return replace(self, seed=seed)

    def traced_seed(self, seed: int) -> np.ndarray:
        """The seed of a run as `finish` takes it where it is traced: [] uint32."""
        return np.array(seed, np.uint32)

    @property
    def shapes(self) -> dict[str, jax.ShapeDtypeStruct]:
        """Of a whole batch."""
        raw = {
            name: jax.ShapeDtypeStruct((self.batch_size, *example.shape[1:]), example.dtype)
            for name, example in self.source.read(np.zeros(1, np.int64)).items()
        }
        return jax.eval_shape(self.finish, 0, raw)

    def read(self, step: int) -> dict[str, np.ndarray]:
        """Read this process's rows of the batch of a step.

        Args:
            step: In [0, 2^31).

        Returns:
            Images `[B / P, H, W, C]` uint8, labels `[B / P]` int32.
        """
        indices = batch_indices(self.seed, step, batch_size=self.batch_size, size=self.size)
        share = self.batch_size // self.part[1]
        first = self.part[0] * share
        return self.source.read(np.asarray(indices[first : first + share]))

    def finish(
        self, step: int | jax.Array, raw: Raw, *, seed: int | jax.Array | None = None
    ) -> Batch:
        """Crop, flip and scale the batch of a step.

        Args:
            step: In [0, 2^31); int32.
            raw: What `read(step)` returned, or the whole batch that all processes' rows make.
            seed: Of the run; its own where None.

        Returns:
            Images float32 in [-1, 1], labels int32, in as many rows as `raw`.
        """
        rows = next(iter(raw.values())).shape[0]
        return finish_batch(
            raw,
            step,
            seed=self.seed if seed is None else seed,
            batch_size=self.batch_size,
            first=0 if rows == self.batch_size else self.part[0] * rows,
            flip=self.flip,
            crop=self.crop,
            dequantise=self.dequantise,
        )

    def __call__(self, step: int) -> Batch:
        """Read and finish the batch of a step, nothing ahead."""
        return self.finish(step, self.read(step))

    def iterate(self, start: int = 0) -> Generator[dict[str, np.ndarray]]:
        """Read the batches of the steps `start`, `start + 1`, ... ahead of their use.

        Closing the iterator, or dropping it, ends its threads and processes.

        Args:
            start: The first step, in [0, 2^31).

        Yields:
            What `read` returns for each step in turn.
        """
        import grain

        # An element is a batch, so the order is `batch_indices`' alone, and a start is a slice.
        steps = grain.MapDataset.range(start, 2**31 - 1).map(self.read)
        ahead = grain.ReadOptions(num_threads=self.threads, prefetch_buffer_size=self.prefetch)
        batches = steps.to_iter_dataset(ahead)
        if self.workers:
            from absl import flags

            # Grain's processes take their settings from flags, which only a program of Abseil's
            # kind parses.
            if not flags.FLAGS.is_parsed():
                flags.FLAGS.mark_as_parsed()
            batches = batches.mp_prefetch(
                grain.MultiprocessingOptions(
                    num_workers=self.workers, per_worker_buffer_size=self.prefetch
                )
            )
        iterator = iter(batches)
        try:
            for raw in iterator:
                # A copy, as Grain's arrays from other processes must not outlive its own exit.
                yield {name: np.array(rows) for name, rows in raw.items()} if self.workers else raw
        finally:
            iterator.close()


def streamed(
    source: Source,
    *,
    seed: int,
    batch_size: int,
    flip: bool = False,
    crop: Size | None = None,
    dequantise: bool = False,
    part: tuple[int, int] = (0, 1),
    threads: int = 4,
    prefetch: int = 8,
    workers: int = 0,
) -> Streamed:
    """Read a source batch by batch.

    Args:
        source: Where the examples come from; it must pickle where there are workers.
        seed: Of the run, in [0, 2^32).
        batch_size: B, examples in the whole batch, in [1, len(source)].
        flip: Whether images are flipped from left to right at random.
        crop: Pixels on a side that images are cropped to at random; None leaves them whole.
        dequantise: Whether uniform noise fills the steps between the values of a byte.
        part: (i, P): this is process i of P; P divides B.
        threads: Threads that read batches ahead, in each process that reads; 0 or more.
        prefetch: Batches that are held ready; 0 or more.
        workers: Processes that read, where decoding is heavy; 0 reads in this one.

    Returns:
        The pipeline.

    Raises:
        ValueError: where the batch, the seed, the crop, the part or a count does not fit.
    """
    check_batch(batch_size=batch_size, size=len(source))
    check_seed(seed)
    if crop is not None:
        check_crop(source.read(np.zeros(1, np.int64)), crop)
    index, parts = part
    if not 0 <= index < parts:
        raise ValueError(
            f"part {index} of {parts} does not exist: give a pair (i, P) with 0 <= i < P"
        )
    if batch_size % parts:
        raise ValueError(
            f"a batch of {batch_size} examples cannot be split over {parts} processes: "
            f"give a multiple of {parts}"
        )
    if min(threads, prefetch, workers) < 0:
        raise ValueError(
            f"threads={threads}, prefetch={prefetch}, workers={workers}: give counts of 0 or more"
        )
    return Streamed(
        source=source,
        batch_size=batch_size,
        seed=seed,
        flip=flip,
        crop=crop,
        dequantise=dequantise,
        part=part,
        threads=threads,
        prefetch=prefetch,
        workers=workers,
    )
