"""A card and an account become one (卡码一体): one balance, by what the card signs.

`BindingDesk` is what pages and counters call; `close_account` ends a binding with its account, in
the caller's transaction. What a city asks and where it can be done is dated data.
"""

from tongxing.city.binding.desk import BindingDesk
from tongxing.city.binding.leaving import close_account
from tongxing.city.binding.terms import (
    BindingTerms,
    Branch,
    MachineStation,
    binding_terms,
    branches,
    machines,
)
from tongxing.city.binding.values import Binding, BoundCard

__all__ = [
    "Binding",
    "BindingDesk",
    "BindingTerms",
    "BoundCard",
    "Branch",
    "MachineStation",
    "binding_terms",
    "branches",
    "close_account",
    "machines",
]
