"""The flows of the book with a card of software: worked cases, a ride, a repair, a lock."""

from dataclasses import replace

import pytest
from torn_street import NUMBER, TERMINAL, VAULT, Gate, begun, new_card, new_sam, plan_of

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.applications import CITY_UNION_AID, T_UNION_AID
from tongxing.media.card.chip import MemoryStore, SoftwareCard, Switches, personalise
from tongxing.media.card.chip.names import T_UNION_SM
from tongxing.media.card.chip.trial import ISSUER, city_union_trial, trial_profile
from tongxing.media.card.files import Transit, parse_journey, parse_transit
from tongxing.media.card.terminal import (
    COMPOSITE,
    SINGLE,
    CardIds,
    Debit,
    IssuerHost,
    Loaded,
    Locked,
    MemorySerials,
    Purchase,
    SoftwareSam,
    begin,
    finish,
    load,
    lock_card,
    read_city_ids,
    read_ids,
    select,
    unlock_card,
)
from tongxing.media.card.terminal.trips import Place, entry_plan, exit_plan, repair_plan

HOME = frozenset({ISSUER[:4]})
IN = Place(TERMINAL, "6900", ISSUER, bytes(6) + b"\x01\x01", line=1, journey_line=b"\x01\x00")
OUT = Place(TERMINAL, "6900", ISSUER, bytes(6) + b"\x02\x07", line=2, journey_line=b"\x02\x00")
MORNING, LATER = "20260108173000", "20260108175510"


def fixed_card(random4: str, balance_fen: int, loads: int = 0, purchases: int = 0) -> SoftwareCard:
    profile = replace(
        trial_profile(NUMBER, balance_fen=balance_fen), loads=loads, purchases=purchases
    )
    return SoftwareCard(MemoryStore(personalise(profile)), lambda _n: bytes.fromhex(random4))


# kind, fen, time, serial, random, counter, key index -> MAC1, MAC2, TAC, worked by hand.
WORKED = [
    (6, 180, "20260108090500", 0x12A, "11223344", 0x10, 1, "C2ADA56E", "D5D0A38A", "6EC867AB"),
    (6, 180, "20260108090500", 0x12A, "11223344", 0x10, 0x41, "357D6775", "E39B97A1", "0934F508"),
    (9, 315, "20260108175510", 0x12C, "99AABBCC", 0x12, 1, "439BC484", "A595D3B3", "F12A4BD3"),
    (9, 315, "20260108175510", 0x12C, "99AABBCC", 0x12, 0x41, "73AA05A4", "4BD611CE", "934BF230"),
]


@pytest.mark.parametrize("row", WORKED)
def test_a_worked_purchase_gives_the_worked_codes(
    row: tuple[int, int, str, int, str, int, int, str, str, str],
) -> None:
    kind, fen, time, serial, random4, counter, index, mac1, mac2, tac = row
    card = fixed_card(random4, 6250, purchases=counter)
    sam = SoftwareSam(TERMINAL, VAULT, MemorySerials(serial - 1))
    records = plan_of(COMPOSITE, 0).records if kind == COMPOSITE else ()
    kinds = {6: SINGLE, 9: COMPOSITE}
    unfinished = begun(card, sam, Purchase(fen, kinds[kind], time, records, index))
    debit = finish(card, sam, unfinished)
    assert isinstance(debit, Debit)
    assert unfinished.mac1.hex().upper() == mac1
    assert (debit.mac2.hex().upper(), debit.tac.hex().upper()) == (mac2, tac)
    assert (debit.fields.counter_before, debit.fields.balance_before_fen) == (counter, 6250)
    assert (debit.fields.number, debit.fields.serial) == (NUMBER, serial)
    assert debit.proven and not debit.unconfirmed


@pytest.mark.parametrize(("index", "tac"), [(1, "8B34249D"), (0x41, "0BE1F48F")])
def test_a_worked_load_gives_the_worked_code(index: int, tac: str) -> None:
    card = fixed_card("A1B2C3D4", 1250, loads=7)
    select(card)
    host = IssuerHost(VAULT)
    done = load(card, host, 5000, TERMINAL, "20260108083015", order="A", key_index=index)
    assert isinstance(done, Loaded)
    assert (done.tac.hex().upper(), done.balance_fen) == (tac, 6250)
    again = load(card, host, 5000, TERMINAL, "20260108090000", order="A", key_index=index)
    assert again == done
    assert card.image.purses == (6250,)


def trip_on(card: SoftwareCard) -> Transit:
    select(card)
    trip = parse_transit(card.transmit(bytes.fromhex("00B201D080"))[:-2])
    assert isinstance(trip, Transit)
    return trip


def journey_on(card: SoftwareCard, number: int) -> tuple[int, int, int]:
    """Kind, amount and balance of a journey, the newest being number 1."""
    journey = parse_journey(card.transmit(bytes((0x00, 0xB2, number, 0xF4, 48)))[:-2])
    assert not isinstance(journey, Refusal)
    return journey.kind, journey.amount_fen, journey.balance_fen


def pay(card: SoftwareCard, plan: Purchase | Refusal) -> Debit:
    assert isinstance(plan, Purchase)
    debit = Gate(plan).tap(card)
    assert isinstance(debit, Debit)
    return debit


def test_a_ride_is_an_entry_for_nothing_and_an_exit_for_the_fare() -> None:
    card = new_card()
    pay(card, entry_plan(IN, MORNING, balance_fen=6070, max_fare_fen=900, serial=7))
    inside = trip_on(card)
    assert inside.entered and inside.entry_station == IN.station
    assert (inside.entry_time, inside.max_fare_fen, inside.balance_at_entry_fen) == (
        MORNING, 900, 6070)  # fmt: skip
    debit = pay(card, exit_plan(OUT, LATER, inside, 315, balance_fen=6070))
    outside = trip_on(card)
    assert outside.exited and not outside.entered
    assert (outside.entry_time, outside.exit_time) == (MORNING, LATER)
    assert (outside.entry_station, outside.exit_station) == (IN.station, OUT.station)
    assert outside.actual_fen == 315 == debit.fields.amount_fen
    assert [journey_on(card, number) for number in (1, 2)] == [(4, 315, 5755), (3, 0, 6070)]


def test_an_exit_needs_an_entry() -> None:
    refused = exit_plan(OUT, LATER, trip_on(new_card()), 315, balance_fen=6070)
    assert refused == Refusal("EXIT_WITHOUT_ENTRY")


def entered_card() -> SoftwareCard:
    card = new_card()
    pay(card, entry_plan(IN, MORNING, balance_fen=6070, max_fare_fen=900))
    return card


def test_the_booth_lets_an_overtime_ride_begin_anew_for_a_supplement() -> None:
    card = entered_card()
    before = trip_on(card)
    pay(card, repair_plan(OUT, LATER, "overtime", before, 200, balance_fen=6070))
    after = trip_on(card)
    assert after.entered
    assert (after.entry_station, after.entry_time) == (IN.station, LATER)
    assert card.image.purses == (5870,)
    assert journey_on(card, 1) == (8, 200, 5870)


def test_the_booth_takes_missing_money_and_leaves_the_trip_as_it_is() -> None:
    card = entered_card()
    pay(card, repair_plan(OUT, LATER, "more_money", trip_on(card), 100, balance_fen=6070))
    after = trip_on(card)
    assert after.entered and after.entry_time == MORNING


def test_the_booth_makes_a_missing_entry() -> None:
    card = new_card()
    plan = repair_plan(
        IN, MORNING, "no_entry", trip_on(card), 0, balance_fen=6070, max_fare_fen=900
    )
    pay(card, plan)
    assert trip_on(card).entered and trip_on(card).entry_station == IN.station


def test_the_booth_ends_a_trip_whose_exit_is_missing() -> None:
    card = entered_card()
    pay(card, repair_plan(OUT, LATER, "no_exit", trip_on(card), 0, balance_fen=6070))
    assert trip_on(card).exited and card.image.purses == (6070,)


def test_the_booth_does_not_repair_what_is_not_broken() -> None:
    entered, idle = trip_on(entered_card()), trip_on(new_card())
    twice = repair_plan(IN, LATER, "no_entry", entered, 0, balance_fen=0)
    assert twice == Refusal("ENTRY_TWICE")
    for reason in ("no_exit", "overtime", "more_money"):
        refused = repair_plan(IN, LATER, reason, idle, 0, balance_fen=0)
        assert refused == Refusal("EXIT_WITHOUT_ENTRY")


@pytest.mark.parametrize(("version", "aid"), [(0x01, T_UNION_AID), (0x41, T_UNION_SM)])
def test_a_denied_card_is_locked_on_the_spot_and_can_be_unlocked_at_a_counter(
    version: int, aid: bytes
) -> None:
    card = SoftwareCard(
        MemoryStore(personalise(trial_profile(NUMBER, aid=aid))), lambda n: bytes(n)
    )
    sam = new_sam()
    select(card, aid)
    ids = read_ids(card)
    assert isinstance(ids, CardIds)
    assert isinstance(lock_card(card, sam, ids, HOME, key_version=version), Locked)
    card.reset()
    locked = select(card, aid)
    assert isinstance(locked, Refusal) and locked.code == "CARD_LOCKED"
    assert isinstance(unlock_card(card, sam, ids, HOME, key_version=version), Locked)
    card.reset()
    assert not isinstance(select(card, aid), Refusal)


def test_a_card_of_another_place_is_not_locked() -> None:
    card, sam = new_card(), new_sam()
    select(card)
    ids = read_ids(card)
    assert isinstance(ids, CardIds)
    elsewhere = frozenset({bytes.fromhex("01011000")})
    assert lock_card(card, sam, ids, elsewhere) == Refusal("CARD_NOT_LOCAL")
    card.reset()
    assert not isinstance(select(card), Refusal)


def test_a_city_union_card_pays_with_its_code_in_mac1_and_not_without_it() -> None:
    image = personalise(city_union_trial("4000000000000017", balance_fen=1000))
    card, sam = SoftwareCard(MemoryStore(image), lambda n: bytes(n)), new_sam()
    plan = Purchase(200, SINGLE, LATER)
    for with_code, taken in ((True, True), (False, False)):
        select(card, CITY_UNION_AID)
        ids = read_city_ids(card, with_code=with_code)
        assert isinstance(ids, CardIds)
        unfinished = begin(card, sam, ids, plan)
        assert not isinstance(unfinished, Refusal)
        debit = finish(card, sam, unfinished)
        assert isinstance(debit, Debit) == taken
    assert isinstance(debit, Refusal) and debit.code == "CARD_MAC"
    assert card.image.purses == (800,)


def test_a_city_union_load_wants_the_pin_first() -> None:
    switches = Switches(code_in_mac1=True, pin_for_load=True)
    profile = city_union_trial("4000000000000017", balance_fen=1000, switches=switches)
    image = personalise(profile)
    card = SoftwareCard(MemoryStore(image), lambda n: bytes(n))
    select(card, CITY_UNION_AID)
    ids = read_city_ids(card)
    assert isinstance(ids, CardIds)
    host = IssuerHost(VAULT)
    outcomes = [
        load(card, host, 100, TERMINAL, LATER, pin=bytes.fromhex(pin), ids=ids)
        for pin in ("", "654321", "123456")
    ]
    codes = [outcome.code if isinstance(outcome, Refusal) else "" for outcome in outcomes]
    assert codes == ["CARD_AUTH", "CARD_PIN", ""]
    assert isinstance(outcomes[1], Refusal) and "2" in outcomes[1].message("en")
    assert card.image.purses == (1100,)
