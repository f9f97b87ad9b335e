"""What a data set is to the pipelines: random access to prepared examples."""

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Source(Protocol):
    """Random access to examples whose number, order and shape never change."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of an image."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the labels 0, 1, ...; empty where the examples have no label."""
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
            `image`, `[N, H, W, C]` uint8, and, where the set has labels, `label`, `[N]` int32.
            Other names may follow; every uint8 array of rank 4 is taken for images.
        """
        ...


@dataclass(frozen=True, eq=False)
class ArraySource:
    """Examples that are arrays in memory.

    Attributes:
        arrays: Each `[N, ...]`; `image` is among them, uint8 of rank 4.
        classes: Names of the labels.
    """

    arrays: dict[str, np.ndarray]
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        image = self.arrays.get("image")
        if image is None or image.dtype != np.uint8 or image.ndim != 4:
            raise ValueError(
                "an array source needs the array 'image' of shape [N, H, W, C] and type uint8, "
                f"but has {[(k, v.shape, v.dtype.name) for k, v in self.arrays.items()]}"
            )
        lengths = {name: len(array) for name, array in self.arrays.items()}
        if len(set(lengths.values())) > 1 or not len(image):
            raise ValueError(f"the arrays {lengths} differ in length or are empty: give equal ones")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of an image."""
        _, height, width, channels = self.arrays["image"].shape
        return height, width, channels

    @property
    def fingerprint(self) -> str:
        """A digest of all bytes."""
        digest = hashlib.sha256(repr(self.classes).encode())
        for name, array in sorted(self.arrays.items()):
            digest.update(f"{name} {array.shape} {array.dtype.str}".encode())
            digest.update(array.tobytes())
        return f"arrays:{digest.hexdigest()[:16]}"

    def __len__(self) -> int:
        return len(self.arrays["image"])

    def read(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Copy the examples at `indices`, `[N]`."""
        return {name: array[indices] for name, array in self.arrays.items()}


def bytes_per_example(source: Source) -> int:
    """How much memory one example takes.

    Args:
        source: Any; its first example is read.

    Returns:
        The bytes of its arrays.
    """
    return sum(array.nbytes for array in source.read(np.zeros(1, np.int64)).values())
