"""Networks of tags, against the same written again in float64."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import TagDiscriminator, TagGenerator, TagProjection


def arrays():
    key_latent, key_word, key_features = jax.random.split(jax.random.key(0), 3)
    return (
        jax.random.normal(key_latent, (3, 5)),
        jax.random.normal(key_word, (3, 4)),
        jax.random.normal(key_features, (3, 6)),
    )


def layers(variables):
    """Kernels and biases in the order in which the layers were made."""
    named = sorted(variables["params"].items(), key=lambda item: int(item[0].split("_")[1]))
    return [(np.float64(layer["kernel"]), np.float64(layer["bias"])) for _, layer in named]


def relu(x):
    return np.maximum(x, 0)


def generate(variables, latent, features):
    noise, image, *joint, out = layers(variables)
    x = [relu(np.float64(a) @ w + b) for a, (w, b) in ((latent, noise), (features, image))]
    x = np.concatenate(x, axis=1)
    for w, b in joint:
        x = relu(x @ w + b)
    return x @ out[0] + out[1]


def score(variables, word, features, pieces):
    left, right, (w, b), out = layers(variables)
    x = [relu(np.float64(a) @ w + b) for a, (w, b) in ((word, left), (features, right))]
    x = np.concatenate(x, axis=1) @ w + b
    x = np.stack([x[:, piece::pieces] for piece in range(pieces)]).max(axis=0)
    return (x @ out[0] + out[1])[:, 0]


@pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])
@pytest.mark.parametrize("joint", [(), (8,), (8, 9)])
def test_generator(joint, mode):
    latent, _, features = arrays()
    network = TagGenerator(4, latent_width=7, feature_width=10, joint_widths=joint)
    variables = network.init(jax.random.key(1), latent, features, train=False)
    variables = jax.tree.map(lambda leaf: leaf + 0.1, variables)
    apply = mode(lambda z, f: network.apply(variables, z, f, train=False))
    np.testing.assert_allclose(
        apply(latent, features), generate(variables, latent, features), atol=1e-5
    )


@pytest.mark.parametrize("pieces", [1, 3])
def test_discriminator_and_its_gradient(pieces):
    _, word, features = arrays()
    network = TagDiscriminator(7, 10, 8, pieces)
    variables = network.init(jax.random.key(1), word, features, train=False)
    variables = jax.tree.map(lambda leaf: leaf + 0.1, variables)

    @jax.jit
    def scores(x):
        return network.apply(variables, x, features, train=False)

    np.testing.assert_allclose(scores(word), score(variables, word, features, pieces), atol=1e-5)
    gradient = jax.grad(lambda x: jnp.sum(scores(x)))(word)
    step = 1e-6
    for index in np.ndindex(word.shape):
        moved = [np.float64(word), np.float64(word)]
        moved[0][index] += step
        moved[1][index] -= step
        high, low = (score(variables, x, features, pieces).sum() for x in moved)
        np.testing.assert_allclose(gradient[index], (high - low) / (2 * step), atol=1e-4)


def test_generator_that_chooses_by_features_as_they_are():
    latent, _, features = arrays()
    network = TagGenerator(4, 7, None, choose=True)
    variables = network.init(jax.random.key(1), latent, features, train=False)
    (noise, bias), (kernel, last) = layers(variables)
    x = np.concatenate([relu(np.float64(latent) @ noise + bias), np.float64(features)], axis=1)
    logits = x @ kernel + last
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    made = network.apply(variables, latent, features, train=False)
    np.testing.assert_allclose(made, expected, atol=1e-6)


def test_projection_without_layers():
    """It is linear in the word, and in the features."""
    _, word, features = arrays()
    network = TagProjection(7, layers=0)
    variables = network.init(jax.random.key(1), word, features, train=True)
    variables = jax.tree.map(lambda leaf: leaf + 0.1, variables)
    dense = {name: jax.tree.map(np.float64, layer) for name, layer in variables["params"].items()}
    image, own = dense["Dense_0"]["kernel"], dense["Dense_1"]
    expected = word @ own["kernel"][:, 0] + own["bias"]
    expected += np.sum(word * (features @ image), axis=1) / 4**0.5
    scores = network.apply(variables, word, features, train=True)
    np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_projection_and_its_gradients():
    _, word, features = arrays()
    network = TagProjection(7)
    variables = network.init(jax.random.key(1), word, features, train=True)
    variables = jax.tree.map(lambda leaf: leaf + 0.1, variables)
    dense = {name: jax.tree.map(np.float64, layer) for name, layer in variables["params"].items()}

    def score(word, features):
        h = np.float64(word)
        for name in ("Dense_0", "Dense_1"):
            h = relu(h @ dense[name]["kernel"] + dense[name]["bias"])
        score = h @ dense["Dense_3"]["kernel"][:, 0] + dense["Dense_3"]["bias"]
        return score + np.sum(h * (features @ dense["Dense_2"]["kernel"]), axis=1) / 7**0.5

    @jax.jit
    def scores(x, f):
        return network.apply(variables, x, f, train=True)

    np.testing.assert_allclose(scores(word, features), score(word, features), atol=1e-5)
    # In the features the score is linear; in the word its slope is that of the formula.
    slope = jax.grad(lambda x: jnp.sum(scores(x, features)))(word)
    step = 1e-6
    for index in np.ndindex(word.shape):
        moved = [np.float64(word), np.float64(word)]
        moved[0][index] += step
        moved[1][index] -= step
        high, low = (score(x, np.float64(features)).sum() for x in moved)
        np.testing.assert_allclose(slope[index], (high - low) / (2 * step), atol=1e-4)
    middle = scores(word, (features + features[::-1]) / 2)
    ends = scores(word, features) + scores(word, features[::-1])
    np.testing.assert_allclose(middle, ends / 2, atol=1e-5)


def test_sizes_of_the_paper():
    latent, features = jnp.ones((1, 100)), jnp.ones((1, 4096))
    shapes = jax.eval_shape(
        lambda: TagGenerator().init(jax.random.key(0), latent, features, train=False)
    )
    count = sum(leaf.size for leaf in jax.tree.leaves(shapes))
    assert count == 101 * 500 + 4097 * 2000 + 2501 * 200
    shapes = jax.eval_shape(
        lambda: TagDiscriminator().init(
            jax.random.key(0), jnp.ones((1, 200)), features, train=False
        )
    )
    count = sum(leaf.size for leaf in jax.tree.leaves(shapes))
    assert count == 201 * 500 + 4097 * 1200 + 1701 * 3000 + 1001


def test_paper_generator_adds():
    """Without a joint layer, the noise moves the vectors of all images by the same amounts."""
    latent, _, features = arrays()
    network = TagGenerator(4, 7, 10)
    variables = network.init(jax.random.key(1), latent, features, train=False)

    def vectors(z, f):
        return network.apply(variables, z, f, train=False)

    np.testing.assert_allclose(
        vectors(latent, features) - vectors(latent[::-1], features),
        vectors(latent, features[::-1]) - vectors(latent[::-1], features[::-1]),
        atol=1e-5,
    )


def test_what_is_random_and_when():
    latent, word, features = arrays()
    keys = jax.random.split(jax.random.key(2))

    def differ(network, x, train):
        variables = network.init(jax.random.key(1), x, features, train=True)
        outputs = [network.apply(variables, x, features, train=train, rngs=key) for key in keys]
        return bool(jnp.any(outputs[0] != outputs[1]))

    assert not differ(TagGenerator(4, 7, 10, dropout=0.0), latent, True)
    assert differ(TagGenerator(4, 7, 10, dropout=0.5), latent, True)
    assert not differ(TagGenerator(4, 7, 10, dropout=0.5), latent, False)
    assert differ(TagDiscriminator(7, 8, 9, dropout=0.5), word, True)
    assert not differ(TagDiscriminator(7, 8, 9, dropout=0.5), word, False)


def test_starts_at_the_size_of_its_inputs():
    """Behind a layer of rectifiers, the mean square is what it was in front."""
    word = jax.random.normal(jax.random.key(3), (64, 100))
    network = TagDiscriminator(500, 500, 500, pieces=1)
    _, seen = network.init_with_output(
        jax.random.key(5), word, word, train=False, capture_intermediates=True
    )
    joint = seen["intermediates"]["Dense_2"]["__call__"][0]
    assert 0.85 < float(jnp.mean(jnp.square(joint))) < 1.15


@pytest.mark.parametrize("network", [TagGenerator(), TagDiscriminator(), TagProjection()])
def test_refuses_images_for_features(network: nn.Module):
    with pytest.raises(AssertionError):
        network.init(jax.random.key(0), jnp.ones((2, 9)), jnp.ones((2, 4, 4, 3)), train=False)


def test_outputs_are_float32():
    latent, word, features = arrays()
    networks = (TagGenerator(4, 7, 10), latent), (TagDiscriminator(7, 8, 9), word)
    for network, x in (*networks, (TagProjection(7), word)):
        output, _ = network.init_with_output(jax.random.key(0), x, features, train=True)
        chex.assert_type(output, jnp.float32)
