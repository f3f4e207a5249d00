"""A purchase with a card in the field: everything before the money moves, then the moment itself.

`begin` and `finish` are two steps so that a terminal can write to its journal in between. After
`finish` has been called, a refusal of any kind leaves the outcome open: keep the `Unfinished` and
let `recover` ask the card. Nothing here decides what a ride costs or whether a gate opens.
"""

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import Command
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal.model import (
    SINGLE,
    TERMINAL_BYTES,
    CardIds,
    Debit,
    Purchase,
    RecordWrite,
    Unfinished,
)
from tongxing.media.card.terminal.talking import ask, ask_sam, exchange

INIT_ANSWER_BYTES = 15
BALANCE_MASK = 0x7FFF_FFFF
"""Some cards set the topmost bit of a balance; it means nothing."""
READ_TERMINAL_NO = Command(0x00, 0xB0, 0x96, 0x00, expected=TERMINAL_BYTES)


def begin(card: CardLink, sam: CardLink, ids: CardIds, plan: Purchase) -> Unfinished | Refusal:
    """Prepare a purchase up to the moment before DEBIT. Nothing on the card has changed yet.

    The application is selected and read. Refuses what the card or the security module refuses
    (`talking`); CARD_BALANCE when the card has too little.
    """
    terminal_no = plan.terminal_no or ask_sam(sam, READ_TERMINAL_NO, TERMINAL_BYTES)
    if isinstance(terminal_no, Refusal):
        return terminal_no
    opened = ask(card, _initialise(plan, terminal_no), INIT_ANSWER_BYTES)
    if isinstance(opened, Refusal):
        return opened
    signed = _mac1(sam, ids, plan, opened)
    if isinstance(signed, Refusal):
        return signed
    for record in plan.records:
        written = ask(card, _update(record), 0)
        if isinstance(written, Refusal):
            return written
    return Unfinished(
        ids=ids,
        kind=plan.kind,
        amount_fen=plan.amount_fen,
        time=plan.time,
        terminal_no=terminal_no,
        serial=int.from_bytes(signed[:4], "big"),
        mac1=signed[4:],
        key_version=opened[9],
        algorithm=opened[10],
        random4=opened[11:15],
        counter_before=int.from_bytes(opened[4:6], "big"),
        balance_before_fen=int.from_bytes(opened[:4], "big") & BALANCE_MASK,
        records=plan.records,
    )


def finish(card: CardLink, sam: CardLink, unfinished: Unfinished) -> Debit | Refusal:
    """Take the money: send DEBIT and have the security module check the card's answer.

    After any refusal the outcome is unknown and `unfinished` must be kept: CARD_REMOVED,
    CARD_TIMEOUT or CARD_RESPONSE_LENGTH say that no whole answer arrived, CARD_MAC that the answer
    is not that of a genuine card.
    """
    answer = ask(card, _debit(unfinished), 8)
    if isinstance(answer, Refusal):
        return answer
    tac, mac2 = answer[:4], answer[4:]
    wrong = check_mac2(sam, mac2)
    return wrong or Debit(mac2, tac, unfinished.fields, proven=True)


def check_mac2(sam: CardLink, mac2: bytes) -> Refusal | None:
    """Have the security module check MAC2 of the purchase that it last signed.

    Refuses CARD_MAC when it is wrong, SAM_REFUSED when the module cannot tell.
    """
    answer = exchange(sam, Command(0x80, 0x72, 0x00, 0x00, mac2))
    if isinstance(answer, Refusal):
        return Refusal("SAM_REFUSED", values={"status": answer.code})
    if answer.ok:
        return None
    if answer.status == 0x9302 or answer.status & 0xFFF0 == 0x63C0:
        return Refusal("CARD_MAC")
    return Refusal("SAM_REFUSED", values={"status": f"{answer.status:04X}"})


def _initialise(plan: Purchase, terminal_no: bytes) -> Command:
    p1 = 0x01 if plan.kind == SINGLE else 0x03
    data = bytes((plan.key_index,)) + plan.amount_fen.to_bytes(4, "big") + terminal_no
    return Command(0x80, 0x50, p1, 0x02, data, INIT_ANSWER_BYTES)


def _mac1(sam: CardLink, ids: CardIds, plan: Purchase, opened: bytes) -> bytes | Refusal:
    """The terminal's serial (4 bytes) and MAC1 (4), from the module's purchase key."""
    if ids.code9:
        checked = ask_sam(sam, Command(0x80, 0xCA, 0x00, 0x00, ids.code9), 0)
        if isinstance(checked, Refusal):
            return checked
    counter, version_and_algorithm, random4 = opened[4:6], opened[9:11], opened[11:15]
    data = random4 + counter + plan.amount_fen.to_bytes(4, "big") + bytes((plan.kind,))
    data += bytes.fromhex(plan.time) + version_and_algorithm + ids.card8 + ids.issuer8
    return ask_sam(sam, Command(0x80, 0x70, 0x00, 0x00, data, 8), 8)


def _update(record: RecordWrite) -> Command:
    return Command(0x80, 0xDC, record.p1, record.sfi << 3, record.data)


def _debit(unfinished: Unfinished) -> Command:
    serial = unfinished.serial.to_bytes(4, "big")
    data = serial + bytes.fromhex(unfinished.time) + unfinished.mac1
    return Command(0x80, 0x54, 0x01, 0x00, data, 8)
