"""The form of the code: small files, small functions, each with its purpose said; no leftovers."""

import ast
import re

import pytest
from tree import ROOT, Function, Module, functions, modules

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
UNTOLD_METHOD_LINES_MAX = 8
CODE = modules("src", "door", "tests", "x.py")
OURS = modules("src", "door")

# Rooms in which time, chance and surroundings come in as arguments (DESIGN: the domain is pure).
PURE = modules(
    *(
        f"src/tongxing/{room}"
        for room in ("kernel", "network", "messages", "fares", "ledger", "entry")
    ),
    *(f"src/tongxing/{room}" for room in ("gate", "city", "hub")),
)
_IMPURE_CALLS = {
    ("time", "time"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
}
_IMPURE_MODULES = {"random", "uuid", "fastapi", "click", "rich"}
_LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|To be written")  # tidy: these are the patterns
_SILENCED = re.compile(r"#\s*(type:\s*ignore|noqa)")
_CITY_IN_CODE = re.compile(r"(==|!=|\bin\b)\s*[(\[{]?\s*[\"'][1-9][0-9]{5}[\"']")


def ids(found: tuple[Module, ...]) -> list[str]:
    return [module.name for module in found]


@pytest.mark.parametrize("module", CODE, ids=ids(CODE))
def test_a_file_fits_in_one_head(module: Module) -> None:
    count = module.text.count("\n")
    assert count <= FILE_LINES_MAX


@pytest.mark.parametrize("module", CODE, ids=ids(CODE))
def test_a_function_fits_on_one_page(module: Module) -> None:
    long = [
        f"{function.name}: {lines(function)}"
        for function in functions(module.tree)
        if lines(function) > FUNCTION_LINES_MAX
    ]
    assert not long


@pytest.mark.parametrize("module", CODE, ids=ids(CODE))
def test_a_module_says_why_it_exists(module: Module) -> None:
    is_empty_package = module.name.endswith("__init__.py") and not module.text.strip()
    assert ast.get_docstring(module.tree) or (is_empty_package and "tests/" in module.name)


@pytest.mark.parametrize("module", OURS, ids=ids(OURS))
def test_what_is_public_is_documented(module: Module) -> None:
    assert not [name for name, node in public(module) if not ast.get_docstring(node)]


@pytest.mark.parametrize("module", CODE, ids=ids(CODE))
def test_nothing_is_left_for_later_or_silenced(module: Module) -> None:
    kept = [line for line in module.text.splitlines() if "re.compile" not in line]
    assert not [line for line in kept if _LEFTOVER.search(line) or _SILENCED.search(line)]


@pytest.mark.req("R-400")
@pytest.mark.parametrize("module", OURS, ids=ids(OURS))
def test_no_city_is_named_in_code(module: Module) -> None:
    assert not _CITY_IN_CODE.findall(module.text)


@pytest.mark.parametrize("module", PURE, ids=ids(PURE))
def test_time_and_chance_come_in_as_arguments(module: Module) -> None:
    calls = [
        f"{node.func.value.id}.{node.func.attr}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in _IMPURE_CALLS
    ]
    imports = {name.partition(".")[0] for name in imported(module.tree)} & _IMPURE_MODULES
    assert not calls and not imports


def lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def public(module: Module) -> list[tuple[str, Function | ast.ClassDef]]:
    """Functions and classes of the module, and methods that are more than a few lines.

    A command is left out: what it does is said in its catalogue, in both languages. So is a method
    whose base class has said it.
    """
    found: list[tuple[str, Function | ast.ClassDef]] = []
    for node in module.tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            if not (module.name.startswith("src/tongxing/cli/") and made_by_call(node)):
                found.append((node.name, node))
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, Function) and is_told(inner, node):
                    found.append((f"{node.name}.{inner.name}", inner))
    return found


def is_told(method: Function, owner: ast.ClassDef) -> bool:
    """Whether a method has to say what it does."""
    bases = {ast.unparse(base).partition("[")[0] for base in owner.bases}
    said_above = any((base, method.name) in DOCUMENTED_METHODS for base in bases)
    is_long = lines(method) > UNTOLD_METHOD_LINES_MAX
    return is_long and not said_above and not method.name.startswith("_")


def made_by_call(node: Function | ast.ClassDef) -> bool:
    return isinstance(node, Function) and any(isinstance(d, ast.Call) for d in node.decorator_list)


DOCUMENTED_METHODS = {
    (owner.name, method.name)
    for module in OURS
    for owner in ast.walk(module.tree)
    if isinstance(owner, ast.ClassDef)
    for method in owner.body
    if isinstance(method, Function) and ast.get_docstring(method)
}


def imported(tree: ast.Module) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
    return found


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted({name for name in names if names.count(name) > 1}) == []
