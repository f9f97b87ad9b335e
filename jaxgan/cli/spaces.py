"""Where images are moved: in z, or in w where they are made of styles."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.cli.runs import classes_of
from jaxgan.cli.sheets import Opened
from jaxgan.cli.truncation import check_styled, check_truncation
from jaxgan.latents import Between, lerp, slerp, truncate
from jaxgan.training import Generates, RunError, Styled

SpaceName: TypeAlias = Literal["z", "w"]


@dataclasses.dataclass(frozen=True)
class Space:
    """The points that images are made of: latents, `[N, Z]`, or styles, `[N, L, W]`.

    Attributes:
        opened: the run's checkpoint.
        name: z or w.
        truncation: psi of all images; None leaves them.
    """

    opened: Opened[Generates]
    name: SpaceName
    truncation: float | None = None

    @property
    def between(self) -> Between:
        """The way from one point to another: w are flat, latents lie on a sphere."""
        return lerp if self.name == "w" else slerp

    @property
    def needs_label(self) -> bool:
        """Whether a point is an image only with a label: in w it holds one already."""
        return self.name == "z" and classes_of(self.opened.experiment) is not None

    def points(self, inputs: Mapping[str, Any]) -> jax.Array:
        """The points of inputs of `generate`; w are truncated here."""
        if self.name == "z":
            return jnp.asarray(inputs["latent"])
        experiment, state = check_styled(self.opened.experiment), self.opened.state
        w = jax.jit(experiment.map_latents)(state, dict(inputs))
        if self.truncation is None:
            return w
        return truncate(w, experiment.latent_mean(state), self.truncation)

    def inputs(self, points: Any, label: Any = None) -> dict[str, Any]:
        """The inputs of `generate` that points are.

        Args:
            points: `[N, Z]` or `[N, L, W]`.
            label: `[N]` or `[N, A]`, or one of all; needed where `needs_label`.
        """
        points = np.asarray(points, np.float32)
        if self.name == "w":
            return {"w": points}
        inputs: dict[str, Any] = {"latent": points}
        if self.needs_label:
            classes = classes_of(self.opened.experiment)
            attributes = (len(classes),) if isinstance(classes, tuple) else ()
            shape = len(points), *attributes
            inputs["label"] = np.broadcast_to(np.asarray(label, np.int32), shape)
        if self.truncation is not None:
            inputs["truncation"] = np.full(len(points), self.truncation, np.float32)
        return inputs

    def make(self, points: Any, label: Any = None) -> np.ndarray:
        """The images of points, `[N, H, W, C]`; arguments as of `inputs`."""
        return self.opened.make(self.inputs(points, label))

    def chunks(self, points: Any, label: Any = None) -> Iterator[np.ndarray]:
        """The same, a training batch at a time."""
        return self.opened.chunks(self.inputs(points, label))

    def rows(self, points: jax.Array) -> np.ndarray:
        """Points as rows of numbers: latents `[N, Z]`, or the mean of the layers' w, `[N, W]`.

        The w of a latent are the same in all layers.
        """
        return np.asarray(points if self.name == "z" else points.mean(axis=1))

    def steps(self, directions: np.ndarray, layers: slice = slice(None)) -> np.ndarray:
        """Directions `[K, D]` of rows as steps of points, `[K, Z]` or `[K, L, W]`.

        Args:
            directions: one a row.
            layers: those that move, of w; the others stay.
        """
        if self.name == "z":
            return directions
        experiment = check_styled(self.opened.experiment)
        count = jax.eval_shape(experiment.map_latents, self.opened.state, self.opened.draw(1))
        steps = np.zeros((len(directions), count.shape[1], directions.shape[1]), np.float32)
        steps[:, layers] = directions[:, None]
        return steps


def space_of(
    opened: Opened[Generates], name: SpaceName | None = None, truncation: float | None = None
) -> Space:
    """The space that was asked for, or w where there are styles, and else z.

    Raises:
        RunError: where the images are not made of styles, and w or truncation was asked for.
    """
    styled = isinstance(opened.experiment, Styled)
    if name == "w" and not styled:
        raise RunError("the images of this run are not made of styles: give --space z")
    if truncation is not None:
        check_styled(opened.experiment)
    return Space(opened, name or ("w" if styled else "z"), truncation)


def check_asked(truncation: float | None) -> None:
    """Refuse a truncation that will not do, before anything is opened."""
    if truncation is not None:
        check_truncation(truncation)
