"""The penalties of StyleGAN2 in PyTorch, differentiable again, to compare with.

Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (2020), section 3.2, and
Mescheder et al., "Which training methods for GANs do actually converge?" (2018), section 4.1.
"""

import math
from collections.abc import Callable

import torch


def path_length(
    synthesis: Callable[[torch.Tensor], torch.Tensor],
    ws: torch.Tensor,
    noise: torch.Tensor,
    mean: torch.Tensor,
    *,
    decay: float = 0.01,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Squared distances of the lengths of the pulled back noise from their moving mean.

    Args:
        synthesis: the w of every layer to images.
        ws: `[B, num_ws, W]`, which gradients are wanted of.
        noise: N(0, 1), of the images' shape.
        mean: of the lengths until now, `[]`.
        decay: how much of the batch's mean comes into the moving one.

    Returns:
        The penalty, `[B]`, and the new mean, which the penalty's gradient flows through.
    """
    images = synthesis(ws)
    size = math.sqrt(images.shape[2] * images.shape[3])
    (slope,) = torch.autograd.grad((images * noise).sum() / size, ws, create_graph=True)
    lengths = slope.square().sum(2).mean(1).sqrt()
    mean = mean + decay * (lengths.mean() - mean)
    return (lengths - mean).square(), mean


def r1(discriminator: Callable[[torch.Tensor], torch.Tensor], images: torch.Tensor) -> torch.Tensor:
    """Half the squared norm of the gradient of the scores with respect to the images, `[B]`."""
    images = images if images.requires_grad else images.detach().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(images).sum(), images, create_graph=True)
    return slope.square().sum((1, 2, 3)) / 2
