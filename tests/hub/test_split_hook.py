"""The hub splits by the table of the ride's day where there is one, else as without tables."""

import json
from datetime import date

import pytest
from hub_world import HUB_KEY, RULES, Sender, opened
from msgspec.structs import replace
from test_ground import BEIJING, CHONGQING, DAY, metro_ride

from tongxing.cli import run
from tongxing.hub import Hub, HubStore, MemberCity, NetworkGround, ground, members_of
from tongxing.hub.acc import NO_TABLES, SplitTable, SplitTables, tables_of, write_table
from tongxing.hub.acc.agreements import Agreement, load_agreements
from tongxing.hub.acc.making import Texts, graph_of, header_of, plan_of, section_rows
from tongxing.hub.acc.parameters import default_parameters
from tongxing.hub.acc.table import seal_table
from tongxing.hub.split import share_totals, split_charge
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, Record, SigningKey
from tongxing.network import load_registry
from tongxing.network.service import service_text
from tongxing.network.transport import load_network
from tongxing.storage import Database


def table_for(*destinations: str) -> SplitTable:
    """Beijing's table of that day, with the rows of pairs that end (by id) at these stations."""
    network = load_network(BEIJING)
    plan = plan_of(network, DAY, Texts(service_text(BEIJING), default_parameters()))
    assert not isinstance(plan, Refusal)
    header = header_of(plan)
    rows = []
    for section in range(len(header.sections)):
        graph = graph_of(header, section)
        for name in destinations:
            number = header.stations.index(name)
            if number in graph.stops_at:
                rows += section_rows(header, section, graph, number)
    return seal_table(header, rows)


TABLE = table_for("xizhimen", "sanyuanqiao", "terminal-3")
RIDE = metro_ride("guomao", "xizhimen")


def tables() -> SplitTables:
    found = tables_of([TABLE])
    assert not isinstance(found, Refusal)
    return found


WITH = NetworkGround(load_registry(), tables())
WITHOUT = NetworkGround(load_registry(), NO_TABLES)


def test_a_ride_is_split_by_the_table_of_its_day() -> None:
    basis = WITH.split_basis(RIDE)
    row = TABLE.row("main", "offpeak", "guomao", "xizhimen")
    assert row is not None
    shares = TABLE.named(row.shares)
    assert basis.kind == "table" and len(shares) == 2
    assert basis.weights == shares, "parts per million, in order of operator"
    assert f"/{TABLE.header.version}/offpeak/" in basis.version
    parts = share_totals(split_charge(401, basis))
    assert parts == {"OP-BJ-MTR": 65, "OP-BJ-SUBWAY": 336}
    assert WITHOUT.split_basis(RIDE).kind == "path"


def test_rush_hour_has_a_basis_of_its_own() -> None:
    rush = replace(RIDE, entered_s=at(DAY, 8), exited_s=at(DAY, 8, 40))
    assert "/peak/" in WITH.split_basis(rush).version
    assert WITH.split_basis(rush).basis_id != WITH.split_basis(RIDE).basis_id


def test_without_a_row_or_a_table_of_the_day_it_is_as_before() -> None:
    no_row = metro_ride("guomao", "dongdan")
    assert WITH.split_basis(no_row) == WITHOUT.split_basis(no_row)
    day_before = replace(RIDE, entered_s=at(date(2026, 3, 16), 9))
    assert WITH.split_basis(day_before) == WITHOUT.split_basis(day_before)
    assert WITH.split_basis(day_before).kind == "path"


def test_each_fare_of_a_ride_over_two_systems_has_its_own_row() -> None:
    """To the airport: the city's fare by the table's main rows, the airport line's by its own."""
    ride = metro_ride("guomao", "terminal-3")
    basis = WITH.split_basis(ride)
    assert basis.kind == "table"
    assert [leg.fare_system for leg in basis.legs] == ["main", "capital-airport"]
    assert [leg.metres for leg in basis.legs] == [1_000_000, 1_000_000]
    parts = share_totals(split_charge(ride.charge_fen, basis))
    assert parts["OP-BJ-CITYMETRO"] == basis.legs[1].fare_fen == 2_500
    assert sum(parts.values()) == ride.charge_fen


def agree(monkeypatch: pytest.MonkeyPatch, **methods: object) -> None:
    ours = replace(load_agreements().on(BEIJING, DAY), **methods)

    class Agreed:
        def on(self, city: str, day: date) -> Agreement:
            return ours

    monkeypatch.setattr(ground, "load_agreements", Agreed)


def test_half_trips_follow_the_operators_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    half = replace(RIDE, how="missing_exit", destination="")
    assert WITH.split_basis(half).kind == "line"
    agree(monkeypatch, missing_exit="station", same_station="fixed", fixed={"OP-BJ-MTR": 1})
    basis = WITH.split_basis(replace(half, origin="xizhimen"))
    assert basis.kind == "agreement"
    assert basis.weights == (("OP-BJ-MTR", 1), ("OP-BJ-SUBWAY", 1))
    same = replace(RIDE, destination=RIDE.origin)
    assert WITH.split_basis(same).weights == (("OP-BJ-MTR", 1),)
    nowhere = replace(half, origin="atlantis")
    assert WITH.split_basis(nowhere).weights == ((half.operator, 1),)


def test_overtime_is_a_leg_of_its_own_where_that_is_agreed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long_stay = replace(RIDE, charge_fen=RIDE.fare_fen + 300)
    assert WITH.split_basis(long_stay) == WITH.split_basis(RIDE), "as the ride, if nothing is said"
    agree(monkeypatch, overtime="fixed", fixed={"OP-BJ-METROOP": 1})
    basis = WITH.split_basis(long_stay)
    parts = share_totals(split_charge(long_stay.charge_fen, basis))
    assert parts == {"OP-BJ-METROOP": 300, "OP-BJ-MTR": 64, "OP-BJ-SUBWAY": 336}
    assert WITH.split_basis(RIDE).legs[-1].fare_system == "main"


# --- a hub with books -----------------------------------------------------------------------------


def booked(database: Database, *records: Record) -> None:
    """A hub without tables that took these records."""
    acquirer = f"ACQ-{BEIJING}"
    key = SigningKey.from_secret(acquirer, b"k" * 32)
    members = members_of(
        [
            MemberCity(BEIJING, "北京", "Beijing", acquires=True),
            MemberCity(CHONGQING, "重庆", "Chongqing", acquires=True),
        ]
    )
    trusted = KeyRing({acquirer: key.public_bytes()})
    hub = Hub(HubStore(database), HUB_KEY, trusted, RULES, WITHOUT)
    assert hub.enrol(members, at(DAY)) is None
    file = Sender("ACQ-990100").file
    manifest, data = file(records, key=key, sender=acquirer, file_id="F1")
    answer = opened(hub.receive_file(manifest, data, at(DAY, 27)))
    assert {item.status for item in answer.verdicts} == {"accepted"}
    hub.close()


def test_the_books_of_a_day_are_split_again_by_a_table(
    database: Database, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = replace(
        metro_ride("guomao", "dongdan"),
        record_id="t2.1",
        trip_id="t2",
        taps=[replace(tap, seq=9) for tap in RIDE.taps],
    )
    booked(database, RIDE, other)
    path = tmp_path / "beijing.split"
    path.write_bytes(write_table(TABLE))
    line = ["hub", "split", "what-if", "--table", str(path), "--on", DAY.isoformat()]
    assert run([*line, "--dsn", database.dsn, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    now = share_totals(split_charge(RIDE.charge_fen, WITHOUT.split_basis(RIDE)))
    then = share_totals(split_charge(RIDE.charge_fen, WITH.split_basis(RIDE)))
    assert {who: fen for who, fen in told["before"].items() if fen} == now
    assert {who: fen for who, fen in told["after"].items() if fen} == then
    assert (told["trips"], told["left_out"]) == (1, 1)
    assert told["moved_fen"] == sum(max(0, then[who] - now.get(who, 0)) for who in then) > 0
    assert run([*line[:-1], "2026-03-18", "--dsn", database.dsn, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trips"] == 0, "nobody rode that day"


def test_without_books_there_is_nothing_to_split_again(
    tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "beijing.split"
    path.write_bytes(write_table(TABLE))
    line = ["hub", "split", "what-if", "--table", str(path), "--on", DAY.isoformat()]
    assert run([*line, "--home", str(tmp_path)]) != 0
    assert "NOTHING_TO_PROVE" in capsys.readouterr().err
