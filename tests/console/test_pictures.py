"""Pictures: what is drawn is as large as what it stands for, and nothing falls off the sheet."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxing.console.pictures import bars, flow
from tongxing.console.pictures.bars import bar_chart
from tongxing.console.pictures.flow import THINNEST, Link, flow_picture
from tongxing.console.pictures.points import HEIGHT, WIDTH, place_points

LINKS = [
    Link("A", "X", 6_000),
    Link("A", "Y", 2_000),
    Link("B", "X", 1_000),
    Link("C", "Y", 1),
    Link("D", "Y", 0),
]


def test_bars_are_as_tall_as_their_counts() -> None:
    chart = bar_chart([(10, 0), (20, 5), (0, 0), (40, 0)])
    first, second, empty, tallest = chart.bars
    assert second.lower_height == 2 * first.lower_height == tallest.lower_height / 2
    assert second.upper_height == first.lower_height / 2
    assert second.upper_y + second.upper_height == pytest.approx(second.lower_y)
    assert empty.lower_height == empty.upper_height == 0
    assert tallest.lower_y + tallest.lower_height == pytest.approx(chart.base_y)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**5)), min_size=1, max_size=25))
def test_no_bar_is_taller_than_its_chart_and_none_that_counts_is_invisible(
    values: list[tuple[int, int]],
) -> None:
    for sheet in (bars.WIDE, bars.NARROW):
        chart = bar_chart(values, sheet)
        for bar, (lower, upper) in zip(chart.bars, values, strict=True):
            assert bar.upper_y >= bars.TOP - 2
            assert chart.left <= bar.x and bar.x + bar.width <= chart.right_x
            assert (bar.lower_height >= 1) == (lower > 0)
            assert (bar.upper_height >= 1) == (upper > 0)


@given(st.integers(0, 10**9))
def test_the_scale_is_round_and_reaches_the_highest_value(highest: int) -> None:
    grid = [line.value for line in bar_chart([(highest, 0)]).grid]
    assert grid[-1] >= highest
    assert len(grid) <= 6
    steps = {after - before for before, after in pairwise(grid)}
    assert len(steps) == 1
    assert re.fullmatch("[125]0*", str(steps.pop()))


def test_bands_are_as_wide_as_their_money() -> None:
    picture = flow_picture([LINKS])
    names = {node.name: node for node in picture.nodes}
    assert set(names) == {"A", "B", "C", "X", "Y"}
    assert names["A"].fen == 8_000 and names["Y"].fen == 2_001
    assert names["A"].height == pytest.approx(names["B"].height * 8)
    assert names["C"].height == THINNEST
    assert len(picture.bands) == 4


def test_a_party_has_the_same_colour_in_every_column() -> None:
    stages = [[Link("ISS-1", "ACQ-1", 5), Link("ISS-2", "ACQ-1", 3)], [Link("ACQ-1", "OP", 8)]]
    picture = flow_picture(stages, group=lambda name: name[4:] if "-" in name else "")
    colours = {node.name: node.colour for node in picture.nodes}
    assert colours["ISS-1"] == colours["ACQ-1"] != colours["ISS-2"]
    assert colours["OP"] == flow.NEUTRAL
    assert len(picture.column_x) == 3


def test_a_picture_of_nothing_is_still_a_picture() -> None:
    picture = flow_picture([[Link("A", "X", 0)]])
    assert picture.nodes == () and picture.bands == () and picture.height > 0


amounts = st.integers(0, 10**9)
parties = st.sampled_from(["A", "B", "C", "D", "E", "F", "G", "H", "I"])


@given(st.lists(st.builds(Link, parties, parties.map("to {}".format), amounts), max_size=30))
def test_nothing_is_drawn_outside_the_sheet(links: list[Link]) -> None:
    for sheet in (flow.WIDE, flow.PAIRED, flow.NARROW):
        picture = flow_picture([links], sheet)
        for node in picture.nodes:
            assert node.y >= flow.TOP and node.y + node.height <= picture.height
            assert 0 <= node.x <= sheet.width - flow.NODE_WIDTH
        for band in picture.bands:
            numbers = [float(text) for text in re.findall(r"-?[0-9.]+", band.outline)]
            assert all(-0.1 <= number <= max(sheet.width, picture.height) for number in numbers)


def test_places_keep_their_directions() -> None:
    west, east, north = place_points(
        [
            (87_000_000, 30_000_000, "west", "dot"),
            (121_000_000, 30_000_000, "east", "dot"),
            (121_000_000, 50_000_000, "north", "dot"),
        ]
    )
    assert west.x < east.x and west.y == east.y and north.y < east.y
    assert all(0 <= point.x <= WIDTH and 0 <= point.y <= HEIGHT for point in (west, east, north))
    assert place_points([]) == []
