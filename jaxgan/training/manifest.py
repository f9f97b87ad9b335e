"""The manifest of a run: all that is needed to repeat it, sealed with a digest of its own."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le
from pydantic import (
    BaseModel,
    ConfigDict,
    StrictInt,
    StrictStr,
    ValidationError,
)

from jaxgan.training.errors import RunError
from jaxgan.training.exported import is_exported

FORMAT = 2
"""Of the directory. A newer format than this is refused; one of format 1 has no digest."""

MAX_SEED = 2**31 - 1
"""The largest seed of a run, or of a picture."""


class _Leaf(BaseModel):
    shape: list[Annotated[StrictInt, Ge(0)]]
    dtype: StrictStr


class _Parent(BaseModel):
    directory: StrictStr
    step: Annotated[StrictInt, Ge(0)]
    digest: StrictStr
    taken: list[StrictStr]


class _Environment(BaseModel):
    model_config = ConfigDict(extra="allow")

    revision: StrictStr | None = None


class _Manifest(BaseModel):
    """What a manifest must have. More is allowed, and left as it is."""

    experiment: StrictStr
    configuration: dict[StrictStr, Any]
    seed: Annotated[StrictInt, Ge(0), Le(MAX_SEED)]
    devices: Annotated[StrictInt, Gt(0)]
    batch: dict[StrictStr, _Leaf]
    data: StrictStr
    environment: _Environment
    classes: list[StrictStr] = []
    parent: _Parent | None = None
    together: list[Annotated[StrictInt, Ge(0), Le(MAX_SEED)]] = []


def sealed(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with its format, and a digest of all of it."""
    manifest = {"format": FORMAT} | {k: v for k, v in manifest.items() if k != "digest"}
    return manifest | {"digest": _digest(manifest)}


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest of a run, checked.

    Raises:
        RunError: where there is none, or it cannot be used, or is not what the run wrote.
    """
    path = directory / "manifest.json"
    try:
        manifest = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(_no_manifest(directory)) from None
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror}): make it readable") from error
    except (ValueError, RecursionError):
        raise RunError(f"{directory} is no run: its manifest.json cannot be read") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise RunError(f"{directory} is no run: its manifest.json is none of a run")
    if manifest["format"] > FORMAT:
        raise RunError(
            f"{directory} is a run of format {manifest['format']}, and this jaxgan reads formats "
            f"up to {FORMAT}: use a newer jaxgan"
        )
    try:
        _Manifest.model_validate(manifest)
    except ValidationError as error:
        raise RunError(f"{path} cannot be used: {_fault(error)}; {_REMEDY}") from None
    if manifest["format"] > 1 and manifest.get("digest") != _digest(manifest):
        raise RunError(f"{path} was changed after the run wrote it (its digest differs): {_REMEDY}")
    return manifest


_REMEDY = "undo the change, or train a new run with the values that you want (train --from)"


def _no_manifest(directory: Path) -> str:
    if not directory.is_dir():
        what = "it is no folder" if directory.exists() else "there is nothing of that name"
        return f"{directory} is no run: {what}"
    if (directory / "lock").exists():
        return (
            f"{directory} is no run yet: it was stopped before its manifest.json was written, so "
            "nothing is lost; train it again under the same name"
        )
    if is_exported(directory):
        return (
            f"{directory} is what a run was exported to, which cannot be trained: make a run of it "
            "(restore)"
        )
    runs = sorted(path.parent.name for path in directory.glob("*/manifest.json"))
    if runs:
        return f"{directory} is no run, but holds some: name one or more, as {directory}/{runs[0]}"
    return f"{directory} is no run: it has no manifest.json; name the directory that train made"


def _fault(error: ValidationError) -> str:
    detail = error.errors()[0]
    field = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "missing":
        return f"it lacks {field}"
    wish = detail["msg"].removeprefix("Input should be ")
    return f"{field} = {repr(detail['input'])[:60]} will not do, it should be {wish}"


def _digest(manifest: dict[str, Any]) -> str:
    rest = {name: value for name, value in manifest.items() if name != "digest"}
    text = json.dumps(rest, sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
