"""A passenger's account with card and code, a loss desk beside the city, and short words for what
happens to them."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "city"))

from counter_world import LOCAL, NEW, asking, denied, on, ride
from half_trip_world import code_of, proofs_hold

from street import (
    CARD,
    CHONGQING,
    CODE,
    DAY,
    OTHER_PURSE,
    PURSE,
    Taps,
    balance_of,
    booked,
    moment,
    open_city,
    send,
)
from tongxing.city import City, MediumOpening, RiderOpening, issuer_member, money
from tongxing.city.losing import ByCard, Dispute, LossDesk, LossReport
from tongxing.city.office import Office
from tongxing.city.store import media
from tongxing.city.store.cursor import Cursor
from tongxing.fares import load_city_fares
from tongxing.kernel.clock import business_date
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Posting, credit, debit
from tongxing.ledger.store import write_postings
from tongxing.network.registry import load_registry
from tongxing.storage import Database

NOON = moment("12:00")
FROM_S = NOON + 60
"""From here on the issuer bears what is ridden with a medium reported at noon."""
DAY_S = 86_400
MONEY_S = FROM_S + 10 * DAY_S
"""From here on the money of its purse is found."""


@dataclass
class Person:
    level: int
    account: str = ""


@dataclass
class People:
    """People as the loss desk sees them: levels by id, and what they were told."""

    levels: dict[str, int] = field(default_factory=lambda: {"p-known": 2, "p-phone": 1, "p-own": 2})
    told: list[tuple[str, str]] = field(default_factory=list)

    def person(self, person_id: str) -> Person | Refusal:
        level = self.levels.get(person_id)
        account = "a1" if person_id == "p-own" else ""
        return Refusal("RIDER_UNKNOWN") if level is None else Person(level, account)

    def notify(
        self, cursor: Cursor, whom: str, kind: str, values: Mapping[str, object], now_s: int, /
    ) -> None:
        assert not [value for value in values.values() if value in (CARD, CODE)], "a whole number"
        self.told.append((whom, kind))


class World:
    """Chongqing with a loss desk."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.city: City = open_city(database)
        self.office = Office(CHONGQING, database, load_city_fares(CHONGQING))
        self.people = People()
        self.desk = self.desk_of(self.office)

    def desk_of(self, office: Office) -> LossDesk:
        return LossDesk(office, self.people, money, load_registry(), notify=self.people.notify)

    def lost(self, medium: str = CARD, at: int = NOON, request: str = "loss-1") -> LossReport:
        return report_of(self.desk.report("a1", medium, request, at))

    def bound(self, moved_fen: int = 3_000, card: str = CARD, account: str = "a1") -> None:
        """Bind a card as if it had moved so much this morning."""
        from_s = moment("06:00")
        with self.office.writing() as cursor:
            cursor.execute(
                "INSERT INTO binding (binding_id, request_id, person_id, account, channel, step,"
                " medium_no, moved_fen, begun_s, changed_s, from_s, hold_until_s) VALUES"
                " (%(id)s, %(id)s, 'p1', %(account)s, 'nfc', 'active', %(card)s, %(moved)s,"
                " %(from)s, %(from)s, %(from)s, %(from)s + 259200)",
                {"id": f"b-{card}", "account": account, "card": card, "moved": moved_fen,
                 "from": from_s},
            )  # fmt: skip

    def open_account(self, account: str, card: str) -> None:
        """Another account with one card and 100 yuan."""
        medium = MediumOpening(card, "card", LOCAL, "ordinary")
        self.city.open_riders([RiderOpening(account, (medium,), 10_000)], moment("03:00"))

    def case(self, case_id: str) -> Dispute:
        """A dispute as it stands."""
        [found] = [one for one in self.desk.disputes() if one.case_id == case_id]
        return found

    def old_purse(self, card: str = CARD, purse: str = OTHER_PURSE) -> None:
        """Say that what is left in the card's own purse is this purse's money."""
        with self.office.writing() as cursor:
            cursor.execute("DELETE FROM medium WHERE medium_no = %s", (purse,))
            cursor.execute(
                "UPDATE medium SET purse_rider = %s, bound_s = %s WHERE medium_no = %s",
                (purse, moment("06:00"), card),
            )

    def frozen(self, account: str = "a1") -> int:
        """What of an account cannot be paid out."""
        [(fen,)] = self.rows(
            "SELECT coalesce(sum(amount_fen), 0)::bigint FROM money_frozen WHERE account = %s",
            account,
        )
        assert isinstance(fen, int)
        return fen

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with self.office.reading() as cursor:
            return cursor.execute(query.encode(), values).fetchall()

    def account(self, name: str) -> int:
        """An issuer's ledger account, what it lost above zero."""
        [(amount,)] = self.rows(
            "SELECT coalesce(sum(amount_fen), 0)::bigint FROM posting_line WHERE account = %s", name
        )
        assert isinstance(amount, int)
        return amount

    @property
    def borne(self) -> int:
        return self.account("exp_late_tap_loss")

    def spends(self, fen: int, account: str = "a1") -> None:
        """Money that left the account, whatever for."""
        issuer, day = issuer_member(CHONGQING), business_date(NOON)
        lines = (debit(issuer, f"liab_acct:{account}", fen), credit(issuer, "bank_float", fen))
        with self.office.alone() as cursor:
            write_postings(cursor, [Posting(f"spent-{fen}", "paid_out", NOON, day, "test", lines)])
            media.add_to_balance(cursor, account, -fen)

    def balance(self, rider: str = "a1") -> int:
        return balance_of(self.database, rider)

    def proven(self) -> None:
        proofs_hold(self.database)


def report_of(found: LossReport | Refusal) -> LossReport:
    assert isinstance(found, LossReport), found
    return found


def dispute_of(found: Dispute | Refusal) -> Dispute:
    assert isinstance(found, Dispute), found
    return found


def proof(card: str = CARD, at: int = NOON, number: str = "n1") -> ByCard:
    return ByCard(card, f"proof-{number}", at)


__all__ = [
    "CARD",
    "CODE",
    "DAY",
    "LOCAL",
    "NEW",
    "OTHER_PURSE",
    "PURSE",
    "Taps",
    "asking",
    "booked",
    "code_of",
    "denied",
    "moment",
    "on",
    "ride",
    "send",
]
