"""pix2pix against its equations in float64."""

import jax
import numpy as np
import optax
import pytest

from jaxgan import games, losses
from tests.sides import Rate, Tint, doubles, rate, sides, slopes, tint


def pix2pix(**rules):
    rules = {
        "loss": losses.non_saturating,
        "generator_optimiser": optax.sgd(1.0),
        "discriminator_optimiser": optax.sgd(1.0),
    } | rules
    return games.translation(rules.pop("generator", Tint()), Rate(), **rules)


def softplus(x):
    return np.logaddexp(0, x)


@pytest.mark.parametrize("compiled", [False, True])
def test_one_update_against_the_papers_equations(compiled):
    batch, exact = sides()
    a, b = exact["a"], exact["b"]
    game = pix2pix()
    state = game.init(jax.random.key(0), batch)
    update = jax.jit(game.update) if compiled else game.update
    after, info = update(jax.random.key(1), state, batch)
    g, d = doubles(state.generator.parameters), doubles(state.discriminator.parameters)
    fake = tint(g, a)

    def of_discriminator(d):
        return 0.5 * (softplus(-rate(d, b, a)).mean() + softplus(rate(d, fake, a)).mean())

    d_slopes = slopes(of_discriminator, d)
    d_after = {name: d[name] - slope for name, slope in d_slopes.items()}
    assert after.discriminator.parameters == pytest.approx(d_after, abs=1e-5)
    assert float(info["discriminator/loss"]) == pytest.approx(of_discriminator(d), rel=1e-5)
    assert float(info["discriminator/adversarial"]) == pytest.approx(2 * of_discriminator(d))
    assert float(info["discriminator/real_score"]) == pytest.approx(rate(d, b, a).mean(), abs=1e-6)
    assert float(info["discriminator/fake_score"]) == pytest.approx(
        rate(d, fake, a).mean(), abs=1e-6
    )

    def of_generator(g):
        made = tint(g, a)  # seen by D after its update
        return softplus(-rate(d_after, made, a)).mean() + 100 * np.abs(made - b).mean()

    g_slopes = slopes(of_generator, g)
    expected = {name: g[name] - slope for name, slope in g_slopes.items()}
    assert after.generator.parameters == pytest.approx(expected, rel=1e-4)
    assert float(info["generator/reconstruction"]) == pytest.approx(np.abs(fake - b).mean())
    assert float(info["generator/loss"]) == pytest.approx(of_generator(g), rel=1e-5)
    norm = np.sqrt(sum(slope**2 for slope in g_slopes.values()))
    assert float(info["generator/gradient_norm"]) == pytest.approx(norm, rel=1e-4)


def test_generates_with_the_average():
    batch, _ = sides()
    game = pix2pix(average_decay=0.5)
    state = game.init(jax.random.key(0), batch)
    after, _ = game.update(jax.random.key(1), state, batch)
    made = game.generate(jax.random.key(2), after, {"a": batch["a"]})
    mean = doubles(after.average.mean["params"])
    np.testing.assert_allclose(made, tint(mean, batch["a"]), rtol=1e-5)
    assert mean != pytest.approx(doubles(after.generator.parameters))


def test_a_side_is_missing():
    batch, _ = sides()
    with pytest.raises(ValueError, match="plays with 'b', and there is only 'a'"):
        pix2pix().init(jax.random.key(0), {"a": batch["a"]})


def test_images_of_another_shape():
    batch, _ = sides()
    with pytest.raises(ValueError, match=r"makes images of shape \(4, 5, 2\), but .* \(4, 5, 1\)"):
        pix2pix().init(jax.random.key(0), batch | {"b": batch["b"][..., :1]})
