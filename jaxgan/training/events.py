"""Event files: what TensorBoard shows of a run."""

import io
import os
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxgan.training.lines import append_whole
from jaxgan.training.pictures import Picture
from jaxgan.training.run import Run


class Events:
    """Writes event files, each event at once.

    tensorboardX's own writer hands them to a thread, which a full disk ends, and then waits for it
    for ever. An event that cannot be written raises an `OSError` here, nothing of it stays in its
    file, and the next one begins a new file.
    """

    name = "TensorBoard's events"

    def __init__(self) -> None:
        self._folder = Path()
        self._forget: int | None = None
        self._path: Path | None = None

    def begin(self, run: Run, *, start: int, written: int) -> None:
        """Nothing is written yet; TensorBoard will forget what is after `start`, or all where 0."""
        self._folder = run.events
        # TensorBoard forgets what is at the step of such an event and later.
        self._forget = start + 1 if start else 0

    def add_terms(self, step: int, terms: Mapping[str, float]) -> None:
        """The terms of a step, as curves.

        Raises:
            OSError: where they cannot be written; it names the file.
        """
        self._add(step, [{"tag": name, "simple_value": value} for name, value in terms.items()])

    def add_picture(self, step: int, picture: Picture) -> None:
        """The picture of a step, as "samples".

        Raises:
            OSError: where it cannot be written; it names the file.
        """
        encoded = io.BytesIO()
        picture.save(encoded, format="PNG")
        image = {
            "width": picture.width,
            "height": picture.height,
            "colorspace": 3,
            "encoded_image_string": encoded.getvalue(),
        }
        self._add(step, [{"tag": "samples", "image": image}])

    def finish(self, *, complete: bool) -> None:
        """All is written already."""

    def _add(self, step: int, values: list[dict[str, Any]]) -> None:
        from tensorboardX.summary import Summary
        from tensorboardX.writer import Event, SessionLog

        events = [Event(step=step, summary=Summary(value=values))]
        if self._path is None:
            if self._forget is not None:
                log = SessionLog(status=SessionLog.START)
                events.insert(0, Event(step=self._forget, session_log=log))
            events.insert(0, Event(file_version="brain.Event:2"))
        self._folder.mkdir(exist_ok=True)
        # TensorBoard reads files in the order of their names.
        path = self._path or self._folder / (
            f"events.out.tfevents.{time.time():.6f}.{socket.gethostname()}.{os.getpid()}"
        )
        self._path = None
        append_whole(path, b"".join(map(_record, events)))
        self._path, self._forget = path, None


def _record(event: Any) -> bytes:
    """An event of now as it stands in a file: its length and itself, each with its checksum."""
    from tensorboardX.record_writer import masked_crc32c

    event.wall_time = time.time()
    data = event.SerializeToString()
    length = struct.pack("<Q", len(data))
    return b"".join(part + struct.pack("<I", masked_crc32c(part)) for part in (length, data))
