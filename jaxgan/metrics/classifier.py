"""A classifier: trained in one call, to evaluate samples with or to take features from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.scipy.ndimage import map_coordinates

Augment: TypeAlias = Callable[[jax.Array, jax.Array], jax.Array]
"""`(key, images) -> images` of the same shape."""

_CHUNK = 500
"""How many images are classified at once."""


def train_classifier(
    key: jax.Array,
    network: nn.Module,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    steps: int,
    batch_size: int = 64,
    learning_rate: float = 3e-3,
    weight_decay: float = 1e-2,
    augment: Augment | None = None,
    groups: Sequence[int] | None = None,
) -> Any:
    """Train a network to tell classes apart, by cross entropy.

    A picture can have several labels: then each has a group of the logits, and the entropies are
    summed.

    AdamW; the learning rate rises over the first tenth of the steps and falls to 0 as a cosine.
    Every batch is drawn anew, without replacement.

    Args:
        key: typed key, [].
        network: `(images, train=) -> (logits [B, K], features [B, F])`.
        images: `[N, H, W, C]` float32 in [-1, 1].
        labels: `[N]` integers in {0, ..., K - 1}; or `[N, A]`, where there are groups.
        steps: how many batches; 1 or more.
        batch_size: B, in [1, N].
        learning_rate: the highest.
        weight_decay: of AdamW, for all parameters.
        augment: what happens to the images of each batch; nothing where None.
        groups: how many of the K logits each of A labels has, in order; None where there is one
            label, which has all.

    Returns:
        What `network.apply` takes: parameters and batch statistics.

    Raises:
        ValueError: where the steps, the batch or the labels will not do.
    """
    chex.assert_rank(images, 4)
    chex.assert_equal(len(images), len(labels))
    if steps < 1 or not 1 <= batch_size <= len(images):
        raise ValueError(
            f"steps={steps} and batch_size={batch_size} will not do for {len(images)} images: give "
            f"1 step or more, and a batch size of 1 to {len(images)}"
        )
    classes = jax.eval_shape(
        lambda x: network.init_with_output(jax.random.key(0), x, train=True)[0][0],
        jax.ShapeDtypeStruct((batch_size, *images.shape[1:]), jnp.float32),
    ).shape[-1]
    groups = (classes,) if groups is None else tuple(groups)
    if sum(groups) != classes or np.reshape(labels, (len(labels), -1)).shape[1] != len(groups):
        raise ValueError(
            f"labels of shape {np.shape(labels)} in groups of {groups} came to a network of "
            f"{classes} logits: give as many labels as groups, which divide the logits"
        )
    labels = np.reshape(labels, (len(labels), len(groups)))
    for column, size in zip(labels.T, groups, strict=True):
        if np.min(column) < 0 or np.max(column) >= size:
            raise ValueError(
                f"labels {np.min(column)} to {np.max(column)} came to a network of {size} classes: "
                f"give labels of 0 to {size - 1}"
            )
    ends = np.cumsum(groups)
    rate = optax.warmup_cosine_decay_schedule(0.0, learning_rate, steps // 10, steps)
    optimiser = optax.adamw(rate, weight_decay=weight_decay)
    key_init, key_steps = jax.random.split(key)
    arrays = jnp.asarray(images, jnp.float32), jnp.asarray(labels, jnp.int32)

    @jax.jit
    def init() -> tuple[Any, Any, optax.OptState]:
        collections = dict(network.init(key_init, arrays[0][:batch_size], train=True))
        parameters = collections.pop("params")
        return parameters, collections, optimiser.init(parameters)

    # The data are an argument, as XLA would fold a constant for minutes.
    @partial(jax.jit, donate_argnums=0)
    def step(state: Any, arrays: tuple[jax.Array, jax.Array], number: jax.Array) -> Any:
        parameters, collections, memory = state
        key_order, key_augment, key_network = jax.random.split(
            jax.random.fold_in(key_steps, number), 3
        )
        chosen = jax.random.permutation(key_order, len(arrays[0]))[:batch_size]
        x, y = arrays[0][chosen], arrays[1][chosen]
        x = x if augment is None else augment(key_augment, x)

        def objective(parameters: Any) -> tuple[jax.Array, Any]:
            (logits, _), seen = network.apply(
                {"params": parameters, **collections},
                x,
                train=True,
                rngs=key_network,
                mutable=list(collections),
            )
            parts = jnp.split(logits, ends[:-1], axis=-1)
            losses = [
                optax.softmax_cross_entropy_with_integer_labels(part, y[:, index])
                for index, part in enumerate(parts)
            ]
            return jnp.mean(jnp.stack(losses).sum(0)), seen

        gradients, seen = jax.grad(objective, has_aux=True)(parameters)
        updates, memory = optimiser.update(gradients, memory, parameters)
        return optax.apply_updates(parameters, updates), seen, memory

    state = init()
    for number in range(steps):  # outside jit: convolutions in a loop are slow on the CPU
        state = step(state, arrays, np.int32(number))
    parameters, collections, _ = state
    return {"params": parameters, **collections}


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained classifier.

    Attributes:
        network: `(images, train=) -> (logits [B, K], features [B, F])`.
        variables: what `train_classifier` returned.
        image_size: height and width of the images that it was trained on. Others are resized.
    """

    network: nn.Module
    variables: Any
    image_size: int

    def classify(self, images: np.ndarray) -> np.ndarray:
        """The likeliest class of each image, in chunks.

        Args:
            images: `[N, H, W, C]` float32 in [-1, 1], of any size.

        Returns:
            `[N]` int32.
        """
        return self.outputs(images)[0].argmax(-1).astype(np.int32)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """How likely each class is, `[N, K]` float32, for images as those of `classify`."""
        return np.asarray(jax.nn.softmax(self.outputs(images)[0]))

    def logits(self, images: np.ndarray) -> np.ndarray:
        """What the probabilities are made of, `[N, K]` float32, for images as of `classify`."""
        return self.outputs(images)[0]

    def features(self, images: np.ndarray) -> np.ndarray:
        """The last hidden layer, `[N, F]` float32, for images as those of `classify`."""
        return self.outputs(images)[1]

    def outputs(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits `[N, K]` and features `[N, F]`, float32, for images as those of `classify`."""
        chex.assert_rank(images, 4)
        size = min(len(images), _CHUNK)
        parts = []
        for start in range(0, len(images), size):
            part = np.asarray(images[start : start + size], np.float32)
            # One shape for all chunks, so one compilation.
            padded = np.pad(part, [(0, size - len(part)), (0, 0), (0, 0), (0, 0)])
            outputs = _apply(self.network, self.variables, padded, self.image_size)
            parts.append([np.asarray(output)[: len(part)] for output in outputs])
        logits, features = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return logits, features


@partial(jax.jit, static_argnames=("network", "image_size"))
def _apply(network: nn.Module, variables: Any, images: jax.Array, image_size: int) -> Any:
    batch, _, _, channels = images.shape
    resized = jax.image.resize(images, (batch, image_size, image_size, channels), "lanczos3")
    return network.apply(variables, resized, train=False)


def jitter(
    key: jax.Array,
    images: jax.Array,
    *,
    shift: float = 2.0,
    turn: float = 0.2,
    scale: float = 0.1,
) -> jax.Array:
    """Shift, turn and scale each image a little, by bilinear interpolation: an augmentation.

    Args:
        key: typed key, [].
        images: `[B, H, W, C]` floating point. Beyond the edge its last pixels go on.
        shift: pixels at most, in both directions; 0 or more.
        turn: radians at most, to either side.
        scale: logarithm of the factor at most, up or down.

    Returns:
        `[B, H, W, C]`.
    """
    chex.assert_rank(images, 4)
    batch, height, width, _ = images.shape
    key_shift, key_turn, key_scale = jax.random.split(key, 3)
    shifts = jax.random.uniform(key_shift, (batch, 2), minval=-shift, maxval=shift)
    turns = jax.random.uniform(key_turn, (batch,), minval=-turn, maxval=turn)
    factors = jnp.exp(jax.random.uniform(key_scale, (batch,), minval=-scale, maxval=scale))
    centre = jnp.array([(height - 1) / 2, (width - 1) / 2]).reshape(2, 1, 1)
    pixels = jnp.stack(jnp.meshgrid(jnp.arange(height), jnp.arange(width), indexing="ij")) - centre

    def move(image: jax.Array, shift: jax.Array, turn: jax.Array, factor: jax.Array) -> jax.Array:
        turned = factor * jnp.array(
            [[jnp.cos(turn), -jnp.sin(turn)], [jnp.sin(turn), jnp.cos(turn)]]
        )
        places = jnp.tensordot(turned, pixels, 1) + centre + shift.reshape(2, 1, 1)
        sample = partial(map_coordinates, coordinates=list(places), order=1, mode="nearest")
        return jax.vmap(sample, in_axes=-1, out_axes=-1)(image)

    return jax.vmap(move)(images, shifts, turns, factors)
