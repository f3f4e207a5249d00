"""Rides of a few invented passengers in Chongqing, for the tests of the dry run."""

from datetime import date
from pathlib import Path

from tongxing.fares import RideFacts, Rider, load_book
from tongxing.fares.tariff import TariffBook, read_book
from tongxing.fares.trying.ridden import RiddenRide, in_order, write_ride
from tongxing.kernel.clock import at

CITY = "500000"
TARIFF = Path(__file__).parents[2] / "src/tongxing/fares/data" / CITY / "tariff.toml"
NEAR, FAR = "shapingba", "shengquansi"
START = "chaotianmen"


def rail(
    medium: str,
    day: int,
    end: str = NEAR,
    hour: int = 9,
    product: str = "ordinary",
    month: int = 3,
    account: str = "",
) -> RiddenRide:
    """A ride by rail of an hour on a day of 2026."""
    entered_s = at(date(2026, month, day), hour)
    ride = RideFacts(
        mode="rail", place=CITY, origin=START, destination=end,
        entered_s=entered_s, exited_s=entered_s + 3_600,
    )  # fmt: skip
    return RiddenRide(medium, Rider(product=product), ride, account)


def bus(medium: str, day: int, hour: int = 12) -> RiddenRide:
    """A ride on line 149."""
    entered_s = at(date(2026, 3, day), hour)
    ride = RideFacts(
        mode="bus", line="bus-149", place=CITY, entered_s=entered_s, exited_s=entered_s
    )
    return RiddenRide(medium, Rider(), ride)


def half(medium: str, day: int) -> RiddenRide:
    """A ride whose exit was never tapped."""
    entered_s = at(date(2026, 3, day), 20)
    ride = RideFacts(
        mode="rail", place=CITY, origin=START, missing="exit",
        entered_s=entered_s, exited_s=at(date(2026, 3, day), 27),
    )  # fmt: skip
    return RiddenRide(medium, Rider(), ride)


def some_rides() -> list[RiddenRide]:
    """Five passengers: two ride near, one far, one by bus, one student with a half trip."""
    return in_order(
        [
            *(rail("6230010000000001", day) for day in range(2, 6)),
            *(rail("6230010000000002", day, hour=6) for day in range(2, 4)),
            *(rail("6230010000000003", day, FAR, 18) for day in range(2, 7)),
            *(bus("6230010000000004", day) for day in range(2, 4)),
            rail("6230010000000005", 4, product="student"),
            half("6230010000000005", 5),
        ]
    )


def changed(*replaced: tuple[str, str]) -> bytes:
    """The bundled tariff with some of its text replaced."""
    text = TARIFF.read_text(encoding="utf-8")
    for old, new in replaced:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode()


def dearer_far() -> bytes:
    """From the fifth band on everything costs 1.00 more; nothing else changes."""
    return changed(
        ("[200, 300, 400, 500, 600, 700, 800, 900, 1000]",
         "[200, 300, 400, 500, 700, 800, 900, 1000, 1100]"),
    )  # fmt: skip


def book_of(content: bytes) -> TariffBook:
    """The book in the bytes of a file."""
    return read_book(content)


def current_book() -> TariffBook:
    """The bundled tariff."""
    return load_book(CITY)


def file_of(rides: list[RiddenRide]) -> bytes:
    """The rides as a file, a line each."""
    return b"".join(write_ride(one) + b"\n" for one in rides)
