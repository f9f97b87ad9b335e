"""What the verb `import` asks of an experiment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self, runtime_checkable

import jax
import numpy as np

from jaxgan.training.experiment import Experiment, Translates


class Imported(NamedTuple):
    """What the tensors of a file tell of an experiment's configuration.

    Attributes:
        words: what they are, for people.
        options: values that they determine, by the field's path, as in `pairs.channels`.
        usual: values of fields that they leave open, for whoever names none.
    """

    words: str
    options: Mapping[str, Any]
    usual: Mapping[str, Any] = {}


@runtime_checkable
class Imports(Translates, Protocol):
    """An experiment whose generators and discriminators may come from files of PyTorch's."""

    @property
    def shapes(self) -> dict[str, jax.ShapeDtypeStruct]:
        """What a batch is like."""
        ...

    def recognised(
        self, tensors: Mapping[str, np.ndarray], side: str, *, discriminator: bool
    ) -> Imported | None:
        """What tensors tell of this configuration; None where they are nothing like its networks.

        Args:
            tensors: of a file, or of a part of it, by their keys.
            side: one of `sides`: what the generator takes.
            discriminator: whether they are to be the discriminator of what that generator makes.

        Raises:
            ValueError: where they are nearly what this experiment plays with, or the wrong one of
                its networks; says what they are.
        """
        ...

    def fitted(self) -> Self:
        """The configuration with what follows from its options, as the size of images."""
        ...

    def imported(
        self, state: Any, tensors: Mapping[str, np.ndarray], side: str, *, discriminator: bool
    ) -> Any:
        """The state with one network from a file.

        Args:
            state: the game's, at its beginning.
            tensors: what was recognised.
            side: as of `recognised`.
            discriminator: as of `recognised`.

        Raises:
            ValueError: where the tensors are not those of such a network; it names the first keys
                and shapes that differ. Where a number is not finite.
        """
        ...


class FoundNetworks(NamedTuple):
    """The networks of one file, for an experiment.

    Attributes:
        told: what they tell of its configuration.
        networks: whatever the experiment made of the file.
        notes: sentences for people, as what the file lacks.
        licence: of the networks, in a sentence; None where it is not known.
    """

    told: Imported
    networks: Any
    notes: tuple[str, ...] = ()
    licence: str | None = None


@runtime_checkable
class ImportsNetworks(Experiment, Protocol):
    """An experiment whose networks may come from one file that holds them all."""

    @property
    def shapes(self) -> dict[str, jax.ShapeDtypeStruct]:
        """What a batch is like."""
        ...

    def found_in(self, path: Path) -> FoundNetworks:
        """The networks of a file, read without running it.

        Raises:
            ValueError: where they are none that this experiment plays with; says what they are.
            OSError: where it cannot be read.
        """
        ...

    def with_networks(self, state: Any, networks: Any) -> Any:
        """The state with the networks that `found_in` has found.

        Args:
            state: the game's, at its beginning, of the configuration that they tell.
            networks: what was found.

        Raises:
            ValueError: where they are not those of this configuration; names what differs.
        """
        ...
