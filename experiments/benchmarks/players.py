"""How PyTorch works in the benchmarks: device, memory layout, precision, optimiser."""

import dataclasses
from collections.abc import Callable, Iterable

import torch
from torch import nn


@dataclasses.dataclass(frozen=True)
class Execution:
    """How PyTorch works.

    Attributes:
        batch: images in a minibatch.
        device: `cpu` or `cuda`.
        compiled: through `torch.compile`.
        bfloat16: convolutions and products in bfloat16, parameters in float32.
        channels_last: images lie in memory as `[B, H, W, C]`; else as `[B, C, H, W]`.
    """

    batch: int
    device: str
    compiled: bool = False
    bfloat16: bool = False
    channels_last: bool = True

    def prepare(self, network: nn.Module) -> nn.Module:
        """The network on the device, in training, with kernels as N(0, 0.02)."""
        network = network.to(self.device).train()
        for name, parameter in network.named_parameters():
            if "weight" in name:
                nn.init.normal_(parameter, 1.0 if parameter.ndim == 1 else 0.0, 0.02)
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=self._layout)
        return network

    def images(self, count: int, channels: int, size: int) -> torch.Tensor:
        """Random images, `[count, channels, size, size]`."""
        images = torch.rand(count, channels, size, size, device=self.device) * 2 - 1
        return images.contiguous(memory_format=self._layout)

    def callable(self, network: nn.Module) -> Callable[..., torch.Tensor]:
        """What is called in the network's place."""
        return torch.compile(network) if self.compiled else network

    def cast(self) -> torch.autocast:
        """A context that computes as asked for."""
        return torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=self.bfloat16)

    @property
    def _layout(self) -> torch.memory_format:
        return torch.channels_last if self.channels_last else torch.contiguous_format


def adam(
    parameters: Iterable[nn.Parameter], learning_rate: float, b1: float, b2: float
) -> torch.optim.Adam:
    """Adam, fused."""
    return torch.optim.Adam(parameters, learning_rate, (b1, b2), fused=True)


def descend(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    """One update."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
