"""Passengers on the move in one city: to the gate, through it or not, and on.

Only people's behaviour stands here. Every decision is the gate's and every fen the gate's or the
city's; what gates really opened to is written down in the truth list, for the oracle.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec.structs import replace

from tongxing.deciding import Decision, MediumToken, Role, ValidatorFacts
from tongxing.deciding.facts import KIND_OF
from tongxing.kernel.reasons import Refusal
from tongxing.network.transport import CityNetwork
from tongxing.simulation.forgotten import Forgotten
from tongxing.simulation.hosting import HouseDied, Pending
from tongxing.simulation.house import House
from tongxing.simulation.itineraries import Ride
from tongxing.simulation.oracle import TruthEvent
from tongxing.simulation.population import Passenger
from tongxing.simulation.real_media import Phone, PlasticCard, RealMedium, RunMedia
from tongxing.simulation.seeds import stream
from tongxing.simulation.sites import Readers, Shown
from tongxing.simulation.timeline import Timeline
from tongxing.simulation.uplink import Uplink

_CODE_SHOWN_BEFORE_S = 3
_SEEN_AFTER_S = 6
"""The passenger sees the gate's answer this much later; until then other gates work on."""
_TWICE_AFTER_S = (7, 15)
_RIDE_MIN_S = 30
_CHANGE_MIN_S = 30
_TOP_UP_FEN = 5_000
_PHONE_TOP_UP_FEN = 15_000
"""Paid in on a phone: more than anybody rides for on a day."""
_TOP_UP_TAKES_S = 150
_TOP_UP_RETRY_S = 120


@dataclass(slots=True)
class TravelFigures:
    """What the passengers met with: gates opened to, refusals by reason, money paid in."""

    opened: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    top_ups: int = 0
    topped_up_fen: int = 0

    @property
    def taps(self) -> int:
        return self.opened + sum(self.refused.values())


@dataclass(slots=True)
class Traveller:
    """A passenger on the way: the media as they now are, today's rides, and where in them.

    `real` are the cards and phones of a passenger who carries real ones, beside what their tokens
    last said; it is empty for all others.
    """

    passenger: Passenger
    tokens: list[MediumToken]
    real: list[RealMedium] = field(default_factory=list)
    rides: list[Ride] = field(default_factory=list)
    next_ride: int = 0

    def purse_fen(self, medium: int) -> int:
        """What is on a stored-value card: what the card says, where there is one."""
        card = self.real[medium] if self.real else None
        return (
            card.balance_fen if isinstance(card, PlasticCard) else self.tokens[medium].balance_fen
        )


class TapInHand(NamedTuple):
    """A tap whose answer the passenger has not seen yet."""

    traveller: Traveller
    ride: Ride
    medium: int
    facts: ValidatorFacts
    now_s: int
    answer: Pending[Decision]


class Travel:
    """Moves travellers on a timeline, from ride to ride."""

    def __init__(
        self,
        network: CityNetwork,
        timeline: Timeline,
        readers: Readers,
        uplink: Uplink,
        forgotten: Forgotten,
        media: RunMedia,
        seed: int,
    ) -> None:
        self.figures = TravelFigures()
        self.truth: list[TruthEvent] = []
        self._code = network.code
        self._lines = network.lines
        self._timeline = timeline
        self._readers = readers
        self._uplink = uplink
        self._forgotten = forgotten
        self._media = media
        self._draw = stream(seed, "lanes", network.code)

    def set_out(self, traveller: Traveller, rides: list[Ride]) -> None:
        """Begin the traveller's day."""
        traveller.rides, traveller.next_ride = rides, 0
        if rides:
            self._timeline.plan(rides[0].enters_s, self._enter, traveller)

    def _enter(self, traveller: Traveller) -> None:
        """The first tap of the next ride."""
        ride = traveller.rides[traveller.next_ride]
        role: Role = "board" if ride.vehicle else "entry"
        if ride.line and self._lines[ride.line].single_tap:
            role = "ride"
        shown_s = self._timeline.now_s
        tap = self._present(traveller, ride, role, ride.origin, ride.medium_in, shown_s)
        self._timeline.plan(shown_s + _SEEN_AFTER_S, self._entered, tap, role)

    def _entered(self, tap: TapInHand, role: Role) -> None:
        """Through the gate or not; some hold the medium to it once more, out of habit."""
        traveller, ride = tap.traveller, tap.ride
        opened = self._seen(tap)
        if ride.twice:
            again_s = tap.now_s + self._draw.randrange(*_TWICE_AFTER_S)
            self._timeline.plan(again_s, self._again, traveller, ride, role, tap.now_s)
        if not opened:
            self._go_on(traveller, gives_up=True)
        elif ride.exits_s:
            exits_s = max(ride.exits_s, tap.now_s + _RIDE_MIN_S)
            self._timeline.plan(exits_s, self._leave, traveller, True)
        else:
            if role != "ride" and traveller.passenger.account:
                number = traveller.tokens[tap.medium].medium_no
                self._forgotten.forgot(traveller.passenger, number, tap.now_s, ride)
            self._go_on(traveller)

    def _again(self, traveller: Traveller, ride: Ride, role: Role, shown_s: int) -> None:
        tap = self._present(traveller, ride, role, ride.origin, ride.medium_in, shown_s)
        self._timeline.plan(tap.now_s + _SEEN_AFTER_S, self._seen_again, tap)

    def _seen_again(self, tap: TapInHand) -> None:
        self._seen(tap)

    def _leave(self, traveller: Traveller, first_try: bool) -> None:
        """The last tap of the ride, but where the gates stand open."""
        ride, now_s = traveller.rides[traveller.next_ride], self._timeline.now_s
        if self._forgotten.gates_open(ride, now_s):
            self._go_on(traveller)
            return
        role: Role = "alight" if ride.vehicle else "exit"
        tap = self._present(traveller, ride, role, ride.destination, ride.medium_out, now_s)
        self._timeline.plan(now_s + _SEEN_AFTER_S, self._left, tap, first_try)

    def _left(self, tap: TapInHand, first_try: bool) -> None:
        """Out of the gate or not. Who lacks money tops up at the machine where that is allowed,
        and else goes out by the manual lane, which leaves the ride open on the card."""
        traveller, ride = tap.traveller, tap.ride
        opened = self._seen(tap)
        token = traveller.tokens[ride.medium_out]
        may_top_up = token.funding == "purse" and token.issuer == self._code and not ride.vehicle
        if not opened and first_try and may_top_up:
            self._top_up(traveller, ride.medium_out)
            back_s = self._timeline.now_s + _TOP_UP_TAKES_S
            self._timeline.plan(back_s, self._leave, traveller, False)
        else:
            self._go_on(traveller)

    def _go_on(self, traveller: Traveller, gives_up: bool = False) -> None:
        """Plan the next ride of the day; after a refusal the rest of that journey is dropped."""
        rides, journey = traveller.rides, traveller.rides[traveller.next_ride].journey
        index = traveller.next_ride + 1
        while gives_up and index < len(rides) and rides[index].journey == journey:
            index += 1
        traveller.next_ride = index
        if index < len(rides):
            starts_s = max(rides[index].enters_s, self._timeline.now_s + _CHANGE_MIN_S)
            self._timeline.plan(starts_s, self._enter, traveller)

    def _present(
        self, traveller: Traveller, ride: Ride, role: Role, station: str, medium: int, shown_s: int
    ) -> TapInHand:
        """Hold a medium to a reader. A code is on the screen since `shown_s`."""
        now_s, token = self._timeline.now_s, traveller.tokens[medium]
        readers = self._readers.at(station, ride.line, ride.vehicle, role)
        facts = readers[self._draw.randrange(len(readers))] if len(readers) > 1 else readers[0]
        shown: Shown = token
        if traveller.real:
            held = traveller.real[medium]
            opened_s = shown_s - _CODE_SHOWN_BEFORE_S
            shown = held.show(opened_s) if isinstance(held, Phone) else held.enter_field()
        elif token.medium_kind == "code":
            shown_s -= _CODE_SHOWN_BEFORE_S
            expires_s = shown_s + self._media.code_life_s
            shown = replace(token, code_issued_s=shown_s, code_expires_s=expires_s)
        name = facts.terminal_id.partition(".")[0]
        answer = self._uplink.present(name, facts, shown)
        return TapInHand(traveller, ride, medium, facts, now_s, answer)

    def _seen(self, tap: TapInHand) -> bool:
        """Take the gate's answer and the medium back; whether the gate opened."""
        decision, traveller = tap.answer.result(), tap.traveller
        if decision.token_after.medium_no == traveller.tokens[tap.medium].medium_no:
            traveller.tokens[tap.medium] = decision.token_after
        if decision.opened:
            self.figures.opened += 1
            self.truth.append(_truth(traveller.passenger, decision.token_after, tap))
        else:
            refused = self.figures.refused
            refused[decision.reason] = refused.get(decision.reason, 0) + 1
        return decision.opened

    def top_up_accounts(self, accounts: Sequence[str]) -> None:
        """Pay money in on the phone, for each of these accounts of the city's own."""
        for account in accounts:
            self._tell_top_up(account, _PHONE_TOP_UP_FEN)

    def _top_up(self, traveller: Traveller, medium: int) -> None:
        """Pay money in at a machine: the card gets it at once, the issuer hears of it."""
        token = traveller.tokens[medium]
        traveller.tokens[medium] = replace(token, balance_fen=token.balance_fen + _TOP_UP_FEN)
        card = traveller.real[medium] if traveller.real else None
        if isinstance(card, PlasticCard):
            order = f"{self._code}-load-{self.figures.top_ups + 1}"
            self._media.top_up(card, _TOP_UP_FEN, order, self._timeline.now_s)
        self._tell_top_up(token.medium_no, _TOP_UP_FEN)

    def _tell_top_up(self, rider_id: str, amount_fen: int) -> None:
        figures = self.figures
        figures.top_ups += 1
        figures.topped_up_fen += amount_fen
        reference = f"{self._code}-top-up-{figures.top_ups}"
        self._pay_in(rider_id, amount_fen, reference, self._timeline.now_s)

    def _pay_in(self, rider_id: str, amount_fen: int, reference: str, paid_s: int) -> None:
        """Tell the issuer; the machine asks again until it has an answer."""
        answer = self._uplink.house.send(House.top_up, rider_id, amount_fen, reference, paid_s)
        answered_s = self._timeline.now_s + _TOP_UP_RETRY_S
        paid = (rider_id, amount_fen, reference, paid_s)
        self._timeline.plan(answered_s, self._paid_in, answer, *paid)

    def _paid_in(
        self,
        answer: Pending[Refusal | None],
        rider_id: str,
        amount_fen: int,
        reference: str,
        paid_s: int,
    ) -> None:
        try:
            refusal = answer.result()
        except HouseDied:
            self._pay_in(rider_id, amount_fen, reference, paid_s)
            return
        if refusal is not None:
            self._uplink.note(rider_id, refusal)


def _truth(passenger: Passenger, token: MediumToken, tap: TapInHand) -> TruthEvent:
    facts = tap.facts
    return TruthEvent(
        time_s=tap.now_s,
        kind=KIND_OF[facts.role],
        city=facts.city,
        place=facts.place,
        mode=facts.mode,
        line=facts.line,
        station=facts.station,
        vehicle=facts.vehicle,
        passenger=passenger.passenger_id,
        account=passenger.account,
        medium_no=token.medium_no,
        medium_kind=token.medium_kind,
        product=token.product,
        scheme=token.scheme,
        issuer=token.issuer,
        funding=token.funding,
    )
