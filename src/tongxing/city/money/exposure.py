"""How much an account may owe, from which balance on it is denied, and what that can cost at most.

The published formula is

    max_loss = unpaid_limit + ceil(deny_lag / min_trip_time) x max_fare

It holds because an account is denied one highest fare *before* the limit: the ride that nobody
could stop still ends within it, and only rides between that charge and the deny list's arrival
come on top. The result is kept as the rider's limit, so the proof "no account is below its limit"
measures the formula on the live books.
"""

from dataclasses import dataclass, replace

from tongxing.city.money.store import credit as store
from tongxing.city.money.store.credit import CreditRow, Purse
from tongxing.city.money.terms import MoneyTerms
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal

UNPAID = "ACCOUNT_UNPAID"
UNPAID_TRIPS = "ACCOUNT_UNPAID_TRIPS"


@dataclass(frozen=True, slots=True)
class Exposure:
    """What one account can cost the issuer, by the formula, and what it owes now. `rides_in_lag`
    are the rides before every online gate refuses, `rides_offline` those at a site without its
    lines; the larger number counts in `max_loss_fen`."""

    unpaid_limit_fen: int
    max_fare_fen: int
    deny_lag_s: int
    min_trip_s: int
    rides_in_lag: int
    rides_offline: int
    online_loss_fen: int
    max_loss_fen: int
    owed_fen: int


@dataclass(frozen=True, slots=True)
class CityExposure:
    """All accounts together: how many with a mandate and without, the sum of what each can cost by
    the formula, how many owe, how much in all and the worst of them; `worst_max_loss_fen` is the
    formula for the worst kind of account."""

    signed: int
    prepaid: int
    max_loss_fen: int
    owing: int
    owed_fen: int
    worst_owed_fen: int
    worst_max_loss_fen: int


def formula(terms: MoneyTerms, signed: bool, owed_fen: int = 0) -> Exposure:
    """The published formula with a city's numbers."""
    limit_fen = terms.unpaid_limit_fen if signed else terms.prepaid_limit_fen
    in_lag = -(-terms.deny_lag_s // terms.min_trip_s)
    offline = min(-(-terms.offline_lag_s // terms.min_trip_s), terms.offline_rides_max)
    return Exposure(
        unpaid_limit_fen=limit_fen,
        max_fare_fen=terms.max_fare_fen,
        deny_lag_s=terms.deny_lag_s,
        min_trip_s=terms.min_trip_s,
        rides_in_lag=in_lag,
        rides_offline=offline,
        online_loss_fen=limit_fen + in_lag * terms.max_fare_fen,
        max_loss_fen=limit_fen + max(in_lag, offline) * terms.max_fare_fen,
        owed_fen=owed_fen,
    )


def deny_at(terms: MoneyTerms, signed: bool) -> int:
    """The balance at which, and below which, an account is denied: without a mandate when nothing
    is left, with one when another ride could exceed what may be unpaid."""
    return terms.max_fare_fen - terms.unpaid_limit_fen - 1 if signed else 0


def exposure_of(cursor: Cursor, terms: MoneyTerms, account: str) -> Exposure | Refusal:
    """What one account can cost. Refuses RIDER_UNKNOWN."""
    purse = store.find_purse(cursor, account)
    if purse is None:
        return Refusal("RIDER_UNKNOWN", account)
    signed = store.signed_mandate(cursor, account) is not None
    return formula(terms, signed, max(0, -purse.balance_fen))


def exposure_of_city(cursor: Cursor, terms: MoneyTerms) -> CityExposure:
    """What all accounts of this room can cost together."""
    signed, prepaid = store.credited_accounts(cursor)
    owing, owed_fen, worst_fen = store.owing(cursor)
    each = formula(terms, True).max_loss_fen, formula(terms, False).max_loss_fen
    return CityExposure(
        signed=signed,
        prepaid=prepaid,
        max_loss_fen=signed * each[0] + prepaid * each[1],
        owing=owing,
        owed_fen=owed_fen,
        worst_owed_fen=worst_fen,
        worst_max_loss_fen=max(each),
    )


def enrol(cursor: Cursor, terms: MoneyTerms, account: str, now_s: int) -> CreditRow | Refusal:
    """Give an account its limits, by whether it has a signed mandate; again brings them up to date.

    Every account that may ride should come here when it is opened. Refuses RIDER_UNKNOWN.
    """
    purse = store.lock_purse(cursor, account)
    if purse is None:
        return Refusal("RIDER_UNKNOWN", account)
    signed = store.signed_mandate(cursor, account) is not None
    exposure = formula(terms, signed)
    before = store.find_credit(cursor, account)
    row = CreditRow(
        account=account,
        since_s=now_s if before is None else before.since_s,
        signed=signed,
        unpaid_fen=exposure.unpaid_limit_fen,
        deny_at_fen=deny_at(terms, signed),
        failures=0 if before is None else before.failures,
        next_s=0 if before is None else before.next_s,
    )
    if row != before:
        store.write_credit(cursor, row)
    _carry(cursor, purse, exposure.max_loss_fen)
    return row


def review(cursor: Cursor, terms: MoneyTerms, account: str, now_s: int) -> None:
    """Bring an account's limits and stops up to date with what it owes now: put on when too many
    rides are unpaid or no debit succeeds any more, off at once when nothing is owed."""
    row = enrol(cursor, terms, account, now_s)
    purse = store.find_purse(cursor, account)
    if isinstance(row, Refusal) or purse is None:
        return
    owed_fen = max(0, -purse.balance_fen)
    if owed_fen == 0 and (row.failures, row.next_s) != (0, 0):
        row = replace(row, failures=0, next_s=0)
        store.write_credit(cursor, row)
    trips_max = terms.unpaid_trips(row.since_s, now_s)
    too_many = owed_fen > 0 and store.unpaid_trips(cursor, account, owed_fen) > trips_max
    gave_up = owed_fen > 0 and row.failures > len(terms.debit_again_s)
    for reason, stopped in ((UNPAID_TRIPS, too_many), (UNPAID, gave_up)):
        (store.put_stop if stopped else store.lift_stop)(cursor, account, reason, now_s)


def _carry(cursor: Cursor, purse: Purse, max_loss_fen: int) -> None:
    """Keep what the issuer carries as the rider's limit; what is owed already under a larger one
    stays within that until it is paid."""
    owed_more = -purse.balance_fen > max_loss_fen
    if purse.limit_fen != max_loss_fen and not (owed_more and purse.limit_fen > max_loss_fen):
        store.set_limit(cursor, purse.account, max_loss_fen)
