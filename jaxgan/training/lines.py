"""Files that are whole or not there, and files of lines that grow while a run goes on."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from jaxgan.data import StrPath, to_path


@dataclasses.dataclass(frozen=True)
class Lines:
    """A file of lines, each a JSON object with the `step` that it belongs to."""

    path: Path

    def read(self) -> list[dict[str, Any]]:
        """All lines; none where there is no file."""
        if not self.path.exists():
            return []
        lines = []
        for line in self.path.read_text().splitlines():
            try:
                lines.append(json.loads(line))
            except json.JSONDecodeError:  # a process was killed while it wrote this line
                break
        return lines

    def append(self, line: dict[str, Any]) -> None:
        """Write a line, and have it on the disk."""
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def rewind(self, step: int) -> None:
        """Forget what was written after step `step`, or all where it is 0."""
        lines = [json.dumps(line) for line in self.read() if line["step"] <= step > 0]
        write_whole(self.path, "".join(line + "\n" for line in lines))


def write_whole(path: StrPath, text: str) -> None:
    """Write a file that is whole or not there."""
    path = to_path(path)
    draft = path.with_name(path.name + ".part")
    with draft.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
