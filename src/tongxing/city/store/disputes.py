"""Disputed bindings: what was claimed, each step since, and where the money ended."""

from dataclasses import dataclass
from typing import LiteralString

from tongxing.city.riding import NEW_STATE
from tongxing.city.store import media
from tongxing.city.store.cursor import Cursor

_CASES: LiteralString = (
    "SELECT case_id, binding_id, account, medium_no, by_card OR joined_proof_id IS NOT NULL,"
    " proof_id, claimant, moved_fen, from_s, raised_s, coalesce(joined_deadline_s, deadline_s),"
    " note, outcome, back_fen, borne_fen, ended_s FROM dispute"
    " LEFT JOIN dispute_join USING (case_id) LEFT JOIN dispute_end USING (case_id)"
)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One dispute; the last four are None until it ended. Where the card took it over, `by_card`
    and `deadline_s` are as from then on, `proof_id` and `claimant` as it began."""

    case_id: str
    binding_id: str
    account: str
    medium_no: str
    by_card: bool
    proof_id: str
    claimant: str
    moved_fen: int
    from_s: int
    raised_s: int
    deadline_s: int
    note: str
    outcome: str | None = None
    back_fen: int | None = None
    borne_fen: int | None = None
    ended_s: int | None = None


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A person's claim by a number. `answer` is the code of its refusal, "" where it began a case;
    `decided` is what two people decided about it, "" until they did."""

    request_id: str
    person_id: str
    medium_no: str
    claimed_s: int
    answer: str
    decided: str = ""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a dispute, under the request that made it."""

    case_id: str
    number: int
    request_id: str
    kind: str
    outcome: str
    done_by: str
    done_s: int
    note: str


def find_case(cursor: Cursor, case_id: str) -> CaseRow | None:
    """A dispute by its id."""
    found = _cases(cursor, " WHERE case_id = %s", case_id)
    return found[0] if found else None


def cases_of_binding(cursor: Cursor, binding_id: str) -> list[CaseRow]:
    """The disputes of a binding, oldest first."""
    return _cases(cursor, " WHERE binding_id = %s", binding_id)


def all_cases(cursor: Cursor) -> list[CaseRow]:
    """Every dispute, oldest first."""
    return _cases(cursor, " WHERE %s = ''", "")


def open_cases(cursor: Cursor) -> list[CaseRow]:
    """Every dispute that has not ended, oldest first."""
    return _cases(cursor, " WHERE ended_s IS NULL AND %s = ''", "")


def cases_of_account(cursor: Cursor, account: str) -> list[CaseRow]:
    """The disputes about cards bound to an account, oldest first."""
    return _cases(cursor, " WHERE account = %s", account)


def was_decided(cursor: Cursor, case_id: str) -> bool:
    """Whether two people decided a dispute: neither its time nor its maker ended it."""
    return bool(_steps(cursor, " WHERE case_id = %s AND kind = 'approve'", case_id))


def open_case_of_card(cursor: Cursor, medium_no: str) -> str:
    """The dispute of a card that has not ended, "" where there is none."""
    found = _cases(cursor, " WHERE ended_s IS NULL AND medium_no = %s", medium_no)
    return found[0].case_id if found else ""


def proof_used(cursor: Cursor, proof_id: str) -> bool:
    """Whether a proof of possession began, took over or withdrew a dispute before."""
    row = cursor.execute(
        "SELECT EXISTS (SELECT 1 FROM dispute WHERE proof_id = %(id)s)"
        " OR EXISTS (SELECT 1 FROM dispute_step WHERE kind IN ('join', 'withdraw')"
        " AND done_by = %(id)s)",
        {"id": proof_id},
    ).fetchone()
    return row is not None and bool(row[0])


def write_case(cursor: Cursor, row: CaseRow) -> None:
    """Keep what was claimed."""
    cursor.execute(
        "INSERT INTO dispute VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (row.case_id, row.binding_id, row.account, row.medium_no, row.by_card, row.proof_id,
         row.claimant, row.moved_fen, row.from_s, row.raised_s, row.deadline_s, row.note),
    )  # fmt: skip


def steps_of(cursor: Cursor, case_id: str) -> list[StepRow]:
    """What was done about a dispute, in order."""
    return _steps(cursor, " WHERE case_id = %s", case_id)


def steps_of_all(cursor: Cursor, case_ids: list[str]) -> list[StepRow]:
    """What was done about some disputes, in order."""
    return _steps(cursor, " WHERE case_id = ANY(%s)", case_ids)


def find_step(cursor: Cursor, request_id: str) -> StepRow | None:
    """The step that a request made."""
    found = _steps(cursor, " WHERE request_id = %s", request_id)
    return found[0] if found else None


def write_step(cursor: Cursor, row: StepRow) -> None:
    """Keep one step."""
    cursor.execute(
        "INSERT INTO dispute_step VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (row.case_id, row.number, row.request_id, row.kind, row.outcome, row.done_by, row.done_s,
         row.note),
    )  # fmt: skip


def write_join(cursor: Cursor, case_id: str, proof_id: str, deadline_s: int) -> None:
    """Note that the card itself took a dispute over, and until when staff have to decide now."""
    cursor.execute("INSERT INTO dispute_join VALUES (%s, %s, %s)", (case_id, proof_id, deadline_s))


def write_claim(cursor: Cursor, row: ClaimRow) -> None:
    """Keep a person's claim, whatever it found."""
    cursor.execute(
        "INSERT INTO dispute_claim VALUES (%s, %s, %s, %s, %s)",
        (row.request_id, row.person_id, row.medium_no, row.claimed_s, row.answer),
    )


def find_claim(cursor: Cursor, request_id: str) -> ClaimRow | None:
    """The claim that a request made."""
    found = _claims(cursor, " WHERE request_id = %s", request_id)
    return found[0] if found else None


def claims_of(cursor: Cursor, person_id: str) -> list[ClaimRow]:
    """What a person claimed by numbers, newest first."""
    return _claims(cursor, " WHERE person_id = %s", person_id)


def claims_since(cursor: Cursor, person_id: str, since_s: int) -> int:
    """How many claims by number a person made after an instant."""
    row = cursor.execute(
        "SELECT count(*) FROM dispute_claim WHERE person_id = %s AND claimed_s > %s",
        (person_id, since_s),
    ).fetchone()
    assert row is not None
    return int(row[0])


def write_end(
    cursor: Cursor, case_id: str, outcome: str, back_fen: int, borne_fen: int, ended_s: int
) -> None:
    """Keep where the money of a dispute is."""
    cursor.execute(
        "INSERT INTO dispute_end VALUES (%s, %s, %s, %s, %s)",
        (case_id, outcome, back_fen, borne_fen, ended_s),
    )


def ridden_fen(cursor: Cursor, account: str, medium_no: str, from_s: int) -> int:
    """What the account paid for rides with a card since then, without what the issuer bore."""
    row = cursor.execute(
        "SELECT (SELECT coalesce(sum(charge_fen), 0) FROM trip WHERE rider_id = %(account)s"
        " AND medium_no = %(card)s AND how <> 'void' AND entered_s >= %(from)s)"
        " + (SELECT coalesce(sum(delta_fen), 0) FROM issuer_record WHERE medium_no = %(card)s"
        " AND record::json ->> 'funding' = 'account'"
        " AND (record::json ->> 'entered_s')::bigint >= %(from)s)"
        " - (SELECT coalesce(sum(amount_fen), 0) FROM loss_borne JOIN loss_report USING (report_id)"
        " WHERE medium_no = %(card)s AND rider_id = %(account)s AND effective_s >= %(from)s)",
        {"account": account, "card": medium_no, "from": from_s},
    ).fetchone()
    assert row is not None
    return max(0, int(row[0]))


def found_fen(cursor: Cursor, account: str, medium_no: str, from_s: int) -> int:
    """What went from a card's own purse to the account because it was reported lost since then."""
    row = cursor.execute(
        "SELECT coalesce(sum(amount_fen), 0) FROM loss_found JOIN loss_report USING (report_id)"
        " WHERE loss_report.account = %s AND medium_no = %s AND reported_s >= %s",
        (account, medium_no, from_s),
    ).fetchone()
    assert row is not None
    return int(row[0])


def account_money(cursor: Cursor, account: str) -> tuple[str, int]:
    """An account's ledger account and balance, locked."""
    row = cursor.execute(
        "SELECT liability, balance_fen FROM rider WHERE rider_id = %s FOR UPDATE", (account,)
    ).fetchone()
    assert row is not None, "a binding has an account"
    return str(row[0]), int(row[1])


def give_card_its_purse(cursor: Cursor, medium_no: str, purse_rider: str, denied: str) -> str:
    """Make a card a purse by itself again, denied until it is changed; the ledger account of its
    money. `purse_rider` is the purse that was its own before, "" where there is none left."""
    rider_id = purse_rider or medium_no
    liability = media.liability_of(cursor, rider_id)
    if liability is None:
        liability = f"liab_purse:{rider_id}"
        media.write_riders(cursor, [(rider_id, "purse", liability, 0, 0, NEW_STATE)])
    cursor.execute(
        "UPDATE medium SET rider_id = %s, denied = %s, purse_rider = '', bound_s = 0"
        " WHERE medium_no = %s",
        (rider_id, denied, medium_no),
    )
    return liability


def _cases(cursor: Cursor, where: LiteralString, value: str) -> list[CaseRow]:
    rows = cursor.execute(_CASES + where + " ORDER BY raised_s, case_id", (value,))
    return [CaseRow(*row) for row in rows]


def _steps(cursor: Cursor, where: LiteralString, value: str | list[str]) -> list[StepRow]:
    rows = cursor.execute(
        "SELECT case_id, number, request_id, kind, outcome, done_by, done_s, note"
        " FROM dispute_step" + where + " ORDER BY number",
        (value,),
    )
    return [StepRow(*row) for row in rows]


def _claims(cursor: Cursor, where: LiteralString, value: str) -> list[ClaimRow]:
    rows = cursor.execute(
        "SELECT request_id, person_id, medium_no, claimed_s, answer, coalesce((SELECT outcome"
        " FROM dispute_end JOIN dispute_step USING (case_id, outcome)"
        " WHERE case_id = dispute_claim.request_id AND answer = '' AND kind = 'approve'), '')"
        " FROM dispute_claim" + where + " ORDER BY claimed_s DESC, request_id",
        (value,),
    )
    return [ClaimRow(*row) for row in rows]
