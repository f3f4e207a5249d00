"""Who may claim a bound card: a thief's accomplice uses the defence up for nobody, and a number
that is typed neither freezes a stranger's account nor tells whose card is bound."""

import pytest
from loss_world import (
    CARD,
    DAY_S,
    NOON,
    OTHER_PURSE,
    PURSE,
    World,
    code_of,
    dispute_of,
    moment,
    proof,
)

from tongxing.city.losing import ByPerson, Dispute
from tongxing.city.store import disputes as store
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

WAITS_S = 15 * DAY_S
ACCOMPLICE, OWNER = ByPerson("p-known"), ByPerson("p-other")
NOBODYS = "5000000000009999"


@pytest.fixture
def world(database: Database) -> World:
    world = World(database)
    world.bound()
    world.people.levels["p-other"] = 2
    return world


def claims(world: World, case: str = "acc", at: int = NOON, card: str = CARD) -> Dispute | Refusal:
    return world.desk.dispute(card, ACCOMPLICE, case, at)


def holds(world: World, at: int, request: str = "own", number: str = "own") -> Dispute | Refusal:
    return world.desk.dispute(CARD, proof(at=at, number=number), request, at)


@pytest.mark.parametrize("how", ["lapsed", "withdrawn"])
def test_a_claim_that_came_to_nothing_stops_no_other_claimant(world: World, how: str) -> None:
    dispute_of(claims(world))
    if how == "lapsed":
        at = NOON + WAITS_S + 1
        assert [one.state for one in world.desk.lapse(at)] == ["released"]
    else:
        at = NOON + 60
        dispute_of(world.desk.withdraw("acc", ACCOMPLICE, "w", at))
    own = dispute_of(holds(world, at))
    assert (own.case_id, own.state, own.by_card) == ("own", "open", True)
    assert world.frozen() == 10_000
    world.proven()


def test_the_card_takes_an_accomplices_open_case_over(world: World) -> None:
    dispute_of(claims(world))
    dispute_of(world.desk.propose("acc", "s1", "released", "p", NOON + 30))
    at = NOON + 60
    joined = dispute_of(holds(world, at))
    assert (joined.case_id, joined.by_card, joined.state) == ("acc", True, "open")
    assert (joined.steps[-1].kind, joined.deadline_s) == ("join", at + WAITS_S)
    assert world.frozen() == 10_000
    assert holds(world, at) == joined, "the same request again answers the same"
    assert code_of(holds(world, at, "next")) == "DISPUTE_PROOF_USED"
    assert code_of(holds(world, at, "next", "n2")) == "DISPUTE_OPEN"
    assert code_of(world.desk.dispute(CARD, OWNER, "own", at)) == "REQUEST_REUSED"
    approved = world.desk.decide("acc", "s2", True, "a", at)
    assert code_of(approved) == "DISPUTE_NOT_PROPOSED", "what was proposed knew less"
    taken_back = world.desk.withdraw("acc", ACCOMPLICE, "w", at)
    assert code_of(taken_back) == "DISPUTE_NOT_CLAIMANT"
    assert world.desk.lapse(NOON + WAITS_S + 1) == []
    [ended] = world.desk.lapse(at + WAITS_S + 1)
    assert (ended.state, ended.back_fen, world.frozen()) == ("back", 3_000, 0)
    world.proven()


def test_the_card_joins_late_and_may_withdraw(world: World) -> None:
    dispute_of(claims(world))
    at = NOON + WAITS_S + 5
    assert dispute_of(holds(world, at)).case_id == "acc", "over time, and not lapsed yet"
    ended = world.desk.withdraw("acc", proof(at=at, number="w"), "w", at)
    assert (dispute_of(ended).state, world.frozen()) == ("released", 0)


@pytest.mark.parametrize("outcome", ["back", "released"])
def test_what_two_people_decided_is_decided(world: World, outcome: str) -> None:
    dispute_of(claims(world))
    dispute_of(
        world.desk.propose("acc", "s1", "back" if outcome == "back" else "released", "p", NOON)
    )
    dispute_of(world.desk.decide("acc", "s2", True, "a", NOON))
    expected = {"back": "DISPUTE_NOT_BOUND", "released": "DISPUTE_DECIDED"}[outcome]
    assert code_of(holds(world, NOON)) == expected
    assert code_of(world.desk.dispute(CARD, OWNER, "c2", NOON)) == expected
    assert world.frozen() == 0


@pytest.mark.parametrize("moved_fen", [3_000, 0])
def test_a_person_freezes_what_was_moved_and_no_more(world: World, moved_fen: int) -> None:
    with world.office.alone() as cursor:
        cursor.execute("UPDATE binding SET moved_fen = %s", (moved_fen,))
    dispute_of(claims(world))
    assert world.frozen() == moved_fen
    dispute_of(world.desk.withdraw("acc", ACCOMPLICE, "w", NOON))
    assert world.frozen() == 0


def test_claims_have_a_budget_whatever_they_find(world: World) -> None:
    """Two a day and five a year; the same request again is the same claim."""
    assert code_of(claims(world, "c1", card=NOBODYS)) == "DISPUTE_NOT_BOUND"
    for _ in range(3):
        assert code_of(claims(world, "c2", card=PURSE)) == "DISPUTE_NOT_BOUND"
    assert code_of(claims(world, "c2", card=OTHER_PURSE)) == "REQUEST_REUSED"
    assert code_of(claims(world, "c3")) == "DISPUTE_BUDGET"
    assert world.frozen() == 0 and world.desk.disputes() == []
    dispute_of(world.desk.dispute(CARD, OWNER, "other", NOON))
    for number in range(3):
        at = NOON + (number + 1) * DAY_S
        assert code_of(claims(world, f"d{number}", at, PURSE)) == "DISPUTE_NOT_BOUND"
    assert code_of(claims(world, "late", NOON + 9 * DAY_S)) == "DISPUTE_BUDGET"
    assert code_of(claims(world, "next", NOON + 366 * DAY_S, PURSE)) == "DISPUTE_NOT_BOUND"


def test_a_person_claims_in_time_and_the_card_at_any_time(world: World) -> None:
    at = moment("06:00") + 180 * DAY_S
    assert code_of(claims(world, at=at + 1)) == "DISPUTE_TOO_LATE"
    assert code_of(claims(world, at=at + 1)) == "DISPUTE_TOO_LATE", "the same again"
    assert dispute_of(holds(world, at + 1)).case_id == "own"


def test_a_claimant_learns_nothing_before_two_people_decided(world: World) -> None:
    dispute_of(claims(world))
    claims(world, "none", NOON, PURSE)
    world.desk.propose("acc", "s1", "back", "p", NOON)
    assert world.people.told == [("a1", "dispute_raised")]
    seen = world.desk.claims("p-known", NOON)
    assert {one.state for one in seen} == {"examined"} and len(seen) == 2
    dispute_of(world.desk.decide("acc", "s2", True, "a", NOON))
    assert world.people.told[1:] == [("a1", "dispute_back"), ("p-known", "dispute_back")]
    states = {one.medium_no: one.state for one in world.desk.claims("p-known", NOON)}
    assert states == {CARD: "back", PURSE: "examined"}


def test_a_claim_that_lapsed_looks_like_one_about_nothing(world: World) -> None:
    dispute_of(claims(world))
    claims(world, "none", NOON, PURSE)
    at = NOON + WAITS_S + 1
    world.desk.lapse(at)
    assert {one.state for one in world.desk.claims("p-known", at)} == {"over"}
    assert [whom for whom, _ in world.people.told] == ["a1", "a1"]


@pytest.mark.parametrize(("outcome", "left_fen"), [("back", 0), ("released", 3_000)])
def test_the_hold_of_a_binding_ends_with_it(world: World, outcome: str, left_fen: int) -> None:
    hold = digest("binding_hold", f"b-{CARD}", 1)
    with world.office.alone() as cursor:
        cursor.execute(
            "INSERT INTO binding_move VALUES (%s, 1, 3000, '', %s)",
            (f"b-{CARD}", moment("06:00")),
        )
        cursor.execute(
            "INSERT INTO money_frozen VALUES (%s, 'a1', 3000, %s, false)", (hold, NOON + DAY_S)
        )
    dispute_of(holds(world, NOON))
    world.desk.propose("own", "s1", "back" if outcome == "back" else "released", "p", NOON)
    dispute_of(world.desk.decide("own", "s2", True, "a", NOON))
    assert world.frozen() == left_fen


def test_only_what_is_new_is_published(world: World) -> None:
    lists: list[int] = []
    for request in ("r1", "r1", "r2"):
        world.desk.report("a1", CARD, request, NOON, lists.append)
    assert lists == [NOON]
    for request in ("f1", "f1", "f2"):
        world.desk.found_again("a1", "r1", request, NOON + 5, lists.append)
    assert lists == [NOON, NOON + 5]


def test_disputes_are_read_with_a_few_queries(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        card, account = f"500000000200{number:04d}", f"c{number}"
        world.open_account(account, card)
        world.bound(card=card, account=account)
        dispute_of(world.desk.dispute(card, proof(card, number=card), card, NOON))
    asked: list[str] = []
    for name in ("_cases", "_steps"):
        real = getattr(store, name)

        def counted(*given: object, _real: object = real, _name: str = name) -> object:
            asked.append(_name)
            assert callable(_real)
            return _real(*given)

        monkeypatch.setattr(store, name, counted)
    assert len(world.desk.disputes()) == 4 and asked == ["_cases", "_steps"]
    [one] = world.desk.disputes_of("c2")
    assert world.desk.case(one.case_id) == one
    assert code_of(world.desk.case("nothing")) == "DISPUTE_UNKNOWN"
