"""The desk of a settlement day: one at a time, in order, again at will, never over other bytes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from day_world import CALLS_S, WINDOW, SettlementDay, deliveries, prepare
from hub_world import HUB_KEY, RULES, TRUSTED, PlainGround
from test_reconciling import camt_054
from test_returns import returning

from tongxing.hub import Hub, HubStore, Payment
from tongxing.hub.iso20022 import status_report
from tongxing.hub.reissuing import ReissueDesk
from tongxing.hub.running import ORDER, DayDesk, DayStatus, Folders, Step
from tongxing.hub.store.payments import load_payments
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

_CUT_THE_LOCK = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest.fixture
def day(database: Database, tmp_path: Path) -> SettlementDay:
    prepare(database)
    return SettlementDay(database, Folders(tmp_path / "hub"), deliveries())


@pytest.fixture
def store(day: SettlementDay) -> Iterator[HubStore]:
    found = HubStore(day.database)
    yield found
    found.close()


@pytest.fixture
def desk(day: SettlementDay, store: HubStore) -> DayDesk:
    return desk_over(store, day.folders)


def desk_over(store: HubStore, folders: Folders) -> DayDesk:
    hub = Hub(store, HUB_KEY, TRUSTED, RULES, PlainGround())
    return DayDesk(store, hub, HUB_KEY, TRUSTED, RULES, folders)


def worked(desk: DayDesk, call: int, *args: object) -> DayStatus:
    found = desk.work(CALLS_S[call], "night-shift", *args)
    assert isinstance(found, list), found
    return found[0]


def refused(desk: DayDesk, call: int, *args: object) -> str:
    found = desk.work(CALLS_S[call], "night-shift", *args)
    assert isinstance(found, Refusal), found
    assert found.message("zh") and found.next_step("en")
    return found.code


def done(status: DayStatus) -> list[str]:
    return [step.step.value for step in status.steps if step.done_s is not None]


def told(path: Path) -> str:
    """Why something was refused, as it lies beside it."""
    (reason,) = path.glob("refused/*.reason.json")
    return str(json.loads(reason.read_text(encoding="utf-8"))["code"])


@pytest.mark.req("R-200")
def test_a_day_goes_as_far_as_its_hour_lets_it(day: SettlementDay, desk: DayDesk) -> None:
    day.others_act(0)
    early = worked(desk, 0)
    assert (done(early), early.next_step, early.waits) == ([], "receive", "time")
    (out,) = [path.name for path in day.folders.out.glob("ACQ-990100/*/verdicts/*")]
    assert out == "ACQ-990100-0002"
    day.others_act(1)
    noon = worked(desk, 1)
    assert done(noon) == [step.value for step in ORDER[:7]]
    assert (noon.next_step, noon.waits, noon.payments_open) == ("settle", "bank", 7)
    assert {step.done_by for step in noon.steps[:7]} == {"night-shift"}
    for call in (2, 3, 4):
        day.others_act(call)
        last = worked(desk, call)
    assert done(last) == [step.value for step in ORDER]
    listed = (day.folders.days / f"{WINDOW}.sha256").read_text().splitlines()
    assert len(listed) == dict(last.steps[-1].figures)["papers"]
    found = desk.status(CALLS_S[4])
    assert isinstance(found, list)
    assert [item.window_id for item in found] == ["W20260331"]


def test_only_one_process_works_and_a_dead_one_is_no_hindrance(
    day: SettlementDay, desk: DayDesk
) -> None:
    other = HubStore(day.database)
    with pytest.raises(psycopg.OperationalError), other.on_duty() as is_alone:
        assert is_alone
        assert refused(desk, 0) == "DAY_RUNNING"
        assert isinstance(desk.status(CALLS_S[0]), list)
        with psycopg.connect(day.database.dsn, autocommit=True) as administrator:
            administrator.execute(_CUT_THE_LOCK)
        while isinstance(desk.work(CALLS_S[0], "night-shift"), Refusal):
            pass
        with other.changing() as cursor:
            cursor.execute("SELECT 1")
    other.close()


def test_a_step_is_done_again_but_never_before_its_turn(day: SettlementDay, desk: DayDesk) -> None:
    day.others_act(0)
    worked(desk, 0)
    assert refused(desk, 0, WINDOW, Step.CLOSE) == "DAY_STEP_ORDER"
    assert refused(desk, 0, WINDOW, Step.EXPIRE) == "DAY_STEP_ORDER"
    assert refused(desk, 0, "W20260401") == "DAY_UNKNOWN"
    assert refused(desk, 0, "20260330") == "WINDOW_ID"
    nobody = desk.work(CALLS_S[0], "li and wang")
    assert isinstance(nobody, Refusal) and nobody.code == "HUB_PERSON"
    worked(desk, 1)
    paper = day.folders.out / f"ISS-990100/{WINDOW}/statement.csv"
    before, first = paper.read_bytes(), worked(desk, 1, WINDOW)
    paper.unlink()
    again = worked(desk, 2, WINDOW, Step.PUBLISH)
    assert paper.read_bytes() == before
    assert again.steps[6] == first.steps[6]
    assert refused(desk, 2, WINDOW, Step.FINISH) == "DAY_STEP_ORDER"


def test_what_was_handed_out_is_never_replaced(day: SettlementDay, desk: DayDesk) -> None:
    day.others_act(0)
    worked(desk, 0)
    worked(desk, 1)
    paper = day.folders.bank_out / f"{WINDOW}/{WINDOW}-0001.xml"
    other = paper.read_bytes().replace(b"6.29", b"9.26")
    paper.write_bytes(other)
    assert refused(desk, 2) == "DAY_PAPER_DIFFERS"
    assert paper.read_bytes() == other


def test_nothing_leaves_while_a_truth_does_not_hold(day: SettlementDay, desk: DayDesk) -> None:
    day.others_act(0)
    worked(desk, 0)
    with psycopg.connect(day.database.dsn) as connection:
        connection.execute("UPDATE hub.record SET charge_fen = charge_fen + 1 WHERE trip_id = 'd1'")
    day.others_act(1)
    assert refused(desk, 1) == "DAY_UNPROVEN"
    with psycopg.connect(day.database.dsn) as connection:
        stamps = connection.execute("SELECT received_s FROM hub.arrival WHERE name = 'a-late'")
        assert stamps.fetchall() == [(CALLS_S[1],)], "its second is kept all the same"
    found = desk.status(CALLS_S[1], WINDOW)
    assert isinstance(found, list)
    assert found[0].next_step == "prove"
    assert not list(day.folders.out.glob("**/statement*")) + list(day.folders.bank_out.glob("*/*"))


HALVES = {
    "only the manifest": ({"x.manifest": 0}, "data"),
    "only the data": ({"x.gz": 1}, "manifest"),
    "data of another file": ({"x.manifest": 0, "x.gz": 2}, "other_data"),
    "data that are still coming": ({"x.manifest": 0, "x.gz": 3}, "other_data"),
}


@pytest.mark.parametrize("case", HALVES)
def test_half_a_delivery_waits_and_is_named(day: SettlementDay, desk: DayDesk, case: str) -> None:
    (_, _, manifest, data), (_, _, _, other), *_ = deliveries()[1:]
    parts = (manifest, data, other, data[:-1])
    names, why = HALVES[case]
    for name, part in names.items():
        (day.folders.inbox / name).write_bytes(parts[part])
    worked(desk, 0)
    assert desk.left_in_inbox() == [("x", why)]
    assert {path.name for path in day.folders.inbox.iterdir()} >= set(names)
    (day.folders.inbox / "x.manifest").write_bytes(manifest)
    (day.folders.inbox / "x.gz").write_bytes(data)
    assert desk.left_in_inbox() == [("x", "new")]
    worked(desk, 0)
    assert desk.left_in_inbox() == []


def test_a_file_without_its_predecessor_waits_for_it(day: SettlementDay, desk: DayDesk) -> None:
    first, second = [one for one in deliveries() if one[1].startswith("b-")]
    late = SettlementDay(day.database, day.folders, [(0, *second[1:]), (1, *first[1:])])
    late.others_act(0)
    worked(desk, 0)
    assert desk.left_in_inbox() == [("b-1-second", "chain")]
    late.others_act(1)
    worked(desk, 1)
    assert desk.left_in_inbox() == []
    assert len(list(day.folders.inbox.glob("taken/*.manifest"))) == 2


@pytest.mark.parametrize(
    ("manifest", "code"),
    [(b"", "MESSAGE_MALFORMED"), (b"x" * 20_000, "FILE_TOO_LARGE"), (None, "SIGNATURE_INVALID")],
)
def test_a_manifest_nobody_believes_is_refused_with_its_reason(
    day: SettlementDay, desk: DayDesk, manifest: bytes | None, code: str
) -> None:
    _, _, good, data = deliveries()[1]
    (day.folders.inbox / "x.manifest").write_bytes(
        good[:-1] + b"x" if manifest is None else manifest
    )
    (day.folders.inbox / "x.gz").write_bytes(data)
    worked(desk, 0)
    assert told(day.folders.inbox) == code
    assert desk.left_in_inbox() == []
    (day.folders.inbox / "x.manifest").write_bytes(good)
    (day.folders.inbox / "x.gz").write_bytes(data)
    worked(desk, 1)
    assert [path.name[:2] for path in day.folders.inbox.glob("taken/*.gz")] == ["x."]


def test_what_the_bank_says_is_booked_refused_or_waits(
    day: SettlementDay, desk: DayDesk, store: HubStore
) -> None:
    day.others_act(0)
    worked(desk, 0)
    worked(desk, 1)
    with store.reading() as cursor:
        first, second, *_, last = load_payments(cursor, WINDOW)
    bank_in = day.folders.bank_in

    def says(name: str, payment: Payment, status: str = "ACSC") -> None:
        report = status_report(payment.instruction, status, CALLS_S[2], "B-1")
        (bank_in / f"{name}.xml").write_bytes(report)

    says("too-early", last)
    says("good", first)
    (bank_in / "noise.xml").write_bytes(b"<a/>")
    worked(desk, 2)
    assert [path.name for path in bank_in.glob("*.xml")] == ["too-early.xml"]
    assert told(bank_in) == "PAYMENT_MALFORMED"
    says("good-again", first)
    says("no", second, "RJCT")
    status = worked(desk, 3)
    assert (status.waits, status.payments_refused) == ("bank_said_no", (f"{WINDOW}-0002",))
    assert status.payments_late == 1
    reasons = {json.loads(path.read_text())["code"] for path in bank_in.glob("refused/*.json")}
    assert reasons == {"PAYMENT_MALFORMED", "PAYMENT_REPEATED"}


def test_days_nobody_worked_are_worked_in_their_order(day: SettlementDay, desk: DayDesk) -> None:
    day.others_act(0)
    worked(desk, 0)
    found = desk.work(CALLS_S[4] + 4 * DAY_S, "after-the-flood")
    assert isinstance(found, list)
    names = [f"W202603{number}" for number in (30, 31)] + [f"W2026040{n}" for n in (1, 2, 3, 4)]
    assert [status.window_id for status in found] == names
    assert [status.next_step for status in found] == ["settle", "", "", "", "", "receive"]


def test_restored_books_are_told_again_and_give_the_same_bytes(
    day: SettlementDay, desk: DayDesk, store: HubStore
) -> None:
    """A copy of the books is made in the morning, and all that came after is lost."""
    day.others_act(0)
    worked(desk, 0)
    store.close()
    with copied(day.database) as copy:
        for call in (1, 2, 3, 4):
            day.others_act(call)
            assert day.work(call) == 0
        whole = told_of(day)
        books = HubStore(copy)
        untold = desk_over(books, day.folders).work(CALLS_S[4], "afterwards")
        assert isinstance(untold, Refusal) and untold.code == "DAY_BOOKS_OLDER"
        again = desk_over(books, day.folders).work(CALLS_S[4], "afterwards", restored=True)
        books.close()
        assert isinstance(again, list)
        assert done(again[0]) == [step.value for step in ORDER]
        assert told_of(SettlementDay(copy, day.folders, [])) == whole


def told_of(day: SettlementDay) -> dict[str, str]:
    """All that is kept and handed out, but when somebody did what."""
    when = ("table day_step", "table window_event", "table settlement_day")
    return {name: content for name, content in day.dump().items() if name not in when}


@contextmanager
def copied(database: Database) -> Iterator[Database]:
    """A database as it is now, for as long as it is needed."""
    parts = urlsplit(database.dsn)
    name = f"{parts.path[1:]}_copy"
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {parts.path[1:]}".encode())
        yield Database(urlunsplit(parts._replace(path=f"/{name}")))
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_a_payment_that_comes_back_reopens_its_finished_day(
    day: SettlementDay, desk: DayDesk, store: HubStore
) -> None:
    """It is shown until it was sent again and is paid; the list of what was handed out stays."""
    for call in range(5):
        day.others_act(call)
        last = worked(desk, call)
    assert done(last) == [step.value for step in ORDER]
    with store.reading() as cursor:
        paid = next(one for one in load_payments(cursor, WINDOW) if one.instruction.phase == 2)
    name, fen = paid.instruction.instruction_id, paid.instruction.amount_fen
    lines = [("L1", name, -fen), ("L2", name, fen)]
    (day.folders.bank_in / "back.xml").write_bytes(returning(camt_054("N1", *lines), "L2"))
    evening_s = CALLS_S[4] + 3600

    def told_of() -> DayStatus:
        found = desk.work(evening_s, "li")
        assert isinstance(found, list)
        return found[0]

    back = told_of()
    assert (back.window_id, back.next_step, back.waits) == (WINDOW, "", "bank_said_no")
    assert back.payments_returned == (name,)
    again = ReissueDesk(store)
    assert again.reissue(name, "ann", "closed", evening_s) is None
    assert not isinstance(again.reissue(name, "bob", "new account", evening_s), Refusal)
    waiting = told_of()
    assert (waiting.waits, waiting.payments_open) == ("bank", 1)
    order = day.folders.bank_out / WINDOW / f"{name}R1.xml"
    assert f"replaces {name}".encode() in order.read_bytes()
    listed = day.folders.days / f"{WINDOW}.sha256"
    before = listed.read_bytes()
    assert not isinstance(desk.work(evening_s, "li", WINDOW, Step.FINISH), Refusal)
    assert listed.read_bytes() == before
    with store.reading() as cursor:
        successor = next(one for one in load_payments(cursor, WINDOW) if one.instruction.replaces)
    report = status_report(successor.instruction, "ACSC", evening_s, "B-2")
    (day.folders.bank_in / "paid.xml").write_bytes(report)
    told_of()
    assert told_of().window_id == "W20260331"
