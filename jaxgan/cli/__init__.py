"""The verbs, each for the experiments that can do it."""

from jaxgan.cli.main import main as main
