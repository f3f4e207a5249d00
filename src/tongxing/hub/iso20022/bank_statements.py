"""What the bank says of the hub's account: camt.053 (a whole statement) or camt.054 (a notice).

Only booked entries count. An entry has the bank's own reference, and the end-to-end id of the
payment where it is one. This module reads and judges nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pyiso20022.camt import camt_053_001_08 as statement_classes
from pyiso20022.camt import camt_054_001_08 as notice_classes

from tongxing.hub.iso20022.common import fen_from_the_wire, from_bytes, kind_of, unusable
from tongxing.kernel.clock import instant
from tongxing.kernel.payments import RETURNED_ONLY
from tongxing.kernel.reasons import Refusal

CAMT_053 = "camt.053.001.08"
CAMT_054 = "camt.054.001.08"
UNUSABLE = "BANK_STATEMENT"
_SHOWN_MAX = 40
_NAME_MAX = 35
_OPENING, _CLOSING = "OPBD", "CLBD"


class Odd(Exception):
    """A message that does not agree with itself, or with what this house can book; `refusal` is
    BANK_STATEMENT with why."""

    def __init__(self, why: str, **values: object) -> None:
        self.refusal = unusable(UNUSABLE, why, "", **values)
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class BankLine:
    """One booked movement: above zero came in. `end_to_end_id` is "" where the bank names none.
    `return_reason` says that it gives back what an earlier line moved, and why; else it is "".
    `is_told`: by a message about returns (`returns`) and not by the account itself; such a one may
    say how much was paid, too (`original_fen`)."""

    bank_reference: str
    end_to_end_id: str
    amount_fen: int
    return_reason: str = ""
    is_told: bool = False
    original_fen: int | None = None


@dataclass(frozen=True, slots=True)
class BankStatement:
    """A bank's message on one account. Of a whole statement `until_s` is up to when it tells of
    every line and `closing_fen` the balance then; None in a notice."""

    statement_id: str
    message: str
    lines: tuple[BankLine, ...]
    until_s: int | None = None
    closing_fen: int | None = None


def read_bank_statement(message: bytes) -> BankStatement | Refusal:
    """The one statement or notice of a message.

    Refuses with BANK_STATEMENT: what cannot be read, several accounts, an amount in another
    currency, an entry without a reference of its own, balances that the entries do not lead to.
    """
    is_notice = kind_of(message) == CAMT_054
    found: Any = from_bytes(
        message, notice_classes.Document if is_notice else statement_classes.Document
    )
    if isinstance(found, Refusal):
        return replace(found, code=UNUSABLE)
    try:
        return _notice(found) if is_notice else _whole(found)
    except Odd as odd:
        return odd.refusal
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        return unusable(UNUSABLE, "incomplete", str(error))


def _notice(found: Any) -> BankStatement:
    (only,) = found.bk_to_cstmr_dbt_cdt_ntfctn.ntfctn
    return BankStatement(short(only.id), CAMT_054, _lines(only.ntry))


def _whole(found: Any) -> BankStatement:
    (only,) = found.bk_to_cstmr_stmt.stmt
    balances = {one.tp.cd_or_prtry.cd: _signed(one) for one in only.bal}
    lines = _lines(only.ntry)
    moved = sum(line.amount_fen for line in lines)
    if balances[_OPENING] + moved != balances[_CLOSING]:
        values = {"opening": balances[_OPENING], "moved": moved, "closing": balances[_CLOSING]}
        raise Odd("balances", **values)
    until_s = instant(only.fr_to_dt.to_dt_tm.to_datetime())
    return BankStatement(short(only.id), CAMT_053, lines, until_s, balances[_CLOSING])


def _lines(entries: Sequence[Any]) -> tuple[BankLine, ...]:
    lines = []
    for entry in entries:
        if entry.sts.cd != "BOOK":
            continue
        reference = entry.acct_svcr_ref or entry.ntry_ref
        if not reference:
            raise Odd("no_reference")
        detail = _only_detail(entry)
        name, reason = short(_end_to_end(detail)), short(_return(entry, detail))
        lines.append(BankLine(short(reference), name, _signed(entry), reason))
    if len({line.bank_reference for line in lines}) != len(lines):
        raise Odd("twice")
    return tuple(lines)


def _only_detail(entry: Any) -> Any:
    """An entry's one transaction; None for a batch, or where there is none."""
    details = [one for batch in entry.ntry_dtls for one in batch.tx_dtls]
    return details[0] if len(details) == 1 else None


def _end_to_end(detail: Any) -> str:
    if detail is None or detail.refs is None:
        return ""
    return detail.refs.end_to_end_id or ""


def _return(entry: Any, detail: Any) -> str:
    """Why an entry is a return: the reason in RtrInf, else the code of a return where RtrInf gives
    none or the bank transaction code says return (sub-family RRTN); "" for any other entry."""
    told = None if detail is None else detail.rtr_inf
    if told is not None and told.rsn is not None:
        return told.rsn.cd or told.rsn.prtry or RETURNED_ONLY
    codes = [entry.bk_tx_cd, None if detail is None else detail.bk_tx_cd]
    families = [one.domn.fmly for one in codes if one is not None and one.domn is not None]
    is_coded = any(one is not None and one.sub_fmly_cd == RETURNED_ONLY for one in families)
    return RETURNED_ONLY if told is not None or is_coded else ""


def _signed(part: Any) -> int:
    fen = fen_of(part.amt)
    return fen if part.cdt_dbt_ind.value == "CRDT" else -fen


def short(text: str) -> str:
    """A name, or a code, of a message; raises Odd for one longer than ISO 20022 has them."""
    if len(text) > _NAME_MAX:
        raise Odd("name", name=text[:_SHOWN_MAX])
    return text


def fen_of(amount: Any) -> int:
    """An amount of a message; raises Odd for one that is no whole fen of CNY."""
    fen = fen_from_the_wire(amount.value, amount.ccy)
    if fen is None:
        raise Odd("amount", amount=f"{amount.value} {amount.ccy}"[:_SHOWN_MAX])
    return fen
