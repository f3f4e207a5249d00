"""Made-up commands for the tests of the command line."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_world import Commands

import tongxing.cli


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commands]:
    folder = tmp_path / "commands"
    folder.mkdir()
    monkeypatch.setattr(tongxing.cli, "__path__", [*tongxing.cli.__path__, str(folder)])
    before = set(sys.modules)
    yield Commands(folder)
    for name in set(sys.modules) - before:
        if name.startswith("tongxing.cli."):
            del sys.modules[name]
