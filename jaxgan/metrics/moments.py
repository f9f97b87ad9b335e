"""Mean and covariance of features that come in parts."""

from typing import NamedTuple

import numpy as np

from jaxgan.metrics.distances import feature_sets


class Moments(NamedTuple):
    r"""Count, mean and scatter of features: in float64 on the host, whatever the features are.

    $$S = Σ_n (x_n - μ)(x_n - μ)^T$$

    Parts are merged without the loss of digits that sums of squares have:

    $$S = S_a + S_b + \frac{N_a N_b}{N_a + N_b} (μ_b - μ_a)(μ_b - μ_a)^T$$

    so one pass, batches and shards agree to rounding. Memory: `F * F * 8` bytes, 34 MB for 2,048.

    Attributes:
        count: N.
        mean: `[F]` float64.
        scatter: `[F, F]` float64.

    References:
        Chan, Golub and LeVeque, "Algorithms for computing the sample variance" (1983), here for
        vectors.

    >>> first = Moments.init(1).update(np.array([[1.0], [3.0]]))
    >>> second = Moments.init(1).update(np.array([[5.0]]))
    >>> first.merge(second).compute()
    (array([3.]), array([[4.]]))
    """

    count: int
    mean: np.ndarray
    scatter: np.ndarray

    @classmethod
    def init(cls, dimensions: int) -> "Moments":
        """Moments of no features.

        Args:
            dimensions: F, 1 or more.

        Raises:
            ValueError: where there are no dimensions.
        """
        if dimensions < 1:
            raise ValueError(f"features of {dimensions} dimensions have no moments: give 1 or more")
        return cls(0, np.zeros(dimensions), np.zeros((dimensions, dimensions)))

    def update(self, features: np.ndarray) -> "Moments":
        """With more features.

        Args:
            features: `[N, F]`, finite. N may be 0.

        Raises:
            ValueError: where they have other dimensions, or one is not finite.
        """
        (x,) = feature_sets(features, least=0)
        if not len(x):
            return self
        mean = x.mean(axis=0)
        centred = x - mean
        return self.merge(Moments(len(x), mean, centred.T @ centred))

    def merge(self, other: "Moments") -> "Moments":
        """Those of both.

        Raises:
            ValueError: where the other's features have other dimensions.
        """
        if self.mean.shape != other.mean.shape:
            raise ValueError(
                f"moments of {len(self.mean)} and of {len(other.mean)} dimensions cannot be "
                "merged: take those of the same features"
            )
        count = self.count + other.count
        if not other.count:
            return self
        apart = other.mean - self.mean
        between = np.outer(apart, apart) * (self.count * other.count / count)
        mean = self.mean + apart * (other.count / count)
        return Moments(count, mean, self.scatter + other.scatter + between)

    def compute(self, *, ddof: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance.

        Args:
            ddof: the scatter is divided by `count - ddof`, as in NumPy. 1 is without bias, and
                what pytorch-fid and torch-fidelity do; NVIDIA divides by the count, with 0.

        Returns:
            `[F]` and `[F, F]`, float64.

        Raises:
            ValueError: where there are not more than `ddof` features, or it is negative.
        """
        if not 0 <= ddof < self.count:
            raise ValueError(
                f"{self.count} features have no covariance with ddof={ddof}: give a ddof of 0 or "
                "1, and more features than that"
            )
        return self.mean, self.scatter / (self.count - ddof)
