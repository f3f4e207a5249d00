"""What our gates keep on a card: it comes back as it was written; strange bytes are no state."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deciding_world import DAY
from tongxing.deciding import OpenEntry
from tongxing.fares import FareState
from tongxing.fares.model import Anchor, Counter, Pack
from tongxing.gate.reading.kinds import kind_of, product_of
from tongxing.gate.reading.state import (
    FARE_SLOTS,
    blank_records,
    fare_slots,
    fare_state_record,
    open_ride,
    open_ride_record,
)
from tongxing.kernel.clock import at
from tongxing.media.card.files.kept import OPEN_RIDE
from tongxing.simulation.scenario import load_scenario

NOW_S = at(DAY, 9)
STATE = FareState(
    counters=(
        Counter("500000.rail", 202603, 12_345, 20),
        Counter("500000.rail:week", 20260316, 900, 3),
        Counter("500000.rail:day", 20260317, 900, 3),
    ),
    anchor=Anchor("500000", "rail", "line-loop", "", 200, NOW_S - 900, NOW_S, 180),
)
ENTRY = OpenEntry(
    "500000",
    "153-rongchangkeyunzhongxin-stop",
    "bus-rongchang-101",
    "bus",
    "500153",
    NOW_S,
    "500000-20250730/3f5ad0fd",
    "bus-rongchang-101-04",
)


def ride_record(entry: OpenEntry | None) -> bytes:
    record = open_ride_record(entry)
    assert record is not None
    return record


def on_card(*records: bytes) -> dict[int, bytes]:
    """The records of a card by their id, blank ones where none is given."""
    return {record[1]: record for record in (*blank_records(), *records)}


def written(card: dict[int, bytes], city: str, state: FareState, now_s: int) -> dict[int, bytes]:
    record = fare_state_record(fare_slots(card), city, state, now_s)
    assert record is not None
    return card | {record[1]: record}


def test_a_new_card_knows_nothing() -> None:
    assert open_ride(on_card()) is None
    assert fare_slots(on_card()) == ()


def test_an_open_ride_comes_back_whole() -> None:
    card = on_card(ride_record(ENTRY))
    assert open_ride(card) == ENTRY
    assert open_ride(card | {OPEN_RIDE: ride_record(None)}) is None


def test_counters_come_back_whole() -> None:
    (slot,) = fare_slots(written(on_card(), "500000", STATE, NOW_S))
    assert (slot.city, slot.written_s, slot.state) == ("500000", NOW_S, STATE)


def test_counters_of_a_period_gone_by_make_room() -> None:
    later_s = at(DAY, 9 + 24 * 40)
    (slot,) = fare_slots(written(on_card(), "500000", STATE, later_s))
    assert slot.state.counters == ()
    assert slot.state.anchor == STATE.anchor


def test_a_city_writes_over_itself_and_a_fifth_over_the_oldest() -> None:
    card = on_card()
    for number, city in enumerate(("110000", "500000", "310000", "440100", "500000")):
        card = written(card, city, STATE, NOW_S + number)
    assert {slot.city for slot in fare_slots(card)} == {"110000", "500000", "310000", "440100"}
    card = written(card, "330200", STATE, NOW_S + 9)
    assert {slot.city for slot in fare_slots(card)} == {"330200", "500000", "310000", "440100"}


def test_records_keep_their_length() -> None:
    lengths = {record[1]: len(record) for record in blank_records()}
    card = written(on_card(ride_record(ENTRY)), "500000", STATE, NOW_S)
    assert {record_id: len(record) for record_id, record in card.items()} == lengths
    assert max(lengths.values()) <= 255


def test_what_does_not_fit_is_not_cut() -> None:
    assert open_ride_record(replace(ENTRY, station="s" * 120, line="l" * 80)) is None
    packs = tuple(Pack(f"500000.pack-{number}", NOW_S + 1, 3) for number in range(40))
    assert fare_state_record((), "500000", FareState(packs=packs), NOW_S) is None


@given(st.binary(max_size=260))
def test_strange_bytes_are_no_state(raw: bytes) -> None:
    card = {OPEN_RIDE: raw, FARE_SLOTS[0]: raw}
    ride, slots = open_ride(card), fare_slots(card)
    assert ride is None or isinstance(ride, OpenEntry)
    assert isinstance(slots, tuple)


@given(st.binary(min_size=1, max_size=200))
def test_a_right_head_with_strange_content_is_no_state(content: bytes) -> None:
    raw = bytes((0x27, OPEN_RIDE, 200)) + len(content).to_bytes(2, "big") + content
    assert open_ride({OPEN_RIDE: raw}) is None or content[0] & 0xF0 == 0x90


def test_every_product_of_the_simulation_can_stand_on_a_medium() -> None:
    for wallet in load_scenario().wallets.values():
        for sort in wallet.media:
            if sort == "card" or wallet.product == "ordinary":
                kind = kind_of(wallet.issuer, sort, wallet.product)
                assert product_of(wallet.issuer, sort, kind) == wallet.product


def test_an_unknown_kind_rides_as_an_ordinary_card() -> None:
    assert product_of("500000", "card", 0x7E) == "ordinary"
    assert product_of("110000", "card", 0x22) == "ordinary", "another city's own kind"
