"""How fast a month is re-rated, against the plain engine in the same run; the caller's clock.

The plain engine prices a sample of whole media, ride by ride, with its price lists warm; the
compiled one prices the month, and both must agree on every fen, counter and rule of the sample.
"""

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from tongxing.fares.city import CityFares, price
from tongxing.fares.model import FareState
from tongxing.fares.rerating.exact import price_unit
from tongxing.fares.rerating.invented import Month, invented_codes, invented_month
from tongxing.fares.rerating.journeys import Journey, JourneyTable
from tongxing.fares.rerating.layout import Outcomes, Prices
from tongxing.fares.rerating.rating import Rerater, new_outcomes

Clock = Callable[[], float]
Tell = Callable[[str], None]
_WARM_MEDIA = 200
_TIMES = 3


class RatingFigures(Struct, frozen=True, kw_only=True):
    """Journeys per second of both engines; seconds of each part; whether every figure agrees."""

    journeys: int
    media: int
    sample: int
    identical: bool
    exact_journeys: int
    threads: int
    compiled_per_s: int
    plain_per_s: int
    compiled_cpu_ns: int
    plain_cpu_ns: int
    seconds: dict[str, float]

    @property
    def ratio(self) -> float:
        """The compiled engine's journeys per second against the plain one's."""
        return round(self.compiled_per_s / max(1, self.plain_per_s), 1)


def measure_rating(
    fares: CityFares,
    month: Month,
    sample_media: int,
    threads: int,
    clocks: tuple[Clock, Clock],
    tell: Tell,
) -> RatingFigures:
    """Invent a month, price it compiled (best of three), and a sample of its media plainly.

    With `sample_media` of 0 every medium is compared. `clocks` are of the wall and of the
    processor: on a machine that others use, time of the processor tells more.
    """
    clock, _processor = clocks
    seconds: dict[str, float] = {}

    def timed(part: str, since: float) -> None:
        seconds[part] = round(clock() - since, 3)
        tell(part)

    start = clock()
    codes = invented_codes(fares)
    _compile_kernel(fares, month, threads)
    timed("kernel", start)
    start = clock()
    table = invented_month(fares, codes, month)
    timed("invent", start)
    rerater = Rerater(fares, codes, threads)
    start = clock()
    rerater.prepare(table)
    timed("price_lists", start)
    start = clock()
    prices = rerater.prepare(table)
    timed("places", start)
    outcomes, walks, work = _walks(rerater, table, prices, clocks)
    seconds["walk"] = round(min(walks), 3)
    tell("walk")
    rated = rerater.finish(table, outcomes)
    step = max(1, table.units // sample_media) if sample_media else 1
    units = range(0, table.units, step)
    plain_s, plain_cpu_s, count = _plain_seconds(fares, table, units, clocks)
    seconds["plain"] = round(plain_s, 3)
    tell("plain")
    start = clock()
    identical = agree(rerater, fares, table, rated.outcomes, units)
    timed("compare", start)
    return RatingFigures(
        journeys=table.rows,
        media=table.units,
        sample=count,
        identical=identical,
        exact_journeys=rated.exact_rows,
        threads=threads,
        compiled_per_s=int(table.rows / (seconds["places"] + min(walks))),
        plain_per_s=int(count / plain_s),
        compiled_cpu_ns=int(min(work) * 1e9 / table.rows),
        plain_cpu_ns=int(plain_cpu_s * 1e9 / count),
        seconds=seconds,
    )


def _walks(
    rerater: Rerater, table: JourneyTable, prices: Prices, clocks: tuple[Clock, Clock]
) -> tuple[Outcomes, list[float], list[float]]:
    """Price the month some times over; the last outcome, and the seconds of each time."""
    (clock, processor), walks, work = clocks, [], []
    for _ in range(_TIMES):
        outcomes = new_outcomes(table)
        start, begun = clock(), processor()
        rerater.run(table, prices, outcomes)
        walks.append(clock() - start)
        work.append(processor() - begun)
    return outcomes, walks, work


def _compile_kernel(fares: CityFares, month: Month, threads: int) -> None:
    """Have the machine code made, or read from the user's cache, with a handful of journeys."""
    codes = invented_codes(fares)
    few = invented_month(fares, codes, Month(month.first_s, month.days, 20, month.seed))
    Rerater(fares, codes, threads).rate(few)


def _plain_seconds(
    fares: CityFares, table: JourneyTable, units: range, clocks: tuple[Clock, Clock]
) -> tuple[float, float, int]:
    """Seconds of the wall and of the processor that `price` takes over the media of the sample,
    and how many rides they had.

    The rides are made before the clock starts, and a first pass has warmed every price list.
    """
    (clock, processor), spent, worked, count = clocks, 0.0, 0.0, 0
    for begin in range(0, len(units), _WARM_MEDIA):
        media = [list(table.journeys(unit)) for unit in units[begin : begin + _WARM_MEDIA]]
        _price_all(fares, media)
        start, begun = clock(), processor()
        count += _price_all(fares, media)
        spent += clock() - start
        worked += processor() - begun
    return spent, worked, count


def _price_all(fares: CityFares, media: list[list[Journey]]) -> int:
    for journeys in media:
        state = FareState()
        for one in journeys:
            state = price(fares, one.ride, one.rider, state).state
    return sum(len(journeys) for journeys in media)


def agree(
    rerater: Rerater, fares: CityFares, table: JourneyTable, outcomes: Outcomes, units: range
) -> bool:
    """Whether both engines say the same of every journey of these units."""
    first = np.asarray(table.columns.first)
    for unit in units:
        row = int(first[unit])
        for priced in price_unit(fares, table.journeys(unit)):
            if rerater.priced(table, outcomes, row) != priced:
                return False
            row += 1
    return True
