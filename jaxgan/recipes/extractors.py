"""Networks that figures look at pictures with, and how pictures come to them."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.data import Images, to_floats
from jaxgan.metrics import Classifier
from jaxgan.networks import EfficientNetLite0, InputProtocol
from jaxgan.recipes.batching import in_batches
from jaxgan.recipes.digits import digit_classifier
from jaxgan.recipes.faces import face_classifier, shrunk, style_of
from jaxgan.recipes.inception import inception_features
from jaxgan.recipes.vgg import vgg16_features
from jaxgan.weights import lite0_variables

_LITE0_SIZE = 224
"""Pixels on a side that EfficientNet-Lite0 was trained with."""
_BATCH = 64
"""Pictures that a network sees at once, where nothing else is said."""


@dataclass(frozen=True, eq=False)
class Activations:
    """What a network sees in pictures.

    Attributes:
        features: `[N, F]` float32.
        logits: `[N, K]` float32, of K classes that exclude each other; None where it knows none.
    """

    features: np.ndarray
    logits: np.ndarray | None

    @property
    def count(self) -> int:
        """N."""
        return len(self.features)


@dataclass(frozen=True, eq=False)
class Extractor:
    """A network that pictures are looked at with.

    Attributes:
        name: what figures are named after.
        inputs: in words, how pictures are brought to what the network takes.
        digest: of its weights.
        see: `[N, H, W, C]` uint8, grey or RGB, to what it sees in them.
        inception: whether it is the network of FID, KID and the inception score.
    """

    name: str
    inputs: str
    digest: str
    see: Callable[[np.ndarray], Activations]
    inception: bool = False

    def see_all(
        self, chunks: Iterable[np.ndarray], *, check: Callable[[Activations], None] | None = None
    ) -> Activations:
        """What it sees in pictures that come in parts, in their order.

        Args:
            chunks: `[N, H, W, C]` uint8, each with its own N; RGBA is seen on white.
            check: gets what it sees in each part, and raises where that will not do.

        Raises:
            ValueError: where there are no pictures.
        """
        parts = []
        for chunk in filter(len, chunks):
            parts.append(self.see(opaque(chunk)))
            if check is not None:
                check(parts[-1])
        if not parts:
            raise ValueError("there are no pictures to look at: give one or more")
        features = np.concatenate([part.features for part in parts])
        logits = [part.logits for part in parts if part.logits is not None]
        return Activations(features, np.concatenate(logits) if logits else None)


def digest_of(variables: Any) -> str:
    """A short digest of a network's variables: of all names, shapes and numbers."""
    digest = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_leaves_with_path(variables):
        array = np.asarray(leaf)
        digest.update(f"{jax.tree_util.keystr(path)}{array.shape}{array.dtype.str}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def own_extractor(images: Images, *, say: Callable[[str], None] = print) -> Extractor | None:
    """The classifier of what a generator was trained on: of digits, plain or stacked, or of faces.

    It is trained on first use in a minute or two, then read from the cache.

    Args:
        images: what the generator was trained on.
        say: is told what happens.

    Returns:
        None where there is no such classifier.
    """
    style = style_of(images)
    if style is not None and images.channels == 3:
        faces = face_classifier(style, data_dir=images.data_dir, say=say).classifier

        def see_faces(pictures: np.ndarray) -> Activations:
            # The logits are of several attributes, so there is no one distribution of classes.
            return Activations(faces.outputs(shrunk(to_floats(pictures)))[1], None)

        return Extractor(
            f"classifier of {style.replace('_', '-')} faces",
            f"means of squares, or Lanczos, to {faces.image_size}; x / 127.5 - 1",
            digest_of(faces.variables),
            see_faces,
        )
    stacked = images.dataset == "stacked_digits"
    if images.folder is None and (
        stacked or (images.dataset in ("digits", "mnist") and images.channels == 1)
    ):
        return _digits_extractor(digit_classifier(data_dir=images.data_dir, say=say), stacked)
    return None


def _digits_extractor(classifier: Classifier, stacked: bool) -> Extractor:
    def see(pictures: np.ndarray) -> Activations:
        images = to_floats(pictures)
        if not stacked:
            logits, features = classifier.outputs(images)
            return Activations(features, logits)
        channels = [classifier.outputs(images[..., c, None])[1] for c in range(3)]
        return Activations(np.concatenate(channels, axis=1), None)

    return Extractor(
        "classifier of digits",
        f"Lanczos to {classifier.image_size}; x / 127.5 - 1"
        + ("; each channel for itself" if stacked else ""),
        digest_of(classifier.variables),
        see,
    )


def lite0_extractor(*, batch_size: int = _BATCH) -> Extractor:
    """EfficientNet-Lite0 with ImageNet's weights, from the package that has them.

    Pictures of any size come to 224x224 bilinearly, antialiased where that is smaller.

    Args:
        batch_size: how many pictures it sees at once; 1 or more.

    Raises:
        ValueError: where the package is not installed, or its file is not what it should be.
        OSError: where that cannot be read.
    """
    variables = lite0_variables()
    held = jax.tree.map(jnp.asarray, variables)

    def see(pictures: np.ndarray) -> Activations:
        features, logits = in_batches(partial(_lite0, held), pictures, batch_size=batch_size)
        return Activations(features, logits)

    return Extractor(
        "EfficientNet-Lite0",
        f"bilinear, antialiased, to {_LITE0_SIZE}; (x - 127) / 128",
        digest_of(variables),
        see,
    )


def lite0_maps_extractor(*, batch_size: int = _BATCH) -> Extractor:
    """Means of the last maps of EfficientNet-Lite0, 320 numbers a picture of 64 pixels or more.

    They are of the block in front of the head, which knows less of photographs' classes than what
    `lite0_extractor` sees; pictures keep their size.

    Args:
        batch_size: how many pictures it sees at once; 1 or more.

    Raises:
        ValueError: where the package is not installed, or its file is not what it should be.
        OSError: where that cannot be read.
    """
    variables = lite0_variables()
    held = jax.tree.map(jnp.asarray, variables)

    def see(pictures: np.ndarray) -> Activations:
        means = in_batches(partial(_lite0_means, held), pictures, batch_size=batch_size)
        return Activations(means, None)

    return Extractor(
        "last maps of EfficientNet-Lite0", "as they are; (x - 127) / 128", digest_of(variables), see
    )


def inception_extractor(
    variables: Mapping[str, Any], protocol: InputProtocol, *, batch_size: int = _BATCH
) -> Extractor:
    """Inception v3 of FID, in the way of one of three libraries: it makes FID, KID and IS.

    The inception score is of the logits without the last layer's bias, as torch-fidelity's and
    NVIDIA's.

    Args:
        variables: as of `jaxgan.weights.inception_variables`.
        protocol: how pictures come to it: `TENSORFLOW`, `PYTORCH_FID` or `CLEAN` of
            `jaxgan.networks`.
        batch_size: how many pictures it sees at once.
    """
    held = jax.device_put(dict(variables))

    def see(pictures: np.ndarray) -> Activations:
        outputs = inception_features(held, pictures, protocol, batch_size=batch_size)
        return Activations(np.asarray(outputs.features), np.asarray(outputs.logits_unbiased))

    return Extractor(
        f"Inception v3, {protocol.name}", protocol.resize, digest_of(variables), see, True
    )


def vgg16_extractor(variables: Mapping[str, Any], *, batch_size: int = _BATCH) -> Extractor:
    """VGG16's second hidden layer: precision and recall of the papers.

    Args:
        variables: as of `jaxgan.weights.vgg16_variables`.
        batch_size: how many pictures it sees at once.
    """
    held = jax.device_put(dict(variables))

    def see(pictures: np.ndarray) -> Activations:
        return Activations(vgg16_features(held, pictures, batch_size=batch_size), None)

    return Extractor("VGG16", "as torch-fidelity, to 224", digest_of(variables), see)


@jax.jit
def _lite0(variables: Any, pictures: jax.Array) -> tuple[jax.Array, jax.Array]:
    """`[N, H, W, C]` uint8 to features and logits."""
    with jax.default_matmul_precision("highest"):
        images = jnp.broadcast_to(pictures.astype(jnp.float32), (*pictures.shape[:3], 3))
        images = jax.image.resize(images, (len(images), _LITE0_SIZE, _LITE0_SIZE, 3), "bilinear")
        outputs: Any = EfficientNetLite0().apply(variables, (images - 127) / 128)
        return outputs.features, outputs.logits


@jax.jit
def _lite0_means(variables: Any, pictures: jax.Array) -> jax.Array:
    """`[N, H, W, C]` uint8 to `[N, 320]`."""
    with jax.default_matmul_precision("highest"):
        images = jnp.broadcast_to(pictures.astype(jnp.float32), (*pictures.shape[:3], 3))
        outputs: Any = EfficientNetLite0().apply(variables, (images - 127) / 128)
        return outputs.maps[-1].mean((1, 2))


def opaque(pictures: np.ndarray) -> np.ndarray:
    """Pictures without transparency: RGBA lies on white; grey and RGB stay.

    Args:
        pictures: `[N, H, W, C]` uint8; C is 1, 3 or 4.

    Returns:
        `[N, H, W, 1]` or `[N, H, W, 3]` uint8.

    >>> opaque(np.array([[[[0, 0, 0, 255], [9, 9, 9, 0]]]], np.uint8)).tolist()
    [[[[0, 0, 0], [255, 255, 255]]]]
    """
    if pictures.shape[-1] != 4:
        return pictures
    cover = pictures[..., 3:].astype(np.float32) / 255
    return np.round(pictures[..., :3] * cover + 255 * (1 - cover)).astype(np.uint8)
