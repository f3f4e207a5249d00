"""A charged-back amount in escrow, and the steps that end it: always with a move of the money.

    charged back ─► acquirer accepts, or is silent for its days ──────────────► to the issuer
                └─► represents ─► issuer drops, or is silent for its days ────► to the acquirer
                               └─► arbitration ─► a ruling: so much to the issuer, the rest back
                                              └─► no ruling in its days ─────► to the issuer
Steps that come too late, or out of turn, change nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tongxing.hub.terms import DisputeTerms

StepKind = Literal["ACCEPT", "REPRESENT", "DROP", "ARBITRATE", "RULING"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step in a dispute; `to_issuer_fen` counts for a ruling only."""

    kind: StepKind
    at_s: int
    to_issuer_fen: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a dispute ended: when, and who gets what of the escrow."""

    at_s: int
    to_issuer_fen: int
    to_acquirer_fen: int


def outcome_of(
    amount_fen: int, charged_back_s: int, steps: Iterable[Step], terms: DisputeTerms
) -> Outcome:
    """The end of a dispute about `amount_fen`; the two parts always add up to it.

    Raises ValueError for a ruling outside of the amount: nobody can rule what is not there.
    """
    issuer_wins = _Stage("charged_back", terms.representment_days, to_issuer=True)
    stage, began_s = issuer_wins, charged_back_s
    for step in sorted(steps, key=lambda step: step.at_s):
        if not began_s <= step.at_s < terms.ends_s(began_s, stage.days):
            continue
        match stage.name, step.kind:
            case "charged_back", "ACCEPT":
                return Outcome(step.at_s, amount_fen, 0)
            case "charged_back", "REPRESENT":
                stage, began_s = _Stage("represented", terms.drop_days, False), step.at_s
            case "represented", "DROP":
                return Outcome(step.at_s, 0, amount_fen)
            case "represented", "ARBITRATE":
                stage, began_s = _Stage("arbitration", terms.ruling_days, True), step.at_s
            case "arbitration", "RULING":
                if not 0 <= step.to_issuer_fen <= amount_fen:
                    raise ValueError("a ruling divides what is in escrow, no more")
                return Outcome(step.at_s, step.to_issuer_fen, amount_fen - step.to_issuer_fen)
    ended_s = terms.ends_s(began_s, stage.days)
    return Outcome(ended_s, amount_fen, 0) if stage.to_issuer else Outcome(ended_s, 0, amount_fen)


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where a dispute stands: how long its next step may take, and who wins by silence."""

    name: Literal["charged_back", "represented", "arbitration"]
    days: int
    to_issuer: bool
