"""Our messages on their way out: each record, verdict or entry as the fields of a text file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tongxing.exchange.evidence import Item, write_evidence
from tongxing.exchange.layouts import Shape
from tongxing.exchange.ours.profile import Profile
from tongxing.exchange.text_writing import record_bytes
from tongxing.hub.verdicts import code_table
from tongxing.kernel.clock import local
from tongxing.kernel.ids import masked
from tongxing.kernel.reasons import Refusal
from tongxing.messages import (
    HUB_SENDER,
    CardProof,
    DenyEntry,
    Record,
    Statement,
    Verdict,
    VerdictFile,
)

Values = dict[str, object]
FROM_RECORDS = ("CL", "FB", "UPLOAD", "ED", "AD")
FROM_VERDICTS = ("FB", "AD")


@dataclass(slots=True)
class Outgoing:
    """The records of a file in the making. `numbers` says which number stands for which of our
    records; `left_out` why something of ours is not in it; `carried` which fields had a source."""

    shape: Shape
    profile: Profile
    party: str
    number: int
    numbers: list[tuple[int, str]] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)
    left_out: list[Refusal] = field(default_factory=list)
    carried: set[str] = field(default_factory=set)
    stated: set[str] = field(default_factory=set)

    def add(self, name: str, values: Values, evidence: bytes = b"") -> None:
        """Take one record of the file; without a value it needs, it is left out and told."""
        names = {one.name for one in self.shape.fields}
        found = {key: value for key, value in values.items() if key in names}
        extra = {
            key: value
            for key, value in self.profile.stated.items()
            if key in names and key not in found
        }
        record = record_bytes(self.shape, extra | found, evidence, name)
        if isinstance(record, Refusal):
            self.left_out.append(record)
            return
        self.records.append(record)
        self.numbers.append((self.number, name))
        self.number += 1
        self.carried |= set(found)
        self.stated |= set(extra)

    def no_source(self) -> list[str]:
        """The fields that no record got a value for; the reserved are not counted."""
        return [
            one.name
            for one in self.shape.fields
            if one.kind != "reserved" and one.name not in self.carried | self.stated
        ]


def add_records(
    out: Outgoing,
    records: Iterable[Record],
    verdicts: Mapping[str, Verdict],
    known: Mapping[str, int],
) -> None:
    """CL, FB and UPLOAD carry what a purse paid; ED and AD later revisions of it.

    `known` gives the acquirer's number of a record that went out before; `verdicts` what the hub
    said of it (FB and AD).
    """
    for record in records:
        code = out.shape.code
        if fault := _unfit(code, record, verdicts):
            out.left_out.append(Refusal(fault, record.record_id))
            continue
        values = _adjustment(record, out, known) if code in ("ED", "AD") else _trade(record, out)
        if code in ("CL", "FB", "UPLOAD"):
            values["acquirer_sequence"] = known.get(record.record_id, out.number)
        if record.record_id in verdicts:
            values |= _said(verdicts[record.record_id], out.profile)
        has_evidence = out.shape.layout.evidence_bytes_max > 0
        out.add(record.record_id, values, _evidence(record, out.profile) if has_evidence else b"")


def add_files(out: Outgoing, answers: Iterable[VerdictFile]) -> None:
    """LD: the files that were processed, each with a code."""
    for answer in answers:
        values: Values = {"centre_sequence": out.number, "file_name": answer.file_id}
        if code := out.profile.file_codes.get(answer.file_code):
            values["error_code"] = code
        out.add(answer.file_id, values)


def add_statement(out: Outgoing, statement: Statement) -> None:
    """BP: what a member receives and pays in a window, and how its reserve changes by it."""
    amounts = [line.amount_fen for line in statement.lines]
    values: Values = {
        "income": sum(fen for fen in amounts if fen > 0),
        "pay": -sum(fen for fen in amounts if fen < 0),
        "reserve_change": abs(statement.net_fen),
    }
    if sign := out.profile.signs.get("minus" if statement.net_fen < 0 else "plus"):
        values["sign"] = sign
    out.add(f"{statement.window_id}/{statement.member}", values)


def add_denied(out: Outgoing, entries: Iterable[tuple[str, DenyEntry]]) -> None:
    """UC and DC: cards that must be refused, each with its issuer (our member id)."""
    for issuer, entry in entries:
        if not (entry.medium_no.isascii() and entry.medium_no.isdigit()):
            out.left_out.append(Refusal("EXCHANGE_NO_CARD", masked(entry.medium_no)))
            continue
        values: Values = {"card_number": entry.medium_no}
        if code := out.profile.institutions.get(issuer):
            values["issuer"] = code
        out.add(masked(entry.medium_no), values)


def add_prefixes(out: Outgoing, prefixes: Iterable[tuple[str, str]]) -> None:
    """BN: how the card numbers of an issuer (our member id) begin."""
    for issuer, prefix in prefixes:
        values: Values = {"bin": prefix}
        if code := out.profile.institutions.get(issuer):
            values["issuer"] = code
        out.add(f"{issuer}/{prefix}", values)


def _unfit(code: str, record: Record, verdicts: Mapping[str, Verdict]) -> str:
    """Why a record cannot be said in this kind of file, as a reason code; "" when it can."""
    if record.medium_kind != "card" or not record.proofs:
        return "EXCHANGE_NO_CARD"
    if code in ("ED", "AD"):
        return "EXCHANGE_FIRST_REVISION" if record.revision == 1 else ""
    if record.delta_fen < 0 or record.revision > 1:
        return "EXCHANGE_LATER_REVISION"
    return "EXCHANGE_NO_VERDICT" if code == "FB" and record.record_id not in verdicts else ""


def _trade(record: Record, out: Outgoing) -> Values:
    proof = record.proofs[-1]
    institutions = out.profile.institutions
    values: Values = {
        "centre_sequence": out.number,
        "acceptance_date": f"{local(record.exited_s):%Y%m%d}",
        "receiver": out.party,
        "amount": record.delta_fen,
        "time": proof.time,
        "algorithm": f"{proof.algorithm:02X}",
        **_card(proof),
    }
    if record.funding == "purse":
        values["balance_kind"] = "0"
    return values | _parties(record, institutions, out.shape.code)


def _adjustment(record: Record, out: Outgoing, known: Mapping[str, int]) -> Values:
    proof = record.proofs[-1]
    values: Values = {
        "adjustment_sequence": out.number,
        "adjusted_amount": record.charge_fen,
        "date": proof.time[:8],
        "time_of_day": proof.time[8:],
        "receiver": out.party,
        "original_acceptance_date": f"{local(record.exited_s):%Y%m%d}",
        "acceptance_date": f"{local(record.exited_s):%Y%m%d}",
        **_card(proof),
    }
    original = known.get(f"{record.trip_id}.1")
    if original is not None:
        values |= {"acquirer_sequence": original, "original_acquirer_sequence": original}
    parties = _parties(record, out.profile.institutions, out.shape.code)
    if "acquirer" in parties:
        values["originator"] = parties["acquirer"]
    return values | parties


def _card(proof: CardProof) -> Values:
    return {
        "card_number": proof.number,
        "card_counter": proof.counter,
        "balance_before": proof.balance_before_fen,
    }


def _parties(record: Record, institutions: Mapping[str, str], code: str) -> Values:
    """Codes of the institutions. What goes up is sent by the acquirer, all else by the centre."""
    sender = record.acquirer if code in ("UPLOAD", "ED") else HUB_SENDER
    named = {
        "issuer": record.issuer,
        "acquirer": record.acquirer,
        "acquirer_id": record.acquirer,
        "sender": sender,
    }
    return {key: institutions[name] for key, name in named.items() if name in institutions}


def _said(verdict: Verdict, profile: Profile) -> Values:
    values: Values = {"error_text": code_table()[verdict.code].zh}
    if code := profile.error_codes.get(verdict.code):
        values["error_code"] = code
    return values


def _evidence(record: Record, profile: Profile) -> bytes:
    proof = record.proofs[-1]
    items = []
    for part, tag in profile.evidence.items():
        value = getattr(proof, part)
        if isinstance(value, int):
            value = value.to_bytes(1 if part in _ONE_BYTE else 4, "big")
        items.append(Item(tag, value if isinstance(value, bytes) else value.encode("ascii")))
    return write_evidence(tuple(items))


_ONE_BYTE = ("key_version", "algorithm", "kind")
