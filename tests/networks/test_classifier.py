import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import SmallClassifier


@pytest.mark.parametrize(
    ("shape", "widths"),
    [((28, 28, 1), (4, 8, 16)), ((32, 32, 1), (4, 8, 16)), ((64, 64, 3), (4, 8, 16, 16))],
)
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_shapes(shape, widths, dtype):
    network = SmallClassifier(classes=7, width=4, features=5, dtype=dtype)
    images = jnp.ones((2, *shape))
    (logits, features), variables = jax.eval_shape(
        lambda: network.init_with_output(jax.random.key(0), images, train=True)
    )
    assert (logits.shape, logits.dtype) == ((2, 7), jnp.float32)
    assert (features.shape, features.dtype) == ((2, 5), jnp.float32)
    kernels = [leaf for leaf in jax.tree.leaves(variables["params"]) if leaf.ndim == 4]
    assert sorted(kernel.shape[-1] for kernel in kernels) == sorted(widths)
    assert {leaf.dtype for leaf in jax.tree.leaves(variables)} == {jnp.dtype(jnp.float32)}


def test_outside_training_examples_do_not_see_each_other():
    network = SmallClassifier(classes=3, width=4, features=5)
    images = jax.random.normal(jax.random.key(0), (4, 8, 8, 1))
    variables = network.init(jax.random.key(1), images, train=True)
    together, _ = network.apply(variables, images, train=False)
    alone, _ = network.apply(variables, images[:1], train=False)
    np.testing.assert_allclose(together[:1], alone, rtol=1e-5, atol=1e-6)
    with_seen, _ = network.apply(variables, images, train=True, mutable=["batch_stats"])
    assert np.any(np.abs(with_seen[0] - together) > 1e-2)


def test_every_parameter_has_a_gradient():
    network = SmallClassifier(classes=3, width=4, features=5)
    images = jax.random.normal(jax.random.key(0), (4, 8, 8, 1))
    variables = network.init(jax.random.key(1), images, train=True)

    def loss(parameters):
        (logits, _), _ = network.apply(
            {**variables, "params": parameters}, images, train=True, mutable=["batch_stats"]
        )
        return jnp.sum(jax.nn.log_softmax(logits)[:, 0])

    for gradient in jax.tree.leaves(jax.jit(jax.grad(loss))(variables["params"])):
        assert np.any(np.abs(gradient) > 1e-6)


def test_one_class():
    with pytest.raises(ValueError, match="1 classes leave nothing to tell apart"):
        SmallClassifier(classes=1).init(jax.random.key(0), jnp.ones((2, 8, 8, 1)), train=True)
