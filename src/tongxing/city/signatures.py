"""What an issuer's media signed, checked by the issuer: card codes over its key vault, ride codes
over the roots it trusts.

Every record of a real medium carries its signatures; a record without any rests on the acquirer's
word (a token, or a card that kept no code). Nothing here moves money: what a wrong signature means
is the hub's rulebook.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tongxing.kernel.clock import CHINA, instant
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files.coding import is_moment
from tongxing.media.code.caching import CodeCaches
from tongxing.media.code.layout import RideCode, parse_code
from tongxing.media.code.verify import Accepted, Trust, verify
from tongxing.media.keys.vault import KeyVault
from tongxing.media.tac.columns import check_columns, columns_of
from tongxing.media.tac.fields import LOAD, fields_of, unfit
from tongxing.messages import CardProof, Record
from tongxing.messages.taps import account_token

_CARD_DIGITS = 16
_TRIPS_OF_A_TAP = 2
AHEAD_S = 90
"""How far ahead of a gate's clock a phone may be (the gates' own rule)."""


@dataclass(slots=True)
class SignaturesFound:
    """How many card codes and ride codes were right; the ids of records with a wrong one; and why
    some could not be checked, by reason code."""

    cards: int = 0
    codes: int = 0
    wrong: list[str] = field(default_factory=list)
    unchecked: dict[str, int] = field(default_factory=dict)

    @property
    def checked(self) -> int:
        """How many signatures were looked at and found right."""
        return self.cards + self.codes

    def add(self, other: "SignaturesFound") -> None:
        """Count another batch in."""
        self.cards += other.cards
        self.codes += other.codes
        self.wrong += other.wrong
        for code, count in other.unchecked.items():
            self.unchecked[code] = self.unchecked.get(code, 0) + count


class SignaturesSeen:
    """Which trips each signature was shown for, so that none pays for a third: a tap ends one ride
    at most and begins another. A trip that was withdrawn counts no more, whenever that is told."""

    def __init__(self) -> None:
        self._trips: dict[bytes, dict[str, str]] = {}
        self._withdrawn: set[str] = set()

    def note(self, record: Record) -> None:
        """Take note of a record, in any order."""
        if record.how == "void":
            self._withdrawn.add(record.trip_id)
            return
        names = [proof.tac + proof.terminal_no + _serial(proof) for proof in record.proofs]
        for name in (*names, *record.codes):
            self._trips.setdefault(name, {}).setdefault(record.trip_id, record.record_id)

    def reused(self) -> list[str]:
        """The records beyond those that a signature can stand for, in order."""
        beyond: set[str] = set()
        for trips in self._trips.values():
            if len(trips) > _TRIPS_OF_A_TAP:
                left = [name for trip, name in trips.items() if trip not in self._withdrawn]
                beyond.update(left[_TRIPS_OF_A_TAP:])
        return sorted(beyond)


def media_of(record: Record) -> list[str]:
    """The numbers of all media that this record and its signatures name."""
    codes = [parse_code(raw) for raw in record.codes]
    tokens = [account_token(code.payment_account) for code in codes if isinstance(code, RideCode)]
    return [record.medium_no, *(proof.number for proof in record.proofs), *tokens]


def check_signatures(
    records: Iterable[Record],
    vault: KeyVault,
    trust: Trust,
    riders: Mapping[str, str],
    caches: CodeCaches | None = None,
) -> SignaturesFound:
    """Check all signatures of these records, card codes in one batch.

    `riders` says whose each medium is: a signature counts for the rider whom the record charges, by
    whichever of the rider's media, and for the ride's own time; what a purse signed must cover the
    charge. Whether one signature stands for too many rides, `SignaturesSeen` knows. A withdrawn
    record repeats the signatures of the one before and is not asked.
    """
    found, caches = SignaturesFound(), caches or CodeCaches()
    proofs: list[tuple[str, CardProof]] = []
    for record in records:
        if record.how == "void":
            continue
        fits = [proof for proof in record.proofs if _belongs(proof, record, riders)]
        if len(fits) < len(record.proofs) or _too_little(record):
            found.wrong.append(record.record_id)
        proofs += [(record.record_id, proof) for proof in fits]
        for code in record.codes:
            if _is_genuine(code, record, riders, trust, caches):
                found.codes += 1
            else:
                found.wrong.append(record.record_id)
    _check_cards(proofs, vault, found)
    found.wrong = list(dict.fromkeys(found.wrong))
    return found


def _check_cards(
    proofs: list[tuple[str, CardProof]], vault: KeyVault, found: SignaturesFound
) -> None:
    for (record_id, _), verdict in zip(
        proofs, judged_proofs([proof for _, proof in proofs], vault), strict=True
    ):
        if verdict == "right":
            found.cards += 1
        elif verdict == "wrong":
            found.wrong.append(record_id)
        else:
            found.unchecked[verdict] = found.unchecked.get(verdict, 0) + 1


def judged_proofs(proofs: Sequence[CardProof], vault: KeyVault) -> list[str]:
    """Of each proof ``right``, ``wrong``, or the vault's reason code why it could not be checked;
    all in one batch. A proof that no card can have signed of a ride is wrong."""
    verdicts = ["wrong"] * len(proofs)
    fields = [fields_of(proof) for proof in proofs]
    fit = [
        row
        for row, (one, proof) in enumerate(zip(fields, proofs, strict=True))
        if one.kind != LOAD and not unfit(one, proof.tac)
    ]
    if not fit:
        return verdicts
    columns = columns_of([(fields[row], proofs[row].tac) for row in fit])
    assert not isinstance(columns, Refusal), "each was found fit"
    checked = check_columns(vault, columns)
    for row, issuer, right, unchecked in zip(
        fit,
        columns.issuer.tolist(),
        checked.right.tolist(),
        checked.unchecked.tolist(),
        strict=True,
    ):
        if unchecked:
            verdicts[row] = checked.refusals[columns.issuers[issuer]].code
        elif right:
            verdicts[row] = "right"
    return verdicts


def _rider(riders: Mapping[str, str], medium_no: str) -> str:
    return riders.get(medium_no, medium_no)


def _serial(proof: CardProof) -> bytes:
    return proof.serial.to_bytes(4, "big")


def _belongs(proof: CardProof, record: Record, riders: Mapping[str, str]) -> bool:
    """Whether a proof is of the rider's card and of this ride's time."""
    if not names_its_card(proof) or not is_moment(proof.time):
        return False
    if record.funding == "purse" and proof.number != record.medium_no:
        return False  # a purse pays for itself alone, also when its card has become an account's
    if _rider(riders, proof.number) != _rider(riders, record.medium_no):
        return False
    moment = datetime.strptime(proof.time, "%Y%m%d%H%M%S").replace(tzinfo=CHINA)
    return record.entered_s - AHEAD_S <= instant(moment) <= record.exited_s + AHEAD_S


def _too_little(record: Record) -> bool:
    """Whether a purse's ride, every tap of it signed, was charged more than the card signed."""
    whole = record.funding == "purse" and len(record.proofs) == len(record.taps)
    return whole and sum(proof.amount_fen for proof in record.proofs) < record.charge_fen


def names_its_card(proof: CardProof) -> bool:
    """Whether the key is that of the card named: its factor is the number's last sixteen digits."""
    return proof.card_factor.hex() == proof.number[-_CARD_DIGITS:]


def _is_genuine(
    raw: bytes, record: Record, riders: Mapping[str, str], trust: Trust, caches: CodeCaches
) -> bool:
    """Whether a code is this rider's, was genuine when it was made, and was made for this ride:
    shown at its beginning or its end, by a clock that may have been a little ahead."""
    code = parse_code(raw)
    if isinstance(code, Refusal):
        return False
    shown = _rider(riders, account_token(code.payment_account))
    if shown != _rider(riders, record.medium_no):
        return False
    if not isinstance(verify(raw, trust, code.generated_s, caches=caches), Accepted):
        return False
    return record.entered_s <= code.last_good_s and code.generated_s <= record.exited_s + AHEAD_S
