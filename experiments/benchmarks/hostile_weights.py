"""3,000 hostile files of weights and 2,000 hostile pickles of networks, read or refused in bounds.

    python -m experiments.benchmarks.hostile_weights

Each file is read in another process and under limits: the processor's time and the memory that
`jaxgan.weights.read_weights` and `read_networks` promise for its size, after which the system ends
the process. A hook sees whatever the reading does beside computing: opening another file, or any
but for reading, starting a process, running code, importing, sockets. Prints, for each kind of
file, how many were read and how many refused, the worst time and memory as shares of the bound, and
what went wrong; ends with 1 where something did. Needs Linux.
"""

import collections
import dataclasses
import itertools
import json
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

import tyro

from experiments.benchmarks.hostile_files import good_files, hostile_files
from experiments.benchmarks.hostile_networks import good_networks, hostile_networks
from experiments.benchmarks.weight_files import safetensors
from jaxgan.weights import read_networks, read_weights

SECONDS, SECONDS_A_BYTE = 0.25, 5e-6
BYTES, BYTES_A_BYTE = 16e6, 512
"""The bound, as the docstring of `read_weights` has it, and that of `read_networks`."""

LONGEST = 600
"""Characters of an error, beside the file's name."""


def seconds_allowed(size: int) -> float:
    """Of the processor, for a file of so many bytes."""
    return SECONDS + SECONDS_A_BYTE * size


def bytes_allowed(size: int) -> float:
    """Of memory, for a file of so many bytes."""
    return BYTES + BYTES_A_BYTE * size


@dataclasses.dataclass(frozen=True)
class HostileWeights:
    """Read hostile files of weights under limits."""

    files: int = 3000
    """How many files of weights."""
    networks: int = 2000
    """How many pickles of networks."""
    seed: int = 0
    """Of what is drawn by chance."""
    keep: pathlib.Path | None = None
    """A folder for the files that were not handled well."""

    def run(self) -> int:
        """Read all; how many were not handled well."""
        with tempfile.TemporaryDirectory() as folder:
            weights, pickles = (pathlib.Path(folder, name) for name in ("a.pth", "a.pkl"))
            readers = {path: Reader(path) for path in (weights, pickles)}
            outcomes: dict[str, collections.Counter[str]] = {}
            worst: dict[str, tuple[float, float]] = {}
            start = time.monotonic()
            for path, (kind, raw) in itertools.chain(
                zip(itertools.repeat(weights), hostile_files(self.files, self.seed), strict=False),
                zip(
                    itertools.repeat(pickles),
                    hostile_networks(self.networks, self.seed),
                    strict=False,
                ),
            ):
                path.write_bytes(raw)
                answer = readers[path].read()
                outcome = answer["outcome"]
                outcomes.setdefault(kind, collections.Counter())[outcome] += 1
                spent, held = worst.get(kind, (0.0, 0.0))
                spent = max(spent, answer.get("seconds", 0.0) / seconds_allowed(len(raw)))
                held = max(held, answer.get("bytes", 0.0) / bytes_allowed(len(raw)))
                worst[kind] = spent, held
                if outcome not in ("read", "refused"):
                    name = f"{kind}_{outcomes[kind].total()}"
                    print(f"{name}: {outcome}: {answer.get('text', '')}", flush=True)
                    if self.keep:
                        self.keep.mkdir(parents=True, exist_ok=True)
                        (self.keep / name).write_bytes(raw)
            for reader in readers.values():
                reader.end()
        return report(outcomes, worst, time.monotonic() - start)


def report(
    outcomes: dict[str, collections.Counter[str]],
    worst: dict[str, tuple[float, float]],
    seconds: float,
) -> int:
    """Print all; how many files were not handled well."""
    print("| kind | read | refused | else | time, of the bound | memory, of the bound |")
    print("|---|---|---|---|---|---|")
    total: collections.Counter[str] = collections.Counter()
    for kind, counts in outcomes.items():
        total += counts
        wrong = {name: n for name, n in counts.items() if name not in ("read", "refused")}
        spent, held = worst[kind]
        shown = ", ".join(f"{n} {name}" for name, n in wrong.items()) or "0"
        figures = f"{counts['read']} | {counts['refused']} | {shown} | {spent:.3f} | {held:.3f}"
        print(f"| {kind} | {figures} |")
    wrong = total.total() - total["read"] - total["refused"]
    print(f"\n{total.total()} files in {seconds:.0f} s: {dict(total)}")
    return wrong


class Reader:
    """A process that reads one file again and again, and is started again where it ended."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.process = self._start()

    def read(self) -> dict[str, Any]:
        """What came of the file that now lies there."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("read\n")
        self.process.stdin.flush()
        if line := self.process.stdout.readline():
            return json.loads(line)
        code = self.process.wait()
        self.process = self._start()
        if code == -signal.SIGPROF:
            return {"outcome": "over time", "seconds": float("inf")}
        return {"outcome": f"ended the process with {code}"}

    def end(self) -> None:
        """Let the process end."""
        self.process.communicate()

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "experiments.benchmarks.hostile_weights", str(self.path)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def serve(path: pathlib.Path) -> None:
    """Read the file for each line on standard input, and answer in one."""
    hostile = path.read_bytes() if path.exists() else b""
    good = good_networks() if path.suffix == ".pkl" else [*good_files(), safetensors({})]
    for raw in (*good, b"PK\x03\x04", b"GIF89a", b"\x80\x04Va\n."):
        path.write_bytes(raw)  # whatever is imported when it is first needed is there from now on
        _outcome(path)
    path.write_bytes(hostile)
    seen: list[str] = []
    watching = False

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        harmless = event == "open" and arguments[0] == str(path) and arguments[1] in ("r", "rb")
        if watching and not harmless and event not in HARMLESS:
            seen.append(f"{event} {arguments}"[:200])

    sys.addaudithook(watch)
    for _ in sys.stdin:
        size = path.stat().st_size
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        before, room = _memory("VmRSS"), _memory("VmSize") + bytes_allowed(size)
        resource.setrlimit(resource.RLIMIT_AS, (int(room), resource.RLIM_INFINITY))
        signal.setitimer(signal.ITIMER_PROF, seconds_allowed(size))
        start = time.process_time()
        watching = True
        outcome, text = _outcome(path)
        watching = False
        seconds = time.process_time() - start
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
        if seen:
            outcome, text = "did something", "; ".join(seen)
            seen.clear()
        held = _memory("VmHWM") - before
        answer = {"outcome": outcome, "text": text[:300], "seconds": seconds, "bytes": held}
        print(json.dumps(answer), flush=True)


HARMLESS = frozenset({"object.__getattr__", "sys._getframe", "os.stat"})
"""What the hook is told of and that changes nothing."""


def _outcome(path: pathlib.Path) -> tuple[str, str]:
    try:
        read_networks(path) if path.suffix == ".pkl" else read_weights(path)
    except ValueError as error:
        text = str(error)
        well = text.startswith(f"{path} ") and "\n" not in text
        return ("refused" if well and len(text) < len(str(path)) + LONGEST else "ill said"), text
    except MemoryError:
        return "over memory", ""
    except BaseException as error:
        return f"raised {type(error).__name__}", str(error)
    return "read", ""


def _memory(name: str) -> float:
    """A line of the process's own status, in bytes."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return float(line.split()[1]) * 1024
    raise LookupError(name)


if __name__ == "__main__":
    if len(sys.argv) == 2 and not sys.argv[1].startswith("-"):
        serve(pathlib.Path(sys.argv[1]))
    else:
        sys.exit(tyro.cli(HostileWeights).run() > 0)
