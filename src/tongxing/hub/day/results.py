"""All that a worked day comes to, in the form in which the file writes what it expects."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tongxing.hub.admission import Judgement
from tongxing.hub.checks import Finding
from tongxing.hub.day.events import Events, Trip, events_of, pending_text
from tongxing.hub.day.invariants import invariants_of
from tongxing.hub.day.model import WorkedDay
from tongxing.hub.day.money import Money, is_recovery, money_of, short_id
from tongxing.hub.day.times import written
from tongxing.hub.day.world import PPM, members_of_day
from tongxing.hub.half_taps import PairedTrip
from tongxing.hub.instructions import HUB, Instruction
from tongxing.hub.journals import Journal, balances
from tongxing.hub.netting import ESCROW, FEE_INCOME, PairNet
from tongxing.kernel.reasons import Refusal

SETTLEMENT = "HUB-SETTLEMENT"
Values = dict[str, Any]

_STATES = {
    "accepted": "ACCEPTED",
    "held": "HELD",
    "rejected": "REJECTED",
    "carried": "CARRIED",
}


def outcome_of_day(day: WorkedDay) -> Values | Refusal:
    """Everything the hub's functions make of the day. Refuses with DAY_MALFORMED."""
    events = events_of(day)
    if isinstance(events, Refusal):
        return events
    money = money_of(day, events)
    plain = [trip for trip in events.trips if trip.paired is None]
    return {
        "results": [_result(trip, money) for trip in events.trips],
        "paired_trips": [_paired(trip) for trip in events.trips if trip.is_told_of_taps],
        "counts": dict(Counter(_state(trip, money) for trip in plain)),
        "fees": [_fee(pair, day) for pair in money.day.netting.pairs],
        "subsidies": dict(money.day.subsidies),
        "journals": [_journal(number, item) for number, item in enumerate(money.all_journals, 1)],
        "journals_in_day": len(money.day_journals),
        "pending": [pending_text(item) for item in events.pending],
        "positions": list(_positions(day, money)),
        "bp_report": list(_reports(day, events, money)),
        "hub_side": {
            "inc_fee": -money.day.netting.hub_fee_fen - money.day.netting.moved_to(FEE_INCOME),
            "escrow_dispute": -money.day.netting.moved_to(ESCROW),
        },
        "settlement_instructions": [
            _instruction(item) for item in money.day.instructions if item.phase != 3
        ],
        "operator_payouts": [
            _instruction(item)
            for item in money.day.instructions
            if item.phase == 3 and not is_recovery(item)
        ],
        "float_true_up": [
            {
                "issuer": item.issuer,
                "customer_liability": item.liability_fen,
                "float_before": item.float_fen,
                "true_up": item.gap_fen,
            }
            for item in money.day.true_ups
        ],
        "balances_after_day": _balances([money.opening, *money.day_journals]),
        "balances_after_epilogue": _balances([money.opening, *money.all_journals]),
        "invariants": invariants_of(day, events, money),
    }


def _state(trip: Trip, money: Money) -> str:
    """The state at the end of the day's window; a half trip that nobody has ended is reserved."""
    judged, cutoff_s = trip.decided.judgement, money.day.cutoff_s
    if judged.status == "rejected":
        return _STATES[judged.status]
    is_open = trip.taken_s is None or trip.taken_s >= cutoff_s
    if trip.paired is not None and trip.paired.ending == "WAITING" and is_open:
        return "RESERVED"
    if judged.status == "held" and not is_open:
        return "ACCEPTED"
    return _STATES[judged.status]


def _result(trip: Trip, money: Money) -> Values:
    presented, judged = trip.decided.presented, trip.decided.judgement
    ridden, state = presented.ridden, _state(trip, money)
    found: Values = {
        "record_id": ridden.record_id,
        "issuer": ridden.issuer,
        "acquirer": ridden.acquirer,
        "tier": "CROSS_CITY" if ridden.is_cross_city else "LOCAL",
        "gross": ridden.gross_fen,
        "expected_paid": ridden.expected_fen,
        "paid": ridden.paid_fen,
        "lag_days": presented.lag_days,
        "state": state,
        "code": judged.code,
        "flags": flags_of(judged, trip),
    }
    if state == "ACCEPTED":
        found["operator_split"] = {share.operator: share.share_fen for share in judged.shares}
    return found


def flags_of(judged: Judgement, trip: Trip) -> list[str]:
    """What is remarked on a record, a flag for each code that has one, in order of code."""
    found = []
    for code in judged.codes:
        finding = next((item for item in judged.findings if item.code == code), Finding(code))
        flag = _flag(finding, trip)
        if flag:
            found.append(flag)
    return found


def _flag(finding: Finding, trip: Trip) -> str:
    match finding.code:
        case "1002":
            return f"DUP_OF:{finding.of.removesuffix('.1')}"
        case "0015":
            return f"LATE+{finding.detail.removeprefix('T+')}"
        case "0009" | "1009" if finding.detail:
            grace = "LIST_WRONG" if finding.detail == "list_wrong" else "IN_GRACE"
            name = grace if finding.code == "0009" else "AFTER_GRACE"
            return f"BLACKLIST_{name}:{finding.bearer.upper()}_LIABLE"
        case "0010" | "0011" if trip.paired is not None:
            return trip.paired.ending
        case "0012":
            return "AUTO_COMPLETED"
    return ""


def _paired(trip: Trip) -> Values:
    assert trip.paired is not None
    paired = trip.paired
    came = [_medium(tap.is_card, "in") for tap in (paired.entry,) if tap is not None]
    left = [_medium(tap.is_card, "out") for tap in (paired.exit,) if tap is not None]
    return {
        "record_id": trip.record_id,
        "account_id": paired.account,
        "entry": paired.entry.tap_id if paired.entry else None,
        "exit": paired.exit.tap_id if paired.exit else None,
        "leg": f"{paired.origin}-{paired.destination}",
        "media": ", ".join([*(came or ["no entry"]), *(left or ["no exit"])]),
        **_ended(trip, paired),
    }


def _ended(trip: Trip, paired: PairedTrip) -> Values:
    """How a trip ended and when. A half alone that is refused ends when it comes: it moves nothing
    and nobody waits for its other half."""
    if paired.ending not in ("WAITING", "TOO_LATE"):
        return {"how": paired.ending, "at": written(paired.at_s)}
    if trip.decided.judgement.status == "rejected":
        return {"how": "REFUSED", "at": written(paired.received_s)}
    return {"how": "AUTO_COMPLETED", "at": written(paired.at_s)}


def _medium(is_card: bool, way: str) -> str:
    return f"{'card' if is_card else 'QR'} {way}"


def _fee(pair: PairNet, day: WorkedDay) -> Values:
    fee, config = pair.fee, day.config
    ppm = config.fee_cross_city_ppm if pair.total.is_cross_city else config.fee_local_ppm
    whole, part = divmod(abs(fee.base_fen * ppm), PPM)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    sign = "-" if fee.base_fen * ppm < 0 else ""
    return {
        "acquirer": pair.total.acquirer,
        "issuer": pair.total.issuer,
        "base": fee.base_fen,
        "exact_fee": f"{sign}{whole}.{decimals}",
        "fee": fee.fee_fen,
        "issuer_share": fee.issuer_fen,
        "acquirer_share": fee.acquirer_fen,
        "hub_share": fee.hub_fen,
        "borne_by": {share.operator: share.share_fen for share in fee.borne_by},
    }


def _journal(number: int, journal: Journal) -> Values:
    return {
        "journal_id": f"J{number:03d}",
        "kind": journal.kind,
        "ref": journal.ref,
        "at": written(journal.at_s),
        "settlement_class": journal.settlement_class,
        "lines": [
            {
                "entity": line.entity,
                "account": line.account,
                "debit": max(line.amount_fen, 0),
                "credit": max(-line.amount_fen, 0),
            }
            for line in journal.lines
        ],
    }


def _positions(day: WorkedDay, money: Money) -> Iterable[Values]:
    for member in members_of_day(day):
        position = money.day.netting.position(member)
        net_fen = position.net_fen
        yield {
            "participant": member,
            "gross_debit": position.debit_fen,
            "gross_credit": position.credit_fen,
            "net": net_fen,
            "side": "PAYS" if net_fen > 0 else "RECEIVES" if net_fen < 0 else "NOTHING",
            "reserve": day.config.reserve.get(member, 0),
        }


def _reports(day: WorkedDay, events: Events, money: Money) -> Iterable[Values]:
    """The position file: what each member gets and pays, rides of a trial apart."""
    income: Counter[str] = Counter()
    pay: Counter[str] = Counter()
    for trip in events.trips:
        if trip.decided.judgement.code == "1013":
            ridden = trip.decided.presented.ridden
            income[ridden.acquirer] += ridden.paid_fen
            pay[ridden.issuer] += ridden.paid_fen
    for member in members_of_day(day):
        position = money.day.netting.position(member)
        yield {
            "sett_date": money.day.window_id.removeprefix("W"),
            "org": member,
            "income": position.credit_fen,
            "pay": position.debit_fen,
            "test_income": income[member],
            "test_pay": pay[member],
            "reserve_change": -position.net_fen,
            "sign": "D" if position.net_fen > 0 else "C",
        }


def _instruction(item: Instruction) -> Values:
    def party(name: str) -> str:
        return SETTLEMENT if name == HUB else name

    return {
        "instruction_id": short_id(item),
        "msg": ".".join(item.message.split(".")[:2]),
        "debtor": party(item.debtor),
        "creditor": party(item.creditor),
        "amount": item.amount_fen,
        "phase": item.phase,
    }


def _balances(journals: Iterable[Journal]) -> dict[str, int]:
    totals = balances(journals)
    return {f"{entity}:{account}": fen for (entity, account), fen in sorted(totals.items())}
