"""Networks of authors' pickles, as configurations and states of experiments from latents."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from jaxgan.games import AdversarialState, Growth, Player, StyleState, variables
from jaxgan.training import FoundNetworks, Imported
from jaxgan.weights import (
    LICENCE,
    LICENCE_OF_R3GAN,
    NetworkRecord,
    R3GANNetworks,
    StyleNetworks,
    laid_over,
    r3gan_networks,
    read_networks,
    style_networks,
)

State = TypeVar("State", AdversarialState, StyleState)
Networks = TypeVar("Networks", StyleNetworks, R3GANNetworks)

_SEEN = 2**30
"""Images after which networks have grown, whatever their schedule."""


def found_style(path: Path, *, of_2018: bool) -> FoundNetworks:
    """The StyleGAN2, or with `of_2018` the StyleGAN, of a pickle of NVIDIA's code.

    Raises:
        ValueError: where it holds something else; says what.
        OSError: where it cannot be read.
    """
    networks = _recognised(path, style_networks)
    if networks.of_2018 != of_2018:
        script = "stylegan.py" if networks.of_2018 else "stylegan2.py"
        raise ValueError(f"{path} has {networks.words}: import it with {script}")
    height, width = networks.image_size
    options: dict[str, Any] = {
        "images.image_size": height if height == width else [height, width],
        "images.channels": networks.channels,
        "base": list(networks.base),
        "latent_size": networks.latent_size,
        "w_size": networks.w_size,
        "mapping_layers": networks.mapping_layers,
        "channel_base": networks.channel_base,
        "channel_max": networks.channel_max,
        "classes": networks.classes,
        "noise": networks.noise,
    }
    if networks.discriminator is not None:
        options["group_size"] = networks.group_size
    if not of_2018:
        options["clamp"] = networks.clamp
        if networks.discriminator is not None:
            options["original"] = networks.original
        if networks.discriminator_mapping_layers:
            options["discriminator_mapping_layers"] = networks.discriminator_mapping_layers
    told = Imported(networks.words, options)
    return FoundNetworks(told, networks, _notes(networks), LICENCE)


def found_r3gan(path: Path) -> FoundNetworks:
    """The R3GAN of a pickle of its authors' code, without labels.

    Raises:
        ValueError: where it holds something else; says what.
        OSError: where it cannot be read.
    """
    networks = _recognised(path, r3gan_networks)
    if networks.classes is not None:
        raise ValueError(f"{path} has {networks.words}, and r3gan.py plays without labels")
    if (networks.group_width, networks.expansion) != (16, 2):
        raise ValueError(
            f"{path} has {networks.words} of {networks.group_width} channels in a group, "
            f"{networks.expansion} times wider inside: r3gan.py has 16 and 2"
        )
    options: dict[str, Any] = {
        "images.image_size": networks.image_size,
        "images.channels": networks.channels,
        "latent_size": networks.latent_size,
        "widths": list(networks.widths),
        "blocks": networks.blocks,
    }
    told = Imported(networks.words, options)
    return FoundNetworks(told, networks, _notes(networks), LICENCE_OF_R3GAN)


def with_networks(state: State, networks: StyleNetworks | R3GANNetworks) -> State:
    """The state of a game with the networks of a file; its optimisers begin anew.

    The generator's moving average, which pictures are made with, is the file's; where the game
    keeps none, the generator itself is. A discriminator that the file lacks begins anew. Networks
    that grow are whole.

    Args:
        state: the game's, at its beginning.
        networks: of the options that the game's networks have.

    Raises:
        ValueError: where they are not those of the game's networks; names what differs.
    """
    weights = networks.average if networks.generator is None else networks.generator
    average = state.average
    if average is None:
        weights = networks.average
    else:
        mean = _laid(networks.average, average.mean, "the average of its generator")
        average = average._replace(mean=mean)
    generator = _with_player(state.generator, weights, "its generator")
    discriminator = state.discriminator
    if networks.discriminator is not None:
        discriminator = _with_player(discriminator, networks.discriminator, "its discriminator")
    state = state._replace(generator=generator, discriminator=discriminator, average=average)
    if isinstance(state, StyleState) and isinstance(networks, StyleNetworks) and state.growth:
        doublings = (networks.image_size[0] // networks.base[0]).bit_length() - 1
        whole = Growth(jnp.int32(doublings), jnp.float32(1))
        return state._replace(growth=whole, images=jnp.int32(_SEEN))
    return state


def _recognised(
    path: Path, recognise: Callable[[Mapping[str, NetworkRecord]], Networks]
) -> Networks:
    """The networks of a file; refuses others by the file's name."""
    records = read_networks(path)
    try:
        return recognise(records)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _notes(networks: StyleNetworks | R3GANNetworks) -> tuple[str, ...]:
    """What to say of networks that are imported: what is not there."""
    notes = []
    if networks.generator is None:
        notes.append("the file has one generator alone, which is taken for G and for its average")
    if networks.discriminator is None:
        notes.append("the file has no discriminator: it begins anew")
    return tuple(notes)


def _with_player(player: Player, weights: Any, what: str) -> Player:
    laid = _laid(weights, variables(player), what)
    return player._replace(
        parameters=laid["params"], collections={name: laid[name] for name in player.collections}
    )


def _laid(weights: Any, own: Any, what: str) -> Any:
    """Arrays of JAX, each its own."""
    return jax.tree.map(jnp.array, laid_over(weights, own, what))
