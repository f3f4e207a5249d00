"""The checks that need no running program: style, form, types, and who may import whom."""

from collections.abc import Sequence

from door.environment import PYTHON, environment
from door.process import watch
from door.words import ROOT, step

_SOURCES = ("src", "tests", "door", "x.py")

CHECKS: dict[str, Sequence[str]] = {
    "ruff": ("-m", "ruff", "check", "--quiet", *_SOURCES),
    "format": ("-m", "ruff", "format", "--check", "--quiet", *_SOURCES),
    "types": ("-m", "mypy", "--strict", "src/tongxing", "door", "x.py"),
    "imports": ("-c", "from importlinter.cli import lint_imports_command as c; c()"),
}


def run_check(name: str) -> str:
    """What a check complains about; "" when it is content. Raises KeyError for an unknown one."""
    ended = watch([str(PYTHON), *CHECKS[name]], environment(), folder=ROOT)
    return "" if ended.code == 0 else ended.output.strip() or f"exit code {ended.code}"


def run_all() -> int:
    """Run every check, also after one that complains; 0 when all are content, else 1."""
    complaints = 0
    for name in CHECKS:
        step("check", name=name)
        said = run_check(name)
        if said:
            complaints += 1
            print(said, flush=True)
    step("checked_bad" if complaints else "checked_good", count=complaints)
    return 1 if complaints else 0
