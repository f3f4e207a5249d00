"""What a medium signed, checked tap by tap before it moves money (B71): card codes over the
issuer's key vault, ride codes over the roots it trusts.

Asked of the opened taps of the city's own media that carry a signature. A wrong one is never a
trip; one whose key the issuer does not have yet, or cannot reach, waits. A tap without a signature
rests on its acquirer's word, and of another city's medium that city and the hub judge.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tongxing.city.signatures import AHEAD_S, judged_proofs, names_its_card
from tongxing.kernel.clock import CHINA, instant
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files.coding import is_moment
from tongxing.media.code.caching import CodeCaches
from tongxing.media.code.layout import parse_code
from tongxing.media.code.verify import Accepted, Name, Trust, verify
from tongxing.media.keys.vault import KeyVault
from tongxing.messages import CardProof, Tap, TapRef
from tongxing.messages.taps import account_token

TAC_INVALID = "TAC_INVALID"
TAP_SIGNATURE_WAITS = "TAP_SIGNATURE_WAITS"

_KEY_MAY_COME: frozenset[Name] = frozenset({"CA_UNKNOWN", "ISSUER_UNKNOWN"})


@dataclass(frozen=True, slots=True)
class SignatureKeys:
    """With what an issuer checks what its media signed."""

    vault: KeyVault
    trust: Trust
    caches: CodeCaches = field(default_factory=CodeCaches)


@dataclass(frozen=True, slots=True)
class TapSignatures:
    """The taps that were right; those that are not, with TAC_INVALID or TAP_SIGNATURE_WAITS; and
    why those wait, by the vault's or the trust's own reason code."""

    right: frozenset[TapRef] = frozenset()
    aside: Mapping[TapRef, str] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=dict)


NOTHING_SIGNED = TapSignatures()


def is_signed_by(tap: Tap, city: str) -> bool:
    """Whether a tap moves money by a signature that this city's issuer can check."""
    return tap.outcome == "opened" and tap.issuer == city and bool(tap.proof or tap.code)


def check_taps(taps: Iterable[Tap], city: str, keys: SignatureKeys) -> TapSignatures:
    """Check the signatures of a city's own media in these taps, card codes in one batch."""
    found: dict[TapRef, str] = {}
    proofs: list[tuple[TapRef, CardProof]] = []
    for tap in taps:
        if not is_signed_by(tap, city):
            continue
        found[tap.ref] = _code_fault(tap, keys) if tap.code else ""
        if tap.proof is not None and not found[tap.ref]:
            if _is_of(tap.proof, tap):
                proofs.append((tap.ref, tap.proof))
            else:
                found[tap.ref] = TAC_INVALID
    for (ref, _), verdict in zip(
        proofs, judged_proofs([proof for _, proof in proofs], keys.vault), strict=True
    ):
        found[ref] = {"right": "", "wrong": TAC_INVALID}.get(verdict, verdict)
    waiting: dict[str, int] = {}
    aside = {}
    for ref, why in found.items():
        if why and why != TAC_INVALID:
            waiting[why] = waiting.get(why, 0) + 1
        if why:
            aside[ref] = TAC_INVALID if why == TAC_INVALID else TAP_SIGNATURE_WAITS
    return TapSignatures(frozenset(ref for ref, why in found.items() if not why), aside, waiting)


def _is_of(proof: CardProof, tap: Tap) -> bool:
    """Whether a proof is of this tap's card, of its moment, and of no less than a purse gave."""
    if proof.number != tap.medium_no or not names_its_card(proof) or not is_moment(proof.time):
        return False
    if tap.purse is not None and proof.amount_fen < tap.purse.taken_fen:
        return False
    moment = datetime.strptime(proof.time, "%Y%m%d%H%M%S").replace(tzinfo=CHINA)
    return abs(instant(moment) - tap.time_s) <= _slack_s(tap)


def _code_fault(tap: Tap, keys: SignatureKeys) -> str:
    """TAC_INVALID, or the reason why a ride code cannot be judged yet; "" for a good one."""
    code = parse_code(tap.code)
    if isinstance(code, Refusal) or account_token(code.payment_account) != tap.medium_no:
        return TAC_INVALID
    slack_s = _slack_s(tap)
    if not code.generated_s - slack_s <= tap.time_s <= code.last_good_s + slack_s:
        return TAC_INVALID
    verdict = verify(tap.code, keys.trust, code.generated_s, caches=keys.caches)
    if isinstance(verdict, Accepted):
        return ""
    return verdict.refusal.code if verdict.reason in _KEY_MAY_COME else TAC_INVALID


def _slack_s(tap: Tap) -> int:
    """How far a gate's clock and that of what was shown to it may lie apart."""
    return AHEAD_S + max(tap.time_band_s, 0)
