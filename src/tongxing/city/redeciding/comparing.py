"""The gate's verdict beside the city's: whether they differ, and in what. Pure.

What a difference means, and who bears it, stands in docs/algorithms/decision.md.
"""

from dataclasses import dataclass

from tongxing.city.redeciding.evidence import DEVICE, MONEY, UNKNOWN_REASON, Evidence, Known
from tongxing.deciding.checks import CHECKS
from tongxing.deciding.entering import noted_reason
from tongxing.deciding.facts import Decision
from tongxing.entry import CLOSED
from tongxing.messages import Tap, TapRef
from tongxing.network.acceptance import REASONS as ACCEPTANCE_REASONS

OPENED, REFUSED, REASON = "VERDICT_OPENED", "VERDICT_REFUSED", "VERDICT_REASON"
OTHER_MONEY, OTHER_TARIFF = "VERDICT_MONEY", "VERDICT_TARIFF"
LIST_STALE, LIST_UNKNOWN = "VERDICT_LIST_STALE", "VERDICT_LIST_UNKNOWN"
DIFFERENCES = (OPENED, LIST_STALE, REFUSED, REASON, OTHER_MONEY, OTHER_TARIFF, LIST_UNKNOWN)
"""What may differ; a tap gets the first that is true of it."""

DENIALS = frozenset(
    {
        UNKNOWN_REASON,
        "MEDIUM_LOST",
        "CARD_REPLACED",
        "CARD_UNBOUND",
        "ACCOUNT_CLOSED",
        "ACCOUNT_FROZEN",
        "ACCOUNT_NO_MONEY",
        "ACCOUNT_OVERDRAWN",
        "ACCOUNT_UNPAID",
        "LEGACY_OVERSPENT",
    }
)
"""The reasons under which a city lists media."""

_ELSEWHERE = frozenset({"RIDE_OPEN_ELSEWHERE", "EXIT_OTHER_CITY", "QR_REPLAYED"})
"""What a gate may refuse for without any tap here that shows it: another city's ride on the card,
a display that another gate has seen."""

_CHECK_OF = {
    **{reason: check.name for check in CHECKS for reason in check.reasons},
    **dict.fromkeys(ACCEPTANCE_REASONS, "acceptance"),
    **dict.fromkeys(DENIALS, "deny_list"),
    **dict.fromkeys(_ELSEWHERE, DEVICE),
    CLOSED: "entry_condition",
    "INSUFFICIENT_BALANCE": MONEY,
    "GATE_MANUAL": "",
}


@dataclass(frozen=True, slots=True)
class CityVerdict:
    """What the city makes of a tap. `outcome` is "" where nothing could be asked, `taken_fen` None
    where no money was; `not_repeated` names the checks that the evidence does not carry, and
    `differs` is "" or a reason code."""

    ref: TapRef
    outcome: str
    reason: str
    taken_fen: int | None
    tariff: str
    not_repeated: tuple[str, ...]
    differs: str


def verdict_on(
    tap: Tap, evidence: Evidence, decision: Decision | None, known: Known
) -> CityVerdict:
    """Both verdicts side by side; `decision` is None where nothing could be asked."""
    left_out = set(evidence.left_out)
    if decision is None:
        return CityVerdict(tap.ref, "", "", None, "", tuple(sorted(left_out)), "")
    is_same = noted_reason(decision.reason) == tap.reason
    if tap.outcome == "refused" and not is_same and _check_of(tap) == DEVICE:
        left_out.add(DEVICE)
    purse = decision.purse if evidence.asked.money else None
    return CityVerdict(
        ref=tap.ref,
        outcome=decision.outcome,
        reason=noted_reason(decision.reason),
        taken_fen=None if purse is None else purse.taken_fen,
        tariff=decision.tariff,
        not_repeated=tuple(sorted(left_out)),
        differs=_difference(tap, decision, frozenset(left_out), known),
    )


def _check_of(tap: Tap) -> str:
    """Which question a gate's refusal answers; of a real code, which is verified in an order of its
    own, and of every reason that is none of the decision's, only the device knows."""
    return DEVICE if tap.code else _CHECK_OF.get(tap.reason, DEVICE)


def _difference(tap: Tap, decision: Decision, left_out: frozenset[str], known: Known) -> str:
    reason = noted_reason(decision.reason)
    if tap.outcome == "opened" and not decision.opened:
        return OPENED
    if tap.outcome == "opened" and _is_stale(tap, known):
        return LIST_STALE
    if tap.outcome == "refused" and reason != tap.reason:
        if _check_of(tap) in left_out:
            return ""
        return REFUSED if decision.opened else REASON
    if reason != tap.reason:
        return REASON
    taken_fen = None if decision.purse is None else decision.purse.taken_fen
    if MONEY not in left_out and tap.purse is not None and taken_fen != tap.purse.taken_fen:
        return OTHER_MONEY
    if _tariff_differs(tap, decision, left_out, known):
        return OTHER_TARIFF
    return LIST_UNKNOWN if tap.deny_list_version not in known.denied else ""


def _tariff_differs(tap: Tap, decision: Decision, left_out: frozenset[str], known: Known) -> bool:
    """Whether the tap names another tariff than the one in force; of a ride whose beginning is not
    known, whether it names one that this city never had."""
    if "gate_ready" in left_out or tap.tariff == decision.tariff:
        return False
    if MONEY not in left_out or tap.kind != "exit":
        return True
    return tap.tariff not in {one.name for one in known.fares.book.versions}


def _is_stale(tap: Tap, known: Known) -> bool:
    """Whether a list that had to be at the gate by then denies what its older one let through."""
    due = known.denied.get(known.due_version(tap.time_s))
    if due is None or due.version <= tap.deny_list_version:
        return False
    return bool(due.reason(tap.medium_no))
