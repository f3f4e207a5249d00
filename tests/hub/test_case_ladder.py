"""The ladder of disputes, walked up and down: every way ends in time, with all of the money."""

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxing.hub.cases.by_hub import FORK, fork_case
from tongxing.hub.cases.ladder import (
    About,
    Case,
    Moved,
    due_s,
    foreseen,
    lapse,
    open_case,
    permitted,
    take,
    turn_of,
)
from tongxing.hub.cases.money import Money
from tongxing.hub.cases.rules import DisputeTerms, Opening, Side
from tongxing.hub.netting import ESCROW, FEE_INCOME, POOL
from tongxing.hub.terms import terms_on
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import CaseAct, CaseActKind, Evidence, Share

DAY = date(2026, 3, 18)
OPENED_S = at(DAY, 9)
TERMS = terms_on(DAY)
LADDER = TERMS.dispute
PAPER = Evidence("tap.json", "a" * 64)
ISS, ACQ = "ISS-990100", "ACQ-990200"
ABOUT = About(
    record_id="t1.1",
    trip_id="t1",
    issuer=ISS,
    acquirer=ACQ,
    settled_on=DAY - timedelta(days=1),
    codes=("0000", "1005", "1007"),
    how="both_taps",
    is_signed=False,
    left_fen=500,
    whole=(Share("OP1", 300), Share("OP2", 200)),
)


def said(act: str, fen: int = 400, *, evidence: bool = True, reason: str = "R1") -> CaseAct:
    papers = [[PAPER.name, PAPER.sha256]] if evidence else []
    told = {"act": act, "amount_fen": fen, "reason": reason, "evidence": papers}
    return msgspec.convert({"act_id": "1", "record_id": "t1.1", **told}, CaseAct)


def begun(act: str, side: str, fen: int = 400, about: About = ABOUT) -> Moved | Refusal:
    if act == FORK:
        return fork_case("C1", about, OPENED_S, TERMS.version, LADDER)
    who = "issuer" if side == "issuer" else "acquirer"
    reason = "1001" if act == "object" else "R1"
    told = said(act, fen, reason=reason)
    return open_case("C1", told, who, about, OPENED_S, TERMS.version, LADDER)


def walked(opening: str, *steps: str, about: About = ABOUT) -> list[Moved]:
    """A case from words such as ``issuer:charge_back``; ``+10d`` lets days pass, ``hub:rule=100``
    says an amount. The clock goes on an hour with every step, and to the end after the last."""
    side, _, act = opening.partition(":")
    act, _, fen = act.partition("=")
    moved = begun(act, side, int(fen or 400), about)
    assert isinstance(moved, Moved), moved
    found, now_s = [moved], OPENED_S
    for step in steps:
        now_s += 3_600
        if step.startswith("+"):
            now_s = at(DAY + timedelta(days=int(step[1:-1])), 13)
            found += lapse(found[-1].case, about, now_s, LADDER)
            continue
        side, _, act = step.partition(":")
        act, _, fen = act.partition("=")
        person = "judge" if side == "hub" else ""
        moved = take(
            found[-1].case,
            said(act, int(fen or 400)),
            side,
            person,
            about,
            now_s,
            LADDER,
        )
        assert isinstance(moved, Moved), moved
        found.append(moved)
    return [*found, *lapse(found[-1].case, about, now_s + 400 * 86_400, LADDER)]


def totals(moves: list[Moved]) -> dict[str, int]:
    """What each party has more (or less) after all of it."""
    found: dict[str, int] = {}
    for money in (money for moved in moves for money in moved.money):
        for party, fen in ((money.debtor, -money.amount_fen), (money.creditor, money.amount_fen)):
            found[party] = found.get(party, 0) + fen
    return {party: fen for party, fen in found.items() if fen}


# how it went; the ending, and what issuer, acquirer and hub have of it in the end
WALKS = """
issuer:query acquirer:answer                                           answered          0     0
issuer:query                                                           unanswered        0   -10
acquirer:query                                                         unanswered      -10     0
acquirer:query acquirer:withdraw                                       withdrawn         0     0
issuer:query acquirer:credit_adjust=180                                adjusted        180  -190
acquirer:credit_adjust=180                                             adjusted        180  -190
issuer:ask_evidence acquirer:give_evidence                             rested            0     0
issuer:ask_evidence acquirer:give_evidence issuer:charge_back          not_represented 400  -410
issuer:ask_evidence                                                    rested            0     0
issuer:ask_evidence +11d issuer:charge_back                            lost_undefended 400  -410
acquirer:present_more=50 issuer:accept_more                            paid            -50    40
acquirer:present_more=50 issuer:refuse_more                            not_paid          0     0
acquirer:present_more=50                                               not_paid          0     0
issuer:charge_back acquirer:accept                                     accepted        400  -410
issuer:charge_back                                                     not_represented 400  -410
issuer:charge_back issuer:drop                                         dropped         -10     0
issuer:charge_back acquirer:represent                                  not_pursued     -10     0
issuer:charge_back acquirer:represent issuer:drop                      dropped         -10     0
issuer:charge_back acquirer:represent issuer:arbitrate hub:rule=400    ruled           400  -900
issuer:charge_back acquirer:represent issuer:arbitrate hub:rule=0      ruled          -500     0
issuer:charge_back acquirer:represent issuer:arbitrate hub:rule=100    ruled          -275  -225
issuer:charge_back acquirer:represent issuer:arbitrate                 not_ruled       400  -400
issuer:charge_back acquirer:represent issuer:arbitrate acquirer:accept accepted_late   400  -900
issuer:charge_back acquirer:represent issuer:arbitrate issuer:drop     dropped_late   -500     0
issuer:claim_small=180                                                 granted         135  -135
issuer:charge_back hub:freeze hub:unfreeze acquirer:accept             accepted        400  -410
issuer:charge_back hub:freeze                                          not_represented 400  -410
issuer:object                                                          not_represented 500  -510
issuer:object acquirer:accept                                          accepted        500  -510
issuer:object issuer:drop                                              dropped         -10     0
issuer:object acquirer:represent                                       not_pursued     -10     0
issuer:object acquirer:represent issuer:arbitrate hub:rule=500         ruled           500 -1000
acquirer:recover issuer:consent                                        consented         0     0
acquirer:recover issuer:decline                                        not_consented     0     0
acquirer:recover                                                       not_consented     0     0
hub:fork hub:rule=0                                                    fork_decided      0     0
hub:fork hub:rule=500                                                  fork_decided    500  -500
hub:fork                                                               fork_unproven   500  -500
hub:fork hub:freeze                                                    fork_unproven   500  -500
"""


@pytest.mark.req("R-200")
@pytest.mark.parametrize("walk", WALKS.strip().splitlines())
def test_the_ladder_walked_in_both_directions(walk: str) -> None:
    *steps, ending, issuer, acquirer = walk.split()
    moves = walked(*steps)
    last, found = moves[-1].case, totals(moves)
    assert last.stage == ending and not last.is_open and last.escrow_fen == 0
    assert (found.pop(ISS, 0), found.pop(ACQ, 0)) == (int(issuer), int(acquirer))
    assert found == (
        {FEE_INCOME: -int(issuer) - int(acquirer)} if int(issuer) + int(acquirer) else {}
    )


def test_operators_give_back_their_parts_of_what_the_issuer_wins() -> None:
    won = walked("issuer:charge_back=333", "acquirer:accept")[-1].money[0]
    assert won == Money("dispute_won", ESCROW, ISS, 333, OPENED_S + 3_600, won.shares)
    assert won.shares == (Share("OP1", 200), Share("OP2", 133))


def test_deadlines_are_noons_and_bank_days_where_the_table_says_so() -> None:
    ends = {
        "issuer:query": at(date(2026, 3, 25), 12),  # five bank days
        "issuer:ask_evidence": at(date(2026, 3, 28), 12),
        "acquirer:present_more": at(date(2026, 3, 28), 12),
        "issuer:charge_back": at(date(2026, 4, 2), 12),
    }
    for opening, ends_s in ends.items():
        side, _, act = opening.partition(":")
        moved = begun(act, side)
        assert isinstance(moved, Moved)
        assert due_s(moved.case, LADDER) == ends_s
        assert lapse(moved.case, ABOUT, ends_s - 1, LADDER) == []
        (silence, *_) = lapse(moved.case, ABOUT, ends_s, LADDER)
        assert (silence.act, silence.at_s) == ("silence", ends_s)


def test_a_frozen_case_stands_still_and_then_has_all_of_its_days_again() -> None:
    (charged, frozen, thawed, *_) = walked("issuer:charge_back", "+10d", "hub:freeze", "+20d",
                                           "hub:unfreeze")  # fmt: skip
    assert due_s(charged.case, LADDER) == at(date(2026, 4, 2), 12)
    assert turn_of(frozen.case, LADDER) == "hub"
    assert permitted(frozen.case, LADDER) == [("unfreeze", "hub")]
    assert due_s(thawed.case, LADDER) == at(date(2026, 4, 13), 12)
    by_itself = walked("issuer:charge_back", "+10d", "hub:freeze")
    assert [moved.act for moved in by_itself] == ["charge_back", "freeze", "unfreeze", "silence"]
    assert by_itself[2].at_s == at(date(2026, 4, 27), 12)


# an act that is refused: after these steps, who says what, and why not
REFUSED = """
                                                          issuer:accept            CASE_OPENING
                                                          acquirer:charge_back     CASE_OPENING
                                                          issuer:charge_back=501   CASE_AMOUNT
                                                          issuer:charge_back=0     CASE_AMOUNT
                                                          issuer:claim_small=2001  CASE_AMOUNT
                                                          acquirer:object          CASE_OPENING
                                                          issuer:recover           CASE_OPENING
acquirer:recover                                          acquirer:consent         CASE_STEP
acquirer:recover +11d                                     issuer:consent           CASE_ENDED
issuer:object +11d                                        acquirer:represent       CASE_ENDED
issuer:charge_back                                        issuer:accept            CASE_STEP
issuer:charge_back                                        acquirer:arbitrate       CASE_STEP
issuer:charge_back                                        acquirer:freeze          CASE_STEP
issuer:charge_back                                        hub:unfreeze             CASE_NOT_FROZEN
issuer:charge_back hub:freeze                             acquirer:accept          CASE_FROZEN
issuer:charge_back hub:freeze hub:unfreeze                hub:freeze               CASE_FREEZES
issuer:charge_back +16d                                   acquirer:represent       CASE_ENDED
issuer:charge_back acquirer:represent issuer:arbitrate    hub:rule=401             CASE_AMOUNT
issuer:ask_evidence +11d                                  acquirer:give_evidence   CASE_STEP
"""


@pytest.mark.parametrize("row", REFUSED.strip("\n").splitlines())
def test_an_act_out_of_turn_changes_nothing(row: str) -> None:
    steps, (last, code) = row[:58].split(), row[58:].split()
    side, _, act = last.partition(":")
    act, _, fen = act.partition("=")
    if not steps:
        found = begun(act, side, int(fen or 400))
    else:
        days = [int(step[1:-1]) for step in steps if step.startswith("+")]
        done = walked(*steps)
        upto = len(steps) if not days else len(done)
        case, now_s = done[upto - 1].case, at(DAY + timedelta(days=max(days, default=0)), 14)
        if days:
            case = [moved for moved in done if moved.at_s <= now_s][-1].case
        person = "judge" if side == "hub" else ""
        found = take(case, said(act, int(fen or 400)), side, person, ABOUT, now_s, LADDER)
    assert isinstance(found, Refusal) and found.code == code


@pytest.mark.parametrize(
    ("act", "about", "code"),
    [
        (said("charge_back"), replace(ABOUT, was_disputed=True), "CASE_ONCE"),
        (
            said("charge_back"),
            replace(ABOUT, settled_on=DAY - timedelta(days=121)),
            "CASE_TOO_LATE",
        ),
        (said("charge_back", reason=""), ABOUT, "CASE_REASON"),
        (said("charge_back"), replace(ABOUT, left_fen=399), "CASE_AMOUNT"),
        (said("present_more"), replace(ABOUT, codes=("0000",)), "CASE_CODES"),
        (said("present_more", evidence=False), ABOUT, "CASE_EVIDENCE"),
        (said("recover"), replace(ABOUT, codes=("0000",)), "CASE_CODES"),
        (said("recover"), replace(ABOUT, left_fen=0), "CASE_AMOUNT"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_an_opening_lacks(act: CaseAct, about: About, code: str) -> None:
    side: Side = "issuer" if act.act == "charge_back" else "acquirer"
    found = open_case("C1", act, side, about, OPENED_S, TERMS.version, LADDER)
    assert isinstance(found, Refusal) and found.code == code


def test_a_large_ruling_needs_two_persons_who_say_the_same() -> None:
    rich = replace(ABOUT, left_fen=20_000)
    case = walked("issuer:charge_back=15000", "acquirer:represent", "issuer:arbitrate", about=rich)[
        2
    ].case
    now_s = OPENED_S + 86_400

    def rule(case: Case, fen: int, person: str) -> Moved | Refusal:
        return take(case, said("rule", fen), "hub", person, rich, now_s, LADDER)

    first = rule(case, 9_000, "ann")
    assert isinstance(first, Moved) and first.case.is_open and not first.money
    for same in ("ann", "Ann"):
        again = rule(first.case, 9_000, same)
        assert isinstance(again, Refusal) and again.code == "CASE_TWO_PERSONS"
    mended = rule(first.case, 900, "ann")
    assert isinstance(mended, Moved) and mended.case.is_open, "who erred proposes another figure"
    assert mended.case.proposed_fen == 900
    other = rule(first.case, 8_000, "bo")
    assert isinstance(other, Moved) and other.case.is_open, "another figure is another proposal"
    second = rule(other.case, 8_000, "ann")
    assert isinstance(second, Moved) and not second.case.is_open
    assert totals([second])[ISS] == 8_000 - 233  # it lost 7000 of 15000, and that part of the fee


def test_what_a_fork_put_into_escrow_has_the_bound_of_held_records() -> None:
    bound_fen = TERMS.held.two_persons_above_fen
    for left_fen, is_open in ((bound_fen, False), (bound_fen + 1, True)):
        about = replace(ABOUT, left_fen=left_fen)
        case = fork_case("C1", about, OPENED_S, TERMS.version, LADDER).case
        moved = take(case, said("rule", 0), "hub", "ann", about, OPENED_S + 60, LADDER)
        assert isinstance(moved, Moved) and moved.case.is_open is is_open


def test_a_small_claim_is_weighed_and_the_pool_is_whole_again_next_month() -> None:
    signed = replace(ABOUT, codes=("0000",), is_signed=True)
    lost = walked("issuer:claim_small=180", about=signed)
    assert lost[-1].case.stage == "not_granted" and totals(lost) == {ISS: -10, FEE_INCOME: 10}
    half = replace(ABOUT, codes=("0000",), how="missing_exit")
    won = walked("issuer:claim_small=180", about=half)
    assert totals(won) == {ISS: 180, ACQ: -180}
    assert [(money.kind, money.at_s) for money in won[-1].money] == [
        ("small_claim", OPENED_S),
        ("pool_share", at(date(2026, 4, 1))),
    ]
    assert POOL not in totals(won)


def test_what_a_later_revision_gave_back_is_not_won_again() -> None:
    moves = walked("issuer:charge_back")[:1]
    later = lapse(moves[0].case, replace(ABOUT, left_fen=150), OPENED_S + 90 * 86_400, LADDER)
    assert totals([*moves, *later]) == {ISS: 150, ACQ: -160, FEE_INCOME: 10}


ACTS: tuple[CaseActKind, ...] = get_args(CaseActKind)
drawn_steps = st.lists(
    st.tuples(
        st.sampled_from(ACTS),
        st.sampled_from(["issuer", "acquirer", "hub"]),
        st.integers(0, 600),
        st.integers(0, 20 * 86_400),
        st.booleans(),
    ),
    max_size=14,
)


@settings(max_examples=300)
@given(st.sampled_from(LADDER.opening), st.integers(0, 600), drawn_steps)
def test_any_acts_and_any_time_end_every_case_with_all_of_the_money(
    opening: Opening, fen: int, steps: list[tuple[CaseActKind, str, int, int, bool]]
) -> None:
    act, side = opening.act, opening.by[0]
    moved = begun(act, side, fen)
    if isinstance(moved, Refusal):
        assert moved.code == "CASE_AMOUNT"
        return
    moves, now_s = [moved], OPENED_S
    for kind, who, amount, later_s, has_papers in steps:
        now_s += later_s
        shown = foreseen(moves[-1].case, now_s, LADDER)
        moves += lapse(moves[-1].case, ABOUT, now_s, LADDER)
        before = moves[-1].case
        assert (shown.stage, shown.ended_s) == (before.stage, before.ended_s), "shown as written"
        assert due_s(shown, LADDER) == due_s(before, LADDER)
        told = said(kind, amount, evidence=has_papers)
        found = take(before, told, who, "judge" if who == "hub" else "", ABOUT, now_s, LADDER)
        offered = (kind, who) in permitted(before, LADDER)
        assert isinstance(found, Refusal) or offered
        if isinstance(found, Moved):
            moves.append(found)
        escrow_fen = sum(
            (money.creditor == ESCROW) * money.amount_fen
            - (money.debtor == ESCROW) * money.amount_fen
            for moved in moves
            for money in moved.money
        )
        assert escrow_fen == moves[-1].case.escrow_fen
    moves += lapse(moves[-1].case, ABOUT, now_s + 200 * 86_400, LADDER)
    last, found_fen = moves[-1].case, totals(moves)
    assert not last.is_open and last.ended_s is not None
    assert last.ended_s <= now_s + 120 * 86_400
    assert sum(found_fen.values()) == 0 and ESCROW not in found_fen and POOL not in found_fen
    assert found_fen.get(FEE_INCOME, 0) in (0, 10, 500)
    ending = LADDER.endings[last.stage]
    if ending.borne_by in ("issuer", "acquirer") and ending.money != "pool":
        at_fault = ISS if ending.borne_by == "issuer" else ACQ
        fees = [money for moved in moves for money in moved.money if money.creditor == FEE_INCOME]
        assert [money.debtor for money in fees] == [at_fault]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"stage": [{"name": "queried", "turn": "hub", "days": 1, "silence": "queried"}]},
            "round and round",
        ),
        ({"stage": []}, "which is not there"),
        ({"ending": []}, "which is not there"),
        ({"ending": [{"name": "queried"}]}, "a stage and an ending"),
    ],
)
def test_a_table_from_which_a_case_could_fail_to_end_is_refused(
    change: dict[str, list[dict[str, object]]], says: str
) -> None:
    plain = msgspec.to_builtins(LADDER)
    known = {name: {item["name"]: item for item in plain[name]} for name in ("stage", "ending")}
    for name, items in change.items():
        kept = {} if not items else known[name]
        plain[name] = list((kept | {str(item["name"]): item for item in items}).values())
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.convert(plain, DisputeTerms)
