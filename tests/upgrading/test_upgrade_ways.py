"""The other ways to be upgraded: one tap, a message's code, a helper, a desk, a registration."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from upgrade_world import (
    BAND,
    CARDS,
    NAME,
    NOW,
    OTHER_NAME,
    OTHER_PHONE,
    PERSONAL,
    PHONE,
    TICKET,
    World,
    an_id,
    code_of,
    form,
    may,
    ok,
    old_person,
    opened,
    upgraded,
)

from tongxing.city.people.forms import masked_name
from tongxing.city.upgrading import CardForm, NewPerson, Popup, SmsForm, Upgrade
from tongxing.messages.taps import account_token
from tongxing.storage import Database

DESK = form(channel="station_desk")


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with opened(database) as found:
        yield found


# ------------------------------------------------------------------------------------- one tap


@pytest.mark.req("R-120", "R-143", "R-126", "R-125")
def test_an_app_asks_from_its_first_instant_and_one_tap_is_all(world: World) -> None:
    person = world.signed_in(at=may(22))
    early = ok(world.desk.consent_popup(person.person_id, "alipay", may(23, 0) - 1))
    assert (early.shown, early.why) == (False, "UPGRADE_POPUP_NOT_YET")
    assert code_of(world.desk.accept(person.person_id, "alipay", "a0", may(23, 0) - 1)) == (
        "UPGRADE_POPUP_NOT_YET"
    )
    now = ok(world.desk.consent_popup(person.person_id, "alipay", may(23, 0)))
    assert now == Popup("alipay", True, "", "upgrade", "1")
    found = upgraded(world.desk.accept(person.person_id, "alipay", "a1", may(23, 0)))
    assert found.medium_no == account_token(person.account)
    assert world.people.has_consent(person.person_id, "upgrade")
    assert ok(world.desk.accept(person.person_id, "alipay", "a1", may(24))) == found


@pytest.mark.req("R-152", "R-120")
def test_an_app_does_not_ask_again_whom_it_upgraded(world: World) -> None:
    person = world.signed_in()
    ok(world.desk.accept(person.person_id, "yikatong", "a1", NOW))
    for app in ("yikatong", "cmb"):
        asked = ok(world.desk.consent_popup(person.person_id, app, NOW + 1))
        assert (asked.shown, asked.why) == (False, "UPGRADE_ALREADY")
    assert ok(world.desk.accept(person.person_id, "cmb", "a2", NOW)).already
    assert world.count("upgrade_link") == 1


@pytest.mark.req("R-120", "R-143")
def test_an_app_with_codes_of_its_own_is_asked_for_each(world: World) -> None:
    person = world.signed_in()
    ok(world.desk.accept(person.person_id, "yikatong", "a1", NOW))
    code_no = "TJ-0001-7788990011"
    asked = ok(world.desk.consent_popup(person.person_id, "tianjin_metro", NOW, code_no))
    assert asked.shown
    upgraded(world.desk.accept(person.person_id, "tianjin_metro", "a2", NOW, code_no))
    assert world.linked(person) == [account_token(person.account), code_no]
    for bad in ("x", "a b c d e f g h", "卡卡卡卡卡卡卡卡卡", "A" * 65):
        found = world.desk.accept(person.person_id, "tianjin_metro", f"b{len(bad)}", NOW, bad)
        assert code_of(found) == "UPGRADE_CODE_NUMBER"


APPS = [("shanghai_metro", True), ("beijing_bus", True), ("rail_96123", True), ("a_game", False)]


@pytest.mark.req("R-120", "R-163")
def test_an_app_that_either_source_names_asks_and_no_other(world: World) -> None:
    person = world.signed_in()
    for app, shown in APPS:
        found = ok(world.desk.consent_popup(person.person_id, app, NOW))
        assert (found.shown, found.why) == (shown, "" if shown else "UPGRADE_APP_UNKNOWN")


@pytest.mark.req("R-159")
def test_from_june_a_new_code_is_linked_with_its_registration(world: World) -> None:
    person = world.signed_in(at=may(31))
    before = world.desk.code_opened(person.person_id, "alipay", "o1", may(31, 23, 59))
    assert isinstance(before, Popup) and before.shown
    after = world.desk.code_opened(person.person_id, "alipay", "o1", may(32, 0))
    assert isinstance(after, Upgrade) and after.channel == "registration"


@pytest.mark.req("R-159", "R-142")
def test_an_account_that_opens_its_code_is_linked_once_and_only_with_consent(world: World) -> None:
    person = world.signed_in(at=may(31))
    desk, account = world.desk, person.account
    early = desk.code_opened_by(account, may(31))
    assert isinstance(early, Popup) and not early.shown
    asked = desk.code_opened_by(account, may(32))
    assert isinstance(asked, Popup) and asked.why == "UPGRADE_CONSENT"
    assert world.linked(person) == []
    text = (asked.text_id, asked.version)
    assert world.people.give_consent(person.person_id, *text, "app", may(32)) is None
    first = upgraded(desk.code_opened_by(account, may(32)))
    assert first.channel == "registration"
    assert desk.code_opened_by(account, may(33)) == first
    desk.publish_list(may(33))
    listed = ok(desk.linked_media())
    assert listed.added == [account_token(account)], "the medium that a gate reads from the code"
    ok(desk.end_link(person.person_id, first.medium_no, "e1", may(34)))
    ok(desk.code_opened_by(account, may(35)))
    assert world.linked(person) == [], "what the holder took back is not linked by itself again"
    assert code_of(desk.code_opened_by("4711", may(35))) == "PERSON_NOT_FOUND"


# --------------------------------------------------------------------- name, telephone and code


def by_sms(world: World, *, at: int = NOW, **changes: Any) -> SmsForm:
    ok(world.people.request_code(PHONE, "sign_in", "s1", "c1", at))
    code = world.inbox.code(PHONE)
    filled = SmsForm("bus_site", "beijing_bus", PHONE, code, NAME, "s1", "Pixel 9", ticked=True)
    return replace(filled, **changes)


@pytest.mark.req("R-138", "R-131")
def test_the_bus_site_upgrades_its_code_by_name_phone_and_message(world: World) -> None:
    asked = by_sms(world)
    found = upgraded(world.desk.upgrade_by_sms(asked, "s1", NOW))
    assert (found.kind, found.channel) == ("ride_code", "bus_site")
    assert ok(world.desk.upgrade_by_sms(asked, "s1", NOW + 5)) == found
    assert not any(word in repr(asked) for word in PERSONAL)


@pytest.mark.req("R-140", "R-138", "R-149")
@pytest.mark.parametrize(
    ("changes", "at", "code"),
    [
        ({"app": "alipay"}, NOW, "UPGRADE_CHANNEL_OTHER_APP"),
        ({"ticked": False}, NOW, "UPGRADE_TICK_REQUIRED"),
        ({"code": "000000"}, NOW, "OTP_WRONG"),
        ({"name": "4711"}, NOW, "NAME_INVALID"),
        ({"channel": "mini_metro"}, NOW, "UPGRADE_CHANNEL_OTHER_KIND"),
        ({}, may(18, 12), "UPGRADE_CHANNEL_NOT_YET"),
    ],
)
def test_the_bus_site_refuses_what_it_does_not_do(
    world: World, changes: dict[str, object], at: int, code: str
) -> None:
    asked = by_sms(world, at=at, **changes)
    found = code_of(world.desk.upgrade_by_sms(asked, "s1", at))
    assert found in (code, "UPGRADE_CHANNEL_UNKNOWN")
    assert world.count("upgrade_link") == 0


@pytest.mark.req("R-138")
def test_the_name_is_the_one_that_was_registered(world: World) -> None:
    world.verified(at=NOW - 600)
    found = world.desk.upgrade_by_sms(by_sms(world, name=OTHER_NAME), "s1", NOW)
    assert code_of(found) == "UPGRADE_NAME_DIFFERS"
    assert world.count("upgrade_link") == 0


@pytest.mark.req("R-138")
def test_a_name_of_the_same_mask_is_another_name_and_the_code_stays_good(world: World) -> None:
    world.verified(at=NOW - 600)
    alike = NAME[0] + OTHER_NAME[1] * (len(NAME) - 1)
    assert alike != NAME and masked_name(alike) == masked_name(NAME)
    asked = by_sms(world, name=alike)
    assert code_of(world.desk.upgrade_by_sms(asked, "s1", NOW)) == "UPGRADE_NAME_DIFFERS"
    right = replace(asked, name=NAME)
    upgraded(world.desk.upgrade_by_sms(right, "s1", NOW))
    assert code_of(world.desk.upgrade_by_sms(right, "s2", NOW)) == "OTP_WRONG", "used up now"


@pytest.mark.req("R-138")
def test_whoever_has_no_code_learns_nothing_of_a_name(world: World) -> None:
    world.verified(at=NOW - 600)
    asked = replace(by_sms(world), code="000000")
    for name in (NAME, OTHER_NAME):
        found = world.desk.upgrade_by_sms(replace(asked, name=name), "s1", NOW)
        assert code_of(found) == "OTP_WRONG"


# --------------------------------------------------------------------------------- for others


@pytest.mark.req("R-122", "R-139", "R-153")
def test_a_helper_upgrades_the_card_of_whoever_gave_their_code(world: World) -> None:
    helper = world.verified()
    helped = world.helps(helper, OTHER_PHONE, 2)
    found = upgraded(world.desk.upgrade_for(helper.person_id, helped, "h1", form(CARDS[5]), NOW))
    assert found.person_id == helped
    assert world.linked(helper) == []
    assert world.people.has_consent(helped, "upgrade")
    told = [one.kind for one in world.people.notices(helped)]
    assert "upgrade_linked" in told
    ok(world.desk.end_link(helped, CARDS[5], "e1", NOW))


@pytest.mark.req("R-139")
def test_nobody_acts_for_somebody_whose_code_they_do_not_have(world: World) -> None:
    helper, other = world.verified(), world.elder(2)
    for whom in (other.person_id, "nobody"):
        found = world.desk.upgrade_for(helper.person_id, whom, "h1", form(), NOW)
        assert code_of(found) == "UPGRADE_NOT_YOUR_HELPED"
    assert world.count("upgrade_link") == 0


@pytest.mark.req("R-122")
def test_five_cards_for_others_and_no_sixth_nor_after_an_end(world: World) -> None:
    helper = world.verified()
    phones = [f"1371234567{number}" for number in range(3)]
    helped = [world.helps(helper, phone, 10 + n) for n, phone in enumerate(phones)]
    asked = [(helped[0], form(CARDS[1])), (helped[1], form(CARDS[2])), (helped[2], form(CARDS[3]))]
    asked += [(helped[n], form(f"202205180000000{n}", kind="commemorative_ticket")) for n in (0, 1)]
    for number, (whom, one) in enumerate(asked):
        upgraded(world.desk.upgrade_for(helper.person_id, whom, f"h{number}", one, NOW))
    sixth = form("2022051800000009", kind="commemorative_ticket")
    asked_again = (helper.person_id, helped[2], "h6", sixth)
    assert code_of(world.desk.upgrade_for(*asked_again, NOW)) == "UPGRADE_OTHERS_LIMIT"
    ok(world.desk.end_link(helped[0], CARDS[1], "e1", NOW))
    assert code_of(world.desk.upgrade_for(*asked_again, NOW + 86_400)) == "UPGRADE_OTHERS_LIMIT"
    upgraded(world.desk.upgrade_for(*asked_again, NOW + 31 * 86_400))


# --------------------------------------------------------------------------------- at the desk


@pytest.mark.req("R-112", "R-153", "R-104")
def test_staff_upgrade_an_elder_without_a_phone_on_the_spot(world: World) -> None:
    found = upgraded(world.desk.upgrade_at_desk("s7", "d1", old_person(), DESK, NOW))
    assert ok(world.desk.upgrade_at_desk("s7", "d1", old_person(), DESK, NOW + 5)) == found
    other = world.desk.upgrade_at_desk("s8", "d1", old_person(), DESK, NOW)
    assert code_of(other) == "REQUEST_REUSED"
    assert world.count("upgrade_link") == 1


@pytest.mark.req("R-153")
def test_a_childs_card_is_upgraded_by_its_guardian(world: World) -> None:
    guardian = world.verified()
    child = NewPerson(OTHER_NAME, an_id(3, "20150601"), "child", "", guardian.person_id)
    found = upgraded(world.desk.upgrade_at_desk("s7", "d1", child, DESK, NOW))
    again = form(TICKET, kind="commemorative_ticket")
    upgraded(world.desk.upgrade_for(guardian.person_id, found.person_id, "h1", again, NOW))
    alone = replace(child, guardian_person_id="", id_number=an_id(4, "20150601"))
    assert code_of(world.desk.upgrade_at_desk("s7", "d2", alone, DESK, NOW)) == "GUARDIAN_NEEDED"


@pytest.mark.req("R-105")
def test_staff_read_the_number_of_a_wristband(world: World) -> None:
    person = world.verified()
    band = form(BAND, "station_desk", "wristband")
    found = upgraded(world.desk.upgrade_at_desk("s7", "d1", person.person_id, band, NOW))
    assert found.kind == "wristband"
    second = world.desk.upgrade_at_desk("s7", "d2", person.person_id, DESK, NOW)
    assert code_of(second) == "UPGRADE_LIMIT_REACHED"


def test_a_card_linked_with_another_finds_its_way_out_at_the_desk(world: World) -> None:
    thief, owner = world.verified(), world.elder(2)
    upgraded(world.desk.upgrade_card(thief.person_id, "r1", form(), NOW))
    refused = world.desk.upgrade_at_desk("s7", "d1", owner.person_id, DESK, NOW)
    assert code_of(refused) == "UPGRADE_NUMBER_NOT_HERE"
    found = world.desk.upgrade_at_desk("s7", "d2", owner.person_id, DESK, NOW, in_hand=True)
    assert upgraded(found).person_id == owner.person_id
    assert (world.linked(thief), world.linked(owner)) == ([], [CARDS[0]])
    assert "upgrade_moved" in [one.kind for one in world.people.notices(thief.person_id)]


NOT_AT_THE_DESK = [
    (CardForm("station_desk", "card", CARDS[0]), "UPGRADE_TICK_REQUIRED"),
    (form(CARDS[0][:-1], "station_desk"), "UPGRADE_NUMBER_SHORT"),
    (form(), "UPGRADE_CHANNEL_UNKNOWN"),
]


def test_the_desk_asks_for_the_same_things(world: World) -> None:
    for asked, code in NOT_AT_THE_DESK:
        before = world.books()
        assert code_of(world.desk.upgrade_at_desk("s7", "d1", old_person(), asked, NOW)) == code
        assert world.books() == before


def test_nothing_personal_is_in_the_citys_schema_or_in_a_repr(world: World) -> None:
    helper = world.verified()
    helped = world.helps(helper, OTHER_PHONE, 2)
    done = [
        world.desk.upgrade_card(helper.person_id, "r1", form(), NOW),
        world.desk.upgrade_for(helper.person_id, helped, "h1", form(CARDS[5]), NOW),
        world.desk.upgrade_at_desk("s7", "d1", old_person(), form(CARDS[6], "station_desk"), NOW),
        world.desk.accept(helper.person_id, "alipay", "a1", NOW),
    ]
    shown = repr(done) + repr(form()) + repr(old_person())
    personal = (*PERSONAL, an_id(1), an_id(2), an_id(70, "19400101"))
    assert not [one for one in personal if one in world.everything() or one in shown]
    assert CARDS[0] not in shown and CARDS[0] in world.everything()
