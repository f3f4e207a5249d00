"""Single tickets for known passengers at the counter, and a new card's first top-up."""

from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Any

import pytest
from fastapi.testclient import TestClient
from staff_world import BEIJING, MEDIA, NAME, NOON, OTHER_PHONE, PHONE, World, an_id, touch
from staff_world import open_world as world_of

from tongxing.city import MediumOpening, RiderOpening
from tongxing.deciding import MediumToken
from tongxing.kernel import clock
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

TICKETS = "/counter/tickets"
NEW_CARD, OLD_CARD = "3105170020000000001", "3105170020000000019"
ORDERS = count(1)
"""One issuer serves every test, and loads each order once."""


@pytest.fixture
def beijing(database: Database) -> Iterator[World]:
    """A city with the upgrade service."""
    found = world_of(database, BEIJING)
    yield found
    found.close()


# ------------------------------------------------------------------------------ single tickets


def asked(world: World, **changes: str) -> dict[str, str]:
    """A form as staff fill it in, a minute after it was shown."""
    form = {"request_id": "t1", "act": "sale", "for": "self", "id_number": an_id(), "name": ""}
    form |= {"checked": "yes", "shown_s": str(world.now_s - 60)}
    return form | changes


def grants(world: World) -> list[tuple[str, str, str]]:
    """What was granted: the act, for whom staff helped, and who they are."""
    with world.office.reading() as cursor:
        rows = cursor.execute("SELECT act, helped, staff FROM upgrade_ticket ORDER BY act")
        return [(str(act), str(helped), str(staff)) for act, helped, staff in rows]


@pytest.mark.req("R-155", "R-156")
def test_tickets_are_granted_with_the_riders_number_and_a_passed_check(beijing: World) -> None:
    client = beijing.at(language="en")
    page = client.get(TICKETS).text
    assert f'name="shown_s" value="{beijing.now_s}"' in page
    granted = client.post(TICKETS, data=asked(beijing))
    assert "Hand the ticket out, once" in granted.text and "Grant " in granted.text
    again = client.post(TICKETS, data=asked(beijing))
    assert again.url == granted.url, "the same form twice is one ticket"
    client.post(TICKETS, data=asked(beijing, request_id="t2", act="collection"))
    elder = asked(beijing, request_id="t3", act="welfare_exchange", **{"for": "elder"})
    client.post(TICKETS, data=elder | {"id_number": an_id(5, "19400101"), "name": NAME})
    assert grants(beijing) == [
        ("collection", "", "desk-1"), ("sale", "", "desk-1"),
        ("welfare_exchange", "elder", "desk-1"),
    ]  # fmt: skip
    acts = [(one.act, one.result) for one in beijing.desks.staff.acts()]
    assert ("ticket:welfare_exchange:elder", "DONE") in acts
    assert ("ticket:sale:self", "DONE") in acts
    beijing.proofs_hold()


WITHOUT = [
    ({"checked": ""}, "checked", "UPGRADE_TICKET_CHECK"),
    ({"shown_s": str(NOON - 3_600)}, "checked", "UPGRADE_TICKET_CHECK"),
    ({"shown_s": str(NOON + 60)}, "checked", "UPGRADE_TICKET_CHECK"),
    ({"shown_s": "١٢"}, "checked", "UPGRADE_TICKET_CHECK"),
    ({"id_number": "11010119800229001"}, "id_number", "ID_NUMBER_INVALID"),
    ({"act": "gift"}, "act-0", "COUNTER_CHOICE"),
    ({"for": "friend"}, "for-0", "COUNTER_CHOICE"),
]


@pytest.mark.req("R-155", "R-156")
def test_a_refusal_says_what_next_and_forgets_the_rider(beijing: World) -> None:
    client = beijing.at(language="en")
    for changes, field, code in WITHOUT:
        sent = asked(beijing, name=NAME) | changes
        page = client.post(TICKETS, data=sent)
        assert page.status_code == 422 and f'href="#{field}"' in page.text, changes
        if code != "ID_NUMBER_INVALID":
            assert Refusal(code).next_step("en") in page.text
        assert sent["id_number"] not in page.text and NAME not in page.text
        newest = beijing.desks.staff.acts()[0]
        assert newest.result == code and sent["id_number"] not in repr(newest)
    assert grants(beijing) == []


def test_nothing_of_the_rider_stands_on_a_page_in_an_address_or_an_act(beijing: World) -> None:
    found = beijing.at().post(TICKETS, data=asked(beijing, name=NAME))
    assert found.status_code == 200 and found.headers["cache-control"] == "no-store"
    told = found.text + str(found.url) + repr(beijing.desks.staff.acts())
    assert an_id() not in told and NAME not in told


def test_only_staff_at_a_desk_of_a_city_with_the_service(world: World, beijing: World) -> None:
    assert world.at().get(TICKETS).status_code == 404
    assert world.at().get("/counter/top-ups").status_code == 404
    assert "/counter/tickets" not in world.at().get("/counter/").text
    assert "/counter/tickets" in beijing.at().get("/counter/").text
    assert "sign-in" in str(beijing.visitor().get(TICKETS).url)
    assert beijing.at("machine-1").get(TICKETS).status_code == 403


# --------------------------------------------------------------------------- the first top-up


def card(world: World, number: str, starts: date, fen: int = 0) -> Any:
    """A card that was issued on a day, in the books and as a chip."""
    opening = MediumOpening(number, "card", "t_union", "ordinary", issued_on=starts)
    opened_s = world.now_s - clock.DAY_S
    world.city.open_riders([RiderOpening(number, (opening,), fen, purse=True)], opened_s)
    token = MediumToken(
        scheme="t_union", medium_no=number, medium_kind="card", issuer=world.code,
        product="ordinary", funding="purse", expires=date(2099, 1, 1), balance_fen=fen,
    )  # fmt: skip
    return MEDIA.card(token, opened_s, starts=starts)


def new_card(world: World, number: str = NEW_CARD) -> Any:
    return card(world, number, date(2022, 6, 1))


def machine_loads(world: World, plastic: Any, fen: int = 2_000) -> None:
    """The top-up machine puts money on the card, and tells the issuer."""
    order = f"order-{next(ORDERS)}"
    MEDIA.top_up(plastic, fen, order, world.now_s)
    assert world.city.top_up(NEW_CARD, fen, order, world.now_s) is None


def found(client: TestClient, phone: str = PHONE, **changes: str) -> Any:
    """Staff look the holder up, with the consent read out."""
    form = {"by": "phone", "text": phone, "ticket": "A17", "kind": "card", "agree": "yes"}
    return client.post("/counter/top-ups/who", data=form | changes)


def socket_of(page: str) -> str:
    """Where a page's reader goes."""
    start = page.index('data-socket="') + len('data-socket="')
    return page[start : page.index('"', start)].replace("&amp;", "&").removeprefix("/counter")


@pytest.mark.req("R-102", "R-103")
def test_a_new_cards_holder_is_asked_for_and_the_card_is_linked_after_it(beijing: World) -> None:
    person, client, plastic = beijing.verified(), beijing.at(language="en"), new_card(beijing)
    said = touch(client, "/top-ups/socket?kind=card", plastic)
    page = client.get(said["next"]).text
    assert "who is its holder" in page and NEW_CARD not in said["next"]
    unread = found(client, agree="")
    assert unread.status_code == 422 and 'href="#agree"' in unread.text and PHONE not in unread.text
    page = found(client).text
    gate = touch(client, socket_of(page), plastic)
    page = client.get(gate["next"]).text
    assert "It may be topped up" in page and NEW_CARD not in gate["next"]
    early = touch(client, socket_of(page), plastic)
    assert early["code"] == "UPGRADE_TOP_UP_NOT_SEEN", "no money is on it yet"
    assert beijing.desks.upgrading is not None
    assert beijing.desks.upgrading.linked(person.person_id) == []
    machine_loads(beijing, plastic)
    other = touch(client, socket_of(page), new_card(beijing, OLD_CARD))
    assert other["code"] == "UPGRADE_TOP_UP_OTHER_CARD"
    last = touch(client, socket_of(page), plastic)
    assert "the card is linked with its holder" in client.get(last["next"]).text
    [linked] = beijing.desks.upgrading.linked(person.person_id)
    assert (linked.medium_no, linked.channel) == (NEW_CARD, "first_top_up")
    assert touch(client, socket_of(page), plastic) == last, "the same touch again acts once"
    free = touch(client, "/top-ups/socket?kind=card", plastic)
    assert "topped up as ever" in client.get(free["next"]).text, "the next one is free"
    acts = {(one.act, one.result) for one in beijing.desks.staff.acts()}
    assert {("top_up:look:card", "UPGRADE_TOP_UP_IDENTITY"), ("top_up:done:card", "DONE")} <= acts
    beijing.proofs_hold()


@pytest.mark.req("R-102")
def test_an_unverified_holder_is_not_enough_and_an_old_card_needs_nobody(beijing: World) -> None:
    beijing.passenger(OTHER_PHONE)
    client = beijing.at(language="en")
    page = found(client, OTHER_PHONE).text
    said = touch(client, socket_of(page), new_card(beijing))
    assert said["code"] == "UPGRADE_TOP_UP_IDENTITY", said
    old = card(beijing, OLD_CARD, date(2022, 5, 31))
    free = touch(client, "/top-ups/socket?kind=card", old)
    assert "topped up as ever" in client.get(free["next"]).text


@pytest.mark.req("R-103")
def test_whoever_has_a_linked_card_is_told_and_keeps_the_money(beijing: World) -> None:
    person, client, plastic = beijing.verified(), beijing.at(language="en"), new_card(beijing)
    desk = beijing.desks.upgrading
    assert desk is not None
    card(beijing, OLD_CARD, date(2022, 5, 1))
    first = desk.first_top_up_done(OLD_CARD, "card", person.person_id, "f1", beijing.now_s)
    assert not isinstance(first, Refusal) and first.upgrade is not None
    page = client.get(touch(client, socket_of(found(client).text), plastic)["next"]).text
    machine_loads(beijing, plastic)
    said = touch(client, socket_of(page), plastic)
    assert "next" in said, said
    last = client.get(said["next"]).text
    assert "the money stays" in last and "has a linked card of this kind" in last
    assert [one.medium_no for one in desk.linked(person.person_id)] == [OLD_CARD]
