"""What must hold on any clearing day, by the names that worked days use: books that balance, and
rules that books alone do not show.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

import msgspec

from tongxing.hub.books import POSITION_PREFIX, SETTLE_BANK
from tongxing.hub.claims import claims_of
from tongxing.hub.day.admitting import Presented, admit, presented_rides
from tongxing.hub.day.events import REFUND_DIFFERENCE, Events, Trip, events_of
from tongxing.hub.day.model import WorkedDay
from tongxing.hub.day.money import Money, money_of
from tongxing.hub.day.times import seconds
from tongxing.hub.instructions import HUB
from tongxing.hub.journals import (
    BANK,
    BANK_FLOAT,
    BLACKLIST_LOSS,
    CUSTOMER_MONEY,
    DUE_ACQUIRER,
    DUE_HUB,
    DUE_OPERATOR,
    FARE_REVENUE,
    FEE_EXPENSE,
    Journal,
    balances,
    unbalanced,
)
from tongxing.hub.netting import ESCROW, FEE_INCOME
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal

ORDERS = 200
"""How many random orders of arrival are tried."""

Balances = Mapping[tuple[str, str], int]
Item = TypeVar("Item")
Holds = Callable[[WorkedDay, Events, Money], bool]


def invariants_of(day: WorkedDay, events: Events, money: Money) -> dict[str, bool]:
    """Whether each of them holds, by name."""
    return {name: holds(day, events, money) for name, holds in INVARIANTS.items()}


def _after_day(money: Money) -> Balances:
    return balances([money.opening, *money.day_journals])


def _at_end(money: Money) -> Balances:
    return balances([money.opening, *money.all_journals])


def _before_settlement(money: Money) -> Balances:
    booked = money.day.journals[: money.day.booked_before_settlement]
    return balances([money.opening, *money.before, *booked])


def _i1(day: WorkedDay, events: Events, money: Money) -> bool:
    return not any(unbalanced(journal) for journal in [money.opening, *money.all_journals])


def _i2(day: WorkedDay, events: Events, money: Money) -> bool:
    return sum(_at_end(money).values()) == 0


def _i3(day: WorkedDay, events: Events, money: Money) -> bool:
    held = _before_settlement(money)
    own = (FEE_INCOME, ESCROW)
    return not sum(
        fen
        for (entity, account), fen in held.items()
        if entity == HUB and (account.startswith(POSITION_PREFIX) or account in own)
    )


def _i4(day: WorkedDay, events: Events, money: Money) -> bool:
    """The hub's books, the members' books and the netting say the same."""
    held = _before_settlement(money)
    netted = {item.member: item.net_fen for item in money.day.netting.positions}
    members = {name for name in day.entities if name.startswith(("ISS-", "ACQ-"))}
    return all(
        held.get((HUB, POSITION_PREFIX + name), 0)
        == -held.get((name, DUE_HUB), 0)
        == netted.get(name, 0)
        for name in members
    )


def _i5(day: WorkedDay, events: Events, money: Money) -> bool:
    return not any(
        account.startswith(POSITION_PREFIX) or account == DUE_HUB
        for found in (_after_day(money), _at_end(money))
        for _, account in found
    )


def _i6(day: WorkedDay, events: Events, money: Money) -> bool:
    held = _at_end(money)
    opened = balances([money.opening])
    return held.get((HUB, SETTLE_BANK), 0) - opened.get((HUB, SETTLE_BANK), 0) == -held.get(
        (HUB, FEE_INCOME), 0
    ) + opened.get((HUB, FEE_INCOME), 0)


def _i7(day: WorkedDay, events: Events, money: Money) -> bool:
    held = _before_settlement(money)
    owed: dict[str, int] = defaultdict(int)
    for (_, account), fen in held.items():
        if account.startswith(DUE_OPERATOR):
            owed[account.removeprefix(DUE_OPERATOR)] -= fen
    due = {entity: fen for (entity, account), fen in held.items() if account == DUE_ACQUIRER}
    mirrored = {name: fen for name, fen in owed.items() if fen} == due
    left = [account for _, account in _after_day(money)]
    return mirrored and not any(
        account == DUE_ACQUIRER or account.startswith(DUE_OPERATOR) for account in left
    )


def _i8(day: WorkedDay, events: Events, money: Money) -> bool:
    held = _at_end(money)
    issuers = [name for name in day.entities if name.startswith("ISS-")]
    return all(
        held.get((name, BANK_FLOAT), 0)
        == -sum(held.get((name, account), 0) for account in CUSTOMER_MONEY)
        for name in issuers
    )


def _i9(day: WorkedDay, events: Events, money: Money) -> bool:
    held, opened = _at_end(money), balances([money.opening])

    def moved(entity: str, account: str) -> int:
        return held.get((entity, account), 0) - opened.get((entity, account), 0)

    operators = {entity for entity, account in held if account == FARE_REVENUE}
    return all(
        moved(name, BANK) == -moved(name, FARE_REVENUE) - moved(name, FEE_EXPENSE)
        for name in operators
    )


def _i10(day: WorkedDay, events: Events, money: Money) -> bool:
    return all(item.resolved_s >= item.at_s for item in events.pending)


def _i11(day: WorkedDay, events: Events, money: Money) -> bool:
    plain = [trip for trip in events.trips if trip.paired is None]
    known = {"accepted", "held", "rejected", "carried"}
    counted = sum(1 for trip in plain if trip.decided.judgement.status in known)
    return counted == len(day.inputs.records)


def _i12(day: WorkedDay, events: Events, money: Money) -> bool:
    reserved: Counter[str] = Counter()
    for item in events.pending:
        if item.at_s < money.day.cutoff_s <= item.resolved_s:
            reserved[item.payer] += item.amount_fen
    return all(
        money.day.netting.position(member).net_fen + reserved[member] <= cap_fen
        for member, cap_fen in day.config.reserve.items()
    )


def _i13(day: WorkedDay, events: Events, money: Money) -> bool:
    return not any(
        account.startswith(POSITION_PREFIX) or account == DUE_HUB
        for journal in money.all_journals
        if journal.settlement_class == "MONTHLY"
        for _, account, _ in journal.lines
    )


def _accepted(events: Events) -> list[Trip]:
    return [trip for trip in events.trips if trip.taken_s is not None]


def _s1(day: WorkedDay, events: Events, money: Money) -> bool:
    """By the taps and, for purses, by card and counter; of a trip told anew, as it is now. A netted
    ride whose purse forked is accepted no more once its money went back to its issuer."""
    lost = {item.dispute.case_id for item in events.disputed if item.outcome.to_issuer_fen}
    newest: dict[str, Trip] = {}
    for trip in sorted(_accepted(events), key=lambda trip: trip.decided.presented.record.revision):
        if trip.decided.forked_s is None or f"FORK-{trip.record_id}" not in lost:
            newest[trip.decided.presented.record.trip_id] = trip
    seen: Counter[tuple[str, ...]] = Counter()
    for trip in newest.values():
        record = trip.decided.presented.record
        seen.update(("tap", name) for name in claims_of(record))
        seen.update(("purse", proof.number, str(proof.counter)) for proof in record.proofs)
    return not any(count > 1 for count in seen.values())


def _s2(day: WorkedDay, events: Events, money: Money) -> bool:
    booked: Counter[str] = Counter()
    for trip in _accepted(events):
        booked[trip.record_id] += trip.ride.charge_fen
    return all(
        item.posted_fen == booked[item.pending_id.removeprefix("P-")] for item in events.pending
    )


def _s3(day: WorkedDay, events: Events, money: Money) -> bool:
    base: Counter[tuple[str, str]] = Counter()
    for trip in _accepted(events):
        if trip.taken_s is not None and trip.taken_s < money.day.cutoff_s:
            record = trip.decided.presented.record
            base[record.acquirer, record.issuer] += record.delta_fen
    for item in events.returned:
        if item.at_s < money.day.cutoff_s:
            base[item.ride.acquirer, item.ride.issuer] -= item.refund.amount
    return all(
        pair.fee.base_fen == base[pair.total.acquirer, pair.total.issuer]
        for pair in money.day.netting.pairs
    )


def _s4(day: WorkedDay, events: Events, money: Money) -> bool:
    """After its report nothing comes from a card's own money, unless it has no name."""
    for trip in _accepted(events):
        record = trip.decided.presented.record
        listed = day.blacklist.get(record.medium_no)
        if listed is None or day.cards[record.medium_no].is_anonymous:
            continue
        is_after = record.entered_s >= seconds(listed.reported_at)
        if is_after and trip.ride.payer != BLACKLIST_LOSS:
            return False
    return True


def _s5(day: WorkedDay, events: Events, money: Money) -> bool:
    taken = [trip for trip in _accepted(events) if trip.kind != REFUND_DIFFERENCE]
    fares_fen = sum(trip.decided.presented.record.delta_fen for trip in taken)
    rides = [journal for journal in money.all_journals if journal.kind.startswith("TRIP")]
    return fares_fen == -sum(_revenue_fen(journal) for journal in rides)


def _revenue_fen(journal: Journal) -> int:
    return sum(fen for _, account, fen in journal.lines if account == FARE_REVENUE)


def _s6(day: WorkedDay, events: Events, money: Money) -> bool:
    told = {
        tap.tap_id
        for trip in (*events.trips, *events.earlier)
        if trip.paired is not None
        for tap in trip.paired.taps
    }
    return told == {tap.tap_id for tap in day.inputs.half_taps}


def _money_only(day: WorkedDay) -> Balances | None:
    events = events_of(day)
    return None if isinstance(events, Refusal) else _at_end(money_of(day, events))


def _i14(day: WorkedDay, events: Events, money: Money) -> bool:
    """The rows of the file in other orders: their times say when they came, their place nothing."""
    whole = _at_end(money)
    for number in range(ORDERS):
        inputs = msgspec.structs.replace(
            day.inputs,
            records=_shuffled(day.inputs.records, number),
            half_taps=_shuffled(day.inputs.half_taps, number),
            declarations=_shuffled(day.inputs.declarations, number),
            refunds=_shuffled(day.inputs.refunds, number),
            disputes=_shuffled(day.inputs.disputes, number),
        )
        if _money_only(msgspec.structs.replace(day, inputs=inputs)) != whole:
            return False
    return True


def _shuffled(items: list[Item], number: int) -> list[Item]:
    """One of the orders of some items, the same for the same number."""
    return sorted(items, key=lambda item: sha256_hex(f"{number} {item}".encode()))


def _i15(day: WorkedDay, events: Events, money: Money) -> bool:
    """Every file a second time, an hour later: all of it is known."""
    rides = presented_rides(day)
    first = admit(day, rides)
    both = admit(day, [*rides, *_copies_of(rides)])
    kept = [item.judgement.status for item in both[: len(rides)]]
    is_kept = kept == [item.judgement.status for item in first]
    return is_kept and all(item.judgement.standing is None for item in both[len(rides) :])


def _copies_of(presented: Iterable[Presented]) -> list[Presented]:
    """The same rides in files that come a moment later."""
    return [
        replace(item, file_id=f"{item.file_id}-again", received_s=item.received_s + 1)
        for item in presented
    ]


INVARIANTS: Mapping[str, Holds] = {
    "I1 every journal balances inside every entity": _i1,
    "I2 trial balance of all entities is zero": _i2,
    "I3 hub positions + hub fee income + escrow = 0 before settlement": _i3,
    "I4 each participant's due_hub mirrors the hub's position": _i4,
    "I5 all positions are zero after settlement": _i5,
    "I6 hub bank after the epilogue = hub fee income": _i6,
    "I7 operators: due_acq zero, mirrors acquirer due_op": _i7,
    "I8 float bank = customer liability for each issuer": _i8,
    "I9 operator bank = fare revenue - fees": _i9,
    "I10 no pending item left": _i10,
    "I11 records in = accepted + held + rejected": _i11,
    "I12 net debit caps respected, reservations included": _i12,
    "I13 subsidies are outside the daily net": _i13,
    "S1 no two accepted records share a natural key": _s1,
    "S2 posted part of a reservation = the trip posted for it": _s2,
    "S3 fee base = accepted cross-city fares - refunds": _s3,
    "S4 nothing is taken from a card whose loss was reported": _s4,
    "S5 accepted fares = operator fare revenue before reversals": _s5,
    "S6 no half trip left without a trip or a reservation": _s6,
    "I14 200 random arrival orders give the same money": _i14,
    "I15 presenting every file twice changes nothing": _i15,
}
