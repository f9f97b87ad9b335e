"""The small studies: what they are compared with, and that their parts measure what they say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random
from PIL import Image
from scipy.stats import wasserstein_distance

from experiments import earth_mover, estimate, vanishing_gradient
from jaxgan import games
from jaxgan.training import Run, grid
from tests.training.conftest import MANIFEST


@pytest.mark.parametrize("offset", [0.0, 0.5, 1.7, 2.0, 5.0])
def test_jensen_shannon_is_the_integral(offset):
    x = np.linspace(-1, 10, 1_100_001)
    p, q = 0.5 * ((x >= 0) & (x <= 2)), 0.25 * ((x >= offset) & (x <= offset + 4))
    total = np.zeros_like(x)
    for density in (p, q):
        inside = density > 0
        total[inside] += density[inside] * np.log(2 * density[inside] / (p + q)[inside])
    assert earth_mover.jensen_shannon(offset) == pytest.approx(total.sum() * 1e-5 / 2, abs=1e-5)


@pytest.mark.parametrize("offset", earth_mover.OFFSETS)
def test_exact_distance_is_the_closed_form(offset):
    """All earth goes to the right, by θ + x: 1 + θ on average."""
    ticks = earth_mover.TICKS
    assert wasserstein_distance(ticks, offset + 2 * ticks) == pytest.approx(1 + offset, abs=1e-6)


def test_moved():
    points = earth_mover.moved(jnp.array([[0.0, -1.0], [2.0, 1.0]]), jnp.float32(3.0))
    np.testing.assert_array_equal(points, [[3, -1], [7, 1]])


def test_critic_overshoots_by_the_softness_of_its_penalty():
    """W (1 + W / 2λ): 3 becomes 3.45 at λ = 10 and 3.045 at λ = 100."""
    train = jax.jit(
        lambda weight: earth_mover.critics_estimate(
            random.key(0), weight, jnp.float32(2.0), steps=400, batch_size=64
        )
    )
    assert float(train(jnp.float32(10.0))) == pytest.approx(3.45, rel=0.03)
    assert float(train(jnp.float32(100.0))) == pytest.approx(3.045, rel=0.03)


@pytest.mark.parametrize("logit", [-5.0, 0.0, 2.0])
def test_norms_of_a_discriminator_of_one_opinion(logit):
    """Where s is nearly the same for all fakes, the ratio is σ(s) / (1 - σ(s)) = exp(s)."""
    key = random.key(0)
    generator = vanishing_gradient.GENERATOR.init(key, jnp.ones((1, 100)), train=True)
    images = jnp.zeros((1, 28, 28, 1))
    d = games.init_player(key, vanishing_gradient.DISCRIMINATOR, vanishing_gradient.ADAM, images)

    def of_one_opinion(path, leaf):
        if leaf.shape == (1,):
            return leaf + logit
        return leaf * 1e-3 if leaf.shape[-1:] == (1,) else leaf

    d = d._replace(parameters=jax.tree.map_with_path(of_one_opinion, d.parameters))
    belief, minimax, non_saturating = vanishing_gradient.measured(key, d, generator)
    assert float(belief) == pytest.approx(1 / (1 + np.exp(-logit)), rel=0.01)
    assert float(minimax / non_saturating) == pytest.approx(np.exp(logit), rel=0.01)


def written_run(directory, experiment="wgan", lines=4):
    run = Run.create(directory, MANIFEST | {"experiment": experiment})
    run.samples.mkdir()
    for step in range(lines + 1):
        grid(np.full((100, 4, 4, 1), step / 9)).save(run.samples / f"step_{step:07}.png")
    for step in range(1, lines + 1):
        run.add_metrics({"step": step, "terms": {"discriminator/adversarial": -1 / step}})
    return run


def test_estimate_is_the_difference_of_means(tmp_path, capsys):
    run = written_run(tmp_path / "run")
    steps, values = estimate.estimates(run)
    np.testing.assert_array_equal(steps, [1, 2, 3, 4])
    np.testing.assert_allclose(values, [1, 1 / 2, 1 / 3, 1 / 4])
    estimate.main(run.directory, output=tmp_path / "estimate.png")
    assert "first 0.611, largest 0.611, last 0.361" in capsys.readouterr().out
    with Image.open(tmp_path / "estimate.png") as drawn:
        assert np.asarray(drawn.convert("L")).std() > 10


def test_estimate_of_a_run_with_its_first_picture_alone(tmp_path):
    run = written_run(tmp_path / "run")
    for frame in sorted(run.samples.iterdir())[1:]:
        frame.unlink()
    estimate.main(run.directory, output=tmp_path / "estimate.png")
    assert (tmp_path / "estimate.png").stat().st_size > 0
    with pytest.raises(SystemExit, match=r"^error: .*nowhere is no folder to write a picture in"):
        estimate.main(run.directory, output=tmp_path / "nowhere" / "estimate.png")


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"experiment": "dcgan"}, "is a run of dcgan.py, whose discriminator estimates no"),
        ({"lines": 2}, "has 2 lines of metrics, and a course takes 3: resume it"),
        (None, "is no run: there is nothing of that name"),
    ],
)
def test_runs_without_an_estimate(rules, sentence, tmp_path):
    directory = tmp_path / "run"
    if rules is not None:
        written_run(directory, **rules)
    with pytest.raises(SystemExit, match=f"^error: .* {sentence}"):
        estimate.main(directory, output=tmp_path / "estimate.png")
    assert not (tmp_path / "estimate.png").exists()
