"""Admission: is a record genuine, new, in time and plausible, and whose loss is it if not?

A file is judged as a whole: rows in order of revision, taps over all rows (see `claims`), so the
order of rows does not show in the answer. Soft codes add up; the first other code decides.

Pure: what the hub already knows comes in as values. Nothing here may write, or look at a clock.
"""

import hashlib
from collections.abc import Mapping, Sequence

from msgspec import Struct

from tongxing.hub.checks import AFTER_DUPLICATES, Case, Finding, Standing, institutions
from tongxing.hub.claims import Claimant, claims_of, clashing_rows
from tongxing.hub.rows import Row
from tongxing.hub.split import SplitBasis, difference, split_charge
from tongxing.hub.verdicts import IN_ORDER, Status, verdict_code
from tongxing.messages import Record, Share, Verdict

_HAND_OVER_ROUNDS = 8


class Judgement(Struct, frozen=True, gc=False):
    """The hub's answer on one row. `codes` has the deciding one first; `detail` is for the hub's
    staff. A row that stands has its `basis`, `shares` (of its delta), and `standing`."""

    row: Row
    status: Status
    codes: tuple[str, ...]
    detail: str
    basis: SplitBasis | None = None
    shares: tuple[Share, ...] = ()
    standing: Standing | None = None

    @property
    def code(self) -> str:
        return self.codes[0]

    def verdict(self) -> Verdict:
        """What the sender hears. A carried record is held until its member is back."""
        return Verdict(
            record_id=self.row.record_id,
            status="held" if self.status == "carried" else self.status,
            code=self.code,
            bearer=verdict_code(self.code).bearer,
            shares=list(self.shares) if self.status == "accepted" else [],
        )


def judge(rows: Sequence[Row], case: Case) -> list[Judgement]:
    """The judgement of every row, in the file's order.

    A row whose tap belongs to another trip is a duplicate (1002). Rejecting it may give a tap back
    to a trip that had let go of it in this file, so the file is judged again without it, until
    nothing clashes.
    """
    in_order = sorted(rows, key=lambda row: row.record.revision if row.record is not None else 0)
    duplicates: set[int] = set()
    for round_no in range(_HAND_OVER_ROUNDS + 2):
        judgements = _judge_once(in_order, case, duplicates)
        clashing = clashing_rows(
            _claimants(judgements), case.holders, handing_over=round_no < _HAND_OVER_ROUNDS
        )
        if not clashing:
            return sorted(judgements, key=lambda judgement: judgement.row.number)
        duplicates |= clashing
    raise AssertionError("a round without handing over leaves no clash")


def content_hash(row: Row) -> bytes:
    """128 bits over a record's canonical JSON: the same identity must come with the same hash."""
    return hashlib.sha256(row.content).digest()[:16]


def _claimants(judgements: Sequence[Judgement]) -> list[Claimant]:
    return [
        Claimant(item.row.number, item.row.record.trip_id, item.standing.claims)
        for item in judgements
        if item.standing is not None and item.row.record is not None
    ]


def _judge_once(in_order: Sequence[Row], case: Case, duplicates: set[int]) -> list[Judgement]:
    known = dict(case.known)
    judgements = []
    for row in in_order:
        judgement = _judge_row(row, case, known, row.number in duplicates)
        if judgement.standing is not None:
            known[row.record_id] = judgement.standing
        judgements.append(judgement)
    return judgements


def _judge_row(
    row: Row, case: Case, known: Mapping[str, Standing], is_duplicate: bool
) -> Judgement:
    record = row.record
    if record is None:
        return _without_standing(row, Finding("1006", row.fault))
    stranger = institutions(record, case, known)
    if stranger is not None:
        return _without_standing(row, stranger)
    seen = known.get(record.record_id)
    if seen is not None:
        return _without_standing(row, _seen_before(row, seen))
    if is_duplicate:
        return _without_standing(row, Finding("1002", "a tap belongs to another trip"))
    return _weigh(row, record, case, known)


def _seen_before(row: Row, seen: Standing) -> Finding:
    if seen.content_hash == content_hash(row):
        return Finding("1002", seen.record_id)
    return Finding("1020", "this record id stands with other content")


def _weigh(row: Row, record: Record, case: Case, known: Mapping[str, Standing]) -> Judgement:
    """All further checks: the first hard finding rejects; else the first hold, else carry, else
    the soft ones decide."""
    findings: list[Finding] = []
    for check in AFTER_DUPLICATES:
        finding = check(record, case, known)
        if finding is None:
            continue
        if verdict_code(finding.code).severity == "hard":
            return _without_standing(row, finding)
        findings.append(finding)
    return _standing(row, record, case, known, findings)


def _without_standing(row: Row, finding: Finding) -> Judgement:
    """Rejected, or (1020) held for a person beside the record that already has the name."""
    status = verdict_code(finding.code).status
    return Judgement(row, status, (finding.code,), finding.detail)


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
        charge_fen=record.charge_fen,
        whole=whole,
        claims=claims_of(record),
    )
    detail = "; ".join(finding.detail for finding in findings if finding.detail)
    shares = difference(whole, before.whole if before is not None else ())
    return Judgement(row, status, codes, detail, basis, shares, standing)


def _codes(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Holds before carries before soft codes, these by number; "in order" when there are none."""
    by_severity: dict[str, list[str]] = {"hold": [], "carry": [], "soft": []}
    for finding in findings:
        codes = by_severity[verdict_code(finding.code).severity]
        if finding.code not in codes:
            codes.append(finding.code)
    deciding = by_severity["hold"] + by_severity["carry"]
    return (*deciding, *sorted(by_severity["soft"])) or (IN_ORDER,)
