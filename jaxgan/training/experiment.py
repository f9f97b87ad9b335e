"""What training asks of an experiment, and the plain values that an experiment is made of."""

import dataclasses
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import (
    Annotated,
    Any,
    NamedTuple,
    Protocol,
    Self,
    TypeAlias,
    TypeVar,
    overload,
    runtime_checkable,
)

import jax
import numpy as np
from annotated_types import Ge, Gt, Lt
from pydantic import TypeAdapter, ValidationError

from jaxgan.data import (
    Data,
    Resident,
    ResidentSides,
    Size,
    Source,
    Streamed,
    StreamedSides,
    Transform,
    Unpaired,
    ValueRange,
    to_path,
)
from jaxgan.games.game import Batch, Game
from jaxgan.training.pictures import Picture

PositiveInt: TypeAlias = Annotated[int, Gt(0)]
"""A whole number of 1 or more."""
PositiveFloat: TypeAlias = Annotated[float, Gt(0)]
"""A number above 0."""
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
    """An experiment whose inputs hold `label`, `[N]` int32: what to make a picture of."""

    @property
    def classes(self) -> int:
        """Labels are 0 to `classes - 1`."""
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


E = TypeVar("E")


def experiment_name(kind: type) -> str:
    """What runs of an experiment are called: after its file, or after its class where it has none.

    A notebook and an interactive Python have no file: there `MyGAN` is `my_gan`.

    Args:
        kind: the experiment's class.

    >>> experiment_name(Schedule)
    'experiment'
    """
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if file is None:
        return re.sub("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind.__name__).lower()
    path = Path(file)
    # A package is called by its folder: `my_gan/__init__.py`, or `__main__.py` by `python -m`.
    return path.parent.name if path.stem in ("__init__", "__main__") else path.stem


def to_plain(experiment: Any) -> dict[str, Any]:
    """The configuration as values that JSON holds."""
    return TypeAdapter(type(experiment)).dump_python(experiment, mode="json")


def from_plain(kind: type[E], values: dict[str, Any]) -> E:
    """The configuration that such values stand for.

    Raises:
        ValueError: where a value is outside what its field allows, one sentence a value; or where
            one would be lost or read as another.
    """
    try:
        made = TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        raise ValueError("; ".join(_sentence(detail) for detail in error.errors())) from None
    lost = _lost(values, to_plain(made))
    if lost is not None:
        raise ValueError(
            f"{lost} means nothing to {kind.__name__} as it is now: go on with the version of "
            "jaxgan that wrote it"
        )
    return made


def validated(experiment: E) -> E:
    """The experiment itself, if all of its values are ones that its fields allow.

    Raises:
        ValueError: names each field that is not, its value, and what would be right.
    """
    return from_plain(type(experiment), to_plain(experiment))


@dataclasses.dataclass(frozen=True)
class Moved:
    """Where a run's data are now, if they are not where they were when it began."""

    folder: Path | None = None
    """Where the run's folder of images is now."""
    folder_a: Path | None = None
    """Where the folder of side a is now."""
    folder_b: Path | None = None
    """Where the folder of side b is now."""
    data_dir: Path | None = None
    """Where data sets are kept now."""

    def apply(self, experiment: E) -> E:
        """The experiment with its data elsewhere.

        Raises:
            ValueError: where the experiment does not read data from such a place.
        """
        for field in dataclasses.fields(self):
            place = getattr(self, field.name)
            if place is None:
                continue
            moved = _with_place(experiment, field.name, to_path(place).absolute())
            if moved is experiment:
                flag = f"--{field.name.replace('_', '-')}"
                raise ValueError(f"the run has no {field.name} that could move: leave {flag} out")
            experiment = moved
        return experiment


UNMOVED = Moved()
"""The data are where they were."""


def with_absolute_paths(experiment: E) -> E:
    """The experiment with paths that mean the same from every folder."""
    return _replaced(
        experiment, lambda _, value: value.absolute() if isinstance(value, Path) else value
    )


def _with_place(experiment: E, name: str, place: Path) -> E:
    """The experiment with another path wherever it has one under this name."""
    return _replaced(
        experiment,
        lambda field, value: (
            place if field == name and (isinstance(value, Path) or name == "data_dir") else value
        ),
    )


def _replaced(value: E, change: Callable[[str, Any], Any]) -> E:
    """A dataclass of plain values, changed field by field; itself where nothing changes."""
    assert dataclasses.is_dataclass(value)
    assert not isinstance(value, type)
    changes = {}
    for field in dataclasses.fields(value):
        before = getattr(value, field.name)
        if dataclasses.is_dataclass(before) and not isinstance(before, type):
            after = _replaced(before, change)
        else:
            after = change(field.name, before)
        if after is not before:
            changes[field.name] = after
    return dataclasses.replace(value, **changes) if changes else value


def _lost(values: Mapping[str, Any], kept: Mapping[str, Any], prefix: str = "") -> str | None:
    """The first value that is not kept as it is; `kept` may have more fields."""
    for name, value in values.items():
        other = kept.get(name)
        if isinstance(value, dict) and isinstance(other, dict):
            lost = _lost(value, other, f"{prefix}{name}.")
            if lost is not None:
                return lost
        elif (
            name not in kept or value != other or isinstance(value, bool) != isinstance(other, bool)
        ):
            return f"{prefix}{name} = {value!r}"
    return None


def _sentence(detail: Any) -> str:
    field = ".".join(str(part) for part in detail["loc"])
    wish = detail["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{field} = {detail['input']!r} will not do: it should be {wish}"
