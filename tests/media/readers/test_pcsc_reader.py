"""A card behind a real PC/SC service: the same bytes as in this process, each way to lose it."""

import os
import subprocess
import sys
import time

import pytest
from lent_cards import (
    DEBIT,
    IDS,
    PURCHASE,
    SELECT,
    LeavingCard,
    balance_of,
    new_card,
    new_sam,
)
from pcsc_world import NAME, CardService

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.face import CardFace
from tongxing.media.card.link import CardGone
from tongxing.media.card.readers.atr import SOFTWARE_ATR
from tongxing.media.card.readers.pcsc import PcscLink, list_readers, open_pcsc
from tongxing.media.card.readers.recording import Recorder
from tongxing.media.card.reading import read_card
from tongxing.media.card.terminal import Debit, Unfinished, begin, finish, recover

CLASSIC = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")


class SleepyCard:
    """A card that takes its time for an answer."""

    def __init__(self) -> None:
        self.has_answered = False

    def transmit(self, _command: bytes) -> bytes:
        time.sleep(2)
        self.has_answered = True
        return b"\x90\x00"

    def reset(self) -> None:
        """Nothing to forget."""


class MemoryCard:
    """A MIFARE Classic behind a contactless reader: it has a number, and answers nothing else."""

    def transmit(self, command: bytes) -> bytes:
        return b"\x01\x02\x03\x04\x90\x00" if command[:2] == b"\xff\xca" else b"\x63\x00"

    def reset(self) -> None:
        """Nothing to forget."""


def paid(link: Recorder) -> Debit:
    assert link.transmit(SELECT)[-2:] == b"\x90\x00"
    sam = new_sam()
    unfinished = begin(link, sam, IDS, PURCHASE)
    assert isinstance(unfinished, Unfinished), unfinished
    debit = finish(link, sam, unfinished)
    assert isinstance(debit, Debit), debit
    return debit


def test_a_purchase_through_the_reader_is_the_same_bytes_as_one_in_this_process(
    card_service: CardService,
) -> None:
    here = Recorder(new_card())
    with card_service.link(new_card()) as link:
        there = Recorder(link)
        debit = paid(there)
        assert balance_of(link) == 6070 - 315
    assert debit == paid(here)
    assert debit.proven and there.kept == here.kept


def test_a_whole_card_is_read_through_the_reader_as_in_this_process(
    card_service: CardService,
) -> None:
    here = Recorder(new_card())
    with card_service.link(new_card()) as link:
        there = Recorder(link)
        face = read_card(there, journeys=True)
    assert isinstance(face, CardFace), face
    assert face == read_card(here, journeys=True)
    assert there.kept == here.kept and len(here.kept) > 5


def test_readers_are_known_by_their_names(card_service: CardService) -> None:
    assert list_readers() == [card_service.reader(0), card_service.reader(1)]
    nothing = open_pcsc("Nobody's")
    assert isinstance(nothing, Refusal) and nothing.code == "READER_NOT_FOUND"
    assert card_service.reader(1) in nothing.message("en")
    several = open_pcsc("tongxing")
    assert isinstance(several, Refusal) and several.code == "READER_SEVERAL"
    assert NAME in several.message("zh")


def test_without_a_card_the_wait_ends(card_service: CardService) -> None:
    started = time.monotonic()
    refused = open_pcsc(card_service.reader(), wait_s=0.3)
    assert isinstance(refused, Refusal) and refused.code == "READER_NO_CARD"
    assert time.monotonic() - started > 0.2


def test_without_a_service_one_says_so() -> None:
    pytest.importorskip("smartcard", reason="no PC/SC: pyscard")
    script = (
        "from tongxing.media.card.readers.pcsc import list_readers, open_pcsc\n"
        "print(list_readers().code, open_pcsc().code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PCSCLITE_CSOCK_NAME": "/nowhere/pcscd.comm"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.split() == ["READER_SERVICE_DOWN"] * 2


def test_without_the_library_one_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)
    for found in (list_readers(), open_pcsc()):
        assert isinstance(found, Refusal) and found.code == "READER_SUPPORT_MISSING"


def test_a_card_taken_away_in_the_middle_is_removed_and_stays_so(card_service: CardService) -> None:
    card = new_card()
    with card_service.laid(card) as laid:
        link = open_pcsc(card_service.reader(), wait_s=5.0)
        assert isinstance(link, PcscLink)
        with link:
            link.transmit(SELECT)
            sam = new_sam()
            unfinished = begin(link, sam, IDS, PURCHASE)
            assert isinstance(unfinished, Unfinished)
            assert not link.wait_removed(0.1)
            laid.close()
            assert link.wait_removed(5.0) and not link.is_present()
            torn = finish(link, sam, unfinished)
            assert isinstance(torn, Refusal) and torn.code == "CARD_REMOVED"
            with pytest.raises(CardGone):
                link.transmit(SELECT)
    assert balance_of(card) == 6070


@pytest.mark.parametrize("has_done_it", [True, False], ids=["debited", "not debited"])
def test_a_card_torn_away_at_the_debit_is_recovered_when_it_comes_back(
    card_service: CardService, has_done_it: bool
) -> None:
    card, sam = LeavingCard(new_card(), DEBIT, has_done_it), new_sam()
    with card_service.link(card) as link:
        link.transmit(SELECT)
        unfinished = begin(link, sam, IDS, PURCHASE)
        assert isinstance(unfinished, Unfinished)
        torn = finish(link, sam, unfinished)
        assert isinstance(torn, Refusal) and torn.code == "CARD_REMOVED"
    with card_service.link(card) as link:
        link.transmit(SELECT)
        found = recover(link, unfinished)
        assert isinstance(found, Debit) is has_done_it, found
        assert balance_of(link) == 6070 - 315 * has_done_it


def test_a_card_that_gives_no_answer_does_not_hold_the_gate(card_service: CardService) -> None:
    card = SleepyCard()
    with card_service.link(card, answer_s=0.2) as link:
        with pytest.raises(CardGone) as gone:
            link.transmit(SELECT)
        assert gone.value.code == "CARD_TIMEOUT"
        with pytest.raises(CardGone):
            link.transmit(SELECT)
        assert not card.has_answered


def test_a_reset_forgets_what_was_begun(card_service: CardService) -> None:
    with card_service.link(new_card()) as link:
        link.transmit(SELECT)
        sam = new_sam()
        unfinished = begin(link, sam, IDS, PURCHASE)
        assert isinstance(unfinished, Unfinished)
        link.reset()
        link.transmit(SELECT)
        refused = finish(link, sam, unfinished)
        assert isinstance(refused, Refusal) and refused.code == "CARD_STATE"


def test_a_card_is_one_programs_at_a_time(card_service: CardService) -> None:
    with card_service.link(new_card()):
        second = open_pcsc(card_service.reader(), wait_s=0.1)
        assert isinstance(second, Refusal) and second.code == "READER_IN_USE"


def test_two_readers_each_have_their_own_card(card_service: CardService) -> None:
    with card_service.link(new_card(100)) as first, card_service.link(new_card(200), 1) as second:
        assert (balance_of(first), balance_of(second)) == (100, 200)


def test_a_memory_card_is_known_by_its_first_answer(card_service: CardService) -> None:
    with card_service.link(MemoryCard(), atr=CLASSIC) as link:
        assert (link.kind, link.uid()) == ("legacy", b"\x01\x02\x03\x04")


def test_a_purse_card_is_none_and_its_reader_gives_no_number(card_service: CardService) -> None:
    with card_service.link(new_card()) as link:
        assert (link.kind, link.uid(), link.atr) == ("cpu", b"", SOFTWARE_ATR)
