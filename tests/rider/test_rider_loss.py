"""Loss and disputes on the pages: a typed number tells nothing, only one's own things are reported,
and a lost thing is used again only by whoever has the phone's number."""

import re
from typing import Any

import pytest
from rider_life import Life
from rider_world import NAME, World, code_of, purse_card

from outside_fakes import an_id
from tongxing.city.losing import ByPerson, Dispute
from tongxing.city.people import Person, SignedIn
from tongxing.kernel.ids import masked
from tongxing.kernel.reasons import Refusal, reason

BOUND, PURSE, UNKNOWN = "4000000000000017", "4000000000000025", "4000000000009999"


def verified(world: World, number: int) -> SignedIn:
    """Another passenger whose identity is known."""
    who = world.newcomer(f"1390000{number:04d}")
    found = world.desks.people.verify_identity(
        who.person.person_id, NAME, an_id(number), world.now_s
    )
    assert isinstance(found, Person), found
    return who


def bound(world: World) -> Person:
    """Somebody to whose account a card is bound that moved thirty yuan."""
    holder = world.newcomer().person
    world.with_card(holder, BOUND)
    with world.office.writing() as cursor:
        cursor.execute(
            "INSERT INTO binding (binding_id, request_id, person_id, account, channel, step,"
            " medium_no, moved_fen, begun_s, changed_s, from_s, hold_until_s) VALUES"
            " ('b1', 'b1', %(person)s, %(account)s, 'nfc', 'active', %(card)s, 3000, %(at)s,"
            " %(at)s, %(at)s, %(at)s)",
            {"person": holder.person_id, "account": holder.account, "card": BOUND,
             "at": world.now_s - 3_600},
        )  # fmt: skip
    return holder


def plain(answer: Any) -> str:
    """A page without what is drawn anew each time, and without numbers (masked or one's own)."""
    text = re.sub(r'value="(?:[0-9a-f]{32}|Q\d{16})"', "", answer.text)
    return re.sub(r"\w*\*+\w*|\b\d{16}\b", "", text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_typed_number_tells_nothing(world: World, language: str) -> None:
    """Bound, already disputed, in nobody's account, and no card at all: all see the same."""
    holder = bound(world)
    purse_card(world, PURSE, 500)
    seen = []
    for number, typed in enumerate((BOUND, BOUND, PURSE, UNKNOWN), 1):
        client = world.signed_in(verified(world, number), language)
        form = {"number": typed, "note": "mine", "agree": "yes", "request_id": f"{number:032x}"}
        sent = client.post("/rider/loss/dispute", data=form, follow_redirects=False)
        received = client.get(sent.headers["Location"])
        twice = client.post("/rider/loss/dispute", data=form, follow_redirects=False)
        pages = [client.get(f"/rider{path}") for path in ("/loss", "/me/notices", "/me")]
        own = [plain(one) for one in (received, *pages)]
        seen.append((sent.status_code, sent.headers["Location"], twice.headers["Location"], *own))
        assert masked(typed) in pages[0].text
    assert seen[0][0] == 303
    for one in seen:
        for own, first in zip(one, seen[0], strict=True):
            assert own == first
    assert len(world.desks.losing.disputes_of(holder.account)) == 1


def test_the_budget_is_told_and_a_case_is_seen_by_the_accounts_holder_only(world: World) -> None:
    holder = bound(world)
    who = verified(world, 1)
    client = world.signed_in(who, "en")
    form = {"number": BOUND, "note": "", "agree": "yes"}
    for number in (1, 2):
        client.post("/rider/loss/dispute", data=form | {"request_id": f"{number:032x}"})
    third = client.post("/rider/loss/dispute", data=form | {"request_id": "f" * 32})
    assert third.status_code == 422 and "at most 2 times a day" in third.text
    case = world.desks.losing.disputes_of(holder.account)[0]
    theirs = client.get(f"/rider/loss/disputes/{case.case_id}")
    none = client.get(f"/rider/loss/disputes/{'0' * 32}")
    assert (theirs.status_code, none.status_code) == (404, 404)
    assert theirs.text.replace(case.case_id, "") == none.text.replace("0" * 32, "")


def test_two_peoples_decision_is_told_to_the_claimant(world: World) -> None:
    bound(world)
    who = verified(world, 1)
    losing, claim = world.desks.losing, ByPerson(who.person.person_id)
    assert isinstance(losing.dispute(BOUND, claim, "c" * 32, world.now_s), Dispute)
    client = world.signed_in(who, "en")
    assert "under examination" in client.get("/rider/loss").text
    losing.propose("c" * 32, "s1", "back", "p", world.now_s)
    assert "under examination" in client.get("/rider/loss").text
    assert isinstance(losing.decide("c" * 32, "s2", True, "a", world.now_s), Dispute)
    assert "went back to the card" in client.get("/rider/loss").text


@pytest.mark.req("R-203")
@pytest.mark.parametrize("number", [PURSE, UNKNOWN, BOUND, "", "x" * 60])
def test_only_ones_own_things_are_reported(life: Life, number: str) -> None:
    world = life.world
    purse_card(world, PURSE, 500)
    stranger = world.signed_in(verified(world, 1))
    assert life.card == BOUND
    answer = stranger.post("/rider/loss/report", data={"medium": number, "request_id": "a" * 32})
    assert answer.status_code == 422
    assert Refusal("CHOICE_MISSING").message("zh") in answer.text
    assert reason("LOSS_REPORT_ANONYMOUS").zh in answer.text, "as a text, for everybody"
    assert world.desks.losing.reports(life.person.account) == []


def test_a_loss_is_reported_at_once_and_taken_back_by_the_phone(life: Life) -> None:
    world, client = life.world, life.world.signed_in(life.who)
    form = {"medium": code_of(life.person), "request_id": "a" * 32}
    one, again = (client.post("/rider/loss/report", data=form) for _ in range(2))
    assert one.url == again.url and one.status_code == 200
    path = f"/rider/loss/reports/{'a' * 32}"
    world.now_s += 61
    asked = client.post(f"{path}/found", data={"request_id": "b" * 32})
    assert asked.url.path == "/rider/prove" and asked.url.params["purpose"] == "pay_out"
    assert world.desks.losing.reports(life.person.account)[0].state == "lost"
    then = {"purpose": "pay_out", "next": path}
    sending = client.post("/rider/prove/send", data=then)
    assert sending.status_code == 200, re.sub(r"<[^>]+>", " ", sending.text)[-900:]
    back = client.post("/rider/prove", data=then | {"code": world.inbox.code()})
    assert back.url.path == path, re.sub(r"<[^>]+>", " ", back.text)[-900:]
    client.post(f"{path}/found", data={"request_id": "b" * 32})
    assert world.desks.losing.reports(life.person.account)[0].state == "found_again"
