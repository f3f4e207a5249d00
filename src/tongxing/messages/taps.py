"""From the gate to the city: taps in batches, and the receipt that lets the gate forget them."""

import re
from typing import Literal

from msgspec import Struct

TapKind = Literal["entry", "exit", "ride"]
Funding = Literal["purse", "account"]
MediumKind = Literal["card", "code"]

BATCH_TAPS_MAX = 500

NUMBER_MAX = 2**63 - 1
"""The highest number of a tap, an epoch or an event."""


_NAMED = re.compile(r"(.{1,100})/([0-9a-f]{1,16})/([0-9]{1,19})")


def account_token(account: str) -> str:
    """What a code's tap carries in the place of a card number: a mark, and the account's digits."""
    return f"Q{account}"


class TapRef(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The identity of a tap: which storage of which terminal wrote it, and its place in it.

    `epoch` is drawn whenever a terminal's storage is created, so that a replaced or reset device
    can never reuse an identity. `seq` is gapless from 1 within an epoch.
    """

    terminal_id: str
    epoch: int
    seq: int

    def __str__(self) -> str:
        return f"{self.terminal_id}/{self.epoch:x}/{self.seq}"

    @classmethod
    def named(cls, text: str) -> "TapRef | None":
        """The identity that `str` wrote; None for any other text."""
        found = _NAMED.fullmatch(text)
        if found is None:
            return None
        epoch, seq = int(found[2], 16), int(found[3])
        return cls(found[1], epoch, seq) if max(epoch, seq) <= NUMBER_MAX else None


class PurseFacts(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the gate did to a purse: money that has already moved, evidence and not a request."""

    counter: int
    balance_before_fen: int
    taken_fen: int


class CardProof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a card signed of a purchase: all that its issuer needs to compute the code again.

    `number` is the card's; `issuer_id` and `card_factor` (8 bytes each) say which key,
    `key_version` and `algorithm` how; `amount_fen` to `time` (``YYYYMMDDhhmmss`` on China's clock)
    are what the code covers, `tac` (4 bytes) is the code. `counter` is the card's own before the
    purchase, `balance_before_fen` its purse: both are for continuity and not covered.
    """

    number: str
    issuer_id: bytes
    card_factor: bytes
    key_version: int
    algorithm: int
    amount_fen: int
    kind: int
    terminal_no: bytes
    serial: int
    time: str
    counter: int
    balance_before_fen: int
    tac: bytes


class Tap(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One presentation of a medium at one validator: immutable evidence.

    `kind` is `entry` or `exit` where a ride has two ends, `ride` where one tap is all of it.
    `place` is the six-digit division code of the validator, `station` its station or stop.
    `medium_no` is the number printed on a card, or the account token inside a code.
    `outcome` says what the gate did; `reason` is a code of the reason list ("OPEN" when it opened).
    `proof` is what a real card signed, `code` a ride code whole, as it was shown: with either the
    issuer can find out for itself whether its medium was there.
    `time_band_s` is how far the gate's clock may have been off: 0 when it was good, -1 when nobody
    knew.
    """

    ref: TapRef
    time_s: int
    kind: TapKind
    city: str
    place: str
    mode: str
    operator: str
    line: str
    station: str
    vehicle: str = ""
    medium_no: str
    medium_kind: MediumKind
    scheme: str
    issuer: str
    product: str
    funding: Funding
    purse: PurseFacts | None = None
    outcome: Literal["opened", "refused"]
    reason: str = "OPEN"
    tariff: str
    deny_list_version: int
    proof: CardProof | None = None
    code: bytes = b""
    time_band_s: int = 0


class TapBatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most 500 taps of one site (a station's or vehicle's journal), in journal order."""

    site: str
    taps: list[Tap]


class Receipt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The city's promise, made after its commit: these taps are kept; the gate may forget them.

    `quarantined` names taps that came twice with different content: kept, and a person is called.
    """

    site: str
    batch_sha256: str
    accepted: int
    duplicates: int
    quarantined: list[TapRef]
