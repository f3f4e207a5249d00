"""A card that left the field while its money was moving, and comes back.

The card itself says what happened: it keeps the codes of its last transaction, and its log and its
records name the terminal. A purchase found this way is never charged again; one that did not happen
is forgotten. Nothing is guessed from the balance.
"""

from collections.abc import Iterable

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import Command
from tongxing.media.card.files import Transaction, parse_transaction
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal.model import CardIds, Debit, NotDone, Unfinished
from tongxing.media.card.terminal.purchase import check_mac2
from tongxing.media.card.terminal.reading import read_ids
from tongxing.media.card.terminal.talking import PROOF_MISSING, ask, exchange, refusal_of

UNFINISHED_MOST = 10
LOG_LINES, LOG_LINE_BYTES = 10, 23
_LOG_SFI = 0x18
_LOAD = 0x02
_NO_RECORD = 0x6A83


class UnfinishedList:
    """The purchases of one terminal whose end is not known, by card, at most `most` of them.

    The journal keeps them through a restart; this keeps them at hand.
    """

    def __init__(self, waiting: Iterable[Unfinished] = (), most: int = UNFINISHED_MOST) -> None:
        self._most = most
        self._waiting: dict[bytes, Unfinished] = {}
        self._last_serial = 0
        for unfinished in waiting:
            self.keep(unfinished)

    def keep(self, unfinished: Unfinished) -> Unfinished | None:
        """Remember a purchase before its DEBIT is sent. Returns the oldest one when there is no
        more room: nobody will ask its card here, and it goes to clearing as unconfirmed.

        Raises ValueError when a purchase of this card waits already.
        """
        if unfinished.number in self._waiting:
            raise ValueError("the card's last purchase has not been cleared up")
        self._waiting[unfinished.number] = unfinished
        self._last_serial = max(self._last_serial, unfinished.serial)
        if len(self._waiting) <= self._most:
            return None
        return self._waiting.pop(next(iter(self._waiting)))

    def close(self, unfinished: Unfinished) -> None:
        """Forget a purchase: how it ended is known, and written down."""
        self._waiting.pop(unfinished.number, None)

    def of(self, number10: bytes) -> Unfinished | None:
        """The purchase of this card whose end is not known."""
        return self._waiting.get(number10)

    def waiting(self) -> tuple[Unfinished, ...]:
        """All of them, the oldest first."""
        return tuple(self._waiting.values())

    def resume(
        self, card: CardLink, ids: CardIds, sam: CardLink
    ) -> tuple[Unfinished, Debit | NotDone | Refusal] | None:
        """Clear up what waits for the card in the field; None when nothing does.

        An end that is now known is forgotten here: the caller writes it down. The security module
        is asked about MAC2 only while it still knows that purchase.
        """
        unfinished = self.of(ids.number10)
        if unfinished is None:
            return None
        knows = unfinished.serial == self._last_serial
        found = recover(card, unfinished, sam if knows else None)
        if not isinstance(found, Refusal):
            self.close(unfinished)
        return unfinished, found


def recover(
    card: CardLink, unfinished: Unfinished, sam: CardLink | None = None
) -> Debit | NotDone | Refusal:
    """How an unfinished purchase ended, asked of the card. Its application is selected.

    `sam` is given when the security module has signed nothing since: then it checks MAC2 and the
    debit is `proven`; it refuses CARD_MAC for a wrong one. Codes that nothing checks count only
    when the card's log or records name this very purchase: a card answers for whichever purchase of
    its own had that counter. Refuses RECOVERY_OTHER_CARD when another
    card is in the field, RECOVERY_TOO_OLD when the card has forgotten, and whatever keeps the card
    from answering: ask for it again then.
    """
    ids = read_ids(card)
    if isinstance(ids, Refusal):
        return ids
    if ids.number10 != unfinished.number:
        return Refusal("RECOVERY_OTHER_CARD")
    counter = (unfinished.counter_before + 1).to_bytes(2, "big")
    answer = exchange(card, Command(0x80, 0x5A, 0x00, unfinished.kind, counter, 8))
    if isinstance(answer, Refusal):
        return answer
    if answer.status == PROOF_MISSING:
        return _without_codes(card, unfinished)
    if not answer.ok:
        return refusal_of(answer.status)
    if len(answer.data) != 8:
        return Refusal("CARD_RESPONSE_LENGTH", values={"length": len(answer.data)})
    mac2, tac = answer.data[:4], answer.data[4:]
    wrong = None if sam is None else check_mac2(sam, mac2)
    if sam is not None and wrong is None:
        return Debit(mac2, tac, unfinished.fields, proven=True)
    shown = _is_shown(card, unfinished)
    if isinstance(shown, Refusal):
        return shown
    if not shown:
        return NotDone(unfinished.serial)
    return wrong or Debit(mac2, tac, unfinished.fields, proven=False)


def _is_shown(card: CardLink, unfinished: Unfinished) -> bool | Refusal:
    """Whether the card's log names this purchase, or, where nothing was taken, its records do."""
    log = _log(card)
    if isinstance(log, Refusal):
        return log
    if any(_is_this(line, unfinished) for line in log):
        return True
    return _is_written(card, unfinished) if unfinished.amount_fen == 0 else False


def _without_codes(card: CardLink, unfinished: Unfinished) -> Debit | NotDone | Refusal:
    """The card keeps no codes of this purchase: not done, or so long ago that they made room.

    Another terminal may have used the card in between. The log still names each purchase with its
    counter, terminal and time, and a purchase of nothing, which some cards neither count nor log,
    has left its record; either shows that it was done, without codes.
    """
    log = _log(card)
    if isinstance(log, Refusal):
        return log
    if any(_is_this(line, unfinished) for line in log):
        return Debit(b"", b"", unfinished.fields, proven=False)
    if unfinished.amount_fen == 0:
        written = _is_written(card, unfinished)
        if isinstance(written, Refusal):
            return written
        if written:
            return Debit(b"", b"", unfinished.fields, proven=False)
    before = unfinished.counter_before
    reaches_back = any(line.kind != _LOAD and line.counter <= before for line in log)
    if len(log) == LOG_LINES and not reaches_back:
        return Refusal("RECOVERY_TOO_OLD")
    return NotDone(unfinished.serial)


def _log(card: CardLink) -> list[Transaction] | Refusal:
    """The lines of the card's log, the newest first."""
    lines: list[Transaction] = []
    for number in range(1, LOG_LINES + 1):
        command = Command(0x00, 0xB2, number, _LOG_SFI << 3 | 4, expected=LOG_LINE_BYTES)
        answer = exchange(card, command)
        if isinstance(answer, Refusal):
            return answer
        if answer.status == _NO_RECORD:
            break
        line = parse_transaction(answer.data) if answer.ok else refusal_of(answer.status)
        if isinstance(line, Refusal):
            return line
        if line.time is not None:
            lines.append(line)
    return lines


def _is_this(line: Transaction, unfinished: Unfinished) -> bool:
    """Whether a line of the log is this very purchase."""
    found = (line.counter, line.amount_fen, line.kind, line.terminal, line.time)
    return found == (
        unfinished.counter_before + 1,
        unfinished.amount_fen,
        unfinished.kind,
        unfinished.terminal_no,
        unfinished.time,
    )


def _is_written(card: CardLink, unfinished: Unfinished) -> bool | Refusal:
    """Whether the card holds the records that this purchase was to write (those found by id)."""
    records = [record for record in unfinished.records if record.p1]
    for record in records:
        command = Command(0x00, 0xB2, record.p1, record.sfi << 3, expected=len(record.data))
        found = ask(card, command)
        if isinstance(found, Refusal):
            return found
        if found != record.data:
            return False
    return bool(records)
