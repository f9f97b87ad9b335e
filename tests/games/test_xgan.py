"""XGAN against its losses in float64."""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import games, losses
from tests.sides import Rate, doubles, rate, sides, slopes

WEIGHTS = games.XGANWeights(
    reconstruction=2.0, domain=0.5, semantic=1.5, adversarial=0.7, teacher=0.3
)
START = {"encode_a": 0.8, "encode_b": 1.1, "decode_a": 0.9, "decode_b": -0.6, "tell": 0.05}


class Outputs(NamedTuple):
    embedding_a: jax.Array
    embedding_b: jax.Array
    reconstruction_a: jax.Array
    reconstruction_b: jax.Array
    a_to_b: jax.Array
    b_to_a: jax.Array
    embedding_a_to_b: jax.Array
    embedding_b_to_a: jax.Array
    domain_a: jax.Array
    domain_b: jax.Array


def play(weights, a, b, numpy, reverse):
    """What autoencoders of a number each make, in JAX or in NumPy."""

    def encode(side, x):
        return numpy.tanh(weights[f"encode_{side}"] * x)

    def decode(side, e):
        return numpy.tanh(weights[f"decode_{side}"] * e)

    def tell(e):
        return weights["tell"] * (reverse(e) ** 2).sum(axis=(1, 2, 3))

    e_a, e_b = encode("a", a), encode("b", b)
    a_to_b, b_to_a = decode("b", e_a), decode("a", e_b)
    return Outputs(
        e_a,
        e_b,
        decode("a", e_a),
        decode("b", e_b),
        a_to_b,
        b_to_a,
        encode("b", a_to_b),
        encode("a", b_to_a),
        tell(e_a),
        tell(e_b),
    )


class SmallXGAN(nn.Module):
    def setup(self):
        self.weights = {
            name: self.param(name, lambda key, x=value: jnp.float32(x))
            for name, value in START.items()
        }

    def __call__(self, a, b, *, train):
        def reverse(x):
            return 2 * jax.lax.stop_gradient(x) - x

        return play(self.weights, a, b, jnp, reverse)

    def translate_a(self, images, *, train):
        return jnp.tanh(self.weights["decode_b"] * jnp.tanh(self.weights["encode_a"] * images))

    def translate_b(self, images, *, train):
        return jnp.tanh(self.weights["decode_a"] * jnp.tanh(self.weights["encode_b"] * images))


def softplus(x):
    return np.logaddexp(0, x)


def teacher(images):
    return images**2


def squares(key, critic, real, fake):
    """A penalty on the scores of both."""
    return {"squares": (0.3, (critic(real) ** 2 + 2 * critic(fake) ** 2).mean(axis=(1, 2)))}


def xgan(**rules):
    rules = {
        "loss": losses.non_saturating,
        "generator_optimiser": optax.sgd(0.1),
        "discriminator_optimiser": optax.sgd(0.1),
        "weights": WEIGHTS,
        "teacher": teacher,
        "penalties": squares,
    } | rules
    return games.xgan(SmallXGAN(), Rate(), Rate(), **rules)


def test_the_parameters_that_it_begins_with():
    def begin(parameters):
        return parameters | {"encode_b": parameters["encode_a"]}

    batch, _ = sides()
    remembered = optax.GradientTransformation(lambda p: p, lambda g, state, p=None: (g, state))
    game = xgan(begin=begin, generator_optimiser=remembered)
    state = jax.jit(game.init)(jax.random.key(0), batch)
    expected = START | {"encode_b": START["encode_a"]}
    assert doubles(state.generator.parameters) == pytest.approx(expected)
    assert doubles(state.generator.optimiser) == pytest.approx(expected)


@pytest.mark.parametrize("compiled", [False, True])
def test_one_update_against_the_papers_losses(compiled):
    batch, exact = sides()
    a, b = exact["a"], exact["b"]
    game = xgan()
    state = game.init(jax.random.key(0), batch)
    update = jax.jit(game.update) if compiled else game.update
    after, info = update(jax.random.key(1), state, batch)
    g = doubles(state.generator.parameters)
    d = doubles(state.discriminator_a.parameters)
    made = play(g, a, b, np, lambda x: x)
    discriminators = {}
    for side, real, fake in ("a", a, made.b_to_a), ("b", b, made.a_to_b):

        def loss_of(d, real=real, fake=fake):
            of_real, of_fake = rate(d, real), rate(d, fake)
            penalty = (of_real**2 + 2 * of_fake**2).mean()
            return softplus(-of_real).mean() + softplus(of_fake).mean() + 0.3 * penalty

        discriminators[side] = {
            name: d[name] - 0.1 * slope for name, slope in slopes(loss_of, d).items()
        }
        updated = getattr(after, f"discriminator_{side}").parameters
        assert updated == pytest.approx(discriminators[side], abs=1e-5)
        assert float(info[f"discriminator_{side}/loss"]) == pytest.approx(loss_of(d), rel=1e-5)

    def terms(g):
        made = play(g, a, b, np, lambda x: x)
        return {
            "reconstruction_a": np.abs(made.reconstruction_a - a).mean(),
            "reconstruction_b": np.abs(made.reconstruction_b - b).mean(),
            "domain_a": softplus(made.domain_a).mean(),
            "domain_b": softplus(-made.domain_b).mean(),
            "semantic_a": np.abs(made.embedding_a_to_b - made.embedding_a).mean(),
            "semantic_b": np.abs(made.embedding_b_to_a - made.embedding_b).mean(),
            "adversarial_a": softplus(-rate(discriminators["a"], made.b_to_a)).mean(),
            "adversarial_b": softplus(-rate(discriminators["b"], made.a_to_b)).mean(),
            "teacher": np.abs(made.embedding_a - teacher(a)).mean(),
        }

    for name, value in terms(g).items():
        assert float(info[f"generator/{name}"]) == pytest.approx(value, rel=1e-5), name

    def weight(name):
        return getattr(WEIGHTS, name.partition("_")[0])

    total = sum(weight(name) * value for name, value in terms(g).items())
    assert float(info["generator/loss"]) == pytest.approx(total, rel=1e-5)

    def part(g, *, domain):
        return sum(
            weight(name) * value
            for name, value in terms(g).items()
            if name.startswith("domain") == domain
        )

    rest = slopes(lambda g: part(g, domain=False), g)
    of_domains = slopes(lambda g: part(g, domain=True), g)
    # Encoders hide the domain that the classifier learns to tell.
    sign = {name: 1 if name == "tell" else -1 for name in g}
    expected = {name: g[name] - 0.1 * (rest[name] + sign[name] * of_domains[name]) for name in g}
    assert after.generator.parameters == pytest.approx(expected, rel=1e-4)
    assert min(abs(of_domains[name]) for name in ("encode_a", "encode_b", "tell")) > 1e-2


@pytest.mark.parametrize("average_decay", [None, 0.5])
def test_generates_both_ways(average_decay):
    batch, _ = sides()
    game = xgan(average_decay=average_decay, teacher=None)
    state, info = game.update(jax.random.key(1), game.init(jax.random.key(0), batch), batch)
    assert "generator/teacher" not in info
    learnt = state.generator.parameters
    if state.average is not None:
        learnt = state.average.mean["params"]
    made = play(doubles(learnt), batch["a"], batch["b"], np, lambda x: x)
    there = game.generate(jax.random.key(2), state, {"a": batch["a"]})
    back = game.generate(jax.random.key(2), state, {"b": batch["b"]})
    np.testing.assert_allclose(there, made.a_to_b, rtol=1e-5)
    np.testing.assert_allclose(back, made.b_to_a, rtol=1e-5)
    for found, expected in zip(game.generate(jax.random.key(2), state, batch), made, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_sides_of_different_shapes():
    batch, _ = sides()
    with pytest.raises(ValueError, match=r"domain a has .* \(4, 5, 1\) and domain b of"):
        xgan().init(jax.random.key(0), batch | {"a": batch["a"][..., :1]})
