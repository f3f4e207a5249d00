"""Faults change when messages arrive, never what they say; their kinds are named or refused."""

from collections import Counter

import pytest

from tongxing.kernel.reasons import Problem
from tongxing.simulation.carrier import Carrier
from tongxing.simulation.faults import KINDS, FaultRates, load_rates, parse_kinds

NOON_S = 1_773_720_000


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("none", ()),
        ("all", KINDS),
        ("late,lost", ("lost", "late")),
        (" killed , doubled ", ("doubled", "killed")),
    ],
)
def test_kinds_are_read_in_one_order(text: str, kinds: tuple[str, ...]) -> None:
    assert parse_kinds(text) == kinds


@pytest.mark.parametrize("text", ["losst", "lost;late", "lost,none", "ALL"])
def test_an_unknown_kind_is_named(text: str) -> None:
    with pytest.raises(Problem) as raised:
        parse_kinds(text)
    assert raised.value.exit_code == 2
    assert "lost, doubled, late, reordered, killed" in str(raised.value)


def test_a_kind_that_is_off_never_happens() -> None:
    assert load_rates(()) == FaultRates(
        doubled_gap_s=load_rates(KINDS).doubled_gap_s,
        reordered_delay_s=load_rates(KINDS).reordered_delay_s,
        outage_s=load_rates(KINDS).outage_s,
        short_outage_s=load_rates(KINDS).short_outage_s,
    )
    carrier = Carrier(1, "500000", load_rates(()))
    carrier.plan_outages(1, [f"site-{number}" for number in range(500)], NOON_S, NOON_S + 3_600)
    fates = [carrier.arrivals("site-1", NOON_S) for _ in range(2_000)]
    assert all(len(fate) == 1 and NOON_S < fate[0] <= NOON_S + 9 for fate in fates)
    assert sum(carrier.counts.by_kind.values()) == 0


def test_each_kind_happens_about_as_often_as_it_should_and_is_counted() -> None:
    rates = load_rates(KINDS)
    carrier = Carrier(1, "500000", rates)
    fates = Counter()
    for _ in range(20_000):
        arrivals = carrier.arrivals("site", NOON_S)
        overtaken = len(arrivals) == 1 and arrivals[0] >= NOON_S + rates.reordered_delay_s[0]
        fates["reordered" if overtaken else len(arrivals)] += 1
    counts = carrier.counts.by_kind
    assert (fates[0], fates[2]) == (counts["lost"], counts["doubled"])
    assert fates["reordered"] == counts["reordered"]
    assert 450 < fates[0] < 750
    assert 450 < fates[2] < 750
    assert 650 < fates["reordered"] < 950


def test_a_site_that_is_cut_off_gets_nothing_through_until_its_outage_ends() -> None:
    rates = FaultRates(late_sites_ppm=1_000_000, outage_s=(7_200, 604_800), short_outage_bp=0)
    carrier = Carrier(7, "110000", rates)
    carrier.plan_outages(7, ["a", "b"], NOON_S, NOON_S + 10)
    ends_s = carrier.cut_off_until("a", NOON_S + 20)
    assert NOON_S + 7_200 <= ends_s <= NOON_S + 10 + 604_800
    assert carrier.arrivals("a", ends_s - 1) == []
    assert len(carrier.arrivals("a", ends_s)) == 1
    assert carrier.counts.by_kind["late"] == 2


def test_the_same_seed_has_the_same_faults_and_another_seed_has_others() -> None:
    def fates(seed: int) -> list[list[int]]:
        carrier = Carrier(seed, "500000", load_rates(KINDS))
        return [carrier.arrivals("site", NOON_S + number) for number in range(300)]

    assert fates(1) == fates(1)
    assert fates(1) != fates(2)
