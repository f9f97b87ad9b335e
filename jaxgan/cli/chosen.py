"""The files that a person names: pictures, folders with all that is in them, patterns."""

import glob
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from jaxgan.data import find_images, image_suffixes, is_hidden, shown, to_path
from jaxgan.training import RunError


def chosen_files(words: Sequence[str], *, taken: Path) -> dict[Path, Path]:
    """The files that are meant, by the names that their translations get.

    A folder's files keep their sub-folders; all others come to lie side by side. What is passed
    over in folders is said.

    Args:
        words: files, folders, patterns.
        taken: a name that no translation may get.

    Raises:
        RunError: where there are none, or two would get one name.
    """
    found: dict[Path, Path] = {}
    for word in words:
        for name, file in named_files(word):
            target = name.with_suffix(".png")
            other = found.setdefault(target, file)
            if not other.samefile(file):
                raise RunError(
                    f"{shown(other)} and {shown(file)} would both become {shown(target)}: rename "
                    "one, or translate them one after the other into folders of their own"
                )
    if not found:
        raise RunError("there is nothing to translate: name pictures, folders or patterns")
    for target, file in found.items():
        if taken in (target, *target.parents):
            raise RunError(f"{shown(file)} would take the sheet's name, {taken}: rename it")
        for folder in target.parents:
            if folder in found:
                raise RunError(
                    f"the translation of {shown(found[folder])} would have the name of the folder "
                    f"of {shown(file)}: rename one"
                )
    return found


def named_files(word: str) -> list[tuple[Path, Path]]:
    """Names and files of a picture, a folder or a pattern; what is passed over in it is said.

    Raises:
        RunError: where there are none.
    """
    path = to_path(word)
    if path.is_file():
        return [(Path(path.name), path)]
    if path.is_dir():
        found = find_images(path)
        if found.passed_over:
            print(f"passed over in {shown(path)}: {found}", file=sys.stderr)
        return [(place, path / place) for place in found.images]
    if path.exists():
        raise RunError(f"{shown(path)} is neither a file nor a folder: name one of these")
    files = _recursive(path) if "**" in path.parts else _flat(path)
    if not files:
        raise RunError(
            f"there are no pictures at {shown(word)}: name a picture, a folder, or a pattern of "
            "files of types that Pillow reads, such as .jpg, .png, .tiff and .webp"
        )
    return [(Path(file.name), file) for file in files]


def _flat(pattern: Path) -> list[Path]:
    """The pictures of a pattern without `**`; what it does not name itself may not be hidden."""
    return [
        file
        for file in map(Path, sorted(glob.glob(str(pattern))))
        if file.suffix.lower() in image_suffixes()
        and file.is_file()
        and not any(
            is_hidden(part)
            for part, said in zip(file.parts, pattern.parts, strict=True)
            if part != said
        )
    ]


def _recursive(pattern: Path) -> list[Path]:
    """The pictures of a pattern with `**`, which goes into folders as `find_images` does."""
    place = pattern.parts.index("**")
    files = []
    for folder in map(Path, sorted(glob.glob(str(Path(*pattern.parts[:place]))))):
        try:
            images = find_images(folder).images
        except ValueError:  # it has none
            continue
        tail = pattern.parts[place:]
        files += [folder / image for image in images if _matches(image.parts, tail)]
    return files


def _matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[start:], pattern[1:]) for start in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])
