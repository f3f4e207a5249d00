"""What pages and commands ask about cases: read-only queries, answered as plain values."""

from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from tongxing.hub.cases.ladder import THAW, Case, due_s, foreseen, permitted, turn_of
from tongxing.hub.cases.rules import WEIGHED, DisputeTerms
from tongxing.hub.cases.weighing import Weighed, weighed
from tongxing.hub.store import cases as table
from tongxing.hub.store.connection import Cursor
from tongxing.hub.terms import terms_of
from tongxing.kernel.ids import without_medium_numbers
from tongxing.messages import CaseNews


class CaseLine(NamedTuple):
    """A case in a list: where it stands, whose turn it is ("hub", a member, "" when it has ended),
    and until when. `passed_to`: that deadline is over, and the next close writes down that this
    stage or ending follows from it ("" while it is not over); it is then that stage's turn."""

    case_id: str
    record_id: str
    trip_id: str
    issuer: str
    acquirer: str
    stage: str
    turn: str
    due_s: int | None
    amount_fen: int
    escrow_fen: int
    opened_s: int
    ended_s: int | None
    frozen_s: int | None
    to_issuer_fen: int
    passed_to: str = ""


class MoneyLine(NamedTuple):
    """Money of a case: from whom to whom, and the window that netted it ("" while it waits)."""

    kind: str
    debtor: str
    creditor: str
    amount_fen: int
    due_window: str
    window_id: str


@dataclass(frozen=True, slots=True)
class CaseSeen:
    """One case with its steps, its money, the acts that are open now with who may take them until
    `until_s`, and the stage or ending that silence leads to ("" and None when it has ended, or ends
    at the next close). `weighed` is why a small claim ended as it did, None for any other case."""

    case: Case
    line: CaseLine
    news: tuple[CaseNews, ...]
    money: tuple[MoneyLine, ...]
    next_acts: tuple[tuple[str, str], ...]
    silence: str
    until_s: int | None
    weighed: Weighed | None


_LINE = (
    "SELECT case_id, record_id, trip_id, issuer, acquirer, stage, turn, due_s, amount_fen,"
    " escrow_fen, opened_s, ended_s, frozen_s, to_issuer_fen FROM dispute_case"
)


def list_cases(
    cursor: Cursor,
    now_s: int,
    *,
    member: str = "",
    trip_id: str = "",
    window_id: str = "",
    with_ended: bool = False,
    limit: int = 1_000,
) -> list[CaseLine]:
    """Cases by deadline, then those that have ended, newest first: of a member, of a trip, or with
    money in a window, where one is named."""
    rows = cursor.execute(
        f"{_LINE} AS c WHERE (%(ended)s OR ended_s IS NULL)"
        " AND (%(member)s = '' OR %(member)s IN (issuer, acquirer))"
        " AND (%(trip)s = '' OR trip_id = %(trip)s)"
        " AND (%(window)s = '' OR EXISTS (SELECT FROM case_money AS m"
        "  WHERE m.case_id = c.case_id AND m.window_id = %(window)s))"
        " ORDER BY ended_s IS NOT NULL, due_s, ended_s DESC, case_id LIMIT %(limit)s",
        {
            "ended": with_ended,
            "member": member,
            "trip": trip_id,
            "window": window_id,
            "limit": limit,
        },
    ).fetchall()
    return [_as_of(cursor, CaseLine(*row), now_s) for row in rows]


def find_case(cursor: Cursor, case_id: str, now_s: int) -> CaseSeen | None:
    """Everything about one case, as it is now."""
    case = table.find_case(cursor, case_id)
    row = cursor.execute(f"{_LINE} WHERE case_id = %s", (case_id,)).fetchone()
    if case is None or row is None:
        return None
    news = cursor.execute(
        "SELECT case_id, number, record_id, act, done_by, at_s, e.stage, e.turn,"
        " coalesce(e.due_s, 0), e.amount_fen, reason, note, evidence FROM case_event AS e"
        " JOIN dispute_case USING (case_id) WHERE case_id = %s ORDER BY number",
        (case_id,),
    ).fetchall()
    money = cursor.execute(
        "SELECT kind, debtor, creditor, amount_fen, due_window, coalesce(window_id, '')"
        " FROM case_money WHERE case_id = %s ORDER BY number",
        (case_id,),
    ).fetchall()
    terms = terms_of(case.terms).dispute
    now = foreseen(case, now_s, terms)
    acts = permitted(now, terms)
    return CaseSeen(
        case,
        _as_of(cursor, CaseLine(*row), now_s),
        tuple(_fit_to_show(table.news_of(step)) for step in news),
        tuple(MoneyLine(*move) for move in money),
        tuple((act, case.member(side)) for act, side in acts),
        _silence(now, terms),
        due_s(now, terms),
        _weighed(cursor, table.news_of(news[0]), terms),
    )


def _as_of(cursor: Cursor, line: CaseLine, now_s: int) -> CaseLine:
    """The line with what its deadline has made of the case, where it is over and not written down
    yet."""
    if line.due_s is None or line.due_s > now_s:
        return line
    case = table.find_case(cursor, line.case_id)
    assert case is not None, line.case_id
    terms = terms_of(case.terms).dispute
    now = foreseen(case, now_s, terms)
    to = THAW if now.is_open and now.stage == case.stage else now.stage
    turn = turn_of(now, terms)
    return line._replace(passed_to=to, turn=now.member(turn) if turn else "")


def _weighed(cursor: Cursor, opening: CaseNews, terms: DisputeTerms) -> Weighed | None:
    """A small claim on the scales once more: a record and what opened a case stay as they were."""
    lead = terms.opening_of(opening.act)
    if lead is None or lead.to != WEIGHED:
        return None
    shown = table.shown_by(cursor, opening.record_id)
    return None if shown is None else weighed(opening, shown, terms)


def _fit_to_show(news: CaseNews) -> CaseNews:
    """The issuer is told in full by its letter which card a case is about; a page does not."""
    return replace(news, note=without_medium_numbers(news.note))


def _silence(case: Case, terms: DisputeTerms) -> str:
    if not case.is_open:
        return ""
    return THAW if case.frozen_s is not None else terms.stages[case.stage].silence
