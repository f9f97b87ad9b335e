"""The runtime of ONNX in a browser: a user's own, or fetched once by the user's npm and kept."""

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from jaxgan.data import cache_folder
from jaxgan.report import Runtime
from jaxgan.training import RunError

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
"""Of the runtime that is fetched."""
_DIGESTS = (
    "219e6a1fc8a9938268d18efca3c91d310bd2f4a59bbd13744df5b2b7fc6cee3b",
    "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b",
    "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
)
_THREADED = "ort-wasm-simd-threaded"
FILES = dict(
    zip(("ort.wasm.min.mjs", f"{_THREADED}.mjs", f"{_THREADED}.wasm"), _DIGESTS, strict=True)
)
"""What is taken of the package's folder `dist`, in the order of `Runtime`, and their SHA-256."""
_PLACES = (".", "dist", f"node_modules/{PACKAGE}/dist")
"""Where a user's folder may have them."""
_PATIENCE = 600
"""Seconds that npm may take."""


def find_runtime(folder: Path | None) -> Runtime:
    """The runtime of a folder, or where none is named of the cache, which npm fills once.

    Args:
        folder: the package onnxruntime-web of any version, its folder `dist`, or one with
            `node_modules`.

    Raises:
        RunError: where the folder has it not, or there is neither a folder nor npm, or npm cannot
            fetch it.
    """
    if folder is not None:
        for place in _PLACES:
            if all((folder / place / name).is_file() for name in FILES):
                return Runtime(*((folder / place / name).read_bytes() for name in FILES))
        raise RunError(
            f"--runtime {folder} has not the files {', '.join(FILES)}: give the folder dist of the "
            f"npm package {PACKAGE}"
        )
    kept = cache_folder()
    kept = kept and kept / f"{PACKAGE}-{VERSION}"
    if kept and all((kept / name).is_file() for name in FILES):
        files = {name: (kept / name).read_bytes() for name in FILES}
        if _wrong(files) is None:
            return Runtime(*(files[name] for name in FILES))
        shutil.rmtree(kept)
    files = _fetched()
    if (wrong := _wrong(files)) is not None:
        raise RunError(
            f"{wrong} of {PACKAGE} {VERSION} is not the file that was expected: try again"
        )
    if kept:
        _keep(files, kept)
    return Runtime(*(files[name] for name in FILES))


def _fetched() -> dict[str, bytes]:
    npm = shutil.which("npm")
    if npm is None:
        raise RunError(
            "the page needs the runtime of ONNX for browsers, and there is no npm to fetch it: "
            f"install Node.js, or give --runtime FOLDER, the folder dist of the package {PACKAGE}"
        )
    print(f"npm fetches {PACKAGE} {VERSION}, once", flush=True)
    with tempfile.TemporaryDirectory() as place:
        command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--pack-destination", place]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_PATIENCE, cwd=place, check=False
            )
        except subprocess.TimeoutExpired:
            raise RunError(f"npm did not answer for {_PATIENCE // 60} minutes: try again") from None
        packed = next(Path(place).glob("*.tgz"), None)
        if done.returncode or packed is None:
            said = (done.stderr.strip() or "it says nothing").splitlines()[0]
            raise RunError(
                f"npm could not fetch {PACKAGE} {VERSION} ({said}): try again with a network, or "
                "give --runtime FOLDER"
            )
        with tarfile.open(packed) as archive:
            inside = {f"package/dist/{name}": name for name in FILES}
            members = {
                inside[it.name]: archive.extractfile(it) for it in archive if it.name in inside
            }
            return {name: file.read() for name, file in members.items() if file is not None}


def _wrong(files: Mapping[str, bytes]) -> str | None:
    """The first file that is not there or not what it should be."""
    for name, digest in FILES.items():
        if hashlib.sha256(files.get(name, b"")).hexdigest() != digest:
            return name
    return None


def _keep(files: Mapping[str, bytes], folder: Path) -> None:
    """Whole or not at all; where there is no room, it is fetched again next time."""
    draft = folder.with_suffix(f".{os.getpid()}.part")
    try:
        draft.mkdir(parents=True)
        for name, file in files.items():
            (draft / name).write_bytes(file)
        draft.rename(folder)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
