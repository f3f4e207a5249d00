"""The city: keeps accounts, turns taps into charged trips, and deals with the hub."""

from tongxing.city.accounts import MediumOpening, RiderOpening
from tongxing.city.members import acquirer_member, issuer_member
from tongxing.city.service import City, schema_of
from tongxing.city.settling import BankLine

__all__ = [
    "BankLine",
    "City",
    "MediumOpening",
    "RiderOpening",
    "acquirer_member",
    "issuer_member",
    "schema_of",
]
