"""Faces as pixels: drawn once, in parallel, from where the last attempt ended."""

import functools
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

# Faces that one process draws: more work than its start.
_CHUNK = 500


def draw_all(
    source: str,
    folder: Path,
    faces: Sequence[Mapping[str, Any]],
    *,
    view: tuple[float, float, float],
    size: int,
) -> list[Path]:
    """Draw faces into archives of a few hundred each, except those that are there already.

    An archive is there whole or not at all, so an attempt that was stopped can be taken up again.

    Args:
        source: What DiceBear calls the style.
        folder: Where the archives go; made if need be.
        faces: The options of each face.
        view: Left, top and side of the square that is shown.
        size: S, pixels on a side.

    Returns:
        The archives: zip files of `N.png`, `[S, S, 3]` uint8, N being the number of the face.

    Raises:
        RuntimeError: where a face cannot be drawn.
    """
    from rich.console import Console
    from rich.progress import track

    folder.mkdir(parents=True, exist_ok=True)
    parts = {
        folder / f"{low:06}-{min(low + _CHUNK, len(faces)) - 1:06}.zip": low
        for low in range(0, len(faces), _CHUNK)
    }
    missing = [path for path in parts if not path.exists()]

    def draw(path: Path) -> None:
        low = parts[path]
        options = {low + index: face for index, face in enumerate(faces[low : low + _CHUNK])}
        _draw_elsewhere({"source": source, "view": view, "size": size, "faces": options}, path)

    threads = ThreadPoolExecutor(os.cpu_count())
    try:
        for _ in track(
            threads.map(draw, missing),
            total=len(missing),
            description=f"drawing {len(faces):,} faces at {size} pixels",
            console=Console(stderr=True),
            disable=not missing,
            transient=True,
        ):
            pass
    finally:
        threads.shutdown(cancel_futures=True)
    return list(parts)


def read_drawings(path: Path) -> dict[int, bytes]:
    """Read an archive: the pictures, encoded as PNG, by number."""
    with zipfile.ZipFile(path) as archive:
        return {int(Path(name).stem): archive.read(name) for name in archive.namelist()}


def draw_archive(work: Mapping[str, Any], path: Path) -> None:
    """Draw faces, on white, into one archive.

    Args:
        work: `source`, `view` and `size` as of `draw_all`, and `faces`, options by number.
        path: The archive.
    """
    import resvg_py
    from dicebear import Avatar
    from PIL import Image

    style = open_style(work["source"])
    canvas = style.canvas()
    left, top, side = work["view"]
    whole = f'viewBox="0 0 {canvas.width():g} {canvas.height():g}"'
    size = work["size"]
    partial = path.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(partial, "w") as archive:
        for number, options in work["faces"].items():
            svg = Avatar(style, options).to_string()
            drawn = resvg_py.svg_to_bytes(
                svg_string=svg.replace(whole, f'viewBox="{left} {top} {side} {side}"', 1),
                width=size,
                height=size,
                background="white",
                skip_system_fonts=True,
            )
            encoded = io.BytesIO()
            with Image.open(io.BytesIO(drawn)) as image:
                image.convert("RGB").save(encoded, "PNG")
            archive.writestr(f"{number}.png", encoded.getvalue())
    partial.replace(path)


@functools.cache
def open_style(source: str) -> Any:
    """Open a style that `dicebear-styles` ships, a `dicebear.Style`: its check takes a second."""
    from importlib.resources import files

    from dicebear import Style

    text = files("dicebear_styles").joinpath(f"{source}.json").read_text(encoding="utf-8")
    return Style.from_json(text)


def _draw_elsewhere(work: Mapping[str, Any], path: Path) -> None:
    # This file, run by itself: the drawing keeps the interpreter's lock, so threads would not do,
    # and processes of multiprocessing would run the main script of the person who asked again.
    command = [sys.executable, "-P", __file__, str(path)]
    done = subprocess.run(command, input=json.dumps(work), capture_output=True, text=True)
    if done.returncode:
        why = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1]
        raise RuntimeError(f"the faces of {path.stem} cannot be drawn: {why}")


if __name__ == "__main__":
    draw_archive(json.load(sys.stdin), Path(sys.argv[1]))
