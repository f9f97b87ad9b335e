"""What a data set is to the pipelines: random access to prepared examples."""

import hashlib
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from jaxgan.data.transforms import to_channels


class Source(Protocol):
    """Random access to examples whose number, order and shape never change."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the labels 0, 1, ...; empty where the examples have no label.

        Where labels are vectors, ATTRIBUTE=LABEL, one attribute after the other.
        """
        ...

    @property
    def fingerprint(self) -> str:
        """A short text that two sources share only if their examples are the same."""
        ...

    def __len__(self) -> int: ...

    def read(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Read examples.

        Args:
            indices: `[N]` integers in {0, ..., len(self) - 1}.

        Returns:
            Arrays `[N, ...]` by name: in a set of pictures `image`, `[N, H, W, C]` uint8; where it
            has labels `label`, `[N]` int32, or of several attributes `[N, A]`. Every uint8 array of
            rank 4 is taken for images, which the pipelines scale to [-1, 1]; all others pass as
            they are.
        """
        ...


@runtime_checkable
class Told(Protocol):
    """A source that has something to say of itself, which a run's first lines show."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences without a full stop, each on one line."""
        ...


@runtime_checkable
class Renamed(Protocol):
    """A source whose fingerprint was made in another way by earlier versions."""

    @property
    def former_fingerprint(self) -> str:
        """What they would write of the same data."""
        ...


def notes_of(source: Source) -> tuple[str, ...]:
    """What a source says of itself; () where it says nothing."""
    return source.notes if isinstance(source, Told) else ()


def former_fingerprint_of(source: Source) -> str:
    """How earlier versions wrote a source's fingerprint; the present one where that is the same."""
    return source.former_fingerprint if isinstance(source, Renamed) else source.fingerprint


@dataclass(frozen=True, eq=False)
class ArraySource:
    """Examples that are arrays in memory: pictures, points, words, labels.

    Attributes:
        arrays: Each `[N, ...]`, of 32 bits an element at most; uint8 of rank 4 are images.
        classes: Names of the labels.

    >>> len(ArraySource({"point": np.zeros((5, 2), np.float32)}))
    5
    """

    arrays: dict[str, np.ndarray]
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.arrays or any(array.ndim == 0 for array in self.arrays.values()):
            raise ValueError(
                "an array source needs arrays of shape [N, ...], but has "
                f"{[(name, array.shape) for name, array in self.arrays.items()]}"
            )
        lengths = {name: len(array) for name, array in self.arrays.items()}
        if len(set(lengths.values())) > 1 or 0 in lengths.values():
            raise ValueError(f"the arrays {lengths} differ in length or are empty: give equal ones")
        for name, array in self.arrays.items():
            # A device would narrow these without a word.
            if array.dtype.itemsize > 4 or array.dtype.kind not in "biuf":
                raise ValueError(
                    f"the array '{name}' is {array.dtype.name}: give numbers of 32 bits or fewer, "
                    "as float32 or int32"
                )

    @property
    def fingerprint(self) -> str:
        """A digest of all bytes."""
        digest = hashlib.sha256(repr(self.classes).encode())
        for name, array in sorted(self.arrays.items()):
            digest.update(f"{name} {array.shape} {array.dtype.str}".encode())
            digest.update(array.tobytes())
        return f"arrays:{digest.hexdigest()[:16]}"

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def read(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Copy the examples at `indices`, `[N]`."""
        return {name: array[indices] for name, array in self.arrays.items()}


@dataclass(frozen=True, eq=False)
class Subset:
    """Some examples of a source, in an order of their own.

    Attributes:
        source: All of them.
        rows: `[M]` integers in {0, ..., len(source) - 1}.

    >>> every_other = Subset(ArraySource({"label": np.arange(6)[:, None].astype(np.int32)}),
    ...                      np.arange(0, 6, 2))
    >>> every_other.read(np.array([2]))["label"].item()
    4
    """

    source: Source
    rows: np.ndarray

    @property
    def classes(self) -> tuple[str, ...]:
        """Of the source."""
        return self.source.classes

    @property
    def fingerprint(self) -> str:
        """Of the source, and a digest of the rows."""
        return f"{self.source.fingerprint}[{self._digest}]"

    @property
    def former_fingerprint(self) -> str:
        """The same, as earlier versions wrote the source's."""
        return f"{former_fingerprint_of(self.source)}[{self._digest}]"

    @property
    def _digest(self) -> str:
        return hashlib.sha256(self.rows.astype(np.int64).tobytes()).hexdigest()[:16]

    @property
    def notes(self) -> tuple[str, ...]:
        """Of the source, and how many of its examples are taken."""
        notes, taken, there = notes_of(self.source), len(self.rows), len(self.source)
        return (
            (*notes, f"{taken:,} of these {there:,} are taken")
            if notes and taken < there
            else notes
        )

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Read the rows at `indices`, `[N]`."""
        return self.source.read(self.rows[indices])


@dataclass(frozen=True, eq=False)
class Grey:
    """A source whose pictures lose their colours.

    Attributes:
        source: Reads `image`, `[N, H, W, 3]` uint8.

    >>> red = np.tile(np.array([255, 0, 0], np.uint8), (1, 2, 2, 1))
    >>> Grey(ArraySource({"image": red})).read(np.array([0]))["image"][0, :, :, 0].tolist()
    [[76, 76], [76, 76]]
    """

    source: Source

    @property
    def classes(self) -> tuple[str, ...]:
        """Of the source."""
        return self.source.classes

    @property
    def fingerprint(self) -> str:
        """Of the source."""
        return f"grey {self.source.fingerprint}"

    def __len__(self) -> int:
        return len(self.source)

    def read(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Read the examples at `indices`, `[N]`; images are `[N, H, W, 1]` uint8."""
        examples = self.source.read(indices)
        images = [to_channels(image, channels=1) for image in examples["image"]]
        return examples | {"image": np.stack(images)}


def bytes_per_example(source: Source) -> int:
    """How much memory one example takes.

    Args:
        source: Any; its first example is read.

    Returns:
        The bytes of its arrays.
    """
    return sum(array.nbytes for array in source.read(np.zeros(1, np.int64)).values())
