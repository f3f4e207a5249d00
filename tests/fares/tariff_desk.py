"""A desk at which the tests publish tariffs: a city, its register, another bus fare from a day."""

from datetime import date, timedelta
from pathlib import Path

from tariff_mistakes import GOOD, RULE

from tongxing.fares.publishing import Published, Wish, publish
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal

CITY = "620100"
START = at(date(2023, 12, 1))
OPEN = 'from = 2024-01-01\nsystems = ["bus"]\nfare_fen = 100'


def bus_from(day: str, fare_fen: int) -> str:
    """The good tariff with another bus fare from a day on."""
    eve = date.fromisoformat(day) - timedelta(days=1)
    old = OPEN.replace("\nsystems", f"\nuntil = {eve}\nsystems")
    new = f'[[rule]]\nid = "BUS-{day}-{fare_fen}"\nkind = "flat"\nfrom = {day}\n'
    new += f'systems = ["bus"]\nfare_fen = {fare_fen}\n{RULE}'
    return GOOD.replace(OPEN, old) + "\n" + new


def put(register: Path, text: str, now_s: int, **more: object) -> Published | Refusal:
    return publish(register, Wish(text.encode(), "t.toml", CITY, now_s, **more))


def opened(register: Path) -> Path:
    """A register whose city has published the good tariff a month before it began."""
    assert isinstance(put(register, GOOD, START, by="甲"), Published)
    return register
