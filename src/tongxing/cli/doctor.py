"""`tongxing doctor`: what this machine has of what Tongxing needs, and what to do about the rest.

Each finding is looked at for real: the database is started and asked, the folder is written to.
Only what would stop the system fails; what only tests or screenshots need is said and no more.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tongxing.cli.common import Words, emit_json, loopback_socket, print_table, settings
from tongxing.cli.shell import command as command_of
from tongxing.kernel.reasons import Problem, Refusal

WORDS = Words("doctor")

_PYTHON_OLDEST = (3, 11)
_BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
_PROBE_S = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `state` is good, lacking (not needed to run) or bad."""

    name: str
    state: Literal["good", "lacking", "bad"]
    detail: str
    next_step: str = ""


@command_of()
def command() -> int:
    findings = [look() for look in _LOOKS]
    if settings().json:
        emit_json(findings)
    else:
        _print(findings)
    return 1 if any(finding.state == "bad" for finding in findings) else 0


def _print(findings: list[Finding]) -> None:
    rows = [
        (WORDS(f"name.{f.name}"), WORDS(f"state.{f.state}"), f.detail, f.next_step)
        for f in findings
    ]
    columns = [WORDS(f"column.{key}") for key in ("name", "state", "detail", "next_step")]
    print_table(WORDS("title"), columns, rows)


def _python() -> Finding:
    detail = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info < _PYTHON_OLDEST:
        return Finding("python", "bad", detail, WORDS("next.python"))
    return Finding("python", "good", detail)


def _home() -> Finding:
    home = settings().home.absolute()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        return _bad("home", Refusal("HOME_NOT_WRITABLE"), f"{home}: {error.strerror}")
    return Finding("home", "good", str(home))


def _database() -> Finding:
    """Start or reach the server; one that could lose a committed transaction is refused there."""
    from tongxing.storage import open_database

    kind = WORDS("database.own" if settings().dsn else "database.embedded")
    try:
        open_database(settings().dsn, settings().home).close()
    except Problem as problem:
        detail = f"{problem.refusal.code}: {problem.refusal.message(settings().language)}"
        return _bad("database", problem.refusal, detail)
    return Finding("database", "good", WORDS("database.durable", kind=kind))


def _port() -> Finding:
    try:
        with loopback_socket(0) as taken:
            return Finding("port", "good", f"127.0.0.1:{taken.getsockname()[1]}")
    except Problem as problem:
        return _bad("port", problem.refusal, problem.refusal.message(settings().language))


def _crypto() -> Finding:
    """Who computes SM2; SM3 and SM4 by their published examples."""
    from tongxing.media.crypto.providers import providers, wrong_basics

    if wrong := wrong_basics():
        detail = WORDS("crypto.wrong", names=", ".join(wrong))
        return Finding("crypto", "bad", detail, WORDS("next.crypto"))
    try:
        chosen = next(provider for provider in providers() if provider.chosen)
    except Problem as problem:
        return _bad("crypto", problem.refusal, problem.refusal.message(settings().language))
    detail = WORDS("crypto.chosen", name=chosen.name, why=chosen.reason(settings().language))
    if chosen.signs:
        return Finding("crypto", "good", detail)
    next_step = Refusal("SM2_NO_SIGNER").next_step(settings().language)
    return Finding("crypto", "lacking", detail, next_step)


def _browser() -> Finding:
    named = os.environ.get("CHROMIUM")
    for name in (named,) if named else _BROWSERS:
        found = shutil.which(name)
        if found and (version := _output([found, "--version"])):
            return Finding("browser", "good", f"{version.strip()} ({found})")
    return Finding("browser", "lacking", named or WORDS("none"), WORDS("next.browser"))


def _fonts() -> Finding:
    listed = _output(["fc-list", ":lang=zh", "family"])
    if listed and listed.strip():
        return Finding("fonts", "good", listed.splitlines()[0].partition(",")[0])
    return Finding("fonts", "lacking", WORDS("none"), WORDS("next.fonts"))


def _bad(name: str, refusal: Refusal, detail: str) -> Finding:
    return Finding(name, "bad", detail, refusal.next_step(settings().language))


def _output(words: list[str]) -> str | None:
    """What a program prints, or None when it is not there or does not work."""
    try:
        ended = subprocess.run(words, capture_output=True, text=True, timeout=_PROBE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ended.stdout if ended.returncode == 0 else None


_LOOKS: tuple[Callable[[], Finding], ...] = (
    _python,
    _home,
    _database,
    _port,
    _crypto,
    _browser,
    _fonts,
)
