"""What is measured while a run is trained (`--evaluate-every`)."""

import jax

from jaxgan import recipes
from jaxgan.cli.comparing import Comparison
from jaxgan.cli.drawing import Drawn
from jaxgan.games import stream
from jaxgan.training import Evaluates, Experiment, Generate, Generates, Measured, RunError, Watch

_COUNT = 2000
"""How many samples are looked at: enough to rank states."""


def watch_of(experiment: Experiment) -> Watch | None:
    """What measures the generator of an experiment; None where nothing is to be measured.

    Images of latents are ranked by their Fréchet distance from held-out pictures, where there are
    such, so that what is told of the best state in the end is by other pictures and latents.

    Raises:
        RunError: where an evaluation is asked for that is not possible.
    """
    if experiment.schedule.evaluate_every is None:
        return None
    if experiment.schedule.evaluate_every < 1:
        raise RunError(
            f"--evaluate-every {experiment.schedule.evaluate_every} is no interval: give 1 or more"
        )
    key = stream(jax.random.key(0), "watch")
    if isinstance(experiment, Generates):
        return _of_pictures(experiment, key)
    if isinstance(experiment, Evaluates):
        return lambda generate: Measured(experiment.evaluate(generate, key))
    raise RunError("there are no figures of this experiment: leave --evaluate-every out")


def _of_pictures(experiment: Generates, key: jax.Array) -> Watch:
    comparison = Comparison(count=_COUNT)
    extractor = comparison.extractor(experiment.images)
    real = comparison.real(experiment.images, extractor)
    if real.held_out is not None:
        real = recipes.Real(real.held_out, real.held_out.fingerprint)
    measures = [recipes.distance_figures, recipes.manifold_figures]

    def watch(generate: Generate) -> Measured:
        samples = Drawn(experiment, None, generate, key, count=_COUNT)
        found = recipes.evaluate_pictures(
            *(samples, real, extractor, measures), protocol={}, say=lambda said: None
        )
        figures = {figure.name: figure.value for figure in found.figures}
        return Measured(figures, rank=found.figures[0].value)

    return watch
