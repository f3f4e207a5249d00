"""The edge where failures become one line: what, where, what to do next, and an exit code.

Exit codes: 1 a check or proof failed (or a bug), 2 usage, 3 configuration, 4 data, 5 state
conflict, 6 temporarily unavailable, 130 interrupted, 143 told to stop, 141 the reader went away.
A stack trace is never shown; that of a bug is saved and its place named. Card numbers are masked.
"""

import errno
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

import click

from tongxing.cli.common import Settings
from tongxing.cli.shell import problem_of
from tongxing.kernel.ids import digest, without_medium_numbers
from tongxing.kernel.reasons import Problem, Refusal, reason

EXIT_READER_GONE = 141
EXIT_TERMINATED = 143

_OS_CODES = {
    errno.ENOENT: "FILE_NOT_FOUND",
    errno.ENOTDIR: "FILE_NOT_FOUND",
    errno.EISDIR: "FILE_NOT_READABLE",
    errno.EACCES: "FILE_NOT_READABLE",
    errno.EPERM: "FILE_NOT_READABLE",
    errno.EROFS: "FOLDER_READ_ONLY",
    errno.ENOSPC: "DISK_FULL",
    errno.EDQUOT: "DISK_FULL",
}


class Terminated(KeyboardInterrupt):
    """The process was told to stop (SIGTERM, SIGHUP): the same tidy end, another exit code."""


def report(error: BaseException, settings: Settings) -> int:
    """Print the one line (with ``--json`` the one object) of a failure; its exit code."""
    refusal = _refusal(error, settings)
    if settings.json:
        line = json.dumps(refusal.as_json(), ensure_ascii=False, sort_keys=True)
    else:
        line = error_line(refusal, settings.language)
    click.echo(_printable(line), err=True)
    return EXIT_TERMINATED if isinstance(error, Terminated) else reason(refusal.code).exit_code


def error_line(refusal: Refusal, language: str) -> str:
    """``error CODE: message (where) — next step``."""
    word = "错误" if language == "zh" else "error"
    where = f" ({refusal.where})" if refusal.where else ""
    message, step = refusal.message(language), refusal.next_step(language)
    return f"{word} {refusal.code}: {message}{where} — {step}"


def _refusal(error: BaseException, settings: Settings) -> Refusal:
    match error:
        case Problem():
            return error.refusal
        case click.ClickException():
            return _usage_refusal(error)
        case KeyboardInterrupt() | click.Abort():
            return Refusal("INTERRUPTED")
        case OSError() if error.errno in _OS_CODES:
            return Refusal(_OS_CODES[error.errno], str(error.filename or ""))
        case _:
            return _database_refusal(error) or _unexpected(error, settings)


def _usage_refusal(error: click.ClickException) -> Refusal:
    return problem_of(error).refusal


def _database_refusal(error: BaseException) -> Refusal | None:
    """A database that went away in the middle. psycopg is loaded only by those who use it."""
    psycopg = sys.modules.get("psycopg")
    if psycopg is None or not isinstance(error, psycopg.OperationalError):
        return None
    if isinstance(error, psycopg.errors.DiskFull):
        return Refusal("DISK_FULL")
    return Refusal("DB_UNAVAILABLE", values={"detail": str(error).strip().partition("\n")[0]})


def _unexpected(error: BaseException, settings: Settings) -> Refusal:
    trace = "".join(traceback.format_exception(error))
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    detail = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    values = {"detail": detail, "trace": _saved(trace, settings.home)}
    return Refusal("INTERNAL", place, values)


def _saved(trace: str, home: Path) -> str:
    """Keep the trace where only this user can read it; its path."""
    name = f"trace-{digest(trace)[:12]}.txt"
    for folder in (home / "errors", Path(tempfile.gettempdir()) / f"tongxing-errors-{os.getpid()}"):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / name
            path.touch(mode=0o600)
            path.write_text(without_medium_numbers(trace), encoding="utf-8")
        except OSError:
            continue
        return str(path)
    return name


def _printable(line: str) -> str:
    """One line, no full card number, nothing that could steer a terminal."""
    line = without_medium_numbers(" ".join(line.split()))
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    return clean.encode("utf-8", "replace").decode("utf-8")
