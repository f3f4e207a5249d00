"""Admission: is a record genuine, new, in time and plausible, and whose loss is it if not?

A file is judged as a whole: rows in order of revision, taps over all rows (see `claims`), so the
order of rows does not show in the answer. Soft codes add up; the first other code decides. What was
found before a hard code stays beside it: a late row that is rejected is marked late all the same.

Pure: what the hub already knows comes in as values. Nothing here may write, or look at a clock.
"""

import hashlib
from collections.abc import Container, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tongxing.hub.checks import (
    AFTER_DUPLICATES,
    HISTORY_CHECKS,
    Case,
    Check,
    Finding,
    Standing,
    institutions,
    once_more,
    trial,
)
from tongxing.hub.claims import Claimant, claims_of, clashing_rows
from tongxing.hub.purses import Link, forks_with, links_of
from tongxing.hub.rows import Row
from tongxing.hub.split import SplitBasis, difference, split_charge
from tongxing.hub.verdicts import FORGED, FORKED, IN_ORDER, Status, verdict_code
from tongxing.messages import Record, Share, Verdict

TWIN = "~"
_KIND_ROUNDS = 8


class Judgement(Struct, frozen=True, gc=False):
    """The hub's answer on one row. `codes` has the deciding one first; `detail` is for the hub's
    staff, `findings` all that was found. A row that stands has its `basis`, `shares` (of its
    delta), and `standing`. One that waits because its name stands with other content has in `twin`
    what it would get, were the name free."""

    row: Row
    status: Status
    codes: tuple[str, ...]
    detail: str
    basis: SplitBasis | None = None
    shares: tuple[Share, ...] = ()
    standing: Standing | None = None
    findings: tuple[Finding, ...] = ()
    twin: "Judgement | None" = None

    @property
    def code(self) -> str:
        return self.codes[0]

    @property
    def bearer(self) -> str:
        """Whose loss it is: as the table of liability says, else as the code's own entry does."""
        for finding in self.findings:
            if finding.code == self.code and finding.bearer:
                return finding.bearer
        return verdict_code(self.code).bearer

    def verdict(self) -> Verdict:
        """What the sender hears. A carried record is held until its member is back."""
        return Verdict(
            record_id=self.row.record_id,
            status="held" if self.status == "carried" else self.status,
            code=self.code,
            bearer=self.bearer,
            shares=list(self.shares) if self.status == "accepted" else [],
            content=content_hash(self.row).hex() if self.twin is not None else "",
        )


def told_links(judgements: Iterable[Judgement], forged: Container[str]) -> list[Link]:
    """The purchases that rows tell of their cards; those of rows that do not stand were seen and
    are not paid. A row whose signature is wrong (`forged`) proves nothing of a card, so that nobody
    can freeze another's ride with one."""
    return [
        link._replace(stands=item.standing is not None)
        for item in judgements
        if item.row.record is not None
        and item.row.record_id not in forged
        and FORGED not in item.codes
        for link in links_of(item.row.record)
    ]


def judge(rows: Sequence[Row], case: Case) -> list[Judgement]:
    """The judgement of every row, in the file's order.

    Two things can only be seen over the whole file. A row whose tap belongs to another trip is a
    duplicate (1002); rejecting it may give a tap back to a trip that had let go of it. And a row
    that a later one supersedes is history, unless that later one does not come to stand. So the
    file is judged again with what was found until nothing new is; after some rounds without
    either kindness, which always ends it.
    """
    in_order = sorted(rows, key=lambda row: row.record.revision if row.record is not None else 0)
    duplicates: set[int] = set()
    history = _superseded(in_order)
    for round_no in range(_KIND_ROUNDS + 2):
        is_kind = round_no < _KIND_ROUNDS
        history = history if is_kind else set()
        judgements = _judge_once(in_order, case, duplicates, history)
        clashing = clashing_rows(_claimants(judgements), case.holders, handing_over=is_kind)
        stranded = _stranded(judgements, history)
        if not clashing and not stranded:
            return sorted(judgements, key=lambda judgement: judgement.row.number)
        duplicates |= clashing
        history -= stranded
    raise AssertionError("a round without kindness finds everything")


def content_hash(row: Row) -> bytes:
    """128 bits over a record's canonical JSON: the same identity must come with the same hash."""
    return hashlib.sha256(row.content).digest()[:16]


def twin_name(record_id: str, content: bytes) -> str:
    """The name of a row whose name stands with other content: no record has such a name."""
    return f"{record_id}{TWIN}{content.hex()}"


def _claimants(judgements: Sequence[Judgement]) -> list[Claimant]:
    return [
        Claimant(item.row.number, item.row.record.trip_id, item.standing.claims)
        for item in judgements
        if item.standing is not None and item.row.record is not None
    ]


def _superseded(rows: Sequence[Row]) -> set[int]:
    """The rows whose next revision is in the same file."""
    named = {row.record_id for row in rows if row.record is not None}
    return {
        row.number
        for row in rows
        if row.record is not None and f"{row.record.trip_id}.{row.record.revision + 1}" in named
    }


def _stranded(judgements: Sequence[Judgement], history: set[int]) -> set[int]:
    """Rows judged as history whose next revision did not come to stand as they do, with all other
    rows of their trips."""
    status_of = {
        item.row.record_id: item.status for item in judgements if item.standing is not None
    }
    trips = set()
    for item in judgements:
        record = item.row.record
        if record is None or item.row.number not in history or item.standing is None:
            continue
        follower = f"{record.trip_id}.{record.revision + 1}"
        if item.status != "held" and status_of.get(follower) != item.status:
            trips.add(record.trip_id)
    return {
        item.row.number
        for item in judgements
        if item.row.number in history
        and item.row.record is not None
        and item.row.record.trip_id in trips
    }


def _judge_once(
    in_order: Sequence[Row], case: Case, duplicates: set[int], history: set[int]
) -> list[Judgement]:
    known = dict(case.known)
    judgements = []
    for row in in_order:
        checks = HISTORY_CHECKS if row.number in history else AFTER_DUPLICATES
        judgement = _judge_row(row, case, known, row.number in duplicates, checks)
        if judgement.standing is not None:
            known[row.record_id] = judgement.standing
        elif judgement.twin is not None:
            name = twin_name(row.record_id, content_hash(row))
            known[name] = replace(known[row.record_id], record_id=name, claims=())
        judgements.append(judgement)
    return judgements


def _judge_row(
    row: Row,
    case: Case,
    known: Mapping[str, Standing],
    is_duplicate: bool,
    checks: Sequence[Check],
) -> Judgement:
    record = row.record
    if record is None:
        return _without_standing(row, Finding("1006", row.fault))
    on_trial = trial(record, case, known)
    if on_trial is not None:
        return _without_standing(row, on_trial)
    stranger = institutions(record, case, known)
    if stranger is not None:
        return _without_standing(row, stranger)
    seen = known.get(record.record_id)
    if seen is not None:
        return _seen_before(row, record, seen, case, known, checks)
    too_often = once_more(record, case, known)
    if too_often is not None:
        return _without_standing(row, too_often)
    if is_duplicate:
        return _tap_of_another(row, record, case, known, checks)
    return _weigh(row, record, case, known, checks)


def _tap_of_another(
    row: Row,
    record: Record,
    case: Case,
    known: Mapping[str, Standing],
    checks: Sequence[Check],
) -> Judgement:
    """1002: the tap is paid for already. But where a card signed something else for it than the
    trip that holds it tells, nobody knows yet which of the two is true (1020): then the row, if it
    is its trip's first, waits beside that trip, and holds no tap."""
    other = _holder(record, case, known)
    twice = _without_standing(row, Finding("1002", f"a tap belongs to {other}", of=other))
    forks = forks_with(links_of(record), case.evidence.chains)
    contradicted = {fork.record_id.rpartition(".")[0] for fork in forks}
    if record.revision > 1 or other not in contradicted:
        return twice
    judged = _weigh(row, record, case, known, checks)
    is_doubted = FORKED in judged.codes and FORGED not in judged.codes
    if judged.standing is None or not is_doubted:
        return twice
    return replace(judged, standing=replace(judged.standing, claims=()))


def _seen_before(
    row: Row,
    record: Record,
    seen: Standing,
    case: Case,
    known: Mapping[str, Standing],
    checks: Sequence[Check],
) -> Judgement:
    """A copy of the record that has this name, or of a row that waits for it; else one more that
    waits, until a person says which of them is true. A name belongs to the acquirer that used it
    first."""
    if seen.acquirer != record.acquirer:
        return _without_standing(row, Finding("1006", "this name is another acquirer's"))
    if seen.content_hash == content_hash(row):
        return _without_standing(row, Finding("1002", seen.record_id, of=seen.record_id))
    name = twin_name(record.record_id, content_hash(row))
    if name in known:
        return _without_standing(row, Finding("1002", name, of=seen.record_id))
    waits = Finding(FORKED, "this record id stands with other content", of=seen.record_id)
    judged = _weigh(row, record, case, known, checks)
    return replace(_without_standing(row, waits), twin=judged)


def _holder(record: Record, case: Case, known: Mapping[str, Standing]) -> str:
    """The other trip that a tap of this record belongs to, in this file or before it."""
    claims = set(claims_of(record))
    for standing in known.values():
        if claims.intersection(standing.claims) and not standing.is_of(record.trip_id):
            return standing.trip_id
    holders = (case.holders.get(claim, record.trip_id) for claim in sorted(claims))
    return next((trip_id for trip_id in holders if trip_id != record.trip_id), "another trip")


def _weigh(
    row: Row,
    record: Record,
    case: Case,
    known: Mapping[str, Standing],
    checks: Sequence[Check],
) -> Judgement:
    """All further checks: the first hard finding rejects, and ends them; else the first hold, else
    carry, else the soft ones decide."""
    findings: list[Finding] = []
    for check in checks:
        finding = check(record, case, known)
        if finding is None:
            continue
        if verdict_code(finding.code).severity == "hard":
            return _without_standing(row, finding, findings)
        findings.append(finding)
    return _standing(row, record, case, known, findings)


def _without_standing(row: Row, finding: Finding, before: Sequence[Finding] = ()) -> Judgement:
    """Rejected, or (1020) held for a person beside the record that already has the name; with what
    was found `before` that decided."""
    status = verdict_code(finding.code).status
    findings = (finding, *before)
    codes = (finding.code, *_codes(before)) if before else (finding.code,)
    return Judgement(row, status, codes, _detail(findings), findings=findings)


def _standing(
    row: Row,
    record: Record,
    case: Case,
    known: Mapping[str, Standing],
    findings: Sequence[Finding],
) -> Judgement:
    """A row that stands. Its split is frozen now, even while it waits."""
    basis = case.ground.split_basis(record)
    whole = split_charge(record.charge_fen, basis)
    before = known.get(f"{record.trip_id}.{record.revision - 1}")
    codes = _codes(findings)
    status = verdict_code(codes[0]).status
    standing = Standing(
        record_id=record.record_id,
        content_hash=content_hash(row),
        status=status,
        code=codes[0],
        issuer=record.issuer,
        acquirer=record.acquirer,
        charge_fen=record.charge_fen,
        whole=whole,
        claims=claims_of(record),
    )
    shares = difference(whole, before.whole if before is not None else ())
    told = tuple(findings)
    return Judgement(row, status, codes, _detail(told), basis, shares, standing, told)


def _detail(findings: Iterable[Finding]) -> str:
    return "; ".join(finding.detail for finding in findings if finding.detail)


def _codes(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Holds before carries before soft codes, these by number; "in order" when there are none."""
    by_severity: dict[str, list[str]] = {"hold": [], "carry": [], "soft": []}
    for finding in findings:
        codes = by_severity[verdict_code(finding.code).severity]
        if finding.code not in codes:
            codes.append(finding.code)
    deciding = by_severity["hold"] + by_severity["carry"]
    return (*deciding, *sorted(by_severity["soft"])) or (IN_ORDER,)
