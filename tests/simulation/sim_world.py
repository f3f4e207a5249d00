"""Small runs for the tests of the simulation: few passengers, everything in this process."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from tongxing.simulation.faults import FaultRates
from tongxing.simulation.run import Plan, simulate
from tongxing.simulation.scenario import Scenario, load_scenario
from tongxing.simulation.summary import Summary
from tongxing.storage import Database

TUESDAY = date(2026, 3, 17)

OFTEN = {
    "lost": FaultRates(lost_ppm=300_000),
    "doubled": FaultRates(doubled_ppm=600_000, doubled_gap_s=(20, 20_000)),
    "late": FaultRates(
        late_sites_ppm=500_000,
        outage_s=(7_200, 200_000),
        short_outage_bp=5_000,
        short_outage_s=(7_200, 36_000),
    ),
    "reordered": FaultRates(reordered_ppm=500_000, reordered_delay_s=(600, 20_000)),
    "killed": FaultRates(kills_per_day=6),
}
"""Each kind alone, far more often than any network, so that few passengers meet it."""


def plan(**changes: Any) -> Plan:
    """A plan of few passengers on one day, all of it in this process."""
    given: dict[str, Any] = {
        "seed": 20,
        "first_day": TUESDAY,
        "days": 1,
        "passengers": 90,
        "faults": (),
        "own_processes": False,
    }
    return Plan(**{**given, **changes})


def run(database: Database, home: Path, **changes: Any) -> Summary:
    """Run a plan in a database whose houses, if any, have nothing in their tables."""
    home.mkdir(parents=True, exist_ok=True)
    return simulate(plan(**changes), database, home, lambda stage, news: None)


def money(summary: Summary) -> tuple[object, ...]:
    """What must not depend on the network between the houses."""
    by_mode = [
        (city.code, mode.mode, mode.trips, mode.half_trips, mode.fare_fen, mode.charge_fen)
        for city in summary.cities
        for mode in city.modes
    ]
    settled_fen = sum(fen for row in summary.cross_city_fen.values() for fen in row.values())
    return by_mode, settled_fen + summary.checks.held_fen


SHARES = {"forgetful": 70, "rail_commuter": 30}


def forgetful_scenario() -> Scenario:
    """The scenario with people who often forget their last tap, and houses that talk less often: a
    run of many days with every end of half trips, in little time."""
    scenario = load_scenario()
    cities = []
    for city in scenario.cities:
        wallets = {"500000": {"cq_account": 70, "cq_purse": 30}, "110000": {"bj_code": 1}}
        kinds = [
            msgspec.structs.replace(kind, wallets=wallets[city.code], share=SHARES[kind.id])
            for kind in city.kinds
            if kind.id in SHARES
        ]
        cities.append(msgspec.structs.replace(city, kinds=kinds))
    rhythm = msgspec.structs.replace(
        scenario.rhythm,
        station_upload_s=21_600,
        vehicle_upload_s=21_600,
        intake_every_s=3_600,
        deny_list_every_s=43_200,
    )
    return replace(scenario, cities=tuple(cities), rhythm=rhythm)
