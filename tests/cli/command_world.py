"""Commands made up for one test: written beside the real ones, gone afterwards."""

import subprocess
import sys
from pathlib import Path

from tongxing.cli import run

_HEAD = """
import time, sys, os
import click
from tongxing.cli.common import *
from tongxing.cli.arguments import *
from tongxing.cli.shell import command as a_command
from tongxing.kernel.reasons import Problem
"""
_DRIVER = "import sys, tongxing.cli as c; c.__path__.append(sys.argv.pop(1)); c.main()"


class Commands:
    """A folder of made-up commands that the `tongxing` command finds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, body: str, options: str = "") -> None:
        """A command whose function body is `body`; `options` are its decorators."""
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        source = f"{_HEAD}\n@a_command()\n{options}\ndef command(**given):\n{lines}\n"
        (self.folder / f"{name}.py").write_text(source, encoding="utf-8")

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Run a command line in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", _DRIVER, str(self.folder), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def one_line(text: str) -> str:
    """The only line of an error report; anything more or less fails."""
    assert text.endswith("\n")
    assert text.count("\n") == 1, text
    return text.rstrip("\n")


__all__ = ["Commands", "one_line", "run"]
