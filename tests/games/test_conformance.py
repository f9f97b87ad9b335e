"""What every game of the library must do. A new game is one new line of `GAMES`."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import games, latents, layers, losses, networks, penalties, updates
from jaxgan.training import make_mesh, replicated, split
from tests.key_usage import misused

BATCH = 8
SIZE = 8


class Case(NamedTuple):
    """A game, and how many examples a round of it takes."""

    game: games.Game
    examples: int = BATCH
    size: int = SIZE
    labels: bool = False
    random: bool = True

    def batch(self, seed: int = 1) -> dict[str, jax.Array]:
        noise = jax.random.normal(jax.random.key(seed), (self.examples, self.size, self.size, 1))
        return {"image": jnp.tanh(noise)} | self._label(self.examples)

    def inputs(self) -> dict[str, jax.Array]:
        return {"latent": jax.random.normal(jax.random.key(2), (5, 16))} | self._label(5)

    def _label(self, count: int) -> dict[str, jax.Array]:
        return {"label": jnp.arange(count) % 10} if self.labels else {}


class SidesCase(NamedTuple):
    """A game of images of two sides."""

    game: games.Game
    size: int = 16
    random: bool = False
    """Whether its rounds draw random numbers: those of a pool or an augmentation."""

    def batch(self, seed: int = 1) -> dict[str, jax.Array]:
        shape = (BATCH, self.size, self.size, 1)
        keys = zip("ab", jax.random.split(jax.random.key(seed)), strict=True)
        return {side: jnp.tanh(jax.random.normal(key, shape)) for side, key in keys}

    def inputs(self) -> dict[str, jax.Array]:
        return {"a": self.batch(seed=2)["a"][:5]}


def players(state: Any) -> list[games.Player]:
    """All players of a state."""

    def is_player(leaf: Any) -> bool:
        return isinstance(leaf, games.Player)

    return [leaf for leaf in jax.tree.leaves(state, is_leaf=is_player) if is_player(leaf)]


class NoisyDiscriminator(nn.Module):
    """Keeps a collection of its own and draws random numbers of its own."""

    @nn.compact
    def __call__(self, x, *, train):
        seen = self.variable("memory", "seen", jnp.zeros, ())
        if train and not self.is_initializing():
            seen.value += 1
        x = nn.Dropout(0.3, deterministic=not train)(x.reshape(len(x), -1))
        return nn.Dense(1)(nn.leaky_relu(nn.Dense(16)(x)))[:, 0]


def fully_connected(**rules: Any) -> games.Game:
    rules = {
        "latent": latents.normal(16),
        "loss": losses.non_saturating,
        "generator_optimiser": optax.adam(2e-4, b1=0.5),
        "discriminator_optimiser": optax.adam(2e-4, b1=0.5),
    } | rules
    discriminator = rules.pop("discriminator", networks.FullyConnectedDiscriminator(widths=(16,)))
    return games.adversarial(
        networks.FullyConnectedGenerator(shape=(SIZE, SIZE, 1), widths=(16,)),
        discriminator,
        **rules,
    )


def wgan() -> Case:
    rule = optax.chain(optax.rmsprop(5e-5), updates.clip_weights(0.01))
    game = fully_connected(
        loss=losses.wasserstein, discriminator_optimiser=rule, n_critic=3, average_decay=None
    )
    return Case(game, examples=3 * BATCH)


def wgan_gp() -> Case:
    def terms(key, critic, real, fake):
        return {"gradient_penalty": (10.0, penalties.gradient_penalty(key, critic, real, fake))}

    return Case(
        fully_connected(loss=losses.wasserstein, penalties=terms, n_critic=2), examples=2 * BATCH
    )


def relativistic() -> Case:
    def terms(key, critic, real, fake):
        return {
            "r1": (0.5, penalties.r1(critic, real)),
            "r2": (0.5, penalties.r2(critic, fake)),
            "dragan": (1.0, penalties.dragan(key, critic, real)),
        }

    return Case(fully_connected(loss=losses.relativistic, penalties=terms))


def dcgan(discriminator: nn.Module | None = None, **rules: Any) -> games.Game:
    discriminator = discriminator or networks.DCGANDiscriminator(SIZE, width=8)
    rules = {
        "latent": latents.normal(16),
        "loss": losses.non_saturating,
        "generator_optimiser": optax.adam(2e-4, b1=0.5),
        "discriminator_optimiser": optax.adam(2e-4, b1=0.5),
    } | rules
    generator = rules.pop("generator", networks.DCGANGenerator(SIZE, 1, width=8))
    return games.adversarial(generator, discriminator, **rules)


def conditional() -> Case:
    game = dcgan(
        networks.LabelChannel(networks.DCGANDiscriminator(SIZE, width=8), 10),
        generator=networks.AppendLabel(networks.DCGANGenerator(SIZE, 1, width=8), 10),
        condition="label",
    )
    return Case(game, labels=True)


def projection() -> Case:
    """Spectral norm, a larger minibatch of G, and rounds that G sits out."""
    critic = networks.DCGANDiscriminator(
        SIZE, width=8, batch_norm=False, head=networks.Projection(10)
    )
    game = dcgan(
        layers.SpectralNorm(critic),
        generator=networks.DCGANGenerator(SIZE, 1, width=8, classes=10),
        condition="label",
        loss=losses.hinge,
        n_critic=2,
        generator_minibatches=2,
        generator_plays=lambda played: played % 3 != 1,
    )
    return Case(game, examples=2 * BATCH, labels=True)


def acgan() -> Case:
    game = dcgan(
        networks.DCGANDiscriminator(SIZE, width=8, head=networks.Classifier(10)),
        generator=networks.MultiplyLabel(networks.DCGANGenerator(SIZE, 1, width=8), 10),
        condition="label",
        auxiliary=games.auxiliary_classifier(),
    )
    return Case(game, labels=True)


def infogan() -> Case:
    latent = games.CodedLatent(noise=4, categorical=(10,), continuous=2)
    game = dcgan(
        networks.InfoGANDiscriminator(SIZE, width=4, head=networks.Codes((10,), 2)),
        generator=networks.InfoGANGenerator(SIZE, 1, width=4),
        latent=latent,
        auxiliary=games.information(latent, view=layers.random_affine),
    )
    return Case(game)


def augmentation(**multipliers: float) -> games.Augmentation:
    """With a probability that changes after every round."""
    chosen = layers.Operations(**multipliers)
    augment = functools.partial(layers.adaptive_augmentation, operations=chosen)
    return games.Augmentation(augment, games.Adaptive(images=100, every=1, initial=0.7))


def lazy() -> Case:
    """Lazy penalties through differentiable augmentation, under weights that change."""

    def terms(key, critic, real, fake):
        del key, fake
        return {"r1": (optax.linear_schedule(2.0, 1.0, 5), penalties.r1(critic, real))}

    return Case(
        dcgan(
            networks.DCGANDiscriminator(SIZE, width=8, batch_norm=False),
            penalties=games.LazyPenalties(terms, every=2),
            augment=games.Augmentation(games.whole_images(layers.differentiable_augmentation)),
            discriminator_optimiser=updates.lazy_adam(2e-4, every=2),
        )
    )


def style() -> Case:
    """StyleGAN2 with all that it may be played with, of which groups of four span the devices."""

    def terms(key, critic, real, fake):
        del key, fake
        return {"r1": (1.0, penalties.r1(critic, real))}

    def mirror(key, images, probability):
        turned = jax.random.bernoulli(games.stream(key, "mirror"), probability, (len(images),))
        return jnp.where(turned[:, None, None, None], images[:, :, ::-1], images)

    adaptive = games.Adaptive(images=100, every=2, initial=0.2)
    game = games.style(
        networks.StyleGAN2Generator(
            SIZE, 1, latent_size=16, w_size=4, mapping_layers=1, channel_max=4
        ),
        networks.StyleGAN2Discriminator(SIZE, channel_max=4),
        latent=latents.normal(16),
        generator_optimiser=updates.lazy_adam(2e-4, every=2),
        discriminator_optimiser=updates.lazy_adam(2e-4, every=3),
        path_length=games.PathLength(every=2),
        penalties=games.LazyPenalties(terms, every=3),
        augment=games.Augmentation(mirror, adaptive),
        ramp=0.05,
    )
    return Case(game)


# Small steps of gradient descent: a bias in front of instance norm has a gradient of rounding
# alone, and at large steps the first difference of rounding grows tenfold a round.
GENTLE = {"generator_optimiser": optax.sgd(1e-5), "discriminator_optimiser": optax.sgd(1e-5)}


def pix2pix() -> SidesCase:
    game = games.translation(
        networks.UNetGenerator(16, 1, width=4),
        networks.PatchGAN(width=4, layers=1),
        loss=losses.non_saturating,
        augment=augmentation(x_flip=1.0),
        average_decay=0.99,
        **GENTLE,
    )
    return SidesCase(game, random=True)


class Translator(nn.Module):
    """Two convolutions around an instance norm: a round of CycleGAN calls its generators often."""

    @nn.compact
    def __call__(self, x, *, train):
        x = layers.Conv(4, (3, 3), padding=1)(x)
        x = nn.relu(layers.InstanceNorm()(x, train=train))
        return jnp.tanh(layers.Conv(1, (3, 3), padding=1)(x))


def cycle(*, one_way: bool) -> SidesCase:
    generator = Translator()
    discriminator = networks.PatchGAN(width=4, layers=1, norm=layers.InstanceNorm)
    game = games.cycle(
        generator,
        generator,
        None if one_way else discriminator,
        discriminator,
        loss=losses.least_squares,
        identity_weight=0.0 if one_way else 5.0,
        pool_size=4,
        augment=None if one_way else augmentation(cutout=1.0),
        average_decay=None if one_way else 0.99,
        **GENTLE,
    )
    return SidesCase(game, random=True)


def xgan() -> SidesCase:
    discriminator = networks.DCGANDiscriminator(32, width=4, batch_norm=False)
    game = games.xgan(
        networks.XGAN(32, 1, embedding=16, width=4),
        discriminator,
        discriminator,
        loss=losses.non_saturating,
        weights=games.XGANWeights(),
        augment=augmentation(brightness=1.0),
        **GENTLE,
    )
    return SidesCase(game, size=32, random=True)


GAMES: dict[str, Callable[[], Case | SidesCase]] = {
    "gan": lambda: Case(fully_connected()),
    "minimax": lambda: Case(
        fully_connected(
            loss=losses.minimax,
            average_decay=None,
            augment=augmentation(rotate90=1.0, rotate=1.0, noise=1.0),
        )
    ),
    "hinge_own_collections": lambda: Case(
        fully_connected(
            loss=losses.hinge, discriminator=NoisyDiscriminator(), lecam=games.LeCam(0.3)
        )
    ),
    "wgan": wgan,
    "wgan_gp": wgan_gp,
    "relativistic": relativistic,
    "dcgan": lambda: Case(dcgan()),
    "conditional": conditional,
    "projection": projection,
    "acgan": acgan,
    "infogan": infogan,
    "lazy": lazy,
    "style": style,
    "pix2pix": pix2pix,
    "cycle": lambda: cycle(one_way=False),
    "one_way": lambda: cycle(one_way=True),
    "xgan": xgan,
}


class Compiled(NamedTuple):
    """A game whose functions are traced once and compiled once, for all of its tests.

    `traced` are those of `init`, `update` and `generate`, traced while JAX looks at their keys.
    """

    case: Case | SidesCase
    state: Any
    update: Callable
    generate: Callable
    traced: list[Any]


@functools.cache
def compiled(name: str) -> Compiled:
    case = GAMES[name]()
    with jax.debug_key_reuse(True):
        init = jax.jit(case.game.init).trace(jax.random.key(0), case.batch())
        state = init.lower().compile()(jax.random.key(0), case.batch())
        update = jax.jit(case.game.update).trace(jax.random.key(1), state, case.batch())
        generate = jax.jit(case.game.generate).trace(jax.random.key(1), state, case.inputs())
    programs = [traced.lower().compile() for traced in (update, generate)]
    return Compiled(case, state, *programs, [init, update, generate])


def play(update, state, batch, rounds):
    for step in rounds:
        state, info = update(jax.random.fold_in(jax.random.key(3), step), state, batch)
    return state, info


def assert_same(one, other):
    jax.tree.map(np.testing.assert_array_equal, one, other)


@pytest.fixture(params=GAMES, scope="module")
def name(request):
    """One game after another: what is compiled for a game goes before the next one comes."""
    yield request.param
    compiled.cache_clear()
    jax.clear_caches()


def test_contract(name):
    case, state, update, generate, _ = compiled(name)
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(state))
    after, info = update(jax.random.key(1), state, case.batch())
    chex.assert_trees_all_equal_shapes_and_dtypes(state, after)
    assert jax.tree.structure(state) == jax.tree.structure(after)
    assert info
    for value in info.values():
        chex.assert_shape(value, ())
    roles = {name.partition("/")[0] for name in info}
    assert len(roles) >= 2
    for role in roles:
        assert {f"{role}/loss", f"{role}/gradient_norm"} <= info.keys()
    images = generate(jax.random.key(1), after, case.inputs())
    chex.assert_shape(images, (5, case.size, case.size, 1))
    chex.assert_type(images, jnp.float32)
    assert np.abs(images).max() <= 1
    parameters, new = ([p.parameters for p in players(jax.device_get(x))] for x in (state, after))
    # A bias may stay: hinge and Wasserstein losses pull the last one of D up and down alike.
    moved = jax.tree.map(lambda a, b: a.ndim < 2 or (a != b).any(), parameters, new)
    assert all(jax.tree.leaves(moved)), moved
    for one, other in zip(players(state), players(after), strict=True):
        kept = jax.tree.leaves(one.optimiser)
        same = map(np.array_equal, kept, jax.tree.leaves(other.optimiser))
        assert not kept or not all(same), "an optimiser forgets"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hinge_own_collections"], indirect=True)
def test_eager_and_jit_agree(name):
    """Of a game with small networks: every operation is compiled by itself here."""
    case, state, update, _, _ = compiled(name)
    one, one_info = update(jax.random.key(1), state, case.batch())
    other, other_info = case.game.update(jax.random.key(1), state, case.batch())
    chex.assert_trees_all_close(one_info, other_info, rtol=1e-3, atol=1e-5)
    # Adam's first step is the sign of the gradient: where that is rounding, so is the step.
    for a, b in zip(players(one), players(other), strict=True):
        chex.assert_trees_all_close(a.collections, b.collections, rtol=1e-3)


def test_no_retrace(name):
    """A round takes what a round gives: shapes, dtypes and weak types, down to the leaf."""
    _, state, _, _, (init, update, _) = compiled(name)
    before, (after, _) = init.out_info, update.out_info
    for one, other in zip(jax.tree.leaves(before), jax.tree.leaves(after), strict=True):
        assert (one.shape, one.dtype, one.weak_type) == (other.shape, other.dtype, other.weak_type)
    assert jax.tree.structure(state) == jax.tree.structure(after)


def test_no_key_is_used_twice(name):
    """JAX looked when the game was traced; folded keys that are drawn from it does not mind."""
    assert [misused(program.jaxpr) for program in compiled(name).traced] == [[], [], []]


def test_key_matters_and_is_all_that_matters(name):
    case, state, update, _, _ = compiled(name)
    one, _ = update(jax.random.key(1), state, case.batch())
    again, _ = update(jax.random.key(1), state, case.batch())
    assert_same(one, again)
    other, _ = update(jax.random.key(2), state, case.batch())
    if case.random:
        with pytest.raises(AssertionError):
            assert_same(*([p.parameters for p in players(state)] for state in (one, other)))
    else:
        assert_same(one, other)


def test_resumes_to_the_bit(name):
    case, state, update, _, _ = compiled(name)
    whole, whole_info = play(update, state, case.batch(), range(4))
    half, _ = play(update, state, case.batch(), range(2))
    half = jax.tree.map(lambda leaf: jnp.array(np.array(leaf)), half)
    resumed, resumed_info = play(update, half, case.batch(), range(2, 4))
    assert_same(whole, resumed)
    assert_same(whole_info, resumed_info)


def test_finite_after_ten_rounds(name):
    case, state, update, _, _ = compiled(name)
    state, info = play(update, state, case.batch(), range(10))
    chex.assert_tree_all_finite((state, info))


# Those whose rounds differ in how examples, or networks, have to do with each other.
APART = ("hinge_own_collections", "wgan_gp", "dcgan", "projection", "infogan", "lazy", "style")
APART += ("pix2pix", "cycle")


@pytest.mark.slow
@pytest.mark.parametrize("name", APART, indirect=True)
def test_devices_do_not_matter(name):
    case, state, update, _, _ = compiled(name)
    mesh = make_mesh(4)
    divided = jax.jit(case.game.update, out_shardings=replicated(mesh))
    results = []
    for play_round, begun, batch in (
        (update, state, case.batch()),
        (
            divided,
            jax.device_put(state, replicated(mesh)),
            jax.device_put(case.batch(), split(mesh)),
        ),
    ):
        begun, info = play(play_round, begun, batch, range(1))
        results.append((play(play_round, begun, batch, range(1, 10))[0], info))
    # Slopes have corners (absolute values, ReLUs): of ten rounds only the first has slopes at one
    # and the same place.
    (one, one_info), (four, four_info) = jax.device_get(results)
    for before, after in zip(players(one), players(four), strict=True):
        before, after = (jax.tree.leaves(player.parameters) for player in (before, after))
        difference = sum(np.sum((a - b) ** 2) for a, b in zip(before, after, strict=True))
        assert difference < 1e-8 * sum(np.sum(a**2) for a in before)
    chex.assert_trees_all_close(one_info, four_info, rtol=1e-3, atol=1e-4)
