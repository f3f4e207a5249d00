"""Passengers' money: paid in, paid back, debited by agreement, owed."""

from tongxing.city.money.balances import Balance, freeze, thaw
from tongxing.city.money.collecting import Collected, Debt
from tongxing.city.money.desk import MoneyDesk, Quarantined, Resumed
from tongxing.city.money.exposure import CityExposure, Exposure, enrol
from tongxing.city.money.mandates import Mandate, MandateAsked
from tongxing.city.money.notices import status_of
from tongxing.city.money.orders import Order
from tongxing.city.money.refunding import Block, Refund, Refundable
from tongxing.city.money.terms import MoneyTerms, money_terms

__all__ = [
    "Balance",
    "Block",
    "CityExposure",
    "Collected",
    "Debt",
    "Exposure",
    "Mandate",
    "MandateAsked",
    "MoneyDesk",
    "MoneyTerms",
    "Order",
    "Quarantined",
    "Refund",
    "Refundable",
    "Resumed",
    "enrol",
    "freeze",
    "money_terms",
    "status_of",
    "thaw",
]
