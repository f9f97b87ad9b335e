"""The list of faults is true of the tree as it is."""

import pytest

from tests.breakages import FAULTS, ROOT


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)
def test_what_a_fault_replaces_is_there(fault):
    assert (ROOT / fault.file).read_text().count(fault.right) >= 1
    assert all((ROOT / path).exists() for path in fault.tests.split())
