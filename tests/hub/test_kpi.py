"""Measures of the service: counted by hand over a small world, nothing is estimated."""

import csv
import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from hub_world import DAY, HUB_KEY, RULES, TRUSTED, A, World, make_world, revised, ride
from msgspec.structs import replace
from test_purses import Doubting, signed
from test_registers import NEXT, deny, told

from tongxing.cli.app import run
from tongxing.hub import Hub
from tongxing.hub.kpi import (
    Measure,
    as_csv,
    met,
    nearest_rank,
    rate,
    targets,
    workdays_between,
)
from tongxing.hub.store.kpi import measure_period
from tongxing.kernel.clock import at
from tongxing.storage import Database

MORNING_S = at(NEXT, 6)
BEGIN_S, END_S = at(NEXT), at(NEXT + timedelta(days=1))
EARLIER = DAY - timedelta(days=3)


def measured(world: World, begin_s: int = BEGIN_S, end_s: int = END_S) -> dict[str, Measure]:
    with world.store.reading() as cursor:
        found = measure_period(cursor, begin_s, end_s)
    return {f"{one.name} {one.group}".strip(): one for one in found}


def test_a_percentile_is_a_value_that_occurred_and_a_rate_is_rounded_half_up() -> None:
    values = list(range(1, 101))
    assert [nearest_rank(values, percent) for percent in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert [nearest_rank([7, 3], percent) for percent in (50, 51)] == [3, 7]
    assert nearest_rank([], 95) is None and rate(1, 0, 10) is None
    assert [rate(1, 3, 10_000), rate(2, 3, 10_000), rate(1, 20_000, 10_000)] == [3333, 6667, 1]
    assert workdays_between(date(2026, 4, 3), date(2026, 4, 7)) == 1, "Qingming, a long weekend"


@pytest.mark.req("R-200")
def test_upload_delays_are_exact_by_member_and_by_their_days(world: World) -> None:
    """Rides end at 08:30; one of City A came at 06:00 of the next morning and two a second later;
    of City B's bus rides of 08:00 one came on the third day, one on the fourth. A revision, a copy
    and a ride of a trial are no other rides."""
    first = ride("first")
    world.present([first, replace(ride("trial"), is_test=True)], MORNING_S)
    world.present([ride("second"), ride("third"), revised(first, 400), first], MORNING_S + 1)
    bus = {"third-day": DAY - timedelta(days=2), "fourth-day": EARLIER}
    world.present([ride(name, A, "bus", 180, day=day) for name, day in bus.items()], MORNING_S)
    found = measured(world)
    night_s, days_s = MORNING_S - at(DAY, 8, 30), MORNING_S - at(EARLIER, 8)
    delays = [found[f"upload_delay_p{n}"].value for n in (50, 95, 99)]
    assert delays == [night_s + 1, days_s, days_s]
    assert found[f"upload_delay_p50 ACQ-{A}"][3:] == (night_s + 1, 3)
    assert found["upload_by_next_morning"][3:] == (2000, 5)
    assert found["upload_by_third_day"][3:] == (8000, 5)
    assert met(found["upload_by_third_day"]) is False
    assert found["duplicates"][3:] == (125_000, 8)


def test_half_trips_and_who_completed_them(world: World) -> None:
    """Of six trips four were half: one still is, one was declared, one completed by habit, one
    withdrawn when its other end came."""
    rides = [ride(name, charge_fen=900, how="missing_exit") for name in "abcd"]
    paired = replace(ride("e"), how="paired_by_account")
    world.present([*rides, paired, ride("whole")], MORNING_S)
    world.present(
        [
            revised(rides[1], 450, how="declared", fare_fen=500, destination="S9"),
            revised(rides[2], 450, how="habitual", fare_fen=500, destination="S9"),
            revised(rides[3], 0, how="void", fare_fen=0),
        ],
        MORNING_S + 60,
    )
    found = measured(world)
    assert found["half_trips"][3:] == (6667, 6)
    healed = {name: found[f"healed_by_{name}"][3:] for name in ("itself", "passenger", "staff")}
    assert healed == {"itself": (5000, 4), "passenger": (2500, 4), "staff": (0, 4)}
    assert found["paired_by_account"][3:] == (1667, 6)
    before = measured(world, BEGIN_S, MORNING_S + 1)
    assert before["healed_by_itself"][3:] == (0, 4), "as it was at the end of a period"


def test_wrong_signatures_stand_by_terminal(world: World) -> None:
    hub = Hub(world.store, HUB_KEY, TRUSTED, RULES, world.ground, Doubting())
    World(hub, world.store, world.ground, world.senders).present(
        [signed("t1", 40, 5_000), signed("f1", 42, 4_000), ride("unsigned")], MORNING_S
    )
    found = measured(world)
    assert found["tac_failures"][3:] == (500_000, 2)
    assert found[f"tac_failures G-{A}-f1"][3:] == (1_000_000, 1)
    assert f"tac_failures G-{A}-t1" not in found


def test_a_deny_list_counts_from_its_publication_to_the_first_ride_under_it(world: World) -> None:
    """List 8 of seven: one terminal shows it at eight, one shows list 9 at ten; one rides on with
    list 7. A list of another city is not asked of them."""
    begin_s, published_s = at(DAY), at(DAY, 7)
    told(world, A, deny(A, 8, published_s), published_s)
    told(world, "990200", deny("990200", 8, published_s), published_s)
    rides = [
        replace(ride("one"), deny_list_version=8),
        replace(ride("other", hour=10), deny_list_version=9),
        replace(ride("old", hour=9), deny_list_version=7),
        replace(ride("night", hour=5), deny_list_version=7),
        replace(ride("unproven"), deny_list_version=0),
    ]
    world.present(rides, MORNING_S)
    found = measured(world, begin_s, END_S)
    assert found["deny_list_shown_p95"][3:] == (3 * 3_600, 2)
    assert found["deny_list_not_shown"][3:] == (1, 3)


def test_open_disputes_refunds_and_breaks_are_as_of_the_end(world: World) -> None:
    world.present([ride(name) for name in ("t1", "t2", "t3", "t4")], MORNING_S)
    with world.store.changing() as cursor:
        for name, opened, ended, back in (
            ("t1", at(DAY, 12), None, 0),
            ("t2", at(date(2026, 3, 12), 12), at(NEXT, 9), 450),
            ("t4", at(date(2026, 2, 27), 12), at(NEXT, 9), 0),
            ("t3", at(EARLIER, 12), at(NEXT + timedelta(days=1), 1), 0),
        ):
            cursor.execute(
                "INSERT INTO dispute_case VALUES (%s, %s, %s, 'ISS-990100', 'ACQ-990100', 'issuer',"
                " %s, '1', 'query', %s, 450, 0, NULL, 0, 0, '', 0, %s, %s, false, %s, '')",
                (name, f"{name}.1", name, opened, opened, ended, back, None if ended else END_S),
            )
        cursor.execute("INSERT INTO bank_statement VALUES ('S1', 'camt.053', 0, 0, '', 9)")
        cursor.execute(
            "INSERT INTO bank_break (kind, reference, amount_fen, found_s, ended_s, ended_by,"
            " ending) VALUES ('missing', 'A', -300, %(b)s, NULL, NULL, NULL),"
            " ('missing', 'B', 200, %(b)s, %(e)s, 'wang', 'seen'),"
            " ('missing', 'C', 50, %(b)s, %(b)s + 9, 'wang', 'seen')",
            {"b": BEGIN_S, "e": END_S + 9},
        )
    found = measured(world)
    ages = [found[f"dispute_age_{name}"][3:] for name in ("p50", "p95", "max")]
    assert ages == [(1, 2), (4, 2), (4, 2)]
    assert found["case_refund_p95"] == Measure("case_refund_p95", "", "workdays", 4, 1)
    assert found["unexplained_break"][3:] == (500, 2)
    assert met(found["unexplained_break"]) is False


def test_a_period_in_which_nothing_came_has_no_values_and_targets_name_measures(
    world: World,
) -> None:
    found = measured(world)
    assert found["upload_delay_p95"][3:] == found["half_trips"][3:] == (None, 0)
    assert met(found["upload_by_third_day"]) is None and met(found["unexplained_break"]) is None
    with world.store.changing() as cursor:
        cursor.execute("INSERT INTO bank_statement VALUES ('S1', 'camt.053', 0, 0, '', 9)")
    found = measured(world)
    assert met(found["unexplained_break"]) is True
    assert set(targets()) <= set(found)
    rows = list(csv.DictReader(StringIO(as_csv(list(found.values())).decode(), newline="")))
    assert rows[0] == dict.fromkeys(rows[0], "") | {
        "name": "upload_delay_p50",
        "unit": "seconds",
        "of": "0",
    }
    assert (rows[-1]["value"], rows[-1]["target"], rows[-1]["met"]) == ("0", "<=0", "yes")


def test_the_command_tells_people_machines_and_sheets_the_same(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world(database)
    world.present([ride("first")], MORNING_S)
    world.hub.close()
    sheet = tmp_path / "kpi.csv"
    asked = ["hub", "kpi", "--from", "2026-03-18", "--to", "2026-03-18", "--dsn", database.dsn]
    assert run([*asked, "--json", "--out", str(sheet)]) == 0
    told_json = json.loads(capsys.readouterr().out)
    with sheet.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["name"], row["value"]) for row in rows] == [
        (one["name"], "" if one["value"] is None else str(one["value"]))
        for one in told_json["measures"]
    ]
    assert set(told_json["unknown"]) == {
        "refund_time",
        "half_trips_held",
        "deny_list_true_load",
        "verdict_time",
    }
    said = {"zh": ("21:30:00", "达到", "只有发卡方知道"), "en": ("21:30:00", "only their issuer")}
    for language, words in said.items():
        assert run([*asked, "--lang", language]) == 0
        text = capsys.readouterr().out
        assert all(word in text for word in words), text
    assert run([*asked, "--to", "2026-03-17", "--json"]) != 0
    assert json.loads(capsys.readouterr().err)["code"] == "KPI_PERIOD"
