"""The clearing house at work: takes files, closes windows, confirms payments.

The only part of the hub that changes the database. Each call is one transaction that is alone, so
a file is booked whole or not at all, and every answer can be asked for again and is the same. Time
comes in with each call; nothing here reads a clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tongxing.hub.batches import no_cycle_search
from tongxing.hub.books import payment_posting
from tongxing.hub.checks import Case
from tongxing.hub.closing import CARRIED_VERDICTS, WindowClosing
from tongxing.hub.displays import judge_displays
from tongxing.hub.evidence import NoWitness, Witness
from tongxing.hub.files import Cover, open_file, read_cover
from tongxing.hub.freezing import freeze
from tongxing.hub.ground import Ground
from tongxing.hub.instructions import Instruction
from tongxing.hub.iso20022 import PaymentStatus, read_status
from tongxing.hub.keys import OwnKey, own_keys
from tongxing.hub.members import Member
from tongxing.hub.purses import Gap, Link
from tongxing.hub.registers import evidence_of
from tongxing.hub.reserves import late_posting
from tongxing.hub.rows import Row
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.settlement import (
    PAYOUT_PHASE,
    Payment,
    PaymentState,
    event_of,
    judge_payout_again,
    judge_report,
    may_be_paid,
)
from tongxing.hub.shelves import GroundShelf
from tongxing.hub.shutting import closing_of, moved_on, shut
from tongxing.hub.signing import KeptFileChanged
from tongxing.hub.store import Cursor, HubStore
from tongxing.hub.store import displays as display_table
from tongxing.hub.store import files as file_table
from tongxing.hub.store import life as life_table
from tongxing.hub.store import members as member_table
from tongxing.hub.store import payments as payment_table
from tongxing.hub.store import purses as purse_table
from tongxing.hub.store import records as record_table
from tongxing.hub.store import recoveries as recovery_table
from tongxing.hub.store import registers as register_table
from tongxing.hub.store import taps as tap_table
from tongxing.hub.store import windows as window_table
from tongxing.hub.windows import (
    WindowState,
    WindowTimes,
    closing_day,
    window_of,
    window_times,
)
from tongxing.kernel.clock import stamp
from tongxing.kernel.reasons import Refusal
from tongxing.ledger.store import write_postings
from tongxing.messages import KeyRing, VerdictFile, seal
from tongxing.messages.faults import made_too_early


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a bank's report did: the payment's final state, and its window's state after it."""

    instruction: Instruction
    state: PaymentState
    window_state: WindowState


class Hub:
    """One clearing house over its store.

    `key` signs all that goes out; `trusted` holds the keys of the acquirers; `ground` is what the
    hub knows of networks and tariffs, `witness` whoever says more of records than they do.
    """

    def __init__(
        self,
        store: HubStore,
        key: OwnKey,
        trusted: KeyRing,
        rules: Rulebook,
        ground: Ground,
        witness: Witness | None = None,
    ) -> None:
        self._store = store
        self._key = own_keys(key)
        self._trusted = trusted
        self._rules = rules
        self._witness = witness or NoWitness()
        self._grounds = GroundShelf(ground)

    def close(self) -> None:
        """Let go of the database connection."""
        self._store.close()

    def enrol(self, joining: Iterable[Member], now_s: int) -> Refusal | None:
        """Add members; one that is there already stays as it is.

        Refuses with MEMBER_CONFLICT, and adds nobody, when one is there with other particulars.
        """
        with self._store.changing() as cursor:
            known = member_table.load_members(cursor)
            fresh: dict[str, Member] = {}
            for member in joining:
                seen = known.get(member.member_id) or fresh.get(member.member_id)
                if seen is None:
                    fresh[member.member_id] = member
                elif seen != member:
                    return Refusal("MEMBER_CONFLICT", values={"member": member.member_id})
            member_table.add_members(cursor, fresh.values(), now_s)
        return None

    def suspend(self, member_id: str, now_s: int) -> Refusal | None:
        """From now on carry this member's records (1019). Refuses with MEMBER_UNKNOWN."""
        with self._store.changing() as cursor:
            if member_id not in member_table.load_members(cursor):
                return Refusal("MEMBER_UNKNOWN", values={"member": member_id})
            member_table.set_suspended(cursor, member_id, now_s)
        return None

    def reinstate(self, member_id: str, now_s: int) -> Mapping[str, bytes] | Refusal:
        """End a suspension: carried records enter the window of this moment.

        Gives the sealed `VerdictFile` for each acquirer that has such records. Refuses with
        MEMBER_UNKNOWN.
        """
        with self._store.changing() as cursor:
            if member_id not in member_table.load_members(cursor):
                return Refusal("MEMBER_UNKNOWN", values={"member": member_id})
            if not member_table.set_suspended(cursor, member_id, None):
                return {}
            stamped_s, window_id = self._window_now(cursor, now_s)
            released = record_table.release_carried(cursor, window_id, stamped_s)
            released = {
                sender: life_table.named(cursor, verdicts) for sender, verdicts in released.items()
            }
            for verdicts in released.values():
                names = [verdict.record_id for verdict in verdicts]
                why, version = f"{member_id} is back", self._rules.version
                life_table.write_reinstated(cursor, names, stamped_s, why, version)
            answers = {
                sender: seal(
                    VerdictFile(
                        file_id=f"carried-{member_id}-{now_s}",
                        window_id=window_id,
                        file_code="OK",
                        verdicts=verdicts,
                    ),
                    self._key.due(cursor, window_id),
                )
                for sender, verdicts in released.items()
            }
            documents = {
                (CARRIED_VERDICTS, f"{sender}/{member_id}/{now_s}"): content
                for sender, content in answers.items()
            }
            window_table.write_documents(cursor, window_id, documents)
        return answers

    def receive_file(self, manifest: bytes, data: bytes, received_s: int) -> bytes | Refusal:
        """Take a record file that was complete at `received_s`; the sealed `VerdictFile`.

        `manifest` is a sealed `Manifest` from an enrolled acquirer, `data` one gzip stream with a
        JSON `Record` per line. The same file again gets the same answer and changes nothing.
        Refuses, and keeps nothing: a reason of `read_cover` or `open_file`, DATE_FUTURE,
        FILE_SENDER, FILE_ID_CONFLICT, FILE_CHAIN.
        """
        cover = read_cover(manifest, self._rules.file, self._trusted)
        if isinstance(cover, Refusal):
            return cover
        early = made_too_early(cover.manifest.created_s, received_s, cover.manifest.file_id)
        if early is not None:
            return early
        with no_cycle_search(), self._store.changing() as cursor:
            members = member_table.load_members(cursor)
            sender = members.get(cover.sender)
            if sender is None or sender.kind != "acquirer":
                return Refusal("FILE_SENDER", "manifest", {"sender": cover.sender})
            known = file_table.find_file(cursor, cover.sender, cover.manifest.file_id)
            if known is not None:
                return _answer_again(known, cover, data, self._rules)
            number, last = file_table.end_of_chain(cursor, cover.sender)
            previous = cover.manifest.previous_manifest_sha256
            if previous != last:
                values = {"expected": last or "-", "found": previous or "-"}
                return Refusal("FILE_CHAIN", cover.manifest.file_id, values)
            rows = open_file(cover.manifest, data, self._rules.file)
            if isinstance(rows, Refusal):
                return rows
            return self._admit(cursor, number + 1, cover, data, rows, sender, members, received_s)

    def close_window(self, window_id: str, now_s: int) -> WindowClosing | Refusal:
        """Net a window, make all its documents and payments, and sign its checkpoint. Again, it
        gives the same bytes.

        Refuses with WINDOW_ID, WINDOW_NOT_DUE (before its cut-off), WINDOW_ORDER (an earlier one
        is still open), WINDOW_PASSED (a later one is closed) or KEPT_FILE_CHANGED.
        """
        if isinstance(refusal := closing_day(window_id), Refusal):
            return refusal
        times = window_times(window_id, self._rules)
        try:
            return self._closed(window_id, times, now_s)
        except KeptFileChanged as changed:
            return Refusal("KEPT_FILE_CHANGED", window_id, {"file": str(changed)})

    def closing(self, window_id: str) -> WindowClosing | Refusal:
        """What a window that was closed handed out. Refuses with WINDOW_UNKNOWN."""
        with self._store.reading() as cursor:
            state = window_table.window_state(cursor, window_id)
            if state is None or state is WindowState.OPEN:
                return Refusal("WINDOW_UNKNOWN", values={"window": window_id})
            return closing_of(cursor, window_id)

    def purse_gaps(self) -> list[Gap]:
        """Purchases of cards that no record has told of yet: something is still on its way."""
        with self._store.reading() as cursor:
            return purse_table.load_gaps(cursor)

    def purses_unpaid(self) -> list[Link]:
        """Purchases of cards that were seen, and that no record which stands tells of."""
        with self._store.reading() as cursor:
            return purse_table.unpaid_links(cursor)

    def checks_not_made(self, window_id: str) -> list[tuple[str, str, int]]:
        """What was not asked of a window's rows, for want of a register: sender, check, rows."""
        with self._store.reading() as cursor:
            return register_table.load_not_made(cursor, window_id)

    def trial_totals(self, window_id: str) -> list[record_table.TrialTotal]:
        """What a window was shown of trials, which is never money: by issuer and acquirer."""
        with self._store.reading() as cursor:
            return record_table.trial_totals(cursor, window_id)

    def payments_to_send(self, window_id: str) -> list[Payment]:
        """The payments that may go to the bank now: each phase waits for the one before it."""
        with self._store.reading() as cursor:
            payments = payment_table.load_payments(cursor, window_id)
        return [
            payment
            for payment in payments
            if payment.state is PaymentState.ISSUED and may_be_paid(payment, payments)
        ]

    def confirm_payment(self, report: bytes, received_s: int) -> Confirmation | Refusal:
        """Book what a bank reports (pacs.002, or pain.002 for a payout) about one payment. One that
        an acquirer sent again by itself ends the hub's own (`judge_payout_again`).

        Refuses, and books nothing: PAYMENT_MALFORMED, and what `judge_report` refuses.
        """
        status = read_status(report)
        if isinstance(status, Refusal):
            return status
        with self._store.changing() as cursor:
            window_id = payment_table.window_of_payment(cursor, status.end_to_end_id)
            payments = payment_table.load_payments(cursor, window_id or "")
            by_id = {payment.instruction.instruction_id: payment for payment in payments}
            payment = by_id.get(status.end_to_end_id)
            if payment is None and (last := payment_table.last_of_chain(cursor, status)):
                return _paid_elsewhere(cursor, status, last, received_s)
            state = judge_report(status, payment, payments)
            if isinstance(state, Refusal):
                return state
            assert payment is not None
            instruction = payment.instruction
            payment_table.set_payment_state(
                cursor,
                instruction.instruction_id,
                state,
                received_s,
                status.bank_reference,
                status.reason,
            )
            is_late, is_settled = (
                payment.state is PaymentState.COVERED,
                state is PaymentState.SETTLED,
            )
            if is_late:
                write_postings(cursor, [late_posting(cursor, payment, received_s)])
            elif is_settled and instruction.phase != PAYOUT_PHASE:
                write_postings(cursor, [payment_posting(instruction, received_s)])
            event = event_of(payment, payments) if is_settled and not is_late else None
            after = moved_on(cursor, instruction.window_id, event, received_s)
        return Confirmation(instruction, state, after)

    def _admit(
        self,
        cursor: Cursor,
        number: int,
        cover: Cover,
        data: bytes,
        rows: list[Row],
        sender: Member,
        members: Mapping[str, Member],
        received_s: int,
    ) -> bytes:
        stamped_s, window_id = self._window_now(cursor, received_s)
        days = self._rules.lateness.recovery_until_days
        ground = self._grounds.ground(cursor, sender.city, stamped_s, days)
        readable = [row.record for row in rows if row.record is not None]
        known = record_table.load_standing(cursor, readable)
        told = self._witness.evidence(readable)
        told = evidence_of(cursor, sender, members, readable, told)
        chains = purse_table.chains_with(cursor, readable, told.forged)
        case = Case(
            sender=sender,
            members=members,
            suspended=member_table.suspended_members(cursor),
            rules=self._rules,
            ground=ground,
            received_s=stamped_s,
            known=known,
            holders=tap_table.load_holders(cursor, cover.sender, readable),
            rejected=record_table.load_rejected(cursor, cover.sender, readable),
            evidence=replace(
                told, chains=chains, consents=recovery_table.consents(cursor, readable)
            ),
        )
        displays = display_table.load_displays(cursor, readable)
        judgements = judge_displays(rows, case, displays)
        file_id = cover.manifest.file_id
        answer = VerdictFile(
            file_id=file_id,
            window_id=window_id,
            file_code="OK",
            verdicts=[judgement.verdict() for judgement in judgements],
        )
        verdicts = seal(answer, self._key.due(cursor, window_id))
        received = file_table.ReceivedFile(cover, data, stamped_s, window_id, judgements, verdicts)
        file_table.write_file(cursor, number, received)
        record_table.write_judgements(
            cursor, cover.sender, file_id, window_id, stamped_s, judgements
        )
        tap_table.write_claims(cursor, cover.sender, judgements, known)
        display_table.write_displays(cursor, judgements)
        forks = purse_table.write_links(cursor, judgements, told.forged, chains)
        freeze(cursor, forks, stamped_s, window_id, self._rules, self._key)
        register_table.write_not_made(cursor, cover.sender, file_id, told.not_made)
        return verdicts

    def _window_now(self, cursor: Cursor, received_s: int) -> tuple[int, str]:
        """The stamp of an arrival and its window, which is made sure to exist.

        The hub never stamps a time before a cut-off it has closed: what was not there then
        belongs to the next window.
        """
        stamped_s = max(received_s, window_table.last_closed_cutoff(cursor))
        window_id = window_of(stamped_s, self._rules)
        cutoff_s = window_times(window_id, self._rules).cutoff_s
        window_table.open_window(cursor, window_id, cutoff_s)
        return stamped_s, window_id

    def _closed(self, window_id: str, times: WindowTimes, now_s: int) -> WindowClosing | Refusal:
        with self._store.changing() as cursor:
            state = window_table.window_state(cursor, window_id)
            if state is None or state is WindowState.OPEN:
                if now_s < times.cutoff_s:
                    values = {"window": window_id, "cutoff": stamp(times.cutoff_s)}
                    return Refusal("WINDOW_NOT_DUE", values=values)
                earlier = window_table.earlier_open_window(cursor, window_id)
                if earlier is not None:
                    return Refusal("WINDOW_ORDER", values={"earlier": earlier})
                if window_table.last_closed_cutoff(cursor) > times.cutoff_s:
                    return Refusal("WINDOW_PASSED", values={"window": window_id})
                shut(cursor, window_id, times, now_s, self._rules, self._key)
            return closing_of(cursor, window_id)


def _paid_elsewhere(
    cursor: Cursor, status: PaymentStatus, last: Payment, received_s: int
) -> Confirmation | Refusal:
    """Note what the bank says of a payment that an acquirer sent again by itself."""
    state = judge_payout_again(status, last)
    if isinstance(state, Refusal):
        return state
    instruction = last.instruction
    if state is not last.state:
        name, reference = instruction.instruction_id, status.bank_reference
        payment_table.set_payment_state(cursor, name, state, received_s, reference)
    return Confirmation(instruction, state, moved_on(cursor, instruction.window_id, None, 0))


def _answer_again(
    known: file_table.KnownFile, cover: Cover, data: bytes, rules: Rulebook
) -> bytes | Refusal:
    """The first answer, for the same file; a refusal for another one under its id."""
    if known.manifest_sha256 != cover.sha256:
        return Refusal("FILE_ID_CONFLICT", values={"file_id": cover.manifest.file_id})
    rows = open_file(cover.manifest, data, rules.file)
    return rows if isinstance(rows, Refusal) else known.verdicts
