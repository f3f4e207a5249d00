"""What holds for old M1 cards: dated data, read strictly, the same for gates and counters."""

from datetime import date, timedelta

import pytest

from tongxing.kernel.reasons import reason
from tongxing.network.legacy import (
    LEGACY,
    LegacyAction,
    legacy_objection,
    load_legacy,
    read_legacy,
)
from tongxing.network.registry import load_registry

EVERY = """
[[terms]]
scheme = ""
city = ""
from = 2000-01-01
balance_max_fen = 20000
charge_max_fen = 2000
source = "a"
certain = true
"""
NONE = "[refused]\n"


def more(scheme: str, city: str, begins: str, rest: str) -> str:
    head = f'[[terms]]\nscheme="{scheme}"\ncity="{city}"\nfrom={begins}\n'
    return f'{head}source="{scheme}{city}{begins}"\ncertain=false\n{rest}\n'


@pytest.mark.req("R-304")
def test_city_union_has_an_end_and_other_schemes_have_none_yet() -> None:
    union = load_legacy().terms("city_union", "310000", date(2026, 3, 17))
    assert union.accepted_until == date(2018, 12, 31)
    assert (union.source, union.certain) == ("cityunion_list", False)
    assert union.accepts_on(date(2018, 12, 31)) and not union.accepts_on(date(2019, 1, 1))
    local = load_legacy().terms("local:500000", "500000", date(2026, 3, 17))
    assert local.accepted_until is None and local.accepts_on(date.max)


def test_every_source_is_one_of_the_registrys_or_says_that_it_is_our_choice() -> None:
    named = {row.source for row in load_legacy().rows} - {"our_choice"}
    assert named and named <= set(load_registry().sources)


def test_the_narrower_table_speaks_where_it_says_anything() -> None:
    book = read_legacy(
        (
            EVERY
            + more("s", "", "2000-01-01", "charge_max_fen=1000\naccepted_until=2030-01-01")
            + more("", "c", "2000-01-01", "charge_max_fen=900\naccepted_until=2025-01-01")
            + more("s", "c", "2010-01-01", "balance_max_fen=5\naccepted_until=2020-01-01")
            + more("s", "c", "2015-01-01", "accepted_until=2016-01-01")
            + NONE
        ).encode()
    )
    day = date(2012, 1, 1)
    found = {
        owner: (terms.balance_max_fen, terms.charge_max_fen, str(terms.accepted_until))
        for owner in (("x", "x"), ("s", "x"), ("x", "c"), ("s", "c"))
        for terms in [book.terms(*owner, day)]
    }
    assert found == {
        ("x", "x"): (20_000, 2_000, "None"),
        ("s", "x"): (20_000, 1_000, "2030-01-01"),
        ("x", "c"): (20_000, 900, "2025-01-01"),
        ("s", "c"): (5, 900, "2020-01-01"),
    }
    changes = date(2015, 1, 1)
    before, after = (book.terms("s", "c", day) for day in (changes - timedelta(days=1), changes))
    assert before.accepted_until == date(2020, 1, 1)
    assert (after.accepted_until, after.balance_max_fen) == (date(2016, 1, 1), 5)
    assert book.terms("s", "c", date(2009, 12, 31)).balance_max_fen == 20_000
    assert book.terms("s", "c", date(1999, 1, 1)) == book.terms("x", "x", day)


@pytest.mark.parametrize(
    "text",
    [
        NONE,
        "terms = []\n" + NONE,
        EVERY,
        EVERY.replace("20000", "0") + NONE,
        EVERY.replace("2000\n", "-1\n") + NONE,
        EVERY.replace("20000", '"much"') + NONE,
        EVERY.replace("charge_max_fen", "charge_max") + NONE,
        EVERY.replace("charge_max_fen = 2000", "") + NONE,
        EVERY.replace("2000-01-01", "2000-13-01") + NONE,
        EVERY + EVERY + NONE,
        EVERY + NONE + 'bind = "NO_SUCH_REASON"\n',
        EVERY + NONE + 'sell = "LEGACY_BIND_REFUSED"\n',
    ],
)
def test_a_file_that_is_wrong_is_not_read(text: str) -> None:
    with pytest.raises(ValueError):
        read_legacy(text.encode())


ACTIONS: list[LegacyAction] = ["bind", "top_up", "refund", "upgrade_in_place", "become_replacement"]


@pytest.mark.req("R-303")
@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_is_done_with_an_old_card_but_riding(action: LegacyAction) -> None:
    refusal = legacy_objection(action, LEGACY, "here")
    assert refusal is not None and refusal.where == "here"
    assert "CPU" in reason(refusal.code).next_en
    assert legacy_objection(action, "proven", "here") is None


def test_an_action_that_the_data_does_not_name_is_open() -> None:
    assert read_legacy((EVERY + NONE).encode()).objection("bind", LEGACY) is None
