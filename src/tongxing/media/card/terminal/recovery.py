"""A card that left the field while its money was moving, and comes back.

The card itself says what happened: it keeps the codes of its last transaction, and its log names
the terminal. A purchase found this way is never charged again; one that did not happen is
forgotten. Nothing is guessed from the balance.
"""

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import Command
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal.model import Debit, NotDone, Unfinished
from tongxing.media.card.terminal.purchase import check_mac2
from tongxing.media.card.terminal.talking import PROOF_MISSING, exchange, refusal_of

PUBLIC_FILE_BYTES = 30
LOG_LINES = 10
LOG_LINE_BYTES = 23
_READ_PUBLIC = Command(0x00, 0xB0, 0x95, 0x00, expected=PUBLIC_FILE_BYTES)
_LOG_SFI = 0x18
_NO_RECORD = 0x6A83


def recover(
    card: CardLink, unfinished: Unfinished, sam: CardLink | None = None
) -> Debit | NotDone | Refusal:
    """How an unfinished purchase ended, asked of the card. Its application is selected.

    `sam` is given when the security module has signed nothing since: then it checks MAC2 and the
    debit is `proven`; it refuses CARD_MAC for a wrong one. Refuses RECOVERY_OTHER_CARD when another
    card is in the field, and whatever keeps the card from answering: ask for it again then.
    """
    other = _is_other_card(card, unfinished)
    if other is not None:
        return other
    after = unfinished.counter_before + 1
    question = Command(0x80, 0x5A, 0x00, unfinished.kind, after.to_bytes(2, "big"), 8)
    answer = exchange(card, question)
    if isinstance(answer, Refusal):
        return answer
    if answer.status == PROOF_MISSING:
        return _from_log(card, unfinished)
    if not answer.ok:
        return refusal_of(answer.status)
    if len(answer.data) != 8:
        return Refusal("CARD_RESPONSE_LENGTH", values={"length": len(answer.data)})
    mac2, tac = answer.data[:4], answer.data[4:]
    if sam is None:
        return Debit(mac2, tac, unfinished.fields, proven=False)
    wrong = check_mac2(sam, mac2)
    return wrong or Debit(mac2, tac, unfinished.fields, proven=True)


def _is_other_card(card: CardLink, unfinished: Unfinished) -> Refusal | None:
    answer = exchange(card, _READ_PUBLIC)
    if isinstance(answer, Refusal):
        return answer
    if not answer.ok:
        return refusal_of(answer.status)
    if answer.data[10:20] != unfinished.number:
        return Refusal("RECOVERY_OTHER_CARD")
    return None


def _from_log(card: CardLink, unfinished: Unfinished) -> Debit | NotDone | Refusal:
    """The card keeps no codes of this purchase: not done, or so long ago that they made room.

    Another terminal may have used the card in between. The log still names each purchase with its
    counter, terminal and time; a purchase found there is done, without codes to show.
    """
    for number in range(1, LOG_LINES + 1):
        command = Command(0x00, 0xB2, number, _LOG_SFI << 3 | 4, expected=LOG_LINE_BYTES)
        answer = exchange(card, command)
        if isinstance(answer, Refusal):
            return answer
        if answer.status == _NO_RECORD:
            break
        if not answer.ok:
            return refusal_of(answer.status)
        if answer.data == _log_line(unfinished, answer.data):
            return Debit(b"", b"", unfinished.fields, proven=False)
    return NotDone(unfinished.serial)


def _log_line(unfinished: Unfinished, found: bytes) -> bytes:
    """The log line this purchase would have left; the overdraft is as found."""
    after = (unfinished.counter_before + 1).to_bytes(2, "big")
    amount = unfinished.amount_fen.to_bytes(4, "big")
    tail = bytes((unfinished.kind,)) + unfinished.terminal_no + bytes.fromhex(unfinished.time)
    return after + found[2:5] + amount + tail
