"""Checks a table against itself: does each row follow from the header?

`read_table` sees whether a file is as it was made. This sees whether it was made right: costs added
up again, paths that hang together and pass no station twice, thresholds, the logit, the parts. What
it cannot see is a path that was left out; making the table again shows that.
"""

from collections.abc import Callable, Iterator

from tongxing.hub.acc.choice import operator_shares, path_shares
from tongxing.hub.acc.making import runs_of
from tongxing.hub.acc.money import cost_of
from tongxing.hub.acc.search import cost_limit
from tongxing.hub.acc.table import Header, SplitRow, SplitTable


def check_rows(
    table: SplitTable, tell: Callable[[int], object] = lambda _rows: None
) -> tuple[int, str] | None:
    """None when all rows follow from the header, else the line of the first one that does not, and
    its fault: ride, ends, system, change, loop, cost, order, twice, threshold, transfers, shares or
    operators. `tell` hears how many rows were just checked."""
    for number, row in enumerate(table.rows(), 3):
        try:
            wrong = next(_faults(table.header, row), "")
        except ValueError:
            wrong = "ride"
        if wrong:
            return number, wrong
        tell(1)
    return None


def _faults(header: Header, row: SplitRow) -> Iterator[str]:
    section, origin, destination = row.key
    wanted = header.sections[section]
    period = [one.name for one in header.periods].index(wanted.period)
    numbers, paths = header.parameters, row.paths
    for path in paths:
        ends = [path.rides[0][2], *(ride[3] for ride in path.rides)]
        begins = [*(ride[2] for ride in path.rides), path.rides[-1][3]]
        if (ends[0], ends[-1]) != (origin, destination) or ends != begins:
            yield "ends"
        if any(header.tracks[ride[0]].system != wanted.system for ride in path.rides):
            yield "system"
        if any(one[0] == other[0] for one, other in zip(path.rides, path.rides[1:], strict=False)):
            yield "change"
        passed = stations_of(header, path.rides)
        if len(set(passed)) != len(passed):
            yield "loop"
        if cost_of(header, period, path) != path.cost:
            yield "cost"
    costs = [path.cost for path in paths]
    least = len(paths[0].rides)
    if len(paths) > numbers.paths_max or costs != sorted(costs):
        yield "order"
    if len({path.rides for path in paths}) != len(paths):
        yield "twice"
    if costs[-1] > cost_limit(costs[0], numbers):
        yield "threshold"
    if max(len(path.rides) for path in paths) > least + numbers.transfers_over:
        yield "transfers"
    if [path.ppm for path in paths] != path_shares(costs, numbers):
        yield "shares"
    if row.shares != operator_shares(
        [path.ppm for path in paths], [runs_of(header, path.rides) for path in paths]
    ):
        yield "operators"


def stations_of(header: Header, rides: tuple[tuple[int, bool, int, int], ...]) -> list[int]:
    """The stations of a path in order. Raises ValueError for a ride that cannot be."""
    passed = [rides[0][2]]
    for number, forward, first, last in rides:
        track = header.tracks[number]
        count = len(track.stations)
        at = track.stations.index(first)
        for _ in track.steps(forward, first, last):
            at = (at + (1 if forward else -1)) % count
            passed.append(track.stations[at])
    return passed
