"""What a lane does with a decision: it opens or stays shut, and says why in two languages.

A lane output is whatever the hardware or a screen hangs on: it gets the terminal and the decision,
once, after the journal. It must never decide anything itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tongxing.deciding.facts import Decision
from tongxing.entry import staff_action_of, staff_words
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import reason

LaneOutput = Callable[[str, Decision], None]
"""Called with the terminal's id and the decision."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One language's words for a decision: screen line, what to do next, and the voice."""

    text: str
    next_step: str
    voice: str


def announce(decision: Decision, language: str) -> tuple[Announcement, ...]:
    """What to show and say in `zh` or `en`: the reason, then the note if there is one."""
    codes = (decision.reason, decision.note) if decision.note else (decision.reason,)
    values = _values(decision)
    return tuple(_announcement(code, language, values) for code in codes)


def for_staff(decision: Decision, language: str) -> str:
    """What staff beside the lane are asked to do about it; "" for nothing. For their screen, and
    never for the passenger's."""
    return staff_words(staff_action_of(decision.reason), language)


def _announcement(code: str, language: str, values: dict[str, object]) -> Announcement:
    found = reason(code)
    voice = found.voice_zh if language == "zh" else found.voice_en
    return Announcement(
        text=found.text(language, values),
        next_step=found.next_step(language, values),
        voice=voice.format_map(values),
    )


def _values(decision: Decision) -> dict[str, object]:
    before_fen = decision.purse.balance_before_fen if decision.purse else 0
    taken_fen = decision.purse.taken_fen if decision.purse else 0
    return {
        **decision.values,
        "charge": yuan(decision.charge_fen),
        "half_trip": yuan(decision.half_trip_fen),
        "needed": yuan(decision.needed_fen),
        "balance": yuan(before_fen - taken_fen),
    }
