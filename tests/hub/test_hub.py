"""The clearing house over a real database: windows closed, carried members, money conserved."""

from collections import defaultdict
from datetime import timedelta
from random import Random

import pytest
from hub_world import (
    DAY,
    HUB_KEYS,
    MEMBERS,
    A,
    B,
    World,
    make_world,
    opened,
    revised,
    ride,
    verdicts,
    void,
)
from msgspec.structs import replace

from tongxing.hub import HubStore, Member, WindowClosing, prove_hub
from tongxing.hub.windows import WindowState
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import IssuerDetail, Record, Share, Statement, unseal
from tongxing.storage import Database

NEXT = DAY + timedelta(days=1)
MORNING_S = at(NEXT, 6)
CUTOFF_S = at(NEXT, 12)
WINDOW = "W20260318"


def closed(world: World, window: str = WINDOW, now_s: int = CUTOFF_S) -> WindowClosing:
    closing = world.hub.close_window(window, now_s)
    assert isinstance(closing, WindowClosing), closing
    return closing


def statement(closing: WindowClosing, member: str) -> Statement:
    found = unseal(closing.statements[member], Statement, HUB_KEYS)
    assert not isinstance(found, Refusal)
    return found[1]


def positions(world: World, window: str = WINDOW) -> dict[str, int]:
    with world.store.reading() as cursor:
        rows = cursor.execute(
            "SELECT member, net_fen FROM member_position WHERE window_id = %s ORDER BY 1", (window,)
        )
        return {str(member): int(net_fen) for member, net_fen in rows}


THE_DAY = [
    ride("r1"),
    ride("r2", where="S2-S8", charge_fen=360),
    ride("r3", issuer=B, charge_fen=500),
    ride("r4", where="bus", charge_fen=180),
    ride("r6", issuer=B, where="bus", charge_fen=160),
    ride("r12", issuer=B, where="S1-S5", charge_fen=300, day=DAY - timedelta(days=2)),
]


def test_a_day_from_the_files_to_the_statements(world: World) -> None:
    """450 + 360 of A's own, 500 + 300 of B's passengers on A's metro (fee 8 = 4+2+2), 180 of A's
    on B's bus (exact 1.80: fee 2 = 1+1+0), 160 of B's own."""
    world.present(THE_DAY, MORNING_S)
    closing = closed(world)
    assert closing.state is WindowState.CLOSED
    assert positions(world) == {
        "ACQ-990100": -(450 + 360 + 500 + 300) + 6,
        "ACQ-990200": -(180 + 160) + 1,
        "ISS-990100": 450 + 360 + 180 - 1,
        "ISS-990200": 500 + 300 + 160 - 4,
    }
    metro = statement(closing, "ACQ-990100")
    assert [
        (line.counterparty, line.kind, line.count, line.amount_fen) for line in metro.lines
    ] == [
        ("HUB", "fee", 2, -2),
        ("ISS-990100", "trips", 2, 810),
        ("ISS-990200", "trips", 2, 800),
        ("ISS-990200", "fee", 2, -4),
    ]
    assert (metro.net_fen, metro.fee_income_fen) == (1604, 2)
    assert metro.operator_fees == [Share("OP1", 6), Share("OP2", 2)]
    assert metro.operator_payouts == [Share("OP1", 270 + 295 + 300 + 300 - 6), Share("OP2", 443)]
    home = statement(closing, "ISS-990100")
    assert [(line.counterparty, line.kind, line.amount_fen) for line in home.lines] == [
        ("ACQ-990100", "trips", -810),
        ("ACQ-990200", "trips", -180),
        ("ACQ-990200", "fee", 1),
    ]
    assert (home.net_fen, home.fee_income_fen, home.operator_payouts) == (-989, 1, [])


def test_an_issuer_is_told_of_its_passengers_in_other_cities_only(world: World) -> None:
    world.present(THE_DAY, MORNING_S)
    details = closed(world).issuer_details
    assert sorted(details) == ["ISS-990100", "ISS-990200"]
    found = unseal(details["ISS-990200"], IssuerDetail, HUB_KEYS)
    assert not isinstance(found, Refusal)
    assert [record.record_id for record in found[1].records] == ["r12.1", "r3.1"]
    assert found[1].records[1] == THE_DAY[2]


def test_closing_again_gives_the_same_bytes(world: World) -> None:
    world.present(THE_DAY, MORNING_S)
    first = closed(world)
    again = closed(world, now_s=CUTOFF_S + 86_400)
    assert again == first
    assert world.hub.closing(WINDOW) == first
    assert first.texts("zh").keys() == first.texts("en").keys() == {m.member_id for m in MEMBERS}


def test_two_hubs_with_the_same_files_give_the_same_bytes(world: World, database: Database) -> None:
    twin = make_world(database, schema="hub_twin")
    for there in (world, twin):
        there.present(THE_DAY, MORNING_S)
    assert closed(world) == closed(twin)
    twin.hub.close()


def test_an_empty_window_closes_and_owes_nothing(world: World) -> None:
    closing = closed(world)
    assert closing.state is WindowState.SETTLED
    assert closing.payments == () and closing.issuer_details == {}
    assert {statement(closing, member.member_id).net_fen for member in MEMBERS} == {0}


def test_a_window_does_not_close_before_its_time_nor_out_of_turn(world: World) -> None:
    world.present(THE_DAY, MORNING_S)
    for window, now_s, code in (
        (WINDOW, CUTOFF_S - 1, "WINDOW_NOT_DUE"),
        ("W20260319", CUTOFF_S + 86_400, "WINDOW_ORDER"),
        ("W20261332", CUTOFF_S, "WINDOW_ID"),
    ):
        refusal = world.hub.close_window(window, now_s)
        assert isinstance(refusal, Refusal) and refusal.code == code
    unknown = world.hub.closing(WINDOW)
    assert isinstance(unknown, Refusal) and unknown.code == "WINDOW_UNKNOWN"


def test_a_file_that_comes_after_the_closing_is_of_the_next_window(world: World) -> None:
    """Even one that says it was complete a second before the cut-off: the hub had closed."""
    closed(world)
    late = world.present([ride("r1")], CUTOFF_S - 1)
    assert late.window_id == "W20260319"
    next_window = closed(world, "W20260319", CUTOFF_S + 86_400)
    assert statement(next_window, "ACQ-990100").net_fen == 450


def test_a_suspended_member_s_records_wait_and_enter_when_it_is_back(world: World) -> None:
    assert world.hub.suspend("ISS-990200", MORNING_S) is None
    answer = world.present([ride("r1"), ride("r3", issuer=B, charge_fen=500)], MORNING_S)
    assert verdicts(answer) == {"r1.1": "accepted 0000", "r3.1": "held 1019"}
    assert statement(closed(world), "ACQ-990100").net_fen == 450
    released = world.hub.reinstate("ISS-990200", CUTOFF_S + 60)
    assert not isinstance(released, Refusal)
    told = opened(released["ACQ-990100"])
    assert (told.window_id, verdicts(told)) == ("W20260319", {"r3.1": "accepted 0000"})
    assert told.verdicts[0].shares == [Share("OP1", 300), Share("OP2", 200)]
    assert world.hub.reinstate("ISS-990200", CUTOFF_S + 61) == {}
    next_window = closed(world, "W20260319", CUTOFF_S + 86_400)
    assert statement(next_window, "ISS-990200").net_fen == -500 + 3


def test_nobody_suspends_a_stranger(world: World) -> None:
    for answer in (world.hub.suspend("ISS-1", 0), world.hub.reinstate("ISS-1", 0)):
        assert isinstance(answer, Refusal) and answer.code == "MEMBER_UNKNOWN"


def test_members_join_once_and_keep_their_particulars(world: World) -> None:
    assert world.hub.enrol(MEMBERS, 0) is None
    newcomer = Member("ISS-990300", "issuer", "990300", "丙市", "City C")
    changed = Member("ISS-990100", "issuer", "990100", "别名", "Other name")
    refusal = world.hub.enrol([newcomer, changed], 0)
    assert isinstance(refusal, Refusal) and refusal.code == "MEMBER_CONFLICT"
    assert "ISS-990300" not in closed(world).statements
    assert world.hub.enrol([newcomer], 0) is None
    assert "ISS-990300" in closed(world, "W20260319", CUTOFF_S + 86_400).statements


def test_revisions_across_windows_net_their_differences(world: World) -> None:
    """A half trip at the highest fare, its exit a day later, and at last nothing at all."""
    half = ride("h1", issuer=B, how="missing_exit", charge_fen=900)
    whole = revised(
        half, 450, how="both_taps", fare_fen=500, destination="S9", exited_s=half.entered_s + 1_800
    )
    gone = void(whole)
    nets = []
    for days, record in enumerate([half, whole, gone]):
        answer = world.present([record], MORNING_S + days * 86_400)
        assert answer.verdicts[0].status == "accepted"
        window = f"W202603{18 + days}"
        nets.append(statement(closed(world, window, CUTOFF_S + days * 86_400), "ACQ-990100"))
    assert [item.lines[-2].amount_fen for item in nets] == [900, -450, -450]
    assert [item.operator_payouts for item in nets] == [
        [Share("OP1", 891)],
        [Share("OP1", -630 + 4), Share("OP2", 180)],
        [Share("OP1", -270 + 2), Share("OP2", -180 + 2)],
    ]


def test_a_trip_handed_over_inside_a_file_frees_its_tap_in_the_books(world: World) -> None:
    whole = ride("entry")
    orphan = replace(ride("orphan", how="missing_entry", charge_fen=900), taps=[whole.taps[1]])
    world.present([orphan], MORNING_S)
    answer = world.present([whole, void(orphan)], MORNING_S + 60)
    assert set(verdicts(answer).values()) == {"accepted 0000"}
    twin = replace(whole, trip_id="twin", record_id="twin.1")
    assert verdicts(world.present([twin], MORNING_S + 120)) == {"twin.1": "rejected 1002"}
    assert statement(closed(world), "ACQ-990100").net_fen == 450


def any_day(random: Random) -> list[list[Record]]:
    """The files of one day in the order in which they must be presented per acquirer: new trips,
    then revisions of some of them, and copies of anything."""
    first, second, copies = [], [], []
    for number in range(60):
        home, where = random.choice([A, B]), random.choice(["S1-S9", "S2-S8", "S1-S5", "bus"])
        charge_fen = random.randrange(0, 180)
        record = ride(f"t{number:02d}", issuer=home, where=where, charge_fen=charge_fen)
        first.append(record)
        if random.random() < 0.3:
            second.append(revised(record, random.randrange(0, 180)))
        if random.random() < 0.2:
            copies.append(record)
    return [first, second, copies]


def expected_positions(records: list[Record]) -> dict[tuple[str, str], int]:
    """What each acquirer is owed by each issuer: the last charge of every trip."""
    last = {record.trip_id: record for record in sorted(records, key=lambda r: r.revision)}
    owed: dict[tuple[str, str], int] = defaultdict(int)
    for record in last.values():
        owed[record.issuer, record.acquirer] += record.charge_fen
    return owed


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_arrival_and_any_copies_give_the_same_money(
    world: World, database: Database, seed: int
) -> None:
    """Truth 6: the same records in other files, shuffled inside them, copied, and presented twice,
    net to the same positions; and these are what the trips cost at last."""
    random = Random(seed)
    first, second, copies = any_day(random)
    plain = [*first, *second]
    world.present(plain, MORNING_S)
    closed(world)
    twin = make_world(database, schema="hub_twin")
    shuffled = random.sample(first, len(first))
    cut = random.randrange(1, len(shuffled))
    for batch in (
        shuffled[:cut],
        shuffled[cut:],
        random.sample(second + copies, len(second + copies)),
    ):
        twin.present(batch, MORNING_S + random.randrange(3_600))
    closed(twin)
    assert positions(twin) == positions(world)
    with world.store.reading() as cursor:
        rows = cursor.execute("SELECT issuer, acquirer, delta_fen FROM pair_net").fetchall()
    found = {(issuer, acquirer): int(fen) for issuer, acquirer, fen in rows if fen}
    assert found == {pair: fen for pair, fen in expected_positions(plain).items() if fen}
    for there in (world, twin):
        with there.store.reading() as cursor:
            assert all(proof.holds for proof in prove_hub(cursor))
    twin.hub.close()


def test_a_file_of_thousands_is_answered_in_its_own_order(world: World) -> None:
    records = [ride(f"t{number:04d}", charge_fen=number % 400) for number in range(3_000)]
    answer = world.present(records[::-1], MORNING_S)
    assert [item.record_id for item in answer.verdicts] == [r.record_id for r in records[::-1]]
    assert statement(closed(world), "ACQ-990100").net_fen == sum(r.charge_fen for r in records)


def test_a_second_hub_waits_for_the_first(world: World, database: Database) -> None:
    """Two processes on one schema: each change is alone, and both see what the other did."""
    other = make_world(database)
    other.senders = world.senders
    world.present([ride("r1")], MORNING_S)
    other.present([ride("r2", where="S2-S8", charge_fen=360)], MORNING_S + 60)
    assert closed(world) == closed(other)
    assert statement(closed(other), "ACQ-990100").net_fen == 810
    other.hub.close()


def test_the_tables_are_made_once(database: Database) -> None:
    for _ in range(2):
        HubStore(database).close()
