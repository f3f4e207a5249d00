"""The bank's side of the day: what it reported is booked, what may be paid now is handed to it.

A payment's message is written to ``bank/out`` when everything that has to be paid before it is
settled. A report that comes before its turn waits; every other one ends booked or refused, and is
laid aside with the reason. Statements of the settlement account (camt.053, camt.054) and returns
(pacs.004) come the same way and are held against the books.
"""

from tongxing.hub.iso20022 import read_status
from tongxing.hub.iso20022.common import kind_of
from tongxing.hub.reconciling import BankDesk
from tongxing.hub.running.folders import (
    REPORT,
    REPORT_BYTES_MAX,
    Came,
    Folders,
    put,
    read_at_most,
    safe,
)
from tongxing.hub.service import Hub
from tongxing.hub.settlement import PaymentState
from tongxing.hub.store import HubStore
from tongxing.hub.store import days as table
from tongxing.hub.store.days import BankReport
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal

_LINES = ("camt.05", "pacs.004.")
BEFORE_ITS_TURN, ALREADY = "PAYMENT_TOO_EARLY", "PAYMENT_REPEATED"


class Banking:
    """The bank's folders and the hub's payments."""

    def __init__(self, store: HubStore, hub: Hub, folders: Folders) -> None:
        self._store = store
        self._hub = hub
        self._folders = folders
        self._bank = BankDesk(store)

    def hand_out(self, window_id: str) -> None:
        """Write the message of every payment of a window that may go to the bank now."""
        for payment in self._hub.payments_to_send(window_id):
            name = f"{safe(payment.instruction.instruction_id)}{REPORT}"
            put(self._folders.bank_out / window_id / name, payment.message)

    def tell_again(self) -> None:
        """Tell books that were restored from a backup of every report that was judged since."""
        folders = self._folders
        judged = [
            BankReport(
                sha256_hex(read_at_most(found.path, REPORT_BYTES_MAX)), found.name, found.received_s
            )
            for found in folders.judged(folders.bank_in, REPORT)
        ]
        with self._store.changing() as cursor:
            table.write_reports(cursor, judged)

    def take_in(self, now_s: int) -> None:
        """Stamp and book what the bank reported, until nothing moves any more."""
        with self._store.reading() as cursor:
            waiting = {report.sha256 for report in table.waiting_reports(cursor)}
        fresh = [
            BankReport(sha256, name, now_s)
            for name, sha256 in self._folders.reports()
            if sha256 not in waiting
        ]
        if fresh:
            with self._store.changing() as cursor:
                table.write_reports(cursor, fresh)
        moved = True
        while moved:
            with self._store.reading() as cursor:
                open_reports = table.waiting_reports(cursor)
            moved = sum(self._book(report) for report in open_reports) > 0
        self._bank.look_again(now_s)

    def _book(self, report: BankReport) -> bool:
        """Book one report and lay it aside; False when it has to wait."""
        folder = self._folders.bank_in
        came = Came(report.name, report.received_s, report.sha256)
        place = self._folders.find(folder, came, REPORT)
        content = b"" if place is None else read_at_most(place, REPORT_BYTES_MAX)
        if place is None or sha256_hex(content) != report.sha256:
            return False  # somebody took it away: it waits until it is there again
        if kind_of(content).startswith(_LINES):
            answer: object = self._bank.take(content, report.received_s)
        else:
            answer = self._hub.confirm_payment(content, report.received_s)
        refusal = answer if isinstance(answer, Refusal) else None
        if refusal is not None and refusal.code == BEFORE_ITS_TURN:
            return False
        if refusal is not None and refusal.code == ALREADY and self._was_this(report, content):
            refusal = None
        if refusal is not None:
            self._folders.say_why(folder, came, refusal)
        self._folders.file_away(place, folder, came, taken=refusal is None)
        code = table.TAKEN if refusal is None else refusal.code
        with self._store.changing() as cursor:
            table.judge_report(cursor, report, code)
        return True

    def _was_this(self, report: BankReport, content: bytes) -> bool:
        """Whether it was this very report that was booked, before somebody pulled the plug."""
        status = read_status(content)
        if isinstance(status, Refusal):
            return False
        state = PaymentState.SETTLED if status.status == "ACSC" else PaymentState.REJECTED
        reference, payment = status.bank_reference, status.end_to_end_id
        with self._store.reading() as cursor:
            return table.is_booked(cursor, payment, state, report.received_s, reference)
