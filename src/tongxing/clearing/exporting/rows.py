"""A record as a row: what the columns of `clearing.layout` can say of it, and nothing else.

A row names its members, lines, stations, terminal and medium still by name; numbers come later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from tongxing.clearing.codes import PURCHASE
from tongxing.clearing.exporting.stated import CityRules
from tongxing.clearing.layout import COLUMNS, HOWS
from tongxing.hub.members import Member
from tongxing.kernel.clock import local
from tongxing.messages import CardProof, Record
from tongxing.network.transport import MODES

CARD_DIGITS = 19
ASSIGNED = 8 * 10**18
"""Numbers of media from here on are given, not printed: eight, the issuer's number, and a count."""
OF_ISSUER = 10**12
STRANGE_MODE = 999
TERMINALS_FROM, TERMINALS_LAST = 1 << 47, (1 << 48) - 1
"""Terminals whose cards sign no number of their own get one of these."""

_LIMITS = {column.name: (column.least, column.most) for column in COLUMNS}
_CHECKED = (
    "received_s", "entered_s", "exited_s", "fare_fen", "charge_fen", "deny_list_version",
    "city_list_version", "card_counter", "balance_before_fen", "tac", "terminal_seq",
)  # fmt: skip


class TacTerms(NamedTuple):
    """Under which key an issuer's cards sign, as one row of the rules can say it."""

    issuer_id: bytes
    algorithm: int
    version: int


class NamedRow(NamedTuple):
    """A row of an export with names in place of numbers; the order of the staged columns. `wish` is
    the terminal number that the card signed, `serial` its number there: they stand for terminal and
    count where the terminal has that number."""

    received_s: int
    acquirer: str
    issuer: str
    storage: str
    wish: int
    terminal_seq: int
    serial: int | None
    printed: int | None
    medium: str
    line: str
    origin: str
    destination: str
    entered_s: int
    exited_s: int
    fare_fen: int
    charge_fen: int
    deny_list_version: int
    tac: int | None
    how: int
    mode: int
    city_list_version: int
    is_test: bool
    card_counter: int | None
    balance_before_fen: int | None


@dataclass(slots=True)
class Telling:
    """What turns records into rows: members, the rules of their cities, cards whose chains are in
    disorder, and under which key each issuer's cards were first seen to sign."""

    members: Mapping[str, Member]
    cities: Mapping[str, CityRules]
    strange: frozenset[str]
    tac_terms: dict[str, TacTerms]

    def stated(self, record: Record) -> Record | None:
        """The record as its row states it: one tap, no signatures, the line and the stations that
        the rules have. None for one that no row can state."""
        if record.revision != 1 or record.how not in HOWS:
            return None
        city = self.cities.get(record.city)
        known = city.fares.network.stations if city is not None else {}
        line = "" if city is None else city.line_of(record)
        ends = (record.origin, record.destination)
        if record.how == "cleared":
            ends = ("", "")
        origin, destination = (name if name in known else "" for name in ends)
        return replace(
            record,
            line=line,
            origin=origin,
            destination=destination,
            delta_fen=record.charge_fen,
            funding="purse" if printed(record.medium_no) is not None else "account",
            taps=record.taps[-1:],
            proofs=[],
            codes=[],
        )

    def row(self, record: Record, stated: Record, received_s: int, chained: bool) -> NamedRow:
        """The row of a record. With `chained` it tells of the purse, if the purse is in order."""
        tap = record.taps[-1]
        number = printed(record.medium_no)
        proof = self._proof(record, number)
        link = proof if chained and record.medium_no not in self.strange else None
        signed = proof if proof is not None and self._is_of_issuer(record, proof) else None
        return NamedRow(
            received_s=received_s,
            acquirer=record.acquirer,
            issuer=record.issuer if record.issuer in self.members else "",
            storage=f"{record.acquirer}/{tap.terminal_id}/{tap.epoch:x}",
            wish=0 if signed is None else _wish(signed),
            terminal_seq=tap.seq,
            serial=None if signed is None else signed.serial,
            printed=number,
            medium="" if number is not None else record.medium_no,
            line=f"{record.city}/{stated.line}" if stated.line else "",
            origin=f"{record.city}/{stated.origin}" if stated.origin else "",
            destination=f"{record.city}/{stated.destination}" if stated.destination else "",
            entered_s=record.entered_s,
            exited_s=record.exited_s,
            fare_fen=record.fare_fen,
            charge_fen=record.charge_fen,
            deny_list_version=record.deny_list_version,
            tac=None if signed is None else int.from_bytes(signed.tac, "big"),
            how=HOWS.index(record.how),
            mode=MODES.index(record.mode) if record.mode in MODES else STRANGE_MODE,
            city_list_version=record.city_list_version,
            is_test=record.is_test,
            card_counter=None if link is None else link.counter,
            balance_before_fen=None if link is None else link.balance_before_fen,
        )

    def _proof(self, record: Record, number: int | None) -> CardProof | None:
        """The purchase that a record's own card signed for the whole charge at its end; None for
        anything else: a row has room for one signature."""
        time = local(record.exited_s).strftime("%Y%m%d%H%M%S")
        for proof in record.proofs if number is not None else ():
            is_whole = proof.amount_fen == record.charge_fen and proof.time == time
            if is_whole and proof.number == record.medium_no and proof.counter <= _COUNTER_MAX:
                return proof
        return None

    def _is_of_issuer(self, record: Record, proof: CardProof) -> bool:
        terms = TacTerms(proof.issuer_id, proof.algorithm, proof.key_version)
        is_plain = proof.kind == PURCHASE and _wish(proof) > 0
        is_plain = is_plain and proof.card_factor.hex() == record.medium_no[-16:]
        return is_plain and self.tac_terms.setdefault(record.issuer, terms) == terms


_COUNTER_MAX = _LIMITS["card_counter"][1]


def printed(medium_no: str) -> int | None:
    """The number of a medium as it is printed, where it has 19 digits; else one is given to it."""
    if len(medium_no) != CARD_DIGITS or not (medium_no.isascii() and medium_no.isdigit()):
        return None
    number = int(medium_no)
    return number if medium_no[0] != "0" and number < ASSIGNED else None


def is_in_range(row: NamedRow) -> bool:
    """Whether every cell can stand in its column."""
    cells = row._asdict()
    for name in _CHECKED:
        least, most = _LIMITS[name]
        if cells[name] is not None and not least <= cells[name] <= most:
            return False
    return row.entered_s <= row.exited_s


def _wish(proof: CardProof) -> int:
    number = int.from_bytes(proof.terminal_no, "big")
    return number if number < TERMINALS_FROM else 0
