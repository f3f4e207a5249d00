"""How tariff, journeys, memory and outcome lie in arrays: one number for every column.

Everything is whole numbers. The kernel reads these tables and nothing else; `compiling` and
`bases` write them. No amount may ever become a float here.
"""

from typing import Any, NamedTuple, Protocol

FULL_BP = 10_000
MAX_PORTIONS = 8
MAX_PACKS = 8
MAX_COUNTERS = 62
MOST = 10_000_000
"""Amounts, metres and seconds of a rule that the kernel takes; beyond it the exact way is used."""

NONE = -1


class Cells(Protocol):
    """An array of whole numbers, read and written cell by cell."""

    def __getitem__(self, at: Any, /) -> int: ...

    def __setitem__(self, at: Any, value: int, /) -> None: ...

    def __len__(self) -> int: ...


# How a base fare comes about, and what a row of a journey is when it is no ride.
STATED, IN_ROW, BANDS, METER, DURATION, REFUSED = range(6)

# Columns of `Prices.bases`; BASE_HALF says that no relief holds (a half trip, or no way).
(
    BASE_KIND, BASE_HALF, BASE_FIRST, BASE_COUNT, BASE_NUMBERS, BASE_REFUSAL, BASE_NEEDS_METER,
) = range(7)  # fmt: skip
BASE_COLUMNS = 7

# Columns of `Prices.days`, one row for each day of China.
(
    DAY_VERSION, DAY_MONTH, DAY_WEEK, DAY_DAY, DAY_WORKDAY, DAY_MONTH_END_S,
) = range(6)  # fmt: skip
DAY_COLUMNS = 6

# Columns of `Prices.plans`; lists lie in `Prices.lists` from the first number to the second.
(
    PLAN_RELIEFS, PLAN_RELIEFS_END, PLAN_TRANSFERS, PLAN_TRANSFERS_END, PLAN_PACKS,
    PLAN_PACKS_END, PLAN_COUNTERS, PLAN_COUNTERS_END, PLAN_HOLDER_BP, PLAN_HOLDER_RULE,
    PLAN_MULTIPLY, PLAN_QUANTUM, PLAN_HOW, PLAN_OVER_LIMIT, PLAN_OVER_AMOUNT, PLAN_TURN_WITHIN,
    PLAN_TURN_RULE, PLAN_CAPS, PLAN_CAPS_END,
) = range(19)  # fmt: skip
PLAN_COLUMNS = 19
HALF_UP, HALF_EVEN, UP, DOWN = range(4)
HIGHEST, UNKNOWN, SEVERAL = -1, -2, -3

# Columns and kinds of `Prices.reliefs`; steps, edges and rates lie in `Prices.lists`.
(
    RELIEF_KIND, RELIEF_RULE, RELIEF_BP, RELIEF_COUNTER, RELIEF_RIDES, RELIEF_STEPS,
    RELIEF_STEPS_END, RELIEF_RATES, RELIEF_FROM, RELIEF_UNTIL, RELIEF_DAYS, RELIEF_STATIONS,
) = range(12)  # fmt: skip
RELIEF_COLUMNS = 12
PERCENT, HOURS, STEPS, STEPS_SLICED, NTH_FREE, SLICES = range(6)
EVERY_DAY, WORKDAY, RESTDAY = range(3)

# Columns of `Prices.transfers`.
(
    XFER_RULE, XFER_WINDOW, XFER_MIN_GAP, XFER_RELIEF, XFER_LIMIT, XFER_STARTS_AT_EXIT,
    XFER_ENDS_AT_EXIT, XFER_AFTER, XFER_EVERY, XFER_COUNTS_RIDE, XFER_LINE_MIN, XFER_VEHICLE,
) = range(12)  # fmt: skip
XFER_COLUMNS = 12
FIRST_FARE, FIRST_PAID, NO_LIMIT = range(3)

# Columns of `Prices.packs`, `Prices.caps` and `Prices.counters`.
PACK_RULE, PACK_NAME, PACK_RIDES, PACK_DAYS, PACK_PRICE = range(5)
PACK_COLUMNS = 5
CAP_RULE, CAP_FEN, CAP_COUNTER, CAP_OVERTIME = range(4)
CAP_COLUMNS = 4
COUNTER_PERIOD, COUNTER_ACCOUNT = range(2)
COUNTER_COLUMNS = 2

# What is remembered of a medium: `Memory.anchors`, `Memory.packs` (one row for each pack).
(
    ANCHOR_ON, ANCHOR_MODE, ANCHOR_LINE, ANCHOR_VEHICLE, ANCHOR_NOMINAL, ANCHOR_ENTERED,
    ANCHOR_EXITED, ANCHOR_PAID,
) = range(8)  # fmt: skip
ANCHOR_COLUMNS = 8
HELD_NAME, HELD_UNTIL, HELD_LEFT = range(3)
HELD_COLUMNS = 3

# Columns of the work table (one row for each portion) and numbers of the ride at hand.
(
    WORK_PLAN, WORK_FARE, WORK_SHARE, WORK_SHARE_LINE, WORK_SHARE_RULE, WORK_PRICE, WORK_LINE,
    WORK_RULE,
) = range(8)  # fmt: skip
WORK_COLUMNS = 8
(
    RIDE_SLOT, RIDE_SECOND, RIDE_WORKDAY, RIDE_ORIGIN, RIDE_KEYS, _RIDE_WEEK, _RIDE_DAY,
    RIDE_FARE, RIDE_ROW, RIDE_MOST,
) = range(10)  # fmt: skip
RIDE_COLUMNS = 10

DONE, EXACT = 1, 0
"""What a step says: done, or only the exact engine can do this."""


class Prices(NamedTuple):
    """A compiled tariff. `numbers` are day zero and how many days follow, the codes of rail and of
    three refusals, and whether the day of an entry that is not known (0) is a working day."""

    numbers: Cells
    days: Cells
    base_of: Cells
    bases: Cells
    portion_system: Cells
    portion_fen: Cells
    plan_at: Cells
    plans: Cells
    lists: Cells
    reliefs: Cells
    station_sets: Cells
    transfers: Cells
    transfer_pairs: Cells
    packs: Cells
    caps: Cells
    counters: Cells
    highest: Cells
    who_refusal: Cells


(
    NUMBER_DAY_ZERO, NUMBER_DAYS, NUMBER_RAIL, NUMBER_NO_METER, NUMBER_NO_PACK_PRICE,
    NUMBER_NO_FARE, NUMBER_NO_ENTRY_WORKDAY,
) = range(7)  # fmt: skip


class Columns(NamedTuple):
    """Journeys in order: of one unit (medium or account) side by side, by the charging tap."""

    first: Cells
    slots: Cells
    slot: Cells
    entered_s: Cells
    exited_s: Cells
    mode: Cells
    line: Cells
    vehicle: Cells
    origin: Cells
    destination: Cells
    missing: Cells
    who: Cells
    metres: Cells
    slow_metres: Cells
    system: Cells
    stated_fen: Cells
    pack: Cells
    base: Cells


class Memory(NamedTuple):
    """What one thread remembers of the unit at hand; row 0 is the account, row n medium n - 1."""

    key: Cells
    paid: Cells
    rides: Cells
    anchors: Cells
    packs: Cells
    pack_count: Cells
    spent: Cells
    work: Cells
    ride: Cells


class Outcomes(NamedTuple):
    """What each journey costs, and why; `exact` marks the units left to the exact engine."""

    charge_fen: Cells
    fare_fen: Cells
    version: Cells
    rule: Cells
    counter: Cells
    counter_fen: Cells
    counter_rides: Cells
    refusal: Cells
    exact: Cells
