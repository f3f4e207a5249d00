"""Half trips: what is known of a ride that was tapped at one end only, and how it is resolved.

A half trip of an account is held, not taken, until somebody says how it ended: the passenger, the
staff, a notice of open gates, or after some days the clock. What they say is a *resolution*: it is
evidence like a tap, and the fold prices by it as if the missing end had been tapped. The taps
always come first: where the true tap turns up there is no half trip, and no resolution counts.

Pure: no clock, no store. Nothing here may decide what a resolution says, only what follows.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from tongxing.city.terms import TermsBook
from tongxing.fares import CityFares, FareState, PriceLine, Quote, RideFacts, Rider, price
from tongxing.fares.model import BaseFare, FarePortion, Missing, Values
from tongxing.fares.pricing import settle_half
from tongxing.kernel.ids import digest
from tongxing.messages import Tap, TapRef
from tongxing.messages.records import How

Kind = Literal["declared", "habitual", "median", "disruption", "maximum", "cleared", "staff"]

UNTIMED: frozenset[Kind] = frozenset({"median", "maximum"})
"""The kinds that do not say when the missing end was."""


HALF_HOWS: frozenset[How] = frozenset(
    {"missing_exit", "missing_entry", "median", "declared", "habitual", "disruption", "staff",
     "cleared"}
)  # fmt: skip
"""How a trip is called of which one end rests on no tap."""


class HalfTrip(Struct, frozen=True, array_like=True):
    """A half trip that waits to be resolved: its known tap, what is held, when the trip ended."""

    tap: Tap
    held_fen: int
    ended_s: int

    @property
    def missing(self) -> Missing:
        """The end that was never tapped."""
        return missing_end(self.tap)

    @property
    def trip_id(self) -> str:
        """The id that the trip has, or will have, in the books."""
        return trip_id_of(self.tap.ref)


class Resolution(Struct, frozen=True, kw_only=True):
    """What was said about a half trip, once and for ever; a later one supersedes it.

    `tap` is the tap that is known. `station` is the other end ("": none is said, the ride costs
    nothing), `time_s` the other end's time (of `median` and `maximum`: when it was decided).
    `amount_fen` is the price of a median. `decided_by` is a rider's or a staff member's id, or
    "clock"; `why` the correction code of the grid, or the notice of open gates.
    """

    request_id: str
    tap: TapRef
    kind: Kind
    station: str = ""
    time_s: int
    amount_fen: int = 0
    decided_s: int
    decided_by: str
    why: str = ""


Resolutions = Mapping[TapRef, Resolution]
NO_RESOLUTIONS: Resolutions = {}


class Ending(NamedTuple):
    """The stated end of a half trip, as a step of the fold among the taps."""

    entry: Tap
    resolution: Resolution


def trip_id_of(first: TapRef) -> str:
    """The identity of the trip that begins with this tap."""
    return digest("trip", first.terminal_id, first.epoch, first.seq)


def missing_end(known: Tap) -> Missing:
    """Which end is missing when only this tap is known."""
    return "entry" if known.kind == "exit" else "exit"


def newest(found: Iterable[Resolution]) -> Resolutions:
    """The resolution of each half trip that counts: the one decided last, whatever came in last."""
    counting: dict[TapRef, Resolution] = {}
    for one in sorted(found, key=lambda one: (one.decided_s, one.request_id)):
        counting[one.tap] = one
    return counting


def belong_together(entry: Tap, exit_: Tap, terms: TermsBook | None) -> bool:
    """Whether an exit can end this entry's trip: rail anywhere, elsewhere the same vehicle; across
    media of an account only as long as a ride may last. Without terms there is no such limit."""
    if entry.mode != exit_.mode:
        return False
    if entry.mode != "rail" and (entry.line, entry.vehicle) != (exit_.line, exit_.vehicle):
        return False
    if terms is None or entry.medium_no == exit_.medium_no:
        return True
    return exit_.time_s - entry.time_s <= terms.at(entry.time_s).travel_s_max


def with_endings(
    opened: Tap | None, taps: Sequence[Tap], resolutions: Resolutions, terms: TermsBook | None
) -> Sequence[Tap | Ending]:
    """One business day's taps with the stated ends of its half trips, each at its time: after the
    taps of that second, but before the next entry. `opened` is an entry before these taps.

    A trip is half by its taps alone; an entry that has its exit gets no stated one.
    """
    placed: list[tuple[int, Ending]] = []
    entry, since = opened, 0
    for index, tap in enumerate(taps):
        if tap.kind == "exit" and entry is not None and belong_together(entry, tap, terms):
            entry = None
        elif tap.kind == "entry":
            placed += _ending(entry, resolutions, taps, since, index)
            entry, since = tap, index + 1
    placed += _ending(entry, resolutions, taps, since, len(taps))
    steps: list[Tap | Ending] = list(taps)
    for index, ending in reversed(placed):
        steps.insert(index, ending)
    return steps


def _ending(
    entry: Tap | None, resolutions: Resolutions, taps: Sequence[Tap], since: int, before: int
) -> list[tuple[int, Ending]]:
    """Where among the taps from `since` to `before` the stated end of this entry's trip belongs."""
    said = None if entry is None else resolutions.get(entry.ref)
    if entry is None or said is None or said.kind in UNTIMED:
        return []
    later = (index for index in range(since, before) if taps[index].time_s > said.time_s)
    return [(next(later, before), Ending(entry, said))]


def how_of(said: Resolution, known: Tap) -> How:
    """How the books call a trip that was resolved so; the highest fare keeps its old names."""
    if said.kind == "maximum":
        return "missing_entry" if known.kind == "exit" else "missing_exit"
    return said.kind


def half_facts(known: Tap, said: Resolution | None, ended_s: int) -> RideFacts:
    """The ride as the tariff sees it: whole where the other end is said, else with one end
    missing. `ended_s` is when a trip without an exit ended."""
    missing, is_whole = missing_end(known), said is not None and said.station != ""
    other, other_s = ("", ended_s) if said is None else (said.station, said.time_s)
    if said is None or said.kind in UNTIMED:
        other_s = ended_s
    if missing == "exit":
        ends = (known.station, other, known.time_s, max(other_s, known.time_s))
    elif is_whole:
        ends = (other, known.station, min(other_s, known.time_s), known.time_s)
    else:
        ends = ("", known.station, known.time_s, known.time_s)
    return RideFacts(
        mode=known.mode,
        line=known.line,
        vehicle=known.vehicle,
        place=known.place,
        origin=ends[0],
        destination=ends[1],
        entered_s=ends[2],
        exited_s=ends[3],
        missing="" if is_whole else missing,
    )


def half_quote(
    fares: CityFares,
    facts: RideFacts,
    rider: Rider,
    state: FareState,
    said: Resolution,
    missing: Missing,
) -> Quote:
    """The price of a resolved half trip, with a line that says how its `missing` end was resolved.

    A stated ride is priced like any other, a median without relief (only free travel stays free),
    and what was cleared costs nothing and is no ride. Never negative; the lines add up.
    """
    if said.kind == "maximum":
        return price(fares, facts, rider, state)
    if said.kind == "median":
        return _median(fares, facts, rider, state, said)
    remark = PriceLine("half_trip", "", 0, _values(facts, said, missing))
    if not said.station:
        tariff = fares.tariff_at(facts.entered_s or facts.exited_s)
        return Quote(0, 0, (remark,), state, tariff.name)
    quote = price(fares, facts, rider, state)
    return Quote(
        quote.fare_fen, quote.charge_fen, (remark, *quote.lines), quote.state, quote.tariff
    )


def _median(
    fares: CityFares, facts: RideFacts, rider: Rider, state: FareState, said: Resolution
) -> Quote:
    tariff = fares.tariff_at(facts.entered_s or facts.exited_s)
    system = fares.home_system(facts.mode, facts.line, facts.origin or facts.destination)
    rule = tariff.base(system)
    assert rule is not None, "the caller has asked pricing_refusal"
    line = PriceLine("half_trip", rule.id, said.amount_fen, _values(facts, said, facts.missing))
    portion = FarePortion(system, rule.id, said.amount_fen, -1)
    base = BaseFare((portion,), (line,), said.amount_fen)
    return settle_half(tariff, base, facts, rider, state)


def _values(facts: RideFacts, said: Resolution, missing: Missing) -> Values:
    how: str = said.kind
    if said.kind == "disruption" and not said.station:
        how = "open_gates"
    known = facts.destination if missing == "entry" else facts.origin
    # Who a passenger is stands with the resolution; a receipt only says that it was the passenger.
    by = "" if said.kind == "declared" else said.decided_by
    return {
        "how": how, "missing": missing, "station": said.station or known, "by": by,
        "code": said.why,
    }  # fmt: skip
