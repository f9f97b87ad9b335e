"""Points of the plane around known centres: data whose every mode can be counted.

All three mixtures are scaled to a standard deviation of about 1 along each axis, so that latents
$z ~ N(0, I)$ and points are of one size.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from jaxgan.data.sources import ArraySource


class Coverage(NamedTuple):
    """How much of a mixture a cloud of points covers.

    Attributes:
        modes: how many centres have a point within three deviations.
        quality: share of the points that lie within three deviations of a centre.
        divergence: KL of the shares of the modes among those points from equal shares, in nats; 0
            where all modes get the same, log K where one gets all; NaN where no point is near.
    """

    modes: int
    quality: float
    divergence: float


@dataclass(frozen=True, eq=False)
class Mixture:
    r"""Round Gaussians of one width and equal weight.

    $$x = c_k + σ ε, \quad ε ~ N(0, I)$$

    with k uniform in {0..K-1}.

    Attributes:
        centres: c, `[K, D]` float32.
        deviation: σ, along each axis; positive.
    """

    centres: np.ndarray
    deviation: float

    def __post_init__(self) -> None:
        if self.centres.ndim != 2 or not len(self.centres):
            raise ValueError(f"centres must be of shape [K, D], not {self.centres.shape}")
        if not self.deviation > 0:
            raise ValueError(f"a deviation of {self.deviation} makes no cloud: give one above 0")

    def draw(self, count: int, *, seed: int) -> np.ndarray:
        """Draw `count` points of it, `[count, D]` float32; a function of the seed."""
        generator = np.random.default_rng(seed)
        centres = self.centres[generator.integers(len(self.centres), size=count)]
        points = centres + self.deviation * generator.standard_normal(centres.shape)
        return points.astype(np.float32)

    def source(self, count: int = 100_000, *, seed: int = 0) -> ArraySource:
        """A data set of so many points of it.

        Returns:
            A source of one array, `point`, `[count, D]` float32.

        >>> batch = grid().source(1000).read(np.arange(4))
        >>> batch["point"].shape
        (4, 2)
        """
        return ArraySource({"point": self.draw(count, seed=seed)})

    def coverage(self, points: np.ndarray) -> Coverage:
        """Count the modes that points find, and the points that find a mode.

        A point belongs to its nearest centre and counts where it is within three deviations of it:
        in two dimensions 98.9% of the mixture's own points do ($1 - exp(-9/2)$).

        Args:
            points: `[N, D]`, floats, N positive.

        Raises:
            ValueError: where there are no points, or they have another dimension.

        Metz et al., Unrolled Generative Adversarial Networks, 2017; the rule of three deviations is
        that of Srivastava et al., VEEGAN, 2017, section 4.

        >>> two = Mixture(np.array([[0.0, 0.0], [1.0, 0.0]]), deviation=0.1)
        >>> two.coverage(np.array([[0.0, 0.2], [0.5, 0.0]]))[:2]
        (1, 0.5)
        """
        if points.ndim != 2 or points.shape[1] != self.centres.shape[1] or not len(points):
            raise ValueError(
                f"points of shape {points.shape} do not lie among centres of shape "
                f"{self.centres.shape}: give [N, {self.centres.shape[1]}]"
            )
        distances = np.linalg.norm(points[:, None] - self.centres, axis=-1)
        near = distances.min(axis=1) <= 3 * self.deviation
        counts = np.bincount(distances[near].argmin(axis=1), minlength=len(self.centres))
        with np.errstate(invalid="ignore"):
            shares = counts / counts.sum()
        logarithms = np.log(len(shares) * shares, where=shares > 0, out=np.zeros_like(shares))
        divergence = float(np.sum(shares * logarithms))
        return Coverage(int(np.count_nonzero(counts)), float(near.mean()), divergence)


def ring(modes: int = 8) -> Mixture:
    """Gaussians on a circle; the deviation is a hundredth of its radius, as in VEEGAN's.

    Args:
        modes: K, how many; positive.
    """
    angles = 2 * np.pi * np.arange(modes) / modes
    radius = np.sqrt(2)
    centres = radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return Mixture(centres.astype(np.float32), deviation=radius / 100)


def grid(side: int = 5) -> Mixture:
    """Gaussians on a square lattice, side² of them: 25 as in the literature.

    There the lattice's spacing is 2 and the deviation 0.05; here both are divided by 2√2, so that
    the 25 have unit variance along each axis.

    Args:
        side: centres along an axis; positive.
    """
    ticks = (np.arange(side) - (side - 1) / 2) / np.sqrt(2)
    centres = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    return Mixture(centres.astype(np.float32), deviation=0.05 / np.sqrt(8))


def spiral(modes: int = 100, turns: float = 2.0) -> Mixture:
    """A chain of Gaussians at equal distances along an Archimedean spiral, one curve to the eye.

    Args:
        modes: K, links of the chain; 2 or more.
        turns: how often it winds round the centre.
    """
    fine = np.linspace(0.0, 1.0, 20_000)
    curve = fine[:, None] * np.stack(
        [np.cos(2 * np.pi * turns * fine), np.sin(2 * np.pi * turns * fine)], axis=-1
    )
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    even = np.interp(np.linspace(0.0, length[-1], modes), length, fine)
    centres = (
        2
        * even[:, None]
        * np.stack([np.cos(2 * np.pi * turns * even), np.sin(2 * np.pi * turns * even)], axis=-1)
    )
    return Mixture(centres.astype(np.float32), deviation=0.03)
