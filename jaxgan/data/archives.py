"""Zips that are read in place: nothing is unpacked, and nothing stays open."""

import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from jaxgan.data.paths import shown

MOST_BYTES = 2**28
"""Of a file in a zip: more than a photograph of Pillow's largest size has, well below what a zip of
a few kilobytes can claim."""

_LOCAL_HEADER = 30  # bytes, and behind them the name and what systems add, of two lengths


class Member(NamedTuple):
    """Where a file lies in a zip, and what it must be when it is unpacked."""

    start: int
    packed_size: int
    size: int
    checksum: int
    method: int
    encrypted: bool


@dataclass(frozen=True, eq=False)
class Archive:
    """A zip. It pickles, and any number of threads and processes may read it at a time.

    Attributes:
        path: Where it is.
        members: Its files, by their names in it; folders and links are left aside.
        changed: Times of the zip's last changes, in nanoseconds, when it was opened.
    """

    path: Path
    members: Mapping[str, Member]
    changed: tuple[int, int]

    def below(self, folder: str) -> "Archive":
        """The files of one folder of the zip, by their names in that folder."""
        members = {
            name.removeprefix(folder): member
            for name, member in self.members.items()
            if name.startswith(folder)
        }
        return Archive(self.path, members, self.changed)

    def read(self, name: str) -> bytes:
        """Unpack a file.

        Args:
            name: One of `members`.

        Returns:
            Its bytes, which have the length and the checksum that the zip says.

        Raises:
            OSError: where the zip cannot be read.
            ValueError: where the file cannot be unpacked, or is larger than `MOST_BYTES`; words
                that follow its name.
        """
        member = self.members[name]
        if member.encrypted:
            raise ValueError("is encrypted: make the zip without a password")
        if member.size > MOST_BYTES:
            raise ValueError(
                f"would have {member.size:,} bytes, and no more than {MOST_BYTES:,} are read"
            )
        if member.method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(
                f"is packed by the method {member.method}: make the zip with deflate, or stored"
            )
        with self.path.open("rb") as file:
            file.seek(member.start)
            header = file.read(_LOCAL_HEADER)
            file.seek(sum(int.from_bytes(header[at : at + 2], "little") for at in (26, 28)), 1)
            # Unpacked, this can be a thousand times as much; it is no more than was claimed.
            content = file.read(min(member.packed_size, 2 * MOST_BYTES))
        if member.method == zipfile.ZIP_DEFLATED:
            try:
                content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, member.size + 1)
            except zlib.error as error:
                raise ValueError(f"cannot be unpacked ({error})") from error
        if len(content) != member.size or zlib.crc32(content) != member.checksum:
            raise ValueError("cannot be unpacked (it is not what the zip's checksum says)")
        return content


def open_archive(path: Path) -> Archive:
    """Read what is in a zip.

    Args:
        path: A file.

    Raises:
        ValueError: where it is no zip, cut short, holds two files of one name, or one that would
            lie outside of where it is unpacked.
    """
    status = path.stat()
    try:
        with zipfile.ZipFile(path) as opened:
            entries = opened.infolist()
    # Damaged lists of files raise whatever the numbers in them lead to.
    except Exception as error:
        raise ValueError(
            f"{shown(path)} is no folder, and cannot be read as a zip "
            f"({(str(error) or type(error).__name__).splitlines()[0]}): give a folder of images, "
            "or a zip of one that is whole"
        ) from error
    members: dict[str, Member] = {}
    for entry in entries:
        if entry.is_dir() or stat.S_ISLNK(entry.external_attr >> 16):
            continue
        place = PurePosixPath(entry.filename)
        if place.is_absolute() or ".." in place.parts:
            raise ValueError(
                f"{shown(path)} holds a file of the name {shown(entry.filename)}, which would lie "
                "outside of where it is unpacked: make the zip anew"
            )
        name = place.as_posix()
        if name in members:
            raise ValueError(
                f"{shown(path)} holds two files of the name {shown(name)}: make the zip anew"
            )
        members[name] = Member(
            start=entry.header_offset,
            packed_size=entry.compress_size,
            size=entry.file_size,
            checksum=entry.CRC,
            method=entry.compress_type,
            encrypted=bool(entry.flag_bits & 1),
        )
    return Archive(path, members, (status.st_mtime_ns, status.st_ctime_ns))
