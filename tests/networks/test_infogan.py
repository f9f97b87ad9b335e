"""InfoGAN's networks: the same in PyTorch in float64, the head's codes, bad input."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import CodeDistribution, Codes, InfoGANDiscriminator, InfoGANGenerator, Score


def drawn(shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def shaken(network, x):
    """Variables of which none is zero or one, batch statistics included."""
    variables = jax.eval_shape(lambda x: network.init(jax.random.key(0), x, train=True), x)
    random = np.random.default_rng(1)

    def values(path, leaf):
        near = 1.0 if path[-1].key in ("scale", "var") else 0.0
        spread = 0.2 if leaf.ndim > 1 else 0.1
        return jnp.asarray(near + spread * random.uniform(-1, 1, leaf.shape), jnp.float32)

    return jax.tree_util.tree_map_with_path(values, variables)


def count(variables):
    return sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize(("size", "channels"), [(28, 1), (32, 3), (4, 2)])
def test_shapes_ranges_and_types(size, channels, dtype):
    generator = InfoGANGenerator(size, channels, 2, dtype)
    discriminator = InfoGANDiscriminator(size, 2, Codes((3, 4), 2, width=5), dtype)

    def play(latent):
        images, g = generator.init_with_output(jax.random.key(0), latent, train=True)
        outputs, d = discriminator.init_with_output(jax.random.key(0), images, train=True)
        return images, outputs, g, d

    images, (scores, codes), *variables = jax.eval_shape(play, jnp.ones((3, 9)))
    chex.assert_shape(images, (3, size, size, channels))
    chex.assert_shape(scores, (3,))
    assert isinstance(codes, CodeDistribution)
    assert [logits.shape for logits in codes.logits] == [(3, 3), (3, 4)]
    chex.assert_shape([codes.mean, codes.log_variance], (3, 2))
    assert {leaf.dtype for leaf in jax.tree.leaves((images, scores, codes, variables))} == {
        jnp.dtype(jnp.float32)
    }


def test_parameter_counts_are_the_papers():
    variables = jax.eval_shape(
        lambda z: InfoGANGenerator().init(jax.random.key(0), z, train=True), jnp.ones((2, 74))
    )
    layers = 74 * 1024, 2 * 1024, 1024 * 6272, 2 * 6272, 16 * 128 * 64, 2 * 64, 16 * 64 + 1
    assert count(variables) == sum(layers)
    variables = jax.eval_shape(
        lambda x: InfoGANDiscriminator().init(jax.random.key(0), x, train=True),
        jnp.ones((2, 28, 28, 1)),
    )
    trunk = 16 * 64 + 64, 16 * 64 * 128, 2 * 128, 6272 * 1024, 2 * 1024
    head = 1024 + 1, 1024 * 128, 2 * 128, 128 * 12 + 12
    assert count(variables) == sum(trunk) + sum(head)


def torch_batch_norm(torch, x, variables, name, train):
    """With the moving averages' part left out: `train` takes the batch's own statistics."""
    if name not in variables["params"]:  # a critic without
        return x
    affine, moving = variables["params"][name], variables["batch_stats"][name]
    return torch.nn.functional.batch_norm(
        x,
        moving["mean"].detach().clone(),
        moving["var"].detach().clone(),
        affine["scale"],
        affine["bias"],
        training=train,
        eps=1e-5,
    )


def torch_generator(torch, variables, latent, train):
    parameters, functional = variables["params"], torch.nn.functional
    x = latent
    for layer in range(2):
        x = x @ parameters[f"Dense_{layer}"]["kernel"]
        x = torch_batch_norm(torch, x, variables, f"BatchNorm_{layer}", train).relu()
    x = x.unflatten(1, (7, 7, -1)).permute(0, 3, 1, 2)
    kernels = [parameters[f"ConvTranspose_{k}"]["kernel"].permute(3, 2, 0, 1) for k in range(2)]
    x = functional.conv_transpose2d(x, kernels[0], stride=2, padding=1)
    x = torch_batch_norm(torch, x, variables, "BatchNorm_2", train).relu()
    bias = parameters["ConvTranspose_1"]["bias"]
    x = functional.conv_transpose2d(x, kernels[1], bias, stride=2, padding=1)
    return x.tanh().permute(0, 2, 3, 1)


def torch_discriminator(torch, variables, images, train):
    """The score, logits of one code, means and log variances, side by side."""
    parameters, functional = variables["params"], torch.nn.functional
    kernels = [parameters[f"Conv_{k}"]["kernel"].permute(3, 2, 0, 1) for k in range(2)]
    x = images.permute(0, 3, 1, 2)
    x = functional.conv2d(x, kernels[0], parameters["Conv_0"]["bias"], stride=2, padding=1)
    x = functional.leaky_relu(x, 0.1)
    x = functional.conv2d(x, kernels[1], parameters["Conv_1"].get("bias"), stride=2, padding=1)
    x = torch_batch_norm(torch, x, variables, "BatchNorm_0", train)
    x = functional.leaky_relu(x, 0.1).permute(0, 2, 3, 1).flatten(1)
    x = x @ parameters["Dense_0"]["kernel"] + parameters["Dense_0"].get("bias", 0.0)
    x = functional.leaky_relu(torch_batch_norm(torch, x, variables, "BatchNorm_1", train), 0.1)
    head = {kind: variables[kind]["head"] for kind in variables}
    if "score" not in head["params"]:
        return x @ head["params"]["Dense_0"]["kernel"] + head["params"]["Dense_0"]["bias"]
    score = head["params"]["score"]["Dense_0"]
    q = x @ head["params"]["Dense_0"]["kernel"]
    q = functional.leaky_relu(torch_batch_norm(torch, q, head, "BatchNorm_0", train), 0.1)
    outputs = q @ head["params"]["Dense_1"]["kernel"] + head["params"]["Dense_1"]["bias"]
    logits_and_mean, spread = outputs[:, :5], outputs[:, 5:]
    spread = 6 * (spread / 6).tanh()
    return torch.cat([x @ score["kernel"] + score["bias"], logits_and_mean, spread], dim=1)


def side_by_side(outputs):
    if not isinstance(outputs, tuple):
        return outputs if outputs.ndim == 4 else outputs[:, None]
    scores, codes = outputs
    return jnp.concatenate([scores[:, None], *codes.logits, codes.mean, codes.log_variance], axis=1)


@pytest.mark.parametrize("train", [True, False], ids=["train", "evaluate"])
@pytest.mark.parametrize("player", ["generator", "discriminator", "critic"])
def test_outputs_and_gradients_are_pytorchs(player, train):
    torch = pytest.importorskip("torch")
    if player == "generator":
        network, twin, x = InfoGANGenerator(28, 2, 2), torch_generator, drawn((6, 9))
    elif player == "critic":
        network = InfoGANDiscriminator(28, 2, Score(), batch_norm=False)
        twin, x = torch_discriminator, drawn((6, 28, 28, 1))
    else:
        head = Codes((3,), 2, fixed_variance=False, width=4)
        network, twin = InfoGANDiscriminator(28, 2, head), torch_discriminator
        x = drawn((6, 28, 28, 1))
    variables = shaken(network, x)

    @jax.jit
    def play(variables, x):
        made, _ = network.apply(variables, x, train=train, mutable=["batch_stats"])
        made = side_by_side(made)
        return jnp.sum(jnp.sin(made)), made

    (gradients, of_x), made = jax.grad(play, argnums=(0, 1), has_aux=True)(variables, x)

    theirs, their_x = jax.tree.map(
        lambda leaf: torch.from_numpy(np.asarray(leaf, np.float64)).requires_grad_(), (variables, x)
    )
    their_made = twin(torch, theirs, their_x, train)
    chex.assert_trees_all_close(made, np.float32(their_made.detach()), atol=1e-5, rtol=1e-5)
    their_made.sin().sum().backward()
    pairs = [(of_x, their_x.grad)] + [
        (ours, leaf.grad)
        for ours, leaf in zip(
            jax.tree.leaves(gradients["params"]), jax.tree.leaves(theirs["params"]), strict=True
        )
    ]
    for ours, true in pairs:
        scale = max(1e-3, float(true.abs().max()))
        chex.assert_trees_all_close(ours, np.float32(true), rtol=1e-4, atol=1e-4 * scale)


def test_q_reaches_the_images():
    """The mutual information's graph: Q tells of images, and its gradient goes through them."""
    network = InfoGANDiscriminator(28, 2, Codes((3,), 2, fixed_variance=False, width=4))
    images = drawn((4, 28, 28, 1))
    variables = shaken(network, images)

    @jax.jit
    @jax.jacrev
    def slopes(images):
        (_, codes), _ = network.apply(variables, images, train=True, mutable=["batch_stats"])
        return codes.logits[0][0, 0], codes.mean[0, 0], codes.log_variance[0, 1]

    for slope in slopes(images):
        assert float(jnp.abs(slope).max()) > 1e-6


@pytest.mark.parametrize("fixed_variance", [True, False])
def test_log_variances_are_fixed_or_bounded(fixed_variance):
    head = Codes((), 2, fixed_variance=fixed_variance, width=4)
    features = 1e6 * drawn((8, 16))
    variables = shaken(head, features)
    variables["params"]["Dense_1"]["kernel"] *= 1e6
    _, codes = head.apply(variables, features, train=False)
    assert codes.logits == ()
    largest = float(jnp.abs(codes.log_variance).max())
    assert largest == (0.0 if fixed_variance else 6.0)
    assert variables["params"]["Dense_1"]["bias"].shape == ((2,) if fixed_variance else (4,))


def test_batch_statistics_move_in_training_only():
    network = InfoGANDiscriminator(28, 2, Codes(width=4))
    images = drawn((4, 28, 28, 1))
    variables = shaken(network, images)
    assert set(variables["batch_stats"]) == {"BatchNorm_0", "BatchNorm_1", "head"}
    _, moved = network.apply(variables, images, train=True, mutable=["batch_stats"])
    _, still = network.apply(variables, images, train=False, mutable=["batch_stats"])
    chex.assert_trees_all_equal(still["batch_stats"], variables["batch_stats"])
    for after, before in zip(
        jax.tree.leaves(moved), jax.tree.leaves(variables["batch_stats"]), strict=True
    ):
        assert not jnp.allclose(after, before)


def test_any_head_fits():
    images = jnp.ones((2, 8, 8, 1))
    network = InfoGANDiscriminator(8, 2, Score())
    scores, _ = jax.eval_shape(
        lambda x: network.init_with_output(jax.random.key(0), x, train=True), images
    )
    chex.assert_shape(scores, (2,))
    with pytest.raises(ValueError, match="scores without one"):
        InfoGANDiscriminator(8, 2).init(jax.random.key(0), images, jnp.ones(2, int), train=True)


@pytest.mark.parametrize(
    ("categorical", "continuous"), [((), 0), ((1,), 2), ((10, 0), 0), ((10,), -1)]
)
def test_codes_that_are_none_are_named(categorical, continuous):
    head = Codes(categorical, continuous)
    message = rf"continuous={continuous} are no codes"
    with pytest.raises(ValueError, match=message):
        head.init(jax.random.key(0), jnp.ones((2, 8)), train=True)


@pytest.mark.parametrize("size", [0, 30, -4])
def test_sizes_that_cannot_be_made_are_named(size):
    with pytest.raises(ValueError, match=f"{size} has no quarter"):
        InfoGANGenerator(size).init(jax.random.key(0), jnp.ones((2, 9)), train=True)
    with pytest.raises(ValueError, match=f"{size} has no quarter"):
        InfoGANDiscriminator(size).init(jax.random.key(0), jnp.ones((2, 8, 8, 1)), train=True)


def test_images_of_another_size_are_named():
    with pytest.raises(ValueError, match="28x28 came to a discriminator of image_size=32"):
        InfoGANDiscriminator(32, 2).init(jax.random.key(0), jnp.ones((1, 28, 28, 1)), train=True)
