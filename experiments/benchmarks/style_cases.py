"""StyleGAN and StyleGAN2 on both sides: how far they are apart on the same weights."""

import copy
import dataclasses
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias
from unittest import mock

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import torch

from experiments.benchmarks import style_penalties, style_twins, style_twins_2018
from experiments.benchmarks.style_carry import carry, random_variables
from jaxgan import networks, penalties

DECAY, MEAN = 0.01, 0.4
"""Of the path lengths' moving mean, and where it stands."""

Measured: TypeAlias = Mapping[str, torch.Tensor | list[torch.Tensor]]
"""By quantity: an array, or gradients with respect to the twin's parameters, in their order."""


class Apart(NamedTuple):
    """How far both sides in float32 are from the twin in float64, relative to its largest number.

    Attributes:
        ours: jaxgan's.
        twin: PyTorch's: what rounding alone does.
    """

    ours: float
    twin: float


@dataclasses.dataclass(frozen=True)
class Case:
    """Two networks on both sides.

    Attributes:
        family: 2018 for StyleGAN, 2020 for StyleGAN2.
        image_size: height and width.
        channel_max: the most channels of a layer.
        labels: how many there are; 0 plays without.
        size: of latents and of w.
        layers: of the mapping.
        batch: images, in one group of the minibatch's deviation.
        original: the discriminator without residuals (2020).
        clamp: of activations (2020).
        stage: of growing (2018); None is full.
        fade: at that stage (2018).
    """

    family: int
    image_size: int
    channel_max: int = 512
    labels: int = 0
    size: int = 512
    layers: int = 8
    batch: int = 4
    original: bool = False
    clamp: float | None = None
    stage: int | None = None
    fade: float = 1.0

    def generators(self) -> tuple[nn.Module, torch.nn.Module]:
        """Ours and theirs."""
        sizes = {"latent_size": self.size, "w_size": self.size, "channel_max": self.channel_max}
        if self.family == 2018:
            return (
                networks.StyleGANGenerator(
                    self.image_size, mapping_layers=self.layers, classes=self._classes, **sizes
                ),
                style_twins_2018.Generator(
                    self.image_size, layers=self.layers, labels=self.labels, **sizes
                ),
            )
        return (
            networks.StyleGAN2Generator(
                self.image_size, mapping_layers=self.layers, classes=self._classes,
                clamp=self.clamp, **sizes,
            ),
            style_twins.Generator(
                self.image_size, layers=self.layers, labels=self.labels, clamp=self.clamp, **sizes
            ),
        )  # fmt: skip

    def discriminators(self) -> tuple[nn.Module, torch.nn.Module]:
        """Ours and theirs."""
        size, widest = self.image_size, self.channel_max
        if self.family == 2018:
            return (
                networks.StyleGANDiscriminator(
                    size, channel_max=widest, classes=self._classes, group_size=self.batch
                ),
                style_twins_2018.Discriminator(
                    size, channel_max=widest, labels=self.labels, group=self.batch
                ),
            )
        return (
            networks.StyleGAN2Discriminator(
                size, channel_max=widest, classes=self._classes, group_size=self.batch,
                mapping_layers=self.layers, original=self.original, clamp=self.clamp,
            ),
            style_twins.Discriminator(
                size, channel_max=widest, labels=self.labels, group=self.batch,
                layers=self.layers, original=self.original, clamp=self.clamp,
            ),
        )  # fmt: skip

    @property
    def growing(self) -> dict[str, Any]:
        """What networks that grow are called with besides."""
        return {"stage": self.stage, "fade": self.fade} if self.family == 2018 else {}

    @property
    def label(self) -> tuple[jax.Array, ...]:
        """Labels, or nothing."""
        return (jnp.arange(self.batch) % self.labels,) if self.labels else ()

    @property
    def twin_label(self) -> torch.Tensor | None:
        """The same for the twin."""
        return torch.eye(self.labels)[self.label[0].tolist()] if self.labels else None

    @property
    def _classes(self) -> int | None:
        return self.labels or None


def of_generator(case: Case) -> dict[str, Apart]:
    """How far the generators are apart, by quantity."""
    ours, theirs = case.generators()
    random = np.random.default_rng(0)
    latent = random.standard_normal((case.batch, case.size), np.float32)
    w = random.standard_normal((case.batch, ours.num_ws, case.size), np.float32)
    variables = _carried(ours, theirs, latent, *case.label)
    key = jax.random.key(3)

    def synthesise(parameters: Any, w: Any, **options: Any) -> Any:
        given = {**variables, "params": parameters}
        return ours.apply(given, w, method="synthesise", **case.growing, **options)

    def make(parameters: Any, latent: jax.Array) -> Any:
        given = {**variables, "params": parameters}
        w = ours.apply(given, latent, *case.label, train=False, method="map_latents")
        return synthesise(parameters, w, train=False)

    @jax.jit
    def play(parameters: Any, latent: jax.Array, w: jax.Array, cotangent: jax.Array) -> Any:
        images, pull_back = jax.vjp(make, parameters, latent)
        return images, synthesise(parameters, w, train=False), pull_back(cotangent)

    shape = jax.eval_shape(make, variables["params"], latent).shape
    # Of patches, not of pixels: sums over pixels of a noise are lost in rounding.
    cotangent = random.standard_normal((case.batch, 4, 4, 3), np.float32)
    cotangent = cotangent.repeat(shape[1] // 4, 1).repeat(shape[2] // 4, 2)
    made, mixed, (of_parameters, of_latent) = play(variables["params"], latent, w, cotangent)

    noisy, noises = _with_noise(partial(synthesise, variables["params"], w, train=True, rngs=key))
    names = [re.sub(r"^synthesis\.|\.Noise|\.[a-z_]+$", "", name) for name, _ in _constants(theirs)]

    def play_twin(twin: torch.nn.Module, dtype: torch.dtype) -> Measured:
        x = torch.from_numpy(latent).to(dtype).requires_grad_()
        images = twin(x, _to(case.twin_label, dtype), **case.growing)
        total = (images * channels_first(cotangent).to(dtype)).sum()
        *slopes, of_x = _slopes(total, [*twin.parameters(), x])
        draw, ws = partial(twin.synthesis, **case.growing), torch.from_numpy(w).to(dtype)
        given = {
            name: torch.from_numpy(noise).to(dtype).reshape(case.batch, 1, *constant.shape)
            for name, (_, constant), noise in zip(names, _constants(twin), noises, strict=False)
        }
        return {
            "images": channels_last(images),
            "images of mixed w": channels_last(draw(ws)),
            "images with noise": channels_last(draw(ws, given)),
            "gradient of images, of latents": of_x,
            "gradient of images": slopes,
        }

    return _compared(
        {
            "images": made,
            "images of mixed w": mixed,
            "images with noise": noisy,
            "gradient of images, of latents": of_latent,
            "gradient of images": of_parameters,
        },
        *(theirs, play_twin),
    )


def of_path_length(case: Case) -> dict[str, Apart]:
    """How far the path lengths are apart, and their gradients, of StyleGAN2."""
    ours, theirs = case.generators()
    random = np.random.default_rng(0)
    w = random.standard_normal((case.batch, ours.num_ws, case.size), np.float32)
    variables = _carried(ours, theirs, w[:, 0], *case.label)
    key = jax.random.key(3)

    @jax.jit
    @partial(jax.grad, has_aux=True)
    def play(parameters: Any, w: jax.Array) -> Any:
        given = {**variables, "params": parameters}
        synthesise: Any = partial(ours.apply, given, train=False, method="synthesise")
        penalty, mean = penalties.path_length(key, synthesise, w, jnp.float32(MEAN))
        return penalty.mean(), (penalty, mean)

    of_penalty, (penalty, mean) = play(variables["params"], w)
    shape = case.batch, case.image_size, case.image_size, 3
    noise = channels_first(np.array(jax.random.normal(key, shape)))  # as the penalty draws it

    def play_twin(twin: torch.nn.Module, dtype: torch.dtype) -> Measured:
        ws, given = torch.from_numpy(w).to(dtype).requires_grad_(), noise.to(dtype)
        before = torch.tensor(MEAN, dtype=dtype)
        penalty, mean = style_penalties.path_length(twin.synthesis, ws, given, before, decay=DECAY)
        return {
            "path length": penalty,
            "its moving mean": mean,
            "gradient of path length": _slopes(penalty.mean(), list(twin.parameters())),
        }

    return _compared(
        {"path length": penalty, "its moving mean": mean, "gradient of path length": of_penalty},
        *(theirs, play_twin),
    )


def of_discriminator(case: Case) -> dict[str, Apart]:
    """How far the discriminators are apart, by quantity."""
    ours, theirs = case.discriminators()
    random = np.random.default_rng(0)
    full = random.standard_normal((case.batch, case.image_size, case.image_size, 3), np.float32)
    variables = _carried(ours, theirs, full, *case.label)["params"]
    side = case.image_size if case.stage is None else 4 << case.stage
    images = full[:, :side, :side]

    def score(parameters: Any, images: jax.Array) -> Any:
        given = {"params": parameters}
        return ours.apply(given, images, *case.label, train=True, **case.growing)

    def slope(parameters: Any, images: jax.Array) -> tuple[jax.Array, jax.Array]:
        penalty = penalties.r1(partial(score, parameters), images)
        return penalty.mean(), penalty

    @jax.jit
    def play(parameters: Any, images: jax.Array, cotangent: jax.Array) -> Any:
        scores, pull_back = jax.vjp(score, parameters, images)
        of_penalty, penalty = jax.grad(slope, has_aux=True)(parameters, images)
        return {"scores": scores, "R1": penalty}, pull_back(cotangent), of_penalty

    cotangent = random.standard_normal(case.batch, np.float32)
    values, (of_parameters, of_images), of_penalty = play(variables, images, cotangent)

    def play_twin(twin: torch.nn.Module, dtype: torch.dtype) -> Measured:
        x = channels_first(images).to(dtype).requires_grad_()
        keeping = partial(twin, label=_to(case.twin_label, dtype), **case.growing)
        scores, penalty = keeping(x), style_penalties.r1(keeping, x)
        total = (scores * torch.from_numpy(cotangent).to(dtype)).sum()
        *slopes, of_x = _slopes(total, [*twin.parameters(), x])
        return {
            "scores": scores,
            "R1": penalty,
            "gradient of scores, of images": channels_last(of_x),
            "gradient of scores": slopes,
            "gradient of R1": _slopes(penalty.mean(), list(twin.parameters())),
        }

    return _compared(
        {
            **values,
            "gradient of scores, of images": of_images,
            "gradient of scores": of_parameters,
            "gradient of R1": of_penalty,
        },
        *(theirs, play_twin),
    )


def apart(ours: jax.Array | torch.Tensor, theirs: torch.Tensor, *, least: float = 0.0) -> float:
    """The largest difference of two arrays, relative to the largest number of theirs."""
    mine, other = np.asarray(ours), theirs.detach().numpy()
    if mine.shape != other.shape:
        raise ValueError(f"arrays of shapes {mine.shape} and {other.shape} cannot be compared")
    return float(np.abs(mine - other).max() / max(np.abs(other).max(), least))


def channels_first(images: np.ndarray) -> torch.Tensor:
    """`[B, H, W, C]` to `[B, C, H, W]`."""
    return torch.from_numpy(images.transpose(0, 3, 1, 2).copy())


def channels_last(images: torch.Tensor) -> torch.Tensor:
    """And back."""
    return images.permute(0, 2, 3, 1)


def _with_noise(make: Callable[[], jax.Array]) -> tuple[jax.Array, list[np.ndarray]]:
    """What a network in training makes, and the noise that its layers drew, in order."""
    noises: list[np.ndarray] = []
    draw = jax.random.normal

    def drawn(*of: Any, **options: Any) -> jax.Array:
        noise = draw(*of, **options)
        if not isinstance(noise, jax.core.Tracer):  # of shapes that Flax checks
            noises.append(np.array(noise))
        return noise

    with mock.patch.object(jax.random, "normal", drawn):
        return make(), noises


def _constants(twin: torch.nn.Module) -> list[tuple[str, torch.Tensor]]:
    """The constant noises with their names, in the layers' order."""
    return [each for each in twin.named_buffers() if each[0].endswith(("const", "constant"))]


def _carried(
    ours: nn.Module, theirs: torch.nn.Module, x: np.ndarray, *label: jax.Array
) -> dict[str, Any]:
    shapes = jax.eval_shape(partial(ours.init, train=False), jax.random.key(0), x, *label)
    variables = random_variables(shapes, seed=1)
    carry(variables, theirs)
    return variables


def _slopes(total: torch.Tensor, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    slopes = torch.autograd.grad(total, inputs, retain_graph=True, materialize_grads=True)
    return list(slopes)


def _to(label: torch.Tensor | None, dtype: torch.dtype) -> torch.Tensor | None:
    return None if label is None else label.to(dtype)


def _compared(
    ours: Mapping[str, Any],
    twin: torch.nn.Module,
    play: Callable[[torch.nn.Module, torch.dtype], Measured],
) -> dict[str, Apart]:
    """How far our quantities are from the twin's, and the twin's own from those in float64."""
    single, double = play(twin, torch.float32), play(copy.deepcopy(twin).double(), torch.float64)
    found: dict[str, Apart] = {}
    for name, exact in double.items():
        rounded = single[name]
        if isinstance(exact, torch.Tensor) and isinstance(rounded, torch.Tensor):
            found[name] = Apart(apart(ours[name], exact), apart(rounded.detach(), exact))
            continue
        # Gradients of weights are carried as weights are.
        carried = carry({"params": ours[name]}, copy.deepcopy(twin))
        mine = [each.detach() for each in carried.parameters()]
        largest = max(float(slope.abs().max()) for slope in exact)
        for words, least in ((name, largest), (f"{name}, worst array", 1e-3 * largest)):
            found[words] = Apart(
                *(
                    max(apart(a, b, least=least) for a, b in zip(side, exact, strict=True))
                    for side in (mine, rounded)
                )
            )
    return found
