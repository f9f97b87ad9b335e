import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.latents import blend, blend_from


def tree(value):
    def layer():
        return {"kernel": jnp.full((2, 3), value), "bias": jnp.full(3, value)}

    blocks = {f"b{r}": {"conv1": layer(), "torgb": layer()} for r in (4, 8, 16)}
    return {"mapping": {"fc0": layer()}, "synthesis": blocks}


def values(blended):
    paths = jax.tree_util.tree_leaves_with_path(blended)
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): float(leaf.mean())
        for path, leaf in paths
    }


def test_leaves_come_from_where_their_paths_say():
    blended = blend(tree(1.0), tree(2.0), lambda path: path.endswith("conv1/kernel"))
    assert jax.tree.structure(blended) == jax.tree.structure(tree(0.0))
    for path, value in values(blended).items():
        assert value == (2.0 if path.endswith("conv1/kernel") else 1.0), path


@pytest.mark.parametrize("resolution", [4, 8, 16])
def test_blocks_from_a_resolution_on(resolution):
    for path, value in values(blend_from(tree(1.0), tree(2.0), resolution)).items():
        found = next((r for r in (16, 8, 4) if f"/b{r}/" in path), 0)
        assert value == (2.0 if found >= resolution else 1.0), path


def test_all_and_nothing():
    first, second = tree(1.0), tree(2.0)
    for choice, whole in ((True, second), (False, first)):
        for leaf, other in zip(
            jax.tree.leaves(blend(first, second, lambda path, choice=choice: choice)),
            jax.tree.leaves(whole),
            strict=True,
        ):
            np.testing.assert_array_equal(leaf, other)


def test_trees_that_differ():
    other = tree(2.0)
    other["synthesis"]["b8"]["conv1"]["bias"] = jnp.zeros(4)
    other["synthesis"]["b16"]["conv1"]["bias"] = jnp.zeros(4)
    sentence = r"synthesis/b16/conv1/bias is float32 \[3\] in the first and float32 \[4\] in the"
    with pytest.raises(ValueError, match=sentence):
        blend(tree(1.0), other, lambda path: True)
    del other["synthesis"]["b16"]
    with pytest.raises(ValueError, match=r"b16/conv1/bias is float32 \[3\] .* not there in the"):
        blend(tree(1.0), other, lambda path: True)
    larger = tree(2.0)
    larger["synthesis"]["b32"] = larger["synthesis"]["b16"]
    with pytest.raises(ValueError, match="b32/conv1/bias is not there in the first"):
        blend_from(tree(1.0), larger, 8)
    numbers = jax.tree.map(lambda leaf: leaf.astype(jnp.int32), tree(2.0))
    with pytest.raises(ValueError, match=r"mapping/fc0/bias is float32 .* int32"):
        blend_from(tree(1.0), numbers, 8)


def test_blocks_that_are_not_there():
    with pytest.raises(ValueError, match=r"no block b32 to begin with: give one of \[4, 8, 16\]"):
        blend_from(tree(1.0), tree(2.0), 32)
    with pytest.raises(ValueError, match="no block of these parameters"):
        blend_from({"conv1": jnp.ones(1)}, {"conv1": jnp.ones(1)}, 4)
