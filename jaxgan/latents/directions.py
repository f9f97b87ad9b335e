"""Directions in which an image changes: found by labels, in weights, or in what varies most.

All are found once, so they are NumPy's, in float64, and come out as float32.
"""

from typing import NamedTuple

import chex
import numpy as np
from numpy.typing import ArrayLike

_HELD_OUT = 0.2
"""The share of each group that a separator is measured on."""
_LEAST = 5
"""The smallest group that can be separated: one of it is held out."""


class Separator(NamedTuple):
    """A direction that leads from one group to another.

    Attributes:
        direction: `[D]` float32 of length 1.
        accuracy: the share of held-out points on the right side of the plane across it, the mean of
            both groups' shares; in (0.5, 1].
    """

    direction: np.ndarray
    accuracy: float


def separator(points: ArrayLike, labels: ArrayLike, *, seed: int = 0) -> Separator:
    """Find the direction from points without an attribute to those with it.

    It is the normal of the plane that a linear support vector machine finds between the two, for
    points moved and scaled (all coordinates alike) to a mean of 0 and a mean squared length of 1,
    with C = 10. Both groups weigh the same, however uneven they are.

    Args:
        points: `[N, D]` numbers: latents, or w.
        labels: `[N]` bool: which have the attribute.
        seed: of the fifth of each group that is held out.

    Returns:
        The direction and how well it tells held-out points apart.

    Raises:
        ValueError: where a group has fewer than 5 points, or the two are not apart: no more
            held-out points lie on their own side than by guessing.

    Shen et al., Interpreting the Latent Space of GANs for Semantic Face Editing, 2020, section 3.
    """
    from sklearn.svm import LinearSVC

    points, labels = np.asarray(points, np.float64), np.asarray(labels)
    chex.assert_rank([points, labels], [2, 1])
    chex.assert_type(labels, bool)
    chex.assert_equal_shape_prefix([points, labels], 1)
    groups = {name: np.flatnonzero(labels == name) for name in (True, False)}
    for name, group in groups.items():
        if len(group) < _LEAST:
            raise ValueError(
                f"{len(group)} of {len(labels)} points are labelled {name}, too few for a "
                f"direction: give {_LEAST} or more of each label"
            )
    random = np.random.default_rng(seed)
    held_out = np.zeros(len(labels), bool)
    for group in groups.values():
        held_out[random.permutation(group)[: max(1, round(_HELD_OUT * len(group)))]] = True
    points = points - points.mean(0)
    length = np.sqrt((points**2).sum(1).mean())
    points = points / (length or 1.0)
    machine = LinearSVC(C=10.0, dual=False, class_weight="balanced")
    machine.fit(points[~held_out], labels[~held_out])
    right = machine.predict(points) == labels
    accuracy = float(np.mean([right[held_out & (labels == name)].mean() for name in groups]))
    if accuracy <= 0.5:
        raise ValueError(
            f"the two groups are not apart: {accuracy:.0%} of held-out points lie on their own "
            "side of the best plane, no more than by guessing; give other labels or more points"
        )
    return Separator(_unit(machine.coef_[0]), accuracy)


def sefa(*kernels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    r"""The directions of w that change styles most, from the weights alone.

    The eigenvectors of $A A^T$, where A is all kernels side by side, each column of length 1 as in
    the authors' code: so every channel of every layer counts alike. Columns of zeros stay.

    Args:
        kernels: `[W, C]` each: of the layers that make styles of w, or of the one that takes z.

    Returns:
        The directions, `[W, W]` float32, one a row, of length 1, the strongest first; and their
        eigenvalues, `[W]` float32, which fall. The largest number of a direction is positive.

    Raises:
        ValueError: where there is no kernel, or they take vectors of different lengths.

    Shen and Zhou, Closed-Form Factorization of Latent Semantics in GANs, 2021, section 3.

    >>> directions, strengths = sefa(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 2.0]]))
    >>> directions.tolist(), strengths.tolist()
    ([[1.0, 0.0], [0.0, 1.0]], [2.0, 1.0])
    """
    layers = [np.asarray(kernel, np.float64) for kernel in kernels]
    chex.assert_rank(layers, 2)
    widths = {len(layer) for layer in layers}
    if len(widths) != 1:
        raise ValueError(
            f"kernels that take vectors of {sorted(widths)} numbers have no directions in common: "
            "give a kernel or more, [W, C], all with the same W"
        )
    columns = np.concatenate(layers, axis=1)
    lengths = np.linalg.norm(columns, axis=0, keepdims=True)
    columns = columns / np.where(lengths == 0, 1.0, lengths)
    strengths, directions = np.linalg.eigh(columns @ columns.T)
    strengths = np.maximum(strengths[::-1], 0).astype(np.float32)
    return _signed(directions.T[::-1]).astype(np.float32), strengths


class PrincipalComponents(NamedTuple):
    """Where points lie, and along which directions they vary most.

    Attributes:
        mean: `[D]` float32.
        directions: `[K, D]` float32, one a row, orthogonal, of length 1; the first varies most. The
            largest number of each is positive.
        deviations: `[K]` float32: the standard deviation along each.
    """

    mean: np.ndarray
    directions: np.ndarray
    deviations: np.ndarray


def principal_components(points: ArrayLike) -> PrincipalComponents:
    """The directions along which points vary most, as GANSpace finds them in w.

    Args:
        points: `[N, D]` numbers, N 2 or more.

    Returns:
        As many as points can show: K is D, or N - 1 where that is less.

    Raises:
        ValueError: where there are fewer than 2 points.

    Härkönen et al., GANSpace: Discovering Interpretable GAN Controls, 2020, section 2.1.

    >>> components = principal_components(np.array([[0.0, 1.0], [4.0, 1.0], [2.0, 1.0]]))
    >>> components.directions[0].tolist(), components.deviations.tolist()
    ([1.0, 0.0], [2.0, 0.0])
    """
    mean, _, lengths, directions = _decomposed(points)
    deviations = lengths / np.sqrt(len(np.asarray(points)) - 1)
    found = mean, _signed(directions), deviations
    return PrincipalComponents(*(x.astype(np.float32) for x in found))


def regressed_directions(latents: ArrayLike, features: ArrayLike, count: int) -> np.ndarray:
    """Directions of latents that follow the principal components of what a layer makes of them.

    Each is the least squares solution of latents from the coordinate of their features along a
    component, as GANSpace finds directions for generators without w.

    Args:
        latents: `[N, Z]` numbers.
        features: `[N, F]` numbers, of the same N: activations of an early layer, flattened.
        count: how many directions, 1 to F or N - 1, whichever is less.

    Returns:
        `[count, Z]` float32, one a row, of length 1, that of the first component first. The sign is
        that of the component, whose largest number is positive.

    Raises:
        ValueError: where there are not so many components, or one has nothing to do with latents.

    Härkönen et al., GANSpace: Discovering Interpretable GAN Controls, 2020, section 2.2.
    """
    z = np.asarray(latents, np.float64)
    chex.assert_rank(z, 2)
    chex.assert_equal_shape_prefix([z, features], 1)
    _, coordinates, lengths, directions = _decomposed(features)
    varying = int((lengths > 1e-9 * lengths[0]).sum())
    if not 1 <= count <= varying:
        raise ValueError(
            f"{count} directions cannot be found, the features vary along {varying}: give a count "
            "of 1 to that many, or more latents"
        )
    slopes = (coordinates * _signs(directions)).T[:count] @ (z - z.mean(0))
    if not slopes.any(1).all():
        raise ValueError("the features vary where the latents do not: give the latents they are of")
    return np.stack([_unit(slope) for slope in slopes])


def conditioned(direction: ArrayLike, *others: ArrayLike) -> np.ndarray:
    """What is left of a direction without others: a step along it stays where they are concerned.

    Args:
        direction: `[D]` numbers, of any length but 0.
        others: `[D]` each; they need not be orthogonal.

    Returns:
        `[D]` float32 of length 1, orthogonal to all others.

    Raises:
        ValueError: where nothing is left.

    Shen et al., Interpreting the Latent Space of GANs for Semantic Face Editing, 2020, section 3.

    >>> conditioned(np.array([3.0, 4.0]), np.array([2.0, 0.0])).tolist()
    [0.0, 1.0]
    """
    wanted, *rest = (np.asarray(x, np.float64) for x in (direction, *others))
    chex.assert_rank([wanted, *rest], 1)
    chex.assert_equal_shape([wanted, *rest])
    left = wanted
    if rest:
        basis = np.stack(rest, axis=1)
        left = wanted - basis @ np.linalg.lstsq(basis, wanted, rcond=None)[0]
    if np.linalg.norm(left) <= 1e-6 * np.linalg.norm(wanted):
        raise ValueError(
            "nothing is left of the direction without the others: give fewer of them, or one that "
            "they do not make up"
        )
    return _unit(left)


def _decomposed(points: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The mean, and left vectors `[N, K]`, singular values `[K]` and right vectors `[K, D]`."""
    rows = np.asarray(points, np.float64)
    chex.assert_rank(rows, 2)
    if len(rows) < 2:
        raise ValueError(f"{len(rows)} points vary along no direction: give 2 or more")
    mean = rows.mean(0)
    left, lengths, right = np.linalg.svd(rows - mean, full_matrices=False)
    count = min(len(rows) - 1, rows.shape[1])
    return mean, left[:, :count], lengths[:count], right[:count]


def _signs(rows: np.ndarray) -> np.ndarray:
    """The sign of the largest number of each row, `[K, D]` to `[K]`: 1 or -1."""
    largest = np.take_along_axis(rows, np.abs(rows).argmax(1)[:, None], 1)[:, 0]
    return np.where(largest < 0, -1.0, 1.0)


def _signed(rows: np.ndarray) -> np.ndarray:
    return rows * _signs(rows)[:, None]


def _unit(vector: np.ndarray) -> np.ndarray:
    return (vector / np.linalg.norm(vector)).astype(np.float32)
