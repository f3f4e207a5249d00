"""A city's business day is killed, refused and run again: the books end the same."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from test_city_and_hub import ACQ, CHONGQING, ISS, Both, lines_over, open_both

from street import CODE, DAY, Taps, moment, sealed
from tongxing.city import City
from tongxing.city.hub_line import HubLine
from tongxing.city.hub_line.store import LetterBook
from tongxing.city.office import Office
from tongxing.city.running import CityDayDesk, DayHouse, DayStatus
from tongxing.city.settling import BankLine
from tongxing.city.store import business_days
from tongxing.city.tap_signatures import SignatureKeys
from tongxing.fares import load_city_fares
from tongxing.hub.exchange import MemberLine
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.verify import Trust
from tongxing.media.keys.software import SoftwareVault
from tongxing.storage import Database

CLOSED_S, LATER_S = moment("27:20"), moment("37:10")
NO_KEYS = SignatureKeys(SoftwareVault({}), Trust(roots={}))


@dataclass
class CityDay:
    """A city with a day behind it, one passenger of which never left, and a hub."""

    both: Both
    desk: CityDayDesk

    def works(self, now_s: int, code: str = "") -> list[DayStatus]:
        """A run, and the code of what it refused."""
        self.both.clock.now_s = now_s
        found = self.desk.work(now_s, "li")
        assert not isinstance(found, Refusal), found
        assert [one.code for one in found[1]] == ([code] if code else [])
        return found[0]

    def bank_pays(self) -> None:
        """Every line that the statements ask for."""
        for window, party, fen in self.ask(
            "SELECT window_id, member, net_fen FROM statement UNION ALL"
            " SELECT window_id, operator, -amount_fen FROM payout ORDER BY 1, 2"
        ):
            line = BankLine(f"B-{party}", window, party, fen, LATER_S)
            assert self.both.city.settle(line) is None

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with self.both.database.connect(f"city_{CHONGQING}") as connection:
            return connection.execute(query.encode()).fetchall()


@contextmanager
def city_day(
    database: Database, lines: Callable[[Both], Mapping[str, HubLine]] | None = None
) -> Iterator[CityDay]:
    with open_both(database) as both:
        entry = Taps()("20:00", CODE, "entry", "eling")
        assert not isinstance(both.city.intake([sealed([entry])], moment("23:30"))[0], Refusal)
        office = Office(CHONGQING, database, load_city_fares(CHONGQING))
        found = within(both) if lines is None else lines(both)
        house = DayHouse(database, office, both.city, NO_KEYS, both.dealings(dict(found)))
        yield CityDay(both, CityDayDesk(house))
        office.close()


def within(both: Both) -> Mapping[str, HubLine]:
    return {member: MemberLine(both.desk, member, both.clock) for member in (ACQ, ISS)}


def end(world: CityDay) -> tuple[object, ...]:
    """All that a day leaves: the books, and how often each thing was made."""
    counts = [
        world.ask(f"SELECT count(*) FROM {table}")
        for table in ("day_close", "record_file", "deny_list", "half_trip", "tap_verdict")
    ]
    steps = world.ask("SELECT step, figures FROM business_day_step ORDER BY step")
    return world.both.books(), counts, steps


def a_day(world: CityDay) -> None:
    """From the close to the last line of the bank, each run again where it is killed."""

    def run(now_s: int, waits: str) -> None:
        while True:
            try:
                (day,) = world.works(now_s)
            except KeyboardInterrupt:
                continue
            assert day.waits == waits
            return

    run(CLOSED_S, "hub")
    world.both.close_window()
    run(LATER_S, "bank")
    world.bank_pays()
    run(LATER_S, "")


def dying(real: Callable[..., Any], *, before: bool = False) -> Callable[..., Any]:
    """What is killed the first time that it is done with the same first words: after it was done,
    or `before`."""
    met: list[object] = []

    def done(*given: Any, **named: Any) -> Any:
        first = next((one for one in given[1:] if isinstance(one, str)), "")
        is_first = first not in met
        met.append(first)
        if is_first and before:
            raise KeyboardInterrupt
        found = real(*given, **named)
        if is_first:
            raise KeyboardInterrupt
        return found

    return done


def test_killed_anywhere_the_day_ends_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each step is written down; when a file was made and not sent; when a letter was kept
    and not booked, or booked and not marked."""
    with city_day(database) as undisturbed:
        a_day(undisturbed)
        expected = end(undisturbed)
        assert expected[1] == [[(1,)], [(1,)], [(1,)], [(1,)], [(5,)]]
        assert len(expected[2]) == 9
    for schema in (f"city_{CHONGQING}", f"people_{CHONGQING}", "hub"):
        database.drop_schema(schema)
    monkeypatch.setattr(business_days, "write_step", dying(business_days.write_step, before=True))
    monkeypatch.setattr(City, "record_file", dying(City.record_file))
    monkeypatch.setattr(LetterBook, "keep", dying(LetterBook.keep))
    monkeypatch.setattr(LetterBook, "mark", dying(LetterBook.mark, before=True))
    with city_day(database) as killed:
        a_day(killed)
        assert end(killed) == expected


def test_nobody_works_a_day_under_what_is_no_name(database: Database) -> None:
    with city_day(database) as world:
        for by in ("li and wang", "李", "l" * 65, ""):
            refusal = world.desk.work(CLOSED_S, by)
            assert isinstance(refusal, Refusal) and refusal.code == "HUB_PERSON", by
        assert world.ask("SELECT count(*) FROM business_day_step") == [(0,)]
        assert world.works(CLOSED_S)[0].steps[0].done_by == "li"


def test_a_second_process_is_kept_out(database: Database) -> None:
    with city_day(database) as world:
        with world.desk._on_duty():
            refusal = world.desk.work(CLOSED_S, "wang")
            assert isinstance(refusal, Refusal) and refusal.code == "CITY_DAY_RUNNING"
        assert world.works(CLOSED_S)[0].waits == "hub"


def test_a_day_is_not_closed_early_and_one_that_cannot_go_on_holds_up_no_other(
    database: Database,
) -> None:
    """The hub is away for a day; then the books do not prove, and nothing leaves the house."""
    away = "http://127.0.0.1:9"
    with city_day(database, lambda both: lines_over(away, both.clock)) as world:
        early = world.desk.work(moment("26:59"), "li", DAY)
        assert isinstance(early, Refusal) and early.code == "DAY_NOT_OVER"
        unknown = world.desk.work(CLOSED_S, "li", DAY - timedelta(days=1))
        assert isinstance(unknown, Refusal) and unknown.code == "CITY_DAY_UNKNOWN"
        assert world.works(moment("27:10"))[0].waits == "time"
        assert world.ask("SELECT count(*) FROM day_close") == [(0,)]
        assert world.works(CLOSED_S, "HTTP_AWAY")[0].next_step == "send"
        world.ask(
            "UPDATE rider SET balance_fen = balance_fen + 1 WHERE rider_id = 'a1' RETURNING 1"
        )
        next_s = CLOSED_S + 86_400
        world.both.clock.now_s = next_s
        found = world.desk.work(next_s, "li")
        assert not isinstance(found, Refusal)
        assert [one.code for one in found[1]] == ["HTTP_AWAY", "CITY_DAY_UNPROVEN"]
        assert [day.next_step for day in found[0]] == ["send", "prove"]
        assert [row[0] for row in world.ask("SELECT business_date FROM day_close ORDER BY 1")] == [
            DAY, DAY + timedelta(days=1),
        ]  # fmt: skip
