"""XGAN: the paper's sizes, what is shared, what is wired to what, and the reversed gradient."""

import chex
import flax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import XGAN, alike

NETWORK = XGAN(32, 3, 16, 4)


def shapes(network, *sides):
    def init(key):
        made, variables = network.init_with_output(key, *map(jnp.zeros, sides), train=True)
        return variables, made

    return jax.eval_shape(init, jax.random.key(0))


@pytest.fixture(scope="module")
def played():
    """The network's variables, two minibatches, and what becomes of them."""
    random = np.random.default_rng(0)
    a, b = (jnp.asarray(random.uniform(-1, 1, (4, 32, 32, 3)), jnp.float32) for _ in "ab")
    variables = jax.jit(lambda key: NETWORK.init(key, a, b, train=True))(jax.random.key(0))
    return variables, a, b, jax.jit(apply_train)(variables, a, b)


def apply_train(variables, a, b):
    return NETWORK.apply(variables, a, b, train=True, mutable="batch_stats")[0]


def call(variables, method, *images):
    def run(variables, *images):
        return NETWORK.apply(variables, *images, train=False, method=method)

    return jax.jit(run)(variables, *images)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("size", [32, 64, 128])
def test_shapes_and_types(size, dtype):
    side = (3, size, size, 1)
    variables, made = shapes(XGAN(size, 1, 16, 4, dtype=dtype), side, side)
    for name, x in made._asdict().items():
        expected = (3, 16) if "embedding" in name else (3,) if "domain" in name else side
        chex.assert_shape(x, expected)
    assert set(variables) == {"params", "batch_stats"}
    chex.assert_type(jax.tree.leaves((variables, made)), jnp.float32)


def test_the_papers_table():
    side = (1, 64, 64, 3)
    layers = flax.traverse_util.flatten_dict(shapes(XGAN(), side, side)[0]["params"], sep="/")
    kernels = {name: x.shape for name, x in layers.items() if name.endswith("kernel")}

    def made(part, kind, axis):
        names = sorted(name for name in kernels if name.startswith(part) and kind in name)
        return [kernels[name][axis] for name in names]

    for domain in "ab":
        assert made(f"encoder_{domain}", "Conv_", 3) == [32, 64]
        assert made(f"decoder_{domain}", "ConvTranspose_", 2) == [128, 64, 3]
    assert made("encoder_shared", "Conv_", 3) == [128, 256]
    assert made("encoder_shared", "Dense_", 1) == [1024, 1024]
    assert made("decoder_shared", "Dense_", 1) == [4 * 4 * 512]
    assert made("decoder_shared", "ConvTranspose_", 2) == [256]


def test_outputs_are_what_their_names_say(played):
    variables, a, b, _ = played
    made = call(variables, "__call__", a, b)
    close = {"atol": 1e-5}
    for side, image in ("a", a), ("b", b):
        embedding = call(variables, f"embed_{side}", image)
        chex.assert_trees_all_close(getattr(made, f"embedding_{side}"), embedding, **close)
    a_to_b, b_to_a = call(variables, "translate_a", a), call(variables, "translate_b", b)
    chex.assert_trees_all_close(made.a_to_b, a_to_b, **close)
    chex.assert_trees_all_close(made.b_to_a, b_to_a, **close)
    # The moments start alike for images and translations.
    chex.assert_trees_all_close(made.embedding_a_to_b, call(variables, "embed_b", a_to_b), **close)
    chex.assert_trees_all_close(made.embedding_b_to_a, call(variables, "embed_a", b_to_a), **close)
    pairs = [(x, y) for i, x in enumerate(made) for y in made[:i] if x.shape == y.shape]
    assert all(float(jnp.abs(x - y).max()) > 1e-4 for x, y in pairs)


def test_each_number_of_an_embedding_has_mean_0_and_variance_1_in_training(played):
    made = played[-1]
    for x in (made.embedding_a, made.embedding_b, made.embedding_a_to_b, made.embedding_b_to_a):
        chex.assert_trees_all_close(jnp.mean(x, axis=0), jnp.zeros(16), atol=1e-4)
        chex.assert_trees_all_close(jnp.var(x, axis=0), jnp.ones(16), atol=1e-2)


def test_each_direction_keeps_moments_of_its_own(played):
    variables, a, b, _ = played

    def moments(a, b):
        kept = NETWORK.apply(variables, a, b, train=True, mutable="batch_stats")[1]["batch_stats"]
        return {name: of["mean"] for name, of in kept.items()}

    both, other = jax.jit(moments)(a, b), jax.jit(moments)(a, b[::-1] / 2)
    same = {name for name in both if jnp.array_equal(both[name], other[name])}
    assert set(both) == {"norm_a", "norm_b", "norm_a_to_b", "norm_b_to_a"}
    assert same == {"norm_a", "norm_a_to_b"}


def test_alike_two_domains_are_one(played):
    variables, a, _, made = played
    one = variables | {"params": alike(variables["params"])}
    same = jax.jit(apply_train)(one, a, a)
    np.testing.assert_array_equal(same.a_to_b, same.reconstruction_a)
    np.testing.assert_array_equal(same.embedding_a, same.embedding_b)
    np.testing.assert_array_equal(same.reconstruction_a, made.reconstruction_a)
    assert float(jnp.abs(made.a_to_b - made.reconstruction_a).max()) > 0.01


DEPENDS = {
    "embedding_a": {"encoder_a", "encoder_shared"},
    "embedding_b": {"encoder_b", "encoder_shared"},
    "reconstruction_a": {"encoder_a", "encoder_shared", "decoder_shared", "decoder_a"},
    "reconstruction_b": {"encoder_b", "encoder_shared", "decoder_shared", "decoder_b"},
    "a_to_b": {"encoder_a", "encoder_shared", "decoder_shared", "decoder_b"},
    "b_to_a": {"encoder_b", "encoder_shared", "decoder_shared", "decoder_a"},
    "domain_a": {"encoder_a", "encoder_shared", "classifier"},
    "domain_b": {"encoder_b", "encoder_shared", "classifier"},
}


@pytest.fixture(scope="module")
def slopes(played):
    """The gradients of random functionals of each output, and the functionals' own."""
    variables, a, b, made = played
    random = np.random.default_rng(1)
    cotangents = {
        name: jnp.asarray(random.standard_normal(getattr(made, name).shape), jnp.float32)
        for name in DEPENDS
    }

    def linearised(variables):
        return jax.vjp(lambda variables: apply_train(variables, a, b), variables)

    _, pull_back = jax.jit(linearised)(variables)
    pull = jax.jit(lambda pull_back, cotangent: pull_back(cotangent)[0]["params"])
    zeros = jax.tree.map(jnp.zeros_like, made)
    gradients = {
        name: pull(pull_back, zeros._replace(**{name: cotangent}))
        for name, cotangent in cotangents.items()
    }
    return gradients, cotangents


def test_what_depends_on_what(slopes):
    for name, gradient in slopes[0].items():
        moved = {
            part
            for part, leaves in gradient.items()
            if any(float(jnp.abs(leaf).max()) > 0 for leaf in jax.tree.leaves(leaves))
        }
        assert moved == DEPENDS[name], name


def test_the_classifiers_gradient_is_reversed_on_its_way_to_the_embeddings(played, slopes):
    variables, a, *_ = played
    gradients, cotangents = slopes

    def not_reversed(variables):
        def classify(network, images):
            return network.classifier(network.embed_a(images, train=True))

        logits, _ = NETWORK.apply(variables, a, method=classify, mutable="batch_stats")
        return jnp.sum(logits * cotangents["domain_a"])

    plain = jax.jit(jax.grad(not_reversed))(variables)["params"]
    for part in DEPENDS["domain_a"]:
        sign = 1 if part == "classifier" else -1
        expected = jax.tree.map(lambda leaf, sign=sign: sign * leaf, plain[part])
        assert max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(expected)) > 1e-3
        chex.assert_trees_all_close(gradients["domain_a"][part], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [16, 48, 0, 65])
def test_sizes_that_cannot_be(size):
    with pytest.raises(ValueError, match=f"no XGAN for images of size {size}: take 32, 64"):
        shapes(XGAN(size), (1, 64, 64, 3), (1, 64, 64, 3))


@pytest.mark.parametrize("shape", [(1, 32, 64, 3), (1, 32, 32, 1)])
def test_images_of_another_shape(shape):
    with pytest.raises(ValueError, match=r"came to an XGAN for images of shape \(32, 32, 3\)"):
        shapes(NETWORK, (1, 32, 32, 3), shape)
