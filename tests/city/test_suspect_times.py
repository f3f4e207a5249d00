"""Taps from gates whose clocks are wrong: kept, priced by nobody, listed for a person (B69)."""

import json

import pytest
from msgspec.structs import replace

from street import CARD, CHONGQING, CODE, PURSE, Taps, booked, moment, open_city, send
from tongxing.city.proofs import prove_city
from tongxing.cli import run
from tongxing.messages import Tap
from tongxing.storage import Database

YEAR_2000_S = 946_656_000
TEN_YEARS_S = 10 * 365 * 86_400


def proofs_hold(database: Database) -> None:
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        assert [proof for proof in prove_city(cursor, CHONGQING) if not proof.holds] == []


def told_at(tap: Tap, time_s: int, band_s: int = 0) -> Tap:
    """The same tap of a gate whose clock says something else."""
    return replace(tap, time_s=time_s, time_band_s=band_s)


def asides(database: Database) -> list[tuple[str, int]]:
    """Why taps were set aside, and their numbers, as they stand in the books."""
    with database.connect(f"city_{CHONGQING}") as connection:
        rows = connection.execute(
            "SELECT set_aside, seq FROM tap WHERE set_aside <> '' ORDER BY received_s, seq"
        )
        return [(str(why), int(seq)) for why, seq in rows]


@pytest.mark.parametrize("medium", [CARD, CODE, PURSE])
@pytest.mark.parametrize("off", ["2000", "10 years ahead"])
def test_a_tap_from_an_impossible_time_is_kept_and_prices_nothing(
    database: Database, medium: str, off: str
) -> None:
    """B69: nobody is charged by the time of a clock that was reset, or set years ahead."""
    city, tap = open_city(database), Taps()
    taken = {"taken": 0} if medium == PURSE else {}
    time_s = YEAR_2000_S if off == "2000" else moment("08:00") + TEN_YEARS_S
    strange = told_at(tap("08:00", medium, "entry", "chaotianmen", **taken), time_s)
    receipt = send(city, strange)
    assert (receipt.accepted, receipt.duplicates, receipt.quarantined) == (1, 0, [])
    assert send(city, strange).duplicates == 1
    assert asides(database) == [("TAP_TIME_SUSPECT", 1)]
    assert booked(database) == []
    proofs_hold(database)


def test_after_a_strange_time_the_passengers_day_goes_on_as_ever(database: Database) -> None:
    city, tap = open_city(database), Taps()
    strange = tap("07:00", CARD, "entry", "shapingba")
    send(city, told_at(strange, moment("08:00") + TEN_YEARS_S))
    send(city, tap("08:00", CARD, "entry", "chaotianmen"), tap("08:40", CARD, "exit", "shapingba"))
    assert [row[4] for row in booked(database)] == [450]
    proofs_hold(database)


@pytest.mark.parametrize(
    ("medium", "lead_s", "band_s", "believed"),
    [
        (CARD, 3_600, 0, True),
        (CARD, 3_601, 0, False),
        (PURSE, 3_601, 0, False),
        (CARD, 0, 900, True),
        (CARD, 0, 901, False),
        (CARD, 0, -1, False),
        (PURSE, 0, -1, True),
        (CARD, 0, -2, False),
    ],
)
def test_what_is_believed_of_a_time(
    database: Database, medium: str, lead_s: int, band_s: int, believed: bool
) -> None:
    city, tap = open_city(database), Taps()
    taken = {"taken": 0} if medium == PURSE else {}
    at = moment("23:00")
    told = tap("08:00", medium, "entry", "chaotianmen", **taken)
    time_s = at + lead_s if lead_s else told.time_s
    send(city, told_at(told, time_s, band_s), at=at)
    assert asides(database) == ([] if believed else [("TAP_TIME_SUSPECT", 1)])
    proofs_hold(database)


def test_a_purse_is_believed_for_four_hundred_days(database: Database) -> None:
    city, tap = open_city(database), Taps()
    first = tap("08:00", PURSE, "entry", "chaotianmen", taken=0)
    send(city, first, at=first.time_s + 400 * 86_400)
    second = tap("08:40", PURSE, "exit", "shapingba", taken=450)
    send(city, second, at=second.time_s + 400 * 86_400 + 1)
    assert asides(database) == [("TAP_TIME_SUSPECT", 1)], "the first one of its terminal"
    proofs_hold(database)


def test_a_person_sees_what_was_set_aside(
    database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGXING_LANG", "en")
    command = ["trips", "aside", "--dsn", database.dsn]
    city, tap = open_city(database), Taps()
    assert run(command) == 0
    assert "No tap was set aside" in capsys.readouterr().out
    send(city, told_at(tap("08:00", CARD, "entry", "chaotianmen"), YEAR_2000_S, -1))
    assert run([*command, "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert (told["why"], told["time_s"], told["time_band_s"]) == (
        "TAP_TIME_SUSPECT",
        YEAR_2000_S,
        -1,
    )
    assert CARD not in json.dumps(told), "of a medium's number only the last digits"
    assert run(command) == 0
    assert "not sure" in capsys.readouterr().out
