"""Faults of many kinds, put in on purpose: the tests must find every one.

    python -m tests.breakages            all of them, one after another
    python -m tests.breakages 3 7        some

Each is made in a copy of the tree, where the tests that should find it are run until one fails.
Whoever makes the checks cheaper runs this, before and after. `tests/test_breakages.py` keeps the
list true: what a fault replaces is there.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Fault(NamedTuple):
    """What is put in the place of what, and which tests have to see it."""

    kind: str
    file: str
    right: str
    wrong: str
    tests: str


FAULTS = [
    Fault(
        "a sign in a loss",
        "jaxgan/losses/adversarial.py",
        "generator=_per_example(lambda real, fake: softplus(-fake)),",
        "generator=_per_example(lambda real, fake: softplus(fake)),",
        "tests/losses/test_adversarial.py",
    ),
    Fault(
        "a wrong divisor in a penalty",
        "jaxgan/penalties/gradient.py",
        "(_input_gradients(critic, inputs) ** 2).sum(axis=1) / 2",
        "(_input_gradients(critic, inputs) ** 2).mean(axis=1) / 2",
        "tests/penalties/test_gradient.py",
    ),
    Fault(
        "a stale average",
        "jaxgan/games/adversarial.py",
        "average=averaging.update(variables(moved), average)",
        "average=averaging.update(variables(g), average)",
        "tests/games/test_adversarial.py tests/games/test_conditions.py",
    ),
    Fault(
        "a pool that is passed by",
        "jaxgan/games/cycle.py",
        "adversary.update(key, d.player, real, shown, terms=terms, moment=moment)",
        "adversary.update(key, d.player, real, fake, terms=terms, moment=moment)",
        "tests/games/test_cycle.py",
    ),
    Fault(
        "an epoch that repeats",
        "jaxgan/data/order.py",
        "key = _mix(epoch + _mix(",
        "key = _mix(0 * epoch + _mix(",
        "tests/data/test_order.py",
    ),
    Fault(
        "a key that is drawn from and folded",
        "jaxgan/games/adversarial.py",
        'z = latent(stream(key, "latent"), count)',
        "z = latent(key, count)",
        "tests/games/test_conformance.py",
    ),
    Fault(
        "an optimiser that forgets",
        "jaxgan/games/game.py",
        "return Player(optax.apply_updates(player.parameters, updates), collections, state)",
        "return Player(optax.apply_updates(player.parameters, updates), collections, player[2])",
        "tests/games/test_conformance.py",
    ),
    Fault(
        "a lazy penalty without its factor",
        "jaxgan/games/adversarial.py",
        "weight=lazy.every,",
        "weight=1,",
        "tests/games/test_conditions.py",
    ),
    Fault(
        "a kernel's gradient that is turned",
        "jaxgan/layers/grouped.py",
        "w = w[::-1, ::-1].reshape(",
        "w = w[::-1].reshape(",
        "tests/layers/test_grouped.py",
    ),
    Fault(
        "pairs that are cropped apart",
        "jaxgan/data/finish.py",
        "def cut(array: jax.Array, size: tuple[int, int]) -> jax.Array:\n",
        "def cut(array: jax.Array, size: tuple[int, int]) -> jax.Array:\n"
        "        nonlocal key_crop\n        key_crop = jax.random.fold_in(key_crop, 1)\n",
        "tests/data/test_crops.py",
    ),
    Fault(
        "a checkpoint that is believed unseen",
        "jaxgan/training/checkpoints.py",
        "if digest(state) in known:",
        "if True:",
        "tests/training/test_loop.py",
    ),
    Fault(
        "a directory that is overwritten",
        "jaxgan/training/run.py",
        "if not directory.is_dir() or not all(map(_is_left_behind, directory.iterdir())):",
        "if not directory.is_dir():",
        "tests/training/test_run.py tests/cli/test_main.py",
    ),
    Fault(
        "a file that may name any function",
        "jaxgan/weights/pickles.py",
        "        if self.records is None:\n",
        "        if self.records is None:\n"
        "            return self.stack.append(getattr(__import__(module), name))\n"
        "        if not self.names:\n",
        "tests/weights/test_tensors.py",
    ),
    Fault(
        "a divergence the wrong way round",
        "jaxgan/metrics/modes.py",
        "np.sum(p * (np.log(p) - np.log(q)))",
        "np.sum(q * (np.log(q) - np.log(p)))",
        "tests/metrics/test_modes.py",
    ),
]


def find(number: int, fault: Fault) -> bool:
    """Whether a test fails that should."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "jaxgan"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv*", "runs"))
        file = copy / fault.file
        file.write_text(file.read_text().replace(fault.right, fault.wrong, 1))
        begun = time.monotonic()
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "--durations=0",
            *fault.tests.split(),
        ]
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider"], cwd=copy, capture_output=True, text=True
        )
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    seconds = time.monotonic() - begun
    verdict = failed[0] if done.returncode == 1 and failed else "NOT FOUND"
    print(f"{number:2} {fault.kind} ({seconds:.0f} s): {verdict}", flush=True)
    return bool(failed) and done.returncode == 1


def main() -> None:
    """Put in the faults that are asked for; exit code 1 where one is not found."""
    chosen = [int(word) for word in sys.argv[1:]] or range(1, len(FAULTS) + 1)
    found = [find(number, FAULTS[number - 1]) for number in chosen]
    print(f"{sum(found)} of {len(found)} faults are found")
    sys.exit(not all(found))


if __name__ == "__main__":
    main()
