"""R3GAN's networks: the same in PyTorch in float64, their start, penalties' derivatives."""

import math

import chex
import flax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import (
    Classifier,
    Projection,
    R3GANDiscriminator,
    R3GANGenerator,
    R3GANProjection,
)
from jaxgan.penalties import r1

WIDTHS = (8, 4)  # from the smallest maps to the images
SMALL = {"image_size": 14, "widths": WIDTHS, "blocks": 2, "group_width": 4}
TINY = {"image_size": 8, "widths": (4, 4), "blocks": 1, "group_width": 4}


def drawn(shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def shapes(network, *inputs):
    return jax.eval_shape(
        lambda *inputs: network.init_with_output(jax.random.key(0), *inputs, train=True), *inputs
    )


def shaken(network, *inputs):
    """Parameters of which none is zero, of about the size that they learn to have."""
    _, variables = shapes(network, *inputs)
    random = np.random.default_rng(1)

    def values(leaf):
        fan_in = math.prod(leaf.shape[:-1])
        return jnp.asarray(random.standard_normal(leaf.shape) / fan_in**0.5, jnp.float32)

    return jax.tree.map(values, variables)


def initialised(network, *inputs):
    return jax.jit(lambda *inputs: network.init(jax.random.key(0), *inputs, train=True))(*inputs)


def count(variables):
    return sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))


def players(**more):
    return [
        (R3GANGenerator(channels=2, **SMALL, **more), drawn((3, 5))),
        (R3GANDiscriminator(**SMALL), drawn((3, 14, 14, 2))),
    ]


def test_shapes_and_types():
    for dtype in (jnp.float32, jnp.bfloat16):
        for size, stages in [(4, 1), (14, 2), (32, 4), (64, 5)]:
            widths = (8,) * stages
            generator = R3GANGenerator(size, 3, widths, 1, dtype=dtype)
            discriminator = R3GANDiscriminator(size, widths, 1, dtype=dtype)
            images, g = shapes(generator, jnp.ones((2, 5)))
            scores, d = shapes(discriminator, jnp.ones((2, size, size, 3)))
            assert images.shape == (2, size, size, 3)
            assert scores.shape == (2,)
            leaves = jax.tree.leaves((images, scores, g, d))
            assert {leaf.dtype for leaf in leaves} == {jnp.dtype(jnp.float32)}
            assert set(g) == set(d) == {"params"}  # no statistics


def parameters_of_blocks(widths, blocks, group_width, expansion=2):
    inside = [expansion * width for width in widths]
    return blocks * sum(
        2 * width * wide + 9 * group_width * wide + 2 * wide
        for width, wide in zip(widths, inside, strict=True)
    )


def test_parameter_counts():
    blocks = parameters_of_blocks(WIDTHS, 2, 4)
    resized = 8 * 4
    (generator, latent), (discriminator, images) = players()
    _, variables = shapes(generator, latent)
    assert count(variables) == blocks + resized + 7 * 7 * 8 + 5 * 8 + 4 * 2
    _, variables = shapes(discriminator, images)
    assert count(variables) == blocks + resized + 7 * 7 * 8 + 8 + 1 + 2 * 4


def test_the_papers_networks_for_cifar_10():
    """Width 768, 96 groups, 2 blocks in each of 4 stages."""
    blocks = parameters_of_blocks((768,) * 4, 2, 16)
    _, g = shapes(R3GANGenerator(), jnp.ones((1, 64)))
    assert count(g) == blocks + 16 * 768 + 64 * 768 + 768 * 3
    kernels = flax.traverse_util.flatten_dict(g["params"])
    assert kernels["ResidualBlock_0", "GroupedConv_0", "kernel"].shape == (3, 3, 16, 1536)


def torch_block(torch, parameters, x):
    functional = torch.nn.functional
    wide, grouped, narrow = (parameters[k] for k in ("Pointwise_0", "GroupedConv_0", "Pointwise_1"))
    y = functional.leaky_relu(x @ wide["kernel"] + wide["bias"], 0.2).permute(0, 3, 1, 2)
    kernel = grouped["kernel"].permute(3, 2, 0, 1)
    groups = y.shape[1] // kernel.shape[1]
    y = functional.conv2d(y, kernel, grouped["bias"], padding=1, groups=groups)
    return x + functional.leaky_relu(y.permute(0, 2, 3, 1), 0.2) @ narrow["kernel"]


def torch_filter(torch, channels):
    taps = torch.tensor([1, 3, 3, 1], dtype=torch.float64) / 8
    return torch.outer(taps, taps).repeat(channels, 1, 1, 1)


def torch_generator(torch, parameters, latent):
    x = parameters["basis"] * (latent @ parameters["Pointwise_0"]["kernel"])[:, None, None]
    for block in range(4):
        if block == 2:
            x = x @ parameters["Pointwise_1"]["kernel"]
            x = torch.nn.functional.conv_transpose2d(
                x.permute(0, 3, 1, 2),
                4 * torch_filter(torch, x.shape[3]),
                stride=2,
                padding=1,
                groups=x.shape[3],
            ).permute(0, 2, 3, 1)
        x = torch_block(torch, parameters[f"ResidualBlock_{block}"], x)
    return x @ parameters["Pointwise_2"]["kernel"]


def torch_discriminator(torch, parameters, images):
    x = images @ parameters["Pointwise_0"]["kernel"]
    for block in range(4):
        if block == 2:
            x = torch.nn.functional.conv2d(
                x.permute(0, 3, 1, 2),
                torch_filter(torch, x.shape[3]),
                stride=2,
                padding=1,
                groups=x.shape[3],
            ).permute(0, 2, 3, 1)
            x = x @ parameters["Pointwise_1"]["kernel"]
        x = torch_block(torch, parameters[f"ResidualBlock_{block}"], x)
    score = parameters["head"]["Dense_0"]
    features = (x * parameters["basis"]).sum((1, 2))
    return (features @ score["kernel"] + score["bias"])[:, 0]


def doubles(torch, tree):
    return jax.tree.map(
        lambda leaf: torch.from_numpy(np.asarray(leaf, np.float64)).requires_grad_(), tree
    )


def assert_close_leaves(ours, theirs):
    for mine, true in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        scale = max(1e-3, float(true.abs().max()))
        chex.assert_trees_all_close(mine, np.float32(true), rtol=1e-4, atol=1e-4 * scale)


@pytest.mark.parametrize("player", [0, 1], ids=["generator", "discriminator"])
def test_outputs_and_gradients_are_pytorchs(player):
    torch = pytest.importorskip("torch")
    network, x = players()[player]
    variables = shaken(network, x)

    @jax.jit
    def play(variables, x):
        made = network.apply(variables, x, train=True)
        return jnp.sum(jnp.sin(made)), made

    (gradients, of_x), made = jax.grad(play, argnums=(0, 1), has_aux=True)(variables, x)
    theirs, their_x = doubles(torch, variables["params"]), doubles(torch, x)
    their_made = (torch_generator, torch_discriminator)[player](torch, theirs, their_x)
    assert float(jnp.std(made)) > 0.01
    chex.assert_trees_all_close(made, np.float32(their_made.detach()), rtol=1e-4, atol=1e-4)
    their_made.sin().sum().backward()
    assert_close_leaves(
        (gradients["params"], of_x), (jax.tree.map(lambda leaf: leaf.grad, theirs), their_x.grad)
    )


def test_derivatives_of_the_penalty_are_pytorchs():
    torch = pytest.importorskip("torch")
    network, x = players()[1]
    variables = shaken(network, x)

    @jax.jit
    @jax.value_and_grad
    def penalty(variables):
        return jnp.sum(r1(lambda x: network.apply(variables, x, train=True), x))

    value, gradients = penalty(variables)
    theirs, their_x = doubles(torch, variables["params"]), doubles(torch, x)
    scores = torch_discriminator(torch, theirs, their_x)
    (slopes,) = torch.autograd.grad(scores.sum(), their_x, create_graph=True)
    their_value = (slopes**2).sum() / 2
    their_value.backward()
    assert float(value) == pytest.approx(float(their_value.detach()), rel=1e-4)
    # A bias moves the slopes at the rectifiers' corners only: PyTorch says None for no gradient.
    zeros = jax.tree.map(
        lambda leaf: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad, theirs
    )
    assert_close_leaves(gradients["params"], zeros)


@pytest.mark.parametrize("player", [0, 1], ids=["generator", "discriminator"])
def test_blocks_start_as_identities(player):
    network, x = players()[player]
    variables = initialised(network, x)
    made = network.apply(variables, x, train=True)
    without = {
        name: layer for name, layer in variables["params"].items() if "ResidualBlock" not in name
    }
    short = network.clone(blocks=0).apply({"params": without}, x, train=True)
    chex.assert_trees_all_close(made, short, atol=1e-6)
    assert float(jnp.std(made)) > 1e-3
    chex.assert_trees_all_equal(made, network.apply(variables, x, train=False))


def test_initial_weights():
    """N(0, gain^2 / fan in): one, but for what a leaky rectifier and 8 blocks take."""
    network = R3GANDiscriminator(8, (64, 64), 4)
    variables = initialised(network, jnp.ones((1, 8, 8, 3)))
    inner = math.sqrt(2 / 1.04) * 8**-0.25
    for path, leaf in flax.traverse_util.flatten_dict(variables["params"]).items():
        if path[-1] == "bias" or path[1:2] == ("Pointwise_1",):
            chex.assert_trees_all_equal(leaf, jnp.zeros_like(leaf))
            continue
        gain = inner if path[0].startswith("ResidualBlock") else 1.0
        spread = gain * math.prod(leaf.shape[:-1]) ** -0.5
        error = 4 * spread / np.sqrt(leaf.size)
        assert float(leaf.mean()) == pytest.approx(0.0, abs=error), path
        assert float(leaf.std()) == pytest.approx(spread, abs=error), path


def test_the_generators_constant_starts_from_a_normal():
    network = R3GANGenerator(7, 1, (64,), 1)
    basis = initialised(network, jnp.ones((1, 5)))["params"]["basis"]
    assert basis.shape == (7, 7, 64)
    assert float(basis.std()) == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_derivatives_of_penalties_are_finite_from_the_start(dtype):
    network = R3GANDiscriminator(**TINY, dtype=dtype)
    images = drawn((2, 8, 8, 1))
    variables = initialised(network, images)

    @jax.jit
    @jax.grad
    def penalty(variables):
        return jnp.mean(r1(lambda x: network.apply(variables, x, train=True), images))

    gradients = penalty(variables)
    chex.assert_tree_all_finite(gradients)
    chex.assert_type(jax.tree.leaves(gradients), jnp.float32)
    moved = gradients["params"]["ResidualBlock_0"]["Pointwise_1"]["kernel"]
    assert float(jnp.abs(moved).max()) > 0  # the zeros leave zero at the first step


def test_labels_change_what_is_made_and_how_it_is_scored():
    latent, images, label = drawn((3, 5)), drawn((3, 8, 8, 2)), jnp.array([0, 2, 1])
    other = jnp.array([1, 2, 0])
    generator = R3GANGenerator(channels=2, classes=3, **TINY)
    variables = initialised(generator, latent, label)
    made = generator.apply(variables, latent, label, train=True)
    again = generator.apply(variables, latent, other, train=True)
    chex.assert_trees_all_equal(made[1], again[1])
    assert not jnp.allclose(made[0], again[0], atol=1e-3)

    discriminator = R3GANDiscriminator(head=R3GANProjection(3), **TINY)
    variables = initialised(discriminator, images, label)
    scores = discriminator.apply(variables, images, label, train=True)
    chex.assert_shape(scores, (3,))
    others = discriminator.apply(variables, images, other, train=True)
    assert scores[1] == others[1]
    assert not jnp.allclose(scores[0], others[0], atol=1e-4)


def test_projection_is_the_inner_product_of_its_docstring():
    features, label = drawn((4, 6)), jnp.array([2, 0, 1, 2])
    head = R3GANProjection(3)
    scores, variables = head.init_with_output(jax.random.key(0), features, label, train=True)
    vectors = np.float64(variables["params"]["LabelEmbedding_0"]["embedding"])
    matrix = np.float64(variables["params"]["Dense_0"]["kernel"])
    true = np.einsum("bf,fe,be->b", np.float64(features), matrix, vectors[np.asarray(label)])
    chex.assert_trees_all_close(scores, np.float32(true), atol=1e-6)


@pytest.mark.parametrize("head", [Projection(3), Classifier(3)])
def test_other_heads_fit(head):
    condition = (jnp.array([0, 1]),) if isinstance(head, Projection) else ()
    outputs, _ = shapes(R3GANDiscriminator(head=head, **SMALL), drawn((2, 14, 14, 1)), *condition)
    assert jax.tree.leaves(outputs)[0].shape == (2,)


def test_labels_missing_unasked_for_or_out_of_range_are_named():
    latent, label = jnp.ones((2, 5)), jnp.array([0, 3])
    key = jax.random.key(0)
    with pytest.raises(ValueError, match="classes=3 was called without a label"):
        R3GANGenerator(classes=3, **SMALL).init(key, latent, train=True)
    with pytest.raises(ValueError, match="classes=None was called with a label"):
        R3GANGenerator(**SMALL).init(key, latent, label, train=True)
    with pytest.raises(ValueError, match="label 3 is out of range"):
        R3GANGenerator(classes=3, **SMALL).init(key, latent, label, train=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_size": 28}, "2 stages do not make images of size 28"),
        ({"image_size": 15}, "2 stages do not make images of size 15"),
        ({"widths": ()}, "widths is empty"),
        ({"group_width": 5}, "group_width=5 does not divide the \\d+ channels inside"),
        ({"group_width": 0}, "group_width=0 does not divide"),
    ],
)
def test_impossible_plans_are_named(changes, message):
    arguments = SMALL | changes
    size = arguments["image_size"]
    with pytest.raises(ValueError, match=message):
        shapes(R3GANGenerator(**arguments), jnp.ones((1, 5)))
    with pytest.raises(ValueError, match=message):
        shapes(R3GANDiscriminator(**arguments), jnp.ones((1, size, size, 1)))


def test_images_of_another_size_are_named():
    with pytest.raises(ValueError, match="32x32 came to a discriminator of image_size=14"):
        shapes(R3GANDiscriminator(**SMALL), jnp.ones((1, 32, 32, 1)))
