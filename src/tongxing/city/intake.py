"""Taps come in; trips, charges and receipts come out, in one transaction.

A call may bring many batches. They are checked, deduplicated by identity and content, and folded
rider by rider; whatever that changes is written with a fixed number of statements. Only after the
commit does a receipt exist, so a gate never forgets a tap that a crash could lose. Sending anything
again is harmless.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tongxing.city.rating import rate_riders
from tongxing.city.store import days, riders, taps
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.fleet_notices import KEY_CONFLICT, write_notice
from tongxing.city.store.taps import ArrivedTap, arrived_tap
from tongxing.city.tap_signatures import NOTHING_SIGNED, TapSignatures
from tongxing.city.terms import TermsBook, half_trip_terms
from tongxing.deciding import RULES
from tongxing.deciding.checks import COUNTER_MAX
from tongxing.fares import CityFares
from tongxing.kernel.clock import DAY_S, business_date
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, Receipt, Tap, TapBatch, TapRef, unseal
from tongxing.messages.taps import BATCH_TAPS_MAX, NUMBER_MAX

STATION_UNKNOWN = "STATION_UNKNOWN"
TAP_TOO_LATE = "TAP_TOO_LATE"
TAP_TIME_SUSPECT = "TAP_TIME_SUSPECT"
TAP_PURSE_SUSPECT = "TAP_PURSE_SUSPECT"


@dataclass(frozen=True, slots=True)
class OpenedBatch:
    """A batch whose signature and form hold."""

    site: str
    sha256: str
    batch: TapBatch


def open_batch(message: bytes, keys: KeyRing) -> OpenedBatch | Refusal:
    """Check a sealed batch; nothing of it is used before.

    Refuses what `unseal` and `objection` refuse.
    """
    opened = unseal(message, TapBatch, keys)
    if isinstance(opened, Refusal):
        return opened
    sender, batch = opened
    return objection(batch, sender) or OpenedBatch(sender, sha256_hex(message), batch)


def objection(batch: TapBatch, sender: str) -> Refusal | None:
    """Why the form of a batch that `sender` signed is not taken.

    IDENTITY_MISMATCH when one site signs for another, BATCH_TOO_LARGE over 500 taps, and
    TAP_SEQ_INVALID (B65) for a number or epoch outside 1 to 2^63 - 1, or one that does not rise:
    a storage writes its taps one after the other.
    """
    if sender != batch.site:
        return Refusal("IDENTITY_MISMATCH", sender, {"site": batch.site[:60]})
    if len(batch.taps) > BATCH_TAPS_MAX:
        return Refusal("BATCH_TOO_LARGE", sender, {"limit": BATCH_TAPS_MAX})
    last: dict[tuple[str, int], int] = {}
    for tap in batch.taps:
        ref = tap.ref
        before = last.get((ref.terminal_id, ref.epoch), 0)
        if not (before < ref.seq <= NUMBER_MAX and 1 <= ref.epoch <= NUMBER_MAX):
            return Refusal("TAP_SEQ_INVALID", sender, {"tap": str(ref)[:120]})
        last[ref.terminal_id, ref.epoch] = ref.seq
    return None


def take_batches(
    cursor: Cursor,
    city: str,
    fares: CityFares,
    batches: Sequence[OpenedBatch],
    received_s: int,
    signatures: TapSignatures = NOTHING_SIGNED,
) -> list[Receipt]:
    """Store the batches' taps and everything that follows from them; one receipt each. What
    `signatures` found wrong, or could not look at yet, moves no money.

    The caller holds the transaction, and hands out the receipts after it has committed.
    """
    arrived, clashing = _distinct(batches, fares, half_trip_terms(city), received_s, signatures)
    owners = riders.owners_of_media(cursor, sorted({item.tap.medium_no for item in arrived}))
    new, conflicts = taps.write_new_taps(cursor, arrived, owners, received_s)
    taps.quarantine(cursor, clashing, received_s)
    _notice_conflicts(
        cursor, [*clashing, *(item for item in arrived if item.tap.ref in conflicts)], received_s
    )
    opened: dict[str, list[Tap]] = defaultdict(list)
    for item in arrived:
        if item.tap.ref in new and item.tap.outcome == "opened" and not item.set_aside:
            opened[owners.of(item.tap.medium_no, item.tap.funding)].append(item.tap)
    closed_until_s = days.closed_until(cursor)
    rate_riders(cursor, city, fares, opened, closed_until_s, business_date(received_s))
    conflicts |= {item.tap.ref for item in clashing}
    receipts = _receipts(batches, new, conflicts)
    taps.write_uploads(cursor, receipts, received_s)
    return receipts


def _notice_conflicts(cursor: Cursor, conflicting: Sequence[ArrivedTap], now_s: int) -> None:
    """Tell a person of numbers that came with two contents: the newest of each terminal."""
    for item in conflicting:
        ref = item.tap.ref
        values = {"terminal": ref.terminal_id, "seq": f"{ref.epoch:x}/{ref.seq}"}
        write_notice(cursor, item.site, KEY_CONFLICT, ref.terminal_id, values, now_s)


def _distinct(
    batches: Sequence[OpenedBatch],
    fares: CityFares,
    terms: TermsBook,
    received_s: int,
    signatures: TapSignatures,
) -> tuple[list[ArrivedTap], list[ArrivedTap]]:
    """Each tap identity once, and those that came again with other content within this call."""
    found: dict[TapRef, ArrivedTap] = {}
    clashing = []
    for opened in batches:
        for tap in opened.batch.taps:
            why = signatures.aside.get(tap.ref) or why_aside(tap, fares, terms, received_s)
            item = arrived_tap(tap, opened.site, why)
            first = found.setdefault(tap.ref, item)
            if first.content_hash != item.content_hash:
                clashing.append(item)
    return list(found.values()), clashing


def why_aside(tap: Tap, fares: CityFares, terms: TermsBook, received_s: int) -> str:
    """Why a tap moves no money: its time is not to be believed (B69), it is from a place that the
    network does not know (B68), or it came too late for an account's trip to be opened again. What
    a gate did to a purse is a fact, wherever it was, however late it is told and whatever the
    gate's clock, as long as its time and its sums can be true (B60)."""
    now = terms.at(received_s)
    age_s = received_s - tap.time_s
    if age_s < -now.ahead_s_max or age_s > now.evidence_days * DAY_S:
        return TAP_TIME_SUSPECT
    if tap.outcome == "opened" and not _is_purse_possible(tap):
        return TAP_PURSE_SUSPECT
    if tap.funding == "purse":
        return ""
    if not 0 <= tap.time_band_s <= now.band_s_max:
        return TAP_TIME_SUSPECT
    if not is_known(tap, fares):
        return STATION_UNKNOWN
    return TAP_TOO_LATE if age_s > terms.at(tap.time_s).reopen_days * DAY_S else ""


def _is_purse_possible(tap: Tap) -> bool:
    """Whether a tap says of a purse, and of nothing else, what it held and gave, and whether that
    can be: no more than it had, and than any may hold."""
    purse = tap.purse
    if purse is None or tap.funding != "purse":
        return purse is None and tap.funding != "purse"
    held = 0 <= purse.taken_fen <= purse.balance_before_fen <= RULES.balance_max_fen
    return held and 0 <= purse.counter <= COUNTER_MAX


def is_known(tap: Tap, fares: CityFares) -> bool:
    """Whether a tap names no line and no station that the network lacks. Where a mode is priced
    without a network, every place is known."""
    network = fares.network
    named = tap.line in network.lines or not tap.line
    if named and (tap.station in network.stations or not tap.station):
        return True
    return fares.off_network_system(tap.mode, tap.line) is not None


def _receipts(
    batches: Sequence[OpenedBatch], new: set[TapRef], conflicts: set[TapRef]
) -> list[Receipt]:
    """One receipt per batch; of a tap that came twice in this call, the first one was new."""
    unclaimed = set(new)
    receipts = []
    for opened in batches:
        refs = [tap.ref for tap in opened.batch.taps]
        quarantined = sorted({ref for ref in refs if ref in conflicts}, key=str)
        fresh = unclaimed.intersection(refs)
        unclaimed -= fresh
        receipts.append(
            Receipt(
                site=opened.site,
                batch_sha256=opened.sha256,
                accepted=len(refs),
                duplicates=len(refs) - len(fresh) - len(quarantined),
                quarantined=quarantined,
            )
        )
    return receipts
