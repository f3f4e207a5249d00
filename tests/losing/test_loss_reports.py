"""A loss report: from when who bears what, whatever gates tell, in whatever order."""

import itertools
import threading
from datetime import date

import psycopg
import pytest
from loss_world import (
    CARD,
    CODE,
    FROM_S,
    LOCAL,
    NEW,
    NOON,
    PURSE,
    Taps,
    World,
    asking,
    booked,
    code_of,
    denied,
    moment,
    report_of,
    send,
)
from msgspec.structs import replace

from tongxing.city import NewCard, Replacing
from tongxing.city.bearing import bear_late_trips
from tongxing.city.loss_terms import loss_terms, read_loss_terms
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Tap
from tongxing.storage import Database


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def trip(taps: Taps, medium: str, enters: str, leaves: str) -> tuple[Tap, Tap]:
    return (
        taps(enters, medium, "entry", "chaotianmen"),
        taps(leaves, medium, "exit", "shapingba"),
    )


@pytest.mark.req("R-010")
def test_who_reports_a_loss_is_told_from_when_who_bears_what(world: World) -> None:
    told = world.lost()
    assert (told.before, told.after) == ("passenger", "issuer")
    assert (told.reported_s, told.effective_s, told.state) == (NOON, FROM_S, "lost")
    assert world.desk.reports("a1") == [told]
    assert denied(world.city) == {CARD: "MEDIUM_LOST"}
    assert world.people.told == [("a1", "loss_reported")]
    world.proven()


@pytest.mark.req("R-203")
def test_an_anonymous_card_is_refused_with_the_reason_and_what_helps(world: World) -> None:
    found = world.desk.report("a1", PURSE, "r1", NOON)
    assert isinstance(found, Refusal) and found.code == "LOSS_REPORT_ANONYMOUS"
    assert found.message("zh") and found.next_step("zh") and PURSE not in found.where
    assert denied(world.city) == {}


@pytest.mark.parametrize("medium", ["5000000000000099", "", "Q0000000000000000"])
def test_what_is_not_the_accounts_own_is_refused_alike(world: World, medium: str) -> None:
    """Known or not: nobody learns whose a card is."""
    assert code_of(world.desk.report("a1", medium, "r1", NOON)) == "LOSS_NOT_YOURS"
    assert code_of(world.desk.report("a2", CARD, "r1", NOON)) == "LOSS_NOT_YOURS"
    assert (denied(world.city), world.people.told) == ({}, [])


def test_the_next_list_is_made_at_once_and_a_failure_to_push_it_loses_no_report(
    world: World,
) -> None:
    pushed: list[int] = []
    report_of(world.desk.report("a1", CARD, "r1", NOON, pushed.append))
    assert pushed == [NOON]

    def broken(_now_s: int) -> None:
        raise OSError("no gate answers")

    with pytest.raises(OSError, match="no gate"):
        world.desk.report("a1", CODE, "r2", NOON, broken)
    assert denied(world.city) == {CARD: "MEDIUM_LOST", CODE: "MEDIUM_LOST"}


def test_the_same_request_counts_once_and_a_second_one_changes_nothing(world: World) -> None:
    first = world.lost()
    assert world.lost(at=NOON + 500) == first
    assert world.lost(request="loss-2", at=NOON + 900) == first
    assert code_of(world.desk.report("a1", CODE, "loss-1", NOON)) == "REQUEST_REUSED"
    assert len(world.people.told) == 1


def test_many_reports_at_once_are_one(world: World) -> None:
    found: list[object] = []

    def ask(number: int) -> None:
        found.append(world.desk.report("a1", CARD, f"r{number % 4}", NOON + number))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12 and all(one == found[0] for one in found)
    assert len(world.desk.reports("a1")) == 1


@pytest.mark.req("R-010")
def test_a_ride_after_the_effective_time_is_the_issuers_one_before_the_passengers(
    world: World,
) -> None:
    taps = Taps()
    world.lost()
    send(world.city, *trip(taps, CARD, "08:00", "08:40"), *trip(taps, CARD, "13:00", "13:40"))
    fares = [row[4] for row in booked(world.database)]
    assert len(fares) == 2 and all(fares)
    assert (world.balance(), world.borne) == (10_000 - fares[0], fares[1])
    assert world.desk.reports("a1")[0].borne_fen == fares[1]
    world.proven()


@pytest.mark.parametrize(
    ("enters", "leaves", "bears"),
    [
        ("11:40", "11:59", "passenger"),
        ("11:40", "12:30", "passenger"),
        ("12:00:59", "12:40", "passenger"),
        ("12:01", "12:40", "issuer"),
    ],
)
def test_a_ride_is_whose_it_was_when_it_began(
    world: World, enters: str, leaves: str, bears: str
) -> None:
    world.lost()
    send(world.city, *trip(Taps(), CARD, enters, leaves))
    [fare] = [row[4] for row in booked(world.database)]
    assert world.borne == (fare if bears == "issuer" else 0)
    assert world.balance() == (10_000 if bears == "issuer" else 10_000 - fare)
    world.proven()


def test_the_passengers_code_rides_on_at_their_own_cost(world: World) -> None:
    world.lost()
    send(world.city, *trip(Taps(), CODE, "13:00", "13:40"))
    assert (world.borne, world.balance() < 10_000) == (0, True)


def test_a_ride_that_the_lost_card_began_is_not_the_passengers_whoever_ends_it(
    world: World,
) -> None:
    taps = Taps()
    world.lost()
    entry = taps("13:00", CARD, "entry", "chaotianmen")
    send(world.city, entry, taps("13:40", CODE, "exit", "shapingba"))
    assert booked(world.database)[0][1] == "paired_by_account"
    assert (world.borne > 0, world.balance()) == (True, 10_000)
    world.proven()


def test_any_order_twice_and_late_gives_the_same_fen(database: Database) -> None:
    """Report and taps in every order; half trips among them, and an exit that comes last."""
    world = World(database)
    seen = set()
    for number, order in enumerate(itertools.permutations(range(4))):
        account, card = f"b{number}", f"500000000100{number:04d}"
        world.open_account(account, card)
        taps = Taps()
        told = [
            *trip_of(taps, card, number, "08:00", "08:40"),
            *trip_of(taps, card, number, "13:00", "13:40"),
        ]
        parts = {0: [told[0], told[1]], 1: [told[3]], 2: [told[2]]}
        for step in order:
            if step == 3:
                report_of(world.desk.report(account, card, f"r{number}", NOON))
            else:
                for _ in range(2):
                    send(world.city, *parts[step], at="23:00")
        [(borne,)] = world.rows(
            "SELECT coalesce(sum(amount_fen), 0)::bigint FROM loss_borne WHERE rider_id = %s",
            account,
        )
        seen.add((world.balance(account), borne))
    assert len(seen) == 1 and all(fen > 0 for fen in seen.pop())
    world.proven()


def trip_of(taps: Taps, card: str, number: int, enters: str, leaves: str) -> list[Tap]:
    return [
        replace(
            tap, funding="account", purse=None,
            ref=replace(tap.ref, terminal_id=f"{tap.ref.terminal_id}-{number}"),
        )
        for tap in trip(taps, card, enters, leaves)
    ]  # fmt: skip


def test_a_trip_that_is_no_more_is_borne_no_more(world: World) -> None:
    """A tap that comes late shows another ride: what was borne of the old one is taken back."""
    taps = Taps()
    world.lost()
    send(world.city, *trip(taps, CARD, "13:00", "13:40"))
    assert world.borne > 0
    send(world.city, taps("13:10", CODE, "entry", "shapingba"), at="23:10")
    [(_, _, origin, _, charge, _)] = booked(world.database)
    assert origin == "shapingba" and world.borne == charge
    steps = [fen for (fen,) in world.rows("SELECT amount_fen FROM loss_borne ORDER BY 1")]
    assert len(steps) >= 2 and sum(map(int, map(str, steps))) == charge
    world.proven()


@pytest.mark.req("R-010")
def test_found_again_lifts_the_denial_and_what_was_borne_stays(world: World) -> None:
    taps = Taps()
    world.lost()
    send(world.city, *trip(taps, CARD, "13:00", "13:40"))
    borne = world.borne
    back = report_of(world.desk.found_again("a1", "loss-1", "f1", moment("18:00")))
    assert (back.state, back.lifted_s) == ("found_again", moment("18:00"))
    assert denied(world.city) == {}
    send(world.city, *trip(taps, CARD, "19:00", "19:40"))
    assert world.borne == borne and world.balance() < 10_000
    late = trip(taps, CARD, "17:00", "17:40")
    send(world.city, *late, at="23:30")
    assert world.borne > borne, "a ride from before it was found is the issuer's, however late told"
    assert world.desk.found_again("a1", "loss-1", "f1", moment("20:00")) != back
    assert report_of(world.desk.found_again("a1", "loss-1", "f2", NOON)).lifted_s == back.lifted_s
    again = report_of(world.desk.report("a1", CARD, "loss-2", moment("21:00")))
    assert again.state == "lost" and denied(world.city) == {CARD: "MEDIUM_LOST"}
    assert code_of(world.desk.found_again("a1", "loss-2", "f1", NOON)) == "REQUEST_REUSED"
    world.proven()


def test_who_loses_and_finds_again_and_again_goes_to_the_counter(world: World) -> None:
    for number in range(1, 4):
        report_of(world.desk.report("a1", CARD, f"l{number}", NOON + number))
        report_of(world.desk.found_again("a1", f"l{number}", f"f{number}", NOON + number))
    report_of(world.desk.report("a1", CARD, "l4", NOON + 9))
    assert code_of(world.desk.found_again("a1", "l4", "f4", NOON + 9)) == "LOSS_TOO_OFTEN"
    assert denied(world.city) == {CARD: "MEDIUM_LOST"}
    by_staff = world.desk.found_again("a1", "l4", "f5", NOON + 9, by_staff=True)
    assert report_of(by_staff).state == "found_again"


def test_a_report_is_taken_back_by_its_own_account_and_in_time_only(world: World) -> None:
    world.lost()
    month = NOON + 31 * 86_400
    assert code_of(world.desk.found_again("a2", "loss-1", "f1", NOON)) == "LOSS_UNKNOWN"
    assert code_of(world.desk.found_again("a1", "nothing", "f1", NOON)) == "LOSS_UNKNOWN"
    assert code_of(world.desk.found_again("a1", "loss-1", "f1", month)) == "LOSS_TOO_OLD"
    assert denied(world.city) == {CARD: "MEDIUM_LOST"}


@pytest.mark.req("R-010")
def test_a_new_card_takes_a_lost_ones_place_on_the_account_with_counters_of_its_own(
    world: World,
) -> None:
    send(world.city, *trip(Taps(), CARD, "08:00", "08:40"))
    early = Replacing("n1", "s7", CARD, NewCard(NEW, LOCAL), "lost")
    assert code_of(world.desk.replace(early, NOON)) == "REPLACE_NOT_LOST"
    world.lost()
    new = world.desk.replace(early, NOON + 600)
    assert not isinstance(new, Refusal) and (new.fee_fen, new.waiting_fen) == (2_000, 0)
    assert world.desk.replace(early, NOON + 601) == new
    assert world.people.told == [("a1", "loss_reported"), ("a1", "card_replaced")]
    assert denied(world.city) == {CARD: "MEDIUM_LOST"}
    assert world.desk.reports("a1")[0].state == "replaced"
    [(rider, states)] = world.rows(
        "SELECT rider_id, state FROM medium JOIN rider USING (rider_id) WHERE medium_no = %s", NEW
    )
    assert rider == "a1" and NEW not in str(states) and CARD in str(states)
    found = world.desk.found_again("a1", "loss-1", "f1", NOON + 900)
    assert code_of(found) == "LOSS_CARD_REPLACED"
    send(world.city, *trip_of(Taps(), CARD, 1, "13:00", "13:40"))
    assert world.borne > 0, "the old card's late ride is still the issuer's"
    world.proven()


def test_a_card_that_is_out_of_use_for_another_reason_is_not_reported(world: World) -> None:
    world.city.replace_medium(asking(old=CARD, why="damaged"), NOON)
    assert code_of(world.desk.report("a1", CARD, "r1", NOON)) == "LOSS_MEDIUM_ENDED"


def test_a_ride_in_another_city_after_the_effective_time_is_borne_too(world: World) -> None:
    world.lost()
    with world.office.alone() as cursor:
        for name, when in (("x1.1", FROM_S - 1), ("x2.1", FROM_S)):
            record = f'{{"trip_id": "{name[:2]}", "entered_s": {when}, "funding": "account"}}'
            cursor.execute(
                "INSERT INTO issuer_record VALUES (%s, 'w1', %s, '110000', 500, 500, %s)",
                (name, CARD, record),
            )
        assert bear_late_trips(cursor, "500000", ["a1"], date(2026, 3, 20)) == 1
        assert bear_late_trips(cursor, "500000", ["a1"], date(2026, 3, 20)) == 0
    assert (world.borne, world.balance()) == (500, 10_500)


def test_what_was_said_cannot_be_edited(world: World) -> None:
    world.lost()
    for statement in ("UPDATE loss_report SET effective_s = 0", "DELETE FROM loss_report"):
        with pytest.raises(psycopg.errors.RaiseException), world.office.writing() as cursor:
            cursor.execute(statement.encode())


def test_the_promise_is_dated_data() -> None:
    terms = loss_terms("500000", NOON)
    assert 0 < terms.push_s <= 60 and 7 <= terms.late_taps_days <= 14
    text = """
[[terms]]
city = ""
from = 2020-01-01
push_s = 60
late_taps_days = 10
found_days = 30
dispute_days = 15
lost_fee_fen = 2000
unbound_fee_fen = 0
proof_age_s = 120
undecided_card = "back"
undecided_person = "released"
person_day_most = 2
person_year_most = 5
person_within_days = 180
lifts_most = 3
lifts_days = 180
"""
    own = '[[terms]]\ncity = "110000"\nfrom = 2024-01-01\npush_s = 30\n'
    found = [
        read_loss_terms((text + own).encode(), "110000", date(year, 6, 1)).push_s
        for year in (2019, 2023, 2025)
    ]
    assert found == [60, 60, 30]
    for wrong in (text + text, text.replace("60", "-1"), text.replace('"back"', '"keep"'),
                  text.replace("push_s = 60", ""), text.replace("push_s", "pushed_s")):  # fmt: skip
        with pytest.raises(ValueError):
            read_loss_terms(wrong.encode(), "110000", date(2025, 1, 1))
