"""What may go wrong on purpose: which kinds are switched on, how often, and how often it happened.

A fault changes when and whether a message arrives, or ends a process. It never touches money: that
the money comes out the same is what a run with faults shows.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files

from tongxing.kernel.reasons import Problem

KINDS = ("lost", "doubled", "late", "reordered", "killed")

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class FaultRates:
    """Frequencies of every kind; 0 where a kind is switched off. Ranges are inclusive seconds."""

    lost_ppm: int = 0
    doubled_ppm: int = 0
    doubled_gap_s: Range = (0, 0)
    reordered_ppm: int = 0
    reordered_delay_s: Range = (0, 0)
    late_sites_ppm: int = 0
    outage_s: Range = (0, 0)
    short_outage_bp: int = 0
    short_outage_s: Range = (0, 0)
    kills_per_day: int = 0


@dataclass(slots=True)
class FaultCounts:
    """How many faults of each kind really happened."""

    by_kind: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    def add(self, kind: str, count: int = 1) -> None:
        self.by_kind[kind] += count

    def merge(self, other: "FaultCounts") -> None:
        for kind, count in other.by_kind.items():
            self.by_kind[kind] += count


def parse_kinds(text: str) -> tuple[str, ...]:
    """The kinds named in ``lost,late`` (or ``all``, ``none``), in the order of KINDS.

    Raises Problem(FAULT_UNKNOWN) for a name that is none of them.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == ["none"] or not names:
        return ()
    if names == ["all"]:
        return KINDS
    for name in names:
        if name not in KINDS:
            raise Problem("FAULT_UNKNOWN", "--faults", name=name, known=", ".join(KINDS))
    return tuple(kind for kind in KINDS if kind in names)


def load_rates(kinds: Iterable[str]) -> FaultRates:
    """The rates of data/faults.toml for the kinds that are switched on."""
    text = files("tongxing.simulation.data").joinpath("faults.toml").read_text(encoding="utf-8")
    return rates_of(tomllib.loads(text), kinds)


def rates_of(table: dict[str, dict[str, int | list[int]]], kinds: Iterable[str]) -> FaultRates:
    """The rates in `table` for `kinds`; every other kind never happens."""
    on = set(kinds)

    def number(kind: str, key: str) -> int:
        value = table[kind][key]
        assert isinstance(value, int)
        return value if kind in on else 0

    def span(kind: str, key: str) -> Range:
        value = table[kind][key]
        assert isinstance(value, list)
        low, high = value
        return (low, high)

    return FaultRates(
        lost_ppm=number("lost", "share_ppm"),
        doubled_ppm=number("doubled", "share_ppm"),
        doubled_gap_s=span("doubled", "gap_s"),
        reordered_ppm=number("reordered", "share_ppm"),
        reordered_delay_s=span("reordered", "delay_s"),
        late_sites_ppm=number("late", "share_ppm"),
        outage_s=span("late", "outage_s"),
        short_outage_bp=number("late", "short_share_bp"),
        short_outage_s=span("late", "short_outage_s"),
        kills_per_day=number("killed", "per_day"),
    )
