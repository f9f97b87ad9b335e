"""What training asks of an experiment, and the plain values that an experiment is made of."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import (
    Annotated,
    Any,
    Protocol,
    Self,
    TypeAlias,
    overload,
    runtime_checkable,
)

import jax
import numpy as np
from annotated_types import Ge, Gt, Lt

from jaxgan.data import (
    Data,
    Images,
    Resident,
    ResidentSides,
    Size,
    Source,
    Streamed,
    StreamedSides,
    Transform,
    Unpaired,
    ValueRange,
)
from jaxgan.games.game import Batch, Game
from jaxgan.training.pictures import Picture

PositiveInt: TypeAlias = Annotated[int, Gt(0)]
"""A whole number of 1 or more."""
PositiveFloat: TypeAlias = Annotated[float, Gt(0)]
"""A number above 0."""
NonNegativeFloat: TypeAlias = Annotated[float, Ge(0)]
"""A weight or deviation, which may be 0."""
Fraction: TypeAlias = Annotated[float, Ge(0), Lt(1)]
"""A number in [0, 1): a decay or a momentum."""


class Pipeline(Protocol):
    """`jaxgan.data.pipeline` with the run's seed and its place already in."""

    @overload
    def __call__(
        self,
        source: Source,
        *,
        batch_size: int,
        flip: bool = False,
        crop: Size | None = None,
        dequantise: bool = False,
    ) -> Resident | Streamed: ...
    @overload
    def __call__(
        self,
        source: Unpaired,
        *,
        batch_size: int,
        flip: bool = False,
        crop: Size | None = None,
        dequantise: bool = False,
    ) -> ResidentSides | StreamedSides: ...


@dataclasses.dataclass(frozen=True)
class Schedule:
    """How long a run is, and how often it writes."""

    steps: PositiveInt
    """Rounds of the game: each is n_critic updates of D and one of G."""
    log_every: PositiveInt = 50
    """Rounds between two lines of metrics."""
    sample_every: PositiveInt = 500
    """Rounds between two pictures of the fixed samples."""
    checkpoint_every: PositiveInt = 1000
    """Rounds between two checkpoints."""
    keep: PositiveInt = 3
    """How many checkpoints stay on disk; the newest ones."""
    keep_every: PositiveInt | None = None
    """Rounds between two checkpoints that stay for good; none do where not given."""
    evaluate_every: PositiveInt | None = None
    """Rounds between two evaluations, of which the best state stays; none where not given."""


class Experiment(Protocol):
    """A frozen dataclass of plain values that builds a game and its data."""

    @property
    def schedule(self) -> Schedule:
        """How long a run is, and how often it writes."""
        ...

    def game(self) -> Game:
        """The game that is played."""
        ...

    def data(self, pipeline: Pipeline) -> Data:
        """The batch of each round: `pipeline(source, batch_size=..., flip=...)`.

        Args:
            pipeline: `jaxgan.data.pipeline` with the run's seed and its place already in.
        """
        ...

    def inputs(self, key: jax.Array, count: int) -> Batch:
        """So many inputs for the game's `generate`."""
        ...


@runtime_checkable
class Generates(Experiment, Protocol):
    """An experiment whose images are made of latents.

    Inputs of its game's `generate` hold "latent", `[N, Z]` float32, and "label", `[N]` or `[N, A]`
    int32, where it is asked to play with labels (`Conditional`).
    """

    @property
    def images(self) -> Images:
        """The pictures that it learns to make."""
        ...

    @property
    def latent(self) -> Callable[[jax.Array, int], jax.Array]:
        """p(z): `(key, count) -> [count, Z]`."""
        ...

    def latent_kernels(self, state: Any) -> list[jax.Array]:
        """The kernels that meet a latent first, or, where images are made of styles, a style.

        Args:
            state: the game's.

        Returns:
            One kernel or more, `[Z, ...]` or `[W, ...]`.
        """
        ...


@runtime_checkable
class Styled(Experiment, Protocol):
    """An experiment whose images are made of styles: w, a vector for each of L layers.

    Inputs of its game's `generate` may hold "truncation", `[N]` float32, and "cutoff", `[N]` int32;
    or they are `{"w": [N, L, W]}` instead. Where layers add noise, they may hold "noise", `[N]`
    uint32: seeds of each image's own.
    """

    def map_latents(self, state: Any, inputs: Batch) -> jax.Array:
        """The w of inputs, `[N, L, W]`, not truncated.

        Args:
            state: the game's.
            inputs: as of `inputs`.
        """
        ...

    def latent_mean(self, state: Any) -> jax.Array:
        """The mean of w that truncation draws to, `[W]`."""
        ...


@runtime_checkable
class Blends(Experiment, Protocol):
    """An experiment of whose runs two generators can be put together, by the size of layers."""

    def blended(self, state: Any, other: Any, resolution: int) -> Any:
        """A state whose generator has the layers from a resolution on of another's.

        Args:
            state: the game's.
            other: that of another run.
            resolution: of the first layers that are the other's.

        Raises:
            ValueError: where there are no such layers, or the two have other networks.
        """
        ...


@runtime_checkable
class Resolves(Experiment, Protocol):
    """An experiment of which some values may follow from others and from the count of devices."""

    def resolved(self, devices: int) -> Self:
        """The configuration with all of its values; those that are given stay.

        Args:
            devices: that share a batch.
        """
        ...


@runtime_checkable
class Transfers(Experiment, Protocol):
    """An experiment whose networks may begin with those layers of another run's that agree."""

    def transferred(self, before: Self, *, imported: bool) -> Self:
        """The configuration of a run that begins with another's state.

        Args:
            before: that of the other run.
            imported: whether the other was not trained but imported.
        """
        ...


@runtime_checkable
class Shows(Experiment, Protocol):
    """An experiment that chooses the fixed samples of a run; of others they are any inputs."""

    def shown(self, key: jax.Array, count: int) -> Batch:
        """So many inputs for the game's `generate`."""
        ...


Generate: TypeAlias = Callable[[jax.Array, Mapping[str, jax.Array | np.ndarray]], np.ndarray]
"""`(key, inputs) -> images`: what the trained generator makes of any count of inputs."""


@runtime_checkable
class Draws(Experiment, Protocol):
    """An experiment that draws its fixed samples itself; of others they stand in a grid."""

    def draw(self, state: Any, made: np.ndarray) -> Picture:
        """The picture of the fixed samples; one size through a run.

        Args:
            state: the game's.
            made: what `generate` made of the fixed inputs, `[N, ...]`.
        """
        ...


@runtime_checkable
class Evaluates(Experiment, Protocol):
    """An experiment that says in figures how good its samples are."""

    def evaluate(self, generate: Generate, key: jax.Array) -> dict[str, float]:
        """Figures by name.

        Args:
            generate: the trained generator.
            key: typed key, [], for inputs and all else that is drawn.
        """
        ...


@runtime_checkable
class Conditional(Experiment, Protocol):
    """An experiment whose inputs hold `label`, `[N]` int32: what to make a picture of.

    Of several attributes at once labels are vectors, `[N, A]` int32.
    """

    @property
    def classes(self) -> int | tuple[int, ...] | None:
        """Labels are 0 to `classes - 1`; None where it is asked to play without.

        Of several attributes, how many labels each has.
        """
        ...


@runtime_checkable
class Translates(Experiment, Protocol):
    """An experiment whose game makes pictures of pictures."""

    @property
    def sides(self) -> tuple[str, ...]:
        """Names of the inputs that the game's `generate` takes, one at a time, as "a" and "b"."""
        ...

    @property
    def channels(self) -> int:
        """Of the pictures that go in: 1 (grey) or 3 (RGB)."""
        ...

    @property
    def transform(self) -> Transform:
        """How the run's own pictures become what the networks see, without jitter."""
        ...

    @property
    def value_range(self) -> ValueRange | None:
        """Of the run's own pictures, as `jaxgan.data.decode` takes it; None is their formats'."""
        ...

    @property
    def sizes(self) -> range | None:
        """Heights and widths of pictures that may go in.

        `range(8, sys.maxsize, 4)` are multiples of 4 from 8 on; None is no size but the one that
        `transform` gives.
        """
        ...
