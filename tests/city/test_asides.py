"""Taps that were set aside: two people put them right, give them up, or undo that (B68, B69)."""

import json
from collections.abc import Iterator

import psycopg
import pytest
from msgspec.structs import replace

from street import (
    CARD,
    CHONGQING,
    CODE,
    DAY,
    PURSE,
    Taps,
    balance_of,
    booked,
    moment,
    open_city,
    send,
)
from tongxing.city.aside_desk import AsideDesk
from tongxing.city.asides import NOTHING_PUT_RIGHT, PutRight
from tongxing.city.office import Office
from tongxing.city.proofs import prove_city
from tongxing.city.staffing import Role, Staff, StaffDesk
from tongxing.city.store.taps_aside import Kind
from tongxing.cli import run
from tongxing.fares import load_city_fares
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap, TapRef
from tongxing.storage import Database

NOON_S = moment("12:00")
NEXT_S = NOON_S + DAY_S
YEAR_2000_S = 946_656_000
SECRET = "0123456789"


class Staffed:
    """A city, its desk for taps set aside, and two people."""

    def __init__(self, database: Database) -> None:
        self.database, self.city, self.tap = database, open_city(database), Taps()
        self.office = Office(CHONGQING, database, load_city_fares(CHONGQING))
        self.desk = AsideDesk(self.office)
        people = StaffDesk(self.office, lambda size: bytes(size))
        self.maker = _somebody(people, "M-1", "desk")
        self.checker = _somebody(people, "C-1", "supervisor")

    def set_aside(self, tap: Tap) -> TapRef:
        send(self.city, tap)
        assert str(tap.ref) in self.listed()
        return tap.ref

    def does(self, ref: TapRef, kind: Kind, said: PutRight = NOTHING_PUT_RIGHT) -> str:
        """Both people do it: "" or why not; whatever they do, the proofs hold."""
        asked = self.desk.ask(self.maker, ref, kind, "seen on the spot", NEXT_S, said)
        if isinstance(asked, Refusal):
            return asked.code
        done = self.desk.confirm(self.checker, asked.number, NEXT_S + 60)
        with self.office.reading() as cursor:
            assert [one for one in prove_city(cursor, CHONGQING) if not one.holds] == []
        return done.code if isinstance(done, Refusal) else ""

    def listed(self, *, given_up: bool = False) -> list[str]:
        return [str(one.tap.ref) for one in self.city.aside(50, given_up=given_up)]

    def rides(self) -> list[tuple[str, str, str, int]]:
        return [row[1:5] for row in booked(self.database)]


def _somebody(people: StaffDesk, number: str, role: Role) -> Staff:
    found = people.enrol(number, number, (role,), SECRET, "test", NOON_S)
    assert isinstance(found, Staff)
    return found


@pytest.fixture
def at_desk(database: Database) -> Iterator[Staffed]:
    made = Staffed(database)
    yield made
    made.office.close()
    made.city.close()


RIDE = [("both_taps", "chaotianmen", "shapingba", 450)]


@pytest.mark.parametrize("medium", [CARD, PURSE])
def test_a_time_put_right_makes_the_trip_that_it_was(at_desk: Staffed, medium: str) -> None:
    """B69: an exit of the year 2000; what is taken from whom is as if its clock had been good."""
    taken = (0, 450) if medium == PURSE else (None, None)
    entry = at_desk.tap("08:00", medium, "entry", "chaotianmen", taken=taken[0])
    exit_ = at_desk.tap("08:40", medium, "exit", "shapingba", taken=taken[1])
    send(at_desk.city, entry)
    ref = at_desk.set_aside(replace(exit_, time_s=YEAR_2000_S, time_band_s=-1))
    rider = PURSE if medium == PURSE else "a1"
    before = balance_of(at_desk.database, rider)
    assert at_desk.does(ref, "take_in", PutRight(time_s=moment("08:40"))) == ""
    assert (at_desk.rides(), at_desk.listed()) == (RIDE, [])
    assert balance_of(at_desk.database, rider) == before - 450
    assert at_desk.does(ref, "undo") == ""
    assert (at_desk.rides(), at_desk.listed()) == ([], [str(ref)])
    assert balance_of(at_desk.database, rider) == before
    assert send(at_desk.city, replace(exit_, time_s=YEAR_2000_S, time_band_s=-1)).duplicates == 1
    assert at_desk.does(ref, "take_in", PutRight(time_s=moment("08:40"))) == "", "and again"
    assert at_desk.rides() == RIDE
    assert at_desk.does(ref, "undo") == ""
    late = at_desk.tap("08:50", medium, "exit", "shapingba", taken=taken[1])
    send(at_desk.city, late)  # the tap that really ended it comes after all
    assert at_desk.rides() == RIDE


def test_a_place_put_right_is_priced_by_the_network(at_desk: Staffed) -> None:
    """B68: a gate whose station nobody knows, on a day that was closed meanwhile."""
    entry = at_desk.tap("08:00", CODE, "entry", "chaotianmen")
    exit_ = at_desk.tap("08:40", CODE, "exit", "nowhere")
    send(at_desk.city, entry)
    ref = at_desk.set_aside(exit_)
    at_desk.city.close_day(DAY, moment("27:00"))
    assert at_desk.does(ref, "take_in", PutRight(station="atlantis")) == "STATION_UNKNOWN"
    assert at_desk.does(ref, "take_in", PutRight(station="shapingba", line="line-77")) == (
        "STATION_UNKNOWN"
    )
    assert at_desk.does(ref, "take_in", PutRight(station="shapingba")) == ""
    assert at_desk.rides() == RIDE
    assert at_desk.city.record_file(NEXT_S) is not None, "and the hub hears of it"


def test_what_is_given_up_stays_evidence_and_can_be_taken_back(at_desk: Staffed) -> None:
    ref = at_desk.set_aside(at_desk.tap("08:00", CARD, "entry", "nowhere"))
    assert at_desk.does(ref, "undo") == "TAP_NOTHING_TO_UNDO"
    assert at_desk.does(ref, "give_up") == ""
    assert (at_desk.listed(), at_desk.listed(given_up=True)) == ([], [str(ref)])
    assert at_desk.does(ref, "give_up") == "TAP_NOT_ASIDE"
    assert at_desk.does(ref, "take_in") == "TAP_NOT_ASIDE"
    assert at_desk.does(ref, "undo") == ""
    assert at_desk.listed() == [str(ref)]
    assert at_desk.does(ref, "undo") == "TAP_NOTHING_TO_UNDO"
    kinds = [(one.kind, one.was, one.confirmed_by) for one in at_desk.desk.history(ref)]
    assert kinds == [(kind, "STATION_UNKNOWN", "C-1") for kind in ("give_up", "undo")]


NONSENSE = [
    (PutRight(), "TAP_TIME_SUSPECT"),
    (PutRight(station="shapingba"), "TAP_TIME_SUSPECT"),
    (PutRight(time_s=moment("23:00") + 1), "TAP_TIME_SUSPECT"),  # after it arrived
    (PutRight(time_s=moment("08:00") - 500 * DAY_S), "TAP_TIME_SUSPECT"),
    (PutRight(time_s=moment("08:00") - 70 * DAY_S), "TAP_TOO_LATE"),
    (PutRight(station="", line="x", time_s=moment("08:00")), "STATION_UNKNOWN"),
]


def test_nonsense_is_refused_and_changes_nothing(at_desk: Staffed) -> None:
    told = at_desk.tap("08:00", CARD, "entry", "chaotianmen")
    ref = at_desk.set_aside(replace(told, time_s=YEAR_2000_S))
    for said, why in NONSENSE:
        assert at_desk.does(ref, "take_in", said) == why
    assert (at_desk.listed(), at_desk.desk.history(ref)) == ([str(ref)], [])


def test_a_purse_is_not_put_where_nobody_knows(at_desk: Staffed) -> None:
    """What its gate told stands, wherever that was; what people say has to be in the network."""
    told = at_desk.tap("08:00", PURSE, "exit", "shapingba", line="rail-1", taken=450)
    ref = at_desk.set_aside(replace(told, time_s=YEAR_2000_S))
    for said in (PutRight(line="line-77"), PutRight(station="atlantis")):
        wrong = PutRight(said.station, said.line, moment("08:00"))
        assert at_desk.does(ref, "take_in", wrong) == "STATION_UNKNOWN"
    assert at_desk.does(ref, "take_in", PutRight(line="rail-2", time_s=moment("08:00"))) == ""


def test_it_takes_two_people_a_reason_and_not_too_long(at_desk: Staffed) -> None:
    desk, maker, checker = at_desk.desk, at_desk.maker, at_desk.checker
    ref = at_desk.set_aside(at_desk.tap("08:00", CARD, "entry", "nowhere"))
    said = PutRight(station="shapingba")

    def code(found: object) -> str:
        return found.code if isinstance(found, Refusal) else ""

    assert code(desk.ask(maker, ref, "take_in", "  ", NEXT_S, said)) == "FLEET_WHY"
    nobody = TapRef("T-99", 1, 1)
    assert code(desk.ask(maker, nobody, "give_up", "x", NEXT_S)) == "TAP_UNKNOWN"
    asked = desk.ask(checker, ref, "take_in", "seen", NEXT_S, said)
    assert not isinstance(asked, Refusal)
    assert code(desk.confirm(maker, asked.number, NEXT_S)) == "STAFF_NOT_ALLOWED"
    assert code(desk.confirm(checker, asked.number, NEXT_S)) == "TAP_SAME_PERSON"
    assert code(desk.confirm(checker, 999, NEXT_S)) == "TAP_DECISION_UNKNOWN"
    again = desk.ask(maker, ref, "take_in", "seen", NEXT_S, said)
    assert not isinstance(again, Refusal)
    assert [one.number for one in desk.asked(NEXT_S)] == [asked.number, again.number]
    assert code(desk.confirm(checker, again.number, NEXT_S + DAY_S)) == "TAP_DECISION_OVER"
    assert at_desk.listed() == [str(ref)], "nothing was done"
    assert code(desk.confirm(checker, again.number, NEXT_S + 60)) == ""
    assert code(desk.confirm(checker, again.number, NEXT_S + 61)) == "TAP_DECISION_OVER"
    with at_desk.office.writing() as cursor:
        [acts] = cursor.execute(
            "SELECT array_agg(act ORDER BY at_s, act) FROM staff_act WHERE act LIKE 'tap_%%'"
        ).fetchall()
        assert acts[0] == ["tap_take_in", "tap_take_in", "tap_take_in_confirm"]
        with pytest.raises(psycopg.errors.RaiseException, match="stands"):
            cursor.execute("UPDATE tap_decision SET why = 'else'")


def test_by_the_command_line_in_both_languages(
    at_desk: Staffed,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TONGXING_STAFF_SECRET", SECRET)
    dsn = ("--dsn", at_desk.database.dsn, "--city", CHONGQING)
    now = ("--now", "2026-03-18 12:00")
    ref = at_desk.set_aside(at_desk.tap("08:00", CARD, "entry", "nowhere"))

    def told(*command: str, language: str = "en", exit_code: int = 0) -> str:
        assert run(["trips", *command, *dsn, "--lang", language]) == exit_code
        return "".join(capsys.readouterr())

    assert "tongxing trips take-in puts it right" in told("aside")
    right = ("take-in", str(ref), "--why", "the sign says so", *now, "--by")
    assert "TAP_NAME" in told("take-in", "x", "--why", "y", *now, "--by", "M-1", exit_code=2)
    found = json.loads(told(*right, "M-1", "--station", "沙坪坝", "--json"))
    number = str(found["number"])
    assert "沙坪坝" in told("decisions", *now, language="zh")
    assert "Shapingba" in told("confirm", number, "--by", "C-1", *now)
    assert "No tap was set aside" in told("aside")
    [kept] = json.loads(told("decisions", str(ref), *now, "--json"))
    assert (kept["kind"], kept["asked_by"], kept["confirmed_by"]) == ("take_in", "M-1", "C-1")
