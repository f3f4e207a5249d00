"""The documents keep up with the code: their commands exist, their links lead somewhere."""

import re
import shlex
import tomllib

import click
import pytest
from door.main import COMMANDS
from door.requirements import LIST, listed_requirements, marked_tests
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tree import ROOT, texts_with

from tongxing.cli.app import app

_CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_LOCKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")
_PASSED_ON = {"run": [], "demo": ["demo"], "bench": ["bench"]}
DOCUMENTS = dict(texts_with(".md"))
SHOWN = [
    (name, line[2:])
    for name, text in DOCUMENTS.items()
    for block in _CONSOLE.findall(text)
    for line in block.splitlines()
    if line.startswith(("$ python3 x.py", "$ tongxing"))
]


def test_a_command_in_the_documents_exists() -> None:
    assert SHOWN
    assert [f"{name}: {line}: {what}" for name, line in SHOWN if (what := unknown(line))] == []


def test_a_link_leads_somewhere() -> None:
    local = [
        (name, link)
        for name, text in DOCUMENTS.items()
        for link in _LINK.findall(text)
        if "://" not in link
    ]
    assert local
    assert [(n, link) for n, link in local if not ((ROOT / n).parent / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", "ARCHITECTURE.md", "LICENSE"])
def test_what_a_newcomer_looks_for_is_there(name: str) -> None:
    assert (ROOT / name).is_file()


def test_the_two_readmes_are_twins() -> None:
    english, chinese = (DOCUMENTS[name] for name in ("README.md", "README.zh-CN.md"))
    for part in (r"^#+ ", r"^```", r"^!\["):
        assert len(re.findall(part, english, re.M)) == len(re.findall(part, chinese, re.M)), part


def test_the_changelog_has_room_for_the_next_change() -> None:
    assert re.search(r"^## \[?Unreleased", DOCUMENTS["CHANGELOG.md"], re.MULTILINE)


def test_each_decision_says_what_and_why() -> None:
    decisions = {n: t for n, t in DOCUMENTS.items() if re.match(r"docs/decisions/[0-9]{4}-", n)}
    assert len(decisions) >= 7
    for name, text in decisions.items():
        for heading in ("## Context", "## Decision", "## Consequences"):
            assert heading in text, f"{name} lacks {heading}"


def dependencies() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    return [Requirement(text) for text in named]


def test_each_dependency_is_accounted_for() -> None:
    rows = [row for row in DOCUMENTS["docs/dependencies.md"].splitlines() if row.count("|") >= 5]
    told = {row.split(" | ")[0].removeprefix("| ") for row in rows}
    assert {needed.name for needed in dependencies()} - told == set()


def locked() -> dict[str, tuple[str, str]]:
    """Version and full text of each package of the lock."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    found = {}
    for entry in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]:
        match = _LOCKED.match(entry)
        assert match, entry[:60]
        found[canonicalize_name(match.group(1))] = (match.group(2), entry)
    return found


def test_the_lock_holds_what_the_project_needs_each_with_its_hashes() -> None:
    lock = locked()
    assert not [name for name, (_, entry) in lock.items() if not _HASH.search(entry)]
    for needed in dependencies():
        version, _ = lock[canonicalize_name(needed.name)]
        assert needed.specifier.contains(version), f"{needed.name} {version}"


def test_every_requirement_mark_names_a_requirement_of_the_list() -> None:
    listed = listed_requirements(LIST.read_text(encoding="utf-8"))
    marked = marked_tests(ROOT / "tests")
    assert len(listed) > 100
    assert marked
    assert not set(marked) - set(listed)


def unknown(line: str) -> str:
    """What a command line of a document names that does not exist; "" if it all does."""
    words = shlex.split(line, comments=True)
    if words[0] == "tongxing":
        return unknown_to_tongxing(words[1:])
    command, rest = (words[2], words[3:]) if len(words) > 2 else ("--help", [])
    if command != "--help" and command not in COMMANDS:
        return command
    return unknown_to_tongxing([*_PASSED_ON[command], *rest]) if command in _PASSED_ON else ""


def unknown_to_tongxing(words: list[str]) -> str:
    """Follow the words of a command line through the real commands, without running them; the
    first that is not known."""
    context = click.Context(app, info_name="tongxing")
    for word in words:
        if re.fullmatch(r"-[0-9]+", word):
            continue  # an amount below zero
        if word.startswith("-"):
            option = word.partition("=")[0]
            known = {opt for p in context.command.get_params(context) for opt in p.opts}
            if option not in known:
                return f"{context.command_path} has no {option}"
        elif isinstance(context.command, click.Group):
            command = context.command.get_command(context, word)
            if command is None:
                return f"{context.command_path} has no {word}"
            context = click.Context(command, parent=context, info_name=word)
    return ""
