"""What the hub says, booked: verdicts on our records, our passengers' rides elsewhere, statements.

Every message is checked, booked in the caller's transaction, and booked once: the same message
again changes nothing. Money with the hub stands on one account per window (`due_hub:<window>`), so
that a statement can be held against the books before it is believed.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

import msgspec

from tongxing.city.bearing import bear_late_trips
from tongxing.city.charging import IN_TRANSIT, PRESENTED, UNSPLIT
from tongxing.city.members import acquirer_member, issuer_member
from tongxing.city.store import exchange, media
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.ledger import Line, Posting, credit, debit
from tongxing.ledger.store import balance, write_postings
from tongxing.messages import IssuerDetail, Record, Statement, VerdictFile
from tongxing.messages.taps import Funding

UNKNOWN_MEDIUM = "susp_unknown_medium"
MISMATCH = "liab_mismatch"


def due_hub(window_id: str) -> str:
    """The account with the hub for one window: debit is receivable, credit payable."""
    return f"due_hub:{window_id}"


def book_verdicts(
    cursor: Cursor, city: str, answer: VerdictFile, received_s: int, booked_on: date
) -> Refusal | None:
    """Book the hub's answer on one of our record files.

    Accepted deltas become claims on (or debts to) the hub, split by operator. Rejected ones leave
    transit, until a later answer decides them: that comes under a name of the hub's own, and is
    booked in the window it names. What the hub freezes for a fork before its window closes is on
    its way again. Refuses FILE_UNKNOWN for a file we did not send that does not
    decide records of ours on hold, and VERDICTS_INCOMPLETE when the answers are not exactly the
    file's records.
    """
    known = exchange.file_state(cursor, answer.file_id)
    if known is None:
        return _book_later(cursor, city, answer, received_s, booked_on)
    _, file_code = known
    if file_code is not None:
        return None
    if answer.file_code == "OK":
        sent = exchange.sent_deltas(cursor, answer.file_id)
        if {verdict.record_id for verdict in answer.verdicts} != sent.keys():
            return Refusal("VERDICTS_INCOMPLETE", answer.file_id)
        write_postings(cursor, [_verdict_posting(city, answer, sent, received_s, booked_on)])
    exchange.write_verdicts(cursor, answer)
    return None


def _book_later(
    cursor: Cursor, city: str, answer: VerdictFile, received_s: int, booked_on: date
) -> Refusal | None:
    """Book what became of records that were on hold, carried while a member was suspended, or
    frozen after they had been accepted. The same answer again changes nothing. What is said of
    another row under a name of ours, which is not in our books, is passed over."""
    names = [verdict.record_id for verdict in answer.verdicts]
    standing = exchange.verdicts_of(cursor, names)
    if not names or standing.keys() != set(names):
        return Refusal("FILE_UNKNOWN", answer.file_id)
    ours = exchange.contents_of(cursor, names)
    meant = [item for item in answer.verdicts if item.content in ("", ours[item.record_id])]
    answer = msgspec.structs.replace(answer, verdicts=meant)
    _take_back(cursor, city, answer, standing, received_s, booked_on)
    fresh = [item for item in answer.verdicts if standing[item.record_id] == "held"]
    if not fresh:
        return None
    later = msgspec.structs.replace(answer, verdicts=fresh)
    sent = exchange.deltas_of(cursor, [verdict.record_id for verdict in fresh])
    write_postings(cursor, [_verdict_posting(city, later, sent, received_s, booked_on)])
    exchange.rewrite_verdicts(cursor, later)
    return None


def _take_back(
    cursor: Cursor,
    city: str,
    answer: VerdictFile,
    standing: Mapping[str, str],
    received_s: int,
    booked_on: date,
) -> None:
    """Put records on hold again that had been accepted in a window which has not closed yet: what
    was booked of them is taken back, line by line."""
    frozen = [
        item
        for item in answer.verdicts
        if item.status == "held" and standing[item.record_id] == "accepted"
    ]
    names = [item.record_id for item in frozen]
    if not frozen or media.posting_exists(cursor, _posting_id(city, answer)):
        return
    shares = exchange.shares_of(cursor, names)
    accepted = [
        msgspec.structs.replace(item, status="accepted", shares=shares[item.record_id])
        for item in frozen
    ]
    booked = _verdict_posting(
        city,
        msgspec.structs.replace(answer, verdicts=accepted),
        exchange.deltas_of(cursor, names),
        received_s,
        booked_on,
    )
    lines = tuple(line._replace(amount_fen=-line.amount_fen) for line in booked.lines)
    write_postings(cursor, [booked._replace(lines=lines)])
    exchange.rewrite_verdicts(cursor, msgspec.structs.replace(answer, verdicts=frozen))


def _posting_id(city: str, answer: VerdictFile) -> str:
    return digest("verdicts", city, answer.file_id)


def _verdict_posting(
    city: str,
    answer: VerdictFile,
    sent: dict[str, tuple[str, int]],
    received_s: int,
    booked_on: date,
) -> Posting:
    issuer, acquirer, due = issuer_member(city), acquirer_member(city), due_hub(answer.window_id)
    accepted, accepted_own, rejected, rejected_own = 0, 0, 0, 0
    by_operator: dict[str, int] = defaultdict(int)
    for verdict in answer.verdicts:
        record_issuer, delta_fen = sent[verdict.record_id]
        own = delta_fen if record_issuer == issuer else 0
        if verdict.status == "accepted":
            accepted, accepted_own = accepted + delta_fen, accepted_own + own
            for share in verdict.shares:
                by_operator[share.operator] += share.share_fen
        elif verdict.status == "rejected":
            rejected, rejected_own = rejected + delta_fen, rejected_own + own
    lines: list[Line] = [
        debit(issuer, IN_TRANSIT, accepted_own + rejected_own),
        credit(issuer, due, accepted_own),
        credit(issuer, MISMATCH, rejected_own),
        debit(acquirer, due, accepted),
        credit(acquirer, PRESENTED, accepted + rejected),
        debit(acquirer, UNSPLIT, accepted + rejected),
    ]
    for operator, share_fen in sorted(by_operator.items()):
        lines += [
            credit(acquirer, f"due_op:{operator}", share_fen),
            debit(operator, "due_acq", share_fen),
            credit(operator, "rev_fare", share_fen),
        ]
    return Posting(
        posting_id=_posting_id(city, answer),
        kind="verdicts",
        occurred_s=received_s,
        booked_on=booked_on,
        source=answer.file_id,
        lines=tuple(lines),
    )


def book_issuer_detail(
    cursor: Cursor, city: str, detail: IssuerDetail, received_s: int, booked_on: date
) -> Refusal | None:
    """Take from our passengers what they rode elsewhere, and owe it to the hub. What a bound card's
    own purse paid is taken from that purse, whenever it is told.

    A record whose medium we never issued is booked in suspense for a person, not lost. Refuses
    MEMBER_MISMATCH for another issuer's detail.
    """
    if detail.issuer != issuer_member(city):
        return Refusal("MEMBER_MISMATCH", detail.issuer)
    booked = exchange.known_issuer_records(cursor, [item.record_id for item in detail.records])
    new = [item for item in detail.records if item.record_id not in booked]
    owners = media.payers_of(cursor, [(record.medium_no, record.funding) for record in new])
    write_postings(
        cursor,
        [
            _issuer_posting(city, detail.window_id, record, owners, received_s, booked_on)
            for record in new
        ],
    )
    charged: dict[str, int] = defaultdict(int)
    for record in new:
        payer = owners.get((record.medium_no, record.funding))
        if payer is not None:
            charged[payer[0]] += record.delta_fen
    for rider_id, amount_fen in sorted(charged.items()):
        media.add_to_balance(cursor, rider_id, -amount_fen)
    exchange.write_issuer_records(cursor, detail.window_id, new)
    bear_late_trips(cursor, city, charged, booked_on)
    return None


def _issuer_posting(
    city: str,
    window_id: str,
    record: Record,
    owners: Mapping[tuple[str, Funding], tuple[str, str]],
    received_s: int,
    booked_on: date,
) -> Posting:
    issuer = issuer_member(city)
    _, liability = owners.get((record.medium_no, record.funding), ("", UNKNOWN_MEDIUM))
    return Posting(
        posting_id=digest("issuer_record", city, record.record_id),
        kind="ridden_elsewhere",
        occurred_s=received_s,
        booked_on=booked_on,
        source=record.record_id,
        lines=(
            debit(issuer, liability, record.delta_fen),
            credit(issuer, due_hub(window_id), record.delta_fen),
        ),
    )


def book_statement(
    cursor: Cursor, city: str, statement: Statement, received_s: int, booked_on: date
) -> Refusal | None:
    """Book a window's fees for one of our two members, when the statement agrees with our books.

    Refuses MEMBER_MISMATCH for a member that is not ours, and STATEMENT_DIFFERS, with both
    amounts, when its net is not what our books say for the window: nothing is booked then.
    """
    ours = {issuer_member(city): _issuer_fee_lines, acquirer_member(city): _acquirer_fee_lines}
    if statement.member not in ours:
        return Refusal("MEMBER_MISMATCH", statement.member)
    if exchange.statement_of(cursor, statement.window_id, statement.member) is not None:
        return None
    lines = ours[statement.member](statement)
    account = due_hub(statement.window_id)
    expected = balance(cursor, statement.member, account) + sum(
        line.amount_fen for line in lines if line[:2] == (statement.member, account)
    )
    if expected != statement.net_fen:
        return Refusal(
            "STATEMENT_DIFFERS",
            f"{statement.member} {statement.window_id}",
            {"stated": statement.net_fen, "booked": expected},
        )
    posting = Posting(
        posting_id=digest("fee", statement.member, statement.window_id),
        kind="fee",
        occurred_s=received_s,
        booked_on=booked_on,
        source=statement.window_id,
        lines=tuple(lines),
    )
    write_postings(cursor, [posting])
    exchange.write_statement(cursor, statement)
    return None


def _issuer_fee_lines(statement: Statement) -> list[Line]:
    account = due_hub(statement.window_id)
    return [
        debit(statement.member, account, statement.fee_income_fen),
        credit(statement.member, "inc_fee", statement.fee_income_fen),
    ]


def _acquirer_fee_lines(statement: Statement) -> list[Line]:
    """The operators bear the fee; the acquirer keeps its part and owes the rest to the hub."""
    lines: list[Line] = []
    total = sum(share.share_fen for share in statement.operator_fees)
    for share in statement.operator_fees:
        lines += [
            debit(share.operator, "exp_fee", share.share_fen),
            credit(share.operator, "due_acq", share.share_fen),
            debit(statement.member, f"due_op:{share.operator}", share.share_fen),
        ]
    lines += [
        credit(statement.member, "inc_fee", statement.fee_income_fen),
        credit(statement.member, due_hub(statement.window_id), total - statement.fee_income_fen),
    ]
    return lines
