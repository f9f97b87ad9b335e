"""The generator's gradient under both losses of the first paper, as the discriminator improves.

python experiments/vanishing_gradient.py --output FOLDER        two minutes on one core

A GAN plays for a while on digits. Then its generator is held, and a new discriminator is trained
against it alone. At checkpoints: how probable that one takes a fake to be real, and the norm of the
gradient that either loss would give the generator. Per fake the two gradients have one direction
and differ by a factor, σ(s) to 1 - σ(s) = D to 1 - D, since

    d/ds (-softplus(s)) = -σ(s)         minimax: vanishes where D is sure of the fakes
    d/ds softplus(-s) = -(1 - σ(s))     non-saturating: vanishes where D is fooled
"""

import itertools
import json
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import tyro
from matplotlib.figure import Figure

from jaxgan import games, latents, losses
from jaxgan.data import Images, Resident, resident
from jaxgan.games import apply_eval, stream
from jaxgan.networks import FullyConnectedDiscriminator, FullyConnectedGenerator

GENERATOR, DISCRIMINATOR = FullyConnectedGenerator(), FullyConnectedDiscriminator()
LATENT = latents.uniform(100)
ADAM = optax.adam(2e-4, b1=0.5, eps=1e-8)
FAKES = 1000
"""How many fakes the gradients and the confidence are means over."""


class Measures(NamedTuple):
    """Of one moment of D: the mean of D(G(z)), and G's gradient norms."""

    belief: jax.Array
    minimax: jax.Array
    non_saturating: jax.Array


def warmed_up(data: Resident, *, rounds: int, seed: int) -> Any:
    """A generator's variables after so many rounds of the GAN."""
    game = games.adversarial(
        GENERATOR,
        DISCRIMINATOR,
        latent=LATENT,
        loss=losses.non_saturating,
        generator_optimiser=ADAM,
        discriminator_optimiser=ADAM,
        average_decay=None,
    )
    key = jax.random.key(seed)

    @jax.jit
    def play(state: games.AdversarialState, step: int) -> games.AdversarialState:
        return game.update(jax.random.fold_in(key, step), state, data(step))[0]

    state = jax.jit(game.init)(stream(key, "init"), data(0))
    for step in range(rounds):
        state = play(state, step)
    return games.variables(state.generator)


@jax.jit
def updated(key: jax.Array, d: games.Player, generator: Any, real: jax.Array) -> games.Player:
    """D after one more update against a generator that stands still."""
    z = LATENT(stream(key, "latent"), len(real))
    fake = apply_eval(key, GENERATOR, generator, z)

    def objective(parameters: Any) -> jax.Array:
        score = partial(apply_eval, key, DISCRIMINATOR, {"params": parameters})
        return jnp.mean(losses.minimax.discriminator(score(real), score(fake)))

    return games.update_player(d, ADAM, jax.grad(objective)(d.parameters), d.collections)


@jax.jit
def measured(key: jax.Array, d: games.Player, generator: Any) -> Measures:
    """What D makes of the fakes, and what either loss makes of that."""
    z = LATENT(key, FAKES)

    def scores(generator: Any) -> jax.Array:
        fake = apply_eval(key, GENERATOR, generator, z)
        return apply_eval(key, DISCRIMINATOR, games.variables(d), fake)

    def gradient_norm(loss: losses.AdversarialLoss) -> jax.Array:
        def objective(generator: Any) -> jax.Array:
            fake_scores = scores(generator)
            return jnp.mean(loss.generator(fake_scores, fake_scores))  # neither looks at reals

        return optax.tree.norm(jax.grad(objective)(generator))

    belief = jnp.mean(jax.nn.sigmoid(scores(generator)))
    return Measures(belief, gradient_norm(losses.minimax), gradient_norm(losses.non_saturating))


def study(data: Resident, *, rounds: int, checkpoints: np.ndarray, seed: int) -> Measures:
    """The measures at each checkpoint, for one seed."""
    generator = warmed_up(data, rounds=rounds, seed=seed)
    key = jax.random.key(seed)
    d = games.init_player(stream(key, "discriminator"), DISCRIMINATOR, ADAM, data(0)["image"])
    found = []
    for start, stop in itertools.pairwise([0, *checkpoints]):
        for step in range(start, stop):
            d = updated(jax.random.fold_in(key, step), d, generator, data(step)["image"])
        found.append(measured(stream(key, "measure"), d, generator))
    return jax.tree.map(lambda *values: np.array(values), *found)


def draw(checkpoints: np.ndarray, all_measures: list[Measures], path: Path) -> None:
    """Norms over D's updates, on the left; their ratio over D's belief, on the right."""
    figure = Figure(figsize=(8, 3.4), dpi=120, layout="constrained")
    norms, ratio = figure.subplots(1, 2)
    for seed, measures in enumerate(all_measures):
        names = ("non-saturating", "minimax") if seed == 0 else (None, None)
        norms.plot(checkpoints, measures.non_saturating, "o-", color="C0", label=names[0], ms=3)
        norms.plot(checkpoints, measures.minimax, "o-", color="C3", label=names[1], ms=3)
        of_one = measures.minimax / measures.non_saturating
        ratio.plot(measures.belief, of_one, "o", ms=4, label=f"seed {seed}")
    norms.set(xscale="symlog", yscale="log", xlabel="updates of D alone", ylabel="norm")
    norms.set_title("the generator's gradient")
    norms.legend(frameon=False)
    belief = np.geomspace(min(measures.belief.min() for measures in all_measures), 0.5, 50)
    ratio.plot(belief, belief / (1 - belief), color="0.6", zorder=1, label="D / (1 - D)")
    ratio.set(xscale="log", yscale="log", xlabel="mean D(G(z))", ylabel="minimax / non-saturating")
    ratio.set_title("ratio of the two norms")
    ratio.invert_xaxis()
    ratio.legend(frameon=False)
    figure.savefig(path)


def main(output: Path, seeds: int = 3, rounds: int = 300, updates: int = 1024) -> None:
    """Hold a generator, train D alone; write `vanishing_gradient.json`, `.md` and `.png`.

    Args:
        output: The folder that they go to.
        seeds: How many times the study is made.
        rounds: Of the GAN, before its generator is held.
        updates: Of the discriminator against it; the checkpoints are 0 and the powers of two.
    """
    checkpoints = np.array([0, *(1 << np.arange(updates.bit_length()))])
    all_measures = []
    for seed in range(seeds):
        data = resident(Images(dataset="digits").source(), seed=seed, batch_size=100)
        all_measures.append(study(data, rounds=rounds, checkpoints=checkpoints, seed=seed))
        print(f"seed {seed} is done", flush=True)
    lines = [
        "| updates of D | mean D(G(z)) | minimax | non-saturating | ratio |",
        "|---|---|---|---|---|",
    ]
    for i, checkpoint in enumerate(checkpoints):
        columns = [np.array(column)[:, i] for column in zip(*all_measures, strict=True)]
        columns.append(columns[1] / columns[2])
        cells = [f"{column.mean():.3g} ± {column.std():.2g}" for column in columns]
        lines.append(f"| {checkpoint} | " + " | ".join(cells) + " |")
    print("\n".join(lines))
    output.mkdir(parents=True, exist_ok=True)
    (output / "vanishing_gradient.md").write_text("\n".join(lines) + "\n")
    record = {
        "updates": checkpoints.tolist(),
        "seeds": [
            {name: values.tolist() for name, values in measures._asdict().items()}
            for measures in all_measures
        ],
    }
    (output / "vanishing_gradient.json").write_text(json.dumps(record) + "\n")
    draw(checkpoints, all_measures, output / "vanishing_gradient.png")


if __name__ == "__main__":
    tyro.cli(main)
