"""Tests that need the weights of EfficientNet-Lite0."""

import pytest

from jaxgan.weights import find_lite0

needs_lite0 = pytest.mark.skipif(find_lite0() is None, reason="needs jaxgan[features]")
