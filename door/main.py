"""Reads the first word after ``x.py`` and does it; the rest belongs to what is called."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import NoReturn

from door import checks, requirements
from door.broker import broker_for_tests
from door.environment import LOCK, PYTHON, VENV, environment, last_line, prepare
from door.machine import browser_for_tests, fonts_for_tests
from door.pcsc import LOCKS as CARD_LOCKS
from door.pcsc import cards_for_tests
from door.process import become, watch
from door.spark import LOCKS as SPARK_LOCKS
from door.spark import spark_for_tests
from door.words import ROOT, Trouble, choose_language, step, text

_EXIT_INTERRUPTED = 130
_EXIT_STOPPED = 143
_TEST_PROCESSES_MAX = 4
_CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis")


class _Stopped(KeyboardInterrupt):
    """Told to stop from outside (SIGTERM): the same tidy end, another exit code."""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; the exit code. Expected failures are told in one line."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        return _dispatch(list(arguments))
    except Trouble as trouble:
        print(trouble.line(), file=sys.stderr)
        return trouble.exit_code
    except KeyboardInterrupt as stopped:
        print(Trouble("INTERRUPTED").line(), file=sys.stderr)
        return _EXIT_STOPPED if isinstance(stopped, _Stopped) else _EXIT_INTERRUPTED


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _Stopped


def _dispatch(arguments: list[str]) -> int:
    if arguments[:1] == ["--lang"] and arguments[1:2] in (["zh"], ["en"]):
        choose_language(arguments[1])
        arguments = arguments[2:]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(text("help"))
        return 0 if arguments else 2
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        raise _unknown(name)
    return COMMANDS[name](rest)


def _unknown(name: str) -> Trouble:
    near = get_close_matches(name, COMMANDS, cutoff=0.5)
    return Trouble("DOOR_USAGE", f"x.py {name}", near=" / ".join(near or COMMANDS))


def _tongxing(arguments: Sequence[str]) -> int:
    prepare()
    return become([str(PYTHON), "-m", "tongxing", *arguments], environment())


def _demo(rest: list[str]) -> int:
    return _tongxing(["demo", *rest])


def _bench(rest: list[str]) -> int:
    return _tongxing(["bench", *rest])


def _test(rest: list[str]) -> int:
    """Every test, or those that the pytest arguments choose; ``--spark yes`` brings Spark for its
    own tests, ``--spark no`` leaves them out."""
    prepare()
    extra: dict[str, str] = {}
    if "--spark" in rest:
        position = rest.index("--spark")
        value = "".join(rest[position + 1 : position + 2])
        if value not in ("yes", "no"):
            raise Trouble("DOOR_USAGE", "x.py test --spark", near="--spark yes / --spark no")
        extra["TONGXING_SPARK"] = spark_for_tests(value)
        del rest[position : position + 2]
    browser = browser_for_tests()
    if browser:
        fonts_for_tests()
        step("browser", path=browser)
        extra["CHROMIUM"] = browser
    else:
        step("no_browser")
    cards_for_tests()
    broker_for_tests()
    return become([str(PYTHON), "-m", "pytest", *_spread(rest), *rest], environment(extra), ROOT)


def _spread(rest: list[str]) -> list[str]:
    """Who runs everything runs it on all cores, and one more process works while others wait; who
    names tests wants to see them one by one."""
    if set(rest) - {"-q", "-v", "-x"}:
        return []
    processes = min((os.cpu_count() or 1) + 1, _TEST_PROCESSES_MAX)
    return ["-n", str(processes), "--dist", "loadfile", "--no-loadscope-reorder"]


def _check(rest: list[str]) -> int:
    _no_more(rest, "check")
    prepare()
    return checks.run_all()


def _requirements(rest: list[str]) -> int:
    _no_more(rest, "requirements")
    return requirements.print_report()


def _lock(rest: list[str]) -> int:
    """Bring the lock up to pyproject.toml (``--upgrade``: to the newest versions allowed).

    Only uv can do that for all platforms at once.
    """
    if rest != ["--upgrade"]:
        _no_more(rest, "lock")
    uv = shutil.which("uv")
    if uv is None:
        raise Trouble("UV_MISSING", "x.py lock")
    step("locking")
    _compile(uv, ["pyproject.toml", "--group", "dev", "-o", LOCK.name, *rest])
    for lock, named in (CARD_LOCKS | SPARK_LOCKS).items():
        with TemporaryDirectory() as folder:
            wanted = Path(folder) / "wanted.txt"
            wanted.write_text(f"{named}\n", encoding="ascii")
            _compile(uv, [str(wanted), "--no-header", "--no-annotate", "-o", lock.name, *rest])
    step("locked")
    return 0


def _compile(uv: str, what: Sequence[str]) -> None:
    how = ["pip", "compile", "--universal", "--generate-hashes", "--python-version", "3.11"]
    ended = watch([uv, *how, "--no-emit-index-url", *what], folder=ROOT)
    if ended.code != 0:
        raise Trouble("INDEX_UNREACHABLE", "uv pip compile", line=last_line(ended.output))


def _clean(rest: list[str]) -> int:
    """Remove what can be made again. Data in .tongxing is never touched."""
    _no_more(rest, "clean")
    for folder in (VENV, *(ROOT / name for name in _CACHES)):
        shutil.rmtree(folder, ignore_errors=True)
    for place in ("src", "tests", "door"):
        for cache in (ROOT / place).rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)
    step("cleaned", data=os.environ.get("TONGXING_HOME", ROOT / ".tongxing"))
    return 0


def _no_more(rest: list[str], name: str) -> None:
    if rest:
        raise Trouble("DOOR_USAGE", f"x.py {name} {rest[0]}", near=f"x.py {name}")


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "demo": _demo,
    "test": _test,
    "check": _check,
    "bench": _bench,
    "requirements": _requirements,
    "run": _tongxing,
    "lock": _lock,
    "clean": _clean,
}
