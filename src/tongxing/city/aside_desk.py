"""The desk for taps that were set aside, for staff: one person asks, another confirms.

What staff do here stands in the list of what staff did, and beside the tap for ever.
"""

from itertools import islice

from tongxing.city import asides
from tongxing.city.asides import NOTHING_PUT_RIGHT, PutRight, WaitingChecked
from tongxing.city.fleet.staffing import may, note
from tongxing.city.fleet.terms import fleet_terms
from tongxing.city.members import issuer_member
from tongxing.city.office import Office
from tongxing.city.signatures import (
    SignaturesFound,
    SignaturesSeen,
    check_signatures,
    media_of,
)
from tongxing.city.staffing import Staff
from tongxing.city.store import exchange, riders, taps_aside
from tongxing.city.store.taps_aside import Decision, Kind, TapAside
from tongxing.city.tap_signatures import SignatureKeys
from tongxing.kernel.reasons import Refusal
from tongxing.messages import TapRef

SIGNED_AT_ONCE = 50_000
"""Records whose signatures are checked in one batch."""


class AsideDesk:
    """The set-aside taps of one city with gates."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def check_waiting(self, keys: SignatureKeys, now_s: int) -> WaitingChecked:
        """Look again at the signatures that wait; see `asides.check_waiting`."""
        with self._office.alone() as cursor:
            fares = self._office.fares
            if fares is None:  # a city that only issues takes no taps
                return WaitingChecked()
            return asides.check_waiting(cursor, self._office.code, fares, keys, now_s)

    def audit(self, keys: SignatureKeys) -> SignaturesFound:
        """Hold the signatures of all records of our media against them, those of rides elsewhere
        too; see `check_signatures`."""
        found, seen = SignaturesFound(), SignaturesSeen()
        with self._office.reading() as cursor:
            records = exchange.signed_records(cursor, issuer_member(self._office.code))
            while batch := list(islice(records, SIGNED_AT_ONCE)):
                numbers = {number for record in batch for number in media_of(record)}
                owners = riders.riders_of_media(cursor, sorted(numbers))
                found.add(check_signatures(batch, keys.vault, keys.trust, owners, keys.caches))
                for record in batch:
                    seen.note(record)
        found.wrong += [name for name in seen.reused() if name not in found.wrong]
        return found

    def ask(
        self,
        by: Staff,
        ref: TapRef,
        kind: Kind,
        why: str,
        now_s: int,
        said: PutRight = NOTHING_PUT_RIGHT,
    ) -> Decision | Refusal:
        """One person asks; see `asides.ask`. Refuses besides STAFF_NOT_ALLOWED and FLEET_WHY."""
        if not why.strip():
            return Refusal("FLEET_WHY", str(ref))
        with self._office.alone() as cursor:
            if not may(cursor, by, "desk"):
                return Refusal("STAFF_NOT_ALLOWED", by.staff_id)
            assert self._office.fares is not None, "a city without gates has no taps"
            asked = asides.ask(
                cursor, self._office.code, self._office.fares, ref, kind, said, why,
                by.staff_id, now_s,
            )  # fmt: skip
            if not isinstance(asked, Refusal):
                note(cursor, by, f"tap_{kind}", f"{ref} #{asked.number}", now_s, why)
        return asked

    def confirm(self, by: Staff, number: int, now_s: int) -> TapAside | Refusal:
        """A second person confirms what was asked, and it is done; the tap as it stands now.

        Refuses STAFF_NOT_ALLOWED, TAP_DECISION_UNKNOWN, TAP_SAME_PERSON, TAP_DECISION_OVER for one
        that was confirmed or waited too long, and what `asides.carry_out` refuses.
        """
        with self._office.alone() as cursor:
            if not may(cursor, by, "supervisor"):
                return Refusal("STAFF_NOT_ALLOWED", by.staff_id)
            asked = taps_aside.find_decision(cursor, number)
            if asked is None:
                return Refusal("TAP_DECISION_UNKNOWN", str(number))
            if asked.asked_by == by.staff_id:
                return Refusal("TAP_SAME_PERSON", str(number))
            is_old = now_s >= asked.asked_s + fleet_terms().confirm_within_s
            if asked.confirmed_s is not None or is_old:
                return Refusal("TAP_DECISION_OVER", str(number))
            assert self._office.fares is not None, "a city without gates has no taps"
            done = asides.carry_out(
                cursor, self._office.code, self._office.fares, asked, by.staff_id, now_s
            )
            if not isinstance(done, Refusal):
                subject = f"{asked.ref} #{number}"
                note(cursor, by, f"tap_{asked.kind}_confirm", subject, now_s, asked.why)
        return done

    def asked(self, now_s: int) -> list[Decision]:
        """What was asked and waits for its second person, oldest first."""
        with self._office.reading() as cursor:
            return taps_aside.unconfirmed(cursor, now_s - fleet_terms().confirm_within_s)

    def history(self, ref: TapRef) -> list[Decision]:
        """All that was asked and confirmed about one tap, oldest first."""
        with self._office.reading() as cursor:
            return taps_aside.decisions_of(cursor, ref)
