"""What a gate answers, as tables: time, role, place, medium; reason, charge, collected, balance.

Charges are worked out by hand from the tariffs: Chongqing's rail bands of 2025-07-30 (4 km: 2,
8: 3, 13: 4, 18: 5 yuan) with 9折 for the card, Beijing's bus at half price with a card.
"""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from deciding_world import (
    ACCOUNT_CARD,
    BEIJING_CARD,
    CARD,
    CODE,
    DAY,
    TIANJIN_CARD,
    Street,
    context,
    expected,
    validator,
)
from tongxing.deciding.decide import decide
from tongxing.deciding.facts import OPEN, ValidatorFacts
from tongxing.deciding.token import MediumToken, OpenEntry
from tongxing.gate.lane import announce
from tongxing.kernel.clock import at

RAIL_IN = validator("entry", "cq:rail-1:xiaoshizi")
RAIL_OUT = validator("exit", "cq:rail-1:shapingba")


def plays(table: str, **media: MediumToken) -> bool:
    """Whether every row of the table comes out as written."""
    street = Street(dict(media))
    assert street.play(table) == expected(table)
    return True


# --- rides ----------------------------------------------------------------------------------------


def test_a_day_with_a_card() -> None:
    """15.8 km by rail are 5.00, 4.50 with the card; the bus within the hour is free (A4)."""
    assert plays(
        """
        08:00 entry cq:rail-1:xiaoshizi            card OPEN 0.00 0.00 50.00
        08:30 exit  cq:rail-1:shapingba            card OPEN 4.50 0.00 45.50
        09:00 ride  cq:bus-181:jiaochangkou-stop:B1 card OPEN 0.00 0.00 45.50
        12:00 ride  cq:bus-181:jiaochangkou-stop:B1 card OPEN 1.80 0.00 43.70
        14:10 ride  cq:lift-kaixuan:kaixuanlu-lift  card OPEN 1.80 0.00 41.90
        """,
        card=CARD,
    )


def test_a_bus_that_is_tapped_twice() -> None:
    assert plays(
        """
        08:00 board  bj:bus-1:wukesongqiaodong-stop:B7 card OPEN 0.00 0.00 50.00
        08:10 alight bj:bus-1:yuquanlukou-stop:B7      card OPEN 1.00 0.00 49.00
        09:00 entry  bj:rail-1:xidan                   card OPEN 0.00 0.00 49.00
        09:20 exit   bj:rail-1:guomao                  card OPEN 4.00 0.00 45.00
        """,
        card=BEIJING_CARD,
    )


@pytest.mark.req("R-202", "R-204", "R-209")
def test_a_tianjin_card_rides_in_beijing_and_hechuan_under_their_own_rules() -> None:
    """The local relief holds for the visitor, on a chip in a phone as on plastic."""
    for token in (TIANJIN_CARD, replace(TIANJIN_CARD, product="phone_card")):
        assert plays(
            """
            08:00 board  bj:bus-1:wukesongqiaodong-stop:B7      card OPEN 0.00 0.00 50.00
            08:10 alight bj:bus-1:yuquanlukou-stop:B7           card OPEN 1.00 0.00 49.00
            18:00 ride   cq:bus-hechuan-101:117-huatan-stop:H1  card OPEN 2.00 0.00 47.00
            """,
            card=token,
        )


@pytest.mark.req("R-311", "R-213", "R-220")
def test_a_card_opens_only_where_its_scheme_is_at_home() -> None:
    city_union = replace(TIANJIN_CARD, scheme="city_union", medium_no="3000000000000017")
    assert plays(
        """
        08:00 entry cq:rail-1:xiaoshizi                   tu PLACE_OF_OTHER_SCHEME  0.00 0.00 50.00
        08:00 ride  cq:bus-181:jiaochangkou-stop:B1       tu PLACE_OF_OTHER_SCHEME  0.00 0.00 50.00
        08:10 ride  cq:bus-hechuan-101:117-huatan-stop:H1 tu OPEN                   2.00 0.00 48.00
        08:20 ride  cq:bus-hechuan-101:117-huatan-stop:H1 cu PLACE_NOT_IN_SCHEME    0.00 0.00 50.00
        08:30 ride  cq:bus-hechuan-101:117-huatan-stop:H1 ct MODE_NOT_COVERED       0.00 0.00 50.00
        08:40 entry bj:rail-1:xidan                       ct LOCAL_SCHEME_ELSEWHERE 0.00 0.00 50.00
        """,
        tu=TIANJIN_CARD,
        cu=city_union,
        ct=CARD,
    )


# --- half trips -----------------------------------------------------------------------------------


def test_a_missing_exit_is_collected_at_the_next_tap_before_the_new_ride() -> None:
    """The highest fare from xiaoshizi is 9.00 and from shapingba 10.00, without relief."""
    assert plays(
        """
        08:00 entry cq:rail-1:xiaoshizi             card OPEN 0.00  0.00 50.00
        14:00 entry cq:rail-1:shapingba             card OPEN 0.00  9.00 41.00
        18:00 ride  cq:bus-181:jiaochangkou-stop:B1 card OPEN 1.80 10.00 29.20
        18:30 exit  cq:rail-1:lianglukou            card EXIT_WITHOUT_ENTRY 0.00 0.00 29.20
        """,
        card=CARD,
    )


def test_a_missing_exit_of_another_day_is_collected_too() -> None:
    assert plays(
        """
        22:00    entry cq:rail-1:xiaoshizi card OPEN            0.00 0.00 50.00
        08:00+1  exit  cq:rail-1:shapingba card ENTRY_OTHER_DAY 0.00 0.00 50.00
        08:01+1  entry cq:rail-1:shapingba card OPEN            0.00 9.00 41.00
        08:20+1  exit  cq:rail-1:daping    card OPEN            3.60 0.00 37.40
        """,
        card=CARD,
    )


def test_a_missing_alighting_is_collected_without_relief() -> None:
    """Bus 1 from Wukesong to its farther end is 18.7 km: 4.00, and not half of it."""
    street = Street({"card": BEIJING_CARD})
    street.tap("card", "board", "bj:bus-1:wukesongqiaodong-stop:B7", at(DAY, 8))
    decision = street.tap("card", "entry", "bj:rail-1:xidan", at(DAY, 9))
    assert (decision.half_trip_fen, decision.lines[0].kind) == (4_00, "highest")


def test_a_collected_half_trip_is_said_aloud() -> None:
    street = Street({"card": CARD})
    street.tap("card", "entry", "cq:rail-1:xiaoshizi", at(DAY, 8))
    decision = street.tap("card", "entry", "cq:rail-1:shapingba", at(DAY, 9))
    assert [said.voice for said in announce(decision, "zh")] == ["请通行", "上次未刷出站，已补扣"]
    note = announce(decision, "en")[1]
    assert note.text == (
        "An earlier ride had no exit: 9.00 yuan were collected, 41.00 yuan are left"
    )


def test_a_night_bus_may_end_after_the_business_day() -> None:
    assert plays(
        """
        02:50+1 board  bj:bus-1:wukesongqiaodong-stop:B7 card OPEN 0.00 0.00 50.00
        03:20+1 alight bj:bus-1:yuquanlukou-stop:B7      card OPEN 1.00 0.00 49.00
        """,
        card=BEIJING_CARD,
    )


# --- order of taps --------------------------------------------------------------------------------


def test_a_second_touch_is_the_same_passenger() -> None:
    assert plays(
        """
        08:00:00 entry cq:rail-1:xiaoshizi             card OPEN       0.00 0.00 50.00
        08:00:04 entry cq:rail-1:xiaoshizi             card DOUBLE_TAP 0.00 0.00 50.00
        08:00:30 entry cq:rail-1:xiaoshizi             card DOUBLE_TAP 0.00 0.00 50.00
        08:30:00 exit  cq:rail-1:shapingba             card OPEN       4.50 0.00 45.50
        08:30:07 exit  cq:rail-1:shapingba             card DOUBLE_TAP 0.00 0.00 45.50
        12:00:00 ride  cq:bus-181:jiaochangkou-stop:B1 card OPEN       1.80 0.00 43.70
        12:00:03 ride  cq:bus-181:jiaochangkou-stop:B1 card DOUBLE_TAP 0.00 0.00 43.70
        12:00:04 ride  cq:bus-181:jiaochangkou-stop:B1 card OPEN       1.80 0.00 41.90
        """,
        card=CARD,
    )


def test_going_in_out_and_in_again_is_no_second_touch() -> None:
    assert plays(
        """
        08:00:00 entry cq:rail-1:xiaoshizi card OPEN 0.00 0.00 50.00
        08:00:10 exit  cq:rail-1:xiaoshizi card OPEN 0.00 0.00 50.00
        08:00:20 entry cq:rail-1:xiaoshizi card OPEN 0.00 0.00 50.00
        """,
        card=CARD,
    )


def test_what_the_entry_on_a_card_does_not_fit() -> None:
    """Another city's open ride stays on the card until it is settled there; a bus lets it be."""
    other_city = replace(CARD, open_entry=OpenEntry(
        city="110000", station="xidan", line="rail-1", mode="rail", place="110000",
        time_s=at(DAY, 7), tariff="t",
    ))  # fmt: skip
    on_a_bus = replace(BEIJING_CARD, open_entry=OpenEntry(
        city="110000", station="wukesongqiaodong-stop", line="bus-1", mode="bus", place="110000",
        time_s=at(DAY, 7), tariff="t", vehicle="B7",
    ))  # fmt: skip
    assert plays(
        """
        08:00 exit   cq:rail-1:xiaoshizi             away EXIT_OTHER_CITY     0.00 0.00 50.00
        08:10 entry  cq:rail-1:xiaoshizi             away RIDE_OPEN_ELSEWHERE 0.00 0.00 50.00
        08:20 ride   cq:bus-181:jiaochangkou-stop:B1 away OPEN                1.80 0.00 48.20
        08:30 entry  cq:rail-1:xiaoshizi             away RIDE_OPEN_ELSEWHERE 0.00 0.00 48.20
        09:00 exit   bj:rail-1:xidan                 bus  EXIT_WITHOUT_ENTRY  0.00 0.00 50.00
        09:10 alight bj:bus-1:yuquanlukou-stop:B8    bus  EXIT_WITHOUT_ENTRY  0.00 0.00 50.00
        09:20 alight bj:bus-1:yuquanlukou-stop:B7    bus  OPEN                1.00 0.00 49.00
        """,
        away=other_city,
        bus=on_a_bus,
    )


ENTRY = OpenEntry(
    city="500000", station="xiaoshizi", line="rail-1", mode="rail", place="500000",
    time_s=at(DAY, 7), tariff="t",
)  # fmt: skip


@pytest.mark.parametrize(
    "entry",
    [
        replace(ENTRY, station="atlantis"),
        replace(ENTRY, line="rail-99"),
        replace(ENTRY, mode="submarine"),
        replace(ENTRY, mode="bus"),
        replace(ENTRY, time_s=at(DAY, 8) + 91),
        replace(ENTRY, time_s=at(DAY - timedelta(days=401))),
        replace(ENTRY, time_s=-1),
        replace(ENTRY, time_s=2**62),
    ],
    ids=lambda entry: f"{entry.line} {entry.mode} {entry.station} {entry.time_s}",
)
@pytest.mark.parametrize("facts", [RAIL_IN, RAIL_OUT], ids=["entry", "exit"])
def test_an_entry_record_that_makes_no_sense_is_for_the_staff(
    entry: OpenEntry, facts: ValidatorFacts
) -> None:
    token = replace(CARD, open_entry=entry)
    decision = decide(token, facts, context(facts, at(DAY, 8)))
    assert decision.reason == "ENTRY_RECORD_INVALID"
    assert decision.token_after is token


# --- money ----------------------------------------------------------------------------------------


@pytest.mark.req("R-207")
def test_what_a_purse_does_not_cover_is_not_taken() -> None:
    """The lowest rail fare is 2.00: enough to get in, not to get out 15.8 km away."""
    assert plays(
        """
        08:00 entry cq:rail-1:xiaoshizi             one   INSUFFICIENT_BALANCE 0.00 0.00 1.99
        08:00 ride  cq:bus-181:jiaochangkou-stop:B1 one   OPEN                 1.80 0.00 0.19
        09:00 entry cq:rail-1:xiaoshizi             two   OPEN                 0.00 0.00 2.00
        09:30 exit  cq:rail-1:shapingba             two   INSUFFICIENT_BALANCE 0.00 0.00 2.00
        09:40 exit  cq:rail-1:jiaochangkou          two   OPEN                 1.80 0.00 0.20
        10:00 entry cq:rail-2:linjiangmen           ten   OPEN                 0.00 0.00 10.00
        11:00 entry cq:rail-1:eling                 ten   INSUFFICIENT_BALANCE 0.00 0.00 10.00
        11:05 ride  cq:bus-181:jiaochangkou-stop:B1 ten   INSUFFICIENT_BALANCE 0.00 0.00 10.00
        11:10 exit  cq:rail-2:huanghuayuan          ten   OPEN                 1.80 0.00 8.20
        """,
        one=replace(CARD, balance_fen=1_99),
        two=replace(CARD, medium_no="4000000000000033", balance_fen=2_00),
        ten=replace(CARD, medium_no="4000000000000041", balance_fen=10_00),
    )


def test_a_refusal_for_money_says_how_much_is_needed() -> None:
    poor = replace(CARD, balance_fen=1_99)
    decision = decide(poor, RAIL_IN, context(RAIL_IN, at(DAY, 8)))
    said = announce(decision, "en")[0]
    assert said.text == "The balance is 1.99 yuan, 2.00 yuan are needed"
    assert "cannot be topped up here" in said.next_step


def test_a_debit_is_numbered_and_a_free_tap_is_not() -> None:
    street = Street({"card": replace(CARD, counter=41)})
    into = street.tap("card", "entry", "cq:rail-1:xiaoshizi", at(DAY, 8))
    out = street.tap("card", "exit", "cq:rail-1:shapingba", at(DAY, 8, 30))
    free = street.tap("card", "ride", "cq:bus-181:jiaochangkou-stop:B1", at(DAY, 9))
    facts = [decision.purse for decision in (into, out, free)]
    assert [(f.counter, f.balance_before_fen, f.taken_fen) for f in facts if f] == [
        (41, 50_00, 0), (42, 50_00, 4_50), (42, 45_50, 0),
    ]  # fmt: skip


def test_each_city_has_its_own_fare_counters_on_the_card() -> None:
    street = Street({"card": TIANJIN_CARD})
    street.tap("card", "entry", "bj:rail-1:xidan", at(DAY, 8))
    street.tap("card", "exit", "bj:rail-1:guomao", at(DAY, 9))
    before = street.media["card"].fare_state("110000")
    street.tap("card", "ride", "cq:bus-hechuan-101:117-huatan-stop:H1", at(DAY, 18))
    assert street.media["card"].fare_state("110000") == before != before.__class__()


def test_account_media_are_only_judged() -> None:
    """No purse, no open ride, no money: the city keeps and charges the account."""
    for token in (ACCOUNT_CARD, CODE):
        for facts in (RAIL_IN, RAIL_OUT):
            decision = decide(token, facts, context(facts, at(DAY, 8)))
            assert (decision.reason, decision.purse, decision.charge_fen) == (OPEN, None, 0)
            assert decision.token_after is token


# --- codes and dates ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issued", "expires", "reason"),
    [
        (0, 60, OPEN),
        (-60, 0, OPEN),
        (-61, -1, "QR_EXPIRED"),
        (90, 150, OPEN),
        (91, 151, "QR_CLOCK_SKEW"),
        (0, 0, "QR_MALFORMED"),
        (10, -10, "QR_MALFORMED"),
        (0, 86_400, OPEN),
        (0, 86_401, "QR_MALFORMED"),
    ],
)
def test_a_code_opens_only_in_its_own_minute(issued: int, expires: int, reason: str) -> None:
    now_s = at(DAY, 8)
    token = replace(CODE, code_issued_s=now_s + issued, code_expires_s=now_s + expires)
    assert decide(token, RAIL_IN, context(RAIL_IN, now_s)).reason == reason


def test_one_display_of_a_code_lets_one_person_in() -> None:
    assert plays(
        """
        08:00:00 entry cq:rail-1:xiaoshizi    code      OPEN        0.00 0.00 0.00
        08:00:20 entry cq:rail-1:xiaoshizi    code      QR_REPLAYED 0.00 0.00 0.00
        08:00:20 entry cq:rail-1:xiaoshizi    refreshed DOUBLE_TAP  0.00 0.00 0.00
        08:00:31 entry cq:rail-1:xiaoshizi    refreshed OPEN        0.00 0.00 0.00
        """,
        code=CODE,
        refreshed=replace(CODE, code_issued_s=at(DAY, 8, 0, 15), code_expires_s=at(DAY, 8, 1, 15)),
    )


def test_the_last_day_of_a_card_is_a_good_day() -> None:
    token = replace(CARD, expires=DAY)
    assert decide(token, RAIL_IN, context(RAIL_IN, at(DAY, 23, 59))).opened
    assert decide(token, RAIL_IN, context(RAIL_IN, at(DAY, 24))).reason == "CARD_EXPIRED"


def test_a_gate_whose_clock_was_reset_blames_nobody_else() -> None:
    """A code would look as if it came from the future, and the phone be blamed for it."""
    for year in (1970, 1999):
        decision = decide(CODE, RAIL_IN, context(RAIL_IN, at(date(year, 1, 1))))
        assert (decision.reason, decision.tariff) == ("FARES_NO_TARIFF", "")
    decision = decide(CODE, RAIL_IN, context(RAIL_IN, at(date(2000, 1, 1))))
    assert decision.reason == "FARES_NO_FARE"


@pytest.mark.req("R-208")
@pytest.mark.parametrize(
    ("scheme", "number", "reason"),
    [
        ("t_union", "3105170000000000017", OPEN),
        ("t_union", "310517000000000001", "CARD_NUMBER"),
        ("t_union", "31051700000000000170", "CARD_NUMBER"),
        ("t_union", "3205170000000000017", "CARD_NUMBER"),
        ("t_union", "１２３４567890123456789", "CARD_NUMBER"),
        ("t_union", "4000000000000017", "CARD_NUMBER"),
        ("t_union", "", "CARD_NUMBER"),
        ("moon_card", "3105170000000000017", "SCHEME_UNKNOWN"),
    ],
)
def test_a_number_must_fit_its_scheme(scheme: str, number: str, reason: str) -> None:
    facts = validator("entry", "bj:rail-1:xidan")
    token = replace(BEIJING_CARD, scheme=scheme, medium_no=number)
    assert decide(token, facts, context(facts, at(DAY, 8))).reason == reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"balance_fen": -1}, "CARD_BALANCE_IMPLAUSIBLE"),
        ({"balance_fen": 100_001}, "CARD_BALANCE_IMPLAUSIBLE"),
        ({"balance_fen": 0x80000000}, "CARD_BALANCE_IMPLAUSIBLE"),
        ({"counter": 0xFFFF}, "CARD_COUNTER_SPENT"),
        ({"counter": -1}, "CARD_COUNTER_SPENT"),
        ({"enabled": False}, "CARD_NOT_ACTIVE"),
        ({"issuer": "60000"}, "CARD_NUMBER"),
    ],
)
def test_a_purse_that_cannot_be_right_is_refused(change: dict[str, object], reason: str) -> None:
    token = replace(CARD, **change)
    assert decide(token, RAIL_IN, context(RAIL_IN, at(DAY, 8))).reason == reason
