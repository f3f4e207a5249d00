"""The form of the code: small files, small functions, each with its purpose said; no leftovers."""

import ast
import re
from collections import defaultdict

import pytest
from tree import ROOT, Function, Module, functions, modules

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
UNTOLD_METHOD_LINES_MAX = 8
OURS = ("src/", "door/")

# Rooms in which time, chance and surroundings come in as arguments (DESIGN: the domain is pure).
PURE = tuple(
    f"src/tongxing/{room}/"
    for room in (
        *("kernel", "network", "messages", "fares", "ledger", "entry", "deciding"),
        *("gate", "city", "hub"),
    )
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


Findings = dict[str, list[str]]


@pytest.fixture(scope="module")
def findings() -> Findings:
    """What is wrong, by the rule that it breaks; each module is read once for all rules."""
    found: Findings = defaultdict(list)
    told: set[tuple[str, str]] = set()
    untold: list[tuple[str, str, set[tuple[str, str]]]] = []
    for module in modules("src", "door", "tests", "x.py"):
        found["read"].append(module.name)
        for rule, look in RULES.items():
            found[rule] += [f"{module.name}: {what}" for what in look(module)]
        if module.name.startswith(OURS):
            told |= documented_methods(module)
            untold += [(module.name, name, above) for name, above in undocumented(module)]
    found["untold"] = [f"{name}: {what}" for name, what, above in untold if not above & told]
    return found


def test_all_is_read(findings: Findings) -> None:
    assert {name.partition("/")[0] for name in findings["read"]} == {"src", "door", "tests", "x.py"}
    assert len(findings["read"]) > 1_000


def test_a_file_fits_in_one_head(findings: Findings) -> None:
    assert findings["long_file"] == []


def test_a_function_fits_on_one_page(findings: Findings) -> None:
    assert findings["long_function"] == []


def test_a_module_says_why_it_exists(findings: Findings) -> None:
    assert findings["unexplained"] == []


def test_what_is_public_is_documented(findings: Findings) -> None:
    assert findings["untold"] == []


def test_nothing_is_left_for_later_or_silenced(findings: Findings) -> None:
    assert findings["leftover"] == []


@pytest.mark.req("R-400")
def test_no_city_is_named_in_code(findings: Findings) -> None:
    assert findings["city"] == []


def test_time_and_chance_come_in_as_arguments(findings: Findings) -> None:
    assert findings["impure"] == []


def long_file(module: Module) -> list[str]:
    count = module.text.count("\n")
    return [f"{count} lines"] if count > FILE_LINES_MAX else []


def long_function(module: Module) -> list[str]:
    return [
        f"{function.name}, {lines(function)} lines"
        for function in functions(module)
        if lines(function) > FUNCTION_LINES_MAX
    ]


def unexplained(module: Module) -> list[str]:
    is_empty_package = module.name.endswith("__init__.py") and not module.text.strip()
    if is_empty_package and "tests/" in module.name:
        return []
    return [] if ast.get_docstring(module.tree) else ["no docstring"]


def leftover(module: Module) -> list[str]:
    return [
        line.strip()
        for line in module.text.splitlines()
        if (_LEFTOVER.search(line) or _SILENCED.search(line)) and "re.compile" not in line
    ]


def city_in_code(module: Module) -> list[str]:
    if not module.name.startswith(OURS):
        return []
    return [match.group() for match in _CITY_IN_CODE.finditer(module.text)]


def impure(module: Module) -> list[str]:
    if not module.name.startswith(PURE):
        return []
    calls = [
        f"{node.func.value.id}.{node.func.attr}"
        for node in module.nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in _IMPURE_CALLS
    ]
    imports = {name.partition(".")[0] for name in imported(module)} & _IMPURE_MODULES
    return [*calls, *sorted(imports)]


RULES = {
    "long_file": long_file,
    "long_function": long_function,
    "unexplained": unexplained,
    "leftover": leftover,
    "city": city_in_code,
    "impure": impure,
}


def lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def undocumented(module: Module) -> list[tuple[str, set[tuple[str, str]]]]:
    """Functions and classes of the module without a docstring, and methods that are more than a
    few lines; with each the base classes' methods of its name, of which one may have said it.

    A command is left out: what it does is said in its catalogue, in both languages.
    """
    found: list[tuple[str, set[tuple[str, str]]]] = []
    for node in module.tree.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        is_command = module.name.startswith("src/tongxing/cli/") and made_by_call(node)
        if not is_command and not ast.get_docstring(node):
            found.append((node.name, set()))
        for inner in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(inner, Function) and has_to_tell(inner) and not ast.get_docstring(inner):
                bases = [ast.unparse(base).partition("[")[0] for base in node.bases]
                above = {(base, inner.name) for base in bases}
                found.append((f"{node.name}.{inner.name}", above))
    return found


def has_to_tell(method: Function) -> bool:
    """Whether a method has to say what it does, if no base class has said it."""
    return lines(method) > UNTOLD_METHOD_LINES_MAX and not method.name.startswith("_")


def made_by_call(node: Function | ast.ClassDef) -> bool:
    return isinstance(node, Function) and any(isinstance(d, ast.Call) for d in node.decorator_list)


def documented_methods(module: Module) -> set[tuple[str, str]]:
    """Class and name of each method that says what it does."""
    return {
        (owner.name, method.name)
        for owner in module.nodes
        if isinstance(owner, ast.ClassDef)
        for method in owner.body
        if isinstance(method, Function) and ast.get_docstring(method)
    }


def imported(module: Module) -> list[str]:
    found: list[str] = []
    for node in module.nodes:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
    return found


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted({name for name in names if names.count(name) > 1}) == []
