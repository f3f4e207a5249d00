"""`tongxing trips`: what waits, and each way to complete it, in both languages and as JSON."""

import json

import pytest
from half_trip_world import DUE_S, later, money, trips

from street import CARD, CHONGQING, DAY, Taps, moment, open_city, send
from tongxing.city import City, Desk
from tongxing.city.store.half_trips import Waiting
from tongxing.cli import run
from tongxing.fares import load_city_fares
from tongxing.kernel.clock import business_day_end, stamp
from tongxing.storage import Database

FROM, TO = "chaotianmen", "shapingba"


@pytest.fixture
def database(empty_database: Database) -> Database:
    """Commands find the one city of the books by themselves, or none."""
    return empty_database


class Shell:
    """Someone at the command line, with the books of one database."""

    def __init__(self, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
        self.dsn = database.dsn
        self._capsys = capsys

    def say(self, *words: str, lang: str = "en") -> tuple[int, str, str]:
        self._capsys.readouterr()
        code = run(["trips", *words, "--dsn", self.dsn, "--lang", lang])
        return code, *self._capsys.readouterr()

    def json(self, *words: str) -> dict[str, object]:
        code, out, err = self.say(*words, "--json")
        assert (code, err) == (0, "")
        found: dict[str, object] = json.loads(out)
        return found

    def refusal(self, *words: str) -> tuple[int, str]:
        code, out, err = self.say(*words, "--json")
        assert out == ""
        return code, json.loads(err)["code"]


@pytest.fixture
def shell(database: Database, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(database, capsys)


def with_a_half_trip(database: Database) -> City:
    city = open_city(database)
    send(city, Taps()("08:00", CARD, "entry", FROM))
    city.close_day(DAY, business_day_end(DAY))
    return city


def the_half(database: Database) -> Waiting:
    desk = Desk(CHONGQING, database, load_city_fares(CHONGQING))
    [half] = desk.waiting()
    desk.close()
    return half


def test_what_waits_is_listed_with_what_is_held_and_its_last_day(
    database: Database, shell: Shell
) -> None:
    with_a_half_trip(database).close()
    half = the_half(database)
    code, told, _ = shell.say("pending")
    assert code == 0
    words = (half.trip_id, "2026-03-17 08:00:00", "Chaotianmen", "exit", "9.00", stamp(DUE_S))
    assert all(word in told for word in words)
    assert CARD not in told and "500000******0001" in told
    assert "共占用 9.00 元" in shell.say("pending", "--city", "重庆", lang="zh")[1]
    found = shell.json("pending", "--medium", CARD)
    assert (found["total"], found["held_fen"]) == (1, 900)
    assert shell.json("pending", "--medium", "5000000000000007")["total"] == 0
    assert shell.say("pending", "--medium", "1")[1].strip() == "No half trip waits."


def test_a_passenger_states_the_exit_once(database: Database, shell: Shell) -> None:
    with_a_half_trip(database).close()
    words = ["declare", the_half(database).trip_id, "沙坪坝", "--now", stamp(later(1))]
    code, told, _ = shell.say(*words)
    assert (code, told) == (0, "Stated: Shapingba, 2026-03-17 08:12:14. Charge 4.50 yuan.\n")
    again = shell.say(*words, lang="zh")[1]
    assert again == "已补登：沙坪坝，2026-03-17 08:12:14。实扣 4.50 元。\n"
    resolved = shell.json(*words)["resolved"]
    assert isinstance(resolved, dict) and resolved["charge_fen"] == 450
    assert money(database) == (9_550, 0)
    assert shell.refusal("declare", "f" * 32, TO) == (4, "HALF_TRIP_UNKNOWN")
    assert shell.refusal("declare", "f" * 32, TO, "--at", "today") == (2, "ARG_INVALID")


def test_staff_correct_by_the_grid(database: Database, shell: Shell) -> None:
    with_a_half_trip(database).close()
    words = ["correct", CARD, "outside", "沙坪坝", "--staff", "s7", "--now", stamp(later(1))]
    code, told, _ = shell.say(*words, "--stated", TO)
    assert code == 0
    assert told.startswith("8414  The entry is of another day")
    assert "Completed with Shapingba. Charge 4.50 yuan" in told
    assert "The rider may enter again" in told
    assert trips(database) == [("staff", FROM, TO, 500, 450)]
    assert shell.refusal(*words) == (4, "HALF_TRIP_NONE")
    inside = ["correct", CARD, "inside", TO, "--staff", "s7", "--now", stamp(later(1))]
    assert shell.say(*inside, lang="zh")[1].startswith("8900  没有进站记录")


def test_open_gates_are_noted_once(database: Database, shell: Shell) -> None:
    with_a_half_trip(database).close()
    span = [stamp(moment("08:00")), stamp(moment("09:00"))]
    words = ["disruption", "Shapingba", *span, "--staff", "s7", "--free", "--now", stamp(later(1))]
    assert "1 half trips completed" in shell.say(*words)[1]
    assert "补全 1 笔" in shell.say(*words, lang="zh")[1]
    assert shell.json(*words)["completed"] == 1
    assert trips(database) == [("disruption", FROM, "", 0, 0)]
    wrong = ["disruption", TO, span[1], span[0], "--staff", "s7"]
    assert shell.refusal(*wrong) == (4, "GATES_TIMES")


def test_what_is_due_is_decided(database: Database, shell: Shell) -> None:
    with_a_half_trip(database).close()
    early, due = stamp(DUE_S - 1), stamp(DUE_S)
    assert "0 completed, 1 still wait" in shell.say("resolve", "--now", early)[1]
    assert "补全 1 笔，仍待补全 0 笔" in shell.say("resolve", "--now", due, lang="zh")[1]
    found = shell.json("resolve", "--now", due)
    assert found == {"resolved": {CHONGQING: 0}, "waiting": {CHONGQING: 0}}
    assert trips(database) == [("missing_exit", FROM, "", 900, 900)]


def test_where_there_are_no_books_nothing_can_be_done(database: Database, shell: Shell) -> None:
    assert shell.refusal("pending")[1] == "NOTHING_TO_PROVE"
    assert run(["trips", "pending"]) != 0
    with_a_half_trip(database).close()
    assert shell.refusal("pending", "--city", "北京")[1] == "NO_BOOKS_OF_CITY"
    Desk("110000", database, None).close()
    assert shell.refusal("correct", CARD, "outside", TO, "--staff", "s7") == (2, "CITY_NEEDED")
