"""What a decision writes on a card: the records of one composite purchase.

A T-Union card gets the record of its means of transport (0x1A), a line of its journeys (0x1E) and
our own records (0x19); a City Union card gets ours alone, since its own records belong to its city.
All of them are committed with the debit or not at all.
"""

from tongxing.deciding.facts import Decision, GateContext, ValidatorFacts
from tongxing.deciding.rides import half_trip, rider_of, single_tap
from tongxing.deciding.token import NO_FARE_STATE, MediumToken, OpenEntry
from tongxing.fares import Rider, price
from tongxing.gate.reading.card import CardInHand
from tongxing.gate.reading.setup import MediaSetup
from tongxing.gate.reading.state import fare_state_record, open_ride_record
from tongxing.gate.reading.transit import record_of, vehicle_mark
from tongxing.kernel.clock import local
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files import OwnPart, Transit, with_own_part
from tongxing.media.card.files.journey import ENTRY, EXIT, SINGLE
from tongxing.media.card.files.kept import LOCAL_FILE
from tongxing.media.card.terminal import RecordWrite
from tongxing.media.card.terminal.trips import (
    TRIP_SFI,
    Place,
    begun_trip,
    ended_trip,
    journey_write,
)

_RAIL_INDUSTRY, _BUS_INDUSTRY = 1, 2
_JOURNEYS = {"entry": ENTRY, "board": ENTRY, "exit": EXIT, "alight": EXIT, "ride": SINGLE}


def moment(now_s: int) -> str:
    """China's wall clock as a card writes it: YYYYMMDDhhmmss."""
    return f"{local(now_s):%Y%m%d%H%M%S}"


def records_of(
    card: CardInHand,
    decision: Decision,
    facts: ValidatorFacts,
    context: GateContext,
    setup: MediaSetup,
    terminal_no: bytes,
) -> tuple[RecordWrite, ...] | Refusal:
    """Everything this tap writes on the card, in the order in which it is sent.

    Refuses CARD_STATE_FULL when the fare counters do not fit their record any more.
    """
    before = card.token
    writes = _own_records(card, decision.token_after, facts, context)
    if isinstance(writes, Refusal) or card.scheme != "t_union":
        return writes
    writer = _Writer(facts, context, setup, terminal_no)
    journey = writer.journey(decision, before.balance_fen - _taken(decision))
    return (*writes, *writer.trips(card, decision), journey)


def highest_fare(rider: Rider, facts: ValidatorFacts, context: GateContext) -> int:
    """The most that a ride beginning here can cost (fen): its fare where one tap is all of it, else
    what a half trip from here costs."""
    if facts.role == "ride":
        return price(context.fares, single_tap(facts, context.now_s), rider, NO_FARE_STATE).fare_fen
    entry = OpenEntry(
        city=facts.city,
        station=facts.station,
        line=facts.line,
        mode=facts.mode,
        place=facts.place,
        time_s=context.now_s,
        tariff="",
        vehicle=facts.vehicle,
    )
    return price(context.fares, half_trip(entry, context.now_s), rider, NO_FARE_STATE).fare_fen


def _own_records(
    card: CardInHand, after: MediumToken, facts: ValidatorFacts, context: GateContext
) -> tuple[RecordWrite, ...] | Refusal:
    if not card.has_own_records:
        return ()
    opened = open_ride_record(after.open_entry)
    if opened is None:
        return Refusal("CARD_STATE_FULL")
    writes = [RecordWrite(opened[1], LOCAL_FILE, opened)]
    state = after.fare_states.get(facts.city)
    if state is not None and after.funding == "purse":
        record = fare_state_record(card.fare_slots, facts.city, state, context.now_s)
        if record is None:
            return Refusal("CARD_STATE_FULL")
        writes.append(RecordWrite(record[1], LOCAL_FILE, record))
    return tuple(writes)


def _taken(decision: Decision) -> int:
    return 0 if decision.purse is None else decision.purse.taken_fen


class _Writer:
    """The records that every operator reads, as one validator writes them."""

    def __init__(
        self, facts: ValidatorFacts, context: GateContext, setup: MediaSetup, terminal_no: bytes
    ) -> None:
        self._facts = facts
        self._context = context
        self._time = moment(context.now_s)
        places = setup.places
        line, station = places.line(facts.line), places.station(facts.station)
        self._place = Place(
            terminal_no=terminal_no,
            city=setup.region,
            institution=setup.institution,
            station=station.to_bytes(8, "big"),
            line=line & 0xFF,
            journey_line=line.to_bytes(2, "big"),
            journey_station=station.to_bytes(2, "big"),
            industry=_BUS_INDUSTRY if facts.mode == "bus" else _RAIL_INDUSTRY,
            record_id=record_of(facts.mode),
        )

    def trips(self, card: CardInHand, decision: Decision) -> tuple[RecordWrite, ...]:
        """The record of this means of transport; and that of another one, whose open ride this tap
        has ended (a bus ride collects for a forgotten rail exit)."""
        here, taken_fen = self._place.record_id, _taken(decision)
        entry, after = card.token.open_entry, decision.token_after.open_entry
        if decision.kind == "entry":
            writes: tuple[RecordWrite, ...] = (self._begun(card.token, taken_fen),)
        else:
            writes = self._ended(card.trips.get(here), taken_fen)
        if entry is not None and after != entry and record_of(entry.mode) != here:
            writes += self._ended(card.trips.get(record_of(entry.mode)), 0)
        return writes

    def journey(self, decision: Decision, balance_fen: int) -> RecordWrite:
        """The line that a passenger is shown later, anywhere."""
        kind = _JOURNEYS[self._facts.role]
        return journey_write(self._place, self._time, kind, _taken(decision), balance_fen)

    def _begun(self, before: MediumToken, taken_fen: int) -> RecordWrite:
        rider = rider_of(before, self._facts)
        record = begun_trip(
            self._place,
            self._time,
            balance_fen=before.balance_fen,
            max_fare_fen=highest_fare(rider, self._facts, self._context),
            serial=self._context.now_s,
            charged_fen=taken_fen,
        )
        return self._write(record)

    def _ended(self, before: Transit | None, taken_fen: int) -> tuple[RecordWrite, ...]:
        """A trip that ends here, with all the card still knows of its beginning; nothing on a card
        that has no such record."""
        if before is None:
            return ()
        now_s = self._context.now_s
        return (self._write(ended_trip(self._place, self._time, before, taken_fen, now_s)),)

    def _write(self, record: bytes) -> RecordWrite:
        mark, terminal = vehicle_mark(self._facts.vehicle), self._place.terminal_no[-4:]
        part = OwnPart(self._time, terminal, transfer=mark)
        return RecordWrite(record[1], TRIP_SFI, with_own_part(record, part))
