"""Labels of classes as arrays that networks can use.

An example has one of several classes, or several attributes at once, each with classes of its own:
then its label is a vector, and `classes` says how many there are of each.
"""

from typing import TypeAlias

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax.typing import Initializer

from jaxgan.layers.initialisers import normal

Classes: TypeAlias = int | tuple[int, ...]
"""How many classes there are; or how many of each attribute, where a label is a vector."""


def label_size(classes: Classes) -> int:
    """How long the rows of `one_hot` are.

    >>> label_size(3), label_size((3, 2))
    (3, 5)
    """
    return classes if isinstance(classes, int) else sum(classes)


def one_hot(label: jax.Array, classes: Classes) -> jax.Array:
    """Rows of zeros with a one at the label; of several attributes, their rows side by side.

    Args:
        label: [B] integers in {0..classes - 1}; or [B, A], those of each attribute in its own range
            where there are A classes.
        classes: how many there are.

    Returns:
        [B, `label_size(classes)`] float32. Inside `jit`, where values cannot be looked at, the row
        of a label out of range is NaN, which stops a run at its first check.

    Raises:
        ValueError: where labels are vectors of another length, or a label can be looked at and is
            out of range.

    >>> one_hot(jnp.array([2, 0]), 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    >>> one_hot(jnp.array([[2, 0]]), (3, 2)).tolist()
    [[0.0, 0.0, 1.0, 1.0, 0.0]]
    """
    if not isinstance(classes, int):
        chex.assert_rank(label, 2)
        if label.shape[1] != len(classes):
            raise ValueError(
                f"labels of {label.shape[1]} attributes came to a network of classes={classes}: "
                f"give [B, {len(classes)}] integers, one of each"
            )
        parts = [one_hot(label[:, i], count) for i, count in enumerate(classes)]
        return jnp.concatenate(parts, axis=1)
    chex.assert_rank(label, 1)
    chex.assert_type(label, int)
    if not isinstance(label, jax.core.Tracer):
        outside = [int(y) for y in np.asarray(label) if not 0 <= y < classes]
        if outside:
            raise ValueError(
                f"label {outside[0]} is out of range: {classes} classes have labels 0 to "
                f"{classes - 1}"
            )
    inside = (label >= 0) & (label < classes)
    return jnp.where(inside[:, None], jax.nn.one_hot(label, classes), jnp.nan)


def check_label(label: jax.Array | None, classes: Classes | None) -> None:
    """Refuse a label where a network has no classes, and none where it has some.

    Raises:
        ValueError: in both cases.
    """
    if (label is None) != (classes is None):
        raise ValueError(
            f"a network of classes={classes} was called {'without' if label is None else 'with'} a "
            "label: give labels and classes, or neither"
        )


def label_vectors(label: jax.Array, size: int) -> jax.Array:
    """Labels as vectors: `[B]` integers as `one_hot` has them, `[B, size]` floats as they are.

    Raises:
        ValueError: where vectors have another length.
    """
    if label.ndim == 1:
        return one_hot(label, size)
    if label.shape[1:] != (size,):
        raise ValueError(
            f"labels of shape {label.shape[1:]} came to a network of classes={size}: give [B] "
            f"integers or [B, {size}]"
        )
    return label


class LabelEmbedding(nn.Module):
    """A learnt vector for each class; of several attributes, the sum of theirs.

    Parameter, float32: `embedding` `[label_size(classes), features]`.

    Attributes:
        classes: how many there are.
        features: length of a vector.
        embedding_init: of the vectors; N(0, 1).
    """

    classes: Classes
    features: int
    embedding_init: Initializer = normal(1.0)

    @nn.compact
    def __call__(self, label: jax.Array) -> jax.Array:
        """Labels as in `one_hot`, integers, to vectors `[B, features]`, float32."""
        shape = (label_size(self.classes), self.features)
        embedding = self.param("embedding", self.embedding_init, shape)
        return select(embedding, label, self.classes)


def select(table: jax.Array, label: jax.Array, classes: Classes) -> jax.Array:
    """The rows of the labels' classes; of several attributes, the sums of theirs.

    As a product with `one_hot`, since the gradient of an indexing adds up in an order of its own
    on accelerators; at the highest precision, so that the rows are those of the table to the bit.

    Args:
        table: [`label_size(classes)`, F] float32.
        label: as in `one_hot`, also where it is out of range.
        classes: how many there are.

    Returns:
        [B, F] float32.

    >>> select(jnp.array([[1.0, 2.0], [3.0, 4.0]]), jnp.array([1, 1]), 2).tolist()
    [[3.0, 4.0], [3.0, 4.0]]
    """
    chex.assert_rank(table, 2)
    chosen = one_hot(label, classes)
    return jnp.matmul(chosen, table, precision=jax.lax.Precision.HIGHEST)
