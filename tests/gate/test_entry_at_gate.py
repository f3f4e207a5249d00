"""The condition of entry inside the gate's decision: who is asked, what it costs, what is kept."""

from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import date, timedelta
from pathlib import Path

import pytest
from gate_world import CITY_KEYS, SITE, Station, site_key
from msgspec.structs import replace

from deciding_world import BEIJING_CARD, CARD, context, validator
from tongxing.deciding.decide import decide, tap_of
from tongxing.deciding.entering import entry_lane
from tongxing.deciding.facts import Decision, EntryAtGate, GateContext, Role, ValidatorFacts
from tongxing.deciding.token import MediumToken
from tongxing.entry import Attestation, HolderAnswer, Lane, policies
from tongxing.fares import load_city_fares
from tongxing.gate.journal import unnumbered
from tongxing.gate.lane import announce, for_staff
from tongxing.gate.site import Site, SiteSetup
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.network.registry import load_registry

POLICY = policies()[0]
DAY = date(2022, 5, 30)
NOON_S = at(DAY, 12)
IN = validator("entry", "bj:rail-1:jianguomen")
OUT = validator("exit", "bj:rail-1:jianguomen")
ELSEWHERE = validator("entry", "bj:rail-1:xidan")
BUS = validator("board", "bj:bus-1:wukesongqiaodong-stop:B7")
CODE = replace(
    BEIJING_CARD,
    medium_no="Q5000100000000014",
    medium_kind="code",
    funding="account",
    balance_fen=0,
    code_issued_s=NOON_S,
    code_expires_s=NOON_S + 60,
)
TERMINAL = "G1"


def word(passed: bool) -> HolderAnswer:
    return HolderAnswer(True, Attestation(POLICY.city, "h", passed, NOON_S, NOON_S + 600))


UNLINKED = HolderAnswer(False, None)
DOWN = HolderAnswer(None, Refusal("ENTRY_PROVIDER_DOWN"))


@dataclass
class Known:
    """One answer for everybody; it notes who was asked about."""

    answer: HolderAnswer
    asked: list[str] = field(default_factory=list)

    def of(self, medium_no: str, now_s: int) -> HolderAnswer:
        self.asked.append(medium_no)
        return self.answer


def with_policy(
    answer: HolderAnswer,
    facts: ValidatorFacts = IN,
    lane: Lane | None = None,
    now_s: int = NOON_S,
    properties: tuple[str, ...] = (),
) -> GateContext:
    known = context(facts, now_s)
    here = entry_lane(facts, known.fares, properties, lane)
    return changed(known, entry=EntryAtGate(POLICY, Known(answer), {facts.terminal_id: here}))


def tapped(
    token: MediumToken, answer: HolderAnswer, facts: ValidatorFacts = IN, lane: Lane | None = None
) -> Decision:
    return decide(token, facts, with_policy(answer, facts, lane))


@pytest.mark.req("R-101", "R-109", "R-132", "R-154")
@pytest.mark.parametrize("token", [BEIJING_CARD, CODE], ids=["card", "code"])
def test_an_upgraded_riders_tap_is_the_same_as_without_any_condition(token: MediumToken) -> None:
    assert tapped(token, word(True)) == decide(token, IN, context(IN, NOON_S))


@pytest.mark.req("R-107", "R-108", "R-142")
@pytest.mark.parametrize("token", [BEIJING_CARD, CODE], ids=["card", "code"])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (UNLINKED, "ENTRY_NOT_UPGRADED"),
        (word(False), "ENTRY_TURNED_BACK"),
        (DOWN, "ENTRY_MANUAL_LANE"),
    ],
)
def test_a_closed_lane_costs_nothing_and_leaves_no_entry(
    token: MediumToken, answer: HolderAnswer, reason: str
) -> None:
    decision = tapped(token, answer)
    assert (decision.outcome, decision.reason, decision.note) == ("refused", reason, "")
    assert decision.token_after == token and decision.token_after.open_entry is None
    assert decision.charge_fen == decision.half_trip_fen == decision.needed_fen == 0
    assert decision.purse is None or decision.purse.taken_fen == 0


@pytest.mark.req("R-108", "R-127")
def test_what_the_lane_shows_is_the_exact_text_and_nothing_personal() -> None:
    shown = announce(tapped(BEIJING_CARD, UNLINKED), "zh")
    assert [(one.text, one.voice) for one in shown] == [("未查到健康码信息，请您尽快授权升级",) * 2]
    for answer in (UNLINKED, word(False), DOWN):
        for language in ("zh", "en"):
            told = repr(announce(tapped(BEIJING_CARD, answer), language))
            assert BEIJING_CARD.medium_no not in told and "50.00" not in told and "{" not in told


@pytest.mark.req("R-113")
def test_staff_are_told_what_to_do_and_nothing_about_a_lane_that_opened() -> None:
    assert for_staff(tapped(BEIJING_CARD, word(False)), "zh") == "劝返"
    assert for_staff(tapped(BEIJING_CARD, UNLINKED), "en") == "Help to upgrade"
    assert for_staff(tapped(BEIJING_CARD, word(True)), "zh") == ""


@pytest.mark.req("R-404")
@pytest.mark.parametrize("answer", [UNLINKED, word(False), DOWN])
def test_the_tap_never_says_which_condition_was_not_met(answer: HolderAnswer) -> None:
    decision = tapped(BEIJING_CARD, answer)
    tap = tap_of(BEIJING_CARD, IN, decision, unnumbered(TERMINAL), NOON_S, 1)
    assert (tap.outcome, tap.reason) == ("refused", "ENTRY_CLOSED")


def test_a_tap_refused_for_anything_else_keeps_its_reason() -> None:
    token = replace(BEIJING_CARD, expires=DAY - timedelta(days=1))
    decision = tapped(token, UNLINKED)
    tap = tap_of(token, IN, decision, unnumbered(TERMINAL), NOON_S, 1)
    assert decision.reason == tap.reason == "CARD_EXPIRED"


@pytest.mark.req("R-100")
def test_only_who_enters_at_a_place_of_the_policy_is_asked_about() -> None:
    riding = decide(BEIJING_CARD, IN, context(IN, NOON_S)).token_after
    roles: list[tuple[ValidatorFacts, MediumToken, bool]] = [
        (IN, BEIJING_CARD, True),
        (OUT, riding, False),
        (ELSEWHERE, BEIJING_CARD, False),
    ]
    for facts, token, expected in roles:
        known = with_policy(UNLINKED, facts)
        assert decide(token, facts, known).opened is not expected
        assert known.entry is not None and isinstance(known.entry.holders, Known)
        assert bool(known.entry.holders.asked) is expected


def test_a_medium_that_is_not_in_order_is_never_asked_about() -> None:
    known = with_policy(UNLINKED)
    for token in (
        replace(BEIJING_CARD, medium_no="!"),
        replace(BEIJING_CARD, expires=DAY - timedelta(days=1)),
        replace(BEIJING_CARD, scheme="unknown_scheme"),
    ):
        assert not decide(token, IN, known).opened
    assert known.entry is not None and isinstance(known.entry.holders, Known)
    assert known.entry.holders.asked == []


def test_the_condition_speaks_before_the_money() -> None:
    poor = replace(BEIJING_CARD, balance_fen=0)
    assert tapped(poor, UNLINKED).reason == "ENTRY_NOT_UPGRADED"
    assert tapped(poor, word(True)).reason == "INSUFFICIENT_BALANCE"


@pytest.mark.req("R-110", "R-111")
def test_after_the_staffs_check_the_manual_lane_opens_and_the_ride_begins() -> None:
    decision = tapped(BEIJING_CARD, UNLINKED, lane=Lane("manual", "passed"))
    assert decision.opened and decision.token_after.open_entry is not None
    assert tapped(BEIJING_CARD, UNLINKED, lane=Lane("manual")).reason == "ENTRY_STAFF_CHECK"
    failed = tapped(BEIJING_CARD, word(True), lane=Lane("manual", "failed"))
    assert failed.reason == "ENTRY_TURNED_BACK"


@pytest.mark.req("R-100")
def test_an_operator_says_which_other_stations_are_key_stations() -> None:
    known = with_policy(UNLINKED, ELSEWHERE, properties=("key_station",))
    assert decide(BEIJING_CARD, ELSEWHERE, known).reason == "ENTRY_NOT_UPGRADED"


@pytest.mark.req("R-116", "R-117", "R-135")
@pytest.mark.parametrize(
    ("answer", "note"),
    [(word(True), ""), (word(False), "ENTRY_TRIAL"), (UNLINKED, "ENTRY_NOT_UPGRADED")],
)
def test_on_a_trial_bus_the_lane_opens_with_at_most_a_note(answer: HolderAnswer, note: str) -> None:
    known = with_policy(answer, BUS)
    assert known.entry is not None
    here = known.entry.lanes[BUS.terminal_id]
    place = replace(here.place, lines=frozenset({"bus-14", "14"}))
    lanes = {BUS.terminal_id: changed(here, place=place)}
    known = changed(known, entry=changed(known.entry, lanes=lanes))
    decision = decide(BEIJING_CARD, BUS, known)
    assert decision.opened and decision.note == note


def test_a_line_is_known_by_its_public_number() -> None:
    place = entry_lane(BUS, context(BUS, NOON_S).fares).place
    assert {"1", "1路", "bus-1"} <= place.lines and place.mode == "bus"


def test_a_terminal_that_nobody_described_is_an_automatic_lane_of_its_station() -> None:
    known = context(IN, NOON_S)
    known = changed(known, entry=EntryAtGate(POLICY, Known(UNLINKED)))
    assert decide(BEIJING_CARD, IN, known).reason == "ENTRY_NOT_UPGRADED"


@pytest.mark.parametrize(
    ("day", "hour", "reason"),
    [
        (date(2022, 12, 5), 2, "ENTRY_NOT_UPGRADED"),
        (date(2022, 12, 5), 3, "OPEN"),
        (date(2022, 5, 23), 2, "OPEN"),
    ],
)
def test_before_its_first_and_after_its_last_day_a_gate_asks_nothing(
    day: date, hour: int, reason: str
) -> None:
    known = with_policy(UNLINKED, now_s=at(day, hour))
    assert decide(BEIJING_CARD, IN, known).reason == reason


def test_a_policy_of_another_city_is_not_asked() -> None:
    facts = validator("entry", "cq:rail-1:xiaoshizi")
    known = context(facts, NOON_S)
    here = entry_lane(facts, known.fares, ("key_station",))
    entry = EntryAtGate(POLICY, Known(UNLINKED), {facts.terminal_id: here})
    without = decide(BEIJING_CARD, facts, known)
    assert decide(BEIJING_CARD, facts, changed(known, entry=entry)) == without


def test_a_site_that_was_given_a_policy_keeps_its_lane_shut_and_its_journal_silent(
    tmp_path: Path,
) -> None:
    station = Station(tmp_path)
    fares = load_city_fares("500000")
    metro = next(row for row in POLICY.where if row.mode == "rail")
    rail = replace(metro, from_day=date(2026, 3, 1), until=None, effect="enforced")
    policy = replace(
        POLICY,
        city="500000",
        from_day=date(2026, 3, 1),
        until=date(2026, 3, 31),
        where=(replace(rail, when_down="closed"),),
    )
    holders = Known(DOWN)
    facts = validator("entry", "cq:rail-1:xiaoshizi", "IN")
    setup = SiteSetup(
        city="500000",
        validators={"IN": facts},
        fares=fares,
        registry=load_registry(),
        key=site_key(SITE),
        city_keys=CITY_KEYS,
        entry=EntryAtGate(policy, holders, {"IN": entry_lane(facts, fares)}),
    )
    heard: list[Decision] = []
    site = Site.open(setup, station.journal, lambda _terminal, decision: heard.append(decision))
    assert isinstance(site, Site)
    morning_s = at(date(2026, 3, 17), 8)
    decision, after = site.present(CARD, "IN", morning_s)
    assert heard == [decision] and decision.reason == "ENTRY_NO_ANSWER" and after == CARD
    holders.answer = HolderAnswer(True, Attestation("500000", "h", True, morning_s, morning_s + 9))
    assert site.present(CARD, "IN", morning_s)[0].opened
    taps = station.journal.unsent(10)
    assert not isinstance(taps, Refusal)
    assert [(tap.outcome, tap.reason) for tap in taps] == [
        ("refused", "ENTRY_CLOSED"),
        ("opened", "OPEN"),
    ]


ROLES: list[Role] = ["exit", "alight"]


@pytest.mark.parametrize("role", ROLES)
def test_nobody_is_ever_kept_inside(role: Role) -> None:
    facts = changed(IN, role=role)
    riding = decide(BEIJING_CARD, IN, context(IN, NOON_S)).token_after
    assert not decide(riding, facts, with_policy(word(False), facts)).reason.startswith("ENTRY_T")
