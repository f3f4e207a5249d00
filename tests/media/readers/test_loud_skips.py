"""A run that could not try real readers says so at its end, in red and capitals."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WITHOUT_PYSCARD = """
import sys
sys.modules["smartcard"] = None
import pytest
chosen = "tests/media/readers/test_pcsc_reader.py::test_two_readers_each_have_their_own_card"
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", chosen]))
"""


def test_tests_without_a_card_service_are_skipped_loudly() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_PYSCARD],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert "!!! NO PC/SC: 1 tests were skipped; run python3 x.py test as root" in ended.stdout
