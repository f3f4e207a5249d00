"""The condition of entry as one more question of a gate: asked of a medium that is in order, where
somebody enters, and before anything is said about money.

What a policy says and what is known of a holder comes from `entry`; here it is put to a tap. A lane
that opens as before shows nothing; one that stays shut takes nothing and leaves no entry behind.
"""

from collections.abc import Iterable

from tongxing.deciding.facts import ENDING_ROLES, EntryLane, GateContext, ValidatorFacts
from tongxing.deciding.token import MediumToken
from tongxing.entry import CLOSED, Answer, HolderAnswer, Lane, Medium, Place, answer_entry
from tongxing.entry.asking import ASKING
from tongxing.entry.policy import CLOSING
from tongxing.fares import CityFares
from tongxing.kernel.reasons import Refusal

ENTRY_REASONS = CLOSING
"""Why a lane may stay shut for a condition of entry. No tap carries one of these."""

_NAMES_CUT = "路"
_NOTHING_ASKED = HolderAnswer(None, None)


def noted_reason(code: str) -> str:
    """A decision's reason as it may be written down: that a condition kept a lane shut, and not
    what was found."""
    return CLOSED if code in ENTRY_REASONS else code


def entry_condition(
    token: MediumToken, facts: ValidatorFacts, context: GateContext
) -> Refusal | None:
    """Whether the holder may enter here; only asked of who enters."""
    answer = entry_answer(token, facts, context)
    return None if answer is None or answer.opens else Refusal(answer.reason, facts.terminal_id)


def entry_note(token: MediumToken, facts: ValidatorFacts, context: GateContext) -> str:
    """What a trial shows beside a lane that opens; "" where nothing is shown."""
    answer = entry_answer(token, facts, context)
    return "" if answer is None else answer.note


def entry_lane(
    facts: ValidatorFacts,
    fares: CityFares,
    properties: Iterable[str] = (),
    lane: Lane | None = None,
) -> EntryLane:
    """A terminal as a policy sees it, by every name of its line and station; `properties` are what
    its operator knows of the place (the names of a policy's sets)."""
    line = fares.network.lines.get(facts.line)
    station = fares.network.stations.get(facts.station)
    lines = {facts.line} if line is None else {facts.line, line.name_zh, line.name_en}
    lines |= {name.replace(_NAMES_CUT, "") for name in lines}
    stations = {facts.station}
    if station is not None:
        stations |= {station.name_zh, station.name_en}
    place = Place(
        mode=facts.mode,
        lines=frozenset(lines),
        stations=frozenset(stations),
        properties=frozenset(properties),
    )
    return EntryLane(place, lane or Lane())


def entry_answer(token: MediumToken, facts: ValidatorFacts, context: GateContext) -> Answer | None:
    """What the site's policy says of this tap; None where nothing is asked, as where the doors
    stand open to all: nobody could be kept out, so nobody is asked about."""
    entry = context.entry
    if entry is None or facts.role in ENDING_ROLES or context.mode == "open_all":
        return None
    policy, now_s = entry.policy, context.now_s
    here = entry.lanes.get(facts.terminal_id) or entry_lane(facts, context.fares)
    if policy.city != facts.city or policy.condition_at(here.place, now_s) is None:
        return None
    medium = Medium(policy.kind_of(token.medium_kind, token.product), token.product)
    asks = policy.handling(medium.kind) == "check" and here.lane.staff_check == "none"
    holder = entry.holders.of(token.medium_no, now_s) if asks else _NOTHING_ASKED
    if isinstance(holder.word, Refusal) and holder.word.code == ASKING:
        return Answer("closed", ASKING)
    return answer_entry(policy, here.place, medium, holder, here.lane, now_s)
