"""Statements: what one member is owed and owes in one window, for machines and for people.

Everything here follows from the netting; nothing is added up a second time in another way. A
statement is signed from its member's own view: positive is to receive.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import get_args
from unicodedata import east_asian_width

from tongxing.hub.instructions import HUB
from tongxing.hub.members import Member
from tongxing.hub.netting import Move, Netting, PairNet, PairTotal, Recovery
from tongxing.hub.note_words import Section, Table, note_sections
from tongxing.hub.notes import Notes
from tongxing.hub.split import share_totals
from tongxing.hub.windows import WindowTimes
from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.texts import Catalogue
from tongxing.messages import Share, Statement, StatementLine
from tongxing.messages.records import StatementKind

_ORDER = {kind: number for number, kind in enumerate(get_args(StatementKind))}

CSV_COLUMNS = (
    "window",
    "member",
    "counterparty",
    "counterparty_name_zh",
    "counterparty_name_en",
    "kind",
    "records",
    "amount_fen",
)


def statement_of(member: Member, window_id: str, netting: Netting, times: WindowTimes) -> Statement:
    """The statement of a member; one without lines for a member that had no business."""
    if member.kind == "issuer":
        pairs = [pair for pair in netting.pairs if pair.total.issuer == member.member_id]
        lines = [line for pair in pairs for line in _issuer_lines(pair)]
        income_fen = sum(pair.fee.issuer_fen for pair in pairs)
        fees: dict[str, int] = {}
        payouts: dict[str, int] = {}
    else:
        pairs = [pair for pair in netting.pairs if pair.total.acquirer == member.member_id]
        lines = [line for pair in pairs for line in _acquirer_lines(pair)] + _hub_lines(pairs)
        income_fen = sum(pair.fee.acquirer_fen for pair in pairs)
        fees = dict(share_totals(share for pair in pairs for share in pair.fee.borne_by))
        earned = share_totals(share for pair in pairs for share in pair.total.operators)
        recovered = recovered_from(member.member_id, netting.recoveries)
        payouts = {
            name: earned.get(name, 0) - fees.get(name, 0) - recovered.get(name, 0)
            for name in {**earned, **recovered}
        }
    lines += _case_lines(member.member_id, netting.moves)
    lines.sort(key=lambda line: (line.counterparty, _ORDER[line.kind]))
    return Statement(
        window_id=window_id,
        member=member.member_id,
        cutoff_s=times.cutoff_s,
        lines=lines,
        net_fen=sum(line.amount_fen for line in lines),
        fee_income_fen=income_fen,
        operator_fees=_shares(fees),
        operator_payouts=_shares(payouts),
    )


def recovered_from(acquirer: str, recoveries: Iterable[Recovery]) -> dict[str, int]:
    """What an acquirer's operators give back after disputes, by operator."""
    own = (item for item in recoveries if item.acquirer == acquirer)
    return dict(share_totals(Share(item.operator, item.fen) for item in own))


def _case_lines(member: str, moves: Iterable[Move]) -> Iterable[StatementLine]:
    """What cases moved between a member and the hub, one line per kind."""
    found: dict[StatementKind, list[int]] = {}
    for move in moves:
        kind: StatementKind = "adjustment" if move.kind == "presentment" else move.kind
        if member == move.debtor:
            found.setdefault(kind, []).append(-move.amount_fen)
        if member == move.creditor:
            found.setdefault(kind, []).append(move.amount_fen)
    for kind, amounts in sorted(found.items()):
        yield _line(HUB, kind, len(amounts), sum(amounts))


def _trip_lines(counterparty: str, total: PairTotal, sign: int) -> Iterable[StatementLine]:
    """The records' money, and apart from it what cases about records added or took."""
    if total.records or not total.adjustments:
        yield _line(counterparty, "trips", total.records, sign * total.trips_fen)
    if total.adjustments:
        yield _line(counterparty, "adjustment", total.adjustments, sign * total.adjusted_fen)


def _issuer_lines(pair: PairNet) -> Iterable[StatementLine]:
    total, fee = pair.total, pair.fee
    yield from _trip_lines(total.acquirer, total, -1)
    if fee.issuer_fen:
        yield _line(total.acquirer, "fee", total.records, fee.issuer_fen)


def _acquirer_lines(pair: PairNet) -> Iterable[StatementLine]:
    total, fee = pair.total, pair.fee
    yield from _trip_lines(total.issuer, total, 1)
    if fee.issuer_fen:
        yield _line(total.issuer, "fee", total.records, -fee.issuer_fen)


def _hub_lines(pairs: Iterable[PairNet]) -> list[StatementLine]:
    charged = [pair for pair in pairs if pair.fee.hub_fen]
    if not charged:
        return []
    records = sum(pair.total.records for pair in charged)
    return [_line(HUB, "fee", records, -sum(pair.fee.hub_fen for pair in charged))]


def _line(counterparty: str, kind: StatementKind, count: int, amount_fen: int) -> StatementLine:
    return StatementLine(counterparty=counterparty, kind=kind, count=count, amount_fen=amount_fen)


def _shares(by_operator: Mapping[str, int]) -> list[Share]:
    return [Share(operator, fen) for operator, fen in sorted(by_operator.items())]


def as_csv(statement: Statement, members: Mapping[str, Member]) -> bytes:
    """The lines of a statement as UTF-8 CSV: fixed columns, a fixed order, CRLF line ends."""
    sheet = StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for line in statement.lines:
        counterparty = members.get(line.counterparty)
        writer.writerow(
            (
                statement.window_id,
                statement.member,
                line.counterparty,
                counterparty.name_zh if counterparty else "",
                counterparty.name_en if counterparty else "",
                line.kind,
                line.count,
                line.amount_fen,
            )
        )
    return sheet.getvalue().encode("utf-8")


@dataclass(frozen=True, slots=True)
class Told:
    """A statement in words of one language: its title, whose it is and until when, its lines, what
    is left, (for an acquirer) what it owes its operators, and what is noted beside the money. A
    table without rows is None."""

    title: str
    facts: tuple[str, ...]
    lines: Table | None
    sums: tuple[str, ...]
    operators: Table | None
    sections: tuple[Section, ...] = ()


def in_words(
    statement: Statement,
    members: Mapping[str, Member],
    rulebook_version: str,
    language: str,
    texts: Catalogue,
    notes: Notes | None = None,
) -> Told:
    """A statement in zh or en with its notes, if any, before it is set as text or as a page."""

    def say(key: str, **values: object) -> str:
        return texts.text(f"statement.{key}", language, **values)

    def name(member_id: str) -> str:
        if member_id == HUB:
            return say("hub")
        return members[member_id].name(language) if member_id in members else member_id

    head = (say("counterparty"), say("kind"), say("count"), say("amount"))
    body = tuple(
        (name(line.counterparty), say(f"kinds.{line.kind}"), str(line.count), yuan(line.amount_fen))
        for line in statement.lines
    )
    sums = [] if body else [say("nothing")]
    sums.append(_net_sentence(statement.net_fen, say))
    if statement.fee_income_fen:
        sums.append(say("fee_income", amount=yuan(statement.fee_income_fen)))
    fees = share_totals(statement.operator_fees)
    payouts = tuple(
        (share.operator, yuan(fees.get(share.operator, 0)), yuan(share.share_fen))
        for share in statement.operator_payouts
    )
    columns = (say("operator"), say("operator_fee"), say("operator_payout"))
    return Told(
        title=say("title", window=statement.window_id),
        facts=(
            say("member", name=name(statement.member), member=statement.member),
            say("cutoff", time=stamp(statement.cutoff_s), version=rulebook_version),
        ),
        lines=Table(head, body, 2) if body else None,
        sums=tuple(sums),
        operators=Table(columns, payouts, 1) if payouts else None,
        sections=() if notes is None else note_sections(statement, notes, name, language, texts),
    )


def as_text(
    statement: Statement,
    members: Mapping[str, Member],
    rulebook_version: str,
    language: str,
    texts: Catalogue,
    notes: Notes | None = None,
) -> str:
    """A statement as a person reads it, in zh or en, with its columns aligned."""
    words = in_words(statement, members, rulebook_version, language, texts, notes)
    sums = list(words.sums)
    blocks = [words.title, *words.facts, ""]
    blocks += _table(words.lines) if words.lines is not None else [sums.pop(0)]
    blocks += ["", *sums]
    if words.operators is not None:
        blocks += ["", *_table(words.operators)]
    for section in words.sections:
        blocks += ["", section.title, "", *_table(section.table), *section.after]
    return "\n".join(blocks) + "\n"


def _net_sentence(net_fen: int, say: Callable[..., str]) -> str:
    if net_fen == 0:
        return say("net_nothing")
    return say("net_receive" if net_fen > 0 else "net_pay", amount=yuan(abs(net_fen)))


def _table(table: Table) -> list[str]:
    """Rows under a head; words to the left, figures to the right. A Chinese character is two
    columns wide."""
    lines = [table.head, *table.rows]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(table.head))]
    printed = []
    for line in lines:
        cells = [
            cell + " " * (width - _width(cell))
            if column < table.text_columns
            else " " * (width - _width(cell)) + cell
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        printed.append("  ".join(cells).rstrip())
    printed.insert(1, "-" * (sum(widths) + 2 * (len(widths) - 1)))
    return printed


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
