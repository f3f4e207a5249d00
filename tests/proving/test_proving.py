"""`tongxing prove` holds when the books are sound, and fails when a single fen was moved."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "city"))

from street import CARD, CHONGQING, Taps, open_city, send
from tongxing.cli import run as run_command
from tongxing.kernel.proofs import proof_texts
from tongxing.proving import prove_houses
from tongxing.storage import Database


@pytest.fixture
def books(database: Database) -> Database:
    """A city with one ride and one trip still open."""
    city, tap = open_city(database), Taps()
    send(
        city,
        tap("08:00", CARD, "entry", "chaotianmen"),
        tap("08:40", CARD, "exit", "shapingba"),
        tap("18:00", CARD, "entry", "shapingba"),
    )
    city.close()
    return database


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run_command(["prove", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_sound_books_are_proven(books: Database, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--dsn", books.dsn, "--lang", "en")
    assert code == 0
    assert "All 13 proofs hold." in out


def test_the_proofs_speak_chinese_too(books: Database, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "--dsn", books.dsn, "--lang", "zh")
    assert "13 项验证全部成立。" in out
    assert "备付金（分）" in out


def test_every_proof_and_figure_has_its_words(books: Database) -> None:
    entries = proof_texts().entries
    for proof in prove_houses(books):
        assert {proof.name, f"truth.{proof.truth}"} <= entries.keys()
        assert {f"figure.{name}" for name in proof.figures} <= entries.keys()


# What somebody might do to a database behind the program's back, and the proof that sees it.
TAMPERED = {
    "a balance is raised": (
        "UPDATE rider SET balance_fen = balance_fen + 1 WHERE rider_id = 'a1'",
        "balances_are_folds",
    ),
    "a charge is lowered": ("UPDATE trip SET charge_fen = 449", "charges_are_sums_of_revisions"),
    "a price line is changed": ("UPDATE trip SET lines = '[]'", "every_price_explained"),
    "a tap is removed": (
        "UPDATE tap SET seq = 2 WHERE time_s = (SELECT min(time_s) FROM tap)",
        "nothing_lost_or_doubled",
    ),
    "a trip is removed": ("DELETE FROM trip", "each_tap_one_outcome"),
    "a line of the ledger is doubled": (
        "INSERT INTO posting_line SELECT posting_id, 99::smallint, entity, account, amount_fen"
        " FROM posting_line WHERE account = 'in_transit'",
        "postings_balance",
    ),
    "the float is spent": (
        "INSERT INTO posting VALUES ('x', 'x', 0, '2026-03-17', 'x'); INSERT INTO posting_line"
        " VALUES ('x', 0, 'ISS-500000', 'bank_float', -1), ('x', 1, 'ISS-500000', 'expense', 1)",
        "float_backs_liabilities",
    ),
    "an account goes too deep": (
        "UPDATE rider SET limit_fen = -9999999 WHERE rider_id = 'a1'",
        "nobody_below_limit",
    ),
}


@pytest.mark.parametrize(("statement", "name"), TAMPERED.values(), ids=TAMPERED)
def test_tampering_is_seen(
    books: Database, capsys: pytest.CaptureFixture[str], statement: str, name: str
) -> None:
    with books.connect(f"city_{CHONGQING}") as connection:
        connection.execute(statement.encode())
    code, out, _ = run(capsys, "--dsn", books.dsn, "--json")
    assert code == 1
    assert name in [proof["name"] for proof in json.loads(out) if not proof["holds"]]


def test_without_books_it_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "--home", str(tmp_path / "none"), "--lang", "en")
    assert code == 4
    assert err.startswith("error NOTHING_TO_PROVE:")
    assert "tongxing demo" in err
    assert not (tmp_path / "none").exists()
