"""A bar chart of two stacked series over the hours of a day."""

from collections.abc import Sequence
from dataclasses import dataclass

LEFT, RIGHT, TOP, BOTTOM = 64, 8, 12, 28
_GAP_SHARE = 5
_STEPS = (1, 2, 5)
_LINES_MAX = 5


@dataclass(frozen=True, slots=True)
class Sheet:
    """The paper: its size, and every which bar has its hour written below."""

    width: int
    height: int
    label_every: int


WIDE = Sheet(960, 240, 3)
NARROW = Sheet(400, 240, 6)
"""For phones: the same picture, drawn so that its labels can still be read."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour: where its lower and upper parts stand."""

    x: float
    width: float
    lower_y: float
    lower_height: float
    upper_y: float
    upper_height: float
    label_x: float


@dataclass(frozen=True, slots=True)
class GridLine:
    """A horizontal line at a round value."""

    y: float
    value: int


@dataclass(frozen=True, slots=True)
class BarChart:
    """The whole picture in user units of ``viewBox``."""

    sheet: Sheet
    left: int
    base_y: int
    right_x: int
    bars: tuple[Bar, ...]
    grid: tuple[GridLine, ...]


def bar_chart(values: Sequence[tuple[int, int]], sheet: Sheet = WIDE) -> BarChart:
    """The bars of (lower, upper) counts; a count above zero is never thinner than one unit."""
    step, lines = _scale(max((lower + upper for lower, upper in values), default=0))
    top = step * lines
    inner_width = sheet.width - LEFT - RIGHT
    inner_height = sheet.height - TOP - BOTTOM
    slot = inner_width / max(len(values), 1)
    base = sheet.height - BOTTOM

    def length(count: int) -> float:
        return 0.0 if count == 0 else max(1.0, round(count * inner_height / top, 2))

    bars = []
    for index, (lower, upper) in enumerate(values):
        x = LEFT + index * slot
        low, high = length(lower), length(upper)
        bars.append(
            Bar(
                x=round(x + slot / _GAP_SHARE / 2, 2),
                width=round(slot * (1 - 1 / _GAP_SHARE), 2),
                lower_y=round(base - low, 2),
                lower_height=low,
                upper_y=round(base - low - high, 2),
                upper_height=high,
                label_x=round(x + slot / 2, 2),
            )
        )
    grid = tuple(
        GridLine(round(base - number * inner_height / lines, 2), number * step)
        for number in range(lines + 1)
    )
    return BarChart(sheet, LEFT, base, sheet.width - RIGHT, tuple(bars), grid)


def _scale(highest: int) -> tuple[int, int]:
    """A round step, and how many of them reach the highest value (at least one)."""
    magnitude = 1
    while True:
        for factor in _STEPS:
            step = factor * magnitude
            if step * _LINES_MAX >= highest:
                return step, max(1, -(-highest // step))
        magnitude *= 10
