"""The one list of reasons: what the code says is on it, and what is on it is said somewhere."""

import ast
import re

from tree import Module, modules, texts_with

from tongxing.kernel.reasons import all_reasons

_SPEAKERS = {"Refusal", "Problem", "Trouble", "reason"}
_CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_WORD = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b")
_LIST = "src/tongxing/kernel/reasons/"


def test_every_code_that_is_said_is_on_the_list() -> None:
    said = {
        (code, module.name)
        for module in modules("src", "door")
        for code in said_codes(module)
        if _CODE.fullmatch(code)
    }
    assert said
    assert not sorted((code, name) for code, name in said if code not in all_reasons())


def test_every_code_on_the_list_is_said_or_documented() -> None:
    sources = texts_with(".py", ".toml", ".csv", ".html", ".md", ".sql")
    words = {
        word
        for name, text in sources
        if name.startswith(("src/", "door/", "docs/")) and not name.startswith(_LIST)
        for word in _WORD.findall(text)
    }
    assert not sorted(set(all_reasons()) - words)


def said_codes(module: Module) -> set[str]:
    """The string constants in the first argument of whatever speaks a reason."""
    found: set[str] = set()
    for node in module.nodes:
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name in _SPEAKERS:
            found |= {
                part.value
                for part in branches(node.args[0])
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            }
    return found


def branches(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.IfExp):
        return [*branches(node.body), *branches(node.orelse)]
    return [node]
