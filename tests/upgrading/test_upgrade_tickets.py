"""New cards' first top-ups, single tickets for known passengers, refunds of electronic ones."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from upgrade_world import (
    BEIJING,
    CARDS,
    NAME,
    Killed,
    World,
    an_id,
    code_of,
    form,
    may,
    ok,
    opened,
)

from tongxing.city.accounts import top_up
from tongxing.city.upgrading.e_tickets import ETicket
from tongxing.city.upgrading.rules import CheckResult, TopUpGate
from tongxing.city.upgrading.single_tickets import TicketAsked
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

JUNE = may(33)
NEW, OLD = date(2022, 6, 1), date(2022, 5, 31)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with opened(database) as found:
        yield found


# -------------------------------------------------------------------------------- first top-up


@pytest.mark.req("R-102")
@pytest.mark.parametrize(
    ("issued_on", "at", "known", "expected"),
    [
        (NEW, JUNE, False, "UPGRADE_TOP_UP_IDENTITY"),
        (NEW, JUNE, True, TopUpGate("card", links=True)),
        (OLD, JUNE, False, TopUpGate("card", links=False)),
        (None, JUNE, False, "UPGRADE_TOP_UP_UNREAD"),
        (OLD, may(31), False, TopUpGate("card", links=False)),
        (OLD, may(2), False, TopUpGate("card", links=False)),
    ],
)
def test_a_new_cards_first_top_up_needs_to_know_its_holder(
    world: World, issued_on: date | None, at: int, known: bool, expected: object
) -> None:
    person = world.verified(at=at).person_id if known else None
    found = world.desk.first_top_up_allowed(CARDS[0], "card", issued_on, person, at)
    assert (found.code if isinstance(found, Refusal) else found) == expected


@pytest.mark.req("R-103", "R-102")
def test_the_first_top_up_links_the_card_and_the_next_one_is_free(world: World) -> None:
    phone_only = world.signed_in("13611112222", at=JUNE)
    found = world.desk.first_top_up_allowed(CARDS[0], "card", NEW, phone_only.person_id, JUNE)
    assert code_of(found) == "UPGRADE_TOP_UP_IDENTITY"
    person = world.verified(at=JUNE).person_id
    done = ok(world.desk.first_top_up_done(CARDS[0], "card", person, "t1", JUNE))
    assert done.upgrade is not None and done.upgrade.channel == "first_top_up"
    assert ok(world.desk.first_top_up_done(CARDS[0], "card", person, "t1", JUNE + 5)) == done
    assert code_of(world.desk.first_top_up_done(CARDS[0], "card", person, "t2", JUNE)) == (
        "UPGRADE_TOP_UP_BEFORE"
    )
    again = ok(world.desk.first_top_up_allowed(CARDS[0], "card", NEW, None, JUNE))
    assert not again.links
    assert world.count("upgrade_link") == 1


@pytest.mark.req("R-103", "R-121")
def test_whoever_has_a_linked_card_keeps_the_top_up_and_is_told_why(world: World) -> None:
    person = world.verified(at=JUNE).person_id
    ok(world.desk.upgrade_card(person, "r1", form(CARDS[1]), JUNE))
    done = ok(world.desk.first_top_up_done(CARDS[0], "card", person, "t1", JUNE))
    assert done.upgrade is None and done.not_linked is not None
    assert done.not_linked.code == "UPGRADE_LIMIT_REACHED"


# ------------------------------------------------------------------------------ single tickets

PASSED = CheckResult(passed=True, checked_s=JUNE - 60)
BUYING = TicketAsked("k1", "sale", an_id(1), PASSED)


@pytest.mark.req("R-155")
def test_a_single_ticket_needs_ones_own_number_and_a_passed_check(world: World) -> None:
    found = ok(world.desk.single_ticket(BUYING, JUNE))
    assert len(found.grant_id) == 32
    assert ok(world.desk.single_ticket(BUYING, JUNE + 9)) == found
    other = replace(BUYING, id_number=an_id(2))
    assert code_of(world.desk.single_ticket(other, JUNE)) == "REQUEST_REUSED"
    ok(world.desk.single_ticket(replace(BUYING, request_id="m1", act="collection"), JUNE))
    ok(world.desk.single_ticket(replace(BUYING, request_id="m2", act="welfare_exchange"), JUNE))
    assert world.count("upgrade_ticket") == 3
    assert an_id(1) not in world.everything() and an_id(1) not in repr(BUYING)


WITHOUT: list[tuple[dict[str, Any], str]] = [
    ({"id_number": "11010119800229001"}, "ID_NUMBER_INVALID"),
    ({"id_number": "110101198002310011"}, "ID_NUMBER_INVALID"),
    ({"id_number": ""}, "ID_NUMBER_INVALID"),
    ({"check": CheckResult(False, JUNE)}, "UPGRADE_TICKET_CHECK"),
    ({"check": CheckResult(True, JUNE - 3_600)}, "UPGRADE_TICKET_CHECK"),
    ({"check": CheckResult(True, JUNE + 60)}, "UPGRADE_TICKET_CHECK"),
    ({"helped": "elder"}, "UPGRADE_TICKET_STAFF_ONLY"),
    ({"helped": "child"}, "UPGRADE_TICKET_STAFF_ONLY"),
]


@pytest.mark.req("R-155", "R-156")
def test_without_them_there_is_no_ticket(world: World) -> None:
    for changes, code in WITHOUT:
        assert code_of(world.desk.single_ticket(replace(BUYING, **changes), JUNE)) == code
        assert world.count("upgrade_ticket") == 0


@pytest.mark.req("R-156", "R-155")
def test_staff_buy_for_an_elder_and_before_the_rule_anybody_may(world: World) -> None:
    ok(world.desk.single_ticket(replace(BUYING, helped="elder", staff="s7"), JUNE))
    world.register.answer = False
    named = replace(BUYING, request_id="k2", name=NAME)
    assert code_of(world.desk.single_ticket(named, JUNE)) == "UPGRADE_TICKET_NAME"
    before = replace(BUYING, id_number="", check=CheckResult(False, 0))
    assert ok(world.desk.single_ticket(before, may(27))).grant_id == ""
    assert world.count("upgrade_ticket") == 1


# -------------------------------------------------------------------------- electronic tickets


def rich(world: World) -> str:
    """The account of somebody who paid in thirty yuan."""
    account = world.signed_in(at=may(20)).account
    with world.office.writing() as cursor:
        paid = top_up(cursor, BEIJING, account, 3_000, "p1", may(20), date(2022, 5, 20))
        assert paid is None
    return account


def sold(world: World, account: str, number: int, at: int = may(21)) -> ETicket:
    return ok(world.desk.sell_e_ticket(account, f"b{number}", 400, at))


@pytest.mark.req("R-157")
def test_electronic_tickets_are_sold_until_they_are_suspended(world: World) -> None:
    account = rich(world)
    first = sold(world, account, 1)
    assert sold(world, account, 1, JUNE) == first
    assert code_of(world.desk.sell_e_ticket(account, "b1", 500, may(21))) == "REQUEST_REUSED"
    assert code_of(world.desk.sell_e_ticket(account, "b2", 400, may(28, 0))) == (
        "UPGRADE_E_TICKET_SUSPENDED"
    )
    assert code_of(world.desk.use_e_ticket(first.ticket_no, JUNE)) == "UPGRADE_E_TICKET_SUSPENDED"
    for fen, code in ((2_601, "UPGRADE_E_TICKET_MONEY"), (0, "AMOUNT_NOT_POSITIVE")):
        assert code_of(world.desk.sell_e_ticket(account, f"c{fen}", fen, may(21))) == code
    assert code_of(world.desk.sell_e_ticket("4711", "b3", 400, may(21))) == "RIDER_UNKNOWN"
    world.proofs_hold()


@pytest.mark.req("R-158")
def test_unused_tickets_go_back_the_way_they_were_paid_each_once(world: World) -> None:
    account = rich(world)
    used, *unused = [sold(world, account, number) for number in range(4)]
    ok(world.desk.use_e_ticket(used.ticket_no, may(22)))
    assert ok(world.desk.use_e_ticket(used.ticket_no, may(22))).state == "used"
    assert code_of(world.desk.refund_unused(unused[0].ticket_no, may(22))) == (
        "UPGRADE_E_TICKET_GOOD"
    )
    steps: list[tuple[int, int]] = []
    run = world.desk.refund_all_unused(JUNE, lambda done, of: steps.append((done, of)))
    assert (run.refunded, run.refunded_fen, run.waiting) == (3, 1_200, ())
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert world.desk.refund_all_unused(JUNE).refunded == 0
    assert ok(world.desk.refund_unused(unused[0].ticket_no, JUNE)).state == "refunded"
    assert code_of(world.desk.refund_unused(used.ticket_no, JUNE)) == "UPGRADE_E_TICKET_USED"
    assert code_of(world.desk.use_e_ticket(unused[0].ticket_no, JUNE)) == (
        "UPGRADE_E_TICKET_RETURNED"
    )
    assert code_of(world.desk.refund_unused("4711", JUNE)) == "UPGRADE_E_TICKET_UNKNOWN"
    assert sum(world.till.done.values()) == 1_200
    world.proofs_hold()


@pytest.mark.req("R-158")
def test_a_refund_that_was_torn_or_refused_is_gone_on_with(world: World) -> None:
    account = rich(world)
    ticket = sold(world, account, 1).ticket_no
    world.till.refuses = Refusal("RIDER_UNKNOWN")
    run = world.desk.refund_all_unused(JUNE)
    assert (run.refunded, [number for number, _ in run.waiting]) == (0, [ticket])
    world.till.refuses, world.till.dies = None, True
    with pytest.raises(Killed):
        world.desk.refund_unused(ticket, JUNE)
    world.till.dies = False
    assert world.desk.refund_all_unused(JUNE).refunded == 1
    assert list(world.till.done.values()) == [400]
    world.proofs_hold()
