"""What experiments of translation have in common: their data, sheets and figures."""

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan import metrics
from jaxgan.data import Data, Sides, Transform, ValueRange, height_and_width, to_floats
from jaxgan.games import Batch
from jaxgan.training import Picture, Pipeline, PositiveInt, grid

COLUMNS = 10


@dataclass(frozen=True)
class BetweenSides:
    """An experiment between two sides: what follows from its images.

    Training knows of no pairs, and both sides can be translated, unless an experiment says
    otherwise.
    """

    pairs: Sides
    """The images."""
    batch_size: PositiveInt
    """Images of each side in a minibatch."""

    @property
    def sides(self) -> tuple[str, ...]:
        """Both sides can be translated."""
        return ("a", "b")

    @property
    def channels(self) -> int:
        """Of the images of side a."""
        return self.pairs.channels

    def channels_of(self, side: str) -> int:
        """Of the images of a side."""
        pairs = self.pairs
        return pairs.channels if side == "a" or pairs.channels_b is None else pairs.channels_b

    @property
    def sizes(self) -> range | None:
        """Images of one size are translated, unless an experiment says otherwise."""
        return None

    @property
    def transform(self) -> Transform:
        """Of the images, without jitter."""
        return self.pairs.transform

    @property
    def value_range(self) -> ValueRange | None:
        """Of the images."""
        return self.pairs.range

    @property
    def shapes(self) -> dict[str, jax.ShapeDtypeStruct]:
        """Of a batch."""
        height, width = height_and_width(self.pairs.crop_size)
        return {
            side: jax.ShapeDtypeStruct(
                (self.batch_size, height, width, self.channels_of(side)), jnp.float32
            )
            for side in "ab"
        }

    def data(self, pipeline: Pipeline) -> Data:
        """One minibatch of each side a round, of which no image belongs to another."""
        pairs = self.pairs
        return pipeline(
            pairs.unpaired(), batch_size=self.batch_size, flip=pairs.flip, crop=pairs.crop_size
        )

    def inputs(self, key: jax.Array, count: int) -> Batch:
        """Held-out images of side a, in turn."""
        del key
        a = self.held_out(count)["a"]
        return {"a": jnp.asarray(a)[jnp.arange(count) % len(a)]}

    def held_out(self, count: int | None = None) -> dict[str, np.ndarray]:
        """Held-out images of both sides, `[N, H, W, C]` float32 in [-1, 1]."""
        return {side: to_floats(images) for side, images in self.pairs.held_out(count).items()}

    def compare(self, made: np.ndarray) -> dict[str, float]:
        """Figures of side b as it was made of all held-out a, beside a itself and b's mean."""
        held_out = self.held_out()
        a, b = held_out["a"], held_out["b"]
        if a.shape[3] > b.shape[3]:
            a = a @ np.array([[0.299], [0.587], [0.114]], a.dtype)  # luma, as of `Grey`
        baselines = {"input": a, "mean": mean_image(self.pairs)}
        return evaluate_translation(made, held_out["b"], baselines)


def draw_strips(*rows: np.ndarray, columns: int = COLUMNS) -> Picture:
    """Images that belong together one under another: input, output, truth, ...

    Args:
        *rows: each `[N, H, W, C]` in [-1, 1], of as many images of one size, grey or RGB. What is
            left over of N by the columns is not shown.
        columns: how many stand side by side.
    """
    channels = max(row.shape[3] for row in rows)
    rows = tuple(np.broadcast_to(row, (*row.shape[:3], channels)) for row in rows)
    columns = min(columns, len(rows[0]))
    strips = len(rows[0]) // columns
    blocks = [row[: strips * columns].reshape(strips, 1, columns, *row.shape[1:]) for row in rows]
    images = np.concatenate(blocks, axis=1)
    return grid(images.reshape(-1, *images.shape[3:]), columns=columns)


def evaluate_translation(
    images: np.ndarray, truth: np.ndarray, baselines: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """How near translations are to the truth, beside baselines.

    Args:
        images: `[N, H, W, C]` float32 in [-1, 1].
        truth: `[N, H, W, C]` float32 in [-1, 1].
        baselines: other images to be compared by name, of the truth's shape, or one for all.

    Returns:
        `l1` (as a share of the range, 0 to 1) and `ssim`, of the images and, under `NAME_l1` and
        `NAME_ssim`, of each baseline. Of images of three channels also `colour_inside`, their mean
        chroma where the truth has colour, `colour_outside`, where it has none, and
        `true_colour_inside` and `true_colour_outside`, the same of the truth.
    """
    figures = {}
    for name, made in {"": images, **{f"{name}_": x for name, x in baselines.items()}}.items():
        made = np.broadcast_to(made, truth.shape)
        figures[f"{name}l1"] = metrics.absolute_error(made, truth)
        figures[f"{name}ssim"] = metrics.structural_similarity(made, truth)
    if truth.shape[3] == 3:
        for name, made in {"": images, "true_": truth}.items():
            inside, outside = metrics.colour_placement(made, truth)
            figures |= {f"{name}colour_inside": inside, f"{name}colour_outside": outside}
    return figures


def mean_image(sides: Sides) -> np.ndarray:
    """The mean of side b's training images, as networks see them.

    Returns:
        `[1, H, W, C]` float32 in [-1, 1]: the centre of what was prepared.
    """
    source = sides.unpaired().b
    parts = np.array_split(np.arange(len(source)), -(-len(source) // 256))
    total = sum(source.read(rows)["image"].sum(axis=0, dtype=np.float64) for rows in parts)
    mean = np.asarray(total / len(source), np.float32)[None]
    height, width = height_and_width(sides.crop_size)
    top, left = (mean.shape[1] - height) // 2, (mean.shape[2] - width) // 2
    return to_floats(mean[:, top : top + height, left : left + width])
