"""Values that follow from others and from the devices, and networks that are taken by layer."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import games, latents, losses, training
from jaxgan.training import Parent, PositiveInt, Run, RunError, reproduce
from jaxgan.training.configuration import resolved
from jaxgan.training.parent import parts_taken, transferred, what_is_taken, with_parts
from tests.training.conftest import Discriminator, Tiny, with_steps


class Generator(nn.Module):
    """A layer a width, and one that makes an image."""

    widths: tuple[int, ...]

    @nn.compact
    def __call__(self, latent, *, train):
        for place, width in enumerate(self.widths):
            latent = nn.relu(nn.Dense(width, name=f"b{place}")(latent))
        return nn.Dense(16, name="image")(latent).reshape(-1, 4, 4, 1)


@dataclasses.dataclass(frozen=True)
class Styled(Tiny):
    widths: tuple[int, ...] = (3,)
    batch_size: PositiveInt | None = None
    ramp: float | None = 0.05

    def resolved(self, devices):
        return dataclasses.replace(self, batch_size=self.batch_size or 4 * devices)

    def transferred(self, before, *, imported):
        changed = imported or before.widths != self.widths
        return dataclasses.replace(self, ramp=None) if changed else self

    def game(self):
        adam = optax.adam(self.learning_rate)
        return games.adversarial(
            Generator(self.widths),
            Discriminator(),
            latent=latents.normal(3),
            loss=losses.non_saturating,
            generator_optimiser=adam,
            discriminator_optimiser=adam,
            average_decay=0.9,
        )


def train(experiment, directory, **options):
    return training.train(experiment, directory, name="styled", **{"devices": 1} | options)


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    return train(with_steps(Styled(batch_size=8), 2), tmp_path_factory.mktemp("parent") / "run")


def test_the_manifest_has_what_followed_from_the_devices(tmp_path, capsys):
    run = train(with_steps(Styled(), 1), tmp_path / "run")
    assert run.manifest["configuration"]["batch_size"] == 4
    assert run.manifest["batch"]["image"]["shape"] == [4, 4, 4, 1]
    assert "from the size of images and 1 device: --batch-size 4\n" in capsys.readouterr().out


def test_what_is_given_stays():
    assert resolved(Styled(batch_size=6), 2) == (Styled(batch_size=6), [])
    assert resolved(Tiny(), 2) == (Tiny(), [])
    said = "from the size of images and 2 devices: --batch-size 8"
    assert resolved(Styled(), 2) == (Styled(batch_size=8), [said])
    with pytest.raises(ValueError, match="batch_size = 0 will not do"):
        resolved(Styled(), 0)


def test_networks_that_agree_in_part(parent, tmp_path, capsys):
    deeper = with_steps(Styled(widths=(3, 5), batch_size=8), 4)
    run = train(deeper, tmp_path / "deeper", parent=Parent(parent))
    said = capsys.readouterr().out
    assert (
        "at step 2, discriminator, discriminator/optimiser, round are taken, and 2 of 6 arrays of "
        "generator, 3 of 7 arrays of average; generator/optimiser begin anew" in said
    )
    assert "because it begins with other images' networks: --ramp None" in said
    assert run.manifest["configuration"]["ramp"] is None
    (before,) = [line["leaves"] for line in parent.digests() if line["step"] == 2]
    after = run.digests()[0]["leaves"]
    assert run.digests()[0]["step"] == 2
    kernels = {
        name: before.get(f"generator/parameters/{name}/kernel")
        == after[f"generator/parameters/{name}/kernel"]
        for name in ("b0", "b1", "image")
    }
    assert kernels == {"b0": True, "b1": False, "image": False}
    assert before["average/mean/params/b0/bias"] == after["average/mean/params/b0/bias"]
    deeper = dataclasses.replace(deeper, ramp=None)  # as its manifest has it
    assert reproduce(run, deeper, tmp_path / "again")[1].difference is None


def test_one_that_goes_on_keeps_its_values(parent):
    longer = with_steps(Styled(batch_size=8), 3)
    assert transferred(longer, Parent(parent)) == (longer, [])
    imported = Run("imported", parent.manifest | {"data": "imported: a.pkl"})
    assert transferred(longer, Parent(imported))[0].ramp is None
    assert transferred(Tiny(), Parent(parent)) == (Tiny(), [])


def test_experiments_that_do_not_ask_for_it_take_whole_networks(parent):
    """Of networks that differ, layer by layer, nobody else gets half."""
    state = shapes(Styled(batch_size=8))
    other = shapes(Styled(widths=(3, 5), batch_size=8))
    assert "generator" not in parts_taken(parent, state, other)
    assert "generator/parameters/b0/kernel" in parts_taken(parent, state, other, by_layer=True)


def shapes(experiment):
    batch = {"image": jax.ShapeDtypeStruct((8, 4, 4, 1), np.float32)}
    return jax.eval_shape(experiment.game().init, jax.random.key(0), batch)


def test_arrays_of_a_layer_come_together():
    def state(size, bias):
        first = {"kernel": jnp.ones((size, 2)), "bias": jnp.ones(bias)}
        layers = {"a": first, "b": {"k": jnp.ones(2)}}
        player = {"parameters": layers, "collections": {}, "optimiser": {"mu": layers}}
        return {"generator": player, "average": {"mean": layers}, "images": jnp.ones(())}

    before, fresh = state(3, 2), jax.tree.map(jnp.zeros_like, state(4, 2))
    taken = parts_taken(Run("before", {}), before, fresh, by_layer=True)
    assert sorted(taken) == ["average/mean/b/k", "generator/parameters/b/k", "images"]
    made = with_parts(fresh, before, taken)
    assert made["generator"]["parameters"]["a"]["bias"].sum() == 0
    assert made["generator"]["parameters"]["b"]["k"].sum() == 2
    assert made["generator"]["optimiser"]["mu"]["b"]["k"].sum() == 0
    assert what_is_taken(taken, fresh) == (
        "images are taken, and 1 of 3 arrays of average, 1 of 3 arrays of generator; "
        "generator/optimiser begin anew"
    )


def test_an_array_that_one_layer_lacks_begins_anew_alone():
    """As the strength of noise, between networks with and without it."""

    def state(**more):
        layers = {"a": {"kernel": jnp.ones(2)} | more}
        return {"generator": {"parameters": layers, "collections": {}}, "images": jnp.ones(())}

    few, many = state(), state(strength=jnp.ones(()))
    for before, fresh in ((few, many), (many, few)):
        taken = parts_taken(Run("before", {}), before, fresh, by_layer=True)
        assert sorted(taken) == ["generator/parameters/a/kernel", "images"]
        made = with_parts(jax.tree.map(jnp.zeros_like, fresh), before, taken)
        assert made["generator"]["parameters"]["a"]["kernel"].sum() == 2


def test_no_layer_agrees(parent):
    before, fresh = ({"generator": {"parameters": {"k": np.ones(size)}}} for size in (1, 2))
    with pytest.raises(RunError, match="other networks, and no layer agrees: generator/parameters"):
        parts_taken(Run("before", {}), before, fresh, by_layer=True)
