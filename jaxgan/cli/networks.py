"""The verb `import` of experiments from latents: all networks of one file."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated, Any

import chex
import jax
import jax.numpy as jnp
import tyro

from jaxgan.cli.command import way_on
from jaxgan.cli.preset import PresetFlag
from jaxgan.cli.runs import new_directory
from jaxgan.cli.told import check_named, configured, options_of, say_changes, say_usual, source_of
from jaxgan.games import stream
from jaxgan.training import ImportsNetworks, create_from_state, validated


def networks_verb(
    default: ImportsNetworks, name: str, *, preset_flag: PresetFlag, named: Collection[str]
) -> Callable[..., int]:
    """`import FILE`; the arguments are those of `using_verbs`."""
    kind: Any = type(default)

    def import_(
        file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")],
        experiment: Annotated[kind, tyro.conf.arg(name="")] = default,
        *,
        preset: preset_flag.kind = preset_flag.default,
        directory: Path | None = None,
    ) -> int:
        """Make a run of networks that the authors' code has trained; then sample from it.

        Files are the pickles that this code writes, read without running them. What they tell of
        the networks (sizes, channels, layers, ...) needs no flags.

        Args:
            file: With G, D and the average of G, or some of them, as in ffhq.pkl.
            experiment: What the networks belong to.
            preset: The defaults of all other flags, as of train.
            directory: Where the run is written; runs/NAME-NUMBER where none is named.
        """
        del preset  # it has chosen the defaults
        return import_networks(experiment, name, file=file, named=named, directory=directory)

    return import_


def import_networks(
    experiment: ImportsNetworks,
    name: str,
    *,
    file: Path,
    named: Collection[str],
    directory: Path | None,
) -> int:
    """Make a run whose networks come from one file.

    Args:
        experiment: at the options that a person gave, and the preset's.
        name: the experiment's.
        file: of the networks.
        named: fields of the configuration whose flags a person gave.
        directory: where the run is written; runs/NAME-NUMBER where none is named.
    """
    asked = experiment = validated(experiment)
    found = experiment.found_in(file)
    options = options_of(found.told, named)
    print(f"{file}: {found.told.words}")
    say_usual(found.told, options, file)
    experiment = configured(experiment, options, file)
    check_named(asked, experiment, named)
    shapes, game = experiment.shapes, experiment.game()

    def init(key: jax.Array) -> Any:  # whose batch is nowhere in memory
        zeros = {array: jnp.zeros(leaf.shape, leaf.dtype) for array, leaf in shapes.items()}
        return game.init(key, zeros)

    fresh = jax.jit(init)(stream(jax.random.key(0), "init"))
    try:
        state = experiment.with_networks(fresh, found.networks)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
    chex.assert_trees_all_equal_shapes_and_dtypes(state, fresh)
    source = source_of(file, "")
    with new_directory(directory, Path("runs"), name) as directory:
        create_from_state(
            experiment,
            directory,
            state,
            name=name,
            seed=0,
            shapes=shapes,
            data=f"imported: {source}",
            licence=found.licence,
        )
    say_changes(asked, experiment)
    for note in (*found.notes, found.licence):
        if note is not None:
            print(note)
    print(
        f"{directory} is a run with the networks of {source}; go on with: "
        f"{way_on('sample', directory)}"
    )
    return 0
