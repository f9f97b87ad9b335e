"""Progressive growing: the schedule against its source, and games that grow."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import games, latents, penalties
from jaxgan.games.growing import at_full_size
from jaxgan.training import compile_play
from tests.styles import LinearDiscriminator, LinearGenerator, Z

GROWING = games.Growing(last=1, first=0, stable=8, fade=8, minibatches=(4, 8), rates=(1.0, 0.5))


def make(growing=GROWING, discriminator=None, **options):
    return games.style(
        LinearGenerator(),
        discriminator or LinearDiscriminator(),
        latent=latents.normal(Z),
        generator_optimiser=optax.adam(0.1),
        discriminator_optimiser=optax.adam(0.1),
        growing=growing,
        half_life=None,
        **options,
    )


def batch_of(count=8):
    return {"image": jax.random.normal(jax.random.key(5), (count, 4, 4, 1))}


def test_schedule():
    """Level of detail as Karras et al. count it: down from the first to 0 at the whole network."""
    growing = games.Growing(last=3, first=1, stable=600, fade=400)
    at = jax.jit(growing.at)
    for images in (0, 1, 599, 600, 601, 800, 999, 1000, 1600, 1601, 1999, 2000, 2601, 10**9):
        index, within = divmod(images, 1000)
        level = max(0.0, 2 - index - max(within - 600, 0) / 400)
        stage, fade = at(jnp.int32(images))
        assert stage == 3 - int(np.floor(level))
        np.testing.assert_allclose(fade, 1 - (level - np.floor(level)), rtol=1e-5)
        assert (stage.dtype, fade.dtype) == (jnp.int32, jnp.float32)


def test_without_fading():
    growing = games.Growing(last=2, first=1, stable=10, fade=0)
    assert [int(growing.at(jnp.int32(n)).stage) for n in (0, 9, 10, 99)] == [1, 1, 2, 2]


def test_a_game_that_grows():
    """Each round at its stage: its minibatch, its rate, optimisers that begin anew, its images."""
    game = make()
    state = jax.jit(game.init)(jax.random.key(0), batch_of())
    phases = [compile_play(jax.jit, phase) for phase in game.phases]
    generate = compile_play(jax.jit, game.generate)
    stages, counts = [], []
    for step in range(7):
        before = state
        for phase in phases:
            state, _ = phase(jax.random.key(step), state, batch_of())
        stages.append((int(before.images), int(before.growth.stage), float(before.growth.fade)))
        counts.append(int(state.generator.optimiser[0].count))
        moved = np.abs(
            state.discriminator.parameters["slope"] - before.discriminator.parameters["slope"]
        )
        if step in (0, 3):  # Adam's first step is its rate
            assert moved == pytest.approx(0.1 if step == 0 else 0.05, rel=1e-3)
        if step == 0:
            made = generate(jax.random.key(0), state, {"latent": jnp.ones((3, Z))})
            assert made.shape == (3, 4, 4, 1)
            small = made[:, ::2, ::2]
            np.testing.assert_array_equal(made, small.repeat(2, axis=1).repeat(2, axis=2))
    assert stages == [
        (0, 0, 1),
        (4, 0, 1),
        (8, 0, 1),
        (12, 1, 0.5),
        (20, 1, 1),
        (28, 1, 1),
        (36, 1, 1),
    ]
    assert counts == [1, 2, 0, 0, 1, 2, 3]
    made = generate(jax.random.key(0), state, {"latent": jnp.ones((3, Z))})
    assert not np.array_equal(made[:, ::2], made[:, 1::2])


def test_reals_are_as_small_and_as_faded_as_fakes():
    seen = []

    class Looking(LinearDiscriminator):
        def __call__(self, images, *, train, stage=None, fade=1.0):
            seen.append((stage, fade, np.asarray(images)))
            return super().__call__(images, train=train)

    game, batch = make(discriminator=Looking()), batch_of()
    state = game.init(jax.random.key(0), batch)
    images = np.asarray(batch["image"])
    small = images.reshape(8, 2, 2, 2, 2, 1).mean(axis=(2, 4))
    coarse = small.repeat(2, axis=1).repeat(2, axis=2)
    for stage, fade, expected in (
        (0, 1.0, small[::2]),
        (1, 0.25, 0.75 * coarse + 0.25 * images),
        (1, 1.0, images),
    ):
        seen.clear()
        growth = games.Growth(jnp.int32(stage), jnp.float32(fade))
        update = game.phases[1].plays[stage]
        update(jax.random.key(1), state._replace(growth=growth), batch)
        (*at, real), (*_, fake) = seen
        assert at == [stage, fade]
        assert fake.shape == real.shape
        np.testing.assert_allclose(real, expected, rtol=1e-5, atol=1e-6)


def r1(key, critic, real, fake):
    del key, fake
    return {"r1": (1.0, penalties.r1(critic, real))}


def test_penalties_are_with_respect_to_the_full_images():
    """As the source has it, whose D takes the mean of the 4 copies that there are of a pixel."""
    real = jax.random.normal(jax.random.key(5), (3, 2, 2, 1))
    weights = jnp.arange(1.0, 5).reshape(1, 2, 2, 1)

    def critic(images):
        return jnp.sum(weights * images**2, axis=(1, 2, 3))

    full, small = (
        penalise(jax.random.key(0), critic, real, real)["r1"][1]
        for penalise in (at_full_size(r1, 1), r1)
    )
    np.testing.assert_allclose(full, small / 4, rtol=1e-5)
    assert at_full_size(r1, 0) is r1


@pytest.mark.parametrize("every", [1, 2])
def test_penalties_see_full_images_at_all_stages(every):
    seen = []

    def spy(key, critic, real, fake):
        seen.append((real.shape, fake.shape))
        return r1(key, critic, real, fake)

    game, batch = make(penalties=games.LazyPenalties(spy, every) if every > 1 else spy), batch_of()
    state = jax.eval_shape(game.init, jax.random.key(0), batch)
    for stage, count in ((0, 4), (1, 8)):
        play = game.phases[2].plays[1 + stage] if every > 1 else game.phases[1].plays[stage]
        seen.clear()
        jax.eval_shape(play, jax.random.key(1), state, batch)
        assert set(seen) == {((count, 4, 4, 1), (count, 4, 4, 1))}


def test_a_stage_of_larger_networks_is_the_last_of_these():
    game = make()
    state = jax.jit(game.init)(jax.random.key(0), batch_of())
    grown = games.Growth(jnp.int32(3), jnp.float32(1))
    place = game.phases[0].choice
    assert place(state._replace(growth=grown)) == 1
    assert place(state._replace(growth=grown._replace(stage=jnp.int32(-2)))) == 0
    assert place(state) == 0


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"last": 1, "first": 2}, "cannot grow from stage 2 to stage 1"),
        ({"last": 1, "first": -1}, "cannot grow from stage -1 to stage 1"),
        ({"last": 2, "stable": -1}, "-1 stable images and 600000 of fading make no schedule"),
        ({"last": 2, "stable": 0, "fade": 0}, "0 stable images and 0 of fading"),
        ({"last": 2, "minibatches": (8,)}, "1 minibatches were given for the 2 stages 1 to 2"),
        ({"last": 1, "rates": (0.0,)}, r"rates must be above 0, not \(0.0,\)"),
    ],
)
def test_no_schedule(rules, sentence):
    with pytest.raises(ValueError, match=sentence):
        make(games.Growing(**rules))


def test_a_minibatch_that_does_not_divide_the_batch():
    growing = GROWING._replace(minibatches=(3, 8))
    with pytest.raises(ValueError, match="a batch of 8 examples cannot be split into minibatches"):
        jax.eval_shape(make(growing).init, jax.random.key(0), batch_of())
