"""The fleet: devices that enrol with a code and two people, tell how they are, and take orders."""

from tongxing.city.fleet.admission import DeviceBatch, admit, open_batch
from tongxing.city.fleet.desk import FleetDesk
from tongxing.city.fleet.door import FleetDoor, key_print
from tongxing.city.fleet.lists import ListDesk
from tongxing.city.fleet.terms import FleetTerms, fleet_terms
from tongxing.city.fleet.values import (
    Device,
    DeviceState,
    Invitation,
    ListDraft,
    ListReleased,
    OrderGiven,
)

__all__ = [
    "Device",
    "DeviceBatch",
    "DeviceState",
    "FleetDesk",
    "FleetDoor",
    "FleetTerms",
    "Invitation",
    "ListDesk",
    "ListDraft",
    "ListReleased",
    "OrderGiven",
    "admit",
    "fleet_terms",
    "key_print",
    "open_batch",
]
