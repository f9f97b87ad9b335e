"""The two sides of a benchmark, each in a process of its own that works when it is told to.

One process for each side keeps their threads and their memory apart. A side that waits for its next
turn is blocked on its pipe and takes nothing from the other.
"""

import dataclasses
import multiprocessing
import os
import pathlib
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from experiments.benchmarks.rows import ROWS


@dataclasses.dataclass(frozen=True)
class Setting:
    """What both sides are told.

    Attributes:
        row: name of the row.
        batch: images in a minibatch.
        threads: of PyTorch on the CPU; XLA takes all cores that the process may use.
        accelerator: whether both sides run on the GPU.
        bfloat16: compute in bfloat16, parameters in float32.
        tf32: whether float32 products on a GPU may round their factors to TF32, on both sides.
        compiled: PyTorch through `torch.compile`.
        channels_last: PyTorch's images lie in memory as `[B, H, W, C]`; else as `[B, C, H, W]`.
        patience: seconds that an answer is waited for.
    """

    row: str
    batch: int
    threads: int
    accelerator: bool = False
    bfloat16: bool = False
    tf32: bool = True
    compiled: bool = False
    channels_last: bool = True
    patience: float = 240.0


Serve = Callable[[Connection, Any], None]
"""What a side's process does: answers the pipe, by its setting."""


class Side:
    """A process that plays rounds. Use as a context manager, or call `close`."""

    def __init__(self, serve: Serve, setting: Setting) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._patience = setting.patience
        self._process = context.Process(target=_guarded, args=(serve, theirs, setting), daemon=True)
        self._process.start()
        theirs.close()
        try:
            self.first_call = self._answer()
        except RuntimeError:
            self.close()
            raise

    def play(self, rounds: int) -> float:
        """Seconds that so many rounds took."""
        self._pipe.send(rounds)
        return self._answer()

    def peak_memory(self) -> float:
        """MiB: of the process on the CPU, of the device's arrays on a GPU."""
        self._pipe.send(None)
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(20)
        if self._process.is_alive():
            self._process.terminate()

    def __enter__(self) -> "Side":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self) -> float:
        if not self._pipe.poll(self._patience):
            raise RuntimeError(f"a side of the benchmark gave no answer in {self._patience} s")
        try:
            answer = self._pipe.recv()
        except EOFError:
            raise RuntimeError("a side of the benchmark ended without an answer") from None
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return answer


def jaxgan(pipe: Connection, setting: Setting) -> None:
    """Serve rounds of jaxgan: one jitted call each, its state donated."""
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    if not setting.accelerator:
        os.environ["JAX_PLATFORMS"] = "cpu"
    import jax
    import jax.numpy as jnp

    jax.config.update(
        "jax_default_matmul_precision", "tensorfloat32" if setting.tf32 else "float32"
    )
    row = ROWS[setting.row]
    game = row.game(jnp.bfloat16 if setting.bfloat16 else jnp.float32)
    batch = row.batch(setting.batch)
    state = jax.jit(game.init)(jax.random.key(0), batch)
    count = 0

    @jax.jit(donate_argnums=1)
    def update(step: jax.Array, state: Any, batch: Any) -> Any:
        return game.update(jax.random.fold_in(jax.random.key(2), step), state, batch)

    def play(rounds: int) -> None:
        nonlocal state, count
        info = {}
        for _ in range(rounds):
            state, info = update(jnp.uint32(count), state, batch)
            count += 1
        jax.block_until_ready((state, info))

    def peak() -> float:
        statistics = jax.local_devices()[0].memory_stats() if setting.accelerator else None
        return statistics["peak_bytes_in_use"] / 2**20 if statistics else peak_of_process()

    serve(pipe, play, peak)


def torch(pipe: Connection, setting: Setting) -> None:
    """Serve rounds of PyTorch."""
    import torch

    from experiments.benchmarks import twins
    from experiments.benchmarks.players import Execution

    torch.set_num_threads(setting.threads)
    torch.set_float32_matmul_precision("high" if setting.tf32 else "highest")
    torch.backends.cudnn.allow_tf32 = setting.tf32
    torch.backends.cudnn.benchmark = True
    device = "cuda" if setting.accelerator else "cpu"
    execution = Execution(
        setting.batch, device, setting.compiled, setting.bfloat16, setting.channels_last
    )
    update = twins.update(ROWS[setting.row], execution)

    def play(rounds: int) -> None:
        for _ in range(rounds):
            update()
        if setting.accelerator:
            torch.cuda.synchronize()

    def peak() -> float:
        if setting.accelerator:
            return torch.cuda.max_memory_allocated() / 2**20
        return peak_of_process()

    serve(pipe, play, peak)


def compare(
    setting: Setting,
    *,
    repeats: int,
    seconds: float = 1.0,
    ours: Serve = jaxgan,
    theirs: Serve = torch,
) -> dict[str, Any]:
    """Both sides of a row, in alternated turns.

    Args:
        setting: what both are told.
        repeats: turns of each side.
        seconds: about how long a turn takes; at least one round.
        ours: what jaxgan's side serves.
        theirs: what PyTorch's side serves.

    Returns:
        Milliseconds a round (medians), their ratio, seconds of the first call, peak memory in MiB.
    """
    with Side(ours, setting) as us, Side(theirs, setting) as them:
        us.play(1), them.play(1)  # warm
        rounds = max(1, int(seconds / max(us.play(1), them.play(1))))
        turns = [(us.play(rounds) / rounds, them.play(rounds) / rounds) for _ in range(repeats)]
        our_time, their_time = np.median(turns, axis=0).tolist()
        ratios = [their_turn / our_turn for our_turn, their_turn in turns]
        return {
            **dataclasses.asdict(setting),
            "rounds_a_turn": rounds,
            "jaxgan_ms": our_time * 1e3,
            "torch_ms": their_time * 1e3,
            "ratio": float(np.median(ratios)),
            "ratio_lowest": min(ratios),
            "ratio_highest": max(ratios),
            "jaxgan_first_call_s": us.first_call,
            "torch_first_call_s": them.first_call,
            "jaxgan_peak_mib": us.peak_memory(),
            "torch_peak_mib": them.peak_memory(),
        }


def serve(pipe: Connection, play: Callable[[int], None], peak: Callable[[], float]) -> None:
    """Answer a pipe: the seconds of as many rounds as it asks for, or the peak memory for None."""

    def timed(rounds: int) -> float:
        start = time.perf_counter()
        play(rounds)
        return time.perf_counter() - start

    pipe.send(timed(1))
    while True:
        try:
            rounds = pipe.recv()
        except EOFError:
            return
        pipe.send(peak() if rounds is None else timed(rounds))


def _guarded(serve: Serve, pipe: Connection, setting: Setting) -> None:
    try:
        serve(pipe, setting)
    except Exception:
        pipe.send(traceback.format_exc(limit=-3))


def peak_of_process() -> float:
    """MiB that this process had at most."""
    # Linux's own count: `ru_maxrss` begins at what the parent had when it started this process.
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")
