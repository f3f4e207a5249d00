"""The city as its neighbours see it: bytes in, bytes out, each call one database transaction.

It is issuer and acquirer of one city. Times are arguments: on virtual time and on a real clock the
same code runs. One writer at a time: a second process waits at the door (advisory lock).
"""

from collections.abc import Iterator, Sequence
from datetime import date

from tongxing.city import (
    accounts,
    disputed,
    feedback,
    healing,
    intake,
    listing,
    presenting,
    rating,
    settling,
)
from tongxing.city.accounts import RiderOpening
from tongxing.city.covering import cover_purses
from tongxing.city.desk import Desk
from tongxing.city.fleet.admission import DeviceBatch, admit
from tongxing.city.intake import OpenedBatch
from tongxing.city.settling import BankLine
from tongxing.city.store import days
from tongxing.city.store.cursor import Cursor
from tongxing.city.tap_signatures import (
    NOTHING_SIGNED,
    SignatureKeys,
    TapSignatures,
    check_taps,
)
from tongxing.fares import CityFares
from tongxing.kernel.clock import business_date, business_day_end
from tongxing.kernel.reasons import Refusal
from tongxing.messages import (
    HUB_SENDER,
    CaseDetail,
    IssuerDetail,
    KeyRing,
    Receipt,
    SigningKey,
    Statement,
    Tap,
    VerdictFile,
    seal,
    unseal,
)
from tongxing.messages.envelope import Body
from tongxing.storage import Database


class City(Desk):
    """One city's issuer and acquirer over its own store, with the desk for half trips.

    `fares` is None for a city that only issues: it has no gates, so nothing is rated there.
    """

    def __init__(
        self,
        code: str,
        database: Database,
        key: SigningKey,
        trusted: KeyRing,
        fares: CityFares | None,
        signatures: SignatureKeys | None = None,
    ) -> None:
        """`signatures` check what the city's own media signed before it moves money; without them
        every tap rests on its acquirer's word."""
        super().__init__(code, database, fares)
        self._key = key
        self._signatures = signatures
        self._trusted = trusted

    def open_riders(self, openings: Sequence[RiderOpening], opened_s: int) -> None:
        """Take over accounts and purses with their balances and counters."""
        with self._transaction() as cursor:
            accounts.open_riders(cursor, self.code, openings, opened_s, business_date(opened_s))

    def top_up(self, rider_id: str, amount_fen: int, reference: str, paid_s: int) -> Refusal | None:
        """Book money a passenger paid in; see `accounts.top_up` for the refusals."""
        with self._transaction() as cursor:
            return accounts.top_up(
                cursor, self.code, rider_id, amount_fen, reference, paid_s, business_date(paid_s)
            )

    def report_lost(self, medium_no: str) -> Refusal | None:
        """Deny a lost medium; see `accounts.report_lost` for the refusals."""
        with self._transaction() as cursor:
            return accounts.report_lost(cursor, medium_no)

    def intake(self, messages: Sequence[bytes], received_s: int) -> list[bytes | Refusal]:
        """Take sealed tap batches; a sealed receipt, or the refusal, for each, in order.

        All good batches are one transaction. A refused one changes nothing and harms no other.
        """
        opened = [intake.open_batch(message, self._trusted) for message in messages]
        signed = self._signed([item for item in opened if not isinstance(item, Refusal)])
        with self._transaction() as cursor:
            receipts = iter(self._taken(cursor, opened, received_s, signed))
        return self._answers(opened, receipts)

    def intake_of_devices(
        self, batches: Sequence[DeviceBatch], received_s: int
    ) -> list[bytes | Refusal]:
        """The same for batches of the fleet, opened already; which of them are admitted is asked
        in the very transaction that takes them in."""
        signed = self._signed([item.opened for item in batches])
        with self._transaction() as cursor:
            admitted = admit(cursor, batches)
            receipts = iter(self._taken(cursor, admitted, received_s, signed))
        return self._answers(admitted, receipts)

    def close_day(self, day: date, closed_s: int) -> int | Refusal:
        """Close a business day: accounts' open trips end as half trips, which wait to be resolved.
        Returns how many.

        Refuses DAY_NOT_OVER before 03:00 of the next day and DAY_ALREADY_CLOSED.
        """
        if closed_s < business_day_end(day):
            return Refusal("DAY_NOT_OVER", day.isoformat())
        with self._transaction() as cursor:
            end_s = business_day_end(day)
            if days.closed_until(cursor) >= end_s:
                return Refusal("DAY_ALREADY_CLOSED", day.isoformat())
            half_trips = 0
            if self._fares is not None:
                overdue: dict[str, list[Tap]] = {
                    rider_id: [] for rider_id in days.overdue_riders(cursor, day)
                }
                half_trips = rating.rate_riders(
                    cursor, self.code, self._fares, overdue, end_s, business_date(closed_s)
                ).more_waiting
            days.write_close(cursor, day, closed_s, half_trips)
            if self._fares is not None:
                healing.resolve_due(cursor, self.code, self._fares, closed_s)
            return half_trips

    def publish_deny_list(self, published_s: int) -> bytes:
        """The next version of the deny list, sealed for the gates."""
        with self._transaction() as cursor:
            return listing.publish(cursor, self.code, self._key, published_s)

    def deny_list_since(self, version: int) -> bytes | None:
        """What brings a gate that has this version to the newest one: a sealed delta or the whole
        list; None when there is nothing newer. A gate that refuses a delta asks again from 0."""
        with self._transaction() as cursor:
            return listing.since(cursor, self._key, version)

    def record_file(self, created_s: int) -> tuple[bytes, bytes] | None:
        """The next record file for the hub (sealed manifest, data); None when none is due."""
        with self._transaction() as cursor:
            return presenting.make_record_file(cursor, self.code, self._key, created_s)

    def apply_verdicts(self, message: bytes, received_s: int) -> Refusal | None:
        """Book the hub's sealed answer on a record file."""
        body = self._from_hub(message, VerdictFile)
        if isinstance(body, Refusal):
            return body
        with self._transaction() as cursor:
            return feedback.book_verdicts(
                cursor, self.code, body, received_s, business_date(received_s)
            )

    def apply_issuer_detail(self, message: bytes, received_s: int) -> Refusal | None:
        """Book our passengers' rides in other cities from the hub's sealed detail."""
        body = self._from_hub(message, IssuerDetail)
        if isinstance(body, Refusal):
            return body
        with self._transaction() as cursor:
            refusal = feedback.book_issuer_detail(
                cursor, self.code, body, received_s, business_date(received_s)
            )
            cover_purses(cursor, self.code, received_s)
            return refusal

    def apply_statement(self, message: bytes, received_s: int) -> Refusal | None:
        """Book a window's fees from the hub's sealed statement, when our books agree with it."""
        body = self._from_hub(message, Statement)
        if isinstance(body, Refusal):
            return body
        with self._transaction() as cursor:
            return feedback.book_statement(
                cursor, self.code, body, received_s, business_date(received_s)
            )

    def apply_case_detail(self, message: bytes, received_s: int) -> Refusal | None:
        """Book what a window says of our members' disputes; before that window's statements."""
        body = self._from_hub(message, CaseDetail)
        if isinstance(body, Refusal):
            return body
        with self._transaction() as cursor:
            return disputed.book_case_detail(
                cursor, self.code, body, received_s, business_date(received_s)
            )

    def settle(self, line: BankLine) -> Refusal | None:
        """Book one line of our bank statement."""
        with self._transaction() as cursor:
            return settling.settle(cursor, self.code, line, business_date(line.value_s))

    def _signed(self, batches: Sequence[OpenedBatch]) -> TapSignatures:
        """What the signatures in these batches are worth, before the city's door is closed."""
        if self._signatures is None:
            return NOTHING_SIGNED
        taps = (tap for opened in batches for tap in opened.batch.taps)
        return check_taps(taps, self.code, self._signatures)

    def _taken(
        self,
        cursor: Cursor,
        opened: Sequence[OpenedBatch | Refusal],
        received_s: int,
        signed: TapSignatures,
    ) -> list[Receipt]:
        assert self._fares is not None, "a city without gates takes no taps"
        good = [item for item in opened if not isinstance(item, Refusal)]
        receipts = (
            intake.take_batches(cursor, self.code, self._fares, good, received_s, signed)
            if good
            else []
        )
        cover_purses(cursor, self.code, received_s)
        return receipts

    def _answers(
        self, opened: Sequence[OpenedBatch | Refusal], receipts: Iterator[Receipt]
    ) -> list[bytes | Refusal]:
        return [
            item if isinstance(item, Refusal) else seal(next(receipts), self._key)
            for item in opened
        ]

    def _from_hub(self, message: bytes, expected: type[Body]) -> Body | Refusal:
        opened = unseal(message, expected, self._trusted)
        if isinstance(opened, Refusal):
            return opened
        sender, body = opened
        if sender != HUB_SENDER:
            return Refusal("IDENTITY_MISMATCH", sender, {"site": HUB_SENDER})
        return body
