"""What a terminal and a card agree on: the card's names, a planned purchase, and how it ended.

These are values that a journal can keep. Their printed form never shows a full card number.
"""

from typing import Literal

import msgspec

from tongxing.media.tac.fields import TacFields

SINGLE: Literal[0x06] = 0x06
COMPOSITE: Literal[0x09] = 0x09
PurchaseKind = Literal[0x06, 0x09]

NUMBER_BYTES = 10
TERMINAL_BYTES = 6


class CardIds(msgspec.Struct, frozen=True):
    """Which card this is: bytes 10..19, 0..7 and 12..19 of its public file.

    `number10` is the number in BCD with its leading zero, `issuer8` and `card8` the factors of its
    keys. For a City Union card `issuer8` is its city code with FF0000000000 (`city_factor`), and
    `code9` its 9-byte security code, if the terminal asked for one.
    """

    number10: bytes
    issuer8: bytes
    card8: bytes
    code9: bytes = b""

    def __repr__(self) -> str:
        return f"CardIds({masked_number(self.number10)})"


class RecordWrite(msgspec.Struct, frozen=True):
    """A record that a composite purchase writes: P1 (record id, 00 for cyclic), file, content."""

    p1: int
    sfi: int
    data: bytes

    def __repr__(self) -> str:
        return f"RecordWrite(p1={self.p1:02X}, sfi={self.sfi:02X}, {len(self.data)} bytes)"


class Purchase(msgspec.Struct, frozen=True):
    """A purchase as planned: fen, 06 single or 09 composite, the terminal's time, records.

    `time` is YYYYMMDDhhmmss. `key_index` chooses the card's keys: 01 for 3DES, 41 for SM4.
    `terminal_no` may be given where it is known; else the security module is asked for it.
    """

    amount_fen: int
    kind: PurchaseKind
    time: str
    records: tuple[RecordWrite, ...] = ()
    key_index: int = 1
    terminal_no: bytes = b""


class Unfinished(msgspec.Struct, frozen=True):
    """A purchase up to the moment before the card takes the money; all that is needed to finish it.

    A terminal writes this to its journal before it sends DEBIT, and keeps it until it knows how
    that ended. `serial` is the terminal's own number of the transaction; the counter and the
    balance are the card's, before it.
    """

    ids: CardIds
    kind: PurchaseKind
    amount_fen: int
    time: str
    terminal_no: bytes
    serial: int
    mac1: bytes
    key_version: int
    algorithm: int
    random4: bytes
    counter_before: int
    balance_before_fen: int
    records: tuple[RecordWrite, ...] = ()

    @property
    def number(self) -> bytes:
        """The card's number, 10 bytes."""
        return self.ids.number10

    @property
    def fields(self) -> TacFields:
        """What the card will sign with its TAC key when it takes the money."""
        return TacFields(
            issuer_id=self.ids.issuer8,
            card_factor=self.ids.card8,
            number=number_text(self.ids.number10),
            key_version=self.key_version,
            algorithm=self.algorithm,
            amount_fen=self.amount_fen,
            kind=self.kind,
            terminal_no=self.terminal_no,
            serial=self.serial,
            time=self.time,
            counter_before=self.counter_before,
            balance_before_fen=self.balance_before_fen,
        )

    def __repr__(self) -> str:
        number = masked_number(self.ids.number10)
        return f"Unfinished({number}, {self.amount_fen} fen, serial {self.serial})"


class Debit(msgspec.Struct, frozen=True):
    """A purchase that happened, with what its issuer needs to check it.

    `proven` says that the security module found MAC2 right. A purchase found again on a card that
    came back is not always `proven`. `tac` is empty when the card no longer keeps it; such a
    purchase is `unconfirmed`: it is not charged again, and clearing waits for better evidence.
    """

    mac2: bytes
    tac: bytes
    fields: TacFields
    proven: bool

    @property
    def unconfirmed(self) -> bool:
        """Whether there is no transaction code to show."""
        return not self.tac

    def __repr__(self) -> str:
        fields = self.fields
        return f"Debit({fields.amount_fen} fen, serial {fields.serial}, proven={self.proven})"


class NotDone(msgspec.Struct, frozen=True):
    """A purchase that did not happen: forget it and begin a new one."""

    serial: int


def number_text(number10: bytes) -> str:
    """The digits of a number of 10 BCD bytes, without the leading zero; hex where it is not BCD."""
    return number10.hex().upper()[1:]


def masked_number(number10: bytes) -> str:
    """What may be printed of a number: its first six and last four digits."""
    digits = number_text(number10)
    return f"{digits[:6]}…{digits[-4:]}"
