"""What the city owes its operators and the bank did not bring them: turned down, or sent back.

Two persons send it once more, under a new identification that names the old one, to the account of
before or to another. The debt stays open in the books until the bank has paid: deciding moves no
money. The successor is named as the hub would name it, and a bank executes one identification once,
so whoever of the two sends it, it is paid once.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from tongxing.city.office import Office
from tongxing.city.store import bank as table
from tongxing.city.store.bank import Movement, Refused, Reissue
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.payments import is_person, is_same_person, next_due_s, successor_id
from tongxing.kernel.reasons import Refusal

State = Literal["open", "asked", "sent", "refused", "returned", "paid"]
"""How it stands with what came back: nobody acted, one person did, its successor is with the bank,
was turned down or sent back itself, or what was owed is paid."""

_ACCOUNT = re.compile(r"[A-Za-z0-9-]{1,34}")


@dataclass(frozen=True, slots=True)
class Order:
    """A payment to an operator at the bank: of which window, due when, and the message."""

    payment: str
    window_id: str
    operator: str
    due_s: int
    message: bytes


class Successor(NamedTuple):
    """What takes the place of a payment, as its message has to say it; `account` is "" for that of
    before."""

    payment: str
    replaces: str
    due_s: int
    account: str


@dataclass(frozen=True, slots=True)
class CameBack:
    """A payment that the bank turned down or sent back (`is_return`), and what is done about it.
    `party` is the operator, or a member of ours for a leg with the hub, which is not sent again
    here. `successor` is "" before there is one."""

    payment: str
    window_id: str
    party: str
    amount_fen: int
    reason: str
    is_return: bool
    told_s: int
    state: State
    asked_by: str
    agreed_by: str
    successor: str


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the books say of what came back: by payment, and who paid what is paid now."""

    refused: Mapping[str, Refused]
    returns: tuple[Movement, ...]
    decided: Mapping[str, Reissue]
    paid_by: Mapping[tuple[str, str], str]
    owed_fen: Mapping[tuple[str, str], int]

    @property
    def back(self) -> frozenset[str]:
        """The payments that came back."""
        return frozenset(self.refused) | {one.payment for one in self.returns}


class PayoutDesk:
    """A city's payouts that came back, for the people who answer for them. `sent_by_hub` says of a
    name whether the hub has instructed a payment under it."""

    def __init__(self, office: Office, sent_by_hub: Callable[[str], bool]) -> None:
        self._office, self._sent_by_hub = office, sent_by_hub

    def order(self, payment: str) -> Order | None:
        """A payment that this city sent again by itself; None for any other."""
        with self._office.reading() as cursor:
            made = table.reissued_as(cursor, payment)
        return None if made is None else _order(made)

    def to_send(self) -> list[Order]:
        """What this city sent again and the bank has neither paid nor turned down."""
        with self._office.reading() as cursor:
            facts, moved = _facts(cursor), table.payments_moved(cursor)
        return [
            _order(one)
            for one in facts.decided.values()
            if one.successor is not None and one.successor not in moved | facts.back
        ]

    def refused(self, told: Refused, amount_fen: int | None) -> Refusal | None:
        """Note that the bank turned a payout down; again, it changes nothing.

        Refuses PAYMENT_UNKNOWN where nothing is owed, PAYMENT_MISMATCH for another amount, and
        PAYMENT_REPEATED for one that the bank has paid.
        """
        reference = {"reference": told.payment}
        with self._office.writing() as cursor:
            owed = table.lock_payout(cursor, told.window_id, told.operator)
            if owed is None:
                return Refusal("PAYMENT_UNKNOWN", values=reference)
            expected = abs(owed[0])
            if amount_fen != expected:
                values = {**reference, "expected": expected, "found": amount_fen}
                return Refusal("PAYMENT_MISMATCH", values=values)
            if told.payment in table.payments_moved(cursor):
                return Refusal("PAYMENT_REPEATED", values=reference)
            table.write_refused(cursor, told)
        return None

    def reissue(
        self,
        old: Order,
        by: str,
        why: str,
        account: str,
        now_s: int,
        make: Callable[[Successor], bytes],
    ) -> Order | Refusal | None:
        """Send a payout again, once a second person says so; None for the first one's word. `make`
        writes the message of the new one.

        Refuses HUB_PERSON; PAYOUT_ACCOUNT for what is none, and for another than the first person
        named; PAYMENT_UNKNOWN, PAYOUT_PAID, PAYOUT_NOT_BACK and PAYOUT_REPLACED for a payment that
        is not to be sent again; and REISSUE_TWO_PERSONS for the first person once more.
        """
        if not is_person(by):
            return Refusal("HUB_PERSON", values={"by": by})
        if account and not _ACCOUNT.fullmatch(account):
            return Refusal("PAYOUT_ACCOUNT", values={"account": account})
        with self._office.writing() as cursor:
            refusal = self._not_now(cursor, old)
            if refusal is not None:
                return refusal
            asked = table.reissues(cursor).get(old.payment)
            if asked is None:
                first = (old.payment, old.window_id, old.operator, account, why, by, now_s)
                table.propose(cursor, Reissue(*first))
                return None
            if is_same_person(asked.proposed_by, by):
                return Refusal("REISSUE_TWO_PERSONS", old.payment, {"person": by})
            if asked.account != account:
                return Refusal("PAYOUT_ACCOUNT", old.payment, {"account": account or "–"})
            name, due_s = successor_id(old.payment), next_due_s(old.due_s, now_s)
            message = make(Successor(name, old.payment, due_s, account))
            agreed = asked._replace(
                confirmed_by=by, confirmed_s=now_s, successor=name, due_s=due_s, message=message
            )
            table.confirm(cursor, agreed)
        return replace(old, payment=name, due_s=due_s, message=message)

    def came_back(self) -> list[CameBack]:
        """Every payment that the bank turned down or sent back, newest first."""
        with self._office.reading() as cursor:
            facts = _facts(cursor)
        back: list[Refused | Movement] = [*facts.refused.values(), *facts.returns]
        found = [self._seen(facts, one) for one in back]
        return sorted(found, key=lambda one: (-one.told_s, one.payment))

    def _seen(self, facts: _Facts, one: Refused | Movement) -> CameBack:
        is_return = isinstance(one, Movement)
        party = one.party if isinstance(one, Movement) else one.operator
        decided = facts.decided.get(one.payment)
        successor = self._successor(facts, one.payment)
        state: State = "asked" if decided else "open"
        if (one.window_id, party) in facts.paid_by:
            state = "paid"
        elif successor:
            is_back = successor in {line.payment for line in facts.returns}
            state = "refused" if successor in facts.refused else "returned" if is_back else "sent"
        return CameBack(
            payment=one.payment,
            window_id=one.window_id,
            party=party,
            amount_fen=abs(facts.owed_fen[one.window_id, party]),
            reason=one.return_reason if isinstance(one, Movement) else one.reason,
            is_return=is_return,
            told_s=one.booked_s if isinstance(one, Movement) else one.told_s,
            state=state,
            asked_by="" if decided is None else decided.proposed_by,
            agreed_by="" if decided is None else decided.confirmed_by or "",
            successor=successor,
        )

    def _successor(self, facts: _Facts, payment: str) -> str:
        """What took the place of a payment, sent by us or by the hub; "" for nothing."""
        decided, name = facts.decided.get(payment), successor_id(payment)
        is_ours = decided is not None and decided.successor is not None
        return name if is_ours or self._sent_by_hub(name) else ""

    def _not_now(self, cursor: Cursor, old: Order) -> Refusal | None:
        """Why a payment is not to be sent again; nobody else changes it until the transaction
        ends."""
        values = {"reference": old.payment}
        if table.lock_payout(cursor, old.window_id, old.operator) is None:
            return Refusal("PAYMENT_UNKNOWN", values=values)
        facts = _facts(cursor)
        if (old.window_id, old.operator) in facts.paid_by:
            return Refusal("PAYOUT_PAID", values=values)
        successor = self._successor(facts, old.payment)
        if successor:
            return Refusal("PAYOUT_REPLACED", values={**values, "successor": successor})
        return None if old.payment in facts.back else Refusal("PAYOUT_NOT_BACK", values=values)


def _facts(cursor: Cursor) -> _Facts:
    return _Facts(
        refused={one.payment: one for one in table.refused(cursor)},
        returns=tuple(table.returns(cursor)),
        decided=table.reissues(cursor),
        paid_by=table.paid_by(cursor),
        owed_fen=table.owed(cursor),
    )


def _order(made: Reissue) -> Order:
    assert made.successor is not None and made.due_s is not None and made.message is not None
    return Order(made.successor, made.window_id, made.operator, made.due_s, bytes(made.message))
