"""What is known of the pictures of folders, kept so that a start need not decode all of them."""

import contextlib
import hashlib
import json
import os
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from jaxgan.data.decoding import ValueRange, decode
from jaxgan.data.paths import StrPath, cache_folder, is_text

# A file that changes twice within a tick of its file system's clock has the same times after both.
_TICK = 2 * 10**9


class Picture(NamedTuple):
    """A file that was decoded to its last pixel.

    Attributes:
        digest: Of its bytes.
        file_size: In bytes.
        size: (H, W), turned as its EXIF orientation says.
    """

    digest: str
    file_size: int
    size: tuple[int, int]


class _Stamp(NamedTuple):
    """What a file system changes where a file changes; the size first."""

    file_size: int
    modified: int
    changed: int
    inode: int


_Kept = dict[str, tuple[_Stamp, Picture]]


def look_at(
    folder: Path, names: Sequence[Path], *, value_range: ValueRange | None = None
) -> list[Picture | str]:
    """Decode the files of a folder, and digest them, each once: later calls know it.

    What was found is kept in `$XDG_CACHE_HOME/jaxgan/folders`, a file a folder and range, and
    believed of every file whose size, times and inode are the same. Where that cannot be read or
    written, the files are decoded again.

    Args:
        folder: Where they are.
        names: Their places in it.
        value_range: As `decode` takes it.

    Returns:
        For each name what it is, or in a few words why it cannot be decoded.
    """
    from PIL import Image
    from rich.console import Console
    from rich.progress import track

    place = _place(folder, value_range)
    kept = _read(place)
    seen: dict[Path, Picture | str] = {}
    keep: _Kept = {}
    for name in names:
        place_in_folder = name.as_posix()
        stamp, picture = kept.get(place_in_folder, (None, None))
        if not is_text(name):
            seen[name] = "has a name that is not in UTF-8"
        # Texts here, as paths would take longer than the file system does.
        elif picture is not None and stamp == _stamp_of(f"{folder}/{place_in_folder}"):
            seen[name] = picture
            keep[place_in_folder] = kept[place_in_folder]
    new = [name for name in names if name not in seen]
    try:
        with warnings.catch_warnings(), ThreadPoolExecutor() as threads:
            # What is too large is refused in a sentence, which this would say before.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            found = track(
                threads.map(lambda name: _look(folder / name, value_range), new),
                description="checking images",
                total=len(new),
                console=Console(stderr=True),
                disable=len(new) < 2000,
                transient=True,
            )
            try:
                for name, (stamp, what) in zip(new, found, strict=True):
                    seen[name] = what
                    if stamp is not None and isinstance(what, Picture):
                        keep[name.as_posix()] = stamp, what
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise
    finally:
        # Whoever stops a long first look does not begin again.
        if keep != kept:
            _write(place, keep)
    return [seen[name] for name in names]


def _look(file: Path, value_range: ValueRange | None) -> tuple[_Stamp | None, Picture | str]:
    """What a file is, or why it cannot be decoded; and its stamp, where that can be relied on."""
    now = time.time_ns()
    try:
        with file.open("rb") as opened:
            stamp = _stamp(os.fstat(opened.fileno()))
            digest = hashlib.file_digest(opened, "sha256").hexdigest()[:32]
            opened.seek(0)
            height, width, _ = decode(opened, value_range=value_range).shape
    except OSError as error:
        return None, f"cannot be read ({error.strerror or error})"
    except ValueError as error:
        return None, str(error)
    settled = stamp.changed < now - _TICK and stamp == _stamp_of(file)
    return stamp if settled else None, Picture(digest, stamp.file_size, (height, width))


def _stamp_of(file: StrPath) -> _Stamp | None:
    try:
        return _stamp(os.stat(file))
    except OSError:
        return None


def _stamp(status: os.stat_result) -> _Stamp:
    return _Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _place(folder: Path, value_range: ValueRange | None) -> Path | None:
    """The file that is kept of a folder; None where there is no place for it."""
    caches = cache_folder()
    if caches is None:
        return None
    name = hashlib.sha256(os.fsencode(folder.absolute()) + f"\0{value_range}".encode()).hexdigest()
    return caches / "folders" / f"{name[:32]}.json"


def _decoder() -> str:
    """What decided whether a file can be decoded: another Pillow may read others."""
    from PIL import __version__

    return f"1, Pillow {__version__}"


def _read(place: Path | None) -> _Kept:
    try:
        record = json.loads(place.read_bytes()) if place is not None else {}
        if record.get("decoder") != _decoder():
            return {}
        kept = {}
        for name, (*stamp, digest, height, width) in record["files"].items():
            numbers = _Stamp(*map(int, stamp))
            kept[str(name)] = (
                numbers,
                Picture(str(digest), numbers.file_size, (int(height), int(width))),
            )
        return kept
    # A file can be missing, and damaged in as many ways as there are exceptions.
    except Exception:
        return {}


def _write(place: Path | None, kept: Mapping[str, tuple[_Stamp, Picture]]) -> None:
    if place is None:
        return
    files = {
        name: [*stamp, picture.digest, *picture.size] for name, (stamp, picture) in kept.items()
    }
    # Whole or not there, whoever else writes it; and where it cannot be written, the next start
    # looks again.
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=place.parent, delete=False) as draft:
            try:
                json.dump({"decoder": _decoder(), "files": files}, draft)
                draft.close()
                os.replace(draft.name, place)
            except BaseException:
                os.unlink(draft.name)
                raise
