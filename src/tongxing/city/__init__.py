"""The city: keeps accounts, turns taps into charged trips, and deals with the hub."""

from tongxing.city.accounts import MediumOpening, RiderOpening
from tongxing.city.correcting import Corrected, Correction
from tongxing.city.desk import Desk, schema_of
from tongxing.city.healing import Resolved
from tongxing.city.loading import Load
from tongxing.city.media_view import MediumSeen
from tongxing.city.members import acquirer_member, issuer_member
from tongxing.city.replacing import NewCard, Replaced, Replacing
from tongxing.city.service import City
from tongxing.city.settling import BankLine
from tongxing.city.signatures import SignaturesFound
from tongxing.city.store.half_trips import OpenGates

__all__ = [
    "BankLine",
    "City",
    "Corrected",
    "Correction",
    "Desk",
    "Load",
    "MediumOpening",
    "MediumSeen",
    "NewCard",
    "OpenGates",
    "Replaced",
    "Replacing",
    "Resolved",
    "RiderOpening",
    "SignaturesFound",
    "acquirer_member",
    "issuer_member",
    "schema_of",
]
