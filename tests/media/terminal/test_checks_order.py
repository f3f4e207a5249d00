"""The questions before a charge: each has one reason, and they are asked in one order."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files import (
    ACCOUNT_MARK,
    Management,
    PublicInfo,
    Transit,
    make_management,
    make_public_info,
    make_transit,
    parse_management,
    parse_public_info,
    parse_transit,
)
from tongxing.media.card.terminal import (
    CHECKS,
    DeniedChange,
    DeniedList,
    Issuer,
    Presented,
    Rules,
    denied_entry,
    first_refusal,
    make_denied,
    make_issuers,
)
from tongxing.media.card.terminal.lists import changed, newer

ISSUER, OURS = bytes.fromhex("99016900FFFFFFFF"), bytes.fromhex("19016900FFFFFFFF")
NUMBER, NOW = "3199010000000000013", "20260108173000"
NUMBER10 = bytes.fromhex("0" + NUMBER)
ENTRY = denied_entry(ISSUER, NUMBER10)


def public(version: int = 1, fci_data: bytes = b"\0\0", **days: date) -> PublicInfo:
    starts = days.get("starts", date(2026, 1, 1))
    expires = days.get("expires", date(2036, 12, 31))
    raw = make_public_info(ISSUER, NUMBER, starts, expires, version=version, fci_data=fci_data)
    found = parse_public_info(raw)
    assert isinstance(found, PublicInfo)
    return found


def broken_public(at: int, value: int) -> PublicInfo:
    raw = bytearray(public().raw)
    raw[at] = value
    found = parse_public_info(bytes(raw))
    assert isinstance(found, PublicInfo)
    return found


def management(interoperable: bool = True) -> Management:
    found = parse_management(make_management("1000", "1000", interoperable=interoperable))
    assert isinstance(found, Management)
    return found


def trip(
    status: int = 2, time: str = "20260108080000", lock: int = 0, ours: bytes = OURS
) -> Transit:
    raw = make_transit(status=status, entry_institution=ours, entry_time=time, lock=lock)
    found = parse_transit(raw)
    assert isinstance(found, Transit)
    return found


CARD = Presented(public(), management(), trip(), 5000)
RULES = Rules(
    issuers=make_issuers(3, [Issuer(bytes.fromhex("01011000")), Issuer(ISSUER[:4], ("319901",))]),
    denied=make_denied(9, []),
    home=frozenset({ISSUER[:4]}),
    institution=OURS,
    time=NOW,
    needed_fen=300,
    trip_max_s=4 * 3600,
)
VISITED = replace(RULES, home=frozenset({bytes.fromhex("01011000")}))
FAILING = [
    ("unfinished", "RECOVERY_WAITS", replace(CARD, waits=True), RULES),
    ("number", "CARD_NUMBER", replace(CARD, public=broken_public(10, 0x13)), RULES),
    ("number", "CARD_NUMBER", replace(CARD, public=broken_public(15, 0x0A)), RULES),
    ("days", "CARD_NOT_ACTIVE", replace(CARD, public=public(version=0)), RULES),
    ("days", "CARD_NOT_ACTIVE", replace(CARD, public=public(starts=date(2026, 1, 9))), RULES),
    ("days", "CARD_NOT_ACTIVE", replace(CARD, public=broken_public(22, 0x13)), RULES),
    ("days", "CARD_EXPIRED", replace(CARD, public=public(expires=date(2026, 1, 7))), RULES),
    ("days", "CARD_EXPIRED", replace(CARD, public=public(expires=date(2025, 1, 1))), RULES),
    ("issuer", "CARD_ISSUER_UNKNOWN", CARD, replace(RULES, issuers=make_issuers(1, []))),
    (
        "issuer",
        "CARD_ISSUER_MISMATCH",
        CARD,
        replace(RULES, issuers=make_issuers(4, [Issuer(ISSUER[:4], ("310517",))])),
    ),
    ("interoperable", "CARD_NOT_INTEROPERABLE", replace(CARD, management=None), VISITED),
    (
        "interoperable",
        "CARD_NOT_INTEROPERABLE",
        replace(CARD, management=management(interoperable=False)),
        VISITED,
    ),
    ("lock", "CARD_LOCKED", replace(CARD, transit=trip(lock=1)), RULES),
    ("lock", "CARD_LOCKED", replace(CARD, local_lock=1), RULES),
    ("elsewhere", "RIDE_OPEN_ELSEWHERE", replace(CARD, transit=trip(1, ours=ISSUER)), RULES),
    ("elsewhere", "RIDE_OPEN_ELSEWHERE", replace(CARD, transit=trip(3, ours=ISSUER)), RULES),
    ("balance", "INSUFFICIENT_BALANCE", replace(CARD, balance_fen=299), RULES),
    ("balance", "CARD_BALANCE_IMPLAUSIBLE", replace(CARD, balance_fen=0x80000000), RULES),
    ("balance", "CARD_BALANCE_IMPLAUSIBLE", replace(CARD, balance_fen=500_001), RULES),
    ("denied", "MEDIUM_DENIED", CARD, replace(RULES, denied=make_denied(1, [ENTRY]))),
    ("sequence", "ENTRY_TWICE", replace(CARD, transit=trip(1)), replace(RULES, step="entry")),
    ("sequence", "EXIT_WITHOUT_ENTRY", CARD, replace(RULES, step="exit")),
    ("sequence", "EXIT_WITHOUT_ENTRY", replace(CARD, transit=None), replace(RULES, step="exit")),
    ("sequence", "TRIP_OVERTIME", replace(CARD, transit=trip(1)), replace(RULES, step="exit")),
    (
        "sequence",
        "ENTRY_RECORD_INVALID",
        replace(CARD, transit=trip(1, time="")),
        replace(RULES, step="exit"),
    ),
    (
        "sequence",
        "ENTRY_RECORD_INVALID",
        replace(CARD, transit=trip(1, time="20260108173001")),
        replace(RULES, step="exit"),
    ),
]


@pytest.mark.parametrize(("name", "code", "card", "rules"), FAILING)
def test_a_card_that_fails_one_question_gets_its_reason(
    name: str, code: str, card: Presented, rules: Rules
) -> None:
    failed = first_refusal(card, rules)
    assert failed is not None
    assert (failed[0], failed[1].code) == (name, code)


def test_a_good_card_passes_them_all() -> None:
    assert first_refusal(CARD, RULES) is None
    assert first_refusal(CARD, VISITED) is None
    riding = replace(CARD, transit=trip(1, time="20260108140000"))
    assert first_refusal(riding, replace(RULES, step="exit")) is None
    assert first_refusal(CARD, replace(RULES, step="entry")) is None
    today = date(2026, 1, 8)
    one_day = replace(CARD, public=public(starts=today, expires=today))
    assert first_refusal(one_day, RULES) is None, "on its first and its last day"


def test_a_card_that_is_the_key_to_an_account_needs_no_money() -> None:
    account = replace(CARD, public=public(fci_data=ACCOUNT_MARK), balance_fen=0)
    assert first_refusal(account, RULES) is None


def test_every_question_has_a_failing_card_and_they_are_asked_in_the_order_of_the_book() -> None:
    assert list(CHECKS) == list(dict.fromkeys(name for name, *_ in FAILING))


@pytest.mark.parametrize("first", range(len(FAILING)))
def test_what_is_asked_first_is_answered_first(first: int) -> None:
    """A card on the black list that fails an earlier question too gets the earlier reason."""
    name, code, card, rules = FAILING[first]
    both = replace(rules, denied=make_denied(1, [ENTRY]))
    failed = first_refusal(card, both)
    later = list(CHECKS).index(name) > list(CHECKS).index("denied")
    assert failed is not None and failed[1].code == ("MEDIUM_DENIED" if later else code)


CARDS = st.binary(min_size=14, max_size=14)


@given(st.sets(CARDS, max_size=40), st.sets(CARDS, max_size=10))
def test_the_black_list_finds_its_cards_and_no_others(on: set[bytes], off: set[bytes]) -> None:
    listed = make_denied(1, on)
    assert len(listed) == len(on)
    assert all(entry in listed for entry in on)
    assert not any(entry in listed for entry in off - on)
    assert b"" not in listed and 7 not in listed


@given(st.sets(CARDS, max_size=20), st.sets(CARDS, max_size=20))
def test_a_change_leads_from_one_list_to_the_next(old: set[bytes], new: set[bytes]) -> None:
    before, after = make_denied(4, old), make_denied(5, new)
    change = DeniedChange(4, 5, tuple(new - old), tuple(old - new))
    assert changed(before, change) == after
    assert newer(before, after) == after


def code_of(found: DeniedList | Refusal) -> str:
    return found.code if isinstance(found, Refusal) else ""


def test_a_terminal_never_goes_back_to_an_older_list_or_over_a_gap() -> None:
    current = make_denied(4, [ENTRY])
    assert code_of(newer(current, make_denied(3, []))) == "LIST_ROLLBACK"
    assert code_of(newer(current, make_denied(4, []))) == "LIST_CHANGED"
    assert newer(current, make_denied(4, [ENTRY])) == current
    assert code_of(changed(current, DeniedChange(3, 4, (), (ENTRY,)))) == "LIST_ROLLBACK"
    assert code_of(changed(current, DeniedChange(3, 5, (), ()))) == "LIST_GAP"
    assert code_of(changed(current, DeniedChange(4, 5, (ENTRY,), ()))) == "LIST_GAP"
    assert code_of(changed(current, DeniedChange(4, 5, (), (bytes(14),)))) == "LIST_GAP"
    assert code_of(changed(current, DeniedChange(4, 5, (b"short",), ()))) == "LIST_GAP"


def test_a_list_is_made_of_whole_entries() -> None:
    with pytest.raises(ValueError, match="14 bytes"):
        make_denied(1, [b"123"])
    with pytest.raises(ValueError, match="4 bytes"):
        make_issuers(1, [Issuer(b"123")])
    with pytest.raises(ValueError, match="once"):
        make_issuers(1, [Issuer(b"1234"), Issuer(b"1234", ("319901",))])


def test_lists_do_not_print_card_numbers() -> None:
    shown = repr(make_denied(1, [ENTRY])) + repr(DeniedChange(1, 2, (ENTRY,), ())) + repr(CARD)
    assert "199010000000000013" not in shown
