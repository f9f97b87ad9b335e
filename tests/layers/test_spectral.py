"""Spectral normalisation: against the SVD, against PyTorch, and where its state lives."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.layers import Conv, LabelEmbedding, SpectralNorm, normal


class Network(nn.Module):
    """A convolution, batch norm, an embedding and a last layer."""

    @nn.compact
    def __call__(self, x, label, *, train):
        x = Conv(6, (3, 3), kernel_init=normal(0.5))(x)
        x = nn.BatchNorm(use_running_average=not train)(x).mean((1, 2))
        x = nn.Dense(5)(x) * LabelEmbedding(4, 5)(label)
        return nn.Dense(1)(x)[:, 0]


class Linear(nn.Module):
    """One matrix and a bias."""

    features: int = 5
    kernel_init: nn.initializers.Initializer = normal(0.7)

    @nn.compact
    def __call__(self, x, *, train):
        del train
        return nn.Dense(self.features, kernel_init=self.kernel_init)(x)


def images(shape=(3, 6, 6, 2)):
    return jnp.asarray(np.random.default_rng(0).standard_normal(shape, np.float32))


LABEL = jnp.array([0, 3, 1])


@pytest.fixture(scope="module")
def settled():
    """A network, its variables at the start, and its state after a hundred calls in training."""
    network = SpectralNorm(Network())
    variables = jax.jit(lambda key: network.init(key, images(), LABEL, train=True))(
        jax.random.key(0)
    )

    @jax.jit
    def call(state):
        everything = {"params": variables["params"], **state}
        return network.apply(everything, images(), LABEL, train=True, mutable=list(state))[1]

    state = {name: variables[name] for name in ("spectral", "batch_stats")}
    for _ in range(100):
        state = call(state)
    return network, variables, state


def test_the_state_is_a_collection_of_its_own(settled):
    _, variables, _ = settled
    assert set(variables) == {"params", "spectral", "batch_stats"}
    assert set(variables["spectral"]) == {
        "Conv_0.kernel",
        "Dense_0.kernel",
        "Dense_1.kernel",
        "LabelEmbedding_0.embedding",
    }
    assert set(variables["batch_stats"]["network"]) == {"BatchNorm_0"}
    vectors = variables["spectral"]["Conv_0.kernel"]
    assert vectors["u"].shape == (6,)
    assert vectors["v"].shape == (3 * 3 * 2,)


def test_the_largest_singular_value_becomes_one(settled):
    _, variables, state = settled
    for name, vectors in state["spectral"].items():
        layer, weight = name.split(".")
        matrix = np.float64(variables["params"]["network"][layer][weight])
        matrix = matrix.reshape(-1, matrix.shape[-1])
        u, v = (np.float64(vectors[side]) for side in "uv")
        normalised = matrix / (v @ matrix @ u)
        assert np.linalg.norm(normalised, 2) == pytest.approx(1, abs=1e-3), name
        assert abs(np.linalg.norm(matrix, 2) - 1) > 0.05, name  # it was not before


def test_outputs_are_those_of_normalised_weights(settled):
    """After convergence: the plain network on weights divided by what the SVD gives."""
    network, variables, state = settled

    def divide(path, weight):
        if path[-1].key not in ("kernel", "embedding"):
            return weight
        return weight / np.linalg.norm(np.reshape(weight, (-1, weight.shape[-1])), 2)

    plain = jax.tree_util.tree_map_with_path(divide, variables["params"]["network"])
    statistics = {"batch_stats": state["batch_stats"]["network"]}
    true = Network().apply({"params": plain, **statistics}, images(), LABEL, train=False)
    everything = {"params": variables["params"], **state}
    made = network.apply(everything, images(), LABEL, train=False)
    chex.assert_trees_all_close(made, true, rtol=2e-3, atol=1e-5)


def test_initialisation_leaves_weights_as_they_are():
    plain = Linear().init(jax.random.key(0), jnp.ones((1, 9)), train=True)["params"]["Dense_0"]
    wrapped = SpectralNorm(Linear(kernel_init=lambda *_: plain["kernel"]))
    made = wrapped.init(jax.random.key(1), jnp.ones((1, 9)), train=True)
    chex.assert_trees_all_equal(made["params"]["network"]["Dense_0"], plain)


def test_one_iteration_a_call_in_training_and_none_outside():
    """Algorithm 1, two calls, written again in float64."""
    network = SpectralNorm(Linear())
    x = images((4, 9))
    variables = network.init(jax.random.key(0), x, train=False)
    matrix = np.float64(variables["params"]["network"]["Dense_0"]["kernel"])
    u = np.float64(variables["spectral"]["Dense_0.kernel"]["u"])
    assert np.linalg.norm(u) == pytest.approx(1, abs=1e-6)
    for _ in range(2):
        made, moved = network.apply(variables, x, train=True, mutable=["spectral"])
        v = matrix @ u / np.linalg.norm(matrix @ u)
        u = matrix.T @ v / np.linalg.norm(matrix.T @ v)
        vectors = moved["spectral"]["Dense_0.kernel"]
        chex.assert_trees_all_close(vectors, {"u": np.float32(u), "v": np.float32(v)}, atol=1e-6)
        true = np.float64(x) @ (matrix / (v @ matrix @ u))
        chex.assert_trees_all_close(made, np.float32(true), atol=1e-5)
        variables = {**variables, **moved}
    still, kept = network.apply(variables, x, train=False, mutable=["spectral"])
    chex.assert_trees_all_equal(kept["spectral"], variables["spectral"])
    chex.assert_trees_all_close(still, made, atol=1e-6)


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("mode", [jax.jit, lambda f: f], ids=["jit", "eager"])
def test_values_and_gradients_are_those_of_pytorch(train, mode):
    torch = pytest.importorskip("torch")
    network = SpectralNorm(Linear())
    x = images((4, 9))
    variables = network.init(jax.random.key(0), x, train=False)
    twin = torch.nn.Linear(9, 5)
    layer = variables["params"]["network"]["Dense_0"]
    vectors = variables["spectral"]["Dense_0.kernel"]
    with torch.no_grad():
        twin.weight.copy_(torch.from_numpy(np.array(layer["kernel"]).T))
        twin.bias.copy_(torch.from_numpy(np.array(layer["bias"])))
    # The older of PyTorch's two: it starts from u, as Algorithm 1 does (the newer starts from v).
    # Our matrix is theirs transposed, [inputs, outputs]; the two vectors keep their names.
    torch.nn.utils.spectral_norm(twin).train(train)
    twin.weight_u.copy_(torch.from_numpy(np.array(vectors["u"])))
    twin.weight_v.copy_(torch.from_numpy(np.array(vectors["v"])))

    @mode
    def play(parameters, x):
        def value(parameters):
            state = {"params": parameters, "spectral": variables["spectral"]}
            made, _ = network.apply(state, x, train=train, mutable=["spectral"])
            return jnp.sum(jnp.sin(made)), made

        return jax.grad(value, has_aux=True)(parameters)

    gradient, made = play(variables["params"], x)
    twin_made = twin(torch.from_numpy(np.array(x)))
    twin_made.sin().sum().backward()
    chex.assert_trees_all_close(made, twin_made.detach().numpy(), atol=1e-5)
    of_weight = twin.weight_orig.grad.numpy().T
    assert float(np.abs(of_weight).max()) > 0.1
    chex.assert_trees_all_close(
        gradient["network"]["Dense_0"]["kernel"], np.ascontiguousarray(of_weight), atol=1e-5
    )


def test_a_weight_of_zeros_stays_and_comes_back():
    network = SpectralNorm(Linear(kernel_init=nn.initializers.zeros))
    x = images((4, 9))
    variables = network.init(jax.random.key(0), x, train=True)

    def value(parameters):
        state = {"params": parameters, "spectral": variables["spectral"]}
        made, moved = network.apply(state, x, train=True, mutable=["spectral"])
        return jnp.sum(made), (made, moved)

    gradient, (made, moved) = jax.grad(value, has_aux=True)(variables["params"])
    chex.assert_trees_all_equal(made, jnp.zeros((4, 5)))
    chex.assert_tree_all_finite(gradient)
    u = moved["spectral"]["Dense_0.kernel"]["u"]
    assert float(jnp.linalg.norm(u)) == pytest.approx(1, abs=1e-6)


def test_unit_vectors_that_were_averaged():
    """Outside training, vectors shorter than one give what unit vectors give."""
    network = SpectralNorm(Linear())
    x = images((4, 9))
    variables = network.init(jax.random.key(0), x, train=True)
    shorter = {**variables, "spectral": jax.tree.map(lambda a: 0.8 * a, variables["spectral"])}
    chex.assert_trees_all_close(
        network.apply(shorter, x, train=False), network.apply(variables, x, train=False), rtol=1e-5
    )
