"""A gate at work: readers hand in media, one thread decides and journals, doors and screens follow.

A site's journal is for one thread, so everything that touches it is done there, also for the upload
(`ask`). Stopping ends the readers first, then works off what they have handed in, then lets doors
carry out what was ordered: nobody who was let in stands before a shut lane because of a restart.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from tongxing.deciding.facts import Decision
from tongxing.gate.journal import Journal
from tongxing.gate.running.board import Board
from tongxing.gate.running.checking import terminal_of
from tongxing.gate.running.entering import Entering
from tongxing.gate.running.health import Health
from tongxing.gate.running.lanes import Lanes
from tongxing.gate.running.means import Means
from tongxing.gate.running.opening import lock_of, open_site
from tongxing.gate.running.plan import Plan
from tongxing.gate.running.readers import Reader, reader_of
from tongxing.gate.running.registers import Registers
from tongxing.gate.running.showings import Showings
from tongxing.gate.running.stops import Stops
from tongxing.gate.running.turns import Medium, Showing, Turns
from tongxing.gate.site import Site
from tongxing.kernel.learning import learn_structs
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap

Result = TypeVar("Result")
Uplink = Callable[["Runner"], bool]
"""Does one step of the upload, through `Runner.ask`; whether the city answered."""

UPLINK_S, KEEP_S, COUNT_S, TIDY_S = 5.0, 1.0, 20.0, 600.0
UNSENT_MOST = 1_000
UPLINK = "gate uplink"
_JOIN_S = 3.0
_log = logging.getLogger("tongxing.gate")


class Stopped(Exception):
    """The gate has stopped, and does no more work."""


class Runner:
    """One site that runs. `clock` gives the machine's time (Unix seconds); a site that hears a city
    looks at it once, and goes by the city's from then on (`means`)."""

    def __init__(
        self,
        plan: Plan,
        clock: Callable[[], int],
        new_epoch: int,
        uplink: Uplink | None = None,
        uplink_s: float = UPLINK_S,
    ) -> None:
        self.plan, self._clock, self._epoch = plan, clock, new_epoch
        self._uplink, self._uplink_s = uplink, uplink_s
        self._validators = dict(plan.validators)
        self.board = Board(self._validators)
        self._turns = Turns(self._validators)
        self._showings = {name: Showings() for name in self._validators}
        self._lanes = Lanes(plan, self.board)
        self.readers: dict[str, list[Reader]] = {name: [] for name in self._validators}
        self.cameras: set[str] = set()
        self._stops = Stops(plan, self._validators, self.board)
        self.entering = Entering(plan.condition)
        self.health = Health(clock, plan.config.site.name)
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = lock_of(plan)
        self._site: Site | None = None
        self._journal: Journal | None = None
        self._registers: Registers | None = None
        self.means: Means | None = None

    def start(self) -> Refusal | None:
        """Open the journal and let every reader read. Refuses GATE_RUNNING and what the journal
        refuses; then nothing has been started."""
        if not self._lock.acquire(blocking=False):
            return Refusal("GATE_RUNNING", self.plan.config.journal.path)
        learn_structs()
        opened: Future[Refusal | None] = Future()
        self._begin(lambda: self._work(opened), "gate site")
        try:
            refusal = opened.result()
        except BaseException:
            self._lock.release()
            raise
        if refusal is not None:
            self._lock.release()
            return refusal
        assert self._site is not None
        self._stops.look()
        self._lanes.start(self._site.orders, self.now_s())
        self._start_readers()
        self._begin(self._keep, "gate keeper")
        if self._uplink is not None:
            self._begin(self._upload, UPLINK)
        return None

    def stop(self) -> None:
        """End tidily; all that was handed in has been decided, journalled and told."""
        readers = [reader for of in self.readers.values() for reader in of]
        for reader in readers:
            reader.stop()
        self._over.set()
        self.entering.finish()
        self._turns.close()
        for thread in self._threads:  # one that waits for the network is left behind
            thread.join(_JOIN_S if thread.name == UPLINK else None)
        for reader in readers:
            reader.join(_JOIN_S)
        self._lanes.stop()
        self._write_status("stopped")
        self._lock.release()

    def ask(self, work: Callable[[Site], Result]) -> Result:
        """Do something with the site in its own thread, between two passengers, and wait for it.

        Raises Stopped when the gate stops, and what `work` raises.
        """
        ended: Future[Result] = Future()

        def job() -> None:
            try:
                assert self._site is not None
                ended.set_result(work(self._site))
            except BaseException as error:
                ended.set_exception(error)

        if not self._turns.ask(job):
            raise Stopped
        return ended.result()

    def now_s(self) -> int:
        """The time by which this gate decides."""
        return self._clock() if self.means is None else self.means.now_s()

    def saw(self, terminal: str, raw: bytes) -> bool:
        """A scanner or camera sees this code now; whether that is a presentation of its own."""
        showings = self._showings[terminal]
        if not showings.is_new(raw, time.monotonic()):
            return False
        if self._put(Showing(terminal, raw)):
            return True
        showings.forget(raw)
        return False

    def present(self, terminal: str, medium: Medium) -> Decision | None:
        """A medium is held to a terminal; the decision, after its lane was told. None when there
        was none: the gate stops, or too many wait."""
        showing = Showing(terminal, medium)
        return showing.ended.result() if self._put(showing) else None

    def unsent(self, limit: int) -> list[Tap] | Refusal:
        """Taps without a receipt; for `ask`, since the journal is for the gate's own thread."""
        assert self._journal is not None
        return self._journal.unsent(limit)

    def _put(self, showing: Showing) -> bool:
        taken = self._turns.show(showing)
        if not taken and not self._over.is_set():
            self.board.notice(showing.terminal, Refusal("LANE_WAIT"))
        return taken

    def _work(self, opened: "Future[Refusal | None]") -> None:
        try:
            refusal = self._open()
        except BaseException as error:  # whoever waits for the start hears of it
            opened.set_exception(error)
            return
        opened.set_result(refusal)
        if refusal is not None:
            return
        while (task := self._turns.next()) is not None:
            try:
                if isinstance(task, Showing):
                    self._decide(task)
                else:
                    task()
            except Exception:  # whatever it is, the other lanes go on
                _log.exception("the site's thread failed")
                self.health.failures += 1
        if self._registers is not None:
            self._registers.close()
        assert self._journal is not None
        refusal = self._journal.sign_off()
        if refusal is not None:
            _log.warning("the journal was closed without a slip: %s", refusal.code)

    def _open(self) -> Refusal | None:
        opened = open_site(self.plan, self._validators, self._lanes.tell, self._clock, self._epoch)
        if isinstance(opened, Refusal):
            return opened
        self._site, self._journal, self.means = opened.site, opened.journal, opened.means
        self._registers = opened.registers
        return None

    def _decide(self, showing: Showing) -> None:
        decision, is_aside = None, False
        try:
            decision = self._decision(showing)
            if decision is not None and decision.pending:
                pending, decision = decision, None
                self._ask_aside(showing, pending)
                is_aside = True
        except Exception:
            _log.exception("terminal %s failed", showing.terminal)
            self.health.failures += 1
            self.board.notice(showing.terminal, Refusal("LANE_FAULT"))
        finally:
            if not is_aside:
                showing.ended.set_result(decision)

    def _ask_aside(self, showing: Showing, decision: Decision) -> None:
        """Nobody waits here for whoever attests: the medium comes again when there is an answer."""
        medium_no, again = decision.token_after.medium_no, partial(self._turns.again, showing)
        self.entering.ask(decision.holders, medium_no, self.now_s(), again)

    def _decision(self, showing: Showing) -> Decision | None:
        terminal, medium = showing.terminal, showing.medium
        site = self._site
        assert site is not None
        blocked = self._stops.objection(terminal) or self._lanes.objection(terminal)
        if blocked is not None:
            self.board.notice(terminal, blocked)
            if isinstance(medium, bytes):
                self._showings[terminal].put_off(medium, time.monotonic())
            return None
        now_s = self.now_s()
        if isinstance(medium, bytes):
            decision = site.present_code(medium, terminal, now_s)
        else:
            decision = site.present_card(medium, terminal, now_s)
        if not decision.pending:
            self.entering.decided(terminal)
            self.health.tapped(terminal, decision, now_s)
        return decision

    def _start_readers(self) -> None:
        for spec in self.plan.config.validator:
            for number, one in enumerate(spec.readers, start=1):
                terminal = terminal_of(spec, one.side)
                name = f"{terminal}/{number}"
                noticed = partial(self.board.notice, terminal)
                reader = reader_of(one, name, self.plan.written.file, noticed)
                if reader is None:
                    self.cameras.add(terminal)
                    continue
                self.readers[terminal].append(reader)
                reader.start(self._hand(terminal, reader), self._heard(terminal, reader))

    def _hand(self, terminal: str, reader: Reader) -> Callable[[Medium], str]:
        def hand(medium: Medium) -> str:
            if isinstance(medium, bytes) and not reader.waits:
                self.saw(terminal, medium)
                return ""
            decision = self.present(terminal, medium)
            return "" if decision is None else f"{decision.outcome} {decision.reason}"

        return hand

    def _heard(self, terminal: str, reader: Reader) -> Callable[[Refusal | None], None]:
        return lambda refusal: self.board.trouble(terminal, reader.name, refusal)

    def _keep(self) -> None:
        """Health, and what is due by the clock."""
        tidied = counted = -TIDY_S
        self._write_status("running")
        while not self._over.wait(KEEP_S):
            try:
                self._stops.look()
                self._lanes.look(self.now_s())
                self.ask(self._tend)
                now = time.monotonic()
                if now - tidied >= TIDY_S:
                    tidied = now
                    self.ask(self._tidy)
                if now - counted >= COUNT_S:
                    counted = now
                    self.ask(self._count)
                self._write_status("running")
            except Stopped:
                return
            except Exception:
                _log.exception("keeping the gate failed")

    def _tend(self, site: Site) -> None:
        """What is asked aside, and what has happened to the storage and the registers, for the city
        to hear."""
        now_s = self.now_s()
        self.entering.tend(site.entry(now_s), now_s)
        shared = None if self._registers is None else self._registers.tend(site.events, now_s)
        for answer in (shared, site.events.note_epoch(now_s)):
            if isinstance(answer, Refusal):
                _log.warning("events: %s", answer.code)

    def _tidy(self, site: Site) -> None:
        now_s = self.now_s()
        kept = None if self.means is None else self.means.keep(site)
        forgotten: int | Refusal = 0
        if self.means is None or self.means.clearance.is_time_confirmed():
            forgotten = site.forget(now_s)  # else a clock far ahead would forget too early
        for answer in (kept, site.report_unconfirmed(now_s), forgotten):
            if isinstance(answer, Refusal):
                _log.warning("journal: %s", answer.code)

    def _count(self, _site: Site) -> None:
        found = self.unsent(UNSENT_MOST)
        if not isinstance(found, Refusal):
            self.health.unsent = len(found)

    def _upload(self) -> None:
        assert self._uplink is not None
        while not self._over.is_set():
            try:
                online = self._uplink(self)
            except Stopped:
                return
            except Exception:
                _log.exception("the upload failed")
                online = False
            self.health.contact(online)
            self.board.contact(online)
            self._over.wait(self._uplink_s)

    def _write_status(self, state: str) -> None:
        self.health.write(self, state, self.plan.written.file(self.plan.config.status))

    def lists(self) -> dict[str, object]:
        """The versions of what this gate decides with, and which of it is past its last day."""
        site, now_s = self._site, self.now_s()
        if site is None:
            return {"deny_list": 0, "tariff": "", "versions": {}, "expired": []}
        return {
            "deny_list": site.deny.version,
            "tariff": site.tariff_name(now_s),
            "versions": site.versions(now_s),
            "expired": site.expired(now_s),
        }

    def replay_mode(self) -> str:
        """Which register answers for displays; "" where nobody is asked."""
        return "" if self._registers is None else self._registers.mode

    def storage(self) -> tuple[int, str]:
        """The epoch in which the journal counts, and why it began; 0 before that is known."""
        return (0, "") if self._site is None else self._site.events.epoch

    def station_of(self, terminal: str) -> str:
        """Where a terminal is now; "" for a vehicle that does not know."""
        return self._validators[terminal].station

    def depths(self) -> dict[str, int]:
        """How many media wait at each terminal."""
        return self._turns.depths()

    def _begin(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
