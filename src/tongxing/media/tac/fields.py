"""What a transaction code covers, and the exact bytes a card computes it over.

This is the one definition of these fields: the terminal fills them in, the issuer reads them. Their
order and widths are those of docs/media/tac.md. Nothing here knows a key or says whether a code is
right, and nothing mends a field that does not fit.
"""

from typing import Protocol

import msgspec

from tongxing.kernel.reasons import Refusal

TAC_BYTES = 4
TAC_INPUT_BYTES = 22
LOAD_TAC_INPUT_BYTES = 24

LOAD = 0x02
"""The type byte of a load; every other one is a payment."""

FACTOR_BYTES = 8
TERMINAL_BYTES = 6
TIME_DIGITS = 14

_WIDTHS = {
    "key_version": 1,
    "algorithm": 1,
    "amount_fen": 4,
    "kind": 1,
    "serial": 4,
    "counter_before": 2,
    "balance_before_fen": 4,
}


class TacFields(msgspec.Struct, frozen=True):
    """One payment as its card signed it, and which key it signed with.

    `issuer_id` (8 bytes) and `card_factor` (8 bytes, the end of the number) lead from the master
    key to the card's, `key_version` and `algorithm` say which master key. `kind` is the type byte
    (06 purchase, 09 composite purchase, 02 load), `terminal_no` 6 bytes, `serial` the terminal's
    own number of the transaction, `time` the terminal's clock as YYYYMMDDhhmmss. The counter and
    the balance are the card's before the payment; a purchase does not sign them, but its issuer
    sees from them whether a payment is missing. They are signed for a load.
    """

    issuer_id: bytes
    card_factor: bytes
    number: str
    key_version: int
    algorithm: int
    amount_fen: int
    kind: int
    terminal_no: bytes
    serial: int
    time: str
    counter_before: int
    balance_before_fen: int


class Signed(Protocol):
    """What a card signed of a payment, as it travels (`messages.CardProof`); the names are those of
    `TacFields`, and `counter` is the card's before the payment."""

    @property
    def issuer_id(self) -> bytes: ...
    @property
    def card_factor(self) -> bytes: ...
    @property
    def number(self) -> str: ...
    @property
    def key_version(self) -> int: ...
    @property
    def algorithm(self) -> int: ...
    @property
    def amount_fen(self) -> int: ...
    @property
    def kind(self) -> int: ...
    @property
    def terminal_no(self) -> bytes: ...
    @property
    def serial(self) -> int: ...
    @property
    def time(self) -> str: ...
    @property
    def counter(self) -> int: ...
    @property
    def balance_before_fen(self) -> int: ...


def fields_of(proof: Signed) -> TacFields:
    """The payment that a proof is of."""
    return TacFields(
        issuer_id=proof.issuer_id,
        card_factor=proof.card_factor,
        number=proof.number,
        key_version=proof.key_version,
        algorithm=proof.algorithm,
        amount_fen=proof.amount_fen,
        kind=proof.kind,
        terminal_no=proof.terminal_no,
        serial=proof.serial,
        time=proof.time,
        counter_before=proof.counter,
        balance_before_fen=proof.balance_before_fen,
    )


def tac_input(fields: TacFields) -> bytes:
    """The 22 bytes that a purchase signs: amount 4, kind 1, terminal 6, serial 4, time 7.

    Raises ValueError for fields that do not fit; `unfit` tells so beforehand.
    """
    _must_fit(fields)
    serial = fields.serial.to_bytes(4, "big")
    return _amount(fields) + fields.terminal_no + serial + bytes.fromhex(fields.time)


def load_tac_input(fields: TacFields) -> bytes:
    """The 24 bytes that a load signs: new balance 4, counter 2, amount 4, kind 1, terminal 6,
    time 7. The counter is the one before the load, the balance the one after it.

    Raises ValueError for fields that do not fit or are not a load's.
    """
    _must_fit(fields)
    if fields.kind != LOAD:
        raise ValueError("not the fields of a load")
    balance = (fields.balance_before_fen + fields.amount_fen).to_bytes(4, "big")
    counter = fields.counter_before.to_bytes(2, "big")
    tail = fields.terminal_no + bytes.fromhex(fields.time)
    return balance + counter + _amount(fields) + tail


def signed_input(fields: TacFields) -> bytes:
    """What the card signed: the 24 bytes of a load, else the 22 of a payment. Raises ValueError."""
    return load_tac_input(fields) if fields.kind == LOAD else tac_input(fields)


def unfit(fields: TacFields, tac: bytes) -> Refusal | None:
    """Why these fields cannot be what any card signed, or the code no code (TAC_FIELDS, naming the
    field); None when they can."""
    name = _unfit_field(fields) or ("" if len(tac) == TAC_BYTES else "tac")
    return Refusal("TAC_FIELDS", name, {"field": name}) if name else None


def _amount(fields: TacFields) -> bytes:
    return fields.amount_fen.to_bytes(4, "big") + bytes((fields.kind,))


def _unfit_field(fields: TacFields) -> str:
    if len(fields.issuer_id) != FACTOR_BYTES:
        return "issuer_id"
    if len(fields.card_factor) != FACTOR_BYTES:
        return "card_factor"
    if len(fields.terminal_no) != TERMINAL_BYTES:
        return "terminal_no"
    time = fields.time
    if len(time) != TIME_DIGITS or not (time.isascii() and time.isdecimal()):
        return "time"
    for name, width in _WIDTHS.items():
        if not 0 <= getattr(fields, name) < 1 << 8 * width:
            return name
    after = fields.balance_before_fen + fields.amount_fen
    return "balance_before_fen" if fields.kind == LOAD and after >= 1 << 32 else ""


def _must_fit(fields: TacFields) -> None:
    name = _unfit_field(fields)
    if name:
        raise ValueError(f"{name} does not fit a transaction code")
