"""Directories of runs, written by hand: nothing is trained."""

import json

import numpy as np
from PIL import Image

from jaxgan.training import Run

COMMAND = ["experiments/gan.py", "train", "--note", "a b"]


def written(directory, *, seed=0, experiment="gan", steps=300, rate=0.1, **more):
    """A run that has written its manifest and nothing else."""
    manifest = {
        "experiment": experiment,
        "configuration": {"images": {"folder": None}, "rate": rate, "schedule": {"steps": steps}},
        "seed": seed,
        "devices": 1,
        "batch": {"image": {"shape": [4, 8, 8, 1], "dtype": "float32"}},
        "data": "tfds:nothing",
        "environment": {"python": "3.11", "packages": {"jax": "1"}, "command": COMMAND},
    }
    return Run.create(directory, manifest | more)


def played(directory, *, every=100, terms=None, last=300, **more):
    """A run with metrics and pictures up to a step; pictures are as bright as their step."""
    run = written(directory, **more)
    for step in range(every, last + 1, every):
        told = {"discriminator/loss": 1 / step, "generator/loss": step} if terms is None else terms
        run.add_metrics({"step": step, "steps_per_second": 10.0, "terms": told})
        run.samples.mkdir(exist_ok=True)
        pixels = np.full((40, 40), 255 * step // last, np.uint8)
        Image.fromarray(pixels).save(run.samples / f"step_{step:07}.png")
    return run


def evaluated(run, figures, *, best=False, **subject):
    """Write an evaluation: of figures, `(value, error, better, protocol)` by name."""
    keys = ("value", "error", "better", "protocol")
    told = [{"name": name} | dict(zip(keys, of, strict=True)) for name, of in figures.items()]
    whole = {"format": 1, "subject": subject, "figures": told}
    name = "evaluation-best.json" if best else "evaluation.json"
    (run.directory / name).write_text(json.dumps(whole))
