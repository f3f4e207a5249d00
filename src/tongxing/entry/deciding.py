"""One tap of somebody who enters: open, closed, or an answer that only informs. Pure.

An attester judges a result (`judged`) and signs no more than yes or no; a gate (`answer_entry`)
puts that beside the policy, the place and the lane. Neither learns what the other one knows.
"""

from dataclasses import dataclass
from typing import Literal

from tongxing.entry.attestation import Attestation
from tongxing.entry.policy import Condition, Place, Policy
from tongxing.kernel.clock import at, calendar_date
from tongxing.kernel.reasons import Refusal, reason
from tongxing.kernel.texts import load_catalogue

LaneKind = Literal["auto", "manual"]
StaffCheck = Literal["none", "passed", "failed"]
StaffAction = Literal["", "turn_back", "check_by_hand", "help_upgrade"]
Outcome = Literal["open", "closed", "informative"]

OPEN = "OPEN"
TURNED_BACK = "ENTRY_TURNED_BACK"
STAFF_CHECK = "ENTRY_STAFF_CHECK"
MANUAL_LANE = "ENTRY_MANUAL_LANE"
NO_ANSWER = "ENTRY_NO_ANSWER"
TRIAL = "ENTRY_TRIAL"
CLOSED = "ENTRY_CLOSED"
"""What a tap's evidence says in the place of any of these: that a lane stayed shut, never why."""

_HOUR_S = 3600
_WORDS = load_catalogue(__package__)


@dataclass(frozen=True, slots=True)
class Medium:
    """What is presented: its kind, as the policy names kinds, and its holder's class."""

    kind: str
    product: str = "ordinary"


@dataclass(frozen=True, slots=True)
class HolderAnswer:
    """What is known of a medium's holder at the moment of a tap.

    `upgraded` says whether the medium is linked with somebody, None when that is not known. `word`
    is an attestation that has been read and is good, a refusal when nobody could answer (or not
    with a good one), None when nothing was said.
    """

    upgraded: bool | None
    word: Attestation | Refusal | None


@dataclass(frozen=True, slots=True)
class Lane:
    """Where somebody stands: an automatic lane, or a manual one with what its staff found."""

    kind: LaneKind = "auto"
    staff_check: StaffCheck = "none"


@dataclass(frozen=True, slots=True)
class Answer:
    """Exactly one reason, and what staff do. Only an `open` answer shows and says nothing."""

    outcome: Outcome
    reason: str
    staff_action: StaffAction = ""

    @property
    def opens(self) -> bool:
        """Whether the lane may open as far as this condition goes."""
        return self.outcome != "closed"

    @property
    def note(self) -> str:
        """What is shown beside a lane that opens: nothing, unless a trial has found something."""
        return self.reason if self.outcome == "informative" and self.reason != OPEN else ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a passenger reads and hears. It names nobody and says nothing of anybody's health."""

    text: str
    voice: str
    next_step: str


OPEN_ANSWER = Answer("open", OPEN)


def answer_entry(
    policy: Policy | None,
    place: Place,
    medium: Medium,
    holder: HolderAnswer,
    lane: Lane,
    now_s: int,
) -> Answer:
    """Whether somebody may enter here, now, with this medium, by this lane."""
    where = None if policy is None else policy.condition_at(place, now_s)
    if policy is None or where is None or policy.handling(medium.kind) == "free":
        return OPEN_ANSWER
    automatic = _automatic(policy, where, medium, holder, now_s)
    if where.effect == "informative":
        return _informed(policy, automatic, lane)
    return automatic if lane.kind == "auto" else _by_staff(automatic, lane)


def prompt_of(answer: Answer, language: str) -> Prompt | None:
    """What is shown and said; None where the tap is as it always was (R-109)."""
    code = answer.reason if answer.outcome == "closed" else answer.note
    if not code:
        return None
    found = reason(code)
    voice = found.voice_zh if language == "zh" else found.voice_en
    return Prompt(found.text(language, {}), voice, found.next_step(language, {}))


def staff_words(action: StaffAction, language: str) -> str:
    """What staff are asked to do; "" for nothing."""
    return _WORDS.text(f"staff.{action}", language) if action else ""


def staff_action_of(code: str, policy: Policy | None = None) -> StaffAction:
    """What staff do about a lane that stayed shut for this reason."""
    if policy is not None and code == policy.not_upgraded:
        return "help_upgrade"
    actions: dict[str, StaffAction] = {
        TURNED_BACK: "turn_back",
        STAFF_CHECK: "check_by_hand",
        MANUAL_LANE: "check_by_hand",
        "ENTRY_NOT_UPGRADED": "help_upgrade",
    }
    return actions.get(code, "")


def _closed(code: str, policy: Policy) -> Answer:
    return Answer("closed", code, staff_action_of(code, policy))


def _automatic(
    policy: Policy, where: Condition, medium: Medium, holder: HolderAnswer, now_s: int
) -> Answer:
    if policy.handling(medium.kind) == "by_hand":
        return _closed(MANUAL_LANE, policy)
    word = holder.word
    if isinstance(word, Attestation) and now_s < word.expires_s:
        return OPEN_ANSWER if word.passed else _closed(TURNED_BACK, policy)
    unlinked = holder.upgraded is False or (holder.upgraded is None and word is None)
    if unlinked and policy.category_of(medium.product) is None:
        return _closed(policy.not_upgraded, policy)
    if where.when_down == "open":
        return OPEN_ANSWER
    return _closed(MANUAL_LANE if where.when_down == "manual" else NO_ANSWER, policy)


def _informed(policy: Policy, automatic: Answer, lane: Lane) -> Answer:
    if lane.staff_check == "failed":
        return _closed(TURNED_BACK, policy)
    if lane.staff_check == "passed":
        return Answer("informative", OPEN)
    told = automatic.reason if automatic.reason in (OPEN, policy.not_upgraded) else TRIAL
    return Answer("informative", told)


def _by_staff(automatic: Answer, lane: Lane) -> Answer:
    if lane.staff_check == "passed":
        return OPEN_ANSWER
    if lane.staff_check == "failed" or automatic.reason == TURNED_BACK:
        return Answer("closed", TURNED_BACK, "turn_back")
    return automatic if automatic.opens else Answer("closed", STAFF_CHECK, "check_by_hand")


def entrance_objection(policy: Policy, entrances: dict[str, list[LaneKind]]) -> Refusal | None:
    """ENTRY_NO_MANUAL_LANE for an entrance that has only automatic lanes (R-110)."""
    if not policy.manual_lane:
        return None
    missing = next((name for name, lanes in entrances.items() if "manual" not in lanes), None)
    return None if missing is None else Refusal("ENTRY_NO_MANUAL_LANE", missing)


@dataclass(frozen=True, slots=True)
class Result:
    """What an authority knows of a holder: when the sample was taken, and whether all is well. It
    stays with whoever attests, and is never kept."""

    sampled_s: int
    good: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """A yes or no, and the instant before which it is good."""

    passed: bool
    expires_s: int


def judged(policy: Policy, result: Result | None, now_s: int) -> Judgement:
    """What an attester may sign now. A yes ends with the last moment at which the result is young
    enough; a no is short, since the next result may come at any moment (R-113)."""
    no = Judgement(False, now_s + policy.refusal_life_s)
    if result is None or not result.good or result.sampled_s > now_s:
        return no
    most = policy.result.most
    if policy.result.unit == "hours":
        ends_s = result.sampled_s + most * _HOUR_S + 1
    else:
        ends_s = at(calendar_date(result.sampled_s), (most + 1) * 24)
    return Judgement(True, min(ends_s, now_s + policy.attestation_life_s)) if now_s < ends_s else no
