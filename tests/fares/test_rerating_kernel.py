"""The compiled engine against the plain one: every fen, counter and rule, for drawn tariffs."""

import pytest
from drawn_tariffs import cases
from hypothesis import given, settings

from tongxing.fares import CityFares
from tongxing.fares.rerating import Journey, Priced, Rerater, in_order, journey_table, price_unit
from tongxing.fares.rules import PackRelief

pytest.importorskip("numba", reason="the compiled engine comes with the extra [fast]")


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


@settings(max_examples=120, deadline=None)
@given(cases())
def test_drawn_tariffs_are_priced_alike_by_both_engines(case):
    fares, journeys = case
    found, plain, _ = compiled_and_plain(fares, journeys)
    assert found == plain
