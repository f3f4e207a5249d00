"""The loss desk: what pages and counters call. Each call is one transaction, with no intake beside
it, so that a tap is either booked before a report or after it, never between.
"""

from collections.abc import Callable
from typing import Literal

from tongxing.city import replacing
from tongxing.city.binding import leaving
from tongxing.city.losing import claims, disputing, raising, reporting
from tongxing.city.losing.settling_dispute import Parties
from tongxing.city.losing.values import (
    Bindings,
    Claim,
    Claimed,
    Dispute,
    DisputeState,
    LossReport,
    Money,
    Notify,
    People,
    Released,
)
from tongxing.city.loss_terms import LossTerms, Outcome, loss_terms
from tongxing.city.office import Office
from tongxing.city.people.notices import notify as notify_person
from tongxing.city.replacing import Replaced, Replacing
from tongxing.city.store import disputes as dispute_store
from tongxing.city.store import losing as loss_store
from tongxing.city.store.replacing import find_medium
from tongxing.kernel.ids import masked
from tongxing.kernel.reasons import Refusal
from tongxing.network.registry import Registry

Publish = Callable[[int], object]
"""Makes the next deny list and sends it to the gates."""


class LossDesk:
    """Losses and disputed bindings of one city.

    `people` is asked about who claims a card, `money` freezes and thaws (the module
    `tongxing.city.money` does), `bindings` and `notify` work in our transactions.
    """

    def __init__(
        self,
        office: Office,
        people: People,
        money: Money,
        registry: Registry,
        *,
        bindings: Bindings = leaving,
        notify: Notify = notify_person,
    ) -> None:
        self._office, self._registry, self._notify = office, registry, notify
        self._parties = Parties(people, money, bindings, notify)

    def terms(self, now_s: int) -> LossTerms:
        """What is promised in this city now."""
        return loss_terms(self._office.code, now_s)

    def report(
        self,
        account: str,
        medium_no: str,
        request_id: str,
        now_s: int,
        publish: Publish | None = None,
    ) -> LossReport | Refusal:
        """Take a loss report; see `reporting.report`. `publish` is called at once after a new
        one is kept: should it fail, the report stands, and the list after carries it."""
        with self._office.alone() as cursor:
            before = loss_store.find_report(cursor, request_id)
            found = reporting.report(
                cursor, self._office.code, account, medium_no, request_id, now_s
            )
            is_new = (
                before is None and isinstance(found, LossReport) and found.report_id == request_id
            )
            if is_new:
                effective_s = self.terms(now_s).effective_s(now_s)
                values = {"card": masked(medium_no), "effective_s": effective_s}
                self._notify(cursor, account, "loss_reported", values, now_s)
        if is_new and publish is not None:
            publish(now_s)
        return found

    def found_again(
        self,
        account: str,
        report_id: str,
        request_id: str,
        now_s: int,
        publish: Publish | None = None,
        *,
        by_staff: bool = False,
    ) -> LossReport | Refusal:
        """Take a loss report back; see `reporting.found_again`."""
        with self._office.alone() as cursor:
            before = loss_store.find_report(cursor, report_id)
            found = reporting.found_again(
                cursor, self._office.code, account, report_id, request_id, now_s, by_staff=by_staff
            )
        is_new = before is not None and before.lifted_s is None and isinstance(found, LossReport)
        if is_new and publish is not None:
            publish(now_s)
        return found

    def reports(self, account: str) -> list[LossReport]:
        """All loss reports of an account, newest first."""
        with self._office.reading() as cursor:
            return reporting.reports_of(cursor, account)

    def release_found(self, now_s: int) -> Released:
        """Move what lost cards' purses still have; see `reporting.release_found`."""
        with self._office.alone() as cursor:
            return reporting.release_found(cursor, self._office.code, now_s)

    def replace(self, asked: Replacing, now_s: int) -> Replaced | Refusal:
        """Give the holder of a lost or unbound card a new one; see `replacing.replace_medium`. The
        holder of an account is told."""
        with self._office.alone() as cursor:
            found = replacing.replace_medium(
                cursor, self._office.code, self._registry, asked, now_s
            )
            if isinstance(found, Replaced) and found.already_s is None:
                new = find_medium(cursor, found.new_no)
                if new is not None and new.rider_kind == "account":
                    values = {"card": masked(found.old_no), "new": masked(found.new_no)}
                    self._notify(cursor, new.rider_id, "card_replaced", values, now_s)
            return found

    def dispute(
        self, medium_no: str, claim: Claim, request_id: str, now_s: int, note: str = ""
    ) -> Dispute | Refusal:
        """Begin a dispute about a card's binding; see `raising.raise_dispute`."""
        with self._office.alone() as cursor:
            return raising.raise_dispute(
                cursor, self._office.code, self._parties, medium_no, claim, request_id, note, now_s
            )

    def add_evidence(
        self, case_id: str, by: str, note: str, request_id: str, now_s: int
    ) -> Dispute | Refusal:
        """Keep what somebody says or shows; see `disputing.take_step`."""
        return self._step(case_id, "evidence", None, by, request_id, note, now_s)

    def propose(
        self,
        case_id: str,
        staff: str,
        outcome: Outcome,
        request_id: str,
        now_s: int,
        note: str = "",
    ) -> Dispute | Refusal:
        """One of the staff says how the dispute should end; another one decides."""
        return self._step(case_id, "propose", outcome, staff, request_id, note, now_s)

    def decide(
        self, case_id: str, staff: str, approve: bool, request_id: str, now_s: int, note: str = ""
    ) -> Dispute | Refusal:
        """A second person approves what was proposed, which ends the dispute, or sends it back.

        Refuses FOUR_EYES when whoever proposed approves.
        """
        kind: Literal["approve", "send_back"] = "approve" if approve else "send_back"
        return self._step(case_id, kind, None, staff, request_id, note, now_s)

    def withdraw(
        self, case_id: str, claim: Claim, request_id: str, now_s: int
    ) -> Dispute | Refusal:
        """Whoever raised a dispute takes it back; see `disputing.withdraw`."""
        with self._office.alone() as cursor:
            return disputing.withdraw(
                cursor, self._office.code, self._parties, case_id, claim, request_id, now_s
            )

    def lapse(self, now_s: int) -> list[Dispute]:
        """End the disputes whose time is over; see `disputing.lapse`."""
        with self._office.alone() as cursor:
            return disputing.lapse(cursor, self._office.code, self._parties, now_s)

    def disputes(self, state: DisputeState | Literal[""] = "") -> list[Dispute]:
        """All disputes, oldest first; of one state when it is given."""
        with self._office.reading() as cursor:
            found = disputing.told_all(cursor, dispute_store.all_cases(cursor))
        return [one for one in found if state in ("", one.state)]

    def disputes_of(self, account: str) -> list[Dispute]:
        """The disputes about cards bound to an account, oldest first."""
        with self._office.reading() as cursor:
            return disputing.told_all(cursor, dispute_store.cases_of_account(cursor, account))

    def case(self, case_id: str) -> Dispute | Refusal:
        """One dispute. Refuses DISPUTE_UNKNOWN."""
        with self._office.reading() as cursor:
            found = dispute_store.find_case(cursor, case_id)
            if found is None:
                return Refusal("DISPUTE_UNKNOWN", case_id)
            return disputing.told(cursor, found)

    def claims(self, person_id: str, now_s: int) -> list[Claimed]:
        """What a person claimed by a card's number; see `claims.claims_of`."""
        with self._office.reading() as cursor:
            return claims.claims_of(cursor, self._office.code, person_id, now_s)

    def _step(
        self,
        case_id: str,
        kind: str,
        outcome: Outcome | None,
        by: str,
        request_id: str,
        note: str,
        now_s: int,
    ) -> Dispute | Refusal:
        with self._office.alone() as cursor:
            return disputing.take_step(
                cursor, self._office.code, self._parties, case_id, kind, outcome, by, request_id,
                note, now_s,
            )  # fmt: skip
