"""Which network of pytorch-CycleGAN-and-pix2pix tensors are of, by their names and shapes alone."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.layers import InstanceNorm, MinibatchNorm
from jaxgan.networks.patchgan import PatchGAN, PixelDiscriminator
from jaxgan.networks.resnet_translator import ResNetTranslator
from jaxgan.networks.unet import UNetGenerator
from jaxgan.weights.official import OfficialNetwork, has_dropout, misfits

_MOST_BLOCKS = 100
_MOST_HALVINGS = 14
"""What is larger is no network of anybody's."""


class Recognised(NamedTuple):
    """A network that tensors are of.

    Attributes:
        network: with the options that they tell: for a U-Net all but dropout.
        channels: of the images that go in; of a discriminator of pairs, all that it sees.
        dropout: whether there are layers of dropout; None where tensors do not tell, as a U-Net's.
            How much they set to zero is in no file: of the authors' it is a half.
    """

    network: OfficialNetwork
    channels: int
    dropout: bool | None

    @property
    def is_generator(self) -> bool:
        """Whether it makes images; else it scores them."""
        return isinstance(self.network, UNetGenerator | ResNetTranslator)

    @property
    def norm(self) -> Literal["batch", "instance", "none"]:
        """Of its layers, by the authors' name."""
        if self.network.norm is None:
            return "none"
        return "batch" if self.network.norm is MinibatchNorm else "instance"

    @property
    def words(self) -> str:
        """What it is, for people."""
        match self.network:
            case UNetGenerator():
                kind = f"a U-Net generator (halvings {self.network.levels}"
            case ResNetTranslator():
                kind = f"a ResNet generator (blocks {self.network.blocks}"
            case PatchGAN():
                kind = f"a discriminator of patches (layers {self.network.layers}"
            case PixelDiscriminator():
                kind = "a discriminator of pixels (layers 0"
        return f"{kind}, width {self.network.width}, channels {self.channels}, norm {self.norm})"


def recognise(tensors: Mapping[str, np.ndarray]) -> Recognised | None:
    """Find the network that tensors of the authors' code are of.

    Blocks, halvings and layers are counted, widths and channels are read off the kernels. Batch
    norm has weights; without them, convolutions have biases in front of instance norm, and none
    where there is no norm.

    Args:
        tensors: of one network, by the keys of its `state_dict`.

    Returns:
        The network, such that `official_parameters` takes the tensors; None where they are
        nothing like any.

    Raises:
        ValueError: where they are nearly those of a network; says what is missing or unexpected.
    """
    read = next((read for kernel, read in _KINDS if _kernel(tensors, kernel)), None)
    if read is None:
        return None
    found = read(tensors)
    faults = misfits(found.network, tensors, _parameters(found.network, found.channels))
    if faults:
        raise ValueError(f"it is nearly {found.words}, but with {', '.join(faults)}")
    return found


def _resnet(tensors: Mapping[str, np.ndarray]) -> Recognised:
    blocks = 0
    while _kernel(tensors, f"model.{10 + blocks}.conv_block.1.weight"):
        blocks += 1
    _refuse_endless("blocks", blocks, _MOST_BLOCKS)
    width, inputs = np.shape(tensors["model.1.weight"])[:2]
    outputs = _kernel(tensors, f"model.{17 + blocks}.weight") or (3,)
    norm = _norm(tensors, "model.1.bias")
    network = ResNetTranslator(outputs[0], width, blocks, norm=norm)
    dropout = has_dropout(tensors) if blocks else None
    return Recognised(network, inputs, dropout)


def _unet(tensors: Mapping[str, np.ndarray]) -> Recognised:
    levels, at = 1, "model.model.1"
    while _kernel(tensors, f"{at}.model.1.weight"):
        levels, at = levels + 1, f"{at}.model.3"
    _refuse_endless("halvings", levels, _MOST_HALVINGS)
    width, inputs = np.shape(tensors["model.model.0.weight"])[:2]
    outputs = _kernel(tensors, "model.model.3.weight") or (width, 3)
    norm = _norm(tensors, "model.model.0.bias")
    network = UNetGenerator(1 << max(levels, 2), outputs[1], width, dropout=0.0, norm=norm)
    return Recognised(network, inputs, None)


def _patches(tensors: Mapping[str, np.ndarray]) -> Recognised:
    layers = 0
    while _kernel(tensors, f"model.{3 * layers + 5}.weight"):
        layers += 1
    _refuse_endless("layers", layers, _MOST_HALVINGS)
    width, inputs = np.shape(tensors["model.0.weight"])[:2]
    network = PatchGAN(width, max(layers, 1), _norm(tensors, "model.2.bias"))
    return Recognised(network, inputs, False)


def _pixels(tensors: Mapping[str, np.ndarray]) -> Recognised:
    width, inputs = np.shape(tensors["net.0.weight"])[:2]
    return Recognised(PixelDiscriminator(width, _norm(tensors, "net.2.bias")), inputs, False)


_KINDS: tuple[tuple[str, Callable[[Mapping[str, np.ndarray]], Recognised]], ...] = (
    ("model.1.weight", _resnet),
    ("model.model.0.weight", _unet),
    ("model.0.weight", _patches),
    ("net.0.weight", _pixels),
)
"""By the kernel of their first layer, which no other has there."""


def _kernel(tensors: Mapping[str, np.ndarray], key: str) -> tuple[int, ...] | None:
    """The shape of a kernel; None where there is none of that name."""
    shape = np.shape(tensors[key]) if key in tensors else ()
    return shape if len(shape) == 4 and all(shape) else None


def _norm(
    tensors: Mapping[str, np.ndarray], bias: str
) -> type[MinibatchNorm] | type[InstanceNorm] | None:
    """By the norm's weights, or the bias of a convolution in front of it."""
    if any(key.endswith(".weight") and np.ndim(x) == 1 for key, x in tensors.items()):
        if bias in tensors:
            raise ValueError(
                "its norm has weights, and the convolutions in front of it have biases: our "
                "networks have batch norm behind convolutions without, or instance norm without"
            )
        return MinibatchNorm
    return InstanceNorm if bias in tensors else None


def _parameters(network: OfficialNetwork, channels: int) -> Any:
    """The shapes of a network's parameters."""
    size = _size(network)

    def init(key: jax.Array) -> Any:
        return network.init(key, jnp.zeros((1, size, size, channels)), train=True)

    return jax.eval_shape(init, jax.random.key(0))["params"]


def _size(network: OfficialNetwork) -> int:
    """Height and width of the smallest images that a network takes."""
    match network:
        case UNetGenerator():
            return 1 << network.levels
        case ResNetTranslator():
            return 8
        case PatchGAN():
            return 3 << network.layers
        case PixelDiscriminator():
            return 1


def _refuse_endless(what: str, count: int, most: int) -> None:
    if count > most:
        raise ValueError(f"its network has {count} {what}, and more than {most} are not read")
