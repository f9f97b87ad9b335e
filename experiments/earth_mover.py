"""Two distributions are moved apart: what the Jensen-Shannon divergence sees, and what a critic.

python experiments/earth_mover.py --output FOLDER       a minute on two CPU cores

P is uniform on the box [0, 2] x [-1, 1], Q on the wider one [θ, θ + 4] x [-1, 1]: they overlap up
to θ = 2. All earth goes along the first axis, so the exact distance is that of the two intervals.
(On a line a critic that began with the wrong sign would stay there: its slope would have to pass
through 0, which the penalty forbids. In the plane it can turn.)

The critic is WGAN-GP's (Gulrajani et al., 2017), trained alone to tell E s(x) - E s(y). Its penalty
is soft: a slope of 1 + e costs λ e² and gains W e, so that the best critic of two distributions at
the distance W says W (1 + W / 2λ). Hence two critics: the paper's λ = 10, and λ = 100.
"""

import json
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import tyro
from matplotlib.figure import Figure
from scipy.stats import wasserstein_distance

from jaxgan import losses, penalties
from jaxgan.games import apply_eval, stream
from jaxgan.networks import PerceptronDiscriminator

CRITIC = PerceptronDiscriminator(widths=(64, 64))
OFFSETS = np.arange(0.0, 5.01, 0.5)
WEIGHTS = np.array([10.0, 100.0])
TICKS = (np.arange(1000) + 0.5) / 500
"""Even points of [0, 2], the first axis of P; those of Q are θ + 2 TICKS."""


def critics_estimate(
    key: jax.Array, penalty_weight: jax.Array, offset: jax.Array, *, steps: int, batch_size: int
) -> jax.Array:
    """Train a critic on P and Q, and ask it how far they are apart: [] float32."""
    initial = CRITIC.init(stream(key, "init"), jnp.zeros((1, 2)), train=True)
    optimiser = optax.adam(optax.cosine_decay_schedule(3e-3, steps), b1=0.5, b2=0.99, eps=1e-8)

    def objective(variables: Any, key: jax.Array) -> jax.Array:
        critic = partial(apply_eval, key, CRITIC, variables)
        low, high = jnp.array([0.0, -1.0]), jnp.array([2.0, 1.0])
        x = jax.random.uniform(stream(key, "x"), (batch_size, 2), minval=low, maxval=high)
        y = jax.random.uniform(stream(key, "y"), (batch_size, 2), minval=low, maxval=high)
        y = moved(y, offset)
        penalty = penalties.gradient_penalty(stream(key, "penalty"), critic, x, y)
        return jnp.mean(
            losses.wasserstein.discriminator(critic(x), critic(y)) + penalty_weight * penalty
        )

    def update(step: jax.Array, carry: tuple) -> tuple:
        variables, state = carry
        gradients = jax.grad(objective)(variables, jax.random.fold_in(key, step))
        changes, state = optimiser.update(gradients, state)
        return optax.apply_updates(variables, changes), state

    variables, _ = jax.lax.fori_loop(0, steps, update, (initial, optimiser.init(initial)))
    heights = (np.arange(20) + 0.5) / 10 - 1
    x = jnp.array(np.stack(np.meshgrid(TICKS, heights), axis=-1).reshape(-1, 2), jnp.float32)
    score = partial(apply_eval, key, CRITIC, variables)
    return score(x).mean() - score(moved(x, offset)).mean()


def moved(points: jax.Array, offset: jax.Array) -> jax.Array:
    """Points of P, `[N, 2]`, to points of Q: twice as far along the first axis, and θ more."""
    return points * jnp.array([[2.0, 1.0]]) + offset * jnp.array([[1.0, 0.0]])


def jensen_shannon(offset: float) -> float:
    """In nats, by the lengths of the pieces on which both densities, 1/2 and 1/4, are constant."""
    both = max(0.0, 2 - offset)

    def divergence(own: float, other: float, length: float) -> float:
        return length * own * np.log(2 * own / (own + other))

    return 0.5 * (
        divergence(0.5, 0.25, both)
        + divergence(0.5, 0.0, 2 - both)
        + divergence(0.25, 0.5, both)
        + divergence(0.25, 0.0, 4 - both)
    )


def draw(exact: np.ndarray, saturating: np.ndarray, estimates: np.ndarray, path: Path) -> None:
    """Distances over the offset, on the left; the divergence, on the right."""
    figure = Figure(figsize=(8, 3.4), dpi=120, layout="constrained")
    distance, divergence = figure.subplots(1, 2)
    distance.plot(OFFSETS, exact, color="C3", label="exact $W_1$")
    for of_weight, weight, marker in zip(np.moveaxis(estimates, 1, 0), WEIGHTS, "xo", strict=True):
        at = np.broadcast_to(OFFSETS, of_weight.shape)
        label = f"critic, λ = {weight:.0f}"
        distance.scatter(at, of_weight, marker=marker, s=26, color="C0", label=label, zorder=2)
    paper = exact * (1 + exact / (2 * WEIGHTS[0]))
    distance.plot(OFFSETS, paper, color="C0", lw=0.8, ls=":", label="$W_1 (1 + W_1 / 20)$")
    distance.set(title="earth mover's distance", xlabel="offset θ", ylabel="distance")
    distance.legend(frameon=False)
    divergence.plot(OFFSETS, saturating, "o-", color="C1")
    divergence.axhline(np.log(2), color="0.5", linestyle="--", zorder=1)
    divergence.text(0, np.log(2) + 0.02, "log 2")
    divergence.axvspan(2, OFFSETS[-1], color="0.94", zorder=0)
    divergence.text(2.6, 0.35, "no overlap:\nno gradient")
    divergence.set(
        title="Jensen-Shannon divergence", xlabel="offset θ", ylabel="nats", ylim=(0, 0.8)
    )
    figure.savefig(path)


def main(output: Path, seeds: int = 3, steps: int = 1000, batch_size: int = 128) -> None:
    """Train all critics at once; write `earth_mover.json`, `.md` and `.png`.

    Args:
        output: The folder that they go to.
        seeds: How many critics for each offset and weight of the penalty.
        steps: Updates of a critic.
        batch_size: Points of P, and of Q, in an update.
    """
    train = partial(critics_estimate, steps=steps, batch_size=batch_size)
    over_offsets = jax.vmap(train, (None, None, 0))
    train_all = jax.jit(jax.vmap(jax.vmap(over_offsets, (None, 0, None)), (0, None, None)))
    keys = jax.random.split(jax.random.key(0), seeds)
    arguments = jnp.array(WEIGHTS, jnp.float32), jnp.array(OFFSETS, jnp.float32)
    estimates = np.asarray(train_all(keys, *arguments))  # [seeds, weights, offsets]
    exact = np.array([wasserstein_distance(TICKS, offset + 2 * TICKS) for offset in OFFSETS])
    saturating = np.array([jensen_shannon(offset) for offset in OFFSETS])
    critics = " | ".join(f"critic, λ = {weight:.0f} | worst error" for weight in WEIGHTS)
    lines = [
        f"| θ | Jensen-Shannon | exact W1 | {critics} |",
        "|---" * (3 + 2 * len(WEIGHTS)) + "|",
    ]
    for i, offset in enumerate(OFFSETS):
        cells = [f"{offset:.1f}", f"{saturating[i]:.4f}", f"{exact[i]:.4f}"]
        for said in estimates[:, :, i].T:
            cells.append(f"{said.mean():.4f} ± {said.std():.4f}")
            cells.append(f"{np.abs(said / exact[i] - 1).max():.1%}")
        lines.append("| " + " | ".join(cells) + " |")
    print("\n".join(lines))
    output.mkdir(parents=True, exist_ok=True)
    (output / "earth_mover.md").write_text("\n".join(lines) + "\n")
    record = {
        "offset": OFFSETS.tolist(),
        "jensen_shannon": saturating.tolist(),
        "exact": exact.tolist(),
        "penalty_weight": WEIGHTS.tolist(),
        "estimates": estimates.tolist(),
    }
    (output / "earth_mover.json").write_text(json.dumps(record) + "\n")
    draw(exact, saturating, estimates, output / "earth_mover.png")


if __name__ == "__main__":
    tyro.cli(main)
