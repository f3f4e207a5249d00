"""The bank outside the houses: pays what a pacs.009 or pain.001 asks, answers, keeps its books.

It is written from ISO 20022 and knows nothing of windows, cities or fares, so that its lines can be
laid beside the houses' books by somebody who trusts neither. It never pays one message twice, never
moves part of a transfer, and never lets an account fall below zero.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tongxing.kernel.clock import local
from tongxing.kernel.ids import digest, sha256_hex

PACS_002 = "urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10"
PAIN_002 = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
CURRENCY = "CNY"

# Status reasons of the external code set: what the bank may answer.
UNKNOWN_DEBTOR, UNKNOWN_CREDITOR = "AC02", "AC03"
TOO_LITTLE_MONEY, WRONG_AMOUNT, WRONG_CURRENCY, DUPLICATE = "AM04", "AM12", "AM03", "AM05"
UNREADABLE = "FF01"


@dataclass(frozen=True, slots=True)
class BankLine:
    """One movement on one account, as the bank's statement shows it: money in is positive. `back`
    is the reason of one that gives back an earlier one, else ""."""

    account: str
    counterparty: str
    amount_fen: int
    booked_s: int
    reference: str
    balance_after_fen: int
    back: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One credit transfer of a message, read; `problem` is a status reason when it cannot be."""

    instruction: str
    end_to_end: str
    debtor_account: str
    creditor_account: str
    amount_fen: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A message's identification, its name such as ``pacs.009.001.08``, and its transfers."""

    message_id: str
    name: str
    transfers: tuple[Transfer, ...]


Outcomes = Sequence[tuple[Transfer, str]]
"""Transfers with "" when paid, else the status reason."""


@dataclass(slots=True)
class Bank:
    """Accounts and their lines. Money enters only by `deposit`, and moves only by `execute` and
    `send_back`."""

    name: str
    balances_fen: dict[str, int] = field(default_factory=dict)
    lines: list[BankLine] = field(default_factory=list)
    _answered: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    _paid: dict[str, Transfer] = field(default_factory=dict)

    def deposit(self, account: str, amount_fen: int, now_s: int, reference: str) -> None:
        """Open the account if it is new, and pay money in (from passengers, or own funds)."""
        if amount_fen < 0:
            raise ValueError("a deposit is not negative")
        self.balances_fen.setdefault(account, 0)
        if amount_fen:
            self._book(account, "cash", amount_fen, now_s, reference)

    def execute(self, message: bytes, now_s: int) -> bytes:
        """Pay the transfers of a pacs.009 or pain.001; the answer is a pacs.002 or pain.002.

        The same message again gets the same answer and moves nothing. Another message under a
        known identification, or a known instruction, is refused as a duplicate (AM05).
        """
        order = read_order(message)
        known = self._answered.get(order.message_id)
        if known is not None and known[0] == sha256_hex(message):
            return known[1]
        outcomes = []
        for transfer in order.transfers:
            reason = DUPLICATE if known is not None else self._pay(transfer, now_s)
            outcomes.append((transfer, reason))
        answer = status_report(order, outcomes, now_s)
        if known is None and order.message_id:
            self._answered[order.message_id] = (sha256_hex(message), answer)
        return answer

    def send_back(self, instruction: str, reason: str, now_s: int) -> None:
        """Return a transfer that was paid, whole, as the payee's bank does when it cannot keep it.
        Its identification stays used. Raises KeyError for one that was not paid."""
        transfer = self._paid[instruction]
        debtor, creditor = transfer.debtor_account, transfer.creditor_account
        end_to_end = transfer.end_to_end
        self._book(creditor, debtor, -transfer.amount_fen, now_s, end_to_end, reason)
        self._book(debtor, creditor, transfer.amount_fen, now_s, end_to_end, reason)

    def statement(self, account: str) -> list[BankLine]:
        """The account's lines, oldest first."""
        return [line for line in self.lines if line.account == account]

    def _pay(self, transfer: Transfer, now_s: int) -> str:
        """Move the money; "" when it was done, else the status reason."""
        problem = transfer.problem or self._objection(transfer)
        if problem:
            return problem
        debtor, creditor = transfer.debtor_account, transfer.creditor_account
        amount_fen, reference = transfer.amount_fen, transfer.end_to_end
        self._book(debtor, creditor, -amount_fen, now_s, reference)
        self._book(creditor, debtor, amount_fen, now_s, reference)
        self._paid[transfer.instruction] = transfer
        return ""

    def _objection(self, transfer: Transfer) -> str:
        if transfer.instruction in self._paid:
            return DUPLICATE
        if transfer.debtor_account not in self.balances_fen:
            return UNKNOWN_DEBTOR
        if transfer.creditor_account not in self.balances_fen:
            return UNKNOWN_CREDITOR
        if self.balances_fen[transfer.debtor_account] < transfer.amount_fen:
            return TOO_LITTLE_MONEY
        return ""

    def _book(
        self,
        account: str,
        counterparty: str,
        amount_fen: int,
        now_s: int,
        reference: str,
        back: str = "",
    ) -> None:
        balance_fen = self.balances_fen[account] + amount_fen
        self.balances_fen[account] = balance_fen
        self.lines.append(
            BankLine(account, counterparty, amount_fen, now_s, reference, balance_fen, back)
        )


def read_order(message: bytes) -> Order:
    """The identification, the message name and the transfers of a message, of any version.

    A message that cannot be read at all gives one transfer that is refused with FF01.
    """
    unreadable = Order("", "pacs.009", (Transfer("", "", "", "", 0, UNREADABLE),))
    if b"<!DOCTYPE" in message:
        return unreadable
    try:
        root = ET.fromstring(message)
    except ET.ParseError:
        return unreadable
    name = root.tag.partition("}")[0].rpartition(":")[2]
    message_id = _text(root, "GrpHdr", "MsgId")
    if name.startswith("pain.001"):
        transfers = tuple(
            _transfer(item, payment)
            for payment in _all(root, "PmtInf")
            for item in _all(payment, "CdtTrfTxInf")
        )
    elif name.startswith("pacs.009"):
        transfers = tuple(_transfer(item, item) for item in _all(root, "CdtTrfTxInf"))
    else:
        return unreadable
    return Order(message_id, name, transfers) if message_id and transfers else unreadable


def status_report(order: Order, outcomes: Outcomes, now_s: int) -> bytes:
    """A pacs.002 (pain.002 for a pain.001) over the outcomes; the same ones give the same bytes."""
    done = sum(not reason for _, reason in outcomes)
    group_status = "ACSC" if done == len(outcomes) else "PART" if done else "RJCT"
    customer = order.name.startswith("pain.")
    document = ET.Element("Document", xmlns=PAIN_002 if customer else PACS_002)
    report = ET.SubElement(document, "CstmrPmtStsRpt" if customer else "FIToFIPmtStsRpt")
    header = ET.SubElement(report, "GrpHdr")
    _add(header, "MsgId", digest("status", order.message_id, now_s))
    _add(header, "CreDtTm", local(now_s).isoformat())
    original = ET.SubElement(report, "OrgnlGrpInfAndSts")
    _add(original, "OrgnlMsgId", order.message_id or "NOTPROVIDED")
    _add(original, "OrgnlMsgNmId", order.name)
    _add(original, "GrpSts", group_status)
    if customer:
        report = ET.SubElement(report, "OrgnlPmtInfAndSts")
        _add(report, "OrgnlPmtInfId", order.message_id)
    for transfer, reason in outcomes:
        _report_transfer(report, transfer, reason, customer, now_s)
    ET.indent(document)
    body: str = ET.tostring(document, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()


def _report_transfer(
    report: ET.Element, transfer: Transfer, reason: str, customer: bool, now_s: int
) -> None:
    entry = ET.SubElement(report, "TxInfAndSts")
    if transfer.instruction:
        _add(entry, "OrgnlInstrId", transfer.instruction)
    if transfer.end_to_end:
        _add(entry, "OrgnlEndToEndId", transfer.end_to_end)
    _add(entry, "TxSts", "RJCT" if reason else "ACSC")
    if reason:
        why = ET.SubElement(ET.SubElement(entry, "StsRsnInf"), "Rsn")
        _add(why, "Cd", reason)
    _add(entry, "AccptncDtTm", local(now_s).isoformat())
    if not reason:
        _add(entry, "AcctSvcrRef", bank_reference(transfer))
    if transfer.amount_fen:
        amounts = ET.SubElement(entry, "OrgnlTxRef")
        if customer:
            amounts = ET.SubElement(amounts, "Amt")
        amount = ET.SubElement(amounts, "InstdAmt" if customer else "IntrBkSttlmAmt")
        amount.set("Ccy", CURRENCY)
        amount.text = f"{transfer.amount_fen // 100}.{transfer.amount_fen % 100:02d}"


def bank_reference(transfer: Transfer) -> str:
    """The bank's own name for a transfer."""
    return digest("bank", transfer.instruction)[:16].upper()


def read_status(report: bytes) -> dict[str, str]:
    """What a pacs.002 says of each instruction: "" for settled, else the status reason."""
    root = ET.fromstring(report)
    return {
        _text(entry, "OrgnlInstrId"): _text(entry, "StsRsnInf", "Rsn", "Cd")
        for entry in _all(root, "TxInfAndSts")
    }


def fen_of(amount: str) -> int | None:
    """Fen of an ISO 20022 amount such as ``12.5`` or ``12``; None when it is not whole fen."""
    whole, point, cents = amount.partition(".")
    digits = whole + cents
    if not digits.isascii() or not digits.isdigit() or not whole or len(cents) > 2:
        return None
    if point and not cents:
        return None
    return int(whole) * 100 + int(cents.ljust(2, "0") or "0")


def _transfer(item: ET.Element, payer: ET.Element) -> Transfer:
    """A transfer; `payer` is the element that names the debtor. An institution that gives no
    account number is served on the account in its own name."""
    amounts = [*_all(item, "IntrBkSttlmAmt"), *_all(item, "InstdAmt")]
    amount_fen = fen_of((amounts[0].text or "").strip()) if amounts else None
    problem = ""
    if not amount_fen:
        problem = WRONG_AMOUNT
    elif amounts[0].get("Ccy") != CURRENCY:
        problem = WRONG_CURRENCY
    return Transfer(
        instruction=_text(item, "PmtId", "InstrId"),
        end_to_end=_text(item, "PmtId", "EndToEndId"),
        debtor_account=_account(payer, "Dbtr"),
        creditor_account=_account(item, "Cdtr"),
        amount_fen=amount_fen or 0,
        problem=problem,
    )


def _account(element: ET.Element, party: str) -> str:
    return _text(element, f"{party}Acct", "Id", "Othr", "Id") or _text(
        element, party, "FinInstnId", "Othr", "Id"
    )


def _all(element: ET.Element, name: str) -> Iterator[ET.Element]:
    """All descendants of that local name, in any version's namespace."""
    return (item for item in element.iter() if item.tag.rpartition("}")[2] == name)


def _text(element: ET.Element, *path: str) -> str:
    """The text at the end of a path of direct children, after a first step to any depth."""
    found = next(_all(element, path[0]), None)
    for name in path[1:]:
        if found is None:
            return ""
        found = next((item for item in found if item.tag.rpartition("}")[2] == name), None)
    return "" if found is None else (found.text or "").strip()


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text
