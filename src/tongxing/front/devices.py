"""A city opens its interface for devices: the fleet's door and the intake in one application."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from tongxing.api import DeviceDesks, Interface, Letterbox, create_device_app
from tongxing.api.desks import wall_clock
from tongxing.api.limits import Limits
from tongxing.city import City
from tongxing.city.fleet import FleetDoor
from tongxing.city.office import Office
from tongxing.city.tap_signatures import SignatureKeys
from tongxing.fares import load_city_fares
from tongxing.messages import KeyRing, SigningKey
from tongxing.storage import Database

STANDARD = Limits()


@contextmanager
def device_interface(
    database: Database,
    city: str,
    key: SigningKey,
    clock: Callable[[], int] = wall_clock,
    limits: Limits = STANDARD,
    signatures: SignatureKeys | None = None,
) -> Iterator[Interface]:
    """What the devices of a city with gates may ask; what waits is taken in at the end. With
    `signatures` what the city's own media signed is checked before it moves money."""
    fares = load_city_fares(city)
    office = Office(city, database, fares)
    letterbox = Letterbox(lambda: City(city, database, key, KeyRing({}), fares, signatures), clock)
    try:
        door = FleetDoor(office, key)
        yield Interface(DeviceDesks(door, letterbox, limits, clock))
    finally:
        letterbox.close()
        office.close()


@contextmanager
def device_site(
    database: Database,
    city: str,
    key: SigningKey,
    clock: Callable[[], int] = wall_clock,
    limits: Limits = STANDARD,
) -> Iterator[FastAPI]:
    """The same as an application over HTTP."""
    with device_interface(database, city, key, clock, limits) as interface:
        yield create_device_app(interface)
