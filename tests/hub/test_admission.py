"""Admission: every verdict the evidence of this hub can lead to, one line each."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest
from hub_world import (
    BY_ID,
    DAY,
    RULES,
    A,
    B,
    PlainGround,
    revised,
    ride,
    rows_of,
    void,
)
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tongxing.hub.admission import Judgement, judge
from tongxing.hub.checks import Case, Standing
from tongxing.hub.rows import Row
from tongxing.hub.verdicts import code_table, verdict_code
from tongxing.kernel.clock import at
from tongxing.messages import Record, Share, TapRef

MORNING_AFTER_S = at(DAY + timedelta(days=1), 6)


def judged(
    records: Sequence[Record | Row],
    *,
    known: Sequence[Judgement] = (),
    received_s: int = MORNING_AFTER_S,
    suspended: Sequence[str] = (),
    ground: PlainGround | None = None,
) -> list[Judgement]:
    """The judgements of one file of City A, after the rows in `known` were judged earlier."""
    rows = [row if isinstance(row, Row) else rows_of([row])[0] for row in records]
    rows = [replace(row, number=number) for number, row in enumerate(rows, start=1)]
    standing = [item.standing for item in known if item.standing is not None]
    case = Case(
        sender=BY_ID["ACQ-990100"],
        members=BY_ID,
        suspended=frozenset(suspended),
        rules=RULES,
        ground=ground or PlainGround(),
        received_s=received_s,
        known={item.record_id: item for item in standing},
        holders=holders_after(known),
    )
    return judge(rows, case)


def holders_after(known: Sequence[Judgement]) -> dict[str, str]:
    """Which trip holds which tap once these rows stand."""
    last: dict[str, Standing] = {}
    for item in known:
        if item.standing is not None and item.row.record is not None:
            last[item.row.record.trip_id] = item.standing
    return {claim: trip for trip, standing in last.items() for claim in standing.claims}


def answers(judgements: Sequence[Judgement]) -> list[str]:
    return [f"{item.status} {item.code}" for item in judgements]


ROUND_TRIP = ride("t1")
PAST = DAY - timedelta(days=1)

# One changed thing, and the verdict it leads to. Everything else of the record is in order.
CHANGES: list[tuple[str, Callable[[Record], Record], str]] = [
    ("nothing", lambda r: r, "accepted 0000"),
    ("paired by the account", lambda r: replace(r, how="paired_by_account"), "accepted 0010"),
    ("a half trip", lambda r: ride("t1", how="missing_exit", charge_fen=900), "accepted 0012"),
    ("the other half", lambda r: ride("t1", how="missing_entry", charge_fen=900), "accepted 0012"),
    ("a free ride", lambda r: replace(r, charge_fen=0, delta_fen=0), "accepted 0000"),
    ("record id not trip and revision", lambda r: replace(r, record_id="t1.2"), "rejected 1006"),
    ("revision 0", lambda r: replace(r, record_id="t1.0", revision=0), "rejected 1006"),
    ("no taps", lambda r: replace(r, taps=[]), "rejected 1006"),
    ("one tap twice", lambda r: replace(r, taps=[r.taps[0]] * 2), "rejected 1006"),
    ("tap number 0", lambda r: replace(r, taps=[TapRef("G-1", 1, 0)]), "rejected 1006"),
    ("a name with a space", lambda r: replace(r, medium_no="3104 9900"), "rejected 1006"),
    ("a full-width digit", lambda r: replace(r, medium_no="３104990000"), "rejected 1006"),
    ("an empty name", lambda r: replace(r, scheme=""), "rejected 1006"),
    ("a name too long", lambda r: replace(r, origin="S" * 65), "rejected 1006"),
    ("a terminal with a NUL", lambda r: replace(r, taps=[TapRef("G\0", 1, 1)]), "rejected 1006"),
    ("milliseconds", lambda r: replace(r, exited_s=r.exited_s * 1000), "rejected 1006"),
    ("exit before entry", lambda r: replace(r, exited_s=r.entered_s - 1), "rejected 1006"),
    ("before there were networks", lambda r: replace(r, entered_s=1), "rejected 1006"),
    ("an amount beyond reason", lambda r: replace(r, charge_fen=10**18), "rejected 1006"),
    ("delta is not the charge", lambda r: replace(r, delta_fen=449), "rejected 1006"),
    ("a number without end", lambda r: replace(r, fare_fen=10**18), "rejected 1006"),
    ("a number below everything", lambda r: replace(r, delta_fen=-(10**18)), "rejected 1006"),
    ("a void from nothing", lambda r: replace(r, how="void", charge_fen=0), "rejected 1006"),
    ("somebody else's record", lambda r: replace(r, acquirer="ACQ-990200"), "rejected 1006"),
    ("a ride in another city", lambda r: replace(r, city=B), "rejected 1006"),
    ("an issuer nobody knows", lambda r: replace(r, issuer="ISS-990900"), "rejected 1006"),
    ("an acquirer as issuer", lambda r: replace(r, issuer="ACQ-990200"), "rejected 1006"),
    ("an unknown mode", lambda r: replace(r, mode="balloon"), "rejected 1004"),
    ("a ride of tomorrow", lambda r: ride("t1", day=DAY + timedelta(days=2)), "held 1016"),
    ("a negative charge", lambda r: replace(r, charge_fen=-1, delta_fen=-1), "held 1007"),
    ("above its fare", lambda r: replace(r, charge_fen=501, delta_fen=501), "held 1007"),
    (
        "above the limit",
        lambda r: replace(r, fare_fen=30_001, charge_fen=30_001, delta_fen=30_001),
        "held 1007",
    ),
    ("another fare than the tariff's", lambda r: replace(r, fare_fen=501), "held 1007"),
    ("another tariff", lambda r: replace(r, tariff="T0"), "held 1007"),
    ("a line that is not there", lambda r: replace(r, line="M7"), "held 1012"),
    ("a line of another operator", lambda r: replace(r, operator="OP2"), "held 1012"),
]


@pytest.mark.parametrize(("what", "change", "verdict"), CHANGES, ids=[row[0] for row in CHANGES])
def test_one_thing_decides(what: str, change: Callable[[Record], Record], verdict: str) -> None:
    assert answers(judged([change(ROUND_TRIP)])) == [verdict]


# day of the ride   arrives         verdict          why
LATENESS = """
2026-03-17          03-18 06:00     accepted 0000    the next morning
2026-03-17          03-18 23:59     accepted 0000    still T+1
2026-03-16          03-18 06:00     accepted 0015    T+2 gets a mark
2026-03-15          03-18 09:00     accepted 0015    the worked day's R012
2026-03-08          03-18 23:59     accepted 0015    T+10 is the last
2026-03-07          03-18 00:00     rejected 1005    T+11 is too late
"""


@pytest.mark.parametrize("case", LATENESS.strip().splitlines())
def test_lateness_counts_days_from_the_business_day(case: str) -> None:
    day, arrives_day, arrives_time, status, code, *_ = case.split()
    hour, minute = arrives_time.split(":")
    received_s = at(date.fromisoformat(f"2026-{arrives_day}"), int(hour), int(minute))
    record = ride("t1", day=date.fromisoformat(day))
    assert answers(judged([record], received_s=received_s)) == [f"{status} {code}"]


def test_a_ride_after_midnight_is_of_the_evening_before() -> None:
    """00:30 on the 17th belongs to the 16th: two days before the 18th."""
    night = ride("t1", hour=0)
    assert answers(judged([night])) == ["accepted 0015"]


def test_money_that_goes_back_is_taken_until_the_recovery_limit() -> None:
    first = judged([ROUND_TRIP])
    for days, expected in ((11, "accepted 0015"), (60, "accepted 0015"), (61, "rejected 1005")):
        received_s = at(DAY + timedelta(days=days), 6)
        back = judged([revised(ROUND_TRIP, 400)], known=first, received_s=received_s)
        more = judged([revised(ROUND_TRIP, 460)], known=first, received_s=received_s)
        assert answers(back) == [expected]
        assert answers(more) == ["rejected 1005"]


def test_a_revision_that_moves_nothing_is_taken_for_ten_days_alone() -> None:
    """It gives nothing back, so there is no passenger for whom it would be taken later."""
    first, same = judged([ROUND_TRIP]), revised(ROUND_TRIP, ROUND_TRIP.charge_fen)
    assert same.delta_fen == 0
    for days, expected in ((10, "accepted 0015"), (11, "rejected 1005")):
        received_s = at(DAY + timedelta(days=days), 6)
        assert answers(judged([same], known=first, received_s=received_s)) == [expected]


def test_soft_codes_add_up_and_the_lowest_is_shown() -> None:
    late_half = ride("t1", how="missing_exit", charge_fen=900, day=PAST)
    (judgement,) = judged([late_half])
    assert judgement.codes == ("0012", "0015")
    assert judgement.verdict().code == "0012"


def test_a_hold_keeps_its_soft_codes_and_a_hard_code_beats_a_hold() -> None:
    held = replace(ride("t1", day=PAST), line="M7")
    (judgement,) = judged([held])
    assert (judgement.status, judgement.codes) == ("held", ("1012", "0015"))
    hopeless = replace(held, fare_fen=501, delta_fen=1)
    assert answers(judged([hopeless])) == ["rejected 1006"]


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        ("", "accepted 0000"),
        ("MODE_NOT_IN_SCHEME", "rejected 1015"),
        ("PLACE_LEFT", "held 1017"),
        ("PLACE_NOT_YET", "held 1017"),
    ],
)
def test_acceptance_is_judged_by_the_lists(reason: str, verdict: str) -> None:
    ground = PlainGround(closed={("t_union", A): reason})
    assert answers(judged([ROUND_TRIP], ground=ground)) == [verdict]


def test_a_suspended_member_s_records_are_carried() -> None:
    (judgement,) = judged([ROUND_TRIP], suspended=["ISS-990100"])
    assert (judgement.status, judgement.code) == ("carried", "1019")
    assert judgement.verdict().status == "held"
    assert judgement.standing is not None
    assert answers(judged([replace(ROUND_TRIP, line="M7")], suspended=["ISS-990100"])) == [
        "held 1012"
    ]


# What stands before the file, the file, and its answers: each trip's revisions by charge.
def test_a_trip_is_revised_step_by_step() -> None:
    one = ROUND_TRIP
    two = revised(one, 400)
    three = void(two)
    again = revised(three, 450, fare_fen=500, how="both_taps")
    assert answers(judged([one, two, three, again])) == ["accepted 0000"] * 4


def test_the_rows_of_a_file_may_come_in_any_order() -> None:
    one = ROUND_TRIP
    two = revised(one, 400)
    forward, backward = judged([one, two]), judged([two, one])
    assert answers(forward) == answers(backward) == ["accepted 0000"] * 2
    assert forward[1].shares == backward[0].shares == (Share("OP1", -30), Share("OP2", -20))


def test_a_revision_needs_the_one_before_it() -> None:
    two = revised(ROUND_TRIP, 400)
    assert answers(judged([two])) == ["rejected 1006"]
    assert answers(judged([two], known=judged([ROUND_TRIP]))) == ["accepted 0000"]
    assert answers(judged([replace(two, delta_fen=-49)], known=judged([ROUND_TRIP]))) == [
        "rejected 1006"
    ]
    rejected = replace(ROUND_TRIP, mode="balloon")
    assert answers(judged([rejected, two])) == ["rejected 1004", "rejected 1006"]


def test_a_revision_of_a_held_record_waits_with_it() -> None:
    held = replace(ROUND_TRIP, line="M7")
    two = revised(held, 400)
    first = judged([held])
    assert answers(judged([replace(two, line="M1")], known=first)) == ["held 1012"]


def test_a_revision_keeps_its_issuer() -> None:
    moved = replace(revised(ROUND_TRIP, 400), issuer="ISS-990200")
    assert answers(judged([moved], known=judged([ROUND_TRIP]))) == ["rejected 1006"]


# charges of a trip's revisions in one file (its fare is 500), and the answers
HISTORIES = """
-1000 450           accepted 0000 | accepted 0000
600 450             accepted 0000 | accepted 0000
-1000 9000 450      accepted 0000 | accepted 0000 | accepted 0000
-1000 600           held 1007 | held 1007
-1000               held 1007
450 600             accepted 0000 | held 1007
450 -1000 600       accepted 0000 | held 1007 | held 1007
"""


@pytest.mark.parametrize("case", HISTORIES.strip().splitlines())
def test_what_a_later_row_of_the_file_supersedes_need_not_be_plausible(case: str) -> None:
    """Taps that came out of order may have made a trip look odd for a while; only what it costs at
    the end of the file moves money."""
    charges = [int(word) for word in case[:20].split()]
    record = replace(ROUND_TRIP, charge_fen=charges[0], delta_fen=charges[0])
    records = [record]
    for charge_fen in charges[1:]:
        records.append(revised(records[-1], charge_fen))
    expected = [part.strip() for part in case[20:].split("|")]
    assert answers(judged(records)) == expected
    assert answers(judged(records[::-1]))[::-1] == expected


def test_history_is_judged_for_itself_when_what_follows_is_refused() -> None:
    odd = replace(ROUND_TRIP, charge_fen=-1_000, delta_fen=-1_000)
    wrong = replace(revised(odd, 450), delta_fen=1)
    assert answers(judged([odd, wrong])) == ["held 1007", "rejected 1006"]
    elsewhere = replace(revised(odd, 450), line="M7")
    assert answers(judged([odd, elsewhere])) == ["held 1007", "held 1007"]


def test_a_record_counts_once() -> None:
    first = judged([ROUND_TRIP])
    assert answers(judged([ROUND_TRIP], known=first)) == ["rejected 1002"]
    assert answers(judged([ROUND_TRIP, ROUND_TRIP])) == ["accepted 0000", "rejected 1002"]


def test_the_same_record_with_other_content_is_frozen_for_a_person() -> None:
    other = replace(ROUND_TRIP, medium_no="3104990000099999")
    (judgement,) = judged([other], known=judged([ROUND_TRIP]))
    assert answers([judgement]) == ["held 1020"]
    assert judgement.verdict().bearer == "case"
    assert judgement.standing is None


def test_a_tap_pays_for_one_trip() -> None:
    twin = replace(ROUND_TRIP, trip_id="t9", record_id="t9.1")
    assert answers(judged([twin], known=judged([ROUND_TRIP]))) == ["rejected 1002"]
    assert answers(judged([ROUND_TRIP, twin])) == ["accepted 0000", "rejected 1002"]
    assert answers(judged([twin, ROUND_TRIP])) == ["accepted 0000", "rejected 1002"]


def test_a_late_entry_takes_over_the_exit_of_a_half_trip() -> None:
    """An exit stood alone at the highest fare; its entry arrives late. The half trip is withdrawn
    and the whole trip takes its tap, in whatever order the two rows come."""
    whole = ride("entry")
    orphan = replace(ride("orphan", how="missing_entry", charge_fen=900), taps=[whole.taps[1]])
    stands = judged([orphan])
    for rows in ([void(orphan), whole], [whole, void(orphan)]):
        assert answers(judged(rows, known=stands)) == ["accepted 0000"] * 2
    assert answers(judged([whole], known=stands)) == ["rejected 1002"]


def test_a_refused_withdrawal_gives_the_tap_back() -> None:
    """The void is not in order, so the half trip stands and the whole trip may not have its tap."""
    whole = ride("entry")
    orphan = replace(ride("orphan", how="missing_entry", charge_fen=900), taps=[whole.taps[1]])
    wrong = replace(void(orphan), delta_fen=-899)
    assert answers(judged([wrong, whole], known=judged([orphan]))) == [
        "rejected 1006",
        "rejected 1002",
    ]


def test_a_purse_s_next_tap_collects_one_half_trip_and_begins_the_next_ride() -> None:
    next_ride = ride("next")
    half = ride("half", how="missing_exit", charge_fen=900)
    half = replace(half, taps=[*half.taps, next_ride.taps[0]])
    assert answers(judged([half, next_ride])) == ["accepted 0012", "accepted 0000"]


def test_a_line_that_is_no_record_gets_a_verdict_of_its_own() -> None:
    fault = Row(2, "#2", b"{", None, "truncated")
    judgements = judged([ROUND_TRIP, fault, ride("t2")])
    assert answers(judgements) == ["accepted 0000", "rejected 1006", "accepted 0000"]
    assert [item.verdict().record_id for item in judgements] == ["t1.1", "#2", "t2.1"]


def test_every_code_of_the_table_is_told_in_both_languages() -> None:
    for code, entry in code_table().items():
        assert len(code) == 4 and code.isdigit()
        assert entry.zh and entry.en and entry.zh != entry.en
        assert entry.bearer in ("cardholder", "issuer", "acquirer", "nobody", "case")
    assert verdict_code("1002").bearer == "nobody"
    with pytest.raises(KeyError):
        verdict_code("4711")


@st.composite
def a_file(draw: st.DrawFn) -> list[Record]:
    """Trips with revisions, some of them copied, in any order."""
    found: list[Record] = []
    for number in range(draw(st.integers(1, 4))):
        where = draw(st.sampled_from(["S1-S9", "S2-S8", "S1-S5"]))
        record = ride(f"t{number}", where=where, charge_fen=draw(st.integers(0, 300)))
        found.append(record)
        for _ in range(draw(st.integers(0, 2))):
            record = revised(record, draw(st.integers(0, 300)))
            found.append(record)
    copies = draw(st.lists(st.sampled_from(found), max_size=3))
    order: list[Record] = draw(st.permutations([*found, *copies]))
    return order


@given(a_file())
def test_whatever_the_order_the_money_is_that_of_each_trip_s_last_revision(
    records: list[Record],
) -> None:
    judgements = judged(records)
    last: dict[str, Record] = {}
    for record in records:
        if record.revision >= last.get(record.trip_id, record).revision:
            last[record.trip_id] = record
    accepted = [item for item in judgements if item.status == "accepted"]
    assert len(accepted) == len({record.record_id for record in records})
    total = sum(share.share_fen for item in accepted for share in item.shares)
    assert total == sum(record.charge_fen for record in last.values())
