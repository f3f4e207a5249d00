"""One-time codes and sessions: bound, bounded, unreadable, and the same for known and unknown."""

import hmac
from collections.abc import Mapping
from typing import Any

import pytest
from people_world import (
    CLIENT,
    DAY_S,
    DEVICE,
    HOUR_S,
    NOON,
    OTHER_PHONE,
    PHONE,
    THIRD_PHONE,
    World,
    an_id,
    code_of,
    other_than,
    person_of,
    phones,
    refused,
)

import tongxing.city.people.one_time as one_time
from tongxing.city.people import CodeSent, SignedIn
from tongxing.city.people.terms import people_terms
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database


def test_a_code_goes_to_the_phone_and_is_kept_nowhere(database: Database) -> None:
    world = World(database)
    found = world.desk.request_code(PHONE, "sign_in", "s1", CLIENT, NOON)
    assert found == CodeSent(NOON + 60, NOON + 600)
    [(phone, template, values)] = world.inbox.sent
    assert (phone, template, values["minutes"]) == (PHONE, "code_sign_in", "10")
    assert len(values["code"]) == 6 and values["code"].isdigit()
    kept = str(world.rows("SELECT * FROM person_code"))
    assert PHONE not in kept and values["code"] not in kept and CLIENT not in kept


def test_five_wrong_tries_lock_a_code_even_for_who_knows_it(database: Database) -> None:
    world = World(database)
    code = world.asked()
    for left in (4, 3, 2, 1, 0):
        found = world.desk.sign_in(PHONE, other_than(code), "s1", "", NOON)
        assert refused(found) == ("OTP_WRONG", {"left": left})
    assert code_of(world.desk.sign_in(PHONE, code, "s1", "", NOON)) == "OTP_LOCKED"
    assert world.rows("SELECT count(*) FROM person") == [(0,)]
    code = world.asked(at=NOON + 60)
    assert isinstance(world.desk.sign_in(PHONE, code, "s1", "", NOON + 60), SignedIn)


def test_a_code_works_once_and_for_ten_minutes(database: Database) -> None:
    world = World(database)
    code = world.asked()
    assert code_of(world.desk.sign_in(PHONE, code, "s1", "", NOON + 600)) == "OTP_EXPIRED"
    assert isinstance(world.desk.sign_in(PHONE, code, "s1", "", NOON + 599), SignedIn)
    assert code_of(world.desk.sign_in(PHONE, code, "s1", "", NOON + 599)) == "OTP_WRONG"


@pytest.mark.parametrize("purpose", one_time.PURPOSES)
def test_a_code_for_one_purpose_is_wrong_for_every_other(database: Database, purpose: str) -> None:
    world = World(database)
    code = world.asked(purpose=purpose)
    for other in one_time.PURPOSES:
        if other != purpose:
            found = world.desk.take_code(PHONE, other, "s1", code, NOON)
            assert code_of(found) == "OTP_WRONG"
    assert world.desk.take_code(PHONE, purpose, "s1", code, NOON) is None


def test_a_code_is_of_one_session_and_one_phone(database: Database) -> None:
    world = World(database)
    code = world.asked()
    assert code_of(world.desk.sign_in(PHONE, code, "s2", "", NOON)) == "OTP_WRONG"
    assert code_of(world.desk.sign_in(OTHER_PHONE, code, "s1", "", NOON)) == "OTP_WRONG"
    assert isinstance(world.desk.sign_in(PHONE, code, "s1", "", NOON), SignedIn)
    assert code_of(world.desk.request_code(PHONE, "marry", "s1", "", NOON)) == "OTP_PURPOSE"
    assert code_of(world.desk.request_code("+1202555", "close", "s", "", NOON)) == "PHONE_INVALID"


def test_the_sixth_code_of_a_day_waits_for_the_first_to_age(database: Database) -> None:
    world = World(database)
    found = world.desk.request_code(PHONE, "sign_in", "s1", CLIENT, NOON)
    assert isinstance(found, CodeSent)
    soon = world.desk.request_code(PHONE, "help", "s2", "other", NOON + 59)
    assert refused(soon) == ("OTP_RATE_LIMIT", {"minutes": 1, "wait_s": 1})
    for number in range(1, 5):
        world.asked(client=f"c{number % 2}", at=NOON + 60 * number)
    late = world.desk.request_code(PHONE, "sign_in", "s1", CLIENT, NOON + HOUR_S)
    assert refused(late) == ("OTP_RATE_LIMIT", {"minutes": 1_380, "wait_s": DAY_S - HOUR_S})
    world.asked(OTHER_PHONE, at=NOON + HOUR_S)
    world.asked(at=NOON + DAY_S)


@pytest.mark.req("R-141")
def test_a_message_that_was_not_sent_costs_its_number_nothing(database: Database) -> None:
    world = World(database)
    world.inbox.refuses = Refusal("PARTNER_REFUSED")
    for _ in range(7):
        found = world.desk.request_code(PHONE, "sign_in", "s1", CLIENT, NOON)
        assert code_of(found) == "OTP_NOT_SENT"
    assert world.desk.code_health(NOON).spent_fen == 0
    world.inbox.refuses = None
    for number in range(5):
        world.asked(client=(CLIENT, "another")[number // 3], at=NOON + 60 * number)


def test_a_message_that_may_have_been_sent_still_works(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(database)
    sent: list[str] = []

    def send(phone: str, template: str, values: Mapping[str, str], out_id: str) -> Refusal:
        sent.append(values["code"])
        return Refusal("PARTNER_NO_ANSWER")

    monkeypatch.setattr(world.inbox, "send", send)
    found = world.desk.request_code(PHONE, "sign_in", "s1", CLIENT, NOON)
    assert found == CodeSent(NOON + 60, NOON + 600, is_sure=False)
    assert isinstance(world.desk.sign_in(PHONE, sent[0], "s1", "", NOON), SignedIn)


def test_the_message_goes_out_after_the_commit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(database)
    kept: list[int] = []
    send = world.inbox.send

    def watched(*message: Any) -> Refusal | None:
        kept.extend(count for (count,) in world.rows("SELECT count(*) FROM person_code"))
        return send(*message)

    monkeypatch.setattr(world.inbox, "send", watched)
    world.asked()
    assert kept == [1]


def test_spraying_many_numbers_trips_the_breaker(database: Database) -> None:
    """Each number gets one code and one guess: no limit of a number or a code would notice."""
    world = World(
        database,
        breaker_wrong=20,
        client_codes_max=10**6,
        client_wrong_max=10**6,
        sms_cap_fen=10**6,
    )
    tried = 0
    for number, phone in enumerate(phones(120)):
        found = world.desk.request_code(phone, "sign_in", "bot", f"c{number}", NOON)
        if isinstance(found, CodeSent):
            wrong = other_than(world.inbox.code(phone))
            tried += code_of(world.desk.sign_in(phone, wrong, "bot", "", NOON)) == "OTP_WRONG"
    assert tried == 20
    health = world.desk.code_health(NOON)
    assert (health.is_paused, health.wrong, len(world.inbox.sent)) == (True, 20, 20)
    # The right code is not compared either, so the spray learns nothing while it lasts.
    last, _, values = world.inbox.sent[-1]
    stopped = world.desk.sign_in(last, values["code"], "bot", "", NOON + 599)
    assert code_of(stopped) == "OTP_PAUSED"
    assert isinstance(world.signed_in(THIRD_PHONE, at=NOON + 600), SignedIn)


def test_a_spray_hits_less_than_one_number_in_ten_thousand() -> None:
    """What the breaker lets through in a day, with its dated numbers."""
    terms = people_terms("500000", NOON)
    wrong_a_day = terms.breaker_wrong_max * DAY_S // terms.breaker_window_s
    assert wrong_a_day / 10**one_time.DIGITS <= 1e-4 * 100_000
    assert terms.code_tries * terms.codes_a_day / 10**one_time.DIGITS <= 1e-4


def test_honest_people_do_not_trip_it(database: Database) -> None:
    world = World(database, breaker_wrong=5)
    for number, phone in enumerate(phones(15)):
        code = world.asked(phone, client=f"c{number}")
        if number % 3 == 0:
            world.desk.sign_in(phone, other_than(code), "s1", "", NOON)
        assert isinstance(world.desk.sign_in(phone, code, "s1", "", NOON), SignedIn)
    assert world.desk.code_health(NOON).wrong == 5


def test_a_client_gets_so_many_codes_and_so_many_wrong_tries(database: Database) -> None:
    world = World(database, client_codes_max=3, client_wrong_max=4)
    one, two, three = phones(3)
    for phone in (one, two, three):
        world.asked(phone)
    found = world.desk.request_code(PHONE, "sign_in", "s1", CLIENT, NOON)
    assert code_of(found) == "OTP_RATE_LIMIT"
    world.asked(PHONE, client="another")
    for phone in (one, one, two, two):
        world.desk.sign_in(phone, other_than(world.inbox.code(phone)), "s1", "", NOON)
    right = world.inbox.code(three)
    assert code_of(world.desk.sign_in(three, right, "s1", "", NOON)) == "OTP_RATE_LIMIT"
    assert isinstance(world.desk.sign_in(PHONE, world.inbox.code(), "s1", "", NOON), SignedIn)
    world.asked(OTHER_PHONE, at=NOON + HOUR_S)


def test_what_messages_may_cost_in_an_hour_is_a_full_stop(database: Database) -> None:
    world = World(database, sms_price_fen=5, sms_cap_fen=52, client_codes_max=1_000, alarm_codes=10)
    answers = [
        world.desk.request_code(phone, "sign_in", "bot", f"c{phone}", NOON) for phone in phones(40)
    ]
    sent = [one for one in answers if isinstance(one, CodeSent)]
    assert (len(sent), len(world.inbox.sent)) == (10, 10)
    assert {code_of(one) for one in answers[10:]} == {"OTP_SPEND_STOPPED"}
    health = world.desk.code_health(NOON)
    assert (health.spent_fen, health.cap_fen) == (50, 52)
    assert health.is_stopped and health.is_low
    assert isinstance(world.signed_in(at=NOON + HOUR_S), SignedIn)
    health = world.desk.code_health(NOON + HOUR_S)
    assert (health.is_stopped, health.is_low, health.used) == (False, False, 1)


def test_known_and_unknown_numbers_are_answered_alike_by_the_same_work(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(database)
    world.signed_in(PHONE)
    compared: list[int] = []
    compare = hmac.compare_digest

    def counted(one: str, other: str) -> bool:
        compared.append(len(one))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    seen = []
    for phone in (PHONE, OTHER_PHONE, THIRD_PHONE):
        with world.office.writing() as cursor:
            asked = one_time.Asked(phone, "help", "s9", f"c{phone}")
            made = one_time.make_code(world.desk._house, cursor, asked, NOON + HOUR_S)
        assert isinstance(made, one_time.Fresh)
        compared.clear()
        answers = [
            world.desk.take_code(phone, purpose, "s9", "000000", NOON + HOUR_S)
            for purpose in ("help", "close")
        ]
        seen.append((made.sent, [refused(one) for one in answers], tuple(compared)))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][2] == (64, 64)


def test_a_session_lives_for_thirty_days_of_use(database: Database) -> None:
    world = World(database)
    signed = world.signed_in()
    for day in (29, 58):
        assert world.desk.person_of(signed.token, NOON + day * DAY_S) == signed.person
    assert world.desk.person_of(signed.token, NOON + 88 * DAY_S) is None
    assert world.desk.person_of("", NOON) is None and world.desk.person_of("\ud800", NOON) is None
    kept = str(world.rows("SELECT * FROM person_session, person_cell"))
    assert signed.token not in kept and DEVICE not in kept and signed.token not in repr(signed)


def test_sessions_are_listed_and_ended_by_their_owner(database: Database) -> None:
    world = World(database)
    old = world.signed_in(device="平板")
    new = world.signed_in(at=NOON + HOUR_S)
    other = world.signed_in(OTHER_PHONE)
    listed = world.desk.sessions(old.person.person_id)
    assert [one.device for one in listed] == [DEVICE, "平板"]
    number = listed[1].session_no
    assert code_of(world.desk.end_session(other.person.person_id, number)) == "SESSION_ENDED"
    assert world.desk.end_session(old.person.person_id, number) is None
    assert code_of(world.desk.end_session(old.person.person_id, number)) == "SESSION_ENDED"
    assert world.desk.person_of(old.token, NOON + HOUR_S) is None
    world.desk.sign_out(new.token)
    assert world.desk.person_of(new.token, NOON + HOUR_S) is None
    assert world.desk.sessions(old.person.person_id) == []
    assert world.desk.person_of(other.token, NOON) == other.person


def test_a_step_up_is_of_one_session_one_purpose_and_a_few_minutes(database: Database) -> None:
    world = World(database)
    signed, later = world.signed_in(), NOON + HOUR_S
    other = world.signed_in(at=NOON + 60)
    assert isinstance(world.desk.request_fresh_code(signed.token, "close", "", later), CodeSent)
    code = world.inbox.code()
    assert code_of(world.desk.confirm(signed.token, "pay_out", code, later)) == "OTP_WRONG"
    assert code_of(world.desk.confirm(other.token, "close", code, later)) == "OTP_WRONG"
    assert not world.desk.fresh(signed.token, "close", later)
    assert world.desk.confirm(signed.token, "close", code, later) is None
    assert world.desk.fresh(signed.token, "close", later + 299)
    assert not world.desk.fresh(signed.token, "close", later + 300)
    assert not world.desk.fresh(signed.token, "pay_out", later)
    assert not world.desk.fresh(other.token, "close", later)
    assert code_of(world.desk.request_fresh_code("x", "close", "", later)) == "SESSION_ENDED"
    assert code_of(world.desk.confirm("x", "close", code, later)) == "SESSION_ENDED"


def test_a_number_is_changed_by_the_old_and_the_new_one_together(database: Database) -> None:
    world = World(database)
    signed, elsewhere = world.signed_in(), world.signed_in(at=NOON + 60)
    now = NOON + HOUR_S
    code = world.asked(OTHER_PHONE, "change_phone", at=now)
    early = world.desk.change_phone(signed.token, OTHER_PHONE, code, "s1", now)
    assert code_of(early) == "STEP_UP_NEEDED"
    world.desk.request_fresh_code(signed.token, "change_phone", "", now)
    world.desk.confirm(signed.token, "change_phone", world.inbox.code(), now)
    changed = world.desk.change_phone(signed.token, OTHER_PHONE, code, "s1", now)
    assert person_of(changed).phone_masked == "139****5678"
    assert world.desk.person_of(elsewhere.token, now) is None
    assert world.desk.notices(signed.person.person_id)[0].values == {"phone": "139****5678"}
    assert world.signed_in(OTHER_PHONE, at=now + 60).person.account == signed.person.account
    assert world.signed_in(at=now + 60).is_new
    code = world.asked(PHONE, "change_phone", client="another", at=now + 120)
    taken = world.desk.change_phone(signed.token, PHONE, code, "s1", now + 120)
    assert code_of(taken) == "PHONE_TAKEN"


def test_a_code_that_is_only_shown_still_counts_tries_and_still_works(database: Database) -> None:
    world = World(database)
    code = world.asked()
    assert world.desk.show_code(PHONE, "sign_in", "s1", code, NOON) is None
    for left in (4, 3):
        found = world.desk.show_code(PHONE, "sign_in", "s1", other_than(code), NOON)
        assert refused(found) == ("OTP_WRONG", {"left": left})
    assert isinstance(world.desk.sign_in(PHONE, code, "s1", "", NOON), SignedIn)
    assert code_of(world.desk.show_code(PHONE, "sign_in", "s1", code, NOON)) == "OTP_WRONG"


def test_a_name_is_compared_letter_by_letter_and_only_where_one_is_known(
    database: Database,
) -> None:
    world = World(database)
    person_id = world.signed_in().person.person_id
    for phone in (PHONE, OTHER_PHONE):
        assert world.desk.name_matches(phone, "王小明"), "nobody's name is known yet"
    person_of(world.desk.verify_identity(person_id, "王小明", an_id(7), NOON))
    assert world.desk.name_matches(PHONE, "王小明")
    assert not world.desk.name_matches(PHONE, "王大明")
    assert world.desk.name_matches(OTHER_PHONE, "王大明")
