"""What media signed, checked at the hub: every TAC over a vault of check keys, every ride code over
trusted roots.

A record without a signature rests on its acquirer's word. Whose account a card or a code leads to
only the issuer knows, so for rides that an account pays the hub asks whether a signature is genuine
and of the ride's time, and the issuer the rest. No key leaves its vault.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tongxing.hub.displays import SHOWN_AGAIN, shown_again, withdrawn_in
from tongxing.hub.evidence import Evidence, Fault
from tongxing.kernel.clock import CHINA, instant
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files.coding import is_moment
from tongxing.media.code.caching import CodeCaches
from tongxing.media.code.layout import parse_code
from tongxing.media.code.verify import Accepted, Trust, verify
from tongxing.media.keys.vault import KeyVault
from tongxing.media.tac.columns import check_columns, columns_of
from tongxing.media.tac.fields import fields_of
from tongxing.messages import CardProof, Record
from tongxing.messages.taps import account_token

WRONG_TAC, WRONG_CODE = "1001", "1018"
_CARD_DIGITS = 16
_AHEAD_S = 90
"""How far ahead of a gate's clock a phone may be (the gates' own rule)."""


@dataclass(slots=True)
class SignatureWitness:
    """A witness of signatures alone. `checked`, `unchecked` count what it has looked at so far;
    what it cannot check (a key its vault lacks) it does not judge."""

    vault: KeyVault
    trust: Trust
    checked: int = 0
    unchecked: int = 0
    caches: CodeCaches = field(default_factory=CodeCaches)

    def evidence(self, records: Sequence[Record]) -> Evidence:
        """The records of a file whose signatures are wrong, and how many rows rest on their
        acquirer's word, for they carry none or one whose key the vault lacks."""
        unsigned = sum(not record.proofs and not record.codes for record in records)
        before = self.unchecked
        faults = self.faults(records)
        not_made = {"signature": unsigned + self.unchecked - before}
        return Evidence(signatures=faults, not_made=not_made)

    def faults(self, records: Sequence[Record]) -> dict[str, Fault]:
        """What is wrong, by record id; card codes are checked in one batch."""
        again = shown_again(records, {}, withdrawn_in(records))
        found = dict.fromkeys(again, SHOWN_AGAIN)
        proofs: list[tuple[str, CardProof]] = []
        for record in records:
            if record.how == "void":
                continue
            fault = _misfit(record) or self._code_fault(record)
            if fault is not None:
                found[record.record_id] = fault
            else:
                proofs += [(record.record_id, proof) for proof in record.proofs]
        for record_id in self._wrong_cards(proofs):
            found[record_id] = Fault(WRONG_TAC, "a TAC is wrong")
        return found

    def _code_fault(self, record: Record) -> Fault | None:
        accounts: set[str] = set()
        for raw in record.codes:
            self.checked += 1
            code = parse_code(raw)
            if isinstance(code, Refusal):
                return Fault(WRONG_CODE, "no ride code")
            accounts.add(account_token(code.payment_account))
            if not isinstance(
                verify(raw, self.trust, code.generated_s, caches=self.caches), Accepted
            ):
                return Fault(WRONG_CODE, "a ride code is not genuine")
            is_of_ride = record.entered_s <= code.last_good_s
            if not is_of_ride or code.generated_s > record.exited_s + _AHEAD_S:
                return Fault(WRONG_CODE, "a ride code of another time")
        is_all_codes = 0 < len(record.codes) == len(record.taps)
        if is_all_codes and record.medium_no not in accounts:
            return Fault(WRONG_CODE, "a code of another account")
        return None

    def _wrong_cards(self, proofs: Sequence[tuple[str, CardProof]]) -> list[str]:
        if not proofs:
            return []
        columns = columns_of([(fields_of(proof), proof.tac) for _, proof in proofs])
        if isinstance(columns, Refusal):
            self.unchecked += len(proofs)
            return []
        verdicts = check_columns(self.vault, columns)
        wrong = []
        for (record_id, _), is_right, is_unchecked in zip(
            proofs, verdicts.right.tolist(), verdicts.unchecked.tolist(), strict=True
        ):
            self.unchecked += is_unchecked
            self.checked += not is_unchecked
            if not is_right and not is_unchecked:
                wrong.append(record_id)
        return wrong


def _misfit(record: Record) -> Fault | None:
    """A proof that may be genuine and is not this ride's."""
    for proof in record.proofs:
        if proof.card_factor.hex() != proof.number[-_CARD_DIGITS:]:
            return Fault(WRONG_TAC, "the key named is another card's")
        if record.funding == "purse" and proof.number != record.medium_no:
            return Fault(WRONG_TAC, "a proof of another card")
        if not is_moment(proof.time):
            return Fault(WRONG_TAC, "a proof of no time")
        moment = datetime.strptime(proof.time, "%Y%m%d%H%M%S").replace(tzinfo=CHINA)
        if not record.entered_s - _AHEAD_S <= instant(moment) <= record.exited_s + _AHEAD_S:
            return Fault(WRONG_TAC, "a proof of another time")
    is_all_signed = record.funding == "purse" and len(record.proofs) == len(record.taps)
    if is_all_signed and sum(proof.amount_fen for proof in record.proofs) < record.charge_fen:
        return Fault(WRONG_TAC, "charged more than the card signed")
    return None
