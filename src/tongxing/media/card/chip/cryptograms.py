"""The codes of a deal as a card computes them: what each covers, under which key.

The layouts are those of docs/media.md (PBOC, confirmed on real cards). Nothing here compares codes
or changes a card.
"""

from dataclasses import dataclass

from tongxing.media.card.chip.image import CardKey
from tongxing.media.card.chip.turn import Deal
from tongxing.media.crypto.suites import CryptoSuite, suite_of

LOAD, SINGLE, COMPOSITE = 0x02, 0x06, 0x09
"""The type byte of a deal."""


@dataclass(frozen=True, slots=True)
class Codes:
    """What a deal ends with: the code the other side must show, the one answered, the TAC."""

    asked: bytes
    answered: bytes
    tac: bytes


def suite_for(key: CardKey) -> CryptoSuite:
    """The suite of a key. Raises ValueError for an algorithm nobody knows: a card made wrong."""
    suite = suite_of(key.algorithm)
    if suite is None:
        raise ValueError(f"no suite for algorithm {key.algorithm:02X}")
    return suite


def load_mac1(deal: Deal, balance_fen: int, counter: int) -> bytes:
    """The code with which a card asks its issuer for money (4 bytes)."""
    suite = suite_for(deal.key)
    session = suite.session(deal.key.value, _load_seed(deal, counter))
    return suite.mac(session, _money(balance_fen) + _what(deal))


def load_codes(deal: Deal, tac_key: CardKey, balance_fen: int, counter: int, time: bytes) -> Codes:
    """The codes of CREDIT FOR LOAD. `balance_fen` and `counter` are those before it, `time` is 7
    bytes. `asked` is the issuer's MAC2, which is also what a proof shows.
    """
    suite = suite_for(deal.key)
    session = suite.session(deal.key.value, _load_seed(deal, counter))
    mac2 = suite.mac(session, _what(deal) + time)
    counted = counter.to_bytes(2, "big")
    signed = _money(balance_fen + deal.amount_fen) + counted + _what(deal) + time
    return Codes(mac2, mac2, suite_for(tac_key).tac(tac_key.value, signed))


def debit_codes(
    deal: Deal, tac_key: CardKey, counter: int, serial: bytes, time: bytes, more: bytes = b""
) -> Codes:
    """The codes of a debit: MAC1 asked of the terminal, MAC2 and TAC answered.

    `counter` is the one before it, `serial` the terminal's (4 bytes), `time` 7 bytes; `more` is the
    security code where MAC1 covers it.
    """
    suite = suite_for(deal.key)
    seed = deal.random + counter.to_bytes(2, "big") + serial[2:]
    session = suite.session(deal.key.value, seed)
    mac1 = suite.mac(session, _what(deal) + time + more)
    mac2 = suite.mac(session, _money(deal.amount_fen))
    signed = _what(deal) + serial + time
    return Codes(mac1, mac2, suite_for(tac_key).tac(tac_key.value, signed))


def _load_seed(deal: Deal, counter: int) -> bytes:
    return deal.random + counter.to_bytes(2, "big") + b"\x80\x00"


def _what(deal: Deal) -> bytes:
    return _money(deal.amount_fen) + bytes((deal.kind,)) + deal.terminal


def _money(fen: int) -> bytes:
    return fen.to_bytes(4, "big")
