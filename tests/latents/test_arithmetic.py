import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.latents import arithmetic


@pytest.mark.parametrize("rest", [(5,), (4, 5)], ids=["w", "w of each layer"])
def test_groups_of_any_number_add_up(rest):
    keys = jax.random.split(jax.random.key(0), 3)
    groups = [jax.random.normal(key, (n, *rest)) for n, key in zip((3, 1, 2), keys, strict=True)]
    start, minus, plus = (np.asarray(group, np.float64).mean(0) for group in groups)
    found = arithmetic(*groups)
    assert found.shape == rest
    np.testing.assert_allclose(found, start - minus + plus, atol=1e-6)
    np.testing.assert_allclose(arithmetic(groups[0], groups[1], groups[1]), start, atol=1e-6)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_groups_that_do_not_add_up(place):
    name = ("start", "minus", "plus")[place]
    for shape in ((0, 4), (4,)):
        groups = [jnp.ones((2, 4))] * 3
        groups[place] = jnp.ones(shape)
        with pytest.raises(ValueError, match=f"'{name}', of shape .* has no mean"):
            arithmetic(*groups)
    groups = [jnp.ones((2, 4))] * 3
    groups[place] = jnp.ones((2, 5))
    with pytest.raises(ValueError, match="do not add up: give latents of one generator"):
        arithmetic(*groups)
