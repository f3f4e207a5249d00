"""Worked cases against the tariffs: `read_case_file`, then `check_case` for each.

Every ride goes through the same steps as a ride of a passenger; only its base fare may be given by
the case. A case that names something unknown here counts as a difference, never as passed.
"""

from tongxing.fares.checking.casefile import CaseFile, FileCase, UnreadCase, read_case_file
from tongxing.fares.checking.comparing import Difference
from tongxing.fares.checking.running import CaseResult, Charge, check_case

__all__ = [
    "CaseFile",
    "CaseResult",
    "Charge",
    "Difference",
    "FileCase",
    "UnreadCase",
    "check_case",
    "read_case_file",
]
