"""Small networks with VGG16's layers: random weights by PyTorch's names, and files of them."""

import math

import numpy as np

from jaxgan.networks import LPIPS, VGG16

WIDTH, HIDDEN, CLASSES = 2, 5, 3
SMALL = VGG16(WIDTH, HIDDEN, CLASSES)
SMALL_LPIPS = LPIPS(WIDTH)
CONVOLUTIONS = {0: 1, 2: 1, 5: 2, 7: 2, 10: 4, 12: 4, 14: 4, 17: 8, 19: 8, 21: 8, 24: 8, 26: 8}
CONVOLUTIONS[28] = 8
"""By their numbers in the file, their channels over the width."""


def vgg16_tensors(seed=0):
    """Kernels of He's variance, and biases."""
    random = np.random.default_rng(seed)
    shapes, inputs = {}, 3
    for number, channels in CONVOLUTIONS.items():
        shapes[f"features.{number}"] = (WIDTH * channels, inputs, 3, 3)
        inputs = WIDTH * channels
    shapes["classifier.0"] = (HIDDEN, inputs * 7 * 7)
    shapes["classifier.3"] = (HIDDEN, HIDDEN)
    shapes["classifier.6"] = (CLASSES, HIDDEN)
    tensors = {}
    for name, shape in shapes.items():
        kernel = random.standard_normal(shape) * (2 / math.prod(shape[1:])) ** 0.5
        tensors[f"{name}.weight"] = kernel.astype(np.float32)
        tensors[f"{name}.bias"] = random.uniform(0, 0.5, shape[0]).astype(np.float32)
    return tensors


def lpips_tensors(seed=1):
    """The heads, as LPIPS's package names them."""
    random = np.random.default_rng(seed)
    return {
        f"lin{level}.model.1.weight": random.uniform(0, 1, (1, WIDTH * k, 1, 1)).astype(np.float32)
        for level, k in enumerate((1, 2, 4, 8, 8))
    }
