"""Cards as their issuers know them: the moment of the tap decides what a ride is, whose loss."""

from datetime import date, timedelta

import pytest
from hub_world import DAY, A, B, World, revised
from msgspec.structs import replace
from test_registers import (
    ISS,
    KEYS,
    NEXT,
    TOLD_S,
    deny,
    desk_of,
    numbered,
    presented,
    refused,
    said,
    told,
)

from tongxing.kernel.clock import at
from tongxing.kernel.ids import sha256_hex
from tongxing.messages import Record, seal
from tongxing.messages.registers import CardEntry, CardRange, CardRegister

ISSUED_ON = date(2021, 1, 1)
LOW, HIGH = "3104990000000000000", "3104990000019999999"
YESTERDAY, WEEK_AGO = DAY - timedelta(days=1), DAY - timedelta(days=7)
CLOSED = "3104990000000000007"


def cards(
    version: int,
    *entries: CardEntry,
    ranges: tuple[CardRange, ...] = (CardRange(LOW, HIGH, ISSUED_ON),),
    is_complete: bool = False,
) -> CardRegister:
    return CardRegister(
        version=version,
        published_s=TOLD_S,
        is_complete=is_complete,
        ranges=list(ranges),
        cards=list(entries),
    )


@pytest.mark.req("R-200")
def test_a_range_says_the_last_day_of_its_cards_and_a_card_may_have_its_own(world: World) -> None:
    """Two products: ten million cards that go on, ten million that ended yesterday. Two rows say
    with which cards it is otherwise; all others need none."""
    going_on = CardRange("3104990000000000000", "3104990000009999999", ISSUED_ON, DAY)
    ended = CardRange("3104990000010000000", "3104990000019999999", ISSUED_ON, YESTERDAY)
    shortened = CardEntry("3104990000000000001", expires_on=YESTERDAY)
    extended = CardEntry("3104990000010000001", expires_on=DAY)
    told(world, ISS, cards(1, extended, shortened, ranges=(ended, going_on)))
    answers = presented(
        world,
        numbered("old", "3104990000010000000"),
        numbered("old-in-time", "3104990000010000000", day=YESTERDAY),
        numbered("new", "3104990000009999999"),
        numbered("extended", "3104990000010000001"),
        numbered("shortened", "3104990000000000001"),
    )
    assert answers == {
        "old.1": "rejected 1010",
        "old-in-time.1": "accepted 0015",
        "new.1": "accepted 0000",
        "extended.1": "accepted 0000",
        "shortened.1": "rejected 1010",
    }


@pytest.mark.req("R-200")
def test_a_number_outside_all_ranges_is_unknown_only_where_they_are_complete(world: World) -> None:
    """Also a number whose range was issued later than it rode; a code's number is in no range."""
    later = CardRange("3104990000020000000", "3104990000020000009", NEXT)
    ranges = (CardRange(LOW, HIGH, ISSUED_ON), later)

    def rides(name: str) -> dict[str, str]:
        code = replace(numbered(f"{name}-c", "token-1"), funding="account", medium_kind="code")
        return presented(
            world,
            numbered(f"{name}-in", HIGH),
            numbered(f"{name}-out", "3104990000020000010"),
            numbered(f"{name}-short", "310499000000000001"),
            numbered(f"{name}-early", "3104990000020000000"),
            code,
        )

    told(world, ISS, cards(1, ranges=ranges))
    assert set(rides("a").values()) == {"accepted 0000"}
    told(world, ISS, cards(2, ranges=ranges, is_complete=True))
    assert rides("b") == {
        "b-in.1": "accepted 0000",
        "b-out.1": "held 1008",
        "b-short.1": "held 1008",
        "b-early.1": "held 1008",
        "b-c.1": "accepted 0000",
    }


@pytest.mark.req("R-200")
def test_a_kind_of_card_is_taken_only_in_the_scheme_that_its_issuer_says(world: World) -> None:
    """A local card whose gate let it through as one of T-Union."""
    local = CardRange(LOW, HIGH, ISSUED_ON, None, [f"local:{A}"])
    told(world, ISS, cards(1, ranges=(local,)))
    as_local = replace(numbered("home", LOW), scheme=f"local:{A}")
    assert presented(world, numbered("posing", LOW), as_local) == {
        "posing.1": "rejected 1015",
        "home.1": "accepted 0000",
    }


@pytest.mark.req("R-200")
def test_whose_loss_a_closed_card_is_goes_by_the_tap_and_the_list_it_proves(world: World) -> None:
    """Closed at ten two days ago, told to the hub at noon, on City A's list 9 a minute later: until
    noon of the next day its issuer pays, then whoever let it through. It was opened again today
    at nine, and what rode before it was closed is in order."""
    reopened = at(DAY, 9)
    told(world, A, deny(A, 8, TOLD_S - 3_600))
    told(world, ISS, cards(1, CardEntry(CLOSED, TOLD_S - 7_200, reopened)), TOLD_S)
    told(world, A, deny(A, 9, TOLD_S + 60, CLOSED), TOLD_S + 60)
    forgotten = "3104990000000000008"
    told(
        world,
        ISS,
        cards(2, CardEntry(CLOSED, TOLD_S - 7_200, reopened), CardEntry(forgotten, TOLD_S - 7_200)),
        TOLD_S + 30,
    )
    closing_day = DAY - timedelta(days=2)
    rides = [
        numbered("before", CLOSED, 8, day=closing_day),
        at_hour(numbered("grace", CLOSED, 8, day=closing_day), closing_day, 11),
        at_hour(numbered("grace-ends", CLOSED, 8), YESTERDAY, 12),
        numbered("older", CLOSED, 8),
        numbered("had-it", CLOSED, 9),
        numbered("unproven", CLOSED, 0),
        numbered("list-wrong", forgotten, 9),
        at_hour(numbered("open-again", CLOSED, 9), DAY, 9),
    ]
    answers = world.present(rides, at(NEXT, 6))
    found = {
        item.record_id: f"{item.status} {item.code} {item.bearer}" for item in answers.verdicts
    }
    assert found == {
        "before.1": "accepted 0015 cardholder",
        "grace.1": "accepted 0009 issuer",
        "grace-ends.1": "held 1003 acquirer",
        "older.1": "held 1003 acquirer",
        "had-it.1": "held 1003 acquirer",
        "unproven.1": "held 1003 acquirer",
        "list-wrong.1": "accepted 0009 issuer",
        "open-again.1": "accepted 0000 cardholder",
    }


def at_hour(record: Record, day: date, hour: int) -> Record:
    moved_s = at(day, hour) - record.entered_s
    return replace(record, entered_s=at(day, hour), exited_s=record.exited_s + moved_s)


def test_what_gives_money_back_is_not_asked_for_its_card(world: World) -> None:
    """The ride stood before its issuer said that the card was closed long ago."""
    one, other = numbered("one", CLOSED, 1), numbered("other", CLOSED, 1)
    stood = presented(world, one, other)
    assert stood == {"one.1": "accepted 0000", "other.1": "accepted 0000"}
    told(world, ISS, cards(1, CardEntry(CLOSED, TOLD_S)), TOLD_S)
    dearer, cheaper = revised(one, 500), revised(other, 400)
    assert presented(world, dearer, cheaper) == {
        "one.2": "held 1003",
        "other.2": "accepted 0000",
    }


def test_a_later_version_does_not_begin_a_closures_grace_anew(world: World) -> None:
    told(world, ISS, cards(1, CardEntry(CLOSED, TOLD_S - 60)), TOLD_S)
    told(world, ISS, cards(2, CardEntry(CLOSED, TOLD_S - 60)), at(DAY, 7))
    assert presented(world, numbered("ride", CLOSED)) == {"ride.1": "held 1003"}


def test_the_version_and_its_hash_stand_with_each_register_and_each_verdict(world: World) -> None:
    register = cards(7, CardEntry(CLOSED, TOLD_S), CardEntry("account-9", TOLD_S))
    kept = told(world, ISS, register, TOLD_S)
    sealed = sha256_hex(seal(register, KEYS[ISS]))
    assert (kept.version, kept.entries, kept.sha256) == (7, 3, sealed)
    assert desk_of(world.store).registers() == [kept]
    account = replace(numbered("ride", "account-9"), funding="account")
    presented(world, account, numbered("silent", LOW, issuer=B, charge_fen=500))
    with world.store.reading() as cursor:
        row = cursor.execute("SELECT detail FROM record WHERE record_id = 'ride.1'").fetchone()
    assert row == (f"closed before the tap, unproven (card register 7, {sealed[:12]})",)
    assert dict(said(world, "W20260318"))["card"] == 1, "City B's issuer said nothing"


@pytest.mark.parametrize(
    "register",
    [
        cards(1, ranges=(CardRange(HIGH, LOW, ISSUED_ON),)),
        cards(1, ranges=(CardRange("31", HIGH, ISSUED_ON),)),
        cards(1, ranges=(CardRange(LOW, HIGH, ISSUED_ON, date(2020, 12, 31)),)),
        cards(1, ranges=(CardRange(LOW, HIGH, ISSUED_ON), CardRange(HIGH, HIGH, ISSUED_ON))),
        cards(1, CardEntry(CLOSED)),
        cards(1, CardEntry(CLOSED, 9, 8)),
        cards(1, CardEntry(CLOSED, 9), CardEntry(CLOSED, 19)),
        cards(1, CardEntry(CLOSED, 9, 29), CardEntry(CLOSED, 19)),
    ],
)
def test_a_register_of_cards_that_cannot_be_right_is_refused(
    world: World, register: CardRegister
) -> None:
    assert refused(world, ISS, register) == "REGISTER_UNFIT"
    assert refused(world, f"ACQ-{A}", register) == "REGISTER_OWNER"


def test_a_card_may_be_closed_twice_and_the_second_time_told_ahead(world: World) -> None:
    """What is told ahead counts from the moment at which it comes true."""
    times = [CardEntry(CLOSED, TOLD_S, TOLD_S + 60), CardEntry(CLOSED, at(DAY, 10))]
    told(world, ISS, cards(1, *times), TOLD_S)
    again = at_hour(numbered("again", CLOSED), DAY, 10)
    assert presented(world, numbered("open", CLOSED), again) == {
        "open.1": "accepted 0000",
        "again.1": "accepted 0009",
    }
