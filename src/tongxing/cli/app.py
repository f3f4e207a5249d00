"""Where the `tongxing` command begins: finds the command asked for, runs it, ends it tidily.

Every module of this package that offers `command` is a command; none is imported before it is
called, so that ``tongxing --help`` is quick and one broken command cannot break another.
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import click

import tongxing
from tongxing.cli.common import Settings, Words, starting_settings
from tongxing.cli.errors import EXIT_READER_GONE, Terminated, report
from tongxing.cli.shell import Family, family

_NOT_COMMANDS = (
    "app",
    "arguments",
    "books",
    "cities",
    "common",
    "errors",
    "faces",
    "helping",
    "shell",
)
_FIRST = (
    "demo",
    "simulate",
    "prove",
    "open",
    "serve",
    "network",
    "fares",
    "trips",
    "hub",
    "bench",
    "doctor",
)


class _App(Family):
    def summary(self, ctx: click.Context, name: str) -> str:
        return (Words(name.replace("-", "_")).find("help") or "").strip().partition("\n")[0]


def _show_version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"tongxing {tongxing.__version__}")
        context.exit()


@family("tongxing.cli", cls=_App, first=_FIRST, not_commands=_NOT_COMMANDS)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version)
def app() -> None:
    """The root of all commands; its words stand in texts/app.toml."""


def command_names() -> list[str]:
    """The commands that exist, in the order of the help."""
    return app.list_commands(click.Context(app))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; failures have been told on standard error."""
    settings = starting_settings(arguments, os.environ)
    try:
        with _stopped_by_signals():
            code = _invoke(list(arguments), settings)
            sys.stdout.flush()
        return code
    except click.exceptions.NoArgsIsHelpError as bare:
        click.echo(bare.message, err=True)
        return bare.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_READER_GONE
    except (Exception, KeyboardInterrupt) as error:
        return report(error, settings)


def main() -> NoReturn:
    """The console script: run the command line of this process and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def _invoke(arguments: list[str], settings: Settings) -> int:
    try:
        with app.make_context("tongxing", arguments, obj=settings) as context:
            result = app.invoke(context)
    except click.exceptions.Exit as finished:
        return finished.exit_code
    return result if isinstance(result, int) else 0


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end a command as Ctrl-C does: through its own clean-up.

    A signal that is being ignored (nohup) stays ignored.
    """
    wanted = (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP"))
    numbers = [n for n in wanted if n is not None and signal.getsignal(n) != signal.SIG_IGN]
    try:
        before = {number: signal.signal(number, _stop) for number in numbers}
    except ValueError:  # not the main thread: whoever called keeps the signals
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated
