"""A worked day's money: every window's journals, netting and payments, with the hub's functions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tongxing.hub import journals as book
from tongxing.hub.day.events import Disputed, Events, Returned, Trip
from tongxing.hub.day.model import WorkedDay
from tongxing.hub.day.times import seconds
from tongxing.hub.day.world import PPM, Ridden, city_of, members_of_day, rules_of
from tongxing.hub.instructions import PAYOUT, Instruction, instructions_of
from tongxing.hub.journals import Journal
from tongxing.hub.netting import ESCROW, FEE_INCOME, Move, Netting, PairTotal, Recovery, net
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.statements import statement_of
from tongxing.hub.windows import WindowTimes, window_of, window_times
from tongxing.kernel.clock import at
from tongxing.kernel.money import round_half_even, split_largest_remainder
from tongxing.ledger import Line
from tongxing.messages import Share

_TRUE_UP_HOUR = 17


@dataclass(frozen=True, slots=True)
class TrueUp:
    """An issuer's float against what it owes its customers."""

    issuer: str
    liability_fen: int
    float_fen: int

    @property
    def gap_fen(self) -> int:
        return self.liability_fen - self.float_fen


@dataclass(frozen=True, slots=True)
class WindowMoney:
    """One window: what was booked for it, in order, and its figures."""

    window_id: str
    cutoff_s: int
    netting: Netting
    instructions: tuple[Instruction, ...]
    subsidies: Mapping[str, int]
    true_ups: tuple[TrueUp, ...]
    journals: tuple[Journal, ...]
    booked_before_settlement: int
    """How many of `journals` stood when the window was netted."""


@dataclass(frozen=True, slots=True)
class Money:
    """All windows in order: the day's own first, then those in which something of it ended."""

    opening: Journal
    before: tuple[Journal, ...]
    windows: tuple[WindowMoney, ...]

    @property
    def day(self) -> WindowMoney:
        return self.windows[0]

    @property
    def day_journals(self) -> list[Journal]:
        return [*self.before, *self.day.journals]

    @property
    def all_journals(self) -> list[Journal]:
        later = [journal for window in self.windows[1:] for journal in window.journals]
        return [*self.day_journals, *later]


@dataclass(frozen=True, slots=True)
class _Share:
    """What one window has to do with."""

    trips: tuple[Trip, ...]
    returned: tuple[Returned, ...]
    charged_back: tuple[Disputed, ...]
    ended: tuple[Disputed, ...]


def money_of(day: WorkedDay, events: Events) -> Money:
    """The journals and figures of the day and of every later window that it reaches."""
    rules = rules_of(day.config)
    opening = Journal("OPENING", "", 0, "INTERNAL", tuple(Line(*row) for row in day.opening))
    inside = _inside(day, rules)
    before = tuple(inside.pop(day.config.window_id, ()))
    booked = [opening, *before]
    windows = []
    shares = _by_window(day, events, rules)
    for window_id in sorted({*shares, *inside}):
        share = shares.get(window_id, _Share((), (), (), ()))
        window = _window(day, window_id, share, inside.get(window_id, []), booked, rules)
        booked += window.journals
        windows.append(window)
    return Money(opening, before, tuple(windows))


def _inside(day: WorkedDay, rules: Rulebook) -> dict[str, list[Journal]]:
    """What issuers book by themselves, by window: that of its moment, at the earliest the day's."""
    own = day.config.window_id
    found: dict[str, list[Journal]] = defaultdict(list)
    for journal in _issuers_own(day):
        found[max(own, window_of(journal.at_s, rules))].append(journal)
    return found


def _issuers_own(day: WorkedDay) -> Iterable[Journal]:
    for item in day.inputs.topups:
        yield book.top_up(item.topup_id, item.issuer, item.amount, seconds(item.at))
    for number, listed in day.blacklist.items():
        balance_fen = listed.balance
        if balance_fen is None:
            balance_fen = _balance_told(number, seconds(listed.reported_at), day)
        if balance_fen and not day.cards[number].is_anonymous:
            issuer = day.cards[number].issuer
            yield book.loss_freeze(number, issuer, balance_fen, seconds(listed.reported_at))


def _balance_told(number: str, reported_s: int, day: WorkedDay) -> int:
    """What was on a card when its loss was reported, as its next ride tells it; 0 without one."""
    later = [
        (record.card_counter or 0, record.balance_before or 0)
        for record in day.inputs.records
        if record.card_no == number and seconds(record.tap_time) >= reported_s
    ]
    return min(later)[1] if later else 0


def _by_window(day: WorkedDay, events: Events, rules: Rulebook) -> dict[str, _Share]:
    """What each window has to do with, the day's own first even when it has nothing."""
    own = day.config.window_id

    def of(time_s: int | None) -> str:
        return "" if time_s is None else max(own, window_of(time_s, rules))

    ids = {own}
    ids |= {of(trip.taken_s) for trip in events.trips}
    ids |= {of(item.at_s) for item in events.returned}
    ids |= {of(item.charged_back_s) for item in events.disputed}
    ids |= {of(item.outcome.at_s) for item in events.disputed}
    return {
        window_id: _Share(
            tuple(trip for trip in events.trips if of(trip.taken_s) == window_id),
            tuple(item for item in events.returned if of(item.at_s) == window_id),
            tuple(item for item in events.disputed if of(item.charged_back_s) == window_id),
            tuple(item for item in events.disputed if of(item.outcome.at_s) == window_id),
        )
        for window_id in sorted(ids - {""})
    }


def _window(
    day: WorkedDay,
    window_id: str,
    share: _Share,
    inside: list[Journal],
    booked: list[Journal],
    rules: Rulebook,
) -> WindowMoney:
    times = window_times(window_id, rules)
    found = [*inside, *_booked(day, share)]
    netting = net(_totals(share), rules.fee, _moves(day, share), _recoveries(share))
    found += [book.clearing_fee(pair, times.cutoff_s) for pair in netting.pairs if pair.fee.fee_fen]
    by_authority = _subsidies(day, share)
    if by_authority:
        found.append(book.subsidy(window_id, by_authority, times.cutoff_s))
    before_settlement = len(found)
    instructions = _instructions(day, window_id, netting, times)
    found += [_payment(item) for item in instructions]
    true_ups = tuple(_true_ups(day, [*booked, *found]))
    ends_s = at(times.settles_on, _TRUE_UP_HOUR)
    found += [
        book.float_true_up(item.issuer, item.gap_fen, ends_s) for item in true_ups if item.gap_fen
    ]
    subsidies: dict[str, int] = defaultdict(int)
    for owed in by_authority.values():
        for operator, fen in owed.items():
            subsidies[operator] += fen
    return WindowMoney(
        window_id,
        times.cutoff_s,
        netting,
        tuple(instructions),
        dict(sorted(subsidies.items())),
        true_ups,
        tuple(found),
        before_settlement,
    )


def _booked(day: WorkedDay, share: _Share) -> list[Journal]:
    found = [
        book.ride(trip.ride, trip.taken_s or 0, trip.kind)
        for trip in share.trips
        if trip.ride.shares
    ]
    for item in share.returned:
        found.append(book.credit_adjustment(item.ride, item.at_s))
        if fee_fen := day.config.error_handling_fee:
            fault = item.refund.fault
            found.append(book.error_fee(item.refund.case_id, fault, fee_fen, item.at_s))
    for case in share.charged_back:
        dispute = case.dispute
        amount_fen = dispute.disputed_amount
        ref, acquirer = dispute.case_id, dispute.acquirer
        found.append(book.chargeback(ref, acquirer, amount_fen, case.charged_back_s))
    for case in share.ended:
        found += _ending(case)
    return found


def _ending(case: Disputed) -> Iterable[Journal]:
    dispute, outcome = case.dispute, case.outcome
    ref, acquirer = dispute.case_id, dispute.acquirer
    if outcome.to_issuer_fen:
        issuer = dispute.initiator
        yield from book.dispute_to_issuer(
            ref, issuer, acquirer, case.payer, case.shares, outcome.at_s
        )
    if outcome.to_acquirer_fen:
        yield book.dispute_to_acquirer(ref, acquirer, outcome.to_acquirer_fen, outcome.at_s)


def _totals(share: _Share) -> list[PairTotal]:
    count: dict[tuple[str, str], int] = defaultdict(int)
    back: dict[tuple[str, str], int] = defaultdict(int)
    parts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rides = [(trip.ride, 1) for trip in share.trips]
    rides += [(item.ride, -1) for item in share.returned]
    for ride, sign in rides:
        pair = (ride.issuer, ride.acquirer)
        count[pair] += 1
        back[pair] += max(0, -sign * ride.charge_fen)
        for part in ride.shares:
            parts[pair][part.operator] += sign * part.share_fen
    return [
        PairTotal(
            issuer=issuer,
            acquirer=acquirer,
            is_cross_city=city_of(issuer) != city_of(acquirer),
            records=count[issuer, acquirer],
            delta_fen=sum(operators.values()),
            operators=tuple(Share(name, fen) for name, fen in sorted(operators.items())),
            back_fen=back[issuer, acquirer],
        )
        for (issuer, acquirer), operators in sorted(parts.items())
    ]


def _moves(day: WorkedDay, share: _Share) -> list[Move]:
    fee_fen = day.config.error_handling_fee
    moves = [Move(item.refund.fault, FEE_INCOME, fee_fen) for item in share.returned if fee_fen]
    moves += [
        Move(item.dispute.acquirer, ESCROW, item.dispute.disputed_amount)
        for item in share.charged_back
    ]
    for item in share.ended:
        if item.outcome.to_issuer_fen:
            moves.append(Move(ESCROW, item.dispute.initiator, item.outcome.to_issuer_fen))
        if item.outcome.to_acquirer_fen:
            moves.append(Move(ESCROW, item.dispute.acquirer, item.outcome.to_acquirer_fen))
    return moves


def _subsidies(day: WorkedDay, share: _Share) -> dict[str, dict[str, int]]:
    """What each authority owes each operator for the discounts of its city's rides; of a revision
    the difference, for it changed what the discount was."""
    owed: dict[str, dict[str, int]] = {}
    for trip in share.trips:
        presented = trip.decided.presented
        told = [(presented.ridden, 1)]
        if presented.before is not None:
            told.append((presented.before, -1))
        for ridden, sign in told:
            of_city = owed.setdefault(f"GOV-{city_of(ridden.acquirer)}", {})
            for operator, fen in _subsidy_of(ridden, day):
                of_city[operator] = of_city.get(operator, 0) + sign * fen
    by_authority = {
        name: {operator: fen for operator, fen in of_city.items() if fen}
        for name, of_city in owed.items()
    }
    return {name: of_city for name, of_city in by_authority.items() if of_city}


def _subsidy_of(ridden: Ridden, day: WorkedDay) -> list[tuple[str, int]]:
    """What operators get for the discount of a ride, in order of operator."""
    city = city_of(ridden.acquirer)
    whose = "visitor" if ridden.is_cross_city else "local"
    ppm = day.config.subsidy_ppm_of_discount.get(f"{city}:{whose}", 0)
    fen = round_half_even(max(0, ridden.gross_fen - ridden.paid_fen) * ppm, PPM)
    if not fen or not ridden.weights:
        return []
    parts = split_largest_remainder(fen, [part for _, part in ridden.weights])
    return [(name, part) for (name, _), part in zip(ridden.weights, parts, strict=True)]


def _recoveries(share: _Share) -> list[Recovery]:
    """What operators give back after a lost dispute; it lessens their payouts."""
    return [
        Recovery(case.dispute.initiator, case.dispute.acquirer, part.operator, part.share_fen)
        for case in share.ended
        for part in case.shares
    ]


def _instructions(
    day: WorkedDay, window_id: str, netting: Netting, times: WindowTimes
) -> list[Instruction]:
    """The payments of a window."""
    members = members_of_day(day).values()
    statements = [statement_of(member, window_id, netting, times) for member in members]
    return instructions_of(window_id, netting, statements, times)


def short_id(item: Instruction) -> str:
    """An instruction's id as a worked day writes it: two digits are enough for a day by hand."""
    window_id, _, number = item.instruction_id.rpartition("-")
    return f"{window_id}-{int(number):02d}"


def is_recovery(item: Instruction) -> bool:
    """Whether an operator pays its acquirer."""
    return item.message == PAYOUT and not item.debtor.startswith("ACQ-")


def _payment(item: Instruction) -> Journal:
    ref, fen, at_s = short_id(item), item.amount_fen, item.due_s
    if item.phase == 1:
        return book.settle_in(ref, item.debtor, _bank(item.debtor), fen, at_s)
    if item.phase == 2:
        return book.settle_out(ref, item.creditor, _bank(item.creditor), fen, at_s)
    if is_recovery(item):
        ref = f"{item.window_id}:{item.debtor}"
        return book.operator_recovery(ref, item.creditor, item.debtor, fen, at_s)
    return book.operator_payout(ref, item.debtor, item.creditor, fen, at_s)


def _bank(member: str) -> str:
    return book.BANK_FLOAT if member.startswith("ISS-") else book.BANK


def _true_ups(day: WorkedDay, booked: Iterable[Journal]) -> Iterable[TrueUp]:
    totals = book.balances(booked)
    for name, member in members_of_day(day).items():
        if member.kind == "issuer":
            owed_fen = -sum(totals.get((name, account), 0) for account in book.CUSTOMER_MONEY)
            yield TrueUp(name, owed_fen, totals.get((name, book.BANK_FLOAT), 0))
