"""Fares: dated tariff data in, a price with its explanation out.

Pure: no clock, no database, no city in the code. A price always comes with the lines that explain
it, and the lines always add up to the charge. Use `load_city_fares`, then `price`.
"""

from tongxing.fares.city import (
    CityFares,
    highest_fare,
    load_city_fares,
    minimum_balance,
    price,
)
from tongxing.fares.counters import parted, with_account
from tongxing.fares.explain import explain
from tongxing.fares.model import (
    Anchor,
    BaseFare,
    Counter,
    FarePortion,
    FareState,
    Missing,
    Pack,
    PriceLine,
    Quote,
    RideFacts,
    Rider,
)
from tongxing.fares.receipt import ReceiptLine, receipt
from tongxing.fares.refusals import pricing_refusal
from tongxing.fares.tariff import Tariff, TariffBook, book_codes, load_book, read_book

__all__ = [
    "Anchor",
    "BaseFare",
    "CityFares",
    "Counter",
    "FarePortion",
    "FareState",
    "Missing",
    "Pack",
    "PriceLine",
    "Quote",
    "ReceiptLine",
    "RideFacts",
    "Rider",
    "Tariff",
    "TariffBook",
    "book_codes",
    "explain",
    "highest_fare",
    "load_book",
    "load_city_fares",
    "minimum_balance",
    "parted",
    "price",
    "pricing_refusal",
    "read_book",
    "receipt",
    "with_account",
]
