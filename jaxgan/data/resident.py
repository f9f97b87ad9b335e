"""The resident pipeline: the data set is arrays on the device, a batch is a gather inside jit."""

import functools
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, Self

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.data.finish import Batch, Raw, check_crop, finish_batch
from jaxgan.data.order import batch_indices, check_batch, check_seed
from jaxgan.data.sources import Source, former_fingerprint_of, notes_of
from jaxgan.data.transforms import Size

# Examples that are read at a time: enough to keep the progress bar's cost out of sight.
_CHUNK = 1024


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class Resident:
    """`data(step) -> batch`, from arrays on the device; all of it can be traced.

    Attributes:
        arrays: Each `[M, ...]`, M >= N: the examples, and zeros up to a multiple of the shards.
        size: N, examples in the set.
        batch_size: B, examples in a batch.
        seed: Of the run.
        flip: Whether images are flipped at random.
        crop: Pixels on a side that images are cropped to at random; None leaves them whole.
        dequantise: Whether uniform noise fills the steps between the values of a byte.
        fingerprint: Of the source.
        former_fingerprint: As earlier versions wrote it.
        classes: Names of the labels; empty where there are none.
        notes: What the source says of itself.
    """

    arrays: dict[str, jax.Array]
    size: int = field(metadata={"static": True})
    batch_size: int = field(metadata={"static": True})
    seed: int = field(metadata={"static": True})
    flip: bool = field(metadata={"static": True})
    crop: Size | None = field(metadata={"static": True})
    dequantise: bool = field(metadata={"static": True})
    fingerprint: str = field(metadata={"static": True})
    former_fingerprint: str = field(metadata={"static": True})
    classes: tuple[str, ...] = field(metadata={"static": True})
    notes: tuple[str, ...] = field(metadata={"static": True})

    on_device: ClassVar[Literal[True]] = True

    def agrees(self, fingerprint: str) -> bool:
        """Whether a fingerprint, of this version or an earlier one, is that of these data."""
        return fingerprint in (self.fingerprint, self.former_fingerprint)

    @property
    def shapes(self) -> dict[str, jax.ShapeDtypeStruct]:
        """Of a batch."""
        return jax.eval_shape(self, 0)

    @jax.jit
    def read(self, step: int | jax.Array) -> Batch:
        """Gather the batch of a step as it is stored.

        Args:
            step: In [0, 2^31); int32.

        Returns:
            Images `[B, H, W, C]` uint8, labels `[B]` int32.
        """
        return self._gather(step, self.seed)

    def _gather(self, step: int | jax.Array, seed: int | jax.Array) -> Batch:
        indices = batch_indices(seed, step, batch_size=self.batch_size, size=self.size)
        return {
            name: array.at[indices].get(mode="promise_in_bounds")
            for name, array in self.arrays.items()
        }

    def finish(
        self, step: int | jax.Array, raw: Raw, *, seed: int | jax.Array | None = None
    ) -> Batch:
        """Crop, flip and scale the batch of a step.

        Args:
            step: In [0, 2^31); int32.
            raw: What `read(step)` returned.
            seed: Of the run; its own where None.

        Returns:
            Images `[B, H, W, C]` float32 in [-1, 1], labels `[B]` int32.
        """
        return finish_batch(
            raw,
            step,
            seed=self.seed if seed is None else seed,
            batch_size=self.batch_size,
            first=0,
            flip=self.flip,
            crop=self.crop,
            dequantise=self.dequantise,
        )

    def __call__(self, step: int | jax.Array) -> Batch:
        """Read and finish the batch of a step."""
        return self.finish(step, self.read(step))

    def reseeded(self, seed: int) -> Self:
        """The pipeline of a run of another seed, from the same arrays."""
        return replace(self, seed=seed)

    def traced_seed(self, seed: int) -> np.ndarray:
        """The seed of a run as `batch_of` takes it: [] uint32."""
        return np.array(seed, np.uint32)

    def batch_of(self, seed: jax.Array, step: jax.Array) -> Batch:
        """The batch of a step of a run of another seed, which may be traced, from these arrays.

        Args:
            seed: Of `traced_seed`.
            step: In [0, 2^31); int32.
        """
        return self.finish(step, self._gather(step, seed), seed=seed)


def resident(
    source: Source,
    *,
    seed: int,
    batch_size: int,
    flip: bool = False,
    crop: Size | None = None,
    dequantise: bool = False,
    sharding: jax.sharding.Sharding | None = None,
) -> Resident:
    """Read a whole source on to the device, or split it over several.

    Args:
        source: Where the examples come from.
        seed: Of the run, in [0, 2^32).
        batch_size: B, in [1, len(source)].
        flip: Whether images are flipped from left to right at random.
        crop: Pixels on a side that images are cropped to at random; None leaves them whole.
        dequantise: Whether uniform noise fills the steps between the values of a byte.
        sharding: How axis 0 of the arrays is placed. Each process reads only the rows that its own
            devices hold. None puts all on the default device.

    Returns:
        The pipeline.

    Raises:
        ValueError: where the batch, the seed or the crop does not fit.
    """
    check_batch(batch_size=batch_size, size=len(source))
    check_seed(seed)
    examples = source.read(np.zeros(1, np.int64))
    if crop is not None:
        check_crop(examples, crop)
    size = len(source)
    shards = 1 if sharding is None else sharding.num_devices
    padded = -(-size // shards) * shards
    # The shards of one device hold the same rows of every array: read them once.
    rows = functools.cache(lambda start, stop: _rows(source, start, stop))

    def place(name: str, example: np.ndarray) -> jax.Array:
        if sharding is None:
            return jnp.asarray(rows(0, size)[name])
        return jax.make_array_from_callback(
            (padded, *example.shape[1:]),
            sharding,
            lambda index: rows(*(index or (slice(None),))[0].indices(padded)[:2])[name],
        )

    arrays = {name: place(name, example) for name, example in examples.items()}
    return Resident(
        arrays=arrays,
        size=size,
        batch_size=batch_size,
        seed=seed,
        flip=flip,
        crop=crop,
        dequantise=dequantise,
        fingerprint=source.fingerprint,
        former_fingerprint=former_fingerprint_of(source),
        classes=source.classes,
        notes=notes_of(source),
    )


def _rows(source: Source, start: int, stop: int) -> dict[str, np.ndarray]:
    """Rows `start` to `stop - 1`; those behind the last example are zeros."""
    from rich.console import Console
    from rich.progress import track

    example = source.read(np.zeros(1, np.int64))
    rows = {name: np.zeros((stop - start, *e.shape[1:]), e.dtype) for name, e in example.items()}
    end = min(stop, len(source))
    for low in track(
        range(start, end, _CHUNK),
        description="reading examples",
        console=Console(stderr=True),
        disable=end - start < 16 * _CHUNK,
        transient=True,
    ):
        high = min(low + _CHUNK, end)
        for name, chunk in source.read(np.arange(low, high)).items():
            rows[name][low - start : high - start] = chunk
    return rows
