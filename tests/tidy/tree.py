"""What belongs to the project: its files, its Python modules, its functions."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_OURS = ("src", "door", "tests", "docs", ".ci")
_NOT_OURS = {"__pycache__", ".venv", ".git", "node_modules"}


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: where it stands (from the root), its text, its tree, and all that is in the
    tree, since walking through it takes longer than making it."""

    name: str
    text: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]


@cache
def project_files() -> tuple[Path, ...]:
    """The files that git keeps or would keep; without git, all in the project's own folders."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"],
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        found = [path for folder in _OURS for path in (ROOT / folder).rglob("*")]
        found += list(ROOT.iterdir())
    return tuple(
        sorted(path for path in found if path.is_file() and not _NOT_OURS & set(path.parts))
    )


def modules(*places: str) -> Iterator[Module]:
    """The Python modules under these places, such as ``src``, one after the other: all their trees
    together would fill a gigabyte."""
    for path in project_files():
        name = path.relative_to(ROOT).as_posix()
        if path.suffix == ".py" and name.startswith(places):
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text)
            yield Module(name, text, tree, tuple(ast.walk(tree)))


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(module: Module) -> Iterator[Function]:
    """Every function and method of a module, also those inside others."""
    return (node for node in module.nodes if isinstance(node, Function))


def texts_with(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Name and text of every project file that ends so."""
    for path in project_files():
        if path.name.endswith(suffixes):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
