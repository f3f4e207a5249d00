"""Style, form, types and import direction: the same checks as ``python3 x.py check``."""

import pytest
from door.checks import CHECKS, run_check


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_the_check_is_content(name: str) -> None:
    assert run_check(name) == ""
