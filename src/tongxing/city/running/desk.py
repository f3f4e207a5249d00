"""The desk at which a city's business day is worked: does what is due, step by step.

Each step is one or a few transactions that can be done again, and is written down when nothing can
be added to it. So whoever starts again after a crash goes on at the step that was not written down,
and the books end the same. One process works at a time: the lock belongs to a connection, and is
gone when that is.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from tongxing.city.aside_desk import AsideDesk
from tongxing.city.desk import schema_of
from tongxing.city.hub_line import HubDealings
from tongxing.city.hub_line.registers import NO_LINE
from tongxing.city.office import Office
from tongxing.city.proofs import prove_city
from tongxing.city.redeciding.desk import VerdictDesk
from tongxing.city.running.looking import DayView
from tongxing.city.running.status import DayStatus
from tongxing.city.running.steps import ORDER, Step, due_s
from tongxing.city.service import City
from tongxing.city.store import business_days as table
from tongxing.city.store import media
from tongxing.city.store.business_days import Figures
from tongxing.city.tap_signatures import SignatureKeys
from tongxing.kernel.clock import business_date, business_day_end
from tongxing.kernel.payments import is_person
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DenyList
from tongxing.messages.envelope import own_body
from tongxing.storage import Database

_DUTY = 0x63697479
_TAKE = "SELECT pg_try_advisory_lock(%s, hashtext(current_schema()))"
_GIVE = "SELECT pg_advisory_unlock(%s, hashtext(current_schema()))"


@dataclass(frozen=True)
class DayHouse:
    """What a day is worked with. `city` seals lists for the gates, `signatures` check what its
    media signed; `dealings` is None where nobody named the hub."""

    database: Database
    office: Office
    city: City
    signatures: SignatureKeys
    dealings: HubDealings | None = None


class CityDayDesk:
    """One city's business days over its books."""

    def __init__(self, house: DayHouse) -> None:
        self._house, self._office = house, house.office
        self._code = house.office.code
        self._view = DayView(house.office)
        self._unsent: Refusal | None = None
        self._fetched: list[Refusal] | None = None
        self._sent = False
        self._troubles: list[Refusal] = []
        self._doers: Mapping[Step, Callable[[date, int], Figures | Refusal | None]] = {
            Step.CHECK: self._check,
            Step.CLOSE: self._close,
            Step.DECIDE: self._decide,
            Step.LIST: self._list,
            Step.PROVE: self._prove,
            Step.SEND: self._send,
            Step.BOOK: self._book,
            Step.SETTLE: self._settle,
            Step.FINISH: self._prove,
        }

    def work(
        self, now_s: int, by: str, on: date | None = None
    ) -> tuple[list[DayStatus], list[Refusal]] | Refusal:
        """Do what is due at `now_s`, oldest day first, each day as far as it can go now (with `on`
        that day alone): how far the days are that were worked, and what was refused on the way. A
        day that cannot go on keeps no other from being closed.

        Refuses HUB_PERSON, CITY_DAY_RUNNING (another process works) and as `DayView.days`. Among
        what was refused are CITY_DAY_UNPROVEN and what hub and line say.
        """
        if not is_person(by):
            return Refusal("HUB_PERSON", values={"by": by})
        with self._on_duty() as is_alone:
            if not is_alone:
                return Refusal("CITY_DAY_RUNNING")
            self._open_days(now_s)
            days = self._view.days(now_s, on)
            if isinstance(days, Refusal):
                return days
            self._unsent, self._fetched, self._sent, self._troubles = None, None, False, []
            refusals: list[Refusal] = []
            for day in days:
                refusal = self._work_day(day, now_s, by)
                if refusal is not None and refusal not in refusals:
                    refusals.append(refusal)
            self._tell_registers(now_s, refusals)
            refusals += [one for one in self._troubles if one not in refusals]
            has_line = self._house.dealings is not None
            return [self._view.status_of(day, now_s, has_line=has_line) for day in days], refusals

    def _work_day(self, day: date, now_s: int, by: str) -> Refusal | None:
        with self._office.reading() as cursor:
            done = table.steps_done(cursor, day)
        if now_s < due_s(day):
            return None
        for step in ORDER:
            if step.value in done:
                continue
            figures = self._doers[step](day, now_s)
            if figures is None or isinstance(figures, Refusal):
                return figures
            with self._office.writing() as cursor:
                table.write_step(cursor, day, step.value, now_s, by, figures)
        return None

    def _tell_registers(self, now_s: int, refusals: list[Refusal]) -> None:
        """Once a run, also where no file waits: a loss that was reported just now the hub hears of
        at once. Not after a truth did not hold, or nobody answered."""
        dealings = self._house.dealings
        codes = {one.code for one in refusals}
        if dealings is None or codes & {"CITY_DAY_UNPROVEN", *NO_LINE}:
            return
        if not self._sent:
            self._troubles += dealings.send_registers(now_s).refusals
        if self._fetched is None:
            self._troubles += dealings.fetch_registers(now_s).refusals

    @contextmanager
    def _on_duty(self) -> Iterator[bool]:
        """Whether this process, and no other on the server, may work the days until the end of the
        block."""
        connection = self._house.database.connect(schema_of(self._code))
        connection.autocommit = True
        taken = False
        try:
            row = connection.execute(_TAKE, (_DUTY,)).fetchone()
            taken = row is not None and bool(row[0])
            yield taken
        finally:
            if taken and not connection.closed:  # a server notices late that a connection is gone
                connection.execute(_GIVE, (_DUTY,))
            connection.close()

    def _open_days(self, now_s: int) -> None:
        """Every business day that is over is there to be worked, also one without a ride: from the
        day after the last one (at first, from that of the oldest tap) to yesterday."""
        yesterday = business_date(now_s) - timedelta(days=1)
        with self._office.writing() as cursor:
            last = table.last_day(cursor)
            first = table.first_tap_day(cursor) or yesterday
            day = first if last is None else last + timedelta(days=1)
            while day <= yesterday:
                table.open_day(cursor, day, now_s)
                day += timedelta(days=1)

    def _check(self, day: date, now_s: int) -> Figures:
        """Before the close: what is right of the signatures that waited is of its own day."""
        found = AsideDesk(self._office).check_waiting(self._house.signatures, now_s)
        with self._office.reading() as cursor:
            set_aside = table.set_aside(cursor, day)
        return {"signatures_wait": sum(found.waiting.values()), "set_aside": set_aside}

    def _close(self, day: date, now_s: int) -> Figures | Refusal:
        """Half trips begin to wait, and those that have waited long enough are decided."""
        closed = self._house.city.close_day(day, now_s)
        if isinstance(closed, Refusal) and closed.code != "DAY_ALREADY_CLOSED":
            return closed
        with self._office.reading() as cursor:
            return table.travelled(cursor, day)

    def _decide(self, day: date, now_s: int) -> Figures:
        desk = VerdictDesk(self._office)
        desk.decide_again(now_s)
        counts = desk.counts(day, day)
        differ = sum(sum(one.differs.values()) for one in counts)
        return {"taps": sum(one.taps for one in counts), "differ": differ}

    def _list(self, day: date, now_s: int) -> Figures:
        """A deny list is good for some days only: a new one each day, at once when whom it stops
        has changed."""
        with self._office.reading() as cursor:
            newest, entries = media.newest_deny_list(cursor), media.denied_media(cursor)
        known = None if newest is None else own_body(newest[1], DenyList)
        is_good = known is not None and known.published_s >= business_day_end(day)
        if not is_good or known is None or list(known.entries) != entries:
            known = own_body(self._house.city.publish_deny_list(now_s), DenyList)
        return {"version": known.version, "denied": len(known.entries)}

    def _prove(self, day: date, _now_s: int) -> Figures | Refusal:
        """Nothing leaves the house, and no day is finished, while a truth does not hold."""
        with self._office.reading() as cursor:
            proofs = prove_city(cursor, self._code)
        broken = [proof.name for proof in proofs if not proof.holds]
        if broken:
            return Refusal("CITY_DAY_UNPROVEN", day.isoformat(), {"proofs": ", ".join(broken)})
        return {"proofs": len(proofs)}

    def _send(self, day: date, now_s: int) -> Figures | Refusal | None:
        """Every record that waits goes into a file, and every file without verdicts to the hub. One
        that was not taken is not tried for the next day again in the same run."""
        dealings = self._house.dealings
        with self._office.reading() as cursor:
            waits = table.has_unpresented(cursor)
        if waits and dealings is None:
            return None
        if waits and dealings is not None and self._unsent is None:
            dealt = dealings.send(now_s)
            self._unsent, self._sent = next(iter(dealt.refusals), None), True
            self._troubles += dealt.registers.refusals
        if self._unsent is not None:
            return self._unsent
        with self._office.reading() as cursor:
            return table.presented(cursor, table.files_until(cursor, day))

    def _book(self, day: date, now_s: int) -> Figures | Refusal | None:
        """Letters are fetched once a run, also those that no file of ours has brought about."""
        dealings = self._house.dealings
        if dealings is not None and self._fetched is None:
            dealt = dealings.fetch(now_s)
            self._fetched = dealt.refusals
            self._troubles += dealt.registers.refusals
        if self._fetched:
            return self._fetched[0]
        with self._office.reading() as cursor:
            files = table.files_until(cursor, day)
            missing = self._view.statements_missing(cursor, files)
            return None if missing else table.answered(cursor, files)

    def _settle(self, day: date, _now_s: int) -> Figures | None:
        """The bank's lines come by `tongxing city bank`; the step sees that none is missing."""
        with self._office.reading() as cursor:
            files = table.files_until(cursor, day)
            return None if table.unsettled(cursor, files) else table.settled(cursor, files)
