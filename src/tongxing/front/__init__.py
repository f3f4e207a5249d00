"""The front of house: puts a city's desks, its partners and the pages of its people together."""

from tongxing.front.app import city_app
from tongxing.front.keys import CityKeys
from tongxing.front.opening import CityFront, open_city
from tongxing.front.partners import Partners, partners_of
from tongxing.front.ports import ByPort

__all__ = [
    "ByPort",
    "CityFront",
    "CityKeys",
    "Partners",
    "city_app",
    "open_city",
    "partners_of",
]
