"""Kill training at random moments, go on, and see whether it ends in the same bits.

python experiments/benchmarks/kills.py --kills 100
python experiments/benchmarks/kills.py --kills 20 --games stylegan2 stylegan

Of each game a run is trained that nothing disturbs, and others that are killed again and again by
SIGKILL: every second time at a moment that is drawn from all of a process's life (while it starts,
opens its data, compiles, plays, saves), else at one after its first round. After each kill the run
is resumed, or begun again where it was none yet. In the end the digests of all runs at every
checkpoint are compared, and their metrics.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from jaxgan.training import Run

EXPERIMENTS = Path(__file__).resolve().parents[1]

COMMON = ("--log-every", "10", "--sample-every", "40", "--checkpoint-every", "20")
GAMES: dict[str, tuple[str, ...]] = {
    "gan": ("--steps", "200", "--batch-size", "16"),
    "dcgan": ("--steps", "120", "--batch-size", "8", "--width", "4"),
    "acgan": ("--steps", "120", "--batch-size", "8"),
    "pix2pix": ("--steps", "80", "--batch-size", "2", "--width", "4"),
    "cyclegan": ("--steps", "60", "--batch-size", "1", "--width", "4", "--blocks", "1"),
    # Its probability moves fast, and path length plays every 4th round.
    "stylegan2": (
        *("--steps", "80", "--dataset", "digits", "--channels", "1", "--batch-size", "4"),
        *("--channel-base", "64", "--channel-max", "8", "--path-length", "2"),
        *("--augment", "ada", "--augment-images", "500"),
    ),
    # Stages begin to fade in, and have, between its checkpoints.
    "stylegan": (
        *("--steps", "80", "--dataset", "digits", "--channels", "1", "--channel-base", "64"),
        *("--channel-max", "8", "--stable", "300", "--fade", "300"),
    ),
}


@dataclass(frozen=True)
class Outcome:
    """How a game came through.

    Attributes:
        kills: how many there were.
        while_starting: how many before the first round of their process.
        while_saving: how many while a checkpoint was written.
        ended: how many runs came to their end between the kills.
        same_digests: whether all of them have the states of the run that nothing disturbed.
        same_metrics: whether all of them have its metrics.
    """

    kills: int
    while_starting: int
    while_saving: int
    ended: int
    same_digests: bool
    same_metrics: bool


def main(
    kills: int = 100,
    games: tuple[str, ...] = tuple(GAMES),
    seed: int = 0,
    folder: Path = Path("runs/kills"),
    output: Path | None = None,
) -> None:
    """Kill each game as often as the others, and say how it ended.

    Args:
        kills: of all games together.
        games: which.
        seed: of the moments.
        folder: a new one, for the runs.
        output: a file for the outcomes, JSON.
    """
    if folder.exists():
        sys.exit(f"{folder} is there already: name another folder with --folder")
    if unknown := sorted({*games} - {*GAMES}):
        sys.exit(f"there is no game {unknown[0]} here: choose from {', '.join(GAMES)}")
    outcomes = {}
    for number, game in enumerate(games):
        share = kills // len(games) + (number < kills % len(games))
        outcomes[game] = outcome = disturb(game, share, random.Random(seed + number), folder)
        print(game, outcome, flush=True)
    if output is not None:
        text = json.dumps({game: vars(outcome) for game, outcome in outcomes.items()}, indent=2)
        output.write_text(text + "\n")
    if not all(outcome.same_digests and outcome.same_metrics for outcome in outcomes.values()):
        sys.exit("a run that was killed is another one")


def disturb(game: str, kills: int, chance: random.Random, folder: Path) -> Outcome:
    """Train a game twice, the second time with so many kills."""
    whole, directory = folder / game / "whole", folder / game / "killed"
    train = ["train", *GAMES[game], *COMMON, "--directory"]
    _finish(game, *train, str(whole))  # fills the cache of compiled programs and prepares data
    shutil.rmtree(whole)
    begun = time.monotonic()
    _finish(game, *train, str(whole))
    life = time.monotonic() - begun
    starting = saving = done = ended = 0
    same_digests = same_metrics = True
    while True:
        is_new = not (directory / "manifest.json").exists()
        process = _next(game, train, directory)
        lines, begun = _lines(directory), time.monotonic()
        try:
            if done % 2 and done < kills:
                _wait_for_rounds(process, directory, lines)
            most = life - (time.monotonic() - begun)
            process.wait(timeout=chance.uniform(0, max(most, 0.5)) if done < kills else None)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            done += 1
            starting += _lines(directory) <= lines
            saving += any((directory / "checkpoints").glob("*tmp*"))
            continue
        if is_new:  # the machine may have been busier before
            life = min(life, time.monotonic() - begun)
        if process.returncode != 0:
            raise SystemExit(f"{game} could not go on after {done} kills: see {directory}")
        one, other = Run.open(whole), Run.open(directory)
        same_digests &= one.digests() == other.digests()
        same_metrics &= _terms(one) == _terms(other)
        ended += 1
        if done == kills:
            return Outcome(done, starting, saving, ended, same_digests, same_metrics)
        directory = folder / game / f"killed_{ended}"


def _wait_for_rounds(process: subprocess.Popen[bytes], directory: Path, lines: int) -> None:
    """Until a process has written a line of metrics, or has ended."""
    while process.poll() is None and _lines(directory) <= lines:
        time.sleep(0.01)


def _next(game: str, train: list[str], directory: Path) -> subprocess.Popen[bytes]:
    """A process that goes on with the run, or begins it."""
    if (directory / "manifest.json").exists():
        return _start(game, "resume", str(directory))
    return _start(game, *train, str(directory))


def _start(game: str, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(EXPERIMENTS / f"{game}.py"), *words]
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def _finish(game: str, *words: str) -> None:
    if _start(game, *words).wait() != 0:
        raise SystemExit(f"{game}.py {' '.join(words)} does not work")


def _lines(directory: Path) -> int:
    path = directory / "metrics.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _terms(run: Run) -> list[tuple[int, Any]]:
    return [(line["step"], line["terms"]) for line in run.metrics()]


if __name__ == "__main__":
    tyro.cli(main)
