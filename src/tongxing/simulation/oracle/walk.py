"""One pass over what each payer tapped: which taps make a ride, and what each ride costs.

A payer's rides are priced in the order in which they ended, so that the counters of a medium are
always what they were then; no payer ever changes what another pays. A purse pays at the gates, tap
by tap; of an account the rides are found first (`pairing`), and what was said of its half trips
(`Ruling`) counts only where there is one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from types import MappingProxyType

from tongxing.simulation.oracle.atlas import Atlas
from tongxing.simulation.oracle.geography import CityFacts
from tongxing.simulation.oracle.journeys import Journey, Memory, Priced
from tongxing.simulation.oracle.pairing import Found, belong_together, pair
from tongxing.simulation.oracle.truth import (
    Expected,
    ExpectedRide,
    Held,
    How,
    OpeningCounters,
    Ruling,
    TapKey,
    TruthEvent,
)

NOTHING_SAID: Mapping[TapKey, Ruling] = MappingProxyType({})


def expected_charges(
    events: Sequence[TruthEvent],
    closed_until_s: int,
    opening: Mapping[str, OpeningCounters] | None = None,
    *,
    placeholders: Mapping[str, int] | None = None,
    cities: Mapping[str, CityFacts] | None = None,
    rulings: Mapping[TapKey, Ruling] = NOTHING_SAID,
) -> Expected:
    """What every passenger should have paid for what the gates let through.

    `closed_until_s` is the last business-day end whose close has run: trips of accounts without an
    exit are over up to it. `opening` holds month counters by medium number. `placeholders` are
    fares in fen, by line id or by fare system, that no source names (the cableway's and the county
    buses' above all). `cities` gives the network facts by division code; without it they are read
    from the package. `rulings` say, by the tap that is known, how half trips of accounts ended;
    those of which nothing is said are held.

    Raises ValueError for an event the texts cannot price or nobody pays for, and for a purse that
    left without having entered, since no gate may open to one.
    """
    atlas = Atlas(placeholders or {}, cities)
    return charges(events, closed_until_s, opening or {}, atlas, rulings)


def charges(
    events: Sequence[TruthEvent],
    closed_until_s: int,
    opening: Mapping[str, OpeningCounters],
    atlas: Atlas,
    rulings: Mapping[TapKey, Ruling],
) -> Expected:
    """`expected_charges` over an atlas that is there already."""
    payers: dict[str, list[TruthEvent]] = {}
    for event in sorted(events, key=attrgetter("time_s")):
        if not event.payer:
            raise ValueError(f"nobody pays for the tap of {event.medium_no!r} at {event.time_s}")
        payers.setdefault(event.payer, []).append(event)
    walk = _Walk(opening, atlas, rulings)
    for payer, taps in payers.items():
        if taps[0].funding == "account":
            walk.account(payer, taps, closed_until_s)
        else:
            walk.purse(payer, taps)
    return walk.answer()


class _Walk:
    """What each medium remembers, and the rides found so far."""

    def __init__(
        self,
        opening: Mapping[str, OpeningCounters],
        atlas: Atlas,
        rulings: Mapping[TapKey, Ruling],
    ) -> None:
        self._opening = opening
        self._atlas = atlas
        self._rulings = rulings
        self._memories: dict[tuple[str, str], Memory] = {}
        self._rides: list[ExpectedRide] = []
        self._sums_fen: dict[str, int] = {}
        self._held: list[Held] = []

    def purse(self, payer: str, taps: Sequence[TruthEvent]) -> None:
        """A purse settles its half trip at any next tap in the same city."""
        entry: TruthEvent | None = None
        for tap in taps:
            if tap.kind == "exit":
                if entry is None or not belong_together(entry, tap):
                    raise ValueError(
                        f"a gate opened to purse {payer} at {tap.time_s} "
                        f"leaving {tap.city}/{tap.station}, where it had never entered"
                    )
                self._charge("both_taps", entry, tap, tap.time_s)
                entry = None
                continue
            if entry is not None and entry.city == tap.city:
                self._charge("missing_exit", entry, entry, tap.time_s)
                entry = None
            elif entry is not None and tap.kind == "entry":
                raise ValueError(
                    f"a gate of {tap.city} let {payer} in at {tap.time_s}, "
                    f"whose ride in {entry.city} is still open"
                )
            if tap.kind == "entry":
                entry = tap
            elif tap.kind == "ride":
                self._charge("single_tap", tap, tap, tap.time_s)
            else:
                raise ValueError(f"no event is of kind {tap.kind!r}")

    def account(self, payer: str, taps: Sequence[TruthEvent], closed_until_s: int) -> None:
        """An account's half trips are priced where they were ruled to end, or held."""
        found, _ = pair(taps, closed_until_s)
        for one in sorted(found, key=lambda one: self._turn(one, taps)):
            ruling = self._rulings.get(one.first.key)
            if not one.is_half:
                self._charge(one.how, one.first, one.last, one.last.time_s)
            elif ruling is None:
                self._hold(payer, one)
            else:
                self._charge_ruled(one, ruling)

    def answer(self) -> Expected:
        rides = sorted(self._rides, key=attrgetter("first_tap_s", "medium_no"))
        held = sorted(self._held, key=attrgetter("known_s", "medium_no"))
        return Expected(tuple(rides), self._sums_fen, tuple(held))

    def _turn(self, one: Found, taps: Sequence[TruthEvent]) -> tuple[int, int]:
        """When it is this ride's turn among the account's taps: a trip without an exit comes before
        the tap that ends it, or, where a time is stated, before the first tap later than that."""
        if one.how != "missing_exit":
            return one.place, 1
        ruling = self._rulings.get(one.first.key)
        if ruling is None or ruling.kind in ("median", "maximum"):
            return one.place, 0
        later = (n for n in range(one.began + 1, one.place) if taps[n].time_s > ruling.time_s)
        return next(later, one.place), 0

    def _charge_ruled(self, one: Found, ruling: Ruling) -> None:
        """Price a half trip as it was ruled to have been."""
        known, lost_exit = one.first, one.how == "missing_exit"
        if ruling.kind == "maximum":
            self._charge(one.how, known, known, one.ended_s)
        elif ruling.kind == "median":
            self._charge("median", known, known, one.ended_s, ruling.amount_fen)
        elif not ruling.station:
            due_s = max(known.time_s, ruling.time_s) if lost_exit else known.time_s
            self._note(ruling.kind, known, known, due_s, Priced(0, 0, f"{ruling.kind}: free"))
        elif lost_exit:
            left_s = max(known.time_s, ruling.time_s)
            left = replace(known, kind="exit", station=ruling.station, time_s=left_s)
            self._charge(ruling.kind, known, left, left_s)
        else:
            came_s = min(known.time_s, ruling.time_s)
            came = replace(known, kind="entry", station=ruling.station, time_s=came_s)
            self._charge(ruling.kind, came, known, known.time_s)

    def _hold(self, payer: str, one: Found) -> None:
        known = one.first
        self._held.append(
            Held(
                payer,
                known.city,
                known.medium_no,
                known.time_s,
                "exit" if one.how == "missing_exit" else "entry",
                self._atlas.highest_fen(known),
            )
        )

    def _charge(
        self, how: How, first: TruthEvent, last: TruthEvent, charged_s: int, amount_fen: int = -1
    ) -> None:
        journey = Journey(how, first, last, charged_s, amount_fen)
        memory = self._memory(last.medium_no, last.city)
        self._note(how, first, last, charged_s, self._atlas.price(journey, memory))

    def _note(
        self, how: How, first: TruthEvent, last: TruthEvent, charged_s: int, priced: Priced
    ) -> None:
        self._rides.append(
            ExpectedRide(
                last.medium_no,
                last.account,
                first.time_s,
                how,
                priced.fare_fen,
                priced.charge_fen,
                priced.why,
                last.city,
                charged_s,
            )
        )
        payer = last.payer
        self._sums_fen[payer] = self._sums_fen.get(payer, 0) + priced.charge_fen

    def _memory(self, medium_no: str, city: str) -> Memory:
        memory = self._memories.get((medium_no, city))
        if memory is None:
            opening = self._opening.get(medium_no)
            memory = Memory()
            if opening is not None:
                memory.month = opening.month
                memory.rail_spend_fen = opening.rail_spend_fen.get(city, 0)
                memory.rail_rides = opening.rail_rides.get(city, 0)
            self._memories[medium_no, city] = memory
        return memory
