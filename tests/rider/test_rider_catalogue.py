"""The passenger's words: none is missing, none left over, and closed lists have all their names."""

import re
from importlib.resources import files
from typing import get_args

import pytest

from tongxing.city.explaining import Change
from tongxing.city.losing.values import ClaimState, DisputeState, LossState, Side
from tongxing.city.money.refunding import RefundOutcome
from tongxing.city.money.store.orders import OrderState
from tongxing.city.money.store.refunds import RefundHow
from tongxing.city.people.terms import people_terms
from tongxing.city.store.binding import Channel
from tongxing.fares.rules import Period
from tongxing.kernel.reasons import all_reasons
from tongxing.kernel.texts import load_catalogue
from tongxing.messages.records import How
from tongxing.messages.taps import MediumKind
from tongxing.network.registry import load_registry
from tongxing.network.reports import State
from tongxing.partners.alipay import AlipayChannel
from tongxing.partners.wechat import WechatChannel
from tongxing.rider.pages import helping, upgrading
from tongxing.rider.pages.me import ABOUTS
from tongxing.rider.statuses import ERROR_STATUS, FORM_STATUS
from tongxing.rider.words import PACKAGE, Words, catalogue
from tongxing.web.words import catalogue_of

_DIRECT = re.compile(r"""\b(?:t|text)\(\s*['"]([a-z0-9_.]+)['"]\s*(~)?""")
_GROUPED = re.compile(r"""\bcoded\(\s*['"]([a-z_.]+)['"]""")
_ANY = re.compile(r"""['"]([a-z]+(?:\.[a-z0-9_]+)+)['"]""")
_BY_CODE = ("date.", "notice.", "code.type.", "code.page.", "list.")
RATES = ("central_urban", "county_town")


def sources() -> str:
    root = files(PACKAGE)
    found = [
        *files("tongxing.web").iterdir(),
        *files("tongxing.web").joinpath("templates").iterdir(),
        *root.iterdir(),
        *root.joinpath("pages").iterdir(),
        *root.joinpath("templates").iterdir(),
    ]
    return "\n".join(
        item.read_text(encoding="utf-8") for item in found if item.name.endswith((".py", ".html"))
    )


def test_every_text_that_is_asked_for_exists() -> None:
    asked = {key for key, more in _DIRECT.findall(sources()) if not more}
    assert len(asked) > 300
    assert not asked - (catalogue().entries.keys() | catalogue_of("tongxing.web").entries.keys())


def test_what_forms_of_every_face_share_stands_once() -> None:
    macro = re.compile(r"{% macro (\w+)\(")
    shared = files("tongxing.web").joinpath("templates/forms.html").read_text(encoding="utf-8")
    own = files(PACKAGE).joinpath("templates/parts.html").read_text(encoding="utf-8")
    assert not set(macro.findall(shared)) & set(macro.findall(own))
    assert not catalogue_of("tongxing.web").entries.keys() & catalogue().entries.keys()


def test_no_text_is_left_over() -> None:
    text = sources()
    groups = tuple(key for key, more in _DIRECT.findall(text) if more)
    groups += tuple(f"{group}." for group in _GROUPED.findall(text))
    told = set(_ANY.findall(text)) | {key for key, _ in _DIRECT.findall(text)}
    assert not [
        key
        for key in catalogue().entries
        if key not in told and not key.startswith((*groups, *_BY_CODE))
    ]


LISTS = {
    "how": get_args(How),
    "why": ["first", "taps", "ends", "medium", "tariff", "memory", "void", "again"],
    "medium": get_args(MediumKind),
    "orderkind": ["top_up", "debit"],
    "orderstate": get_args(OrderState),
    "order.title": get_args(OrderState),
    "refundhow": get_args(RefundHow),
    "refundstate": get_args(RefundOutcome),
    "refund.state": get_args(RefundOutcome),
    "refund.state_text": get_args(RefundOutcome),
    "refund.why": ["held", "frozen", "no_way_back"],
    "loss": get_args(LossState),
    "loss.state_text": ["found_again", "replaced"],
    "bears": get_args(Side),
    "dispute": get_args(DisputeState),
    "claim": get_args(ClaimState),
    "relation": people_terms("500000", 0).relations,
    "about": ABOUTS,
    "bind.way": get_args(Channel),
    "bind.way_text": get_args(Channel),
    "bars.reached": get_args(Period),
    "where.state": get_args(State),
    "channel": ["alipay", "wechat"],
    "where.part": RATES,
}


@pytest.mark.parametrize("group", LISTS)
def test_every_code_of_a_closed_list_has_a_name(group: str) -> None:
    assert LISTS[group]
    missing = [code for code in LISTS[group] if f"{group}.{code}" not in catalogue().entries]
    assert not missing


def test_lists_that_are_written_down_here_are_those_of_their_rooms() -> None:
    assert Change.__doc__ is not None
    told = set(re.findall(r'"([a-z]+)"', Change.__doc__))
    assert told == set(LISTS["why"])
    assert set(ABOUTS) == set(people_terms("500000", 0).feedback_about)
    assert {AlipayChannel.__module__, WechatChannel.__module__} == {
        f"tongxing.partners.{name}" for name in LISTS["channel"]
    }
    registry = load_registry()
    rates = [
        rate
        for entry in registry.rows_of("city_union")
        for rate in registry.visitor_rates("city_union", entry.place)
    ]
    assert {rate.part for rate in rates} - {"all"} <= set(RATES)


def test_every_kind_of_notice_has_words() -> None:
    """What other rooms tell people: found in their code, looked up in the catalogues."""
    told = re.compile(r"""(?:notify|tell)\(\s*(?:cursor|[\w.]+),\s*[\w.]+,\s*"([a-z_]+)\"""")
    kinds = set()
    for room in ("people", "money", "losing", "binding", "upgrading"):
        for item in files("tongxing.city").joinpath(room).iterdir():
            if item.name.endswith(".py"):
                kinds |= set(told.findall(item.read_text(encoding="utf-8")))
    kinds |= {"paid_in", "paid_late", "debited", "refund_done", "refund_failed", "card_bound",
              "card_released", "dispute_back", "dispute_released"}  # fmt: skip
    assert {"mandate_signed", "help_begun", "loss_reported"} <= kinds
    people = load_catalogue("tongxing.city.people", "data/texts.toml").entries
    known = catalogue().entries.keys() | people.keys()
    assert not [kind for kind in kinds if f"notice.{kind}" not in known]


def test_a_notice_says_times_and_amounts_as_people_do() -> None:
    words = Words("en")
    values = {"card": "4000****0017", "effective_s": 1_773_720_060}
    said = words.notice("loss_reported", values)
    assert said == (
        "4000****0017 is reported lost; from Tue 17 Mar 2026, 12:01 the issuer bears what is"
        " ridden."
    )
    assert "kite" in words.notice("kite", {})
    assert "…" in words.notice("loss_reported", {})


@pytest.mark.parametrize(
    ("rate_bp", "zh", "en"),
    [(9_000, "9 折", "10 % off"), (7_000, "7 折", "30 % off"), (9_500, "9.5 折", "5 % off"),
     (8_550, "8.55 折", "14.5 % off"), (0, "免费", "free"), (10_000, "原价", "full fare")],
)  # fmt: skip
def test_a_share_is_said_as_people_say_it(rate_bp: int, zh: str, en: str) -> None:
    assert (Words("zh").share(rate_bp), Words("en").share(rate_bp)) == (zh, en)


def test_pages_name_only_reasons_that_somebody_gives() -> None:
    """A code that no desk knows decides nothing: the status and the field would be others."""
    written = set(re.findall(r'"([A-Z]{2,}(?:_[A-Z]+)+_?)"', sources()))
    assert {"OTP_SPEND_STOPPED", "IDENTITY_NOT_CONFIRMED", "TICK_MISSING"} <= written
    known = tuple(all_reasons())
    assert not [code for code in written if not any(one.startswith(code) for one in known)]
    for table in (FORM_STATUS, ERROR_STATUS, helping.FIELDS, upgrading.FIELDS):
        assert not table.keys() - set(known)
    assert FORM_STATUS["OTP_SPEND_STOPPED"] == 503


@pytest.mark.req("R-019")
def test_what_is_owed_is_told_by_a_word() -> None:
    assert str(Words("zh").balance(-250)) == '<span class="owed"><b>应付</b> ¥2.50</span>'
    assert "−" not in str(Words("en").balance(-250))
    assert str(Words("en").balance(250)) == "¥2.50"
