"""The console's words: none is missing, none left over, and closed lists have all their names."""

import hashlib
import re
import tomllib
from importlib.resources import files
from typing import get_args

import pytest

from tongxing.city.people.terms import people_terms
from tongxing.console.pages.settlement import PAPER_KINDS, PHASES
from tongxing.console.words import PACKAGE, Words, catalogue
from tongxing.fares import book_codes, load_book
from tongxing.hub.settlement import PaymentState
from tongxing.hub.verdicts import code_table
from tongxing.hub.windows import WindowState
from tongxing.kernel.reasons import all_reasons
from tongxing.kernel.texts import load_catalogue
from tongxing.messages.records import How
from tongxing.messages.taps import Funding, MediumKind, TapKind

_DIRECT = re.compile(r"""\b(?:t|text)\(\s*['"]([a-z0-9_.]+)['"]\s*(~)?""")
_GROUPED = re.compile(r"""\bcoded\(\s*['"]([a-z_.]+)['"]""")
_ANY = re.compile(r"""['"]([a-z_]+(?:\.[a-z0-9_]+)+)['"]""")
_BY_CODE = ("anybody.", "account.", "owed.")  # looked up by a key that is put together in code


def sources() -> str:
    root = files(PACKAGE)
    found = [
        *files("tongxing.web").iterdir(),
        *root.iterdir(),
        *root.joinpath("pages").iterdir(),
        *root.joinpath("templates").iterdir(),
    ]
    names = (".py", ".html")
    return "\n".join(
        item.read_text(encoding="utf-8") for item in found if item.name.endswith(names)
    )


def test_every_text_that_is_asked_for_exists() -> None:
    entries = catalogue().entries
    asked = {key for key, more in _DIRECT.findall(sources()) if not more}
    hub_words = {"statement.hub"}  # names.py asks the hub's own catalogue for it
    assert len(asked) > 150
    assert not asked - entries.keys() - hub_words


def test_no_text_is_left_over() -> None:
    text = sources()
    groups = tuple(key for key, more in _DIRECT.findall(text) if more)
    groups += tuple(f"{group}." for group in _GROUPED.findall(text))
    told = set(_ANY.findall(text)) | {key for key, _ in _DIRECT.findall(text)}
    stems = tuple(f"{key}." for key in told if key.startswith("overview.empty") or "empty" in key)
    assert not [
        key
        for key in catalogue().entries
        if key not in told and not key.startswith((*groups, *stems, *_BY_CODE))
    ]


LISTS = {
    "how": [*get_args(How), "revised"],
    "medium": get_args(MediumKind),
    "funding": get_args(Funding),
    "tapkind": get_args(TapKind),
    "outcome": ["opened", "refused"],
    "window": [state.value for state in WindowState],
    "paid": [state.value for state in PaymentState],
    "paper": PAPER_KINDS,
    "step": ["open", "netted", *(f"phase{phase}" for phase in PHASES)],
    "verdict.is": ["accepted", "held", "rejected", "carried"],
    "bearer": sorted({code.bearer for code in code_table().values()}),
    "line": ["trips", "fee"],
    "wrote": people_terms("500000", 0).feedback_about,
    "lookalert": ["quota", "misses", "same_person"],
    "creditkind": ["signed", "prepaid"],
    "posting": [
        *("charge", "charge_revised", "verdicts", "ridden_elsewhere", "fee", "settlement"),
        *("payout", "net_trips", "net_fee", "settle_in", "settle_out"),
    ],
}


@pytest.mark.parametrize("group", LISTS)
def test_every_code_of_a_closed_list_has_a_name(group: str) -> None:
    assert LISTS[group]
    missing = [code for code in LISTS[group] if f"{group}.{code}" not in catalogue().entries]
    assert not missing


def test_every_product_of_the_tariffs_has_a_name() -> None:
    products = {
        product
        for city in book_codes()
        for rule in load_book(city).rules.values()
        for product in rule.products
    }
    assert len(products) > 10
    assert not [name for name in products if f"product.{name}" not in catalogue().entries]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_reason_told_of_many_taps_has_no_empty_place(language: str) -> None:
    names = Words(language).names
    for code in all_reasons():
        assert "{" not in names.reason(code) + names.next_step(code)


def test_an_unknown_code_is_shown_as_it_is() -> None:
    names = Words("en").names
    assert names.coded("product", "kite") == "kite"
    assert names.reason("NO_SUCH_REASON") == "NO_SUCH_REASON"
    assert names.account("something:else") == "something:else"
    assert names.station("500000", "nowhere") == "nowhere"
    assert names.station("999999", "") == ""
    assert names.operator("OP-NONE") == "OP-NONE"


def test_names_come_from_the_registry_and_the_networks() -> None:
    english, chinese = Words("en").names, Words("zh").names
    assert (english.city("120000"), chinese.city("120000")) == ("Tianjin", "天津")
    assert english.station("500000", "chaotianmen") == "Chaotianmen"
    hub = load_catalogue("tongxing.hub")
    assert chinese.party("ISS-500000") == hub.text("member.issuer", "zh", city="重庆")
    assert english.party("HUB") == "Clearing house"
    assert chinese.account("due_op:OP-BJ-SUBWAY").startswith("应付 北京")
    assert (
        english.account_code("liab_purse:3105170000000000011") == "liab_purse:310517*********0011"
    )
    assert english.account_code("due_hub:W20260318") == "due_hub:W20260318"


def test_what_others_made_is_unchanged_and_named_with_its_licence() -> None:
    vendor = files(PACKAGE).joinpath("static/vendor")
    listed = tomllib.loads(vendor.joinpath("vendor.lock").read_text(encoding="utf-8"))["file"]
    for entry in listed:
        content = vendor.joinpath(entry["path"]).read_bytes()
        assert hashlib.sha512(content).hexdigest() == entry["sha512"], entry["path"]
        assert entry["version"] in content.decode("utf-8", "replace")
        assert vendor.joinpath(entry["licence_file"]).is_file() and entry["licence"]
    known = {entry[key] for entry in listed for key in ("path", "licence_file")}
    assert {item.name for item in vendor.iterdir()} == known | {"vendor.lock"}
