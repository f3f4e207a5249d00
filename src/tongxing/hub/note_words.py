"""What a statement notes beside its money, in words: totals, soft codes, records on hold."""

from collections.abc import Callable
from dataclasses import dataclass

from tongxing.hub.notes import Notes, Waits, totals
from tongxing.hub.verdicts import verdict_code
from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.texts import Catalogue
from tongxing.messages import Statement

SHOWN = 200
"""So many records on hold stand in a text or on a page; the table for machines has them all."""

Name = Callable[[str], str]
"""What a member is called."""


@dataclass(frozen=True, slots=True)
class Table:
    """A head and rows as people read them; the first `text_columns` are words, the rest figures."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: int


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table, and sentences after it."""

    title: str
    table: Table
    after: tuple[str, ...] = ()


def note_sections(
    statement: Statement, notes: Notes, name: Name, language: str, texts: Catalogue
) -> tuple[Section, ...]:
    """The sections of a statement's notes in zh or en; what there is nothing of has none."""

    def say(key: str, **values: object) -> str:
        return texts.text(f"statement.{key}", language, **values)

    found = [_totals(statement, notes, say)]
    if notes.marks:
        found.append(_marks(notes, name, language, say))
    if notes.waiting:
        found.append(_waiting(notes.waiting, name, language, say))
    return tuple(section for section in found if section.table.rows)


def _totals(statement: Statement, notes: Notes, say: Callable[..., str]) -> Section:
    income_fen, pay_fen = totals(statement)
    rows = []
    if statement.lines:
        rows.append((say("totals.income"), "", yuan(income_fen)))
        rows.append((say("totals.pay"), "", yuan(pay_fen)))
    if notes.trials.records:
        trials = notes.trials
        rows.append((say("totals.test"), str(trials.records), yuan(trials.amount_fen)))
    if notes.waiting:
        fen = sum(one.amount_fen for one in notes.waiting)
        rows.append((say("totals.held"), str(len(notes.waiting)), yuan(fen)))
    if notes.reserve is not None:
        rows.append((say("totals.reserve_change"), "", yuan(notes.reserve.change_fen)))
        rows.append((say("totals.reserve"), "", yuan(notes.reserve.kept_fen)))
    head = (say("kind"), say("count"), say("amount"))
    after = [say("totals.no_money")] if notes.trials.records or notes.waiting else []
    return Section(say("totals.title"), Table(head, tuple(rows), 1), tuple(after))


def _marks(notes: Notes, name: Name, language: str, say: Callable[..., str]) -> Section:
    rows = tuple(
        (name(one.counterparty), _code(one.code, language), str(one.records), yuan(one.amount_fen))
        for one in notes.marks
    )
    head = (say("counterparty"), say("code"), say("count"), say("amount"))
    return Section(say("marks.title"), Table(head, rows, 2), (say("marks.means"),))


def _waiting(
    waiting: tuple[Waits, ...], name: Name, language: str, say: Callable[..., str]
) -> Section:
    rows = tuple(
        (
            one.record_id,
            name(one.counterparty),
            _code(one.codes.split()[0], language),
            stamp(one.ends_s),
            yuan(one.amount_fen),
        )
        for one in waiting[:SHOWN]
    )
    head = (say("record"), say("counterparty"), say("code"), say("until"), say("amount"))
    after = [say("held.means")]
    if len(waiting) > SHOWN:
        after.append(say("held.more", more=f"{len(waiting) - SHOWN:,}"))
    return Section(say("held.title"), Table(head, rows, 4), tuple(after))


def _code(code: str, language: str) -> str:
    found = verdict_code(code)
    return f"{code} {found.zh if language == 'zh' else found.en}"
