"""Whatever a reader reads, a gate answers: it never raises, never overdraws, never loses a fen."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deciding_world import BEIJING_CARD, CARD, CODE, DAY, Street, context, validator
from tongxing.deciding.decide import decide, tap_of
from tongxing.deciding.facts import OPEN, Role
from tongxing.deciding.token import MediumToken, OpenEntry
from tongxing.gate.journal import unnumbered
from tongxing.gate.lane import announce
from tongxing.kernel.clock import at
from tongxing.messages.envelope import encode

ROLES: list[Role] = ["entry", "exit", "ride", "board", "alight"]
WHERES = ["cq:rail-1:xiaoshizi", "cq:bus-181:jiaochangkou-stop:B1", "bj:rail-1:xidan",
          "bj:bus-1:wukesongqiaodong-stop:B7", "cq:lift-kaixuan:kaixuanlu-lift"]  # fmt: skip
text = st.text(max_size=50)
whole = st.integers(-(2**63), 2**63 - 1)
times = st.one_of(whole, st.integers(at(DAY) - 10**5, at(DAY) + 10**5))


def sometimes(*known: str) -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from(known), text)


entries = st.builds(
    OpenEntry,
    city=sometimes("500000", "110000"),
    station=sometimes("xiaoshizi", "xidan", "wukesongqiaodong-stop"),
    line=sometimes("rail-1", "bus-1", "bus-181", "lift-kaixuan"),
    mode=sometimes("rail", "bus", "lift"),
    place=sometimes("500000", "110000"),
    time_s=times,
    tariff=text,
    vehicle=sometimes("", "B7"),
)
tokens = st.builds(
    MediumToken,
    scheme=sometimes("local:500000", "local:110000", "t_union"),
    medium_no=sometimes(CARD.medium_no, BEIJING_CARD.medium_no, CODE.medium_no),
    medium_kind=st.sampled_from(["card", "code"]),
    issuer=sometimes("500000", "110000", "120000"),
    product=sometimes("ordinary", "student", "elder", "love_card"),
    funding=st.sampled_from(["purse", "account"]),
    enabled=st.sampled_from([True, True, True, False]),
    expires=st.one_of(st.just(date.max), st.dates()),
    code_issued_s=times,
    code_expires_s=times,
    balance_fen=st.one_of(st.integers(0, 20_00), whole),
    counter=st.one_of(st.integers(0, 100), whole),
    open_entry=st.one_of(st.none(), entries),
)


@pytest.mark.req("R-207")
@given(tokens, st.sampled_from(ROLES), st.sampled_from(WHERES), st.integers(0, 2 * 86_400))
def test_no_token_makes_a_gate_raise_or_overdraw(
    token: MediumToken, role: Role, where: str, seconds: int
) -> None:
    facts = validator(role, where)
    now_s = at(DAY) + seconds
    decision = decide(token, facts, context(facts, now_s))
    after = decision.token_after
    if decision.opened and token.funding == "purse":
        assert 0 <= after.balance_fen <= token.balance_fen
        assert decision.purse is not None
        assert after.balance_fen == token.balance_fen - decision.purse.taken_fen
        assert sum(line.amount_fen for line in decision.lines) == decision.purse.taken_fen
        assert decision.purse.taken_fen == decision.charge_fen + decision.half_trip_fen
    else:
        assert after is token
        assert decision.opened == (decision.reason == OPEN)
    for language in ("zh", "en"):
        for said in announce(decision, language):
            assert said.text and said.next_step
            assert "{" not in said.text + said.next_step + said.voice
    encode(tap_of(token, facts, decision, unnumbered("G1"), now_s, 0)).decode("ascii")


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ROLES), st.sampled_from(WHERES), st.integers(1, 20_000))))
def test_a_purse_ends_with_what_it_had_less_what_the_taps_say(
    steps: list[tuple[Role, str, int]],
) -> None:
    street = Street({"card": CARD, "beijing": BEIJING_CARD})
    now_s, taken_fen = at(DAY, 5), {"card": 0, "beijing": 0}
    for role, where, later_s in steps:
        now_s += later_s
        for name in taken_fen:
            decision = street.tap(name, role, where, now_s)
            taken_fen[name] += decision.purse.taken_fen if decision.purse else 0
            assert street.media[name].balance_fen >= 0
    for name, start in (("card", CARD), ("beijing", BEIJING_CARD)):
        assert street.media[name].balance_fen == start.balance_fen - taken_fen[name]
