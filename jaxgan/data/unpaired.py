"""Two sides without pairs: a source for each, and a pipeline of both."""

import contextlib
import zlib
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, Literal, Self, TypeVar

import jax
import numpy as np

from jaxgan.data.finish import Batch, Raw
from jaxgan.data.resident import Resident
from jaxgan.data.sources import Source
from jaxgan.data.streamed import Streamed

_P = TypeVar("_P", Resident, Streamed)


@dataclass(frozen=True, eq=False)
class Unpaired:
    """Two sources, side a and side b, that need not have the same length.

    Attributes:
        a: Reads `image`, `[N, H, W, C]` uint8; labels are left aside.
        b: The same; its channels may be others.
    """

    a: Source
    b: Source

    def __post_init__(self) -> None:
        for name, side in (("a", self.a), ("b", self.b)):
            if not len(side):
                raise ValueError(f"side {name} is empty: give it one image or more")
            image = side.read(np.zeros(1, np.int64)).get("image")
            if image is None or image.dtype != np.uint8 or image.ndim != 4:
                raise ValueError(
                    f"side {name} does not read 'image', [N, H, W, C] uint8: give images"
                )

    @property
    def fingerprint(self) -> str:
        """Of both sources."""
        return f"a={self.a.fingerprint} b={self.b.fingerprint}"


@dataclass(frozen=True, eq=False)
class _Both(Generic[_P]):
    """`data(step) -> batch` of two pipelines, each with a seed of its own.

    Attributes:
        a: Of the images of side a.
        b: Of the images of side b.
    """

    a: _P
    b: _P

    @property
    def batch_size(self) -> int:
        """B, examples of each side in a batch."""
        return self.a.batch_size

    @property
    def fingerprint(self) -> str:
        """Of both sources."""
        return f"a={self.a.fingerprint} b={self.b.fingerprint}"

    @property
    def former_fingerprint(self) -> str:
        """Of both sources, as earlier versions wrote it."""
        return f"a={self.a.former_fingerprint} b={self.b.former_fingerprint}"

    @property
    def classes(self) -> tuple[str, ...]:
        """None: labels are left aside."""
        return ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What both sources say of themselves, once where they say the same."""
        return tuple(dict.fromkeys([*self.a.notes, *self.b.notes]))

    def agrees(self, fingerprint: str) -> bool:
        """Whether a fingerprint, of this version or an earlier one, is that of these data."""
        return fingerprint in (self.fingerprint, self.former_fingerprint)

    @property
    def shapes(self) -> dict[str, jax.ShapeDtypeStruct]:
        """Of a batch."""
        return {"a": self.a.shapes["image"], "b": self.b.shapes["image"]}

    def reseeded(self, seed: int) -> Self:
        """The pipeline of a run of another seed, from the same sides."""
        seed_a, seed_b = (side_seed(seed, side) for side in "ab")
        return replace(self, a=self.a.reseeded(seed_a), b=self.b.reseeded(seed_b))

    def traced_seed(self, seed: int) -> np.ndarray:
        """The seeds of both sides of a run, [2] uint32, as a program takes them."""
        return np.array([side_seed(seed, side) for side in "ab"], np.uint32)

    def finish(self, step: int | jax.Array, raw: Raw, *, seed: jax.Array | None = None) -> Batch:
        """Crop, flip and scale both sides of the batch of a step, each in its own way.

        Args:
            step: In [0, 2^31); int32.
            raw: `a` and `b`, as `read(step)` returned them.
            seed: Of `traced_seed`; the run's own where None.

        Returns:
            `a` and `b`, `[B, H, W, C]` float32 in [-1, 1].
        """
        of_a, of_b = (None, None) if seed is None else (seed[0], seed[1])
        return {
            "a": self.a.finish(step, {"image": raw["a"]}, seed=of_a)["image"],
            "b": self.b.finish(step, {"image": raw["b"]}, seed=of_b)["image"],
        }


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class ResidentSides(_Both[Resident]):
    """`data(step) -> batch` of two sides on the device; all of it can be traced."""

    on_device: ClassVar[Literal[True]] = True

    def read(self, step: int | jax.Array) -> Batch:
        """Gather the minibatch of each side at a step, as it is stored: `a` and `b`, uint8."""
        return {"a": self.a.read(step)["image"], "b": self.b.read(step)["image"]}

    def __call__(self, step: int | jax.Array) -> Batch:
        """Read and finish the batch of a step."""
        return self.finish(step, self.read(step))

    def batch_of(self, seed: jax.Array, step: jax.Array) -> Batch:
        """The batch of a step of a run of another seed, of `traced_seed`, from these arrays."""
        return {
            "a": self.a.batch_of(seed[0], step)["image"],
            "b": self.b.batch_of(seed[1], step)["image"],
        }


@dataclass(frozen=True, eq=False)
class StreamedSides(_Both[Streamed]):
    """`data(step) -> batch` of two sides that stay on the host."""

    on_device: ClassVar[Literal[False]] = False

    def read(self, step: int) -> dict[str, np.ndarray]:
        """Read this process's rows of each side at a step: `a` and `b`, uint8."""
        return {"a": self.a.read(step)["image"], "b": self.b.read(step)["image"]}

    def __call__(self, step: int) -> Batch:
        """Read and finish the batch of a step, nothing ahead."""
        return self.finish(step, self.read(step))

    def iterate(self, start: int = 0) -> Generator[dict[str, np.ndarray]]:
        """Read the batches of the steps `start`, `start + 1`, ... ahead of their use.

        Args:
            start: The first step, in [0, 2^31).

        Yields:
            What `read` returns for each step in turn.
        """
        with (
            contextlib.closing(self.a.iterate(start)) as a,
            contextlib.closing(self.b.iterate(start)) as b,
        ):
            for of_a, of_b in zip(a, b, strict=True):
                yield {"a": of_a["image"], "b": of_b["image"]}


def side_seed(seed: int, side: str) -> int:
    """Draw the seed of one side from the run's, so that their orders have nothing in common.

    Args:
        seed: Of the run, in [0, 2^32).
        side: `a` or `b`.

    Returns:
        A number in [0, 2^32), a bijection of the seeds for each side.
    """
    return zlib.crc32(side.encode(), seed)
