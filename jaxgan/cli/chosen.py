"""The files that a person names: pictures, folders with all that is in them, patterns."""

import glob
from collections.abc import Sequence
from pathlib import Path

from jaxgan.data.folder import SUFFIXES
from jaxgan.training import RunError


def chosen_files(words: Sequence[str], *, taken: Path) -> dict[Path, Path]:
    """The files that are meant, by the names that their translations get.

    A folder's files keep their sub-folders; all others come to lie side by side.

    Args:
        words: files, folders, patterns.
        taken: a name that no translation may get.

    Raises:
        RunError: where there are none, or two would get one name.
    """
    found: dict[Path, Path] = {}
    for word in words:
        for name, file in _expand(word):
            other = found.setdefault(name.with_suffix(".png"), file)
            if not other.samefile(file):
                raise RunError(
                    f"{other} and {file} would both become {name.with_suffix('.png')}: rename one, "
                    "or translate them one after the other into folders of their own"
                )
    if not found:
        raise RunError("there is nothing to translate: name pictures, folders or patterns")
    for name, file in found.items():
        if taken in (name, *name.parents):
            raise RunError(f"{file} would take the sheet's name, {taken}: rename it")
        for folder in name.parents:
            if folder in found:
                raise RunError(
                    f"the folder of {file} and the translation of {found[folder]} would both be "
                    f"called {folder}: rename one"
                )
    return found


def _expand(word: str) -> list[tuple[Path, Path]]:
    """Names and files of a picture, a folder or a pattern."""
    path = Path(word).expanduser()
    if path.is_file():
        return [(Path(path.name), path)]
    if path.is_dir():
        files = sorted(path.rglob("*"))
    else:
        files = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]
    files = [
        file
        for file in files
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()
    ]
    if not files:
        raise RunError(
            f"there are no pictures at {word}: name a picture, a folder or a pattern of files of "
            f"the types {' '.join(sorted(SUFFIXES))}"
        )
    return [(file.relative_to(path) if path.is_dir() else Path(file.name), file) for file in files]
