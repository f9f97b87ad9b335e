"""Labels of classes as arrays that networks can use."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax.typing import Initializer

from jaxgan.layers.initialisers import normal


def one_hot(label: jax.Array, classes: int) -> jax.Array:
    """Rows of zeros with a one at the label.

    Args:
        label: [B] integers in {0..classes - 1}.
        classes: how many there are.

    Returns:
        [B, classes] float32. Inside `jit`, where values cannot be looked at, the row of a label out
        of range is NaN, which stops a run at its first check.

    Raises:
        ValueError: where a label can be looked at and is out of range.

    >>> one_hot(jnp.array([2, 0]), 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
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


def check_label(label: jax.Array | None, classes: int | None) -> None:
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
    """A learnt vector for each class.

    Parameter, float32: `embedding` `[classes, features]`.

    Attributes:
        classes: how many there are.
        features: length of a vector.
        embedding_init: of the vectors; N(0, 1).
    """

    classes: int
    features: int
    embedding_init: Initializer = normal(1.0)

    @nn.compact
    def __call__(self, label: jax.Array) -> jax.Array:
        """Labels `[B]`, integers, to vectors `[B, features]`, float32; ranges as in `one_hot`."""
        embedding = self.param("embedding", self.embedding_init, (self.classes, self.features))
        return select(embedding, label)


def select(table: jax.Array, label: jax.Array) -> jax.Array:
    """The rows of the labels' classes.

    As a product with `one_hot`, since the gradient of an indexing adds up in an order of its own
    on accelerators; at the highest precision, so that the rows are those of the table to the bit.

    Args:
        table: [classes, F] float32.
        label: [B] integers in {0..classes - 1}; out of range as in `one_hot`.

    Returns:
        [B, F] float32.

    >>> select(jnp.array([[1.0, 2.0], [3.0, 4.0]]), jnp.array([1, 1])).tolist()
    [[3.0, 4.0], [3.0, 4.0]]
    """
    chex.assert_rank(table, 2)
    chosen = one_hot(label, len(table))
    return jnp.matmul(chosen, table, precision=jax.lax.Precision.HIGHEST)
