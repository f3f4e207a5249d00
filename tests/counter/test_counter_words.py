"""The counter's words: none is missing, none left over, and closed lists have all their names."""

import re
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest

from tongxing.city.losing.disputing import STATES
from tongxing.city.loss_terms import Outcome
from tongxing.city.people.terms import people_terms
from tongxing.city.store.binding import Channel, Step
from tongxing.counter.words import PACKAGE, Words
from tongxing.web.words import catalogue_of

_DIRECT = re.compile(r"""\b(?:t|text)\(\s*['"]([a-z0-9_.]+)['"]\s*(~)?""")
_GROUPED = re.compile(r"""\bcoded\(\s*['"]([a-z_.]+)['"]""")
_ANY = re.compile(r"""['"]([a-z_]+(?:\.[a-z0-9_]+)+)['"]""")
NOW_S = 1_800_000_000


def sources() -> str:
    root = files(PACKAGE)
    found = [
        *files("tongxing.web").iterdir(), *files("tongxing.web").joinpath("templates").iterdir(),
        *root.iterdir(), *root.joinpath("pages").iterdir(), *root.joinpath("templates").iterdir(),
    ]  # fmt: skip
    return "\n".join(
        item.read_text(encoding="utf-8") for item in found if item.name.endswith((".py", ".html"))
    )


def test_every_text_that_is_asked_for_exists() -> None:
    known = catalogue_of(PACKAGE).entries.keys() | catalogue_of("tongxing.web").entries.keys()
    asked = {key for key, more in _DIRECT.findall(sources()) if not more}
    assert len(asked) > 200
    assert not asked - known


def test_no_text_is_left_over() -> None:
    text = sources()
    groups = tuple(key for key, more in _DIRECT.findall(text) if more)
    groups += tuple(f"{group}." for group in _GROUPED.findall(text))
    groups += ("act.",)  # the parts of what is noted
    told = set(_ANY.findall(text)) | {key for key, _ in _DIRECT.findall(text)}
    entries = catalogue_of(PACKAGE).entries
    assert not [key for key in entries if key not in told and not key.startswith(groups)]


LISTS = {
    "bind_way": get_args(Channel),
    "step": get_args(Step),
    "dispute_state": tuple(STATES),
    "dispute_step": tuple(STATES["open"]),
    "dispute_outcome": get_args(Outcome),
    "relation": people_terms("500000", NOW_S).relations,
    "purpose": people_terms("500000", NOW_S).lookup_purposes,
    "about": people_terms("500000", NOW_S).feedback_about,
    "channel": ("alipay", "wechat"),
    "look": ("quota", "misses", "same_person"),
    "refund": ("set_aside", "asked"),
    "halves_end": ("entry", "exit"),
}


@pytest.mark.parametrize("group", LISTS)
def test_every_code_of_a_closed_list_has_a_name(group: str) -> None:
    assert LISTS[group]
    known = catalogue_of(PACKAGE).entries
    assert not [code for code in LISTS[group] if f"{group}.{code}" not in known]


@pytest.mark.parametrize(
    ("act", "zh", "en"),
    [
        ("sign_in", "登录", "signed in"),
        ("bind:sign:alipay", "卡码一体 · 签约 · 支付宝", "binding · signed · Alipay"),
        ("ticket::", "单程票", "single ticket"),
        ("what:nobody:knows", "what · nobody · knows", "what · nobody · knows"),
    ],
)
def test_what_was_done_is_told_in_words(act: str, zh: str, en: str) -> None:
    assert (Words("zh").act(act), Words("en").act(act)) == (zh, en)


def test_every_act_that_is_noted_begins_with_a_word() -> None:
    """Acts are named in the sources as the third argument of `noted`, or in a row of acts."""
    source = Path(str(files("tongxing")))
    code = "\n".join(
        file.read_text("utf-8")
        for room in ("counter", "city")
        for file in source.joinpath(room).rglob("*.py")
    )
    named = re.findall(r'noted\(\s*\w+,\s*who,\s*f?"(\w+)', code)
    named += re.findall(r'ActRow\(now_s, \w+, "(\w+)"', code)
    named += re.findall(r'note\(cursor, by, "(\w+)"', code)
    assert len(named) > 20
    lacking = {name for name in named if f"act.{name}" not in catalogue_of(PACKAGE).entries}
    assert not lacking
