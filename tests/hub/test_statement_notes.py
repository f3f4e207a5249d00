"""What statements say beside their money, in a real window: totals, marks, what waits and how long.

City A's terminals are registered, so rides at others wait (1012). Everything is as of the cut-off:
a window that is closed late, after more was done, hands out the same bytes.
"""

import csv
import re
from datetime import timedelta
from io import StringIO

import pytest
from hub_world import BY_ID, DAY, HUB_KEY, RULES, B, World, make_world, ride
from msgspec.structs import replace
from test_purses import signed
from test_registers import ACQ, ISS, NEXT, START_S, gate_of, terminals, told

from tongxing.hub.closing import HELD, MARKS, PAGE, WindowClosing
from tongxing.hub.holding import HoldingDesk
from tongxing.hub.note_words import SHOWN
from tongxing.hub.notes import Waits, notes_by_member
from tongxing.hub.reserves import ReserveDesk
from tongxing.hub.statements import in_words
from tongxing.hub.verdicts import code_table
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.kernel.texts import load_catalogue
from tongxing.messages import Statement
from tongxing.storage import Database

WINDOW, CUTOFF_S = "W20260318", at(NEXT, 12)
LATE = DAY - timedelta(days=2)


def filled(world: World) -> None:
    """Taken at six: a ride in order, two late ones, one completed by rule and late, one of a trial,
    two on hold; a reserve with a payment before and one in this window."""
    desk = ReserveDesk(world.store)
    assert desk.set_terms(ISS, DAY, "weekly", 200, "wang", START_S) is None
    assert desk.paid_in(ISS, 300, "LINE-1", at(DAY, 11)) is None
    assert not isinstance(world.hub.close_window("W20260317", at(DAY, 12)), bytes)
    assert desk.paid_in(ISS, 500, "LINE-2", at(NEXT, 5)) is None
    names = ("ok", "late1", "late2", "half", "trial")
    told(world, ACQ, terminals(1, *map(gate_of, names)))
    foreign = ride("no2", issuer=B, charge_fen=500)
    world.present(
        [
            ride("ok"),
            ride("late1", day=LATE),
            ride("late2", issuer=B, charge_fen=500, day=LATE),
            ride("half", charge_fen=900, how="missing_exit", day=LATE),
            replace(ride("trial"), is_test=True),
            ride("no1"),
            foreign,
        ],
        at(NEXT, 6),
    )


def closed(world: World, now_s: int = CUTOFF_S) -> WindowClosing:
    found = world.hub.close_window(WINDOW, now_s)
    assert isinstance(found, WindowClosing), found
    return found


ACQUIRER = """\
Totals
Item | Records | Amount (CNY)
to receive | 23.00
to pay | 0.04
rides of trials | 1 | 4.50
records on hold | 2 | 9.50
Rides of trials and records on hold are no part of the position.
Records with a mark
Counterparty | Code | Records | Amount (CNY)
City A issuer | 0012 half trip completed by rule | 1 | 9.00
City A issuer | 0015 late, inside the limit | 2 | 13.50
City B issuer | 0015 late, inside the limit | 1 | 5.00
These records are in the money; the code says what is special about them. One may have several.
Records on hold
Record | Counterparty | Code | Evidence until | Amount (CNY)
no1.1 | City A issuer | 1012 terminal, line and operator do not match | 2026-03-28 12:00:00 | 4.50
no2.1 | City B issuer | 1012 terminal, line and operator do not match | 2026-03-28 12:00:00 | 5.00
What nobody has proven by then is void, and moves no money.
"""


def plainly(text: str) -> str:
    """A text without rules and empty lines, a bar between columns."""
    lines = [re.sub(" {2,}", " | ", line) for line in text.splitlines() if line.strip("-")]
    return "\n".join(lines) + "\n"


@pytest.mark.req("R-200")
def test_a_statement_lists_totals_marks_and_what_waits_until_when(world: World) -> None:
    filled(world)
    papers = closed(world)
    text = papers.texts("en")[ACQ]
    assert plainly(text[text.index("Totals") :]) == ACQUIRER
    issuer = plainly(papers.texts("zh")[ISS])
    assert "测试行程 | 1 | -4.50\n" in issuer
    assert "备付金变动 | 5.00\n备付金余额 | 8.00\n" in issuer
    assert papers.documents[MARKS][f"ISS-{B}"].decode().splitlines() == [
        "window,member,counterparty,code,code_name_zh,code_name_en,records,amount_fen",
        f'W20260318,ISS-{B},{ACQ},0015,迟到上传,"late, inside the limit",1,-500',
    ]
    (row,) = csv.DictReader(StringIO(papers.documents[HELD][f"ISS-{B}"].decode(), newline=""))
    assert row["code_name_zh"] == code_table()["1012"].zh
    told_of = [row[name] for name in ("record", "counterparty", "codes", "amount_fen")]
    assert told_of == ["no2.1", ACQ, "1012", "-500"]
    assert (row["since"], row["until"]) == ("2026-03-18", "2026-03-28 12:00:00")
    assert f"ACQ-{B}" not in papers.documents[MARKS], "who has none gets no empty table"
    page = papers.documents[PAGE + "zh"][ACQ].decode()
    assert "<h2>挂起的记录</h2>" in page and "<td>no1.1</td>" in page


def test_a_window_that_is_closed_late_says_the_same(database: Database) -> None:
    """One is closed at its cut-off. In the other a record was proven, another voided, a late file
    came and a reserve was paid in before somebody closed it at two."""
    papers = []
    for schema in ("one", "other"):
        world = make_world(database, schema)
        filled(world)
        if schema == "other":
            desk = HoldingDesk(world.store, HUB_KEY, RULES)
            for name, proves in (("no1.1", True), ("no2.1", False)):
                at_s = CUTOFF_S + 600
                assert isinstance(desk.decide(name, proves, "wang", "letter 7", at_s), bytes)
            assert ReserveDesk(world.store).paid_in(ISS, 9, "LINE-3", CUTOFF_S + 60) is None
            world.present([ride("after"), ride("ok2", day=LATE)], CUTOFF_S + 30)
        papers.append(closed(world, CUTOFF_S + 7_200).documents)
        world.hub.close()
    assert papers[0] == papers[1]


def test_what_ended_before_the_cutoff_waits_no_more(world: World) -> None:
    filled(world)
    desk = HoldingDesk(world.store, HUB_KEY, RULES)
    assert isinstance(desk.decide("no1.1", True, "wang", "letter 7", CUTOFF_S - 60), bytes)
    held = closed(world).documents[HELD][ACQ].decode()
    assert "no2.1" in held and "no1.1" not in held


def test_since_when_a_record_waits_and_what_waits_in_a_case_instead(world: World) -> None:
    """A ride is frozen when its purse forks; one of an earlier window waits in its case, also when
    that was decided before somebody closed the window."""
    netted, clone = signed("t1", 40, 5_000), signed("t2", 40, 5_000, serial=99)
    fresh, other = signed("t3", 50, 4_000), signed("t4", 50, 4_000, serial=99)
    world.present([netted], at(NEXT, 6))
    closed(world)
    world.present([fresh], at(NEXT, 13))
    world.present([clone, other], at(NEXT, 23))
    cutoff_s = at(NEXT + timedelta(days=1), 12)
    desk = HoldingDesk(world.store, HUB_KEY, RULES)
    assert not isinstance(desk.decide("t1.1", True, "wang", "seen", cutoff_s + 60), Refusal)
    later = world.hub.close_window("W20260319", cutoff_s + 600)
    assert isinstance(later, WindowClosing)
    rows = csv.DictReader(StringIO(later.documents[HELD][ACQ].decode(), newline=""))
    since = {row["record"]: row["since"] for row in rows}
    assert since == dict.fromkeys(("t2.1", "t3.1", "t4.1"), "2026-03-18")


def test_what_ends_first_stands_first_and_a_page_ends_somewhere() -> None:
    waiting = [Waits(f"r{n}", ISS, "1012", 5, n, 1_000 - n) for n in range(SHOWN + 1)]
    notes = notes_by_member(BY_ID, {}, {ACQ: waiting}, {}, {})[ACQ]
    empty = Statement(
        window_id="W1",
        member=ACQ,
        cutoff_s=0,
        lines=[],
        net_fen=0,
        fee_income_fen=0,
        operator_fees=[],
        operator_payouts=[],
    )
    words = in_words(empty, BY_ID, "1", "en", load_catalogue("tongxing.hub"), notes)
    table, after = words.sections[-1].table, words.sections[-1].after
    assert len(table.rows) == SHOWN and table.rows[0][0] == f"r{SHOWN}"
    assert after[-1] == "There are 1 more in held.csv."
