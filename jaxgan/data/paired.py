"""Pairs of images: two aligned sources, two folders, or pictures side by side in one file."""

from dataclasses import dataclass, replace

import numpy as np

from jaxgan.data.decoding import ValueRange
from jaxgan.data.folder import FolderSource, folder_source
from jaxgan.data.paths import StrPath, shown
from jaxgan.data.sources import Source, Subset, former_fingerprint_of, notes_of
from jaxgan.data.transforms import Half, Transform
from jaxgan.data.wording import few


@dataclass(frozen=True, eq=False)
class Paired:
    """A source of pairs: row i of one source belongs to row i of another.

    Attributes:
        a: Reads `image`, `[N, H, W, C]` uint8; labels are left aside.
        b: The same, of the same length, height and width.
    """

    a: Source
    b: Source

    def __post_init__(self) -> None:
        if len(self.a) != len(self.b) or not len(self.a):
            raise ValueError(
                f"side a has {len(self.a)} images and side b {len(self.b)}, which are no pairs: "
                "give as many of both, one or more"
            )
        shapes = [side.read(np.zeros(1, np.int64))["image"].shape[1:] for side in (self.a, self.b)]
        if shapes[0][:2] != shapes[1][:2]:
            sizes = [" x ".join(map(str, shape[:2])) for shape in shapes]
            raise ValueError(
                f"the images of side a are {sizes[0]} and those of side b {sizes[1]} "
                "(height x width): prepare both alike"
            )

    @property
    def classes(self) -> tuple[str, ...]:
        """None: pairs have no label."""
        return ()

    @property
    def fingerprint(self) -> str:
        """Of both sources."""
        return f"pairs a={self.a.fingerprint} b={self.b.fingerprint}"

    @property
    def former_fingerprint(self) -> str:
        """The same, as earlier versions wrote the sources'."""
        return f"pairs a={former_fingerprint_of(self.a)} b={former_fingerprint_of(self.b)}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Of both sources, once where they say the same."""
        return tuple(dict.fromkeys([*notes_of(self.a), *notes_of(self.b)]))

    def __len__(self) -> int:
        return len(self.a)

    def read(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Read the pairs at `indices`, `[N]`: `a` and `b`, each `[N, H, W, C]` uint8."""
        return {"a": self.a.read(indices)["image"], "b": self.b.read(indices)["image"]}


def side_by_side(
    folder: StrPath,
    *,
    transform: Transform,
    skip_unreadable: bool = False,
    value_range: ValueRange | None = None,
) -> Paired:
    """Open a folder whose files are pairs, a on the left and b on the right, equally wide.

    Args:
        folder: With images in it.
        transform: What happens to each half.
        skip_unreadable: Whether a file that cannot be decoded is left out, rather than refused.
        value_range: As for `folder_source`.

    Returns:
        The pairs, in the order of their names.

    Raises:
        ValueError: where `folder_source` does, and where a width is odd; names the file.
    """
    left, right = Half(transform, right=False), Half(transform, right=True)
    a = folder_source(
        folder, transform=left, skip_unreadable=skip_unreadable, value_range=value_range
    )
    check_halves(a)
    # The same files, which need not be checked again.
    return Paired(a, replace(a, transform=right))


def check_halves(source: FolderSource) -> None:
    """Check that each picture of a folder can be cut in the middle.

    Raises:
        ValueError: where a width is odd; names the file.
    """
    widths = zip(source.files, source.sizes, strict=True)
    odd = [(file, width) for file, (_, width) in widths if width % 2]
    if odd:
        raise ValueError(
            f"{shown(odd[0][0])} is {odd[0][1]} pixels wide, which cannot be halved; {len(odd)} of "
            f"{len(source)} files are like that: give pairs side by side, equally wide"
        )


def paired_folders(
    folder_a: StrPath,
    folder_b: StrPath,
    *,
    transform: Transform,
    skip_unreadable: bool = False,
    value_range: ValueRange | None = None,
) -> Paired:
    """Open two folders whose files are pairs where they have one name, apart from its ending.

    Args:
        folder_a: With images in it.
        folder_b: With their partners in it.
        transform: What happens to each image.
        skip_unreadable: Whether pairs of which a file cannot be decoded are left out, rather than
            refused.
        value_range: As for `folder_source`, in both.

    Returns:
        The pairs, in the order of their names.

    Raises:
        ValueError: where `folder_source` does, a file has no partner or more than one, or the files
            of a pair differ in size; names the files.
    """
    a, b = (
        folder_source(
            folder, transform=transform, skip_unreadable=skip_unreadable, value_range=value_range
        )
        for folder in (folder_a, folder_b)
    )
    for mine, other in ((a, b), (b, a)):
        unreadable = {other.name(file) for file in other.left_out}
        alone = sorted(_by_name(mine).keys() - _by_name(other).keys() - unreadable)
        if alone:
            raise ValueError(
                f"{len(alone)} of {len(mine)} images in {shown(mine.folder)} have no partner by "
                f"name in {shown(other.folder)} ({few([shown(name) for name in alone])}): add or "
                "remove files, or train without pairs"
            )
    rows_a, rows_b = common_rows(a, b)
    if not len(rows_a):
        raise ValueError(
            f"no pair of {folder_a} and {folder_b} can be decoded whole: replace the files"
        )
    unlike = [
        f"{shown(a.name(a.files[i]))} is {_pixels(a.sizes[i])} in {shown(a.folder)} and "
        f"{_pixels(b.sizes[j])} in {shown(b.folder)}"
        for i, j in zip(rows_a.tolist(), rows_b.tolist(), strict=True)
        if a.sizes[i] != b.sizes[j]
    ]
    if unlike:
        raise ValueError(
            f"{unlike[0]}; {len(unlike)} of {len(rows_a)} pairs differ in size like that: give "
            "pairs of one size"
        )
    return Paired(Subset(a, rows_a), Subset(b, rows_b))


def common_rows(a: FolderSource, b: FolderSource) -> tuple[np.ndarray, np.ndarray]:
    """Find the files that two folders have under one name, apart from its ending.

    Args:
        a: One folder.
        b: Another.

    Returns:
        Their rows in `a` and in `b`, each `[M]`, in the order of the names.

    Raises:
        ValueError: where a folder has two files of one name.
    """
    of_a, of_b = _by_name(a), _by_name(b)
    names = sorted(of_a.keys() & of_b.keys())
    rows = np.array([(of_a[name], of_b[name]) for name in names], np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


def _by_name(source: FolderSource) -> dict[str, int]:
    rows = {source.name(file): row for row, file in enumerate(source.files)}
    if len(rows) < len(source):
        double = next(
            file for row, file in enumerate(source.files) if rows[source.name(file)] != row
        )
        raise ValueError(
            f"{shown(source.folder)} has two images of the name {shown(source.name(double))}, so "
            "it is not clear which is the partner: remove one"
        )
    return rows


def _pixels(size: tuple[int, int]) -> str:
    height, width = size
    return f"{height} x {width}"
