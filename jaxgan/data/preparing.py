"""Preparing folders of pictures once: `prepared.json` and the pixels beside it."""

import contextlib
import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import numpy as np

from jaxgan.data.decoding import ValueRange
from jaxgan.data.folder import FolderSource, folder_source
from jaxgan.data.paired import check_halves
from jaxgan.data.paths import StrPath, shown, to_path
from jaxgan.data.prepared import Prepared
from jaxgan.data.prepared_files import (
    CHUNKS,
    PREPARED,
    PREPARING,
    Chunk,
    Plan,
    Version,
    pixels_name,
    read_chunks,
    read_plan,
    read_whole,
    to_json,
    whole_to_json,
)
from jaxgan.data.transforms import Half, Transform

# Pictures that are written together: what an interruption loses at most.
_CHUNK = 128


def prepare_folder(
    folder: StrPath,
    output: StrPath,
    *,
    transforms: Sequence[Transform],
    halves: bool = False,
    skip_unreadable: bool = False,
    value_range: ValueRange | None = None,
) -> Prepared:
    """Prepare the pictures of a folder, so that `folder_source` reads them without decoding.

    An interruption at any moment costs a few pictures: called again it goes on, and what is there
    already is compared with its digests first. So it also makes good what was damaged since.

    Args:
        folder: As `folder_source` takes it.
        output: Where they go: a new folder, or one that was begun in this way.
        transforms: What happens to each picture: one or more, such as one for training and one for
            testing.
        halves: Whether each is two pictures side by side, each of which is prepared.
        skip_unreadable: Whether a file that cannot be decoded is left out, rather than refused.
        value_range: As `folder_source` takes it.

    Returns:
        What is there now.

    Raises:
        ValueError: where `folder_source` or `side_by_side` does; or where the output holds
            something else, cannot be written, or is being prepared by another process.
    """
    output = to_path(output)
    source = open_unprepared(
        folder,
        transform=transforms[0],
        halves=halves,
        skip_unreadable=skip_unreadable,
        value_range=value_range,
    )
    plan = _plan(source, transforms, halves=halves)
    done = 0
    try:
        with _begun(output, plan) as (lines, files, chunks):
            done = sum(chunk.count for chunk in chunks)
            for chunk in _prepared(source, transforms, files, start=done, halves=halves):
                lines.write(_line(chunk))
                _flush(lines)
                chunks.append(chunk)
                done += chunk.count
            _write_whole(output / PREPARED, whole_to_json(plan, chunks))
            for name in (PREPARING, CHUNKS):
                (output / name).unlink(missing_ok=True)
    except OSError as error:
        raise ValueError(
            f"{shown(output)} cannot be written after {done:,} of {len(source):,} pictures "
            f"({error.strerror}): make that possible, and give the command again, which goes on"
        ) from error
    return Prepared(output, plan)


def open_unprepared(
    folder: StrPath,
    *,
    transform: Transform,
    halves: bool,
    skip_unreadable: bool,
    value_range: ValueRange | None,
) -> FolderSource:
    """Open a folder that can be prepared.

    Args:
        folder: As `folder_source` takes it.
        transform: What happens to each picture.
        halves: Whether each is two pictures side by side.
        skip_unreadable: As `folder_source` takes it.
        value_range: As `folder_source` takes it.

    Raises:
        ValueError: where `prepare_folder` would refuse the folder.
    """
    source = folder_source(
        folder,
        transform=Half(transform, right=False) if halves else transform,
        skip_unreadable=skip_unreadable,
        value_range=value_range,
    )
    if source.prepared is not None:
        raise ValueError(
            f"{shown(folder)} is prepared already: give the folder that the pictures come from"
        )
    if halves:
        check_halves(source)
    return source


def _plan(source: FolderSource, transforms: Sequence[Transform], *, halves: bool) -> Plan:
    def names(files: Sequence[Path]) -> tuple[str, ...]:
        return tuple(file.relative_to(source.folder).as_posix() for file in files)

    return Plan(
        names=names(source.files),
        sizes=source.sizes,
        classes=source.classes,
        contents=source.contents,
        names_and_sizes=source.names_and_sizes,
        left_out=names(source.left_out),
        passed_over=source.passed_over,
        value_range=source.value_range,
        halves=halves,
        versions=tuple(Version(repr(transform), transform.shape) for transform in transforms),
        labels=_plain(source.labels) if source.from_file and source.has_labels else (),
        from_file=source.from_file,
        transparent=source.transparent,
    )


def _plain(labels: np.ndarray) -> tuple[int, ...] | tuple[tuple[float, ...], ...]:
    rows = labels.tolist()
    return tuple(rows) if labels.ndim == 1 else tuple(map(tuple, rows))


@contextlib.contextmanager
def _begun(output: Path, plan: Plan) -> Iterator[tuple[IO[bytes], list[IO[bytes]], list[Chunk]]]:
    """Begin a folder, or go on with one: open files, each at its end, and the chunks before it."""
    output.mkdir(parents=True, exist_ok=True)
    begun = _state(output)[0]
    strangers = [path for path in output.iterdir() if path.name != f"{PREPARING}.part"]
    if begun != plan and strangers:
        other = "other pictures, or the same in another way" if begun else "something"
        raise ValueError(f"{shown(output)} already holds {other}: name another folder (--output)")
    with contextlib.ExitStack() as stack:
        lines = stack.enter_context((output / CHUNKS).open("ab"))
        _lock(lines, output)
        _, chunks, complete = _state(output)  # another process may have ended it meanwhile
        names = [pixels_name(index) for index in range(len(plan.versions))]
        files = [stack.enter_context(_open_to_go_on(output / name)) for name in names]
        whole = _whole(files, plan, chunks)
        if complete and len(whole) < len(chunks):
            complete = False
            lines.truncate(0)
            lines.writelines(_line(chunk) for chunk in whole)
            _flush(lines)
            _write_whole(output / PREPARING, to_json(plan))
            (output / PREPARED).unlink()  # until all is whole again
        elif not complete:
            _write_whole(output / PREPARING, to_json(plan))
            lines.truncate(sum(len(_line(chunk)) for chunk in whole))
        yield lines, files, whole


def _state(output: Path) -> tuple[Plan | None, Sequence[Chunk], bool]:
    """The plan that a folder was begun with, the chunks that it has, and whether these are all."""
    if (output / PREPARED).is_file():
        return *read_whole(output), True
    if (output / PREPARING).is_file():
        return read_plan(output), read_chunks(output), False
    return None, (), False


def _lock(lines: IO[bytes], output: Path) -> None:
    import fcntl

    try:
        fcntl.flock(lines, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ValueError(
            f"{shown(output)} is being prepared by another process: wait for its end"
        ) from error
    except OSError:  # a file system without locks
        pass


def _open_to_go_on(path: Path) -> IO[bytes]:
    path.touch()
    return path.open("r+b")


def _line(chunk: Chunk) -> bytes:
    return f"{to_json(chunk)}\n".encode()


def _whole(files: Sequence[IO[bytes]], plan: Plan, chunks: Sequence[Chunk]) -> list[Chunk]:
    """The first chunks that are in all files as their digests say; the files end behind them."""
    heads = [_head(plan.shape(index)) for index in range(len(files))]
    if [file.read(len(head)) for file, head in zip(files, heads, strict=True)] != heads:
        chunks = []
    whole = []
    ends = [len(head) for head in heads]
    for chunk in chunks:
        counts = [chunk.count * int(np.prod(plan.shape(i)[1:])) for i in range(len(files))]
        read = [file.read(count) for file, count in zip(files, counts, strict=True)]
        if tuple(hashlib.sha256(part).hexdigest() for part in read) != chunk.digests:
            break
        whole.append(chunk)
        ends = [end + count for end, count in zip(ends, counts, strict=True)]
    for file, head, end in zip(files, heads, ends, strict=True):
        file.seek(0)
        file.write(head)
        file.truncate(end)
        file.seek(end)
    return whole


def _head(shape: tuple[int, ...]) -> bytes:
    """What stands before the numbers of a .npy file."""
    file = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue()


def _prepared(
    source: FolderSource,
    transforms: Sequence[Transform],
    files: Sequence[IO[bytes]],
    *,
    start: int,
    halves: bool,
) -> Iterator[Chunk]:
    """Write the pictures from `start` on, chunk by chunk."""
    from rich.console import Console
    from rich.progress import track

    alpha = any(transform.alpha for transform in transforms)

    def prepare(file: Path) -> list[bytes]:
        image = source.decode(file, alpha=alpha)
        middle = image.shape[1] // 2
        parts = [image[:, :middle], image[:, middle:]] if halves else [image]
        return [b"".join(t.prepare(part).tobytes() for part in parts) for t in transforms]

    console = Console(stderr=True)
    starts = range(start, len(source), _CHUNK)
    before = -(-start // _CHUNK)
    with ThreadPoolExecutor() as threads:
        for first in track(
            starts,
            description=f"preparing {len(source):,} pictures",
            total=before + len(starts),
            completed=before,
            console=console,
            disable=not console.is_terminal,
            transient=True,
        ):
            results = list(threads.map(prepare, source.files[first : first + _CHUNK]))
            digests = []
            for index, file in enumerate(files):
                pixels = b"".join(versions[index] for versions in results)
                file.write(pixels)
                _flush(file)
                digests.append(hashlib.sha256(pixels).hexdigest())
            yield Chunk(len(results), tuple(digests))


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _write_whole(path: Path, text: str) -> None:
    """Write a file that is whole or not there."""
    draft = path.with_name(f"{path.name}.part")
    with draft.open("wb") as file:
        file.write(text.encode())
        _flush(file)
    os.replace(draft, path)
