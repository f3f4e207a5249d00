"""The checks of admission, one small function each, in the order in which they are applied.

A check looks at one record in its `Case` and returns a finding (a verdict code and a detail for
people) or None. It decides nothing: what a code means stands in the table of codes. Checks that
need evidence which does not travel yet (TAC, purse chain, terminal lists) join this list with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from msgspec import Struct

from tongxing.hub.ground import Ground
from tongxing.hub.members import Member
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.verdicts import Status
from tongxing.kernel.clock import business_date, calendar_date
from tongxing.messages import Record, Share
from tongxing.network.transport import MODES


class Finding(NamedTuple):
    """What a check found: the verdict code, and a detail for the hub's own staff."""

    code: str
    detail: str = ""


class Standing(Struct, frozen=True, gc=False):
    """A record the hub stands by (accepted, held or carried), with all that later rows need.

    `whole` is the split of the trip's whole charge as of this revision; `claims` the taps its trip
    holds after it.
    """

    record_id: str
    content_hash: bytes
    status: Status
    code: str
    issuer: str
    charge_fen: int
    whole: tuple[Share, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a file is judged by: who sent it, when it was there, and what is known already.

    `known` holds the standing of every record named in the file and of each one's revision before;
    `holders` says for every tap named in the file which trip holds it.
    """

    sender: Member
    members: Mapping[str, Member]
    suspended: frozenset[str]
    rules: Rulebook
    ground: Ground
    received_s: int
    known: Mapping[str, Standing]
    holders: Mapping[str, str]


Check = Callable[[Record, Case, Mapping[str, Standing]], Finding | None]


def institutions(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """Whether the record is of its sender, and its issuer is a member."""
    if record.acquirer != case.sender.member_id or record.city != case.sender.city:
        return Finding("1006", "presented by another acquirer or for another city")
    issuer = case.members.get(record.issuer)
    if issuer is None or issuer.kind != "issuer":
        return Finding("1006", "issuer is not a member")
    return None


def lateness(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """Days from the trip's business day to arrival: a mark, or too late.

    Money that goes back to a passenger is never too late inside the recovery limit.
    """
    rules = case.rules.lateness
    days = (calendar_date(case.received_s) - business_date(record.exited_s)).days
    limit = rules.recovery_until_days if record.delta_fen < 0 else rules.reject_after_days
    if days > limit:
        return Finding("1005", f"T+{days}")
    if days >= rules.mark_from_days:
        return Finding("0015", f"T+{days}")
    return None


def clock(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """A ride that ends after its record arrived was timed by a wrong clock."""
    ahead_s = record.exited_s - case.received_s
    if ahead_s > case.rules.clock.future_tolerance_s:
        return Finding("1016", f"{ahead_s} s in the future")
    return None


def kind(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """A mode nobody knows cannot be priced or split."""
    return None if record.mode in MODES else Finding("1004", "unknown mode")


def amount(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """The charge within limits: not below zero, not above the cap, and above its fare only by
    what the tariff puts on top (overtime). A city's median is not above the highest fare."""
    if record.charge_fen < 0 or record.fare_fen < 0:
        return Finding("1007", "negative")
    if record.charge_fen > case.rules.amount.charge_max_fen:
        return Finding("1007", "above the limit")
    if record.charge_fen > record.fare_fen or record.how == "median":
        highest_fen = case.ground.highest_charge_fen(record)
        if highest_fen is not None and record.charge_fen > highest_fen:
            return Finding("1007", f"the tariff charges {highest_fen} fen at most")
    return None


def tariff(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """The tariff in force at entry, and the fare before relief, recomputed where the record says
    enough."""
    if record.how == "void":
        return None
    name = case.ground.tariff_name(record)
    if name != record.tariff:
        return Finding("1007", f"tariff {name or 'none'} was in force")
    fare_fen = case.ground.fare_fen(record)
    if fare_fen is not None and fare_fen != record.fare_fen:
        return Finding("1007", f"the tariff says {fare_fen} fen")
    return None


def chain(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """A first revision carries the whole charge; a later one follows the one before it, on the
    same issuer, and carries exactly the difference. One that follows a record on hold waits."""
    if record.revision == 1:
        if record.delta_fen != record.charge_fen:
            return Finding("1006", "a first revision carries the whole charge")
        return None
    before = known.get(f"{record.trip_id}.{record.revision - 1}")
    if before is None:
        return Finding("1006", f"revision {record.revision - 1} is not admitted")
    if record.issuer != before.issuer:
        return Finding("1006", f"revision {record.revision - 1} is on {before.issuer}")
    if record.delta_fen != record.charge_fen - before.charge_fen:
        return Finding("1006", f"the difference to {before.charge_fen} fen is not as stated")
    if before.status != "accepted":
        return Finding(before.code, f"waits with revision {record.revision - 1}")
    return None


def terminal(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """The line runs in that city and belongs to the operator named."""
    operators = case.ground.operators(record)
    if not operators:
        return Finding("1012", "no such line")
    if record.operator not in operators:
        return Finding("1012", f"the line belongs to {' or '.join(sorted(operators))}")
    return None


def acceptance(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """The medium was accepted at that place, for that mode, on the day of the ride (R-219)."""
    issuer_city = case.members[record.issuer].city
    reason = case.ground.acceptance(record, issuer_city, calendar_date(record.entered_s))
    return Finding(case.rules.code_of_refusal(reason), reason) if reason else None


def suspension(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """Otherwise in order, but its issuer or acquirer is suspended: it is carried."""
    for member in (record.acquirer, record.issuer):
        if member in case.suspended:
            return Finding("1019", member)
    return None


_HOW_CODES: Mapping[str, str] = {
    "paired_by_account": "0010",
    "missing_exit": "0012",
    "missing_entry": "0012",
    "declared": "0011",
    "habitual": "0012",
    "median": "0012",
    "disruption": "0012",
    "staff": "0013",
    "cleared": "0013",
}


def completion(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """How a trip with a half missing, or on two media, came to be whole."""
    code = _HOW_CODES.get(record.how)
    return Finding(code) if code else None


AFTER_DUPLICATES: tuple[Check, ...] = (
    lateness,
    clock,
    kind,
    amount,
    tariff,
    chain,
    completion,
    terminal,
    acceptance,
    suspension,
)

AMOUNT_CHECKS: tuple[Check, ...] = (amount, tariff)
HISTORY_CHECKS: tuple[Check, ...] = tuple(
    check for check in AFTER_DUPLICATES if check not in AMOUNT_CHECKS
)
"""The checks of a row that a later one of its file supersedes: what it charged moves no money, only
the later one's charge does, so no amount need be what a tariff says."""
