"""A site puts the steps in order: decide, journal, write the medium, open the lane; then upload."""

import sqlite3
from itertools import permutations
from pathlib import Path

import pytest
from gate_world import (
    CITY_KEY,
    SITE,
    Station,
    code_of,
    deny_message,
    numbers_of,
    receipt_of,
    site_key,
    taps_in,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from deciding_world import CARD, CODE, DAY
from tongxing.deciding.facts import Decision
from tongxing.deciding.token import MediumToken
from tongxing.gate.journal_file import JournalSettings
from tongxing.gate.site import Site
from tongxing.kernel.clock import DAY_S, at
from tongxing.messages import DenyEntry, TapRef

EIGHT = at(DAY, 8)


def test_the_tap_is_on_disk_before_the_medium_is_written_and_the_lane_told(tmp_path: Path) -> None:
    steps: list[str] = []

    def on_disk() -> int:
        other = sqlite3.connect(tmp_path / "j.db")
        (count,) = other.execute("SELECT COUNT(*) FROM tap").fetchone()
        other.close()
        return int(count)

    def lane(terminal: str, decision: Decision) -> None:
        steps.append(f"{terminal} {decision.outcome} with {on_disk()} on disk")

    def write(token: MediumToken) -> None:
        steps.append(f"written {token.balance_fen} with {on_disk()} on disk")

    station = Station(tmp_path, lane=lane)
    decision, token = station.site.present(CARD, "IN", EIGHT, write)
    station.site.present(CARD, "OUT", EIGHT + 60, write)
    _, after = station.site.present(token, "OUT", EIGHT + 1_500, write)
    assert steps == [
        "written 5000 with 1 on disk",
        "IN opened with 1 on disk",
        "OUT refused with 2 on disk",
        "written 4820 with 3 on disk",
        "OUT opened with 3 on disk",
    ]
    assert decision.token_after is token
    assert (token.balance_fen, after.balance_fen, after.counter) == (50_00, 48_20, 1)


@pytest.mark.parametrize("token", [CARD, CODE], ids=["purse", "code"])
def test_a_journal_that_cannot_take_the_tap_keeps_the_lane_shut(
    tmp_path: Path, token: MediumToken
) -> None:
    station = Station(tmp_path, settings=JournalSettings(free_bytes_min=2**62))
    written: list[MediumToken] = []
    decision, after = station.site.present(token, "IN", EIGHT, written.append)
    assert (decision.outcome, decision.reason) == ("refused", "JOURNAL_FULL")
    assert after is token
    assert written == []
    assert station.heard == [("IN", decision)]
    assert numbers_of(station.journal) == []


def test_the_same_code_opens_once_the_journal_is_well_again(tmp_path: Path) -> None:
    """A display that could not be journaled has not been used."""
    station = Station(tmp_path, settings=JournalSettings(free_bytes_min=2**62))
    station.site.present(CODE, "IN", EIGHT)
    station.settings = None
    station.restart()
    assert station.site.present(CODE, "IN", EIGHT + 1)[0].opened


def test_if_the_medium_cannot_be_written_the_lane_is_never_told(tmp_path: Path) -> None:
    station = Station(tmp_path)

    def torn(token: MediumToken) -> None:
        raise OSError("the card left the field")

    with pytest.raises(OSError, match="left the field"):
        station.site.present(CARD, "IN", EIGHT, torn)
    assert station.heard == []
    assert numbers_of(station.journal) == [1]


def test_opened_and_refused_taps_are_evidence_alike(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.site.load_deny_list(deny_message(7, DenyEntry("4000000000000033", "MEDIUM_LOST")))
    lost = replace(CARD, medium_no="4000000000000033")
    torn = replace(CARD, medium_no="40\x0000 '; DROP TABLE tap")
    for token in (CARD, lost, torn):
        station.site.present(token, "IN", EIGHT)
    batch = station.site.next_batch()
    assert isinstance(batch, bytes)
    taps = taps_in(batch)
    assert [(tap.ref, tap.outcome, tap.reason) for tap in taps] == [
        (TapRef("IN", 1, 1), "opened", "OPEN"),
        (TapRef("IN", 1, 2), "refused", "MEDIUM_LOST"),
        (TapRef("IN", 1, 3), "refused", "CARD_NUMBER"),
    ]
    assert {tap.deny_list_version for tap in taps} == {7}
    assert taps[2].medium_no == "40?00????DROP?TABLE?tap"
    assert taps[0].tariff.startswith("500000-20250730/")


def test_a_terminal_of_another_site_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        Station(tmp_path).site.present(CARD, "G99", EIGHT)


def test_a_key_that_signs_for_another_site_is_found_at_once(tmp_path: Path) -> None:
    station = Station(tmp_path)
    setup = station.site._setup
    other = type(setup)(
        setup.city, setup.validators, setup.fares, setup.registry, site_key("X"), setup.city_keys
    )
    with pytest.raises(ValueError, match=f"X cannot sign for {SITE}"):
        Site.open(other, station.journal, lambda terminal, decision: None)


# --- upload ---------------------------------------------------------------------------------------


def ride(station: Station, count: int, start: int = 0) -> None:
    """`count` taps by as many cards."""
    for index in range(start, start + count):
        token = replace(CARD, medium_no=f"4000{index:012d}")
        station.site.present(token, "IN", EIGHT + index)


def upload(station: Station) -> bytes:
    batch = station.site.next_batch()
    assert isinstance(batch, bytes), batch
    return batch


def test_nothing_to_send_is_nothing(tmp_path: Path) -> None:
    assert Station(tmp_path).site.next_batch() is None


def test_a_batch_is_sent_again_byte_for_byte_until_its_receipt(tmp_path: Path) -> None:
    station = Station(tmp_path)
    ride(station, 3)
    first = upload(station)
    ride(station, 2, start=3)
    station.restart()
    assert upload(station) == first
    assert station.site.take_receipt(receipt_of(first), EIGHT) == 3
    second = upload(station)
    assert [tap.ref.seq for tap in taps_in(second)] == [4, 5]
    assert station.site.take_receipt(receipt_of(second), EIGHT) == 2
    assert station.site.next_batch() is None


@given(
    st.permutations(range(3)),
    st.lists(st.integers(0, 2), max_size=4),
    st.lists(st.booleans(), min_size=3, max_size=3),
)
@settings(max_examples=25, deadline=None)
def test_lost_doubled_reordered_and_late_receipts_lose_and_repeat_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    order: list[int],
    doubled: list[int],
    arrives: list[bool],
) -> None:
    station = Station(tmp_path_factory.mktemp("site"))
    ride(station, 5)
    messages = [upload(station)]
    for size in (3, 2):  # two more batches are made while the first is on its way
        ride(station, size, start=sum(len(taps_in(m)) for m in messages))
        found = station.site.next_batches(9)
        assert isinstance(found, list)
        messages = found
    assert [len(taps_in(message)) for message in messages] == [5, 3, 2]
    covered = {}
    for index in [*(i for i in order if arrives[i]), *(i for i in doubled if arrives[i])]:
        answer = station.site.take_receipt(receipt_of(messages[index]), EIGHT)
        assert answer == (0 if index in covered else len(taps_in(messages[index])))
        covered[index] = True
    left = [tap.ref.seq for i in range(3) if i not in covered for tap in taps_in(messages[i])]
    assert numbers_of(station.journal) == left
    assert station.site.next_batches(9) == [m for i, m in enumerate(messages) if i not in covered]
    for message in messages:
        assert isinstance(station.site.take_receipt(receipt_of(message), EIGHT + DAY_S), int)
    assert station.site.next_batch() is None
    station.journal.close()


def test_a_receipt_that_is_not_the_citys_covers_nothing(tmp_path: Path) -> None:
    station = Station(tmp_path)
    ride(station, 2)
    batch = upload(station)
    good = receipt_of(batch)
    flipped = bytes([*good[:-1], good[-1] ^ 1])
    for message, code in [
        (receipt_of(batch, key=site_key("mallory")), "SIGNATURE_INVALID"),
        (flipped, "SIGNATURE_INVALID"),
        (good[:-9], "MESSAGE_MALFORMED"),
        (b"", "MESSAGE_MALFORMED"),
        (batch, "MESSAGE_KIND"),
        (receipt_of(batch, site="SITE-2"), "RECEIPT_OTHER_SITE"),
        (receipt_of(batch, batch_sha256="0" * 64), "RECEIPT_UNKNOWN"),
        (receipt_of(batch, accepted=1), "RECEIPT_MISMATCH"),
    ]:
        assert code_of(station.site.take_receipt(message, EIGHT)) == code
    assert numbers_of(station.journal) == [1, 2]
    assert upload(station) == batch
    assert station.site.take_receipt(good, EIGHT) == 2


def test_no_order_of_three_receipts_matters(tmp_path: Path) -> None:
    for number, order in enumerate(permutations(range(3))):
        station = Station(tmp_path / str(number))
        messages: list[bytes] = []
        for size in (1, 2, 3):
            ride(station, size, start=10 * size)
            found = station.site.next_batches(3)
            assert isinstance(found, list)
            messages = found
        counts = [station.site.take_receipt(receipt_of(messages[i]), EIGHT) for i in order]
        assert counts == [(1, 2, 3)[i] for i in order]
        assert numbers_of(station.journal) == []


def test_receipted_taps_leave_after_the_retention(tmp_path: Path) -> None:
    station = Station(tmp_path)
    for start in (0, 10):
        ride(station, 4, start=start)
        station.site.take_receipt(receipt_of(upload(station)), EIGHT)
    assert station.site.forget(EIGHT + 30 * DAY_S - 1) == 0
    assert station.site.forget(EIGHT + 30 * DAY_S) == 4


# --- deny list ------------------------------------------------------------------------------------

LOST = DenyEntry(CARD.medium_no, "MEDIUM_LOST")


def test_a_deny_list_holds_at_once_and_after_a_restart(tmp_path: Path) -> None:
    station = Station(tmp_path)
    assert station.site.present(CARD, "IN", EIGHT)[0].opened
    assert station.site.load_deny_list(deny_message(3, LOST)) is None
    assert station.site.present(CARD, "OUT", EIGHT + 60)[0].reason == "MEDIUM_LOST"
    station.restart()
    assert station.site.deny.version == 3
    assert station.site.present(CARD, "OUT", EIGHT + 90)[0].reason == "MEDIUM_LOST"
    assert station.site.load_deny_list(deny_message(4)) is None
    assert station.site.present(CARD, "IN", EIGHT + 120)[0].opened


def test_a_list_that_cannot_be_believed_leaves_the_old_one(tmp_path: Path) -> None:
    station = Station(tmp_path)
    good = deny_message(3, LOST)
    station.site.load_deny_list(good)
    for message, code in [
        (deny_message(2), "LIST_ROLLBACK"),
        (deny_message(0), "LIST_ROLLBACK"),
        (deny_message(4, key=site_key("mallory")), "SIGNATURE_INVALID"),
        (deny_message(4, city="110000"), "LIST_OTHER_CITY"),
        (deny_message(3), "LIST_CHANGED"),
        (good[: len(good) // 2], "MESSAGE_MALFORMED"),
        (receipt_of_nothing(), "MESSAGE_KIND"),
        (good, ""),
    ]:
        assert code_of(station.site.load_deny_list(message)) == code
        assert station.site.deny.version == 3
        assert station.site.deny.reason(CARD.medium_no) == "MEDIUM_LOST"
    station.restart()
    assert code_of(station.site.load_deny_list(deny_message(2))) == "LIST_ROLLBACK"


def receipt_of_nothing() -> bytes:
    from tongxing.messages import Receipt, seal

    return seal(
        Receipt(site=SITE, batch_sha256="", accepted=0, duplicates=0, quarantined=[]), CITY_KEY
    )


def test_a_list_that_cannot_be_kept_is_not_put_in_force(tmp_path: Path) -> None:
    """After a restart it would be gone: half in force is worse than refused."""
    station = Station(tmp_path, settings=JournalSettings(busy_wait_s=0))
    other = sqlite3.connect(tmp_path / "j.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert code_of(station.site.load_deny_list(deny_message(3, LOST))) == "JOURNAL_UNAVAILABLE"
    assert station.site.deny.version == 0
    other.execute("ROLLBACK")
    other.close()
    assert station.site.load_deny_list(deny_message(3, LOST)) is None
