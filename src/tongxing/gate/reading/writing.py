"""What a decision writes on a card: the records of one composite purchase.

A T-Union card gets the record of its means of transport (0x1A), a line of its journeys (0x1E) and
our own records (0x19); a City Union card gets ours alone, since its own records belong to its city.
All of them are committed with the debit or not at all.
"""

from tongxing.fares import Rider, price
from tongxing.gate.facts import Decision, GateContext, ValidatorFacts
from tongxing.gate.reading.card import CardInHand
from tongxing.gate.reading.setup import MediaSetup
from tongxing.gate.reading.state import LOCAL_FILE, fare_state_record, open_ride_record
from tongxing.gate.reading.transit import record_of, vehicle_mark
from tongxing.gate.rides import half_trip, rider_of, single_tap
from tongxing.gate.token import NO_FARE_STATE, MediumToken, OpenEntry
from tongxing.kernel.clock import local
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files import OwnPart, make_journey, make_transit, with_own_part
from tongxing.media.card.files.journey import ENTRY, EXIT, SINGLE
from tongxing.media.card.terminal import RecordWrite
from tongxing.network.regions import region_code_of

TRANSIT_FILE, JOURNEY_FILE = 0x1A, 0x1E
_ENTERED, _EXITED = 1, 2
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
    before, after = card.token, decision.token_after
    writes = _own_records(card, after, facts, context)
    if isinstance(writes, Refusal) or card.scheme != "t_union":
        return writes
    writer = _Writer(facts, context, setup, terminal_no)
    transit = writer.transit(before, decision)
    journey = writer.journey(decision, before.balance_fen - _taken(decision))
    return (*writes, *transit, journey)


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
    """The codes of one validator, as they stand in the records that every operator reads."""

    def __init__(
        self, facts: ValidatorFacts, context: GateContext, setup: MediaSetup, terminal_no: bytes
    ) -> None:
        self._facts = facts
        self._context = context
        self._setup = setup
        self._places = setup.places
        self._terminal = bytes(2) + terminal_no
        self._time = moment(context.now_s)

    def transit(self, before: MediumToken, decision: Decision) -> tuple[RecordWrite, ...]:
        """The record of this means of transport; and that of another one, whose open ride this tap
        has ended (a bus ride collects for a forgotten rail exit)."""
        here, taken_fen = record_of(self._facts.mode), _taken(decision)
        entry, after = before.open_entry, decision.token_after.open_entry
        if decision.kind == "entry":
            writes = [self._entered(here, before, taken_fen)]
        else:
            began = entry if decision.kind == "exit" else None
            writes = [self._left(here, began, taken_fen)]
        if entry is not None and after != entry and record_of(entry.mode) != here:
            writes.append(self._left(record_of(entry.mode), entry, 0))
        return tuple(writes)

    def journey(self, decision: Decision, balance_fen: int) -> RecordWrite:
        """The line that a passenger is shown later, anywhere."""
        facts = self._facts
        record = make_journey(
            kind=_JOURNEYS[facts.role],
            terminal=self._terminal,
            industry=_BUS_INDUSTRY if facts.mode == "bus" else _RAIL_INDUSTRY,
            line=self._places.line(facts.line).to_bytes(2, "big"),
            station=self._places.station(facts.station).to_bytes(2, "big"),
            amount_fen=_taken(decision),
            balance_fen=balance_fen,
            time=self._time,
            city=self._setup.region,
            institution=self._setup.institution,
        )
        return RecordWrite(0, JOURNEY_FILE, record)

    def _entered(self, record_id: int, before: MediumToken, taken_fen: int) -> RecordWrite:
        facts = self._facts
        record = make_transit(
            status=_ENTERED,
            record_id=record_id,
            serial=self._context.now_s,
            entry_city=self._setup.region,
            entry_institution=self._setup.institution,
            entry_station=self._station(facts.station),
            entry_terminal=self._terminal,
            entry_time=self._time,
            entry_line=self._places.line(facts.line) & 0xFF,
            max_fare_fen=highest_fare(rider_of(before, facts), facts, self._context),
            charged_at_entry_fen=taken_fen,
            balance_at_entry_fen=before.balance_fen,
        )
        return self._write(record)

    def _left(self, record_id: int, entry: OpenEntry | None, taken_fen: int) -> RecordWrite:
        """A ride that has ended here; of its beginning what the card still knew."""
        facts, region = self._facts, self._setup.region
        entry_region = "0000" if entry is None else (region_code_of(entry.city) or "0000")
        own = entry is not None and entry.city == facts.city
        record = make_transit(
            status=_EXITED,
            record_id=record_id,
            serial=self._context.now_s,
            entry_city=entry_region,
            entry_institution=self._setup.institution if own else bytes(8),
            entry_station=self._station(entry.station) if own and entry else bytes(8),
            entry_time="" if entry is None else moment(entry.time_s),
            exit_city=region,
            exit_institution=self._setup.institution,
            exit_station=self._station(facts.station),
            exit_terminal=self._terminal,
            exit_time=self._time,
            exit_line=self._places.line(facts.line) & 0xFF,
            actual_fen=taken_fen,
        )
        return self._write(record)

    def _write(self, record: bytes) -> RecordWrite:
        mark = vehicle_mark(self._facts.vehicle)
        part = OwnPart(self._time, self._terminal[-4:], transfer=mark)
        return RecordWrite(record[1], TRANSIT_FILE, with_own_part(record, part))

    def _station(self, name: str) -> bytes:
        return self._places.station(name).to_bytes(8, "big")
