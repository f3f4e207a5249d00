"""The checks of admission, one small function each, in the order in which they are applied.

A check looks at one record in its `Case` and returns a finding (a verdict code and a detail for
people) or None. It decides nothing: what a code means stands in the table of codes. A check whose
evidence this hub was not given (no list of terminals, nobody who checks signatures) finds nothing;
what was given stands in `Evidence`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from msgspec import Struct

from tongxing.hub.claims import claims_of
from tongxing.hub.evidence import Evidence
from tongxing.hub.ground import Ground
from tongxing.hub.issued_cards import card_fault
from tongxing.hub.liability import city_rule, deny_rule
from tongxing.hub.members import Member
from tongxing.hub.purses import fault_of, links_of
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.verdicts import ONCE_MORE, RECOVERED, Status, verdict_code
from tongxing.kernel.clock import business_date, calendar_date
from tongxing.messages import Record, Share
from tongxing.network.transport import MODES


class Finding(NamedTuple):
    """What a check found: the verdict code, a detail for the hub's own staff, and who bears the
    loss where that is not whom the table of codes names. `of` is the record or trip it is about,
    when it is another one."""

    code: str
    detail: str = ""
    bearer: str = ""
    of: str = ""


class Standing(Struct, frozen=True, gc=False):
    """A record the hub stands by (accepted, held or carried; void when it was held and is over),
    with all that later rows need.

    `whole` is the split of the trip's whole charge as of this revision; `claims` the taps its trip
    holds after it.
    """

    record_id: str
    content_hash: bytes
    status: Status | Literal["void"]
    code: str
    issuer: str
    acquirer: str
    charge_fen: int
    whole: tuple[Share, ...]
    claims: tuple[str, ...]

    @property
    def trip_id(self) -> str:
        return self.record_id.rpartition(".")[0]

    def is_of(self, trip_id: str) -> bool:
        """Whether this is a revision of that trip."""
        return self.trip_id == trip_id


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a file is judged by: who sent it, when it was there, and what is known already.

    `known` holds the standing of every record named in the file and of each one's revision before;
    `holders` says for every tap named in the file which trip holds it; `evidence` is what others
    say of the records and their media; `rejected` says with which codes a record was rejected
    before, one for each file in which it was.
    """

    sender: Member
    members: Mapping[str, Member]
    suspended: frozenset[str]
    rules: Rulebook
    ground: Ground
    received_s: int
    known: Mapping[str, Standing]
    holders: Mapping[str, str]
    evidence: Evidence = field(default_factory=Evidence)
    rejected: Mapping[str, Sequence[str]] = field(default_factory=dict)


Check = Callable[[Record, Case, Mapping[str, Standing]], Finding | None]


def trial(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """A ride of a trial: counted apart, and never money."""
    return Finding("1013", "a record of a trial") if record.is_test else None


def institutions(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """Whether the record is of its sender, and its issuer is a member."""
    if record.acquirer != case.sender.member_id or record.city != case.sender.city:
        return Finding("1006", "presented by another acquirer or for another city")
    issuer = case.members.get(record.issuer)
    if issuer is None or issuer.kind != "issuer":
        return Finding("1006", "issuer is not a member")
    return None


def once_more(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """A record that was rejected is judged once more, if its code allows it; one whose recovery its
    issuer agreed to, as it was asked for, always."""
    before = case.rejected.get(record.record_id, ())
    if not before or case.evidence.consents.get(record.record_id) == record:
        return None
    if verdict_code(before[-1]).again == "never":
        return Finding(ONCE_MORE, f"{before[-1]} is final")
    return Finding(ONCE_MORE, "presented again before") if len(before) > 1 else None


def number(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """A card's number begins as its issuer said that its numbers do, on the day of the ride."""
    spans = case.evidence.numbers.get(record.issuer)
    if spans is None or record.funding != "purse":
        return None
    on = calendar_date(record.entered_s)
    if any(span.fits(record.medium_no, on) for span in spans):
        return None
    return Finding("1008", f"no number of {record.issuer}")


def lateness(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """Days from the trip's business day to arrival: a mark, or too late.

    What asks no more of a passenger is never too late inside the recovery limit, and so is what its
    issuer agreed to pay.
    """
    rules = case.rules.lateness
    days = (calendar_date(case.received_s) - business_date(record.exited_s)).days
    if days > rules.reject_after_days:
        in_recovery = days <= rules.recovery_until_days
        if in_recovery and case.evidence.consents.get(record.record_id) == record:
            return Finding(RECOVERED, f"T+{days}")
        if not (in_recovery and _asks_no_more(record, case, known)):
            return Finding("1005", f"T+{days}")
    if days >= rules.mark_from_days:
        return Finding("0015", f"T+{days}")
    return None


_REVISIONS_ASKED = 20
"""A trip with more revisions than these is not looked for among those that another replaces."""


def _asks_no_more(record: Record, case: Case, known: Mapping[str, Standing]) -> bool:
    """Whether a record gives back, or its trip takes over all taps of another (a half whose other
    end has come), stands in its place and costs no more than that."""
    if record.delta_fen < 0:
        return True
    claims = set(claims_of(record))
    holders = {case.holders.get(claim, record.trip_id) for claim in claims} - {record.trip_id}
    for holder in sorted(holders):
        of_holder = (known.get(f"{holder}.{number}") for number in range(_REVISIONS_ASKED, 0, -1))
        newest = next((found for found in of_holder if found is not None and found.claims), None)
        if newest is not None and claims.issuperset(newest.claims):
            return record.delta_fen <= newest.charge_fen
    return False


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
    charge_fen = case.ground.charge_fen(record)
    if charge_fen is not None and charge_fen != record.charge_fen:
        return Finding("1007", f"the tariff charges {charge_fen} fen")
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
    if before.status == "void":
        return Finding("1006", f"revision {record.revision - 1} is void")
    if record.acquirer != before.acquirer:
        return Finding("1006", f"revision {record.revision - 1} is another acquirer's")
    if record.issuer != before.issuer:
        return Finding("1006", f"revision {record.revision - 1} is on {before.issuer}")
    if record.delta_fen != record.charge_fen - before.charge_fen:
        return Finding("1006", f"the difference to {before.charge_fen} fen is not as stated")
    if before.status != "accepted":
        return Finding(before.code, f"waits with revision {record.revision - 1}")
    return None


def signature(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """What the media signed is what their issuers would have them sign."""
    wrong = case.evidence.signatures.get(record.record_id)
    return None if wrong is None else Finding(wrong.code, wrong.detail)


def purse(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """The card's counter was not used for something else, and no money is gone between this
    purchase and the ones beside it."""
    for link in links_of(record):
        found = fault_of(link, case.evidence.chains)
        if found is not None:
            fault, other = found
            if fault == "fork":
                return Finding("1020", f"counter {link.counter} stands twice", of=other.record_id)
            return Finding("1014", f"money is gone beside {other.counter}", of=other.record_id)
    return None


def terminal(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """The line runs in that city and belongs to the operator named, and every terminal is one of
    its acquirer's, registered that day."""
    operators = case.ground.operators(record)
    if not operators:
        return Finding("1012", "no such line")
    if record.operator not in operators:
        return Finding("1012", f"the line belongs to {' or '.join(sorted(operators))}")
    if case.evidence.terminals is None:
        return None
    on = calendar_date(record.entered_s)
    for tap in record.taps:
        entries = case.evidence.terminals.get(tap.terminal_id, ())
        if not any(entry.fits(record, on) for entry in entries):
            return Finding("1012", f"terminal {tap.terminal_id} is not registered so")
    return None


def card(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """The card or account is one that its issuer knows, of a kind that it says, and was good at the
    tap."""
    fault = card_fault(record, case.evidence)
    return None if fault is None else Finding(*fault)


def denied(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """A medium whose loss was reported: whose loss the ride is stands in the table of liability."""
    denial = case.evidence.denials.get(record.medium_no)
    if denial is None or denial.is_over(record.entered_s):
        return None
    name, rule = deny_rule(
        denial, record.entered_s, record.deny_list_version, case.evidence.liability
    )
    return Finding(rule.code, name, rule.bearer) if rule.code else None


def city_list(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """The issuer's city was on the list, or had left it so lately that terminals need not know. At
    home no list is asked."""
    home = case.members[record.issuer].city
    listing = case.evidence.city_lists.get(home)
    if listing is None or home == record.city:
        return None
    name, rule = city_rule(
        listing, record.entered_s, record.city_list_version, case.evidence.liability
    )
    return Finding(rule.code, name, rule.bearer) if rule.code else None


def acceptance(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """The medium was accepted at that place, for that mode, on the day of the ride (R-219)."""
    issuer_city = case.members[record.issuer].city
    reason = case.ground.acceptance(record, issuer_city, calendar_date(record.entered_s))
    return Finding(case.rules.code_of_refusal(reason), reason) if reason else None


def issuer_word(record: Record, case: Case, known: Mapping[str, Standing]) -> Finding | None:
    """What the issuer said of the record in time; silence is a yes."""
    said = case.evidence.issuer_words.get(record.record_id)
    return None if said is None else Finding(said.code, said.detail)


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
    number,
    lateness,
    clock,
    kind,
    amount,
    tariff,
    chain,
    completion,
    signature,
    purse,
    terminal,
    card,
    denied,
    city_list,
    acceptance,
    issuer_word,
    suspension,
)

AMOUNT_CHECKS: tuple[Check, ...] = (amount, tariff)
HISTORY_CHECKS: tuple[Check, ...] = tuple(
    check for check in AFTER_DUPLICATES if check not in AMOUNT_CHECKS
)
"""The checks of a row that a later one of its file supersedes: what it charged moves no money, only
the later one's charge does, so no amount need be what a tariff says."""
