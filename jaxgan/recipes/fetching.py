"""Published files of weights, fetched once into the cache."""

import hashlib
import os
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from jaxgan.data import cache_folder

_PIECE = 2**20
_PATIENCE = 60.0
"""Seconds that a server may be silent."""


@dataclass(frozen=True)
class PublishedFile:
    """A file that its authors publish.

    Attributes:
        name: in the cache.
        address: where it is fetched from.
        digest: SHA-256 of its bytes, in hexadecimal digits.
    """

    name: str
    address: str
    digest: str


INCEPTION_FILE = PublishedFile(
    "pt_inception-2015-12-05-6726825d.pth",
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
    "pt_inception-2015-12-05-6726825d.pth",
    "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
)
"""Of `jaxgan.weights.inception_variables`; 96 MB, Apache-2.0."""
VGG16_FILE = PublishedFile(
    "vgg16-397923af.pth",
    "https://download.pytorch.org/models/vgg16-397923af.pth",
    "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
)
"""Of `jaxgan.weights.vgg16_variables`; 553 MB."""
LPIPS_FILE = PublishedFile(
    "lpips-v0.1-vgg.pth",
    "https://github.com/richzhang/PerceptualSimilarity/raw/master/lpips/weights/v0.1/vgg.pth",
    "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
)
"""The heads of `jaxgan.weights.lpips_variables`; 7 KB, BSD-2-Clause."""


def fetched(file: PublishedFile, say: Callable[[str], object] = print) -> Path:
    """The file in `jaxgan.data.cache_folder`: as it lies there, or fetched now.

    It is there whole, with its digest, or not at all.

    Args:
        file: which.
        say: is told in a sentence where a file is fetched from.

    Returns:
        Its path.

    Raises:
        ValueError: where what lies there or what comes has another digest, which is deleted in the
            second case; where there is no cache, since the user has no home.
        OSError: where it cannot be fetched or written.
    """
    folder = cache_folder()
    if folder is None:
        raise ValueError(
            f"{file.name} cannot be kept: this user has no home; set XDG_CACHE_HOME, or give the "
            "file by its path"
        )
    path = folder / file.name
    if path.exists():
        with path.open("rb") as kept:
            found = hashlib.file_digest(kept, "sha256").hexdigest()
        if found != file.digest:
            raise ValueError(
                f"{path} is damaged: its SHA-256 begins with {found[:8]} and not with "
                f"{file.digest[:8]}; delete it, and it will be fetched anew"
            )
        return path
    say(f"fetching {file.name} from {file.address}")
    part = path.with_suffix(f".{os.getpid()}.part")  # another process may fetch it too
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as draft:
            found = _copied(file, draft.write)
        if found != file.digest:
            raise ValueError(
                f"{file.address} is another file: its SHA-256 begins with {found[:8]} and not with "
                f"{file.digest[:8]}; fetch {file.name} elsewhere, and give it by its path"
            )
        os.replace(part, path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return path


def _copied(file: PublishedFile, write: Callable[[bytes], object]) -> str:
    """The digest of what the address gives, which is written piece by piece."""
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(file.address, timeout=_PATIENCE) as source:
            while piece := source.read(_PIECE):
                digest.update(piece)
                write(piece)
    except (OSError, HTTPException) as error:
        raise OSError(
            f"{file.name} could not be fetched from {file.address} "
            f"({getattr(error, 'reason', error)}): fetch it elsewhere, and give it by its path"
        ) from error
    return digest.hexdigest()
