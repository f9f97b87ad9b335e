"""What networks see in sets of real pictures: looked at once, then read from the cache."""

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.data import Source, StrPath, cache_folder, to_path
from jaxgan.metrics import Moments
from jaxgan.recipes.extractors import Activations, Extractor
from jaxgan.recipes.measures import Reference
from jaxgan.training import draft

_CHUNK = 512
"""How many pictures are read at once."""


def seen_in(
    source: Source,
    extractor: Extractor,
    *,
    say: Callable[[str], None] = print,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Activations:
    """What a network sees in the pictures of a source, in the order of their numbers.

    It is kept in `$XDG_CACHE_HOME/jaxgan`, by the source's fingerprint and length, and the
    network's weights and inputs: 4 bytes a feature and picture, as 400 MB for 50,000 of 2,048.

    Args:
        source: reads `image`, `[N, H, W, C]` uint8.
        extractor: the network.
        say: is told that they are looked at, and where what was seen cannot be kept.
        progress: is told how many pictures are done, and of how many.
    """
    count = len(source)
    key = "|".join([source.fingerprint, str(count), extractor.digest, extractor.inputs])
    folder = cache_folder()
    name = f"seen_{hashlib.sha256(key.encode()).hexdigest()[:20]}.npz"
    path = None if folder is None else folder / name
    if path is not None and (seen := _kept(path, count)) is not None:
        return seen
    say(f"{count:,} real pictures are looked at, once, with the {extractor.name}")

    def chunks() -> Iterator[np.ndarray]:
        for start in range(0, count, _CHUNK):
            progress(start, count)
            yield source.read(np.arange(start, min(start + _CHUNK, count)))["image"]

    seen = extractor.see_all(chunks())
    progress(count, count)
    if path is None:
        say("what was seen is not kept: this user has no home; set XDG_CACHE_HOME")
        return seen
    arrays: dict[str, Any] = {} if seen.logits is None else {"logits": seen.logits}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft(path) as part, part.open("wb") as file:
            np.savez(file, features=seen.features, **arrays)
    except OSError as error:
        say(f"what was seen is not kept: {folder} cannot be written ({error.strerror})")
    return seen


def _kept(path: Path, count: int) -> Activations | None:
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = dict(file)
        seen = Activations(arrays["features"], arrays.get("logits"))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # absent, or cut short
        return None
    return seen if seen.count == count else None


def write_statistics(path: StrPath, seen: Activations, extractor: Extractor, told: str) -> None:
    """Write mean and covariance of features, as `mu` and `sigma` of an .npz, for others to read.

    Args:
        path: of the file.
        seen: in the pictures.
        extractor: with what.
        told: what the pictures are.
    """
    mean, covariance = Moments.init(seen.features.shape[1]).update(seen.features).compute(ddof=1)
    with draft(to_path(path)) as part, part.open("wb") as file:
        np.savez(
            file,
            mu=mean,
            sigma=covariance,
            count=seen.count,
            features=extractor.name,
            inputs=extractor.inputs,
            digest=extractor.digest,
            pictures=told,
        )


def read_statistics(path: StrPath, extractor: Extractor) -> tuple[Reference, str]:
    """Mean and covariance of real pictures' features, from an .npz with `mu` and `sigma`.

    Args:
        path: of the file: of `write_statistics`, of pytorch-fid, of clean-fid, of TTUR, ...
        extractor: with what they are to be compared; of files that say with what they were made,
            it has to be the same.

    Returns:
        The statistics, and what the file says of the pictures, or its name and digest.

    Raises:
        ValueError: where it is no such file, or its statistics are of another network, of other
            inputs, or of other dimensions than belong together, or not finite.
        OSError: where it cannot be read.
    """
    path = to_path(path)
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except (ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
        raise ValueError(
            f"{path} cannot be read as statistics, for it is no whole .npz of numbers: give one "
            "with mu and sigma"
        ) from None
    if not {"mu", "sigma"} <= set(found):
        there = ", ".join(sorted(found)) or "nothing"
        raise ValueError(f"{path} has no mu and sigma, but {there}: give statistics of features")
    for name, wanted in [
        ("features", extractor.name),
        ("inputs", extractor.inputs),
        ("digest", extractor.digest),
    ]:
        if name in found and str(found[name]) != wanted:
            raise ValueError(
                f"{path} was made by another protocol: its {name} are '{found[name]}', and here "
                f"'{wanted}'; evaluate by that, or make the statistics anew (--write-statistics)"
            )
    for name in ("mu", "sigma"):
        if found[name].dtype.kind not in "fiu":
            raise ValueError(
                f"{path} has a {name} of {found[name].dtype}: give one of real numbers"
            )
    mean, covariance = (np.asarray(found[name], np.float64) for name in ("mu", "sigma"))
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)):
        raise ValueError(
            f"{path} has a mu of shape {list(mean.shape)} and a sigma of {list(covariance.shape)}: "
            "they are not of the same features"
        )
    for name, values in [("mu", mean), ("sigma", covariance)]:
        if not np.isfinite(values).all():
            raise ValueError(f"{path} has a {name} that is not finite: make the statistics anew")
    apart = np.abs(covariance - covariance.T).max(initial=0)
    if apart > 1e-4 * np.abs(covariance).max(initial=0):
        raise ValueError(
            f"{path} has a sigma that is not symmetric (by up to {apart:.2g}), so it is no "
            "covariance: make the statistics anew"
        )
    values = np.linalg.eigvalsh(covariance)
    if values[0] < -1e-3 * np.abs(values).max():
        raise ValueError(
            f"{path} has a sigma that is no covariance, for it has an eigenvalue of "
            f"{values[0]:.2g}: make the statistics anew"
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    told = str(found["pictures"]) if "pictures" in found else f"{path.name} sha256:{digest}"
    return Reference(mean, covariance), told
