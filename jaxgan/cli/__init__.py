"""The verbs that every experiment gets."""

from jaxgan.cli.main import main as main
