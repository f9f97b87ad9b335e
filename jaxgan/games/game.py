"""What a game is, and the few things that every game does.

A GAN is a game of pure functions. `Game` is the whole contract: whoever can fill its three
fields has a GAN that trains, resumes, samples and scales like every other one of the library.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar

import flax.linen as nn
import jax
import optax

Batch: TypeAlias = Mapping[str, jax.Array]
"""What `data(step)` gives: arrays by name, images `[B, H, W, C]` float32 in [-1, 1]."""

Info: TypeAlias = dict[str, jax.Array]
"""What a person reads of a round: scalars by name, as in `generator/loss`."""


T = TypeVar("T")

Play: TypeAlias = Callable[[jax.Array, Any, Batch], Any]
"""A function of `(key, state, arrays)`."""


def leave_alone(key: jax.Array, state: Any, batch: Batch) -> tuple[Any, Info]:
    """A phase that is not played: the state as it is. A host has nothing to compile for it."""
    del key, batch
    return state, {}


@dataclass(frozen=True)
class Switch:
    """One of several functions of `(key, state, arrays)`: the state says which.

    Called inside a program it is a `lax.switch`, and only the one that is chosen is paid for. Not
    so on the CPU, where XLA's convolutions inside a branch take 16 times as long as outside: there
    a host asks `choice` and calls that function as a program of its own.

    Attributes:
        choice: `(state) -> [] int32`, the place of the one that is called.
        plays: the functions; all return trees of the same shapes and dtypes.
    """

    choice: Callable[[Any], jax.Array]
    plays: tuple[Play, ...]

    def __call__(self, key: jax.Array, state: Any, arrays: Batch) -> Any:
        """What the chosen one returns."""
        return jax.lax.switch(self.choice(state), self.plays, key, state, arrays)


class Game(NamedTuple):
    """A GAN as three pure functions, in the manner of an optax transformation.

    Attributes:
        init: `(key, batch) -> state`. The shapes come from the batch. `state` is a pytree of arrays
            that holds all that the next round needs and nothing else.
        update: `(key, state, batch) -> (state, info)`. One round, for the whole batch, as if there
            were one device. `info` is a flat dict of scalars.
        generate: `(key, state, inputs) -> images`. What the game makes of a dict of inputs,
            `[N, H, W, C]` float32 in [-1, 1], with the averaged weights where it keeps them.
        phases: where not all rounds are alike, what `update` is made of (`in_turn`), for a host
            that compiles each phase by itself; () where a round is one program.
    """

    init: Callable[[jax.Array, Batch], Any]
    update: Callable[[jax.Array, Any, Batch], tuple[Any, Info]]
    generate: Callable[[jax.Array, Any, Batch], jax.Array]
    phases: tuple[Play, ...] = ()


def in_turn(phases: Sequence[Play]) -> Callable[[jax.Array, Any, Batch], tuple[Any, Info]]:
    """A round that is made of phases: each takes the state that the one before it has left.

    Args:
        phases: `(key, state, batch) -> (state, info)`, functions or `Switch`es. All have the
            round's key: each makes streams of its own name of it.

    Returns:
        `Game.update`; its info is that of all phases.
    """

    def update(key: jax.Array, state: Any, batch: Batch) -> tuple[Any, Info]:
        info: Info = {}
        for phase in phases:
            state, said = phase(key, state, batch)
            info |= said
        return state, info

    return update


class Player(NamedTuple):
    """One network in training.

    Attributes:
        parameters: what its optimiser changes.
        collections: what its network keeps besides, as batch statistics; {} where nothing.
        optimiser: the state of its optax transformation.
    """

    parameters: Any
    collections: Any
    optimiser: Any


def array(arrays: Batch, name: str) -> jax.Array:
    """The array of a batch, or of inputs, that has a name.

    Raises:
        ValueError: where there is none; says which there are.
    """
    if name not in arrays:
        there = ", ".join(f"'{other}'" for other in arrays)
        raise ValueError(
            f"the game plays with '{name}', and there is only {there}: "
            f"take a data set that has '{name}', or a game that does without"
        )
    return arrays[name]


def conditions(arrays: Batch, name: str | None) -> tuple[jax.Array, ...]:
    """What networks are called with besides: `(y,)`, or `()` in a game without a condition.

    Raises:
        ValueError: where there is no array of that name.
    """
    return () if name is None else (array(arrays, name),)


def stream(key: jax.Array, name: str) -> jax.Array:
    """The stream of random numbers that belongs to a purpose: a named fold of the key.

    Args:
        key: typed key, [].
        name: the purpose; another name gives independent numbers.

    Returns:
        Typed key, [].
    """
    return jax.random.fold_in(key, zlib.crc32(name.encode()))


def init_player(
    key: jax.Array, network: nn.Module, optimiser: optax.GradientTransformation, *inputs: Any
) -> Player:
    """A player at the start of the game: fresh parameters, collections and optimiser state.

    Raises:
        ValueError: where the network is not one that is called with so many inputs.
    """
    try:
        collections = dict(network.init(key, *inputs, train=True))
    except TypeError as error:
        if "positional argument" not in str(error):
            raise
        shapes = ", ".join(str(jax.numpy.shape(x)) for x in inputs)
        raise ValueError(
            f"{type(network).__name__} cannot be called with inputs of shape {shapes} ({error}): "
            "a game with a condition needs conditional networks, one without needs plain ones"
        ) from error
    parameters = collections.pop("params")
    return Player(parameters, collections, optimiser.init(parameters))


def apply_train(
    key: jax.Array,
    network: nn.Module,
    parameters: Any,
    collections: Any,
    *inputs: Any,
    method: str | None = None,
) -> tuple[Any, Any]:
    """The network's outputs in training, and its collections afterwards.

    Args:
        key: for the network's own random numbers, such as dropout.
        network: a Flax module that is called with its inputs and `train`.
        parameters: its parameters.
        collections: its other collections, `Player.collections`.
        *inputs: what it is called with.
        method: of the network; `__call__` where None.
    """
    outputs, collections = network.apply(
        {"params": parameters, **collections},
        *inputs,
        train=True,
        rngs=key,
        method=method,
        mutable=list(collections),
    )
    return outputs, collections


def variables(player: Player) -> dict[str, Any]:
    """All that a player's network is called with: parameters and collections."""
    return {"params": player.parameters, **player.collections}


def apply_eval(
    key: jax.Array, network: nn.Module, variables: Any, *inputs: Any, method: str | None = None
) -> jax.Array:
    """The network's outputs outside training, with `variables` that may be averages."""
    outputs: Any = network.apply(variables, *inputs, train=False, rngs=key, method=method)
    return outputs


def update_player(
    player: Player,
    optimiser: optax.GradientTransformation,
    gradients: Any,
    collections: Any,
) -> Player:
    """The player after one step of its optimiser, with what its network has seen meanwhile."""
    # Or else the compiler works out gradients anew for each of an optimiser's moments.
    gradients = jax.lax.optimization_barrier(gradients)
    updates, state = optimiser.update(gradients, player.optimiser, player.parameters)
    return Player(optax.apply_updates(player.parameters, updates), collections, state)


def descend(
    player: Player,
    optimiser: optax.GradientTransformation,
    objective: Callable[[Any], tuple[jax.Array, tuple[Info, Any]]],
    *,
    mend: Callable[[Any], Any] | None = None,
) -> tuple[Player, Info]:
    """The player after one step down its objective.

    Args:
        player: whose parameters move.
        optimiser: of these parameters.
        objective: `parameters -> (loss, (info, collections))`, differentiable.
        mend: `gradients -> gradients`, before anything is made of them; None leaves them alone.

    Returns:
        The player, and `info` with the gradient's norm besides.
    """
    gradients, (info, collections) = jax.grad(objective, has_aux=True)(player.parameters)
    gradients = gradients if mend is None else mend(gradients)
    info = info | {"gradient_norm": optax.tree.norm(gradients)}
    return update_player(player, optimiser, gradients, collections), info


def split_minibatches(batch: Batch, count: int) -> list[Batch]:
    """Split a batch into minibatches of equal size, whose examples alternate.

    Every device of a mesh holds a run of neighbouring examples. Taken by turns, each minibatch has
    its part from every device, and nothing moves between them.

    Args:
        batch: arrays `[count * B, ...]`.
        count: how many minibatches; the length of the batch is a multiple of it.

    Returns:
        `count` batches of arrays `[B, ...]`.

    Raises:
        ValueError: where the batch cannot be split evenly.

    >>> [part["x"].tolist() for part in split_minibatches({"x": jax.numpy.arange(6)}, 2)]
    [[0, 2, 4], [1, 3, 5]]
    """
    size = len(next(iter(batch.values())))
    if size % count:
        raise ValueError(
            f"a batch of {size} examples cannot be split into {count} equal minibatches: "
            f"give a multiple of {count}"
        )
    split = {name: x.reshape(size // count, count, *x.shape[1:]) for name, x in batch.items()}
    return [{name: x[:, part] for name, x in split.items()} for part in range(count)]


def prefixed(prefix: str, values: Mapping[str, T]) -> dict[str, T]:
    """The same values under `prefix/name`."""
    return {f"{prefix}/{name}": value for name, value in values.items()}
