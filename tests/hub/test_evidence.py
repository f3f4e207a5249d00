"""Admission by what others say: registers, lists, words, trials; who bears each verdict."""

from collections.abc import Callable
from datetime import date, timedelta
from importlib.resources import files

import pytest
from hub_world import BY_ID, DAY, RULES, A, B, PlainGround, ride, rows_of
from msgspec.structs import replace

from tongxing.hub.admission import Judgement, judge
from tongxing.hub.checks import Case
from tongxing.hub.evidence import CardFacts, Evidence, Fault, Terminal
from tongxing.hub.liability import (
    CityListing,
    Denial,
    city_case,
    deny_case,
    deny_rule,
    liability_tables,
    read_tables,
    table_on,
)
from tongxing.kernel.clock import at
from tongxing.messages import Record

RIDE = ride("t1", issuer=B)
CARD = RIDE.medium_no
TABLE = liability_tables()[-1]


def judged(*records: Record, evidence: Evidence) -> list[Judgement]:
    case = Case(
        sender=BY_ID["ACQ-990100"],
        members=BY_ID,
        suspended=frozenset(),
        rules=RULES,
        ground=PlainGround(),
        received_s=at(DAY + timedelta(days=1), 6),
        known={},
        holders={},
        evidence=evidence,
    )
    return judge(rows_of(records), case)


def one(record: Record, **evidence: object) -> str:
    (judgement,) = judged(record, evidence=Evidence(**evidence))  # the fields are Evidence's own
    verdict = judgement.verdict()
    return f"{verdict.status} {verdict.code} {verdict.bearer}"


def registered(**changes: object) -> dict[str, tuple[Terminal, ...]]:
    fields = {"acquirer": "ACQ-990100", "operator": "OP1", "line": "M1", **changes}
    return {RIDE.taps[0].terminal_id: (Terminal(**fields),)}


NOON = at(DAY, 12)
TAP_S = RIDE.entered_s
CASES: list[tuple[str, Callable[[], dict[str, object]], str]] = [
    ("nobody says anything", dict, "accepted 0000 cardholder"),
    ("a TAC is wrong", lambda: {"signatures": {"t1.1": Fault("1001")}}, "held 1001 acquirer"),
    (
        "a code is replayed",
        lambda: {"signatures": {"t1.1": Fault("1018")}},
        "rejected 1018 acquirer",
    ),
    ("its issuer objects", lambda: {"issuer_words": {"t1.1": Fault("1003")}}, "held 1003 issuer"),
    ("a person looks", lambda: {"issuer_words": {"t1.1": Fault("1099")}}, "held 1099 case"),
    ("a card nobody knows", lambda: {"cards": {}}, "held 1008 acquirer"),
    ("a known card", lambda: {"cards": {CARD: CardFacts()}}, "accepted 0000 cardholder"),
    ("good that day", lambda: {"cards": {CARD: CardFacts(DAY)}}, "accepted 0000 cardholder"),
    (
        "good until the day before",
        lambda: {"cards": {CARD: CardFacts(DAY - timedelta(days=1))}},
        "rejected 1010 acquirer",
    ),
    ("closed at the tap", lambda: {"cards": {CARD: CardFacts(None, TAP_S)}}, "held 1003 issuer"),
    (
        "closed a second later",
        lambda: {"cards": {CARD: CardFacts(None, TAP_S + 1)}},
        "accepted 0000 cardholder",
    ),
    ("a registered terminal", lambda: {"terminals": registered()}, "accepted 0000 cardholder"),
    ("a terminal nobody registered", lambda: {"terminals": {}}, "held 1012 acquirer"),
    (
        "another's terminal",
        lambda: {"terminals": registered(acquirer="ACQ-990200")},
        "held 1012 acquirer",
    ),
    (
        "at another operator",
        lambda: {"terminals": registered(operator="OP2")},
        "held 1012 acquirer",
    ),
    ("on another line", lambda: {"terminals": registered(line="M2")}, "held 1012 acquirer"),
    (
        "not yet in use",
        lambda: {"terminals": registered(first_on=DAY + timedelta(days=1))},
        "held 1012 acquirer",
    ),
    (
        "no longer in use",
        lambda: {"terminals": registered(last_on=DAY - timedelta(days=1))},
        "held 1012 acquirer",
    ),
    ("its last day", lambda: {"terminals": registered(last_on=DAY)}, "accepted 0000 cardholder"),
    (
        "reported after the tap",
        lambda: {"denials": {CARD: Denial(TAP_S + 1, TAP_S + 60, 5, 5)}},
        "accepted 0000 cardholder",
    ),
    (
        "reported at the tap",
        lambda: {"denials": {CARD: Denial(TAP_S, TAP_S + 60, 5, 5)}},
        "accepted 0009 issuer",
    ),
    (
        "the last second of grace",
        lambda: {"denials": {CARD: Denial(TAP_S - 90_000, TAP_S - 86_399, 5, 5)}},
        "accepted 0009 issuer",
    ),
    (
        "the first second after it, under an older list",
        lambda: {"denials": {CARD: Denial(TAP_S - 90_000, TAP_S - 86_400, 5, 5)}},
        "rejected 1009 acquirer",
    ),
    (
        "under a list that should have named it",
        lambda: {"denials": {CARD: Denial(TAP_S - 90_000, TAP_S - 86_400, 1, 2)}},
        "accepted 0009 issuer",
    ),
    (
        "a card without a name",
        lambda: {"denials": {CARD: Denial(TAP_S - 90_000, TAP_S - 86_400, 5, 5, True)}},
        "accepted 0000 cardholder",
    ),
    (
        "before its city joined",
        lambda: {"city_lists": {B: CityListing(DAY + timedelta(days=1))}},
        "held 1017 acquirer",
    ),
    (
        "six days after its city left",
        lambda: {"city_lists": {B: CityListing(date(2018, 1, 1), DAY - timedelta(days=6), 3)}},
        "accepted 0000 cardholder",
    ),
    (
        "seven days after",
        lambda: {"city_lists": {B: CityListing(date(2018, 1, 1), DAY - timedelta(days=7), 3)}},
        "held 1017 acquirer",
    ),
]


@pytest.mark.parametrize(("what", "evidence", "verdict"), CASES, ids=[case[0] for case in CASES])
def test_one_thing_said_decides(
    what: str, evidence: Callable[[], dict[str, object]], verdict: str
) -> None:
    assert one(RIDE, **evidence()) == verdict


def test_at_home_no_city_list_is_asked() -> None:
    left = CityListing(date(2018, 1, 1), date(2019, 1, 1), 3)
    assert one(ride("t1"), city_lists={A: left}) == "accepted 0000 cardholder"


def test_a_ride_of_a_trial_is_told_apart_before_anything_else() -> None:
    on_trial = replace(RIDE, is_test=True, issuer="ISS-990900", mode="balloon")
    assert one(on_trial) == "rejected 1013 cardholder"


def test_soft_codes_of_others_add_up_and_a_hard_one_wins() -> None:
    late = ride("t1", issuer=B, day=DAY - timedelta(days=1), how="paired_by_account")
    denials = {CARD: Denial(late.entered_s, late.entered_s + 60, 5, 5)}
    (judgement,) = judged(late, evidence=Evidence(denials=denials))
    assert judgement.codes == ("0009", "0010", "0015")
    assert judgement.verdict().bearer == "issuer"
    (held,) = judged(late, evidence=Evidence(denials=denials, cards={}))
    assert held.codes == ("1008", "0009", "0010", "0015")
    hard = Evidence(denials=denials, cards={CARD: CardFacts(date(2020, 1, 1))})
    (rejected,) = judged(late, evidence=hard)
    assert (rejected.status, rejected.codes) == ("rejected", ("1010", "0010", "0015"))
    assert rejected.verdict().code == "1010", "what would be found after it is not asked"


def test_one_bad_row_never_stops_its_file() -> None:
    rows = [ride(f"t{number}", issuer=B) for number in range(5)]
    evidence = Evidence(signatures={"t2.1": Fault("1001")}, issuer_words={"t3.1": Fault("1018")})
    answers = [item.verdict().status for item in judged(*rows, evidence=evidence)]
    assert answers == ["accepted", "accepted", "held", "rejected", "accepted"]


# what the record proves (0: nothing) · entry on list 5, really named from 7
@pytest.mark.parametrize(
    ("proven", "case"),
    [(0, "unproven"), (4, "older_list"), (5, "list_wrong"), (6, "list_wrong"), (7, "had_it")],
)
def test_the_list_that_a_record_proves_decides_after_the_grace(proven: int, case: str) -> None:
    denial = Denial(TAP_S - 200_000, TAP_S - 100_000, 5, 7)
    assert deny_case(denial, TAP_S, proven, TABLE) == case


@pytest.mark.parametrize(
    ("proven", "case"),
    [(0, "left_unproven"), (2, "left_older_list"), (3, "left_had_it")],
)
def test_the_city_list_likewise(proven: int, case: str) -> None:
    listing = CityListing(date(2018, 1, 1), DAY - timedelta(days=30), 3)
    assert city_case(listing, DAY, proven, TABLE) == case


def test_a_tap_is_judged_by_the_table_of_its_day() -> None:
    """A kinder table from April changes nothing of a ride in March."""
    later = replace(
        TABLE,
        version="2026.2",
        valid_from=date(2026, 4, 1),
        deny=replace(TABLE.deny, propagation_hours=48),
    )
    tables = (TABLE, later)
    assert table_on(date(2026, 3, 31), tables) is TABLE
    assert table_on(date(2026, 4, 1), tables) is later
    assert table_on(date(2000, 1, 1), tables) is TABLE
    denials = {CARD: Denial(TAP_S - 200_000, TAP_S - 100_000, 5, 5)}
    assert one(RIDE, denials=denials, liability=tables) == "rejected 1009 acquirer"
    in_april = TAP_S + 20 * 86_400
    denial = Denial(in_april - 200_000, in_april - 100_000, 5, 5)
    assert deny_rule(denial, in_april, 0, tables)[0] == "in_grace"
    assert deny_rule(denial, in_april, 0, (TABLE,))[0] == "unproven"


def test_a_table_without_a_case_is_no_table() -> None:
    text = _table_text()
    assert read_tables(text) == liability_tables()
    for wrong in (
        text.replace('name = "had_it"', 'name = "in_grace"'),
        text.replace('name = "leaving"', 'name = "going"'),
        text.replace('code = "0009"', 'code = "9999"'),
        text.replace('bearer = "issuer"', 'bearer = "nobody at all"'),
    ):
        assert wrong != text
        with pytest.raises(ValueError):
            read_tables(wrong)


def _table_text() -> str:
    return files("tongxing.hub.data").joinpath("liability.toml").read_text(encoding="utf-8")
