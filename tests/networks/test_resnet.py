"""Residual networks: shapes, counts, and the same networks written again in PyTorch, in float64."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import SpectralNorm
from jaxgan.networks import Projection, ResNetDiscriminator, ResNetGenerator

SIZES = [8, 14, 28, 32, 48, 64, 128]
HALVINGS = {8: 1, 14: 1, 28: 2, 32: 2, 48: 2, 64: 3, 128: 4}
LABEL = jnp.array([2, 0, 2, 1])


def shapes(network, *inputs):
    """The network's output and variables without computing either."""
    return jax.eval_shape(
        lambda key: network.init_with_output(key, *inputs, train=True), jax.random.key(0)
    )


def count(variables):
    return sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("size", SIZES)
def test_shapes_and_types(size, dtype):
    images, g = shapes(ResNetGenerator(size, 3, 8, dtype=dtype), jnp.ones((2, 10)))
    chex.assert_shape(images, (2, size, size, 3))
    network = ResNetDiscriminator(size, 8, layer_norm=True, dtype=dtype)
    scores, d = shapes(network, jnp.ones((2, size, size, 3)))
    chex.assert_shape(scores, (2,))
    chex.assert_type([images, scores, *jax.tree.leaves([g, d])], jnp.float32)
    assert set(d) == {"params"}
    assert len([name for name in d["params"] if "block" in name]) == HALVINGS[size] + 2


@pytest.mark.parametrize("size", SIZES)
def test_parameter_counts(size):
    z, c, w = 10, 3, 8
    base = next(base for base in (4, 6, 7) if size % base == 0 and (size // base).bit_count() == 1)
    doublings = (size // base).bit_length() - 1
    convolution, shortcut = 9 * w * w + w, w * w + w
    block = 2 * convolution + shortcut
    _, g = shapes(ResNetGenerator(size, c, w), jnp.ones((2, z)))
    ends = (z + 1) * base**2 * w + 2 * w + 9 * w * c + c
    assert count(g) == ends + doublings * (block + 4 * w)
    _, g = shapes(ResNetGenerator(size, c, w, classes=5), jnp.ones((2, z)), LABEL[:2])
    assert count(g) == ends + doublings * (block + 5 * 4 * w)

    _, d = shapes(ResNetDiscriminator(size, w), jnp.ones((2, size, size, c)))
    first = 9 * c * w + w + convolution + c * w + w
    rest = (HALVINGS[size] - 1) * block + 2 * (block - shortcut)
    assert count(d) == first + rest + w + 1


def test_the_papers_networks_at_32():
    """SNGAN's Table 4, counted by hand: 4.3 million in G, 1.1 million in D."""
    _, g = shapes(ResNetGenerator(), jnp.ones((2, 128)))
    assert count(g) == 129 * 4096 + 3 * (2 * 590080 + 65792 + 1024) + 512 + 9 * 256 * 3 + 3
    _, d = shapes(ResNetDiscriminator(), jnp.ones((2, 32, 32, 3)))
    assert count(d) == (3584 + 147584 + 512) + (2 * 147584 + 16512) + 2 * 2 * 147584 + 129


def test_initial_weights():
    """Glorot's uniform, with a gain of sqrt(2) within the residual branches."""
    _, d = jax.jit(
        lambda key: ResNetDiscriminator().init_with_output(
            key, jnp.ones((1, 32, 32, 3)), train=True
        )
    )(jax.random.key(0))
    block = d["params"]["block_1"]
    for name, variance in [("Conv_0", 4 / (9 * 256)), ("shortcut", 2 / 256)]:
        assert float(block[name]["kernel"].var()) == pytest.approx(variance, rel=0.03)
        assert not jnp.any(block[name]["bias"])


# The networks once more, in PyTorch's own operations, on trees of float64 tensors.


def tensors(tree, torch, grad=True):
    """Leaves as float64 tensors; trees of the same shape."""
    return jax.tree.map(lambda leaf: torch.tensor(np.float64(leaf), requires_grad=grad), dict(tree))


class Twin:
    """The layers on one network's parameters; `u` and `v` divide weights where they are given."""

    def __init__(self, torch, *, train, statistics=None, spectral=None):
        self.f = torch.nn.functional
        self.torch, self.train = torch, train
        self.statistics, self.spectral = statistics, spectral

    def weight(self, parameters, path, name="kernel"):
        for part in path.split("."):
            parameters = parameters[part]
        weight = parameters[name]
        if self.spectral is None:
            return weight
        matrix = weight.reshape(-1, weight.shape[-1])
        u, v = (self.spectral[f"{path}.{name}"][side].detach() for side in "uv")
        if self.train:
            v = self.f.normalize(matrix.detach() @ u, dim=0)
            u = self.f.normalize(matrix.detach().T @ v, dim=0)
        return weight / (v @ matrix @ u)

    def conv(self, p, path, x, biased=True):
        weight = self.weight(p, path).permute(3, 2, 0, 1)
        for part in path.split("."):
            p = p[part]
        bias = p["bias"] if biased else None
        return self.f.conv2d(x, weight, bias, padding=weight.shape[2] // 2)

    def batch_norm(self, statistics, x):
        mean, var = (statistics[name].detach().clone() for name in ("mean", "var"))
        return self.f.batch_norm(x, mean, var, training=self.train, eps=1e-5)

    def attention(self, p, path, x):
        batch, _, height, width = x.shape

        def part(name, x):
            return self.conv(p, f"{path}.{name}", x, biased=False)

        f = part("f", x).flatten(2)
        g, h = (self.f.max_pool2d(part(name, x), 2).flatten(2) for name in "gh")
        likeness = self.torch.softmax(f.transpose(1, 2) @ g, dim=2)
        found = (h @ likeness.transpose(1, 2)).reshape(batch, -1, height, width)
        return x + p[path]["gamma"] * part("v", found)

    def generator(self, p, latent, label, doublings, attention, base):
        def norm(p, statistics, x):
            if label is None:
                x = self.batch_norm(statistics, x)
                return x * p["scale"][None, :, None, None] + p["bias"][None, :, None, None]
            x = self.batch_norm(statistics["BatchNorm_0"], x)
            return x * p["scale"][label][:, :, None, None] + p["bias"][label][:, :, None, None]

        kind = "BatchNorm" if label is None else "ConditionalBatchNorm"
        x = latent @ self.weight(p, "Dense_0") + p["Dense_0"]["bias"]
        x = x.unflatten(1, (base, base, -1)).permute(0, 3, 1, 2)
        for k in range(doublings):
            block, statistics = p[f"block_{k}"], self.statistics[f"block_{k}"]
            y = norm(block[f"{kind}_0"], statistics[f"{kind}_0"], x).relu()
            y = self.f.interpolate(y, scale_factor=2, mode="nearest")
            y = self.conv(p, f"block_{k}.Conv_0", y)
            y = norm(block[f"{kind}_1"], statistics[f"{kind}_1"], y).relu()
            y = self.conv(p, f"block_{k}.Conv_1", y)
            x = self.f.interpolate(x, scale_factor=2, mode="nearest")
            x = y + self.conv(p, f"block_{k}.shortcut", x)
            if x.shape[2] == attention:
                x = self.attention(p, "attention", x)
        label = None
        x = norm(p["BatchNorm_0"], self.statistics["BatchNorm_0"], x).relu()
        return self.conv(p, "Conv_0", x).tanh()

    def discriminator(self, p, images, label, halvings, attention, layer_norm, mean):
        def norm(p, x):
            if not layer_norm:
                return x.relu()
            x = self.f.layer_norm(x, x.shape[1:], eps=1e-5)
            x = x * p["scale"][None, :, None, None] + p["bias"][None, :, None, None]
            return x.relu()

        y = self.conv(p, "block_0.Conv_0", images).relu()
        y = self.f.avg_pool2d(self.conv(p, "block_0.Conv_1", y), 2)
        x = y + self.f.avg_pool2d(self.conv(p, "block_0.shortcut", images), 2)
        for k in range(1, halvings + 2):
            if x.shape[2] == attention:
                x = self.attention(p, "attention", x)
            block = p[f"block_{k}"]
            y = self.conv(p, f"block_{k}.Conv_0", norm(block.get("LayerNorm_0"), x))
            y = self.conv(p, f"block_{k}.Conv_1", norm(block.get("LayerNorm_1"), y))
            if k < halvings:
                y = self.f.avg_pool2d(y, 2)
                x = self.f.avg_pool2d(self.conv(p, f"block_{k}.shortcut", x), 2)
            x = x + y
        x = x.relu().mean((2, 3)) if mean else x.relu().sum((2, 3))
        head = p["head"]
        if label is None:
            return (x @ self.weight(p, "head.Dense_0") + head["Dense_0"]["bias"])[:, 0]
        vector = self.weight(p, "head.LabelEmbedding_0", "embedding")[label]
        score = x @ self.weight(p, "head.score.Dense_0") + head["score"]["Dense_0"]["bias"]
        return score[:, 0] + (x * vector).sum(1)


def compare(network, twin, inputs, *, train, inner=lambda tree: tree):
    """Outputs within 1e-4 and all gradients within 1e-3 of the largest in their array."""
    torch = pytest.importorskip("torch")
    x, *condition = inputs
    variables = jax.jit(lambda key: network.init(key, *inputs, train=True))(jax.random.key(0))
    random = np.random.default_rng(0)
    parameters = jax.tree_util.tree_map_with_path(  # biases that are not zero, gains not one
        lambda path, leaf: (
            leaf
            if path[-1].key in ("kernel", "embedding")
            else leaf + 0.3 * random.standard_normal(leaf.shape).astype(np.float32)
        ),
        variables.pop("params"),
    )
    shape = jax.eval_shape(
        lambda: network.apply({"params": parameters, **variables}, *inputs, train=False)
    ).shape
    weight = random.standard_normal(shape).astype(np.float32)

    @jax.jit
    def play(parameters, x):
        def value(parameters, x):
            everything = {"params": parameters, **variables}
            made, _ = network.apply(everything, x, *condition, train=train, mutable=list(variables))
            return jnp.sum(weight * made), made

        return jax.grad(value, argnums=(0, 1), has_aux=True)(parameters, x)

    gradients, made = play(parameters, x)
    theirs, their_x = tensors(parameters, torch), torch.tensor(np.float64(x), requires_grad=True)
    collections = {name: tensors(variables[name], torch, False) for name in variables}
    label = torch.tensor(np.array(condition[0])).long() if condition else None
    last_x = their_x.permute(0, 3, 1, 2) if x.ndim == 4 else their_x
    twin_made = twin(Twin(torch, train=train, **inner(collections)), theirs, last_x, label)
    if x.ndim == 2:
        twin_made = twin_made.permute(0, 2, 3, 1)
    (torch.tensor(np.float64(weight)) * twin_made).sum().backward()

    true = twin_made.detach().numpy()
    scale = max(1.0, float(np.abs(true).max()))
    chex.assert_trees_all_close(made, np.float32(true), atol=1e-4 * scale)
    their_gradients = jax.tree.map(lambda leaf: leaf.grad.numpy(), (theirs, their_x))
    for (path, ours), true in zip(
        jax.tree_util.tree_leaves_with_path(gradients),
        jax.tree.leaves(their_gradients),
        strict=True,
    ):
        scale = max(float(np.abs(true).max()), 1e-2)  # none at all reaches biases before a norm
        error = float(np.abs(np.float64(ours) - true).max())
        assert error < 1e-3 * scale, (jax.tree_util.keystr(path), error, scale)


@pytest.mark.parametrize(
    ("size", "classes", "attention", "train"),
    [(28, None, 14, True), (12, 3, None, True), (16, 3, 8, False)],
)
def test_generator_against_pytorch(size, classes, attention, train):
    network = ResNetGenerator(size, 2, 8, classes, attention)
    latent = jnp.asarray(np.random.default_rng(1).standard_normal((4, 6), np.float32))
    base = {28: 7, 16: 4, 12: 6}[size]
    doublings = (size // base).bit_length() - 1
    compare(
        network,
        lambda twin, p, x, label: twin.generator(p, x, label, doublings, attention, base),
        (latent, LABEL) if classes else (latent,),
        train=train,
        inner=lambda tree: {"statistics": tree["batch_stats"]},
    )


@pytest.mark.parametrize(
    ("size", "classes", "attention", "layer_norm", "pool"),
    [
        (32, None, 16, True, jnp.mean),
        (14, 3, None, False, jnp.sum),
    ],
)
def test_discriminator_against_pytorch(size, classes, attention, layer_norm, pool):
    head = {"head": Projection(classes)} if classes else {}
    network = ResNetDiscriminator(size, 8, layer_norm, attention, pool, **head)
    images = np.random.default_rng(1).uniform(-1, 1, (4, size, size, 2)).astype(np.float32)
    compare(
        network,
        lambda twin, p, x, label: twin.discriminator(
            p, x, label, HALVINGS[size], attention, layer_norm, pool is jnp.mean
        ),
        (jnp.asarray(images), LABEL) if classes else (jnp.asarray(images),),
        train=True,
    )


@pytest.mark.parametrize(("size", "attention", "train"), [(28, 14, True), (8, None, False)])
def test_spectral_norm_against_pytorch(size, attention, train):
    network = SpectralNorm(ResNetDiscriminator(size, 8, attention=attention, head=Projection(3)))
    images = np.random.default_rng(1).uniform(-1, 1, (4, size, size, 2)).astype(np.float32)
    compare(
        network,
        lambda twin, p, x, label: twin.discriminator(
            p["network"], x, label, HALVINGS[size], attention, False, False
        ),
        (jnp.asarray(images), LABEL),
        train=train,
        inner=lambda tree: {"spectral": tree["spectral"]},
    )


def test_an_examples_score_is_its_own_affair_under_layer_norm():
    network = ResNetDiscriminator(8, 8, layer_norm=True)
    images = jnp.asarray(np.random.default_rng(0).uniform(-1, 1, (3, 8, 8, 1)).astype(np.float32))
    variables = jax.jit(lambda key: network.init(key, images, train=True))(jax.random.key(0))
    together = network.apply(variables, images, train=True)
    alone = network.apply(variables, images[:1], train=True)
    chex.assert_trees_all_close(together[:1], alone, rtol=1e-5, atol=1e-6)


def test_the_gradient_penalty_goes_through():
    """Second derivatives exist and are finite, through every block."""
    network = SpectralNorm(ResNetDiscriminator(8, 8, attention=4))
    images = jnp.asarray(np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 1)).astype(np.float32))

    @jax.jit
    def second(key):
        variables = network.init(key, images, train=True)
        variables["params"]["network"]["attention"]["gamma"] = jnp.float32(0.5)

        def penalty(parameters):
            everything = {**variables, "params": parameters}
            slope = jax.grad(lambda x: jnp.sum(network.apply(everything, x, train=False)))(images)
            return jnp.sum(slope**2)

        return jax.grad(penalty)(variables["params"])

    gradients = second(jax.random.key(0))
    chex.assert_tree_all_finite(gradients)
    kernels = [leaf for leaf in jax.tree.leaves(gradients) if leaf.ndim == 4]
    assert all(float(jnp.abs(leaf).max()) > 1e-6 for leaf in kernels)


@pytest.mark.parametrize(
    ("size", "near"),
    [(-8, 8), (0, 8), (4, 8), (7, 8), (9, 10), (30, 32), (63, 64), (100, 96)],
)
def test_sizes_that_cannot_be_made_name_a_neighbour(size, near):
    message = f"size {size}: take {near}, or"
    with pytest.raises(ValueError, match=message):
        shapes(ResNetGenerator(size, 1, 8), jnp.ones((1, 10)))
    with pytest.raises(ValueError, match=message):
        shapes(ResNetDiscriminator(size, 8), jnp.ones((1, max(size, 0), max(size, 0), 1)))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="28x28 came to a discriminator of image_size=32"):
        shapes(ResNetDiscriminator(32, 8), jnp.ones((1, 28, 28, 1)))
    with pytest.raises(ValueError, match="at size 28: take one of 7, 14, or None"):
        shapes(ResNetDiscriminator(28, 8, attention=28), jnp.ones((1, 28, 28, 1)))
    with pytest.raises(ValueError, match="at size 4: take one of 8, 16, 32, or None"):
        shapes(ResNetGenerator(32, 1, 8, attention=4), jnp.ones((1, 10)))
    latent = jnp.ones((4, 10))
    with pytest.raises(ValueError, match="classes=3 was called without a label: give labels"):
        shapes(ResNetGenerator(32, 1, 8, classes=3), latent)
    with pytest.raises(ValueError, match="classes=None was called with a label: give labels"):
        shapes(ResNetGenerator(32, 1, 8), latent, LABEL)
    with pytest.raises(ValueError, match="label 2 is out of range: 2 classes"):
        shapes(ResNetGenerator(8, 1, 8, classes=2), latent, LABEL)
    with pytest.raises(ValueError, match="a condition came to a discriminator that scores"):
        shapes(ResNetDiscriminator(8, 8), jnp.ones((4, 8, 8, 1)), LABEL)
