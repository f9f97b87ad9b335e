"""Stacked digits: three digits as red, green and blue, a thousand modes that can be counted."""

from dataclasses import dataclass

import numpy as np

from jaxgan.data.order import permute
from jaxgan.data.sources import Source, former_fingerprint_of

_COUNT = 64_000
"""Triples; 64 of each of the thousand labels on average."""


@dataclass(frozen=True, eq=False)
class StackedDigits:
    """Triples of grey digits, put together when they are read.

    Which three digits example i is made of is a function of i alone. In each channel every digit
    comes equally often: the order of a channel goes through all of them, then through all again,
    shuffled anew.

    Attributes:
        digits: `[M, H, W]` uint8.
        labels: `[M]` int32 in {0, ..., 9}.
        count: N, how many triples.
        identity: fingerprint of the source of the digits.
        former_identity: the same, as earlier versions wrote it.
    """

    digits: np.ndarray
    labels: np.ndarray
    count: int
    identity: str
    former_identity: str

    @property
    def classes(self) -> tuple[str, ...]:
        """000 to 999: the digits in red, green and blue."""
        return tuple(f"{label:03}" for label in range(1000))

    @property
    def fingerprint(self) -> str:
        """The digits and the count."""
        return f"stacked:{self.count}:{self.identity}"

    @property
    def former_fingerprint(self) -> str:
        """The same, as earlier versions wrote the source's."""
        return f"stacked:{self.count}:{self.former_identity}"

    def __len__(self) -> int:
        return self.count

    def read(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Put the examples at `indices`, `[N]`, together.

        Returns:
            `image`, `[N, H, W, 3]` uint8, and `label`, `[N]` int32: 100 a + 10 b + c.
        """
        size = len(self.digits)
        epoch, position = np.divmod(indices.astype(np.uint32), np.uint32(size))
        chosen = [
            permute(position, seed=channel, epoch=epoch, size=size).astype(np.int64)
            for channel in range(3)
        ]
        a, b, c = (self.labels[channel] for channel in chosen)
        image = np.stack([self.digits[channel] for channel in chosen], axis=-1)
        return {"image": image, "label": (100 * a + 10 * b + c).astype(np.int32)}


def stacked_digits(source: Source, *, count: int = _COUNT) -> StackedDigits:
    """Stack the digits of a source, which is read whole.

    Args:
        source: of grey digits: `image`, `[N, H, W, 1]` uint8, `label`, `[N]` 0 to 9.
        count: how many triples; 1 or more.

    Returns:
        The source of triples, 1,000 classes.

    Raises:
        ValueError: where the count is not positive.
    """
    if count < 1:
        raise ValueError(f"{count} triples of digits are none: give a count of 1 or more")
    read = source.read(np.arange(len(source)))
    return StackedDigits(
        digits=read["image"][..., 0],
        labels=read["label"],
        count=count,
        identity=source.fingerprint,
        former_identity=former_fingerprint_of(source),
    )
