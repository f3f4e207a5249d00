"""The hub's proofs: they hold over sound books, and each one fails when its truth is broken."""

from collections.abc import Iterator
from datetime import timedelta
from typing import LiteralString

import pytest
from hub_world import DAY, B, World, make_world, ride

from tongxing.hub import Confirmation, WindowClosing, prove_hub
from tongxing.hub.iso20022 import status_report
from tongxing.kernel.clock import at
from tongxing.storage import Database

NEXT = DAY + timedelta(days=1)
WINDOW = "W20260318"


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """One window settled, one closed, one with a held record still open."""
    found = make_world(database)
    for days in range(3):
        found.present(
            [
                ride(f"a{days}"),
                ride(f"b{days}", issuer=B, charge_fen=500),
                ride(f"c{days}", where="bus", charge_fen=180),
                ride(f"d{days}", charge_fen=10_000),
            ],
            at(NEXT + timedelta(days=days), 6),
        )
        if days < 2:
            found.hub.close_window(f"W202603{18 + days}", at(NEXT + timedelta(days=days), 12))
    while payments := found.hub.payments_to_send(WINDOW):
        for payment in payments:
            report = status_report(payment.instruction, "ACSC", at(NEXT, 15), "BANK")
            assert isinstance(found.hub.confirm_payment(report, at(NEXT, 15)), Confirmation)
    yield found
    found.hub.close()


def failing(world: World) -> list[str]:
    with world.store.reading() as cursor:
        return [proof.name for proof in prove_hub(cursor) if not proof.holds]


def test_every_truth_holds_over_sound_books(world: World) -> None:
    with world.store.reading() as cursor:
        proofs = prove_hub(cursor)
    assert [(proof.truth, proof.name) for proof in proofs] == [
        (1, "postings_balance"),
        (3, "each_record_one_window"),
        (4, "net_is_zero"),
        (4, "statements_mirror"),
        (4, "statements_are_books"),
        (4, "settled_is_zero"),
        (4, "cases_end"),
        (6, "documents_unchanged"),
        (6, "checkpoints_hold"),
        (6, "records_as_signed"),
        (7, "every_split_explained"),
    ]
    assert all(proof.holds and proof.house == "hub" for proof in proofs)
    figures = {proof.name: proof.figures for proof in proofs}
    assert figures["each_record_one_window"]["accepted"] == 9
    assert figures["net_is_zero"]["windows"] == 2
    assert figures["net_is_zero"]["positions_fen"] == figures["net_is_zero"]["hub_fee_fen"] == 2
    assert figures["settled_is_zero"]["bank_fen"] == figures["settled_is_zero"]["earned_fen"] == 1
    assert figures["every_split_explained"]["records"] == 12
    assert figures["checkpoints_hold"]["checkpoints"] == 2
    assert figures["records_as_signed"]["records"] == 8


NOT_APPEND_ONLY: LiteralString = "ALTER TABLE posting_line DISABLE TRIGGER ALL"

# What somebody did to the books behind the hub's back, and the proof that says so.
DAMAGE: list[tuple[str, LiteralString, set[str]]] = [
    (
        "a line changed",
        "UPDATE posting_line SET amount_fen = amount_fen - 1"
        " WHERE account = 'inc_fee' AND posting_id IN"
        " (SELECT posting_id FROM posting WHERE source = 'W20260318')",
        {"postings_balance", "settled_is_zero"},
    ),
    (
        "a record moved to another window",
        "UPDATE record SET window_id = 'W20260319' WHERE record_id = 'a0.1'",
        {"each_record_one_window", "net_is_zero", "records_as_signed"},
    ),
    (
        "a record made cheaper",
        "UPDATE record SET delta_fen = delta_fen - 1 WHERE record_id = 'a0.1'",
        {"net_is_zero", "every_split_explained", "records_as_signed"},
    ),
    (
        "a position changed",
        "UPDATE member_position SET debit_fen = debit_fen + 1, net_fen = net_fen + 1"
        " WHERE member = 'ISS-990100' AND window_id = 'W20260319'",
        {"net_is_zero"},
    ),
    (
        "a pair left out",
        "DELETE FROM pair_net WHERE issuer = 'ISS-990100' AND acquirer = 'ACQ-990200'",
        {"each_record_one_window", "net_is_zero"},
    ),
    (
        "a sheet rewritten with its hash",
        "WITH sheet AS (SELECT decode(replace(encode(content, 'escape'), ',-450', ',-449'),"
        "  'escape') AS wrong FROM document WHERE kind = 'csv' AND party = 'ISS-990100'"
        "  AND window_id = 'W20260319')"
        " UPDATE document SET content = wrong, sha256 = encode(sha256(wrong), 'hex') FROM sheet"
        " WHERE kind = 'csv' AND party = 'ISS-990100' AND window_id = 'W20260319'",
        {"statements_mirror", "statements_are_books", "checkpoints_hold"},
    ),
    (
        "a document rewritten",
        "UPDATE document SET content = content || '\\x20' WHERE kind = 'camt.053'",
        {"documents_unchanged", "checkpoints_hold"},
    ),
    (
        "a payment rewritten",
        "UPDATE instruction SET content = content || '\\x20' WHERE phase = 2",
        {"documents_unchanged", "checkpoints_hold"},
    ),
    (
        "a payment taken back in silence",
        "UPDATE posting SET source = 'W20260319' WHERE kind = 'settle_out'",
        {"settled_is_zero"},
    ),
    (
        "a basis lost",
        "DELETE FROM split_basis WHERE body LIKE '%\"path\"%'",
        {"every_split_explained"},
    ),
    (
        "a share shifted",
        "UPDATE record SET share_fen = ARRAY[270, 181]::bigint[] WHERE record_id = 'a2.1'",
        {"every_split_explained"},
    ),
    (
        "a record's price rewritten where no sum sees it",
        "UPDATE record SET body = replace(body, '\"fare_fen\":500', '\"fare_fen\":400')"
        " WHERE record_id = 'a0.1'",
        {"records_as_signed"},
    ),
    (
        "a verdict file rewritten",
        "UPDATE record_file SET verdicts = verdicts || '\\x00' WHERE window_id = 'W20260318'",
        {"checkpoints_hold", "records_as_signed"},
    ),
    (
        "a leaf rewritten",
        "UPDATE checkpoint_leaves SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0))"
        " WHERE window_id = 'W20260318'",
        {"checkpoints_hold", "records_as_signed"},
    ),
    (
        "a root rewritten",
        "UPDATE checkpoint SET content = set_byte(content, 20, 255 - get_byte(content, 20))"
        " WHERE window_id = 'W20260318'",
        {"checkpoints_hold"},
    ),
    (
        "a checkpoint taken away",
        "DELETE FROM checkpoint WHERE window_id = 'W20260318'",
        {"checkpoints_hold"},
    ),
    (
        "the first window's checkpoint put in the place of the second",
        "UPDATE checkpoint SET content = (SELECT content FROM checkpoint"
        " WHERE window_id = 'W20260318') WHERE window_id = 'W20260319'",
        {"checkpoints_hold"},
    ),
]


@pytest.mark.parametrize(("what", "damage", "names"), DAMAGE, ids=[row[0] for row in DAMAGE])
def test_a_broken_truth_is_seen(
    world: World, what: str, damage: LiteralString, names: set[str]
) -> None:
    assert failing(world) == []
    with world.store.changing() as cursor:
        cursor.execute(NOT_APPEND_ONLY)
        cursor.execute("ALTER TABLE posting DISABLE TRIGGER ALL")
        cursor.execute("ALTER TABLE checkpoint DISABLE TRIGGER ALL")
        cursor.execute("ALTER TABLE checkpoint_leaves DISABLE TRIGGER ALL")
        assert cursor.execute(damage).rowcount > 0
    assert set(failing(world)) == names


def test_the_proofs_of_an_empty_hub_hold(database: Database) -> None:
    world = make_world(database)
    assert failing(world) == []
    assert isinstance(world.hub.close_window(WINDOW, at(NEXT, 12)), WindowClosing)
    assert failing(world) == []
    world.hub.close()
