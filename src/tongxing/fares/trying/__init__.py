"""Trying a tariff before it is published: what it would have cost, and how it could be gamed.

Pure: rides, seeds and networks are arguments. Nothing here changes a tariff or a book.
"""

from tongxing.fares.trying.bills import BillLine, bill_lines, case_file
from tongxing.fares.trying.plans import Plan, make_plans
from tongxing.fares.trying.search import EFFORTS, FULL, QUICK, Effort, Finding, search
from tongxing.fares.trying.world import World, fixed_book, make_world, newest_version, trying_day

__all__ = [
    "EFFORTS",
    "FULL",
    "QUICK",
    "BillLine",
    "Effort",
    "Finding",
    "Plan",
    "World",
    "bill_lines",
    "case_file",
    "fixed_book",
    "make_plans",
    "make_world",
    "newest_version",
    "search",
    "trying_day",
]
