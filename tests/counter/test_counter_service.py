"""What staff do for a passenger besides binding: half trips, accounts for others, upgrades,
disputes, closing; and what a second person decides."""

import re

import pytest
from staff_life import QUERY, bound, half_trip
from staff_world import BEIJING, CARD, NAME, OTHER_PHONE, PHONE, World, an_id, code_of, touch
from staff_world import open_world as world_of

from tongxing.city.people import Level, Person
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

CASE = {"purpose": "counter", "ticket": "A17"}


def test_a_half_trip_is_looked_at_before_it_is_corrected(world: World) -> None:
    person, client = world.passenger(), world.at(language="en")
    trip = half_trip(world, person)
    path = f"/counter/person/{person.person_id}/halves"
    assert f"/halves/{trip}" in client.get(path + QUERY).text
    assert client.get(f"{path}/{'0' * 16}{QUERY}").status_code == 404
    said = CASE | {"area": "outside", "station": "chaotianmen", "stated": "shapingba"}
    before = world.desks.money.balance(person.account)
    page = client.post(f"{path}/{trip}/look", data=said | {"request_id": "h1"}).text
    assert "Nothing is booked yet" in page
    charge = re.search(r"The trip costs</dt><dd>¥([\d.]+)<", page)
    assert charge is not None and charge[1] != "0.00"
    assert world.desks.money.balance(person.account) == before
    world.proofs_hold()
    done = client.post(f"{path}/{trip}", data=said | {"request_id": "h1"}).text
    assert f"the trip costs ¥{charge[1]}" in done and "No half trip waits" in done
    again = client.post(
        f"{path}/{trip}", data=said | {"request_id": "h1", "medium_no": code_of(person)}
    ).text
    assert f"the trip costs ¥{charge[1]}" in again, "the same form twice acts once"
    world.proofs_hold()


def test_a_half_trip_needs_a_station_of_the_network(world: World) -> None:
    person, client = world.passenger(), world.at(language="en")
    trip = half_trip(world, person)
    path = f"/counter/person/{person.person_id}/halves/{trip}"
    page = client.post(path + "/look", data=CASE | {"area": "outside", "station": "atlantis"})
    assert page.status_code == 422 and 'href="#station"' in page.text


@pytest.mark.req("R-112")
def test_an_account_for_an_elder_and_one_for_a_child(world: World) -> None:
    client = world.at(language="en")
    form = {"request_id": "o1", "ticket": "A17", "name": "李奶奶", "relation": "other"}
    form |= {"id_number": an_id(7, "19400101"), "agree": "yes"}
    unseen = client.post("/counter/open", data=form)
    assert unseen.status_code == 422 and 'href="#document"' in unseen.text
    page = client.post("/counter/open", data=form | {"document": "yes"})
    assert "Identity verified" in page.text and "李**" in page.text
    assert client.post("/counter/open", data=form | {"document": "yes"}).url == page.url
    child = form | {"request_id": "o2", "name": "小宝", "id_number": an_id(9, "20200101")}
    child |= {"document": "yes", "relation": "child"}
    assert 'href="#guardian"' in client.post("/counter/open", data=child).text
    parent = world.verified()
    opened = client.post("/counter/open", data=child | {"guardian": parent.account})
    assert "Minor" in opened.text
    assert [one.act for one in world.desks.staff.acts()].count("open") == 5


def test_an_elder_without_a_phone_binds_with_their_document(world: World) -> None:
    client = world.at()
    form = {"request_id": "o1", "ticket": "A17", "name": "李奶奶", "relation": "other"}
    form |= {"id_number": an_id(7, "19400101"), "agree": "yes", "document": "yes"}
    url = client.post("/counter/open", data=form).url
    person_id = url.path.rpartition("/")[2]
    plastic, path = world.purse_card(), f"/counter/person/{person_id}/bind"
    client.post(path + "/begin", data=CASE | {"request_id": "b1"})
    assert "next" in touch(client, f"/person/{person_id}/bind/prove/socket", plastic)
    ticks = {"agree-binding": "yes", "agree-password_free": "yes"}
    assert client.post(path + "/agree", data=CASE | ticks).status_code == 422
    page = client.post(path + "/agree", data=CASE | ticks | {"document": "yes"})
    assert "免密支付" in page.text and page.status_code == 200


@pytest.mark.req("R-105")
def test_upgrades_at_the_desk_only_where_there_are_any(database: Database, world: World) -> None:
    here = world.verified()
    page = world.at(language="en").get(f"/counter/person/{here.person_id}/upgrade{QUERY}")
    assert page.status_code == 404 and "/campaign" not in world.at("boss-1").get("/counter/").text
    with_upgrades = world_of(database, BEIJING)
    try:
        _upgrade(with_upgrades)
    finally:
        with_upgrades.close()


def _upgrade(world: World) -> None:
    person, client = world.verified(), world.at(language="en")
    with world.office.writing() as cursor:
        cursor.execute(
            "INSERT INTO medium (medium_no, rider_id, medium_kind, scheme, product)"
            " VALUES ('3105170020000000001', %s, 'card', 't_union', 'ordinary')",
            (person.account,),
        )
    path = f"/counter/person/{person.person_id}/upgrade"
    page = client.get(path + QUERY).text
    assert "wristband" in page and "commemorative" in page and "20 digits" not in page
    form = CASE | {"request_id": "u1", "kind": "wristband", "number": "3105170020000000001"}
    assert 'href="#agree"' in client.post(path, data=form).text
    assert 'href="#kind-0"' in client.post(path, data=form | {"kind": "kite"}).text
    done = client.post(path, data=form | {"agree": "yes", "in_hand": "yes"}).text
    assert "Upgraded on the spot" in done and "310517*********0001" in done
    world.now_s += 60
    figures = world.at("boss-1", "en").get("/counter/campaign").text
    assert "wristband" in figures and "station" in figures.lower()
    ended = client.post(path + "/end", data=CASE | {"medium": "3105170020000000001"}).text
    assert "The link has ended" in ended and "None yet" in ended


@pytest.mark.req("R-024")
def test_four_eyes_end_a_dispute(world: World) -> None:
    owner, claimant = world.passenger(), world.verified(OTHER_PHONE)
    bound(world, owner)
    desk, first = world.at(language="en"), world.at("boss-1", "en")
    form = CASE | {"request_id": "d1", "number": CARD, "note": "mine"}
    unknown = desk.post(f"/counter/person/{owner.person_id}/dispute", data=form)
    assert unknown.status_code == 422, "an identity that is not verified"
    page = desk.post(f"/counter/person/{claimant.person_id}/dispute", data=form)
    assert "To be proposed" in page.text and "¥30.00" in page.text
    path = page.url.path
    assert "Add evidence" in desk.post(path + "/evidence", data={"note": "receipt"}).text
    assert "receipt" in desk.get(path).text
    assert first.post(path + "/propose", data={}).status_code == 422
    proposed = first.post(path + "/propose", data={"outcome": "back", "request_id": "p1"}).text
    assert "You proposed this yourself" in proposed
    own = first.post(path + "/decide", data={"choice": "approve", "request_id": "a1"})
    assert own.status_code == 409 and Refusal("FOUR_EYES").message("en") in own.text
    second = world.at("boss-2", "en")
    ended = second.post(path + "/decide", data={"choice": "approve", "request_id": "a2"}).text
    assert "Back to the card" in ended
    results = {(one.act, one.result) for one in world.desks.staff.acts()}
    assert {("dispute:approve", "FOUR_EYES"), ("dispute:approve", "DONE")} <= results
    world.proofs_hold()


def test_whoever_holds_the_card_disputes_with_it_and_withdraws(world: World) -> None:
    plastic, client = bound(world, world.passenger()), world.at(language="en")
    socket = "/disputes/card/socket?act=raise&request_id=c1"
    said = touch(client, socket, plastic)
    assert "next" in said, said
    page = client.get(said["next"]).text
    assert "Whoever holds the card" in page
    case_id = said["next"].rpartition("/")[2]
    world.now_s += 60
    back = f"/disputes/card/socket?act=withdraw&case={case_id}&request_id=c2"
    assert "Binding stands" in client.get(touch(client, back, plastic)["next"]).text
    world.proofs_hold()


def test_only_whoever_raised_a_dispute_withdraws_it(world: World) -> None:
    owner, claimant = world.passenger(), world.verified(OTHER_PHONE)
    bound(world, owner)
    client = world.at(language="en")
    form = CASE | {"request_id": "d1", "number": CARD}
    case = client.post(f"/counter/person/{claimant.person_id}/dispute", data=form).url.path
    sent = CASE | {"request_id": "w1", "case_id": case.rpartition("/")[2]}
    foreign = client.post(f"/counter/person/{owner.person_id}/dispute/withdraw", data=sent)
    assert foreign.status_code in (409, 422) and 'href="#case_id"' in foreign.text
    own = client.post(f"/counter/person/{claimant.person_id}/dispute/withdraw", data=sent)
    assert "Binding stands" in own.text


def test_an_account_is_closed_when_nothing_is_open(world: World) -> None:
    person, client = world.passenger(), world.at(language="en")
    world.pays_in(person, 2_000)
    path = f"/counter/person/{person.person_id}/close"
    page = client.get(path + QUERY).text
    assert "Deal with these first" in page and "¥20.00" in page
    sent = CASE | {"request_id": "c1", "document": "yes"}
    assert client.post(path, data=sent).status_code == 409
    empty = world.passenger(OTHER_PHONE)
    path = f"/counter/person/{empty.person_id}/close"
    assert client.post(path, data=CASE).status_code == 422
    assert "The account is closed" in client.post(path, data=sent | {"request_id": "c2"}).text
    assert client.get(f"/counter/person/{empty.person_id}{QUERY}").status_code == 404
    world.proofs_hold()


def test_personal_data_stands_in_no_act_and_no_address(world: World) -> None:
    client = world.at()
    person = world.verified()
    found = client.post("/counter/find", data=CASE | {"by": "phone", "text": PHONE})
    assert found.status_code == 200 and PHONE not in str(found.url)
    client.get(f"/counter/person/{person.person_id}/bind{QUERY}")
    assert isinstance(person, Person) and person.level is Level.IDENTITY
    told = repr(world.desks.staff.acts())
    assert PHONE not in told and NAME not in told and an_id() not in told


def test_nobody_is_looked_at_without_a_purpose_and_a_ticket(world: World) -> None:
    person, client = world.passenger(), world.at()
    path = f"/counter/person/{person.person_id}"
    for query in ("", "?purpose=counter", "?ticket=A17", "?purpose=curiosity&ticket=A17"):
        assert client.get(path + query).status_code >= 400, query
    assert client.get(path + QUERY).status_code == 200
    acts = [(act.act, act.subject) for act in world.desks.staff.acts()]
    assert acts.count(("look", person.account)) == 1
    client.post(path + "/reveal", data=CASE | {"field": "phone"})
    assert ("reveal:phone", person.account) in [
        (act.act, act.subject) for act in world.desks.staff.acts()
    ]


def test_only_the_passengers_own_card_is_replaced_and_with_the_document(world: World) -> None:
    person, client = world.verified(), world.at(language="en")
    bound(world, person)
    other = world.passenger(OTHER_PHONE)
    form = CASE | {"request_id": "r1", "medium_no": CARD, "why": "damaged"}
    form |= {"new_no": "4000000000000099", "scheme": "local:500000"}
    theirs = client.post(
        f"/counter/person/{other.person_id}/replace", data=form | {"replace-document": "yes"}
    )
    assert theirs.status_code == 409
    assert "not on this passenger" in theirs.text
    path = f"/counter/person/{person.person_id}/replace"
    unseen = client.post(path, data=form)
    assert unseen.status_code == 422 and 'href="#replace-document"' in unseen.text
    done = client.post(path, data=form | {"replace-document": "yes"})
    assert done.status_code == 200, done.text
    assert ("replace:damaged", "COUNTER_NOT_THEIRS") in [
        (act.act, act.result) for act in world.desks.staff.acts()
    ]
    world.proofs_hold()


def test_money_is_handed_out_with_the_document_only(world: World) -> None:
    person = world.verified()
    bound(world, person)
    world.now_s += 73 * 3600
    client = world.at(language="en")
    path = f"/counter/person/{person.person_id}/pay-out"
    form = CASE | {"request_id": "p1", "amount": "10"}
    unseen = client.post(path, data=form)
    assert unseen.status_code == 422 and 'href="#document"' in unseen.text
    assert client.post(path, data=form | {"document": "yes"}).status_code == 200
    assert client.post(path, data=form | {"document": "yes"}).status_code == 200
    balance = world.desks.money.balance(person.account)
    assert not isinstance(balance, Refusal)
    assert balance.posted_fen == 2_000, "the same form twice hands out once"
    world.proofs_hold()
