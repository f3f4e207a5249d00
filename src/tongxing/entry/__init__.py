"""Entry conditions: what a policy asks of who enters, and the attestations that answer it.

`answer_entry` decides one tap from a policy, a place, a medium, a lane and what is known of the
holder. Off by default: a gate asks nothing unless it is given a policy, and a policy ends.
"""

from tongxing.entry.asking import Asker, AskingRules, HolderCache, Holders, Provider
from tongxing.entry.attestation import (
    Attestation,
    Attesters,
    holder_of,
    read_attestation,
    sign_attestation,
)
from tongxing.entry.deciding import (
    CLOSED,
    OPEN_ANSWER,
    Answer,
    HolderAnswer,
    Judgement,
    Lane,
    LaneKind,
    Medium,
    Prompt,
    Result,
    StaffAction,
    StaffCheck,
    answer_entry,
    entrance_objection,
    judged,
    prompt_of,
    staff_action_of,
    staff_words,
)
from tongxing.entry.policy import (
    Condition,
    Place,
    Policy,
    in_order,
    policies,
    policy_at,
    read_policy,
)

__all__ = [
    "CLOSED",
    "OPEN_ANSWER",
    "Answer",
    "Asker",
    "AskingRules",
    "Attestation",
    "Attesters",
    "Condition",
    "HolderAnswer",
    "HolderCache",
    "Holders",
    "Judgement",
    "Lane",
    "LaneKind",
    "Medium",
    "Place",
    "Policy",
    "Prompt",
    "Provider",
    "Result",
    "StaffAction",
    "StaffCheck",
    "answer_entry",
    "entrance_objection",
    "holder_of",
    "in_order",
    "judged",
    "policies",
    "policy_at",
    "prompt_of",
    "read_attestation",
    "read_policy",
    "sign_attestation",
    "staff_action_of",
    "staff_words",
]
