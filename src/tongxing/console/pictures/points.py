"""Places as points: longitude and latitude on a plain sheet, without coasts or borders."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 960, 620
_MARGIN = 24
_LAT_STRETCH_PER_MILLE = 1_250
"""A degree of latitude is drawn longer than one of longitude, as it is at 36° north."""


@dataclass(frozen=True, slots=True)
class Point:
    """One place: where it is drawn and its class in the style sheet."""

    x: float
    y: float
    name: str
    kind: str


def place_points(places: Sequence[tuple[int, int, str, str]]) -> list[Point]:
    """Draw (longitude, latitude, name, kind) in micro-degrees, as large as the sheet allows."""
    if not places:
        return []
    west, east = min(row[0] for row in places), max(row[0] for row in places)
    south, north = min(row[1] for row in places), max(row[1] for row in places)
    stretch = _LAT_STRETCH_PER_MILLE / 1_000
    scale = min(
        (WIDTH - 2 * _MARGIN) / max(east - west, 1),
        (HEIGHT - 2 * _MARGIN) / max((north - south) * stretch, 1),
    )
    left = (WIDTH - (east - west) * scale) / 2
    return [
        Point(
            round(left + (longitude - west) * scale, 1),
            round(_MARGIN + (north - latitude) * stretch * scale, 1),
            name,
            kind,
        )
        for longitude, latitude, name, kind in places
    ]
