"""Which requirement is proven by which test: docs/requirements.md against the marks in tests.

A mark says what a test is meant to prove; whether it passes, the run of the tests says.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from door.words import ROOT, text

_LISTED = re.compile(r"^- \*\*(R-[0-9]{3})\*\* (.+)$")
LIST = ROOT / "docs" / "requirements.md"


def listed_requirements(markdown: str) -> dict[str, str]:
    """The requirements of the list, by id: lines of the form ``- **R-004** statement``.

    Raises ValueError when an id stands twice.
    """
    found: dict[str, str] = {}
    for line in markdown.splitlines():
        if match := _LISTED.match(line):
            if match.group(1) in found:
                raise ValueError(f"{match.group(1)} stands twice")
            found[match.group(1)] = match.group(2)
    return found


def marked_tests(tests: Path) -> dict[str, list[str]]:
    """The tests that carry a ``req`` mark, by requirement: ``tests/city/test_x.py::test_y``."""
    found: dict[str, list[str]] = {}
    for path in sorted(tests.rglob("test_*.py")):
        name = path.relative_to(tests.parent).as_posix()
        for requirement, place in _marks(ast.parse(path.read_text(encoding="utf-8")), name):
            places = found.setdefault(requirement, [])
            if place not in places:
                places.append(place)
    return found


def print_report() -> int:
    """Print each requirement with its tests, then how many have one."""
    listed = listed_requirements(LIST.read_text(encoding="utf-8"))
    marked = marked_tests(ROOT / "tests")
    for requirement, statement in listed.items():
        tests = marked.get(requirement, [])
        print(f"{'*' if tests else '-'} {requirement}  {statement}")
        for test in tests:
            print(f"      {test}")
    unknown = sorted(set(marked) - set(listed))
    for requirement in unknown:
        print(text("req_unknown", requirement=requirement, test=marked[requirement][0]))
    covered = sum(1 for requirement in listed if requirement in marked)
    print(text("req_summary", covered=covered, total=len(listed)))
    return 1 if unknown else 0


def _marks(node: ast.AST, place: str) -> Iterator[tuple[str, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _marks(child, f"{place}::{child.name}")
        elif isinstance(child, ast.Call) and _is_mark(child.func):
            for argument in child.args:
                if isinstance(argument, ast.Constant):
                    yield str(argument.value), place
        else:
            yield from _marks(child, place)


def _is_mark(node: ast.expr) -> bool:
    """Whether this is ``….mark.req``."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "req"
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "mark"
    )
