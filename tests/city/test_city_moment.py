"""A page sees one moment of the books through all its desks, and its own writing afterwards."""

from collections.abc import Iterator

import pytest
from psycopg.errors import ReadOnlySqlTransaction

from tongxing.city.office import Office
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
