"""What every command shares: the settings of this call, its words, and the ways to show things.

Results go to standard output, everything else (progress, errors) to standard error, so that
``tongxing … --json | jq`` always works. Nothing here decides anything about fares or money.
"""

import errno
import json
import os
import socket
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import click

from tongxing.kernel.reasons import Problem, Refusal
from tongxing.kernel.texts import LANGUAGES, Catalogue, load_catalogue

Answer = TypeVar("Answer")

HOME_DEFAULT = ".tongxing"
_PROGRESS_STEPS = 4
_PIPED_WIDTH = 1_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for the whole call. `home` keeps data; `dsn` names a PostgreSQL of one's own."""

    language: str
    json: bool
    home: Path
    dsn: str | None


def starting_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """The settings before the arguments are parsed.

    Language and form are looked up by eye, so that even a mistake in the arguments is reported in
    the language and form that was asked for.
    """
    before_rest = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    return Settings(
        language=_asked_language(before_rest) or _language_of(environment),
        json="--json" in before_rest,
        home=Path(environment.get("TONGXING_HOME") or HOME_DEFAULT),
        dsn=environment.get("TONGXING_DSN") or None,
    )


def _asked_language(arguments: list[str]) -> str | None:
    for position, argument in enumerate(arguments):
        if argument == "--lang":
            found = "".join(arguments[position + 1 : position + 2])
        elif argument.startswith("--lang="):
            found = argument.removeprefix("--lang=")
        else:
            continue
        if found in LANGUAGES:
            return found
    return None


def _language_of(environment: Mapping[str, str]) -> str:
    """TONGXING_LANG decides, else the first locale variable that is set, else English."""
    for name in ("TONGXING_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def settings() -> Settings:
    """The settings of the running command (or, outside of one, those of the environment)."""
    context = click.get_current_context(silent=True)
    found = context.find_root().obj if context else None
    return found if isinstance(found, Settings) else starting_settings((), os.environ)


@cache
def _catalogue(name: str) -> Catalogue:
    lies = files("tongxing.cli").joinpath(f"texts/{name}.toml").is_file()
    return load_catalogue("tongxing.cli", f"texts/{name}.toml") if lies else Catalogue({})


class Words:
    """The words of one command module, from ``texts/<name>.toml``, in the caller's language."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of `key`. Raises KeyError for a key that the catalogue does not have."""
        return _catalogue(self._name).text(key, settings().language, **values)

    def find(self, key: str) -> str | None:
        """The text of `key` if the catalogue has one."""
        return self(key) if key in _catalogue(self._name).entries else None


def in_both(name: str, catalogue: str, key: str, /, **values: object) -> dict[str, str]:
    """A text in every language, as the values ``<name>_zh`` and ``<name>_en`` of a reason."""
    texts = _catalogue(catalogue)
    return {f"{name}_{language}": texts.text(key, language, **values) for language in LANGUAGES}


def listed(items: Iterable[object]) -> str:
    """Names one after the other, as the language that is spoken separates them."""
    return ("、" if settings().language == "zh" else ", ").join(map(str, items))


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Collection[int] = (),
) -> None:
    """Print a table for people; `right` names the columns (from 0) that hold figures.

    Piped output is never cut at a terminal's width.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        table.add_column(Text(column), justify="right" if index in right else "left")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    _console().print(table)


def say(text: str = "") -> None:
    """Print a line of the result."""
    from rich.text import Text

    _console().print(Text(text), soft_wrap=True)


def note(text: str) -> None:
    """Tell how it goes, on standard error; silent with ``--json``."""
    if not settings().json:
        click.echo(text, err=True)


def _console() -> Any:
    from rich.console import Console

    class Piped(Console):
        """Leaves it to `app` to end the command when the reader goes away."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Piped(width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False)


def emit_json(value: object, *, line: bool = False) -> None:
    """Print `value` as JSON: keys sorted, Chinese as itself, on one line when `line` is set.

    Dataclasses, structs and dates are turned into plain values first.
    """
    import msgspec

    plain = msgspec.to_builtins(value, str_keys=True)
    indent = None if line else 2
    click.echo(json.dumps(plain, ensure_ascii=False, sort_keys=True, indent=indent))


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far long work has come; call what it yields with the amount just done.

    A bar on a terminal, a few plain lines in a log, nothing with ``--json``.
    """
    if settings().json:
        yield lambda _amount: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task(label, total=total)
            yield lambda amount: bar.advance(task, amount)
    else:
        yield _progress_lines(label, total)


def _progress_lines(label: str, total: int) -> Callable[[int], None]:
    done = shown = 0

    def advance(amount: int) -> None:
        nonlocal done, shown
        done += amount
        step = done * _PROGRESS_STEPS // max(total, 1)
        if step > shown:
            shown = step
            click.echo(f"{label}  {done * 100 // max(total, 1)} %", err=True)

    return advance


def loopback_socket(port: int, option: str = "--port") -> socket.socket:
    """A bound (not yet listening) socket on this machine's own address; port 0 takes a free one.

    `option` is what the caller gives the port with, for the next step of a refusal. The protocol is
    named because only then does asyncio send each answer at once; without, one in two parts waits
    forty milliseconds.

    Raises Problem(PORT_IN_USE) when another program has the port, PORT_FORBIDDEN when this user
    may not take it.
    """
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(("127.0.0.1", port))
    except OSError as error:
        taken.close()
        code = "PORT_IN_USE" if error.errno == errno.EADDRINUSE else "PORT_FORBIDDEN"
        raise Problem(code, f"127.0.0.1:{port}", port=port, option=option) from error
    return taken


def granted(found: Answer | Refusal) -> Answer:
    """The answer; a refusal is raised as the Problem that a command ends with."""
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where, **found.values)
    return found
