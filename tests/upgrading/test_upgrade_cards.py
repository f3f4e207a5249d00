"""A card is upgraded by its number: any valid one, once, with consent, and never another's."""

from collections.abc import Iterator

import pytest
from upgrade_world import (
    BAND,
    CARDS,
    NAME,
    NOW,
    OLD_CARD,
    PHONE_CARDS,
    STRANGE,
    TICKET,
    World,
    an_id,
    code_of,
    form,
    may,
    ok,
    opened,
    upgraded,
)

from tongxing.city.upgrading import CardForm
from tongxing.kernel.reasons import Refusal, reason
from tongxing.storage import Database


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with opened(database) as found:
        yield found


@pytest.mark.req("R-123", "R-124", "R-148", "R-154", "R-119")
def test_a_card_is_upgraded_with_number_data_and_tick(world: World) -> None:
    person = world.signed_in()
    assert person.level == 1
    found = upgraded(world.desk.upgrade_card(person.person_id, "r1", form(), NOW))
    assert (found.kind, found.channel, found.linked_s) == ("card", "mini_metro", NOW)
    assert world.linked(person) == [CARDS[0]]
    assert world.people.has_consent(person.person_id, "upgrade")
    assert ok(world.people.person(person.person_id)).level == 2


def test_the_same_request_counts_once_and_other_content_is_refused(world: World) -> None:
    person = world.signed_in()
    first = ok(world.desk.upgrade_card(person.person_id, "r1", form(), NOW))
    asked = world.register.asked
    assert ok(world.desk.upgrade_card(person.person_id, "r1", form(), NOW + 9)) == first
    assert world.register.asked == asked
    other = world.desk.upgrade_card(person.person_id, "r1", form(CARDS[1]), NOW)
    assert code_of(other) == "REQUEST_REUSED"
    assert world.count("upgrade_link") == 1


@pytest.mark.req("R-152")
def test_who_is_upgraded_is_told_so_and_nothing_is_repeated(world: World) -> None:
    person = world.verified()
    first = upgraded(world.desk.upgrade_card(person.person_id, "r1", form(), NOW))
    again = ok(world.desk.upgrade_card(person.person_id, "r2", form(), NOW + 60))
    assert (again.already, again.link_id, again.linked_s) == (True, first.link_id, NOW)
    assert (world.count("upgrade_link"), world.count("upgrade_request")) == (1, 2)


@pytest.mark.req("R-149")
def test_without_the_tick_nothing_is_submitted(world: World) -> None:
    person = world.signed_in()
    bare = CardForm("mini_metro", "card", CARDS[0], NAME, an_id(1))
    assert code_of(world.desk.upgrade_card(person.person_id, "r1", bare, NOW)) == (
        "UPGRADE_TICK_REQUIRED"
    )
    assert world.register.asked == 0 and world.linked(person) == []
    assert not world.people.has_consent(person.person_id, "upgrade")


@pytest.mark.req("R-150")
@pytest.mark.parametrize(
    ("name", "number", "register", "code"),
    [
        ("", "", True, "UPGRADE_DATA_NEEDED"),
        (NAME, "", True, "UPGRADE_DATA_NEEDED"),
        (NAME, an_id(1)[:-1] + "Z", True, "ID_NUMBER_INVALID"),
        (NAME, "110101198002300011", True, "ID_NUMBER_INVALID"),
        (NAME, an_id(1), False, "IDENTITY_"),
    ],
)
def test_wrong_data_upgrades_nothing(
    world: World, name: str, number: str, register: bool, code: str
) -> None:
    person = world.signed_in()
    world.register.answer = register
    asked = CardForm("mini_metro", "card", CARDS[0], name, number, ticked=True)
    before = world.books()
    found = world.desk.upgrade_card(person.person_id, "r1", asked, NOW)
    assert code_of(found).startswith(code)
    assert world.books() == before
    assert not world.people.has_consent(person.person_id, "upgrade")


WRONG_NUMBERS = [
    ("", "NUMBER_EMPTY"),
    ("１０００７５１５００００００００１", "NUMBER_FULL_WIDTH"),
    ("10007515 abcd 0001", "NUMBER_NOT_DIGITS"),
    (CARDS[0][:-1], "UPGRADE_NUMBER_SHORT"),
    (OLD_CARD[:-1], "UPGRADE_NUMBER_SHORT"),
    (OLD_CARD + "1", "UPGRADE_NUMBER_LONG"),
    (CARDS[0] + "1", "UPGRADE_NUMBER_LONG"),
    ("1000", "UPGRADE_NUMBER_LENGTH"),
    ("6222020000000000012", "UPGRADE_NUMBER_BEGINS"),
    ("4000751500000001", "UPGRADE_NUMBER_BEGINS"),
    ("1" * 100_000, "UPGRADE_NUMBER_LENGTH"),
]


@pytest.mark.req("R-106")
def test_a_wrong_number_is_refused_and_says_what_is_wrong(world: World) -> None:
    person = world.verified()
    for number, code in WRONG_NUMBERS:
        found = world.desk.upgrade_card(person.person_id, "r1", form(number), NOW)
        assert code_of(found) == code
        assert world.linked(person) == []


@pytest.mark.req("R-106")
@pytest.mark.parametrize(
    "number", [CARDS[0], OLD_CARD, "3105 1700 0000 0000 000", "1000-7515-00000001"]
)
def test_every_valid_number_of_whatever_length_is_accepted(world: World, number: str) -> None:
    person = world.verified()
    upgraded(world.desk.upgrade_card(person.person_id, "r1", form(number), NOW))


@pytest.mark.req("R-106")
def test_one_missing_digit_is_said_as_such(world: World) -> None:
    person = world.verified()
    found = world.desk.upgrade_card(person.person_id, "r1", form(CARDS[0][:-1]), NOW)
    assert isinstance(found, Refusal)
    assert "少一位" in found.message("zh") and "16 / 19" in found.message("zh")
    assert "One digit is missing" in found.message("en")


@pytest.mark.req("R-106", "R-151")
def test_help_to_find_the_number_stands_ready_for_each_kind(world: World) -> None:
    card = ok(world.desk.number_help("card", NOW))
    assert [length for length, _ in card.forms] == [19, 16]
    assert card.printed == "printed.card_back"
    assert card.lookup == ("lookup.machine", "lookup.window")
    band = ok(world.desk.number_help("wristband", NOW))
    assert (band.printed, band.lookup) == ("printed.not_printed", ("lookup.window",))
    assert code_of(world.desk.number_help("necklace", NOW)) == "UPGRADE_KIND_UNKNOWN"


@pytest.mark.req("R-121")
def test_one_physical_and_one_phone_card_and_no_second_of_either(world: World) -> None:
    person = world.verified()
    phone = form(PHONE_CARDS[0], kind="phone_card")
    upgraded(world.desk.upgrade_card(person.person_id, "r1", form(), NOW))
    upgraded(world.desk.upgrade_card(person.person_id, "r2", phone, NOW))
    for request, more in (
        ("r3", form(CARDS[1])),
        ("r4", form(PHONE_CARDS[1], kind="phone_card")),
    ):
        found = world.desk.upgrade_card(person.person_id, request, more, NOW)
        assert code_of(found) == "UPGRADE_LIMIT_REACHED"
    assert world.linked(person) == [CARDS[0], PHONE_CARDS[0]]
    ok(world.desk.end_link(person.person_id, CARDS[0], "e1", NOW))
    upgraded(world.desk.upgrade_card(person.person_id, "r5", form(CARDS[1]), NOW))


@pytest.mark.req("R-145", "R-146", "R-160")
def test_a_commemorative_ticket_goes_by_its_number_beside_the_cards(world: World) -> None:
    person = world.verified(at=may(33))
    ticket = form(TICKET, kind="commemorative_ticket")
    upgraded(world.desk.upgrade_card(person.person_id, "r1", form(), may(33)))
    upgraded(world.desk.upgrade_card(person.person_id, "r2", ticket, may(33)))
    assert world.linked(person) == [CARDS[0], TICKET]
    other = form(TICKET, "mini_card", "commemorative_ticket")
    found = world.desk.upgrade_card(person.person_id, "r3", other, may(33))
    assert code_of(found) == "UPGRADE_CHANNEL_OTHER_KIND"


@pytest.mark.req("R-145", "R-147", "R-119")
def test_before_the_service_begins_nothing_is_upgraded(world: World) -> None:
    person = world.verified()
    early = world.desk.upgrade_card(person.person_id, "r1", form(), may(17, 23, 59))
    assert code_of(early) == "UPGRADE_NO_PROGRAMME"
    upgraded(world.desk.upgrade_card(person.person_id, "r1", form(), may(18, 0)))


OTHER_THINGS = [
    (form(channel="pigeon"), "UPGRADE_CHANNEL_UNKNOWN"),
    (form(channel="bus_site"), "UPGRADE_CHANNEL_UNKNOWN"),
    (form(channel="station_desk"), "UPGRADE_CHANNEL_UNKNOWN"),
    (form(kind="necklace"), "UPGRADE_KIND_UNKNOWN"),
    (form(BAND, kind="wristband"), "UPGRADE_CHANNEL_OTHER_KIND"),
    (form(kind="ride_code"), "UPGRADE_CHANNEL_OTHER_KIND"),
    (form(kind="elder_card"), "UPGRADE_CHANNEL_OTHER_KIND"),
]


def test_a_channel_does_only_what_its_data_say(world: World) -> None:
    person = world.verified()
    for asked, code in OTHER_THINGS:
        assert code_of(world.desk.upgrade_card(person.person_id, "r1", asked, NOW)) == code


def test_a_number_that_is_not_ones_own_gets_one_answer_whatever_it_is(world: World) -> None:
    """Unknown, another's, lost: the same code, the same words, the same place (A21)."""
    owner, other = world.verified(), world.elder(2)
    upgraded(world.desk.upgrade_card(owner.person_id, "r1", form(), NOW))
    with world.office.writing() as cursor:
        cursor.execute("UPDATE medium SET denied = 'LOST' WHERE medium_no = %s", (CARDS[9],))
    found = [
        world.desk.upgrade_card(other.person_id, f"q{number}", form(number), NOW)
        for number in (CARDS[0], STRANGE, CARDS[9])
    ]
    assert {code_of(one) for one in found} == {"UPGRADE_NUMBER_NOT_HERE"}
    assert len({repr(one) for one in found}) == 1
    assert "服务台" in reason("UPGRADE_NUMBER_NOT_HERE").next_zh
    assert not world.people.has_consent(other.person_id, "upgrade")
    assert world.linked(owner) == [CARDS[0]]


def test_whoever_types_the_numbers_of_others_is_stopped_for_the_day(world: World) -> None:
    person = world.verified()
    for number in range(10):
        strange = form(f"31051700888{number:08d}")
        found = world.desk.upgrade_card(person.person_id, f"q{number}", strange, NOW)
        assert code_of(found) == "UPGRADE_NUMBER_NOT_HERE"
    assert code_of(world.desk.upgrade_card(person.person_id, "r1", form(), NOW)) == (
        "UPGRADE_TRIES_USED"
    )
    upgraded(world.desk.upgrade_card(person.person_id, "r2", form(), NOW + 86_400))
    assert world.desk.purge(NOW + 40 * 86_400) == 1


def test_a_holder_takes_a_link_back_once(world: World) -> None:
    person = world.verified()
    ok(world.desk.upgrade_card(person.person_id, "r1", form(), NOW))
    first = ok(world.desk.end_link(person.person_id, CARDS[0], "e1", NOW + 1))
    assert ok(world.desk.end_link(person.person_id, CARDS[0], "e1", NOW + 2)) == first
    assert code_of(world.desk.end_link(person.person_id, CARDS[0], "e2", NOW)) == (
        "UPGRADE_NOT_LINKED"
    )
    other = world.elder(2)
    upgraded(world.desk.upgrade_card(other.person_id, "r2", form(), NOW + 3))
    assert code_of(world.desk.end_link(person.person_id, CARDS[0], "e3", NOW)) == (
        "UPGRADE_NOT_LINKED"
    )
    assert world.desk.end_links(other.person_id, NOW + 4) == 1
    assert world.linked(other) == []


def test_a_closed_account_links_nothing(world: World) -> None:
    person = world.verified()
    ok(world.people.give_consent(person.person_id, "upgrade", "1", "app", NOW) or True)
    ok(world.people.close_account(person.person_id, "c1", NOW + 1))
    found = world.desk.upgrade_card(person.person_id, "r1", form(), NOW + 2)
    assert code_of(found) == "PERSON_NOT_FOUND"
    assert world.count("upgrade_link") == 0


def test_evidence_is_never_edited(world: World) -> None:
    person = world.verified()
    ok(world.desk.upgrade_card(person.person_id, "r1", form(), NOW))
    for change in ("UPDATE upgrade_link SET holder = ''", "DELETE FROM upgrade_request"):
        with pytest.raises(Exception, match="append-only"), world.office.writing() as cursor:
            cursor.execute(change.encode())
