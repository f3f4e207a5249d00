"""From the totals of a window to its documents: the hub's own netting, statements and messages.

Pure. Nothing is added up here that `hub.netting` and its neighbours do not add up for the live hub.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import NamedTuple

from tongxing.hub.instructions import Instruction, instructions_of
from tongxing.hub.iso20022 import account_statement, payment_message
from tongxing.hub.journals import Journal, Ride, clearing_fee, ride, unbalanced
from tongxing.hub.members import Member, same_province
from tongxing.hub.netting import Netting, PairTotal, net
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.statements import as_csv, as_text, statement_of
from tongxing.hub.windows import window_times
from tongxing.kernel.clock import calendar_date, stamp
from tongxing.kernel.texts import LANGUAGES, load_catalogue
from tongxing.messages import Share

PAYER = "in_transit"
"""The issuer's account that a ride comes from: what passengers were charged and it has not paid."""


class PairRow(NamedTuple):
    """One total of the pipeline: members by number, the window by its day's midnight."""

    window_s: int
    acquirer: int
    issuer: int
    records: int
    fen: int


class OperatorRow(NamedTuple):
    """An operator's part of such a total; operators are numbered from 1."""

    window_s: int
    acquirer: int
    issuer: int
    operator: int
    fen: int


class Window(NamedTuple):
    """A window that was netted."""

    window_id: str
    netting: Netting


def windows_of(
    pairs: Iterable[PairRow],
    operators: Iterable[OperatorRow],
    members: Mapping[int, Member],
    names: Sequence[str],
    rulebook: Rulebook,
) -> list[Window]:
    """The windows in order, each netted. Raises ValueError when shares do not add up."""
    shares: dict[tuple[int, int, int], list[Share]] = {}
    for row in operators:
        of_pair = shares.setdefault((row.window_s, row.acquirer, row.issuer), [])
        of_pair.append(Share(names[row.operator - 1], row.fen))
    totals: dict[int, list[PairTotal]] = {}
    for pair in pairs:
        acquirer, issuer = members[pair.acquirer], members[pair.issuer]
        of_window = totals.setdefault(pair.window_s, [])
        of_window.append(
            PairTotal(
                issuer=issuer.member_id,
                acquirer=acquirer.member_id,
                is_cross_city=issuer.city != acquirer.city,
                records=pair.records,
                delta_fen=pair.fen,
                is_same_province=same_province(issuer, acquirer),
                operators=tuple(sorted(shares.get(pair[:3], []), key=lambda one: one.operator)),
            )
        )
    return [
        Window(f"W{calendar_date(window_s):%Y%m%d}", net(totals[window_s], rulebook.fee))
        for window_s in sorted(totals)
    ]


def documents_of(
    window: Window, members: Mapping[str, Member], rulebook: Rulebook
) -> Iterator[tuple[str, bytes]]:
    """Every document of a window with its name, in a fixed order."""
    window_id, netting = window
    times = window_times(window_id, rulebook)
    names = {member.member_id: member.name_zh for member in members.values()}
    statements = [
        statement_of(members[name], window_id, netting, times) for name in sorted(members)
    ]
    statements = [statement for statement in statements if statement.lines]
    instructions = instructions_of(window_id, netting, statements, times, rulebook.settlement.model)
    yield "positions.csv", _positions(netting)
    yield "pairs.csv", _pairs(netting)
    yield "postings.csv", _postings(window_id, netting, times.cutoff_s)
    yield "instructions.csv", _instructions(instructions)
    texts = load_catalogue("tongxing.hub")
    for statement in statements:
        place = f"statements/{statement.member}"
        yield f"{place}.csv", as_csv(statement, members)
        yield f"{place}.camt.053.xml", account_statement(statement, times, names)
        for language in LANGUAGES:
            text = as_text(statement, members, rulebook.version, language, texts)
            yield f"{place}.{language}.txt", text.encode()
    for item in instructions:
        message = payment_message(item, times.statement_s, names)
        yield f"payments/{item.instruction_id}.xml", message


def sheet(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Rows under a head as UTF-8 CSV with CRLF line ends."""
    page = StringIO()
    writer = csv.writer(page, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return page.getvalue().encode()


def _positions(netting: Netting) -> bytes:
    rows = [
        (item.member, item.debit_fen, item.credit_fen, item.net_fen) for item in netting.positions
    ]
    return sheet(("member", "debit_fen", "credit_fen", "net_fen"), rows)


def _pairs(netting: Netting) -> bytes:
    head = (
        "acquirer", "issuer", "cross_city", "records", "charge_fen", "fee_fen", "fee_issuer_fen",
        "fee_acquirer_fen", "fee_hub_fen", "operator", "share_fen", "fee_borne_fen",
    )  # fmt: skip
    rows = []
    for pair in netting.pairs:
        total, fee = pair.total, pair.fee
        borne = {share.operator: share.share_fen for share in fee.borne_by}
        first = (
            total.acquirer, total.issuer, "yes" if total.is_cross_city else "no", total.records,
            total.delta_fen, fee.fee_fen, fee.issuer_fen, fee.acquirer_fen, fee.hub_fen,
        )  # fmt: skip
        shares = total.operators or (Share("", 0),)
        rows += [
            (*first, one.operator, one.share_fen, borne.get(one.operator, 0)) for one in shares
        ]
    return sheet(head, rows)


def _postings(window_id: str, netting: Netting, at_s: int) -> bytes:
    rows: list[tuple[object, ...]] = []
    for number, journal in enumerate(_journals(window_id, netting, at_s), start=1):
        left = unbalanced(journal)
        if left:
            raise ValueError(f"{journal.kind} {journal.ref} does not balance: {left}")
        rows += [
            (number, journal.kind, journal.ref, line.entity, line.account, line.amount_fen)
            for line in journal.lines
        ]
    return sheet(("journal", "kind", "ref", "entity", "account", "amount_fen"), rows)


def _journals(window_id: str, netting: Netting, at_s: int) -> Iterator[Journal]:
    for pair in netting.pairs:
        total = pair.total
        ref = f"{window_id}:{total.acquirer}<-{total.issuer}"
        yield ride(Ride(ref, total.issuer, total.acquirer, PAYER, total.operators), at_s, "RIDES")
        if pair.fee.fee_fen:
            yield clearing_fee(pair, at_s)


def _instructions(instructions: Iterable[Instruction]) -> bytes:
    head = ("instruction", "phase", "message", "debtor", "creditor", "amount_fen", "due")
    rows = [
        (
            item.instruction_id, item.phase, item.message, item.debtor, item.creditor,
            item.amount_fen, stamp(item.due_s),
        )
        for item in instructions
    ]  # fmt: skip
    return sheet(head, rows)
