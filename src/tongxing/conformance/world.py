"""What a case has at hand: the device's test port, the city, passengers, and how long to wait.

A case shows codes, waits for what must come, and ends with `settled`: by then every presentation
of the case is a tap in the city's books, once, saying the same as the lane did.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tongxing.conformance.books import Fault
from tongxing.conformance.cards import card_setup
from tongxing.conformance.cases import CaseBook
from tongxing.conformance.city import KitCity
from tongxing.conformance.codes import issuers, made_code, roots
from tongxing.conformance.port import CitySetup, DevicePort, IssuerSetup, Setup, Shown
from tongxing.media.conformance.results import Differs
from tongxing.messages import Tap, TapRef
from tongxing.messages.taps import account_token

CODE = "ABCD-EFGH-2345"
OPEN = "OPEN"
LANE_S = 5.0
"""The longest that a lane may take: far more than a passenger waits, so that a slow test port is
not blamed, and far less than a city that does not answer."""
_LOOK_S = 0.2
_SLACK_S = 15
"""How far a tap's time may be from the moment at which the kit saw the lane's answer."""


@dataclass(frozen=True, slots=True)
class Presented:
    """What was held to a lane, and what it did; `medium` is the account's token, "" for what is no
    medium, `sent_s` when."""

    terminal: str
    medium: str
    code: bytes
    answer: Shown
    sent_s: int


@dataclass
class World:
    """One device under test. `patience_s` is how long something that must come may take."""

    port: DevicePort
    city: KitCity
    book: CaseBook
    host: str
    patience_s: float
    clock: Callable[[], int]
    with_cards: bool
    address: str = ""
    presented: list[Presented] = field(default_factory=list)
    _passengers: int = 0
    _known: set[TapRef] = field(default_factory=set)
    _blamed: int = 0
    clock_is_wrong: bool = False

    def fresh(self) -> None:
        """A new device: empty storage, enrolled anew, heard once."""
        city, place = self.city, self.book.place
        with city.lock:
            city.begin(CODE)
        self.presented, self._known, self._blamed = [], set(), 0
        elsewhere = IssuerSetup(scheme=self.book.elsewhere.scheme, city=self.book.elsewhere.city)
        sender, key = city.key.sender, city.key.public_bytes().hex()
        self.port.setup(
            Setup(
                city=CitySetup(address=self.address, sender=sender, public_key=key, code=CODE),
                place=place,
                terminals=self.book.terminals,
                roots=roots(),
                issuers=issuers(self.book.scheme, place.city, elsewhere),
                fare_most_fen=self.book.fare_most_fen,
                cards=card_setup() if self.with_cards else None,
            )
        )
        self.wait(lambda: city.device_key is not None, "never_enrolled")
        self.wait_beats(2)

    def account(self) -> str:
        """Another passenger's account, 16 digits."""
        return f"9901{self.next_number():012d}"

    def next_number(self) -> int:
        """A number that no passenger has had."""
        self._passengers += 1
        return self._passengers

    def code(self, kind: str, account: str) -> bytes:
        """What that passenger's phone shows now."""
        return made_code(kind, account, self.clock())

    def show(self, code: bytes, account: str = "", terminal: str = "") -> Shown:
        """Hold a code to a lane, the first entry if none is named."""
        lane = terminal or self.book.terminal("entry")
        sent_s, began = self.clock(), time.monotonic()
        answer = self.port.show(lane, code)
        took_s = time.monotonic() - began
        medium = account_token(account) if account else ""
        self.presented.append(Presented(lane, medium, code, answer, sent_s))
        if took_s > LANE_S:
            raise Differs("lane_waits", expected=f"≤ {LANE_S} s", found=f"{took_s:.1f} s")
        return answer

    def opens(self, account: str = "", terminal: str = "", reason: str = OPEN) -> bytes:
        """A good code must open; the code."""
        account = account or self.account()
        code = self.code("good", account)
        answer = self.show(code, account, terminal)
        self.expect(answer, True, [reason], "a good code")
        return code

    def refuses(self, account: str, reasons: list[str], terminal: str = "") -> None:
        """A good code of this account must be refused, with one of these reasons."""
        code = self.code("good", account)
        answer = self.show(code, account, terminal)
        self.expect(answer, False, reasons, f"a good code of {account}")

    def expect(self, answer: Shown, opened: bool, reasons: list[str], sent: str) -> None:
        """Hold a lane's answer to what it should be. Raises Differs."""
        if answer.opened == opened and (not reasons or answer.reason in reasons):
            return
        expected = f"{'opened' if opened else 'refused'} {' / '.join(reasons)}".rstrip()
        found = f"{'opened' if answer.opened else 'refused'} {answer.reason}"
        what = "reason" if answer.opened == opened else "lane"
        raise Differs(what, sent, expected, found)

    def wait(
        self, true: Callable[[], object], what: str, expected: object = "", found: object = ""
    ) -> None:
        """Wait until something is so; `true` is asked with the city's lock held. Raises Differs."""
        until = time.monotonic() + self.patience_s
        with self.city.lock:
            while not true():
                left = until - time.monotonic()
                if left <= 0:
                    told = found() if callable(found) else found
                    raise Differs(what, "", str(expected), str(told))
                self.city.lock.wait(min(left, _LOOK_S))

    def wait_beats(self, count: int = 2) -> None:
        """Wait for so many more heartbeats: by then the device has acted on an answer."""
        with self.city.lock:
            wanted = len(self.city.beats) + count
        self.wait(lambda: len(self.city.beats) >= wanted, "no_heartbeat")

    def new_taps(self) -> list[Tap]:
        """Taps that have come in this case."""
        with self.city.lock:
            return [tap for ref, tap in self.city.books.taps.items() if ref not in self._known]

    def arrived(self) -> None:
        """As many taps have come as there were presentations, or a fault that explains more.
        Raises Differs."""
        self.wait(
            lambda: len(self.new_taps()) >= len(self.presented) or self._faults(),
            "taps_missing",
            len(self.presented),
            lambda: len(self.new_taps()),
        )

    def settled(self) -> None:
        """All of the case has come, once, and nothing else; what was sent is as it should be.
        Raises Differs."""
        wanted = Counter(_said(one) for one in self.presented)
        self.arrived()
        self.unblamed()
        found = Counter(_tapped(tap) for tap in self.new_taps())
        if found != wanted:
            missing, more = wanted - found, found - wanted
            raise Differs("taps_other", "", _listed(missing), _listed(more))
        self.wait(
            lambda: self.city.beats and self.city.beats[-1].waiting_taps == 0, "still_waiting", 0
        )
        with self.city.lock:
            if gaps := self.city.books.gaps():
                raise Differs("gap", found=", ".join(gaps[:5]))
        for one in self.presented:
            self._check_tap(one)
        self.unblamed()
        self.forget()

    def unblamed(self) -> None:
        """Nothing that came was against the protocol. Raises Differs for the first that was."""
        if faults := self._faults():
            raise Differs(f"sent.{faults[0].what}", "", faults[0].expected, faults[0].found)

    def _faults(self) -> list[Fault]:
        with self.city.lock:
            return self.city.books.faults[self._blamed :]

    def forget(self) -> None:
        """The next case begins here."""
        with self.city.lock:
            self._known = set(self.city.books.taps)
            self._blamed = len(self.city.books.faults)
        self.presented = []

    def _check_tap(self, one: Presented) -> None:
        """The tap of a code that opened says everything that it has to."""
        if not one.answer.opened or not one.medium.startswith("Q"):
            return
        [tap] = [tap for tap in self.new_taps() if tap.code == one.code and tap.outcome == "opened"]
        place = self.book.place
        role = next(spec.role for spec in self.book.terminals if spec.id == one.terminal)
        expected = {
            "kind": role,
            "city": place.city,
            "place": place.place,
            "mode": place.mode,
            "operator": place.operator,
            "line": place.line,
            "station": place.station,
            "medium_no": one.medium,
            "medium_kind": "code",
            "scheme": self.book.scheme,
            "issuer": place.city,
            "funding": "account",
            "purse": None,
        }
        for name, value in expected.items():
            if getattr(tap, name) != value:
                raise Differs("tap_field", "", f"{name} = {value}", str(getattr(tap, name)))
        if not tap.tariff:
            raise Differs("tap_field", "", "tariff", '""')
        if not self.clock_is_wrong and abs(tap.time_s - one.sent_s) > _SLACK_S:
            raise Differs("tap_field", "", f"time_s = {one.sent_s}", str(tap.time_s))


Said = tuple[str, str, str, bytes]


def _said(one: Presented) -> Said:
    """What a presentation has to leave: lane, outcome, reason, and the code if it opened."""
    outcome = "opened" if one.answer.opened else "refused"
    code = one.code if one.answer.opened else b""
    return one.terminal, outcome, one.answer.reason, code


def _tapped(tap: Tap) -> Said:
    code = tap.code if tap.outcome == "opened" else b""
    return tap.ref.terminal_id, tap.outcome, tap.reason, code


def _listed(some: "Counter[Said]") -> str:
    return "; ".join(
        f"{count} × {terminal} {outcome} {reason}"
        for (terminal, outcome, reason, _), count in list(some.items())[:5]
    )
