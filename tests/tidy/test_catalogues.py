"""Every string a person reads: in Chinese and in English, with the same values put in."""

import re
import tomllib
from collections.abc import Iterator
from string import Formatter

import click
import pytest
from tree import texts_with

from tongxing.cli.app import app
from tongxing.cli.arguments import argument_name
from tongxing.cli.common import Words
from tongxing.cli.shell import COMMON_OPTIONS, Command, words_of
from tongxing.kernel.reasons import all_reasons

_CHINESE = re.compile("[\u4e00-\u9fff]")
Text = tuple[str, dict[str, str]]


def catalogues() -> dict[str, dict[str, object]]:
    """Every catalogue: files named texts*.toml or lying in a folder named texts."""
    return {
        name: tomllib.loads(text)
        for name, text in texts_with(".toml")
        if name.startswith(("src/", "door/"))
        and (name.rpartition("/")[2].startswith("texts") or "/texts/" in name)
    }


def texts(table: dict[str, object], prefix: str) -> Iterator[Text]:
    for key, value in table.items():
        if not isinstance(value, dict):
            yield prefix, {name: str(text) for name, text in table.items()}
            return
        yield from texts(value, f"{prefix}.{key}")


ALL = {name: list(texts(table, "")) for name, table in catalogues().items()}


def test_there_are_catalogues() -> None:
    assert sum(len(found) for found in ALL.values()) > 50


def test_each_text_exists_in_both_languages() -> None:
    pairs = [(f"{name}{key}", entry) for name, found in ALL.items() for key, entry in found]
    assert [where for where, entry in pairs if not is_twin(entry)] == []


def test_each_reason_exists_in_both_languages() -> None:
    pairs = [
        (code, {"zh": chinese, "en": english})
        for code, entry in all_reasons().items()
        for chinese, english in (
            (entry.zh, entry.en),
            (entry.next_zh, entry.next_en),
            (entry.voice_zh, entry.voice_en),
        )
    ]
    assert not [(code, pair) for code, pair in pairs if not is_twin(pair)]


def test_the_rule_sees_a_text_that_is_not_translated() -> None:
    assert is_twin({"zh": "共 {count} 笔", "en": "{count} trips"})
    assert is_twin({"zh": "{value} km", "en": "{value} km"})
    assert not is_twin({"zh": "one trip", "en": "one trip"})
    assert not is_twin({"zh": "共 {count} 笔", "en": "{total} trips"})
    assert not is_twin({"zh": "一次出行", "en": ""})
    assert not is_twin({"zh": "一次出行"})


def test_every_command_and_every_option_explains_itself_in_both_languages() -> None:
    silent = [
        f"{context.command_path} {name}"
        for context in commands(click.Context(app, info_name="tongxing"))
        for name, key in told(context)
        if words_of(context)[0].find(key) is None
    ]
    assert not silent


def test_every_command_is_one_of_ours() -> None:
    """Only those take --lang, --json, --home and --dsn, and speak both languages."""
    found = list(commands(click.Context(app, info_name="tongxing")))
    assert not [
        context.command_path for context in found if not isinstance(context.command, Command)
    ]


def commands(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None, name
            yield from commands(click.Context(command, parent=context, info_name=name))


def told(context: click.Context) -> Iterator[tuple[str, str]]:
    prefix = words_of(context)[1]
    yield "", f"{prefix}help"
    for parameter in context.command.params:
        if parameter not in COMMON_OPTIONS:
            yield argument_name(parameter), f"{prefix}{parameter.name}"


def test_words_speak_the_language_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGXING_LANG", "zh")
    assert Words("app")("heading.commands") == "命令："
    monkeypatch.setenv("TONGXING_LANG", "en")
    assert Words("app")("heading.commands") == "Commands:"


def is_twin(entry: dict[str, str]) -> bool:
    """Whether a text is there in both languages (or in neither), with the same values put in."""
    if set(entry) != {"zh", "en"}:
        return False
    chinese, english = entry["zh"], entry["en"]
    if not chinese.strip() or not english.strip():
        return chinese == english == ""
    return values_of(chinese) == values_of(english) and is_chinese(chinese)


def values_of(text: str) -> set[str]:
    """The names of the values put into a text.

    ``detail_zh`` and ``detail_en`` are one value told in two languages; a relief of ``percent`` is
    told in Chinese as the ``tenths`` that are left to pay (9折).
    """
    fields = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
    bare = {name.removesuffix("_zh").removesuffix("_en") for name in fields}
    return {"percent" if name == "tenths" else name for name in bare}


def is_chinese(text: str) -> bool:
    """It has Chinese letters, unless nothing in it is a word (a unit, a sign, a value)."""
    words = re.sub(r"\{[^}]*\}", "", text)
    return bool(_CHINESE.search(words)) or not re.search("[A-Za-z]{3}", words)
