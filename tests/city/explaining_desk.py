"""Someone at the command line who asks why a trip cost what it did, and days to ask about."""

import json

import pytest

from street import (
    CARD,
    CHONGQING,
    CODE,
    DAY,
    PURSE,
    VISITOR,
    Taps,
    open_city,
    send,
)
from tongxing.city import City
from tongxing.cli import run
from tongxing.kernel.clock import business_day_end
from tongxing.storage import Database

CLOSE_S = business_day_end(DAY)
DUE_S = CLOSE_S + 7 * 86_400
"""When the clock decides about a half trip of DAY."""
Found = tuple[int, str, str]


class Desk:
    """Someone at the command line, with the books of one database."""

    def __init__(self, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
        self.database = database
        self._capsys = capsys

    def ask(self, *words: str, lang: str = "en") -> Found:
        """Exit code, what was said, and what was complained about."""
        self._capsys.readouterr()
        line = ["fares", "explain", *words, "--dsn", self.database.dsn, "--lang", lang]
        code = run(line)
        return code, *self._capsys.readouterr()

    def json(self, *words: str) -> dict[str, object]:
        code, out, err = self.ask(*words, "--json")
        assert err == "", err
        found: dict[str, object] = json.loads(out)
        assert (found["audit"] is None) or (found["audit"]["result"] == "same") == (code == 0)
        return found

    def refusal(self, *words: str) -> tuple[int, str]:
        code, out, err = self.ask(*words)
        assert out == ""
        return code, err

    def trips(self) -> list[tuple[str, str]]:
        """Every trip of the city, with how it came about."""
        with self.database.connect(f"city_{CHONGQING}") as connection:
            rows = connection.execute("SELECT trip_id, how FROM trip ORDER BY entered_s").fetchall()
        return [(str(trip_id), str(how)) for trip_id, how in rows]

    def change(self, statement: str) -> None:
        """What nobody may do: write in the books by hand."""
        with self.database.connect(f"city_{CHONGQING}") as connection:
            connection.execute(statement.encode())


def a_commute(database: Database) -> City:
    """Rail to Shapingba, then a bus within the hour."""
    city, tap = open_city(database), Taps()
    send(
        city,
        tap("08:00", CARD, "entry", "chaotianmen"),
        tap("08:40", CARD, "exit", "shapingba"),
        tap("09:00", CARD, "ride", "", line="bus-149", mode="bus"),
    )
    return city


def a_strange_day(database: Database) -> City:
    """Everything that can become of a tap in one day, told in disorder."""
    city, tap = open_city(database), Taps()
    late_exit = tap("07:40", CODE, "exit", "shapingba")
    early_exit, its_entry = (
        tap("12:40", CARD, "exit", "shapingba"),
        tap("12:00", CARD, "entry", "chaotianmen"),
    )
    send(city, early_exit)
    send(
        city,
        tap("07:00", CODE, "entry", "chaotianmen"),
        tap("08:50", CARD, "ride", "", line="bus-149", mode="bus"),
        tap("13:00", CARD, "ride", "", line="nowhere", mode="bus"),
        tap("09:00", PURSE, "entry", "chaotianmen", taken=0),
        tap("09:30", PURSE, "exit", "shapingba", taken=440),
        tap("10:00", VISITOR, "entry", "chaotianmen", taken=0),
        tap("10:30", VISITOR, "exit", "shapingba", taken=450),
        tap("20:00", CODE, "entry", "chaotianmen"),
        tap("21:00", CARD, "entry", "chaotianmen", outcome="MEDIUM_DENIED"),
    )
    send(city, its_entry, late_exit)
    city.close_day(DAY, CLOSE_S)
    return city
