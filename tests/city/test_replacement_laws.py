"""Whatever gates tell, whenever, around a replacement: no fen is made, lost or counted twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from random import Random

import pytest
from counter_world import (
    LOCAL,
    READY_S,
    STAFF,
    asking,
    load_of,
    proofs_hold,
    replaced,
    ride,
    seen,
    send,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from street import Taps, balance_of, moment, open_city
from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.messages import Tap
from tongxing.storage import Database

PAID_FEN = 5_000
STEP_S = 600
NUMBERS = count(1)
TERMINALS = Taps()


@dataclass(frozen=True)
class Told:
    """A ride of the old card: what a gate took for it, and whether the city hears of it before the
    load, while the load is pending, or after it."""

    taken_fen: int
    when: int


rides = st.lists(
    st.builds(Told, taken_fen=st.integers(1, 1_400), when=st.integers(0, 2)), max_size=5
)


@dataclass
class Month:
    """One old card, its new card, and all that happened to them."""

    city: City
    database: Database
    told: Sequence[Told]
    spent_fen: int
    on_chip: bool

    def __post_init__(self) -> None:
        number = next(NUMBERS)
        self.old, self.new = f"4000{number:011d}1", f"4000{number:011d}2"
        medium = MediumOpening(self.old, "card", LOCAL, "ordinary", trust="legacy_untrusted")
        purse = RiderOpening(self.old, (medium,), PAID_FEN, purse=True)
        self.city.open_riders([purse], moment("03:00"))
        self.taps: list[Tap] = [
            ride(TERMINALS, moment("07:00") + place * STEP_S, self.old, one.taken_fen)
            for place, one in enumerate(self.told)
        ]

    def tell(self, when: int, order: Sequence[int]) -> None:
        """Tell the city of the rides of that time: in this order one by one, or all at once."""
        taps = [
            self.taps[place]
            for place in order or range(len(self.told))
            if self.told[place].when == when
        ]
        for part in ([one] for one in taps) if order else [taps]:
            send(self.city, *part, at=READY_S + when)

    def live(self, order: Sequence[int]) -> int:
        """Live through it, gates telling in this order; what was loaded."""
        replaced(self.city, asking(self.new, self.old, request=f"r-{self.old}"))
        self.tell(0, order)
        started = self.city.start_load(f"l-{self.old}", self.new, STAFF, READY_S)
        self.tell(1, order)
        amount_fen = 0
        if getattr(started, "code", "") != "LOAD_NOTHING":
            amount_fen = load_of(started).amount_fen
            load_of(self.city.end_load(f"l-{self.old}", self.on_chip, STAFF, READY_S + 1))
        on_chip = amount_fen if self.on_chip else 0
        spent_fen = min(self.spent_fen, on_chip)
        if spent_fen:
            send(self.city, ride(TERMINALS, READY_S + 60, self.new, spent_fen), at=READY_S + 61)
        self.tell(2, order)
        self.ridden_fen = spent_fen + sum(one.taken_fen for one in self.told)
        self.loaded_fen, self.spent_fen = on_chip, spent_fen
        return on_chip

    def money(self) -> tuple[int, int, int]:
        """Old purse, new purse, borne by the issuer."""
        old, new = balance_of(self.database, self.old), balance_of(self.database, self.new)
        return old, new, seen(self.city, self.old, READY_S).borne_fen


@pytest.mark.req("R-303")
def test_money_is_conserved_whatever_gates_tell_and_in_whatever_order(database: Database) -> None:
    city = open_city(database)
    kept: list[Month] = []

    @settings(max_examples=9, deadline=None, derandomize=True)  # so that losses come up, always
    @given(rides, st.integers(0, 3_000), st.booleans(), st.randoms(use_true_random=False))
    def holds(told: list[Told], spent_fen: int, on_chip: bool, chance: Random) -> None:
        orders: list[list[int]] = [[], list(range(len(told)))]
        chance.shuffle(orders[1])
        months = [Month(city, database, told, spent_fen, on_chip) for _ in orders]
        for month, order in zip(months, orders, strict=True):
            month.live(order)
            old, new, borne = month.money()
            assert old + new == PAID_FEN + borne - month.ridden_fen
            assert new == month.loaded_fen - month.spent_fen
            assert old == 0 or borne == 0
            assert old >= 0 <= borne
        assert months[0].money() == months[1].money()
        kept.extend(months)

    holds()
    proofs_hold(database)
    assert any(month.money()[2] for month in kept), "no example came to a loss"
    assert any(month.loaded_fen for month in kept), "no example loaded anything"
