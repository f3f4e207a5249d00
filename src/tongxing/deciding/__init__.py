"""The decision about a tap: one pure function, for the gate that acts and the city that repeats it.

`decide` answers from values alone. Who calls it brings what is known (`GateContext`), acts on the
answer and writes it down; nothing here reads a medium, a clock or a disk.
"""

from tongxing.deciding.decide import decide
from tongxing.deciding.facts import (
    RULES,
    Decision,
    Denied,
    GateContext,
    GateRules,
    Role,
    ValidatorFacts,
)
from tongxing.deciding.token import MediumToken, OpenEntry

__all__ = [
    "RULES",
    "Decision",
    "Denied",
    "GateContext",
    "GateRules",
    "MediumToken",
    "OpenEntry",
    "Role",
    "ValidatorFacts",
    "decide",
]
