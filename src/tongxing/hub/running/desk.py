"""The desk at which a settlement day is worked: does what is due, step by step, and says how far.

Each step is one or a few transactions that can be done again, and is written down when nothing can
be added to it. So whoever starts again after a crash goes on at the step that was not written down,
and ends with the same bytes. One process works at a time: the lock belongs to the very connection
that writes, and is gone when that is.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from tongxing.hub.holding import HoldingDesk
from tongxing.hub.keys import OwnKey, known_keys
from tongxing.hub.life import RecordEvent
from tongxing.hub.proofs import prove_hub
from tongxing.hub.reserve_calls import called_s
from tongxing.hub.reserves import ReserveDesk
from tongxing.hub.rows import is_name
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.running import papers
from tongxing.hub.running.banking import Banking
from tongxing.hub.running.folders import Folders, PaperDiffers, put, put_grown
from tongxing.hub.running.intake import Intake
from tongxing.hub.running.status import DayStatus, day_status
from tongxing.hub.running.steps import BEFORE_CUTOFF, ORDER, Step, before, due_s
from tongxing.hub.service import Hub
from tongxing.hub.settlement import DONE, ENDED
from tongxing.hub.store import HubStore
from tongxing.hub.store import days as table
from tongxing.hub.store import payments as payment_table
from tongxing.hub.windows import WindowTimes, closing_day, window_of, window_times
from tongxing.hub.words import in_both
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing

Figures = Mapping[str, int]


class DayDesk:
    """One clearing house's days over its store and folders.

    `key` is the hub's own (or its keys), `trusted` holds those of the members that send files.
    """

    def __init__(
        self,
        store: HubStore,
        hub: Hub,
        key: OwnKey,
        trusted: KeyRing,
        rules: Rulebook,
        folders: Folders,
    ) -> None:
        self._store = store
        self._hub = hub
        self._rules = rules
        self._folders = folders
        self._holding = HoldingDesk(store, key, rules)
        self._intake = Intake(store, hub, rules, trusted, folders)
        self._banking = Banking(store, hub, folders)
        self._reserves = ReserveDesk(store)
        self._doers: Mapping[Step, Callable[[str, WindowTimes, int], Figures | Refusal | None]] = {
            Step.RECEIVE: self._receive,
            Step.ADMIT: self._admit,
            Step.EXPIRE: self._expire,
            Step.ANSWER: self._answer,
            Step.CLOSE: self._close,
            Step.PROVE: self._prove,
            Step.PUBLISH: self._publish,
            Step.SETTLE: self._settle,
            Step.FINISH: self._finish,
        }

    def work(
        self,
        now_s: int,
        by: str,
        window_id: str | None = None,
        only: Step | None = None,
        *,
        restored: bool = False,
    ) -> list[DayStatus] | Refusal:
        """Do what is due at `now_s`, oldest day first, each day as far as it can go now; how far
        the days are that were worked, before them those that were finished and have a payment that
        came back. With `window_id` that day alone, with `only` (and a day) that
        step alone, again if it was done. `restored` says that the books come from a backup: they
        are first told of all that lies among the judged files.

        Refuses with HUB_PERSON, WINDOW_ID, DAY_UNKNOWN, DAY_RUNNING (another process works),
        DAY_BOOKS_OLDER (files were judged that the books know nothing of, and not `restored`),
        DAY_STEP_ORDER, DAY_STEP_NOT_DUE, DAY_UNPROVEN, DAY_PAPER_DIFFERS (what was handed out has
        other bytes) and what `Hub.close_window` refuses. What was done before a refusal stays done.
        Raises OSError when a folder or the disk refuses.
        """
        if not is_name(by):
            return Refusal("HUB_PERSON", values={"by": by})
        if window_id is not None and isinstance(refusal := closing_day(window_id), Refusal):
            return refusal
        with self._store.on_duty() as is_alone:
            if not is_alone:
                return Refusal("DAY_RUNNING")
            self._folders.prepare()
            if restored:
                self._intake.tell_again()
                self._banking.tell_again()
            elif self._intake.knows_less():
                return Refusal("DAY_BOOKS_OLDER")
            self._call_for_reserves(now_s)
            self._open_days(now_s)
            days = self._days(window_id)
            if isinstance(days, Refusal):
                return days
            for day in days:
                try:
                    self._put_keys()
                    refused = self._work_day(day, now_s, by, only)
                except PaperDiffers as paper:
                    refused = Refusal("DAY_PAPER_DIFFERS", day, {"file": str(paper)})
                if refused is not None:
                    self._intake.receive(now_s)  # what comes keeps its second, whatever is wrong
                    return refused
            self._banking.take_in(now_s)  # statements, and what concerns days that are finished
            again = self._reopened()
            for day in again:
                self._banking.hand_out(day)
            shown = days if window_id else (*again, *days)
            return [self._status(day, now_s) for day in shown]

    def status(self, now_s: int, window_id: str | None = None) -> list[DayStatus] | Refusal:
        """How far the days are that are not finished or have a payment that came back since (or the
        one that is named); changes nothing. Refuses with WINDOW_ID or DAY_UNKNOWN."""
        if window_id is not None and isinstance(refusal := closing_day(window_id), Refusal):
            return refusal
        days = self._days(window_id)
        if isinstance(days, Refusal):
            return days
        shown = days if window_id else (*self._reopened(), *days)
        return [self._status(day, now_s) for day in shown]

    def left_in_inbox(self) -> list[tuple[str, str]]:
        """The names in the inbox, each with why it lies there: as `Intake.left` says."""
        return self._intake.left()

    def _work_day(self, day: str, now_s: int, by: str, only: Step | None) -> Refusal | None:
        times = window_times(day, self._rules)
        with self._store.reading() as cursor:
            done = table.steps_done(cursor, day)
        if only is not None:
            return self._one(only, day, times, now_s, by, done)
        for step in ORDER:
            if step.value in done:
                continue
            is_due = now_s >= due_s(step, times)
            if not is_due and step not in BEFORE_CUTOFF:
                if now_s >= times.cutoff_s:
                    return None
                continue
            figures = self._doers[step](day, times, now_s)
            if isinstance(figures, Refusal):
                return figures
            if not is_due:
                continue
            if figures is None:
                return None
            self._write(step, day, now_s, by, figures)
        return None

    def _one(
        self,
        step: Step,
        day: str,
        times: WindowTimes,
        now_s: int,
        by: str,
        done: Mapping[str, table.DoneStep],
    ) -> Refusal | None:
        """One step alone, again if it was done; what comes before it has to be done."""
        missing = [earlier for earlier in before(step) if earlier.value not in done]
        if missing and step not in BEFORE_CUTOFF:
            names = in_both("step", f"step.{step}") | in_both("missing", f"step.{missing[0]}")
            return Refusal("DAY_STEP_ORDER", day, names)
        is_due = now_s >= due_s(step, times)
        if not is_due and step not in BEFORE_CUTOFF:
            return Refusal("DAY_STEP_NOT_DUE", day, in_both("step", f"step.{step}"))
        figures = self._doers[step](day, times, now_s)
        if isinstance(figures, Refusal):
            return figures
        if is_due and figures is not None and not missing:
            self._write(step, day, now_s, by, figures)
        return None

    def _write(self, step: Step, day: str, now_s: int, by: str, figures: Figures) -> None:
        with self._store.changing() as cursor:
            table.write_step(cursor, day, step.value, now_s, by, figures)

    def _call_for_reserves(self, now_s: int) -> None:
        """The calls of this morning, once their hour has come."""
        day = calendar_date(now_s)
        if now_s >= called_s(day):
            self._reserves.make_calls(day)

    def _open_days(self, now_s: int) -> None:
        """Every window has its day, also those in which nothing came: from the last day that was
        opened (at first, from the oldest window that takes files) up to the one of now."""
        current = window_of(now_s, self._rules)
        with self._store.changing() as cursor:
            last = table.last_day(cursor)
            first = last or min(table.first_open_window(cursor) or current, current)
            day = closing_day(first)
            assert not isinstance(day, Refusal)
            while f"W{day:%Y%m%d}" <= current:
                table.open_day(cursor, f"W{day:%Y%m%d}", now_s)
                day += timedelta(days=1)

    def _days(self, window_id: str | None) -> list[str] | Refusal:
        with self._store.reading() as cursor:
            if window_id is None:
                return table.days_without(cursor, Step.FINISH.value)
            if not table.is_day(cursor, window_id):
                return Refusal("DAY_UNKNOWN", values={"window": window_id})
            return [window_id]

    def _reopened(self) -> list[str]:
        """The finished days with a payment that came back, or was sent again since."""
        with self._store.reading() as cursor:
            return payment_table.windows_reopened(cursor)

    def _status(self, day: str, now_s: int) -> DayStatus:
        with self._store.reading() as cursor:
            done = table.steps_done(cursor, day)
            payments = payment_table.load_payments(cursor, day)
            so_far = table.admitted(cursor, day)
        return day_status(day, done, payments, so_far, self._rules, now_s)

    def _receive(self, _day: str, times: WindowTimes, now_s: int) -> Figures:
        self._intake.receive(now_s)
        with self._store.reading() as cursor:
            found = table.arrivals_between(cursor, times.opens_s, times.cutoff_s)
        return {"deliveries": len(found)}

    def _admit(self, day: str, times: WindowTimes, now_s: int) -> Figures:
        """Whoever owes more than its reserve and line can bear is suspended after that."""
        self._intake.admit()
        self._reserves.suspend_over_cap(now_s)
        with self._store.reading() as cursor:
            found = table.arrivals_between(cursor, times.opens_s, times.cutoff_s)
            figures = table.admitted(cursor, day)
        codes = [item.code for item in found]
        figures["files_refused"] = sum(code not in (table.WAITS, table.TAKEN) for code in codes)
        figures["files_waiting"] = codes.count(table.WAITS)
        return figures

    def _expire(self, _day: str, times: WindowTimes, _now_s: int) -> Figures:
        """As of the cut-off, whenever that is done; the answers belong to the next window."""
        self._holding.expire(times.cutoff_s)
        event = RecordEvent.DEADLINE.value
        with self._store.reading() as cursor:
            return {"records": table.ended_at(cursor, event, times.cutoff_s)}

    def _answer(self, day: str, _times: WindowTimes, _now_s: int) -> Figures:
        return {"papers": self._put(papers.answers, day)}

    def _close(self, day: str, _times: WindowTimes, now_s: int) -> Figures | Refusal:
        closing = self._hub.close_window(day, now_s)
        if isinstance(closing, Refusal):
            return closing
        owed_fen = sum(
            item.instruction.amount_fen for item in closing.payments if item.instruction.phase == 1
        )
        return {"payments": len(closing.payments), "owed_fen": owed_fen}

    def _prove(self, day: str, _times: WindowTimes, _now_s: int) -> Figures | Refusal:
        """Nothing leaves the house while a truth does not hold."""
        with self._store.reading() as cursor:
            proofs = prove_hub(cursor)
        broken = [proof.name for proof in proofs if not proof.holds]
        if broken:
            return Refusal("DAY_UNPROVEN", day, {"proofs": ", ".join(broken)})
        return {"proofs": len(proofs)}

    def _publish(self, day: str, _times: WindowTimes, _now_s: int) -> Figures:
        """The answers again too: a record may have been decided since they were written."""
        self._put_keys()
        return {"papers": self._put(papers.answers, day) + self._put(papers.documents, day)}

    def _settle(self, day: str, _times: WindowTimes, now_s: int) -> Figures | None:
        self._banking.take_in(now_s)
        self._banking.hand_out(day)
        with self._store.reading() as cursor:
            payments = payment_table.load_payments(cursor, day)
        if any(payment.state not in ENDED for payment in payments):
            return None
        paid = [payment.instruction.amount_fen for payment in payments if payment.state in DONE]
        return {"payments": len(paid), "paid_fen": sum(paid)}

    def _finish(self, day: str, _times: WindowTimes, now_s: int) -> Figures:
        """List all that was handed out, so that anybody can check the copies. What is sent again
        after the day is finished is not in its list, however often that is made."""
        with self._store.reading() as cursor:
            makers = (papers.answers, papers.documents, papers.payments)
            finished = table.steps_done(cursor, day).get(Step.FINISH.value)
            since_s = now_s if finished is None else finished.done_s
            later = {
                papers.payment_path(day, name)
                for name in payment_table.sent_since(cursor, day, since_s)
            }
            made = [paper for maker in makers for paper in maker(cursor, day)]
        found = [paper for paper in made if paper[0] not in later]
        put(self._folders.days / f"{day}.sha256", papers.list_of(found))
        return {"papers": len(found)}

    def _put_keys(self) -> None:
        """The hub's public keys, as soon as something is signed."""
        with self._store.reading() as cursor:
            known = known_keys(cursor)
        if known is not None:
            put_grown(self._folders.root / papers.KEYS, known.text.encode())

    def _put(self, maker: papers.Maker, day: str) -> int:
        count = 0
        with self._store.reading() as cursor:
            for path, content in maker(cursor, day):
                put(self._folders.root / path, content)
                count += 1
        return count
