"""What bounds one-time codes: sprays, the pause they lead to, clients, and tries side by side."""

from people_world import (
    CLIENT,
    NOON,
    OTHER_PHONE,
    PHONE,
    THIRD_PHONE,
    World,
    code_of,
    other_than,
    phones,
    refused,
)

from tongxing.city.people import SignedIn
from tongxing.storage import Database


def sprayed(world: World, count: int, at: int = NOON) -> list[str]:
    """One wrong guess at each of so many numbers whose codes went out; what was answered."""
    answers = []
    for number, phone in enumerate(phones(count)):
        wrong = other_than(world.asked(phone, session="bot", client=f"bot{number}", at=at))
        answers.append(code_of(world.desk.sign_in(phone, wrong, "bot", "", at)))
    return answers


def test_tries_that_no_code_could_meet_do_not_stop_the_city(database: Database) -> None:
    world = World(database, breaker_wrong=20, client_wrong_max=10**6)
    used = world.asked(THIRD_PHONE, session="old", at=NOON - 700)
    assert isinstance(world.desk.sign_in(THIRD_PHONE, used, "old", "", NOON - 700), SignedIn)
    world.asked(OTHER_PHONE, session="late", at=NOON - 700)
    answers = []
    for number in range(20):
        for phone, visit in ((PHONE, "none"), (THIRD_PHONE, "old"), (THIRD_PHONE, "other")):
            found = world.desk.sign_in(phone, "000000", visit, "", NOON, f"bot{number}")
            answers.append(refused(found))
        late = world.desk.sign_in(OTHER_PHONE, "000000", "late", "", NOON, f"bot{number}")
        assert code_of(late) == "OTP_EXPIRED"
    assert answers == [("OTP_WRONG", {"left": 0})] * 60
    health = world.desk.code_health(NOON)
    assert (health.is_paused, health.wrong) == (False, 0)
    assert isinstance(world.signed_in(), SignedIn)
    # Nor do they make the share of wrong tries look small.
    assert sprayed(world, 20) == ["OTP_WRONG"] * 20
    assert world.desk.code_health(NOON).is_paused


def test_a_locked_code_is_nothing_that_a_try_could_meet(database: Database) -> None:
    world = World(database, breaker_wrong=6, client_wrong_max=10**6)
    code = world.asked()
    for _ in range(12):
        world.desk.sign_in(PHONE, other_than(code), "s1", "", NOON)
    health = world.desk.code_health(NOON)
    assert (health.is_paused, health.wrong) == (False, 5)


def test_tries_that_no_code_could_meet_count_for_their_client(database: Database) -> None:
    world = World(database, client_wrong_max=4)
    code = world.asked()
    for visit in "abcd":
        found = world.desk.sign_in(OTHER_PHONE, "000000", visit, "", NOON, CLIENT)
        assert refused(found) == ("OTP_WRONG", {"left": 0})
    assert code_of(world.desk.sign_in(PHONE, code, "s1", "", NOON, CLIENT)) == "OTP_RATE_LIMIT"
    assert isinstance(world.desk.sign_in(PHONE, code, "s1", "", NOON, "another"), SignedIn)


def test_a_code_sent_before_the_pause_signs_in_while_it_lasts(database: Database) -> None:
    world = World(database, breaker_wrong=20)
    code, other = world.asked(PHONE, client="a"), world.asked(OTHER_PHONE, client="b")
    assert sprayed(world, 20) == ["OTP_WRONG"] * 20
    asked = world.desk.request_code(THIRD_PHONE, "sign_in", "s1", "c", NOON)
    assert code_of(asked) == "OTP_PAUSED"
    assert isinstance(world.desk.sign_in(PHONE, code, "s1", "", NOON + 1, "a"), SignedIn)
    # One look for each code: whoever misses it waits, and is told nothing more than anybody.
    nothing = refused(world.desk.sign_in(THIRD_PHONE, "000000", "s1", "", NOON + 1, "c"))
    for shown in (other_than(other), other):
        missed = world.desk.sign_in(OTHER_PHONE, shown, "s1", "", NOON + 1, "b")
        assert refused(missed) == nothing and code_of(missed) == "OTP_PAUSED"
    assert world.desk.code_health(NOON + 1).wrong == 21
