"""Our own card with one fault planted in it, each a mistake that is easily made."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lent_cards import NUMBER
from msgspec.structs import replace

from tongxing.media.card.chip import MemoryStore, SoftwareCard, personalise
from tongxing.media.card.chip.trial import trial_profile

OK = b"\x90\x00"
_INIT, _CREDIT, _DEBIT, _UPDATE, _PROVE, _SELECT = 0x50, 0x52, 0x54, 0xDC, 0x5A, 0xA4
Mend = Callable[["FaultyCard", bytes, bytes], bytes]


def our_card(balance_fen: int = 6070) -> SoftwareCard:
    image = personalise(trial_profile(NUMBER, balance_fen=balance_fen))
    return SoftwareCard(MemoryStore(image), os.urandom)


@dataclass
class FaultyCard:
    """`mend` sees each command with the true answer and says what the card answers instead."""

    mend: Mend
    card: SoftwareCard = field(default_factory=our_card)
    memory: dict[str, Any] = field(default_factory=dict)

    def transmit(self, command: bytes) -> bytes:
        return self.mend(self, command, self.card.transmit(command))

    def reset(self) -> None:
        self.card.reset()

    def edit(self, **changes: object) -> None:
        """Change the application behind the card's back."""
        image = self.card._image
        application = replace(image.applications[0], **changes)
        self.card._image = image.with_application(0, application)

    @property
    def application(self) -> Any:
        return self.card._image.applications[0]


def is_done(command: bytes, answer: bytes, instruction: int) -> bool:
    return command[1:2] == bytes((instruction,)) and answer[-2:] == OK


def swapped_debit(_card: FaultyCard, command: bytes, answer: bytes) -> bytes:
    """MAC2 before TAC in the answer of a debit."""
    return answer[4:8] + answer[:4] + OK if is_done(command, answer, _DEBIT) else answer


def swapped_proof(_card: FaultyCard, command: bytes, answer: bytes) -> bytes:
    """TAC before MAC2 in a proof."""
    return answer[4:8] + answer[:4] + OK if is_done(command, answer, _PROVE) else answer


def counter_not_counted(card: FaultyCard, command: bytes, answer: bytes) -> bytes:
    if is_done(command, answer, _DEBIT):
        card.edit(purchases=card.application.purchases - 1)
    return answer


def load_counter_not_counted(card: FaultyCard, command: bytes, answer: bytes) -> bytes:
    if is_done(command, answer, _CREDIT):
        card.edit(loads=card.application.loads - 1)
    return answer


def cache_kept_after_an_error(card: FaultyCard, command: bytes, answer: bytes) -> bytes:
    """Records of a refused debit are written by the next one."""
    kept = card.memory.setdefault("kept", [])
    if is_done(command, answer, _UPDATE):
        card.memory.setdefault("now", []).append(command)
    elif command[1] == _DEBIT and answer == b"\x93\x02":
        kept += card.memory.pop("now", [])
    elif is_done(command, answer, _INIT) and command[2] == 3:
        for old in kept:
            card.card.transmit(old)
        kept.clear()
    return answer


def negative_balance(_card: FaultyCard, command: bytes, answer: bytes) -> bytes:
    """Whatever is asked for may be bought."""
    return bytes(15) + OK if command[1] == _INIT and answer == b"\x94\x01" else answer


def proves_any_counter(card: FaultyCard, command: bytes, answer: bytes) -> bytes:
    if is_done(command, answer, _PROVE):
        card.memory["last"] = answer
    return card.memory.get("last", answer) if command[1] == _PROVE else answer


def selects_anything(card: FaultyCard, command: bytes, answer: bytes) -> bytes:
    if command[1] != _SELECT or answer != b"\x6a\x82":
        return answer
    return card.card.transmit(bytes.fromhex("00A4040008A00000063201010500"))


def says_9000_to_unknown(_card: FaultyCard, _command: bytes, answer: bytes) -> bytes:
    return OK if answer in (b"\x6d\x00", b"\x6e\x00") else answer


def record_in_a_single_purchase(_card: FaultyCard, command: bytes, answer: bytes) -> bytes:
    return OK if command[1] == _UPDATE and answer == b"\x69\x85" else answer


def other_word_for_a_wrong_code(_card: FaultyCard, _command: bytes, answer: bytes) -> bytes:
    return b"\x69\x82" if answer == b"\x93\x02" else answer


def record_written_at_once(card: FaultyCard, command: bytes, answer: bytes) -> bytes:
    if is_done(command, answer, _UPDATE) and command[3] == 0x1E << 3:
        files = tuple(
            replace(file, records=(command[5:53], *file.records)) if file.sfi == 0x1E else file
            for file in card.application.files
        )
        card.edit(files=files)
    return answer


def same_random_always(_card: FaultyCard, command: bytes, answer: bytes) -> bytes:
    is_purchase = is_done(command, answer, _INIT) and command[2] in (1, 3)
    return answer[:11] + b"\x01\x02\x03\x04" + OK if is_purchase else answer


def algorithm_not_told(_card: FaultyCard, command: bytes, answer: bytes) -> bytes:
    is_purchase = is_done(command, answer, _INIT) and command[2] in (1, 3)
    return answer[:10] + b"\x00" + answer[11:] if is_purchase else answer


def no_status(_card: FaultyCard, command: bytes, answer: bytes) -> bytes:
    return answer[:1] if command[1] == 0x5C else answer


WRAPPED = {
    swapped_debit: {"single-purchase", "composite-purchase", "a-purchase-is-proven"},
    swapped_proof: {"a-purchase-is-proven", "a-torn-debit-is-proven", "a-load-is-proven"},
    counter_not_counted: {"single-purchase", "purchase-of-nothing"},
    load_counter_not_counted: {"load"},
    cache_kept_after_an_error: {"an-error-drops-the-records"},
    negative_balance: {"more-than-it-has", "all-that-it-has"},
    proves_any_counter: {"only-the-asked-counter-is-proven", "a-refused-debit-is-not-proven"},
    selects_anything: {"select-unknown"},
    says_9000_to_unknown: {"unknown-instruction", "unknown-class"},
    record_in_a_single_purchase: {"single-takes-no-record", "record-without-beginning"},
    other_word_for_a_wrong_code: {"wrong-mac1", "wrong-load-mac2"},
    record_written_at_once: {"records-wait-for-the-debit"},
    same_random_always: {"randoms-differ", "single-purchase"},
    algorithm_not_told: {"the-algorithm-is-told"},
    no_status: {"balance"},
}
"""Each fault, and cases that must find it."""
