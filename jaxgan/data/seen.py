"""What is known of the pictures of folders, kept so that a start need not decode all of them."""

import contextlib
import hashlib
import io
import json
import os
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from jaxgan.data.archives import Archive
from jaxgan.data.decoding import ValueRange, decode
from jaxgan.data.paths import cache_folder, is_text

# A file that changes twice within a tick of its file system's clock has the same times after both.
_TICK = 2 * 10**9


class Picture(NamedTuple):
    """A file that was decoded to its last pixel.

    Attributes:
        digest: Of its bytes.
        file_size: In bytes.
        size: (H, W), turned as its EXIF orientation says.
        transparent: Whether a pixel is not opaque.
    """

    digest: str
    file_size: int
    size: tuple[int, int]
    transparent: bool


class _Stamp(NamedTuple):
    """What a file system changes where a file changes; the size first.

    Of a file in a zip: its size, the zip's times, and its checksum as the inode.
    """

    file_size: int
    modified: int
    changed: int
    inode: int


_Kept = dict[str, tuple[_Stamp, Picture]]


def look_at(
    folder: Path,
    names: Sequence[Path],
    *,
    value_range: ValueRange | None = None,
    archive: Archive | None = None,
) -> list[Picture | str]:
    """Decode the files of a folder, and digest them, each once: later calls know it.

    What was found is kept in `$XDG_CACHE_HOME/jaxgan/folders`, a file a folder and range, and
    believed of every file whose size, times and inode are the same. Where that cannot be read or
    written, the files are decoded again.

    Args:
        folder: Where they are.
        names: Their places in it.
        value_range: As `decode` takes it.
        archive: The zip that they are in, if `folder` is one.

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
        elif picture is not None and stamp == _stamp_in(folder, place_in_folder, archive):
            seen[name] = picture
            keep[place_in_folder] = kept[place_in_folder]
    new = [name for name in names if name not in seen]
    try:
        with warnings.catch_warnings(), ThreadPoolExecutor() as threads:
            # What is too large is refused in a sentence, which this would say before.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            found = track(
                threads.map(lambda name: _look(folder, name, value_range, archive), new),
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


def _look(
    folder: Path, name: Path, value_range: ValueRange | None, archive: Archive | None
) -> tuple[_Stamp | None, Picture | str]:
    """What a file is, or why it cannot be decoded; and its stamp, where that can be relied on."""
    now, place = time.time_ns(), name.as_posix()
    stamp = _stamp_in(folder, place, archive)
    try:
        with (
            (folder / name).open("rb") if archive is None else io.BytesIO(archive.read(place))
        ) as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()[:32]
            size = opened.seek(0, os.SEEK_END)
            opened.seek(0)
            pixels = decode(opened, value_range=value_range, alpha=True)
    except OSError as error:
        return None, f"cannot be read ({error.strerror or error})"
    except ValueError as error:
        return None, str(error)
    height, width, channels = pixels.shape
    transparent = channels == 4 and pixels[..., 3].min().item() < 255
    settled = (
        stamp is not None
        and stamp.changed < now - _TICK
        and stamp == _stamp_in(folder, place, archive)
    )
    return stamp if settled else None, Picture(digest, size, (height, width), transparent)


def _stamp_in(folder: Path, name: str, archive: Archive | None) -> _Stamp | None:
    if archive is not None:
        member = archive.members[name]
        return _Stamp(member.size, *archive.changed, member.checksum)
    try:
        status = os.stat(f"{folder}/{name}")
    except OSError:
        return None
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

    return f"2, Pillow {__version__}"


def _read(place: Path | None) -> _Kept:
    try:
        record = json.loads(place.read_bytes()) if place is not None else {}
        if record.get("decoder") != _decoder():
            return {}
        kept = {}
        for name, (*stamp, digest, height, width, transparent) in record["files"].items():
            numbers, size = _Stamp(*map(int, stamp)), (int(height), int(width))
            kept[str(name)] = (
                numbers,
                Picture(str(digest), numbers.file_size, size, bool(transparent)),
            )
        return kept
    # A file can be missing, and damaged in as many ways as there are exceptions.
    except Exception:
        return {}


def _write(place: Path | None, kept: Mapping[str, tuple[_Stamp, Picture]]) -> None:
    if place is None:
        return
    files = {
        name: [*stamp, picture.digest, *picture.size, picture.transparent]
        for name, (stamp, picture) in kept.items()
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
