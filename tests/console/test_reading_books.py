"""Snapshots: one moment of all houses, read only, over connections that may break."""

from datetime import date

import psycopg
import pytest
from console_world import CHONGQING, DAY, open_world
from hypothesis import given
from hypothesis import strategies as st

from tongxing.city import views
from tongxing.console import figures
from tongxing.console.proving import ProofDesk
from tongxing.console.reading import Books, Snapshot
from tongxing.console.words import Words
from tongxing.kernel.proofs import Proof
from tongxing.kernel.reasons import Problem
from tongxing.ledger.store import MIGRATIONS
from tongxing.storage import Database, migrate


def test_a_snapshot_finds_the_houses_that_are_ready(database: Database) -> None:
    world = open_world(database)
    with database.connect("city_990000") as half_made:
        migrate(half_made, "ledger", MIGRATIONS)  # a city whose own tables are still to come
    with Books(database).snapshot() as snapshot:
        assert snapshot.cities == ("110000", "120000", CHONGQING)
        assert snapshot.has_hub
    world.close()


def test_what_is_written_meanwhile_is_seen_by_the_next_snapshot_only(database: Database) -> None:
    world, books = open_world(database), Books(database)
    with books.snapshot() as snapshot:
        before = views.tap_counts(snapshot.of_city(CHONGQING), DAY)
        world.travel()
        assert views.tap_counts(snapshot.of_city(CHONGQING), DAY) == before == []
        moment = snapshot.moment
    with books.snapshot() as later:
        assert views.tap_counts(later.of_city(CHONGQING), DAY) != []
        assert later.moment != moment
        same = later.moment
    with books.snapshot() as again:
        assert again.moment == same
    world.close()


def test_what_was_worked_out_is_kept_until_something_is_written(database: Database) -> None:
    world, books, asked = open_world(database), Books(database), []

    def work(snapshot: Snapshot, day: date) -> int:
        asked.append(day)
        return sum(row.taps for row in views.tap_counts(snapshot.of_city(CHONGQING), day))

    for _ in range(3):
        with books.snapshot() as snapshot:
            assert books.once(snapshot, work, DAY) == 0
    assert asked == [DAY]
    world.travel()
    with books.snapshot() as snapshot:
        assert books.once(snapshot, work, DAY) > 0
        assert books.once(snapshot, work, date(2026, 3, 18)) == 0
    assert len(asked) == 3
    world.close()


def test_a_page_can_never_write(told: Database) -> None:
    books = Books(told)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), books.snapshot() as snapshot:
        snapshot.of_city(CHONGQING).execute("UPDATE rider SET balance_fen = 0")
    with books.snapshot() as snapshot:  # and the connection is still good
        assert views.business_days(snapshot.of_city(CHONGQING))


def test_a_question_that_takes_too_long_is_given_up(
    told: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tongxing.console.reading.STATEMENT_TIMEOUT_MS", 50)
    books = Books(told)
    with pytest.raises(Problem) as found, books.snapshot() as snapshot:
        snapshot.cursor.execute("SELECT pg_sleep(5)")
    assert found.value.refusal.code == "PAGE_TOO_SLOW"
    with books.snapshot() as snapshot:
        assert snapshot.cities


def test_a_connection_that_breaks_in_the_middle_is_a_clear_problem(told: Database) -> None:
    books = Books(told)
    with pytest.raises(Problem) as found, books.snapshot() as snapshot:
        row = snapshot.cursor.execute("SELECT pg_backend_pid()").fetchone()
        with psycopg.connect(told.dsn, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", row)
        snapshot.of_city(CHONGQING)
    assert found.value.refusal.code == "DB_UNAVAILABLE"
    with books.snapshot() as snapshot:
        assert snapshot.cities


class Counting:
    """A prover that counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, snapshot: Snapshot) -> list[Proof]:
        self.times += 1
        return [Proof(1, "postings_balance", "hub", self.times < 3)]


def test_books_are_proved_once_per_moment(database: Database) -> None:
    world, prove = open_world(database), Counting()
    books = Books(database)
    desk = ProofDesk(books, prove)
    with books.snapshot() as snapshot:
        first = desk.latest(snapshot.moment, 10)
        assert first is not None and first.moment == snapshot.moment
        assert desk.latest(snapshot.moment, 10) is first
    assert desk.fresh() is first
    assert prove.times == 1
    world.travel()
    assert desk.fresh() is not first
    assert prove.times == 2
    assert desk.fresh().failing == ()
    world.close_day()
    assert [proof.name for proof in desk.fresh().failing] == ["postings_balance"]
    desk.close()
    world.close()


def test_a_page_does_not_wait_for_slow_proofs(told: Database) -> None:
    def slow(snapshot: Snapshot) -> list[Proof]:
        snapshot.cursor.execute("SELECT pg_sleep(0.5)")
        return []

    books = Books(told)
    desk = ProofDesk(books, slow)
    assert desk.latest("some moment", 0.01) is None
    done = desk.fresh()
    assert desk.latest("another moment", 0.01) is done
    desk.close()


cells = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from("XYZ"), st.integers(-(10**9), 10**9))
)


@given(cells)
def test_a_matrix_adds_up_whichever_way(triples: list[tuple[str, str, int]]) -> None:
    found = figures.matrix(triples)
    assert sum(map(found.row_sum, found.rows)) == found.sum
    assert sum(map(found.column_sum, found.columns)) == found.sum
    assert found.sum == sum(fen for _, _, fen in triples)


@given(st.integers(-(10**12), 10**12))
def test_an_amount_is_written_with_two_digits_and_never_a_bare_minus_when_owed(fen: int) -> None:
    for language, words in (("zh", ("应收", "应付", "已平")), ("en", ("receivable", "payable"))):
        speaker = Words(language)
        assert speaker.money(fen).lstrip("\N{MINUS SIGN}").startswith("¥")
        assert speaker.money(fen)[-3] == "."
        assert "\N{MINUS SIGN}" not in speaker.owed(fen)
        assert fen == 0 or any(word in speaker.owed(fen) for word in words)
        assert speaker.change(fen)[0] in ("+", "\N{MINUS SIGN}", "¥")


@pytest.mark.parametrize(
    ("name", "room", "shown"),
    [
        ("Chongqing Rail Transit", 30, "Chongqing Rail Transit"),
        ("Chongqing Rail Transit", 12, "Chongqing R…"),
        ("重庆市轨道交通", 14, "重庆市轨道交通"),
        ("重庆市轨道交通", 9, "重庆市轨…"),
        ("", 5, ""),
    ],
)
def test_a_name_is_cut_to_its_room(name: str, room: int, shown: str) -> None:
    assert Words("en").shortened(name, room) == shown


def test_names_are_listed_as_people_do() -> None:
    assert [Words("en").listed(["A", "B", "C"][:count]) for count in range(4)] == [
        "",
        "A",
        "A and B",
        "A, B and C",
    ]
    assert Words("zh").listed(["北京", "天津", "重庆"]) == "北京、天津和重庆"
