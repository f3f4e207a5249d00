"""What a site knows again after a restart of those who have just passed, from its journal.

A passenger whose tap is on disk, and whose lane the power cut kept shut, comes again within
seconds: that must be a second touch, and not a second ride.
"""

from collections.abc import Iterable, Mapping

from tongxing.deciding.facts import KIND_OF, Role, ValidatorFacts
from tongxing.deciding.recent import RecentTaps
from tongxing.media.code.layout import RideCode, parse_code
from tongxing.messages import Tap

NEWEST_MOST = 2_000
"""Taps looked through: more than a station sees in ten minutes."""


def remember(
    recent: RecentTaps, taps: Iterable[Tap], validators: Mapping[str, ValidatorFacts]
) -> None:
    """Note the opened among the newest taps, which come as they were written: who touched last and
    as what, which displays of codes opened a lane, who is aboard a vehicle with one reader."""
    for tap in taps:
        if tap.outcome != "opened":
            continue
        facts = validators.get(tap.ref.terminal_id)
        role = None if facts is None else _role(tap, facts)
        if role is not None:
            recent.note_touch(tap.medium_no, role, tap.time_s)
        if facts is not None and facts.one_head and role is not None and tap.funding == "account":
            recent.note_aboard(tap.vehicle, tap.medium_no, role, tap.time_s)
        code = parse_code(tap.code) if tap.code else None
        if isinstance(code, RideCode):
            recent.note_display(tap.medium_no, code.generated_s, code.last_good_s)


def _role(tap: Tap, facts: ValidatorFacts) -> Role | None:
    """What the passenger did there; None where the terminal did something else at that time."""
    if facts.one_head:
        return "alight" if tap.kind == "exit" else "board"
    return facts.role if KIND_OF[facts.role] == tap.kind else None
