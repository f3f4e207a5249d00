"""The compiled engine against the plain one: every fen, counter and rule, for drawn tariffs."""

from datetime import date, time

import pytest
from drawn_journeys import cases
from drawn_tariffs import CITY, FIRST, NETWORK, rule_of
from hypothesis import given, settings

from tongxing.fares import CityFares, RideFacts, Rider
from tongxing.fares.rerating import (
    Given,
    Journey,
    Priced,
    Rerater,
    in_order,
    journey_table,
    price_unit,
)
from tongxing.fares.rules import CapRelief, FlatFare, OvertimeCharge, PackRelief, TimeRelief
from tongxing.fares.tariff import TariffFile, make_book
from tongxing.kernel.clock import at
from tongxing.kernel.money import round_half_even, round_half_up

pytest.importorskip("numba", reason="the compiled engine comes with the extra [fast]")

from tongxing.fares.rerating.kernel.rounding import whole_fen


def compiled_and_plain(
    fares: CityFares, journeys: list[Journey]
) -> tuple[list[Priced], list[Priced], int]:
    """Both engines over the same journeys, and how many the kernel handed back."""
    packs = [rule.id for rule in fares.book.rules.values() if isinstance(rule, PackRelief)]
    ordered = in_order(journeys)
    table = journey_table(ordered, packs)
    rerater = Rerater(fares, table.codes, threads=1)
    rated = rerater.rate(table)
    found = [rerater.priced(table, rated.outcomes, row) for row in range(table.rows)]
    plain = [
        priced
        for unit in dict.fromkeys(one.unit for one in ordered)
        for priced in price_unit(fares, [one for one in ordered if one.unit == unit])
    ]
    return found, plain, rated.exact_rows


@pytest.mark.slow  # the first of all runs compiles the kernel
@settings(max_examples=120, deadline=None)
@given(cases())
def test_drawn_tariffs_are_priced_alike_by_both_engines(case):
    fares, journeys = case
    found, plain, _ = compiled_and_plain(fares, journeys)
    assert found == plain


def test_fractions_are_rounded_as_the_money_room_does() -> None:
    for numerator in range(301):
        for denominator in (4, 10, 7, 10_000):
            for quantum in (1, 5):
                rounded = [whole_fen(numerator, denominator, quantum, how) for how in range(4)]
                unit = denominator * quantum
                assert rounded == [
                    round_half_up(numerator, unit) * quantum,
                    round_half_even(numerator, unit) * quantum,
                    -(-numerator // unit) * quantum,
                    numerator // unit * quantum,
                ]


@pytest.mark.parametrize(("with_overtime", "charges"), [(True, [500, 0]), (False, [650, 250])])
def test_a_cap_may_or_may_not_hold_for_overtime(with_overtime: bool, charges: list[int]) -> None:
    rules = (
        rule_of(FlatFare, "FLAT", fare_fen=400),
        rule_of(OvertimeCharge, "OVER", limit_s=600, amount=250),
        rule_of(CapRelief, "CAP", counter="a", cap_fen=500, with_overtime=with_overtime),
    )
    book = make_book(TariffFile(city=CITY, name_zh="某市", name_en="Anytown", rule=rules))
    start_s = at(FIRST) + 40_000
    journeys = [
        Journey(
            unit="1", medium="1", rider=Rider(),
            ride=RideFacts(mode="rail", origin="s1", destination="s3", entered_s=entered_s,
                           exited_s=entered_s + 3_000),
        )
        for entered_s in (start_s, start_s + 10_000)
    ]  # fmt: skip
    found, plain, exact = compiled_and_plain(CityFares(NETWORK, book), journeys)
    assert found == plain and exact == 0
    assert [one.charge_fen for one in found] == charges


@pytest.mark.parametrize("stated", [Given(), Given("main"), Given("main", 400)])
@pytest.mark.parametrize("exit_day", [date(2026, 2, 20), date(2026, 2, 25)])  # holiday, working day
@pytest.mark.parametrize(("days", "charge_fen"), [("workday", 200), ("restday", 400)])
def test_a_ride_without_an_entry_is_as_early_for_both_engines(
    days: str, charge_fen: int, exit_day: date, stated: Given
) -> None:
    """An entry of 0 is 08:00 on Thursday, 1970-01-01, whatever day the exit lies on."""
    rules = (
        rule_of(FlatFare, "FLAT", fare_fen=400, systems=("main",)),
        rule_of(
            TimeRelief, "EARLY", rate_bp=5_000, entry_from=time(7), entry_until=time(9),
            until_included=False, days=days,
        ),
    )  # fmt: skip
    book = make_book(TariffFile(city=CITY, name_zh="某市", name_en="Anytown", rule=rules))
    exited_s = at(exit_day) + 60_000
    ride = RideFacts(mode="rail", origin="s1", destination="s3", exited_s=exited_s)
    journey = Journey(unit="1", medium="1", ride=ride, rider=Rider(), given=stated)
    found, plain, exact = compiled_and_plain(CityFares(NETWORK, book), [journey])
    assert found == plain and exact == 0
    assert [one.charge_fen for one in found] == [charge_fen]


@pytest.mark.parametrize(("price_fen", "exact_rows"), [(900, 2), (None, 0)])
def test_a_pack_bought_at_no_time_is_left_to_the_plain_engine(
    price_fen: int | None, exact_rows: int
) -> None:
    """The compiled days do not reach back to 1970, where such a pack begins and ends."""
    rules = (
        rule_of(FlatFare, "FLAT", fare_fen=400),
        rule_of(PackRelief, "PACK", pack="p", rides=5, price_fen=price_fen),
    )
    book = make_book(TariffFile(city=CITY, name_zh="某市", name_en="Anytown", rule=rules))
    exited_s = at(FIRST) + 40_000
    bought = RideFacts(mode="", exited_s=exited_s)
    ridden = RideFacts(
        mode="rail", origin="s1", destination="s3",
        entered_s=exited_s + 60, exited_s=exited_s + 900,
    )  # fmt: skip
    journeys = [
        Journey(unit="1", medium="1", ride=ride, rider=Rider(), pack=pack)
        for ride, pack in ((bought, "PACK"), (ridden, ""))
    ]
    found, plain, exact = compiled_and_plain(CityFares(NETWORK, book), journeys)
    assert found == plain and exact == exact_rows
    assert [one.charge_fen for one in found] == [price_fen or 0, 400]
