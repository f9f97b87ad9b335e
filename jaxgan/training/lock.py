"""A run belongs to one process at a time."""

import contextlib
import datetime
import errno
import json
import os
import shutil
import socket
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from jaxgan.training.errors import RunError

LOCK = "lock"
"""The file in a run's directory that the process which trains it has locked."""

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


class Lock:
    """The hold that this process has on a directory; it goes with the process, however that ends.

    It is the operating system's (`flock`), which network file systems pass on where they can. Where
    one has no locks at all, the process that is written in the file counts, if it is on this host
    and lives.

    Raises:
        RunError: where another process has it, or the directory cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        try:
            self._file = _locked(directory / LOCK)
        except BlockingIOError:
            raise RunError(
                f"{directory} is being trained {_by_whom(directory / LOCK)}: wait until it has "
                "ended, or stop it and resume the run"
            ) from None
        except OSError as error:
            raise RunError(
                f"{directory} cannot be written ({error.strerror}): a run is trained where it is, "
                "so make it writable, or copy it elsewhere"
            ) from error
        self._file.seek(0)
        now = datetime.datetime.now().isoformat(sep=" ", timespec="minutes")
        holder = {"process": os.getpid(), "host": socket.gethostname(), "since": now}
        with contextlib.suppress(OSError):  # a full disk: the lock holds without a name on it
            self._file.truncate()
            self._file.write(json.dumps(holder) + "\n")
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        if not _is_at(self._file, self.directory / LOCK):
            self._clear()
        with contextlib.suppress(OSError):
            self._file.close()

    def _clear(self) -> None:
        """Remove what a checkpoint that was being saved has left where the run was before.

        What is whole stays, and so does a run that somebody has begun there.
        """
        checkpoints = self.directory / "checkpoints"
        with contextlib.suppress(OSError):
            if {path.name for path in self.directory.iterdir()} == {"checkpoints"}:
                for half in checkpoints.glob("*.orbax-checkpoint-tmp*"):
                    shutil.rmtree(half)
                checkpoints.rmdir()
                self.directory.rmdir()

    def check(self) -> None:
        """See that the directory is still where it was.

        Raises:
            RunError: where it was moved or removed; says where to, where that can be known.
        """
        if _is_at(self._file, self.directory / LOCK):
            return
        raise RunError(
            f"{self.directory} was moved or removed while it was trained{self._now_at()}: it is "
            "left as it was at its newest checkpoint; resume it where it is now"
        )

    def _now_at(self) -> str:
        try:
            place = Path(os.readlink(f"/proc/self/fd/{self._file.fileno()}"))
        except OSError:
            return ""
        return f" (it is now {place.parent})" if _is_at(self._file, place) else ""


def _locked(path: Path) -> IO[str]:
    import fcntl

    while True:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666), "r+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            if error.errno not in _NO_LOCKS:
                raise
            if _lives(_holder(path)):
                raise BlockingIOError from error
            return path.open("r+")
        if _is_at(file, path):
            return file
        file.close()  # another process has made way meanwhile, and taken the file along


def _is_at(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def _holder(path: Path) -> dict[str, object]:
    try:
        holder = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}


def _by_whom(path: Path) -> str:
    holder = _holder(path)
    if not {"process", "host", "since"} <= holder.keys():
        return "by another process"
    return f"by process {holder['process']} on {holder['host']}, since {holder['since']}"


def _lives(holder: dict[str, object]) -> bool:
    process = holder.get("process")
    if holder.get("host") != socket.gethostname() or not isinstance(process, int) or process <= 0:
        return False
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
