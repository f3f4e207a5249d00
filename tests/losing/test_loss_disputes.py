"""A disputed binding: frozen at once, decided by two people; its money always ends somewhere."""

from itertools import product

import psycopg
import pytest
from loss_world import (
    CARD,
    DAY_S,
    LOCAL,
    NEW,
    NOON,
    PURSE,
    Taps,
    World,
    code_of,
    denied,
    dispute_of,
    moment,
    proof,
    send,
)

from tongxing.city import NewCard, Replacing
from tongxing.city.losing import ByPerson, Dispute
from tongxing.city.losing.disputing import STATES
from tongxing.kernel.reasons import Refusal, reason
from tongxing.storage import Database

DEADLINE_S = NOON + 15 * DAY_S


@pytest.fixture
def world(database: Database) -> World:
    world = World(database)
    world.bound()
    return world


def disputed(world: World, case: str = "case", card: str = CARD) -> Dispute:
    claim = proof(card, number=case)
    return dispute_of(world.desk.dispute(card, claim, case, NOON, "this is my card"))


def do(
    world: World, kind: str, number: int = 0, at: int = NOON + 60, case: str = "case",
    card: str = CARD,
) -> Dispute | Refusal:  # fmt: skip
    desk, request = world.desk, f"{case}-{kind}-{number}"
    if kind == "evidence":
        return desk.add_evidence(case, "s1", "a receipt of 2025", request, at)
    if kind == "propose":
        return desk.propose(case, "s1", "back", request, at)
    if kind in ("approve", "send_back"):
        return desk.decide(case, "s2", kind == "approve", request, at)
    if kind == "withdraw":
        return desk.withdraw(case, proof(card, at=at, number=request), request, at)
    ended = [one for one in desk.lapse(DEADLINE_S + 1) if one.case_id == case]
    return ended[0] if ended else Refusal("DISPUTE_DECIDED")


WAYS = {
    "open": (),
    "proposed": ("propose",),
    "back": ("propose", "approve"),
    "released": ("withdraw",),
}
KINDS = ("evidence", "propose", "approve", "send_back", "withdraw", "lapse")


def test_every_step_in_every_state_does_what_the_table_says(world: World) -> None:
    assert set(WAYS) == set(STATES) and all(set(KINDS) == set(of) for of in STATES.values())
    for number, (state, kind) in enumerate(
        sorted(product(STATES, KINDS), key=lambda pair: pair[1] == "lapse")
    ):
        account, card, case = f"c{number}", f"500000000200{number:04d}", f"case-{number}"
        world.open_account(account, card)
        world.bound(card=card, account=account)
        disputed(world, case, card)
        for step in WAYS[state]:
            dispute_of(do(world, step, 9, case=case, card=card))
        before = world.case(case)
        assert before.state == state
        expected = {str(name): steps for name, steps in STATES.items()}[state][kind]
        found = do(world, kind, case=case, card=card)
        after = world.case(case)
        if expected.isupper():
            assert code_of(found) == expected and reason(expected)
            assert after == before, "a refusal changes nothing"
        else:
            ends = {"as proposed": "back", "by rule": "back"}.get(expected, expected)
            assert after.state == ends and dispute_of(found) == after
        assert (world.frozen(account) == 0) == (after.state in ("back", "released"))
    world.proven()


def test_a_dispute_freezes_the_account_and_tells_its_holder(world: World) -> None:
    case = disputed(world)
    assert (case.state, case.moved_fen, case.deadline_s) == ("open", 3_000, DEADLINE_S)
    assert world.frozen() == 10_000
    assert world.people.told == [("a1", "dispute_raised")]
    assert disputed(world) == case
    assert world.desk.disputes("open") == [case] and world.desk.disputes("back") == []


@pytest.mark.parametrize(
    ("claim", "at", "code"),
    [
        (proof(PURSE), NOON, "DISPUTE_CARD_PROOF"),
        (proof(), NOON + 121, "DISPUTE_PROOF_OLD"),
        (proof(), NOON - 1, "DISPUTE_PROOF_OLD"),
        (ByPerson("p-phone"), NOON, "DISPUTE_NEEDS_IDENTITY"),
        (ByPerson("p-nobody"), NOON, "DISPUTE_NEEDS_IDENTITY"),
    ],
)
def test_a_number_alone_disputes_nothing(world: World, claim: ByPerson, at: int, code: str) -> None:
    assert code_of(world.desk.dispute(CARD, claim, "case", at)) == code
    assert (world.desk.disputes(), world.frozen(), world.people.told) == ([], 0, [])


def test_a_card_that_is_bound_to_nothing_and_a_second_dispute_are_refused(world: World) -> None:
    found = world.desk.dispute(PURSE, proof(PURSE), "c2", NOON)
    assert code_of(found) == "DISPUTE_NOT_BOUND"
    disputed(world)
    again = world.desk.dispute(CARD, proof(number="n2"), "c2", NOON)
    assert code_of(again) == "DISPUTE_OPEN"
    replayed = world.desk.dispute(CARD, proof(number="case"), "c3", NOON)
    assert code_of(replayed) == "DISPUTE_PROOF_USED"
    assert code_of(world.desk.dispute(CARD, proof(number="x"), "case", NOON)) == "REQUEST_REUSED"


def test_whoever_proposed_does_not_approve(world: World) -> None:
    disputed(world)
    dispute_of(world.desk.propose("case", "s1", "back", "r1", NOON))
    assert code_of(world.desk.decide("case", "s1", True, "r2", NOON)) == "FOUR_EYES"
    assert dispute_of(world.desk.decide("case", "s1", False, "r3", NOON)).state == "open"


def test_back_gives_the_card_what_was_moved_less_what_it_rode(world: World) -> None:
    """And the card is changed free of charge for one that is loaded with it."""
    taps = Taps()
    send(
        world.city,
        taps("08:00", CARD, "entry", "chaotianmen"),
        taps("08:40", CARD, "exit", "shapingba"),
    )
    fare = 10_000 - world.balance()
    disputed(world)
    do(world, "propose")
    ended = dispute_of(do(world, "approve"))
    assert (ended.state, ended.back_fen, ended.borne_fen) == ("back", 3_000 - fare, 0)
    assert (world.balance(), world.balance(CARD)) == (7_000, 3_000 - fare)
    assert denied(world.city) == {CARD: "CARD_UNBOUND"}
    assert world.rows("SELECT ended_why FROM binding") == [("disputed",)]
    asked = Replacing("n1", "s7", CARD, NewCard(NEW, LOCAL), "unbound")
    new = world.desk.replace(asked, NOON + 900)
    assert not isinstance(new, Refusal) and (new.fee_fen, new.waiting_fen) == (0, 3_000 - fare)
    load = world.city.start_load("l1", NEW, "s7", NOON + 900)
    assert not isinstance(load, Refusal) and load.amount_fen == 3_000 - fare
    world.city.end_load("l1", True, "s7", NOON + 901)
    assert (world.balance(CARD), world.balance(NEW)) == (0, 3_000 - fare)
    world.proven()


def test_what_the_account_no_longer_has_is_the_issuers_loss(world: World) -> None:
    with world.office.alone() as cursor:
        cursor.execute("UPDATE binding SET moved_fen = 12000")
    disputed(world)
    do(world, "propose")
    ended = dispute_of(do(world, "approve"))
    assert (ended.back_fen, ended.borne_fen) == (12_000, 2_000)
    assert (world.balance(), world.account("exp_dispute_loss")) == (0, 2_000)
    world.proven()


def test_a_thief_who_reports_the_card_lost_gains_nothing(world: World) -> None:
    """Bind, report the loss, wait for the purse's money: all of it goes back to the card."""
    world.old_purse()
    world.lost()
    asked = Replacing("n1", "s7", CARD, NewCard(NEW, LOCAL), "lost")
    world.desk.release_found(NOON + 11 * DAY_S)
    assert world.balance() == 15_000
    at = NOON + 12 * DAY_S
    case = dispute_of(world.desk.dispute(CARD, proof(at=at), "case", at))
    assert code_of(world.desk.replace(asked, at)) == "REPLACE_DISPUTED"
    assert world.frozen() == 15_000
    do(world, "propose", at=at)
    ended = dispute_of(do(world, "approve", at=at))
    assert (case.moved_fen, ended.back_fen) == (3_000, 8_000)
    assert world.desk.reports("a1")[0].state == "found_again"
    assert denied(world.city) == {CARD: "CARD_UNBOUND"}
    world.proven()


def test_nobody_decides_and_it_ends_by_the_rule_that_is_data(world: World) -> None:
    case = dispute_of(world.desk.dispute(CARD, ByPerson("p-known"), "case", NOON))
    assert not case.by_card
    assert world.people.told == [("a1", "dispute_raised")]
    assert world.desk.lapse(DEADLINE_S) == []
    late = world.desk.propose("case", "s1", "back", "r1", DEADLINE_S + 1)
    assert code_of(late) == "DISPUTE_OVER_TIME"
    [ended] = world.desk.lapse(DEADLINE_S + 1)
    assert (ended.state, ended.back_fen, world.frozen()) == ("released", 0, 0)
    assert world.desk.lapse(DEADLINE_S + 2) == []
    world.proven()


def test_nobody_disputes_the_card_of_their_own_account(world: World) -> None:
    own = world.desk.dispute(CARD, ByPerson("p-own"), "case", NOON)
    assert code_of(own) == "DISPUTE_NOT_BOUND"
    assert dispute_of(disputed(world, "card")).by_card, "the card's holder still can"


def test_what_was_proposed_is_not_taken_back(world: World) -> None:
    disputed(world)
    dispute_of(do(world, "propose"))
    assert code_of(do(world, "withdraw")) == "DISPUTE_PROPOSED"
    assert dispute_of(do(world, "approve")).state == "back"


def test_the_clock_gives_a_card_no_more_than_the_account_has(world: World) -> None:
    """Bound, spent, and then disputed with one's own card: the issuer pays nothing unasked."""
    case = disputed(world)
    world.spends(9_000)
    left = world.balance()
    assert left < case.moved_fen
    [ended] = world.desk.lapse(DEADLINE_S + 1)
    assert (ended.state, ended.borne_fen) == ("back", 0)
    assert ended.back_fen == left
    world.proven()


def test_only_the_claimant_withdraws(world: World) -> None:
    disputed(world)
    other = world.desk.withdraw("case", ByPerson("p-known"), "w1", NOON)
    assert code_of(other) == "DISPUTE_NOT_CLAIMANT"
    used = world.desk.withdraw("case", proof(number="case"), "w2", NOON)
    assert code_of(used) == "DISPUTE_PROOF_USED"
    assert code_of(world.desk.withdraw("nothing", proof(), "w3", NOON)) == "DISPUTE_UNKNOWN"


def test_the_same_step_again_answers_the_same_and_evidence_says_something(world: World) -> None:
    disputed(world)
    first = do(world, "evidence")
    assert do(world, "evidence", at=NOON + 500) == first
    other = world.desk.add_evidence("case", "s1", "something else", "case-evidence-0", NOON)
    assert code_of(other) == "REQUEST_REUSED"
    for note in ("", "  ", "x" * 501):
        found = world.desk.add_evidence("case", "s1", note, "e9", NOON)
        assert code_of(found) == "DISPUTE_EVIDENCE_EMPTY"
    assert code_of(world.desk.propose("nothing", "s1", "back", "r", NOON)) == "DISPUTE_UNKNOWN"


def test_a_late_ride_of_the_unbound_card_is_never_anybodys_debt(world: World) -> None:
    with world.office.alone() as cursor:
        cursor.execute("UPDATE binding SET moved_fen = 10")
    disputed(world)
    do(world, "propose")
    do(world, "approve")
    taps = Taps()
    send(
        world.city,
        taps("10:00", CARD, "entry", "chaotianmen"),
        taps("10:40", CARD, "exit", "shapingba"),
        at=moment("23:30"),
    )
    assert world.balance(CARD) == 0 and world.account("exp_purse_loss") > 0
    world.proven()


def test_cut_at_any_statement_a_decision_is_whole_or_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = psycopg.Cursor.execute, [0]

    def cutting(self: psycopg.Cursor, *given: object, **more: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise ConnectionAbortedError
        return real(self, *given, **more)

    disputed(world)
    do(world, "propose")
    before, cuts = world.case("case"), 0
    for count in range(1, 80):
        left[0] = count
        with monkeypatch.context() as patch:
            patch.setattr(psycopg.Cursor, "execute", cutting)
            try:
                do(world, "approve")
                break
            except ConnectionAbortedError:
                cuts += 1
        assert world.case("case") == before
        assert (world.balance(), world.frozen()) == (10_000, 10_000)
    assert cuts > 10 and world.case("case").back_fen == 3_000
    assert (world.balance(), world.balance(CARD), world.frozen()) == (7_000, 3_000, 0)
    world.proven()
