"""Loss and recovery: who bears what, when money is found, disputes over a bound card."""

from tongxing.city.losing.desk import LossDesk
from tongxing.city.losing.values import (
    ByCard,
    ByPerson,
    Claimed,
    Dispute,
    Evidence,
    LossReport,
    Released,
)

__all__ = [
    "ByCard",
    "ByPerson",
    "Claimed",
    "Dispute",
    "Evidence",
    "LossDesk",
    "LossReport",
    "Released",
]
