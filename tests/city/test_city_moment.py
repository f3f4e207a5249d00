"""A page sees one moment of the books through all its desks, and its own writing afterwards."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg.errors import ReadOnlySqlTransaction

from tongxing.city import moment
from tongxing.city.office import Office
from tongxing.city.store.cursor import answers_of
from tongxing.storage import Database

COUNT = "SELECT count(*) FROM rider"


@pytest.fixture
def office(database: Database) -> Iterator[Office]:
    found = Office("500000", database, None)
    yield found
    found.close()


def count(office: Office) -> int:
    with office.reading() as cursor:
        row = cursor.execute(COUNT).fetchone()
    assert row is not None
    return int(row[0])


def add(office: Office, rider_id: str) -> None:
    with office.writing() as cursor:
        cursor.execute(
            "INSERT INTO rider (rider_id, kind, state) VALUES (%s, 'account', '')", (rider_id,)
        )


def test_what_others_write_meanwhile_is_not_seen(office: Office, database: Database) -> None:
    other = Office("500000", database, None)
    with office.moment():
        before = count(office)
        add(other, "A")
        with office.reading() as cursor:
            again = cursor.execute("SELECT rider_id FROM rider WHERE rider_id = %s", ("A",))
            assert again.fetchone() is None
        assert count(office) == before == 0
    assert count(office) == 1
    other.close()


def test_what_the_page_itself_writes_is_seen_at_once(office: Office) -> None:
    with office.moment():
        assert count(office) == 0
        add(office, "A")
        assert count(office) == 1
    assert count(office) == 1


def test_the_same_question_gives_its_rows_to_each_who_asks(office: Office) -> None:
    add(office, "A")
    add(office, "B")
    question = "SELECT rider_id FROM rider WHERE rider_id <> %s ORDER BY 1"
    with office.moment(), office.reading() as first, office.reading() as second:
        rows = first.execute(question, ("-",))
        assert rows.fetchone() == ("A",)
        assert second.execute(question, ("-",)).fetchall() == [("A",), ("B",)]
        assert list(rows) == [("B",)]
        assert second.execute(question, ("A",)).fetchall() == [("B",)]


def test_a_moment_within_a_moment_is_the_same_one(office: Office, database: Database) -> None:
    other = Office("500000", database, None)
    with office.moment():
        assert count(office) == 0
        add(other, "A")
        with office.moment():
            assert count(office) == 0
    other.close()


def test_nothing_is_written_through_a_moment(office: Office) -> None:
    with pytest.raises(ReadOnlySqlTransaction), office.moment(), office.reading() as cursor:
        cursor.execute("DELETE FROM rider")
    assert count(office) == 0


def rider(office: Office, account: str, since_s: int) -> list[tuple[object, ...]]:
    """What a page asks: two questions of an account and a time, one with names."""
    with office.reading() as cursor:
        one = cursor.execute("SELECT state FROM rider WHERE rider_id = %s", (account,)).fetchall()
        two = cursor.execute(
            "SELECT rider_id, %(since_s)s::bigint FROM rider WHERE rider_id = %(account)s",
            {"account": account, "since_s": since_s},
        ).fetchall()
    return [*one, *two]


@pytest.fixture
def in_advance(monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:
    """The values of the questions that are asked in advance, page by page."""
    seen: list[list[Any]] = []

    def noted(connection: Any, questions: list[tuple[Any, Any]]) -> list[list[Any]]:
        seen.append([values for _statement, values in questions if values is not None])
        return answers_of(connection, questions)

    monkeypatch.setattr(moment, "answers_of", noted)
    return seen


def page(office: Office, account: str, now_s: int) -> list[tuple[object, ...]]:
    with office.moment():
        office.foresee("/page", {"account": account, "now_s": now_s})
        return rider(office, account, now_s - 60)


def test_what_two_pages_asked_is_asked_in_advance_for_the_third(
    office: Office, in_advance: list[list[Any]]
) -> None:
    for name in ("A", "B", "C"):
        add(office, name)
    assert page(office, "A", 1_000) == [("",), ("A", 940)]
    assert page(office, "B", 1_001) == [("",), ("B", 941)]
    assert in_advance == []
    assert page(office, "C", 1_009) == [("",), ("C", 949)]
    assert in_advance == [[("C",), {"account": "C", "since_s": 949}]]


def test_what_a_page_asks_besides_and_what_it_does_not_ask_change_nothing(
    office: Office, in_advance: list[list[Any]]
) -> None:
    for name in ("A", "B", "C"):
        add(office, name)
    for name in ("A", "B"):
        page(office, name, 1_000)
    with office.moment():
        office.foresee("/page", {"account": "C", "now_s": 1_000})
        assert rider(office, "B", 5) == [("",), ("B", 5)]
        assert count(office) == 3
    assert len(in_advance) == 1
    page(office, "C", 1_000)
    assert len(in_advance) == 1, "the page before asked other things: nothing is sure"


def test_a_page_that_has_written_reads_what_is_now_there(
    office: Office, in_advance: list[list[Any]]
) -> None:
    for _ in range(2):
        page(office, "A", 1_000)
    with office.moment():
        add(office, "A")
        office.foresee("/page", {"account": "A", "now_s": 1_000})
        assert rider(office, "A", 5) == [("",), ("A", 5)]
    assert in_advance == []


def test_nothing_is_foreseen_outside_a_moment(office: Office) -> None:
    office.foresee("/page", {"account": "A", "now_s": 1_000})
    assert page(office, "A", 1_000) == []


def test_one_question_sees_what_is_written_since(office: Office) -> None:
    with office.asking() as cursor:
        assert cursor.execute(COUNT).fetchone() == (0,)
        add(office, "A")
        assert cursor.execute(COUNT).fetchone() == (1,)
