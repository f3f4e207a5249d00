"""The hub splits by the table of the ride's day where there is one, else as without tables."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from hub_world import HUB_KEY, RULES, Sender, opened
from msgspec.structs import replace
from psycopg.errors import RaiseException
from test_ground import BEIJING, CHONGQING, DAY, metro_ride

from tongxing.cli import run
from tongxing.hub import Hub, HubStore, MemberCity, NetworkGround, ground, members_of
from tongxing.hub.acc import NO_TABLES, SplitTable, SplitTables, tables_of, write_table
from tongxing.hub.acc.agreements import Agreement, load_agreements
from tongxing.hub.acc.making import Texts, graph_of, header_of, plan_of, section_rows
from tongxing.hub.acc.parameters import default_parameters
from tongxing.hub.acc.table import seal_table
from tongxing.hub.split import share_totals, split_charge
from tongxing.hub.tables import TableDesk
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, Record, SigningKey, VerdictFile
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


ACQUIRER = f"ACQ-{BEIJING}"
KEY = SigningKey.from_secret(ACQUIRER, b"k" * 32)
MORNING_S = at(date(2026, 3, 16), 9)
"""The day before the table's first."""


@contextmanager
def a_hub(database: Database) -> Iterator[tuple[Hub, HubStore]]:
    """A hub of two cities without tables of its own."""
    members = members_of(
        [
            MemberCity(BEIJING, "北京", "Beijing", acquires=True),
            MemberCity(CHONGQING, "重庆", "Chongqing", acquires=True),
        ]
    )
    store = HubStore(database)
    hub = Hub(store, HUB_KEY, KeyRing({ACQUIRER: KEY.public_bytes()}), RULES, WITHOUT)
    assert hub.enrol(members, MORNING_S) is None
    yield hub, store
    hub.close()


def took(hub: Hub, sender: Sender, *records: Record) -> VerdictFile:
    """The hub's answer on a file of these records, all of them accepted."""
    name = f"F{sender.files + 1}"
    manifest, data = sender.file(records, key=KEY, sender=ACQUIRER, file_id=name)
    answer = opened(hub.receive_file(manifest, data, at(DAY, 27)))
    assert {item.status for item in answer.verdicts} == {"accepted"}
    sender.took(manifest)
    return answer


def booked(database: Database, *records: Record) -> None:
    """A hub without tables that took these records."""
    with a_hub(database) as (hub, _):
        took(hub, Sender("ACQ-990100"), *records)


@pytest.mark.req("R-200")
def test_a_table_comes_into_force_by_two_people_and_splits_the_rides_of_its_days(
    database: Database, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "beijing.split"
    path.write_bytes(write_table(TABLE))
    version = TABLE.header.version

    def split(*words: str) -> tuple[int, str]:
        code = run(["hub", "split", *words, "--dsn", database.dsn, "--json"])
        told = capsys.readouterr()
        return code, told.out if code == 0 else json.loads(told.err)["code"]

    with a_hub(database) as (hub, store):
        sender = Sender("ACQ-990100")
        assert split("release", version, "--by", "wang")[1] == "SPLIT_TABLE_UNKNOWN"
        given = ("publish", str(path), "--why", "spring", "--by", "wang")
        assert split(*given) == split(*given), "twice is once"
        took(hub, sender, replace(RIDE, record_id="t0.1", trip_id="t0", **before_it(RIDE)))
        assert split("release", version, "--by", "WANG")[1] == "SPLIT_SAME_PERSON"
        assert split("release", version, "--by", "li")[0] == 0
        (one,) = json.loads(split("tables")[1])
        told = (one["state"], one["handed_in_by"], one["released_by"], one["version"])
        assert told == ("released", "wang", "li", version)
        (verdict,) = took(hub, sender, RIDE).verdicts
        wanted = share_totals(split_charge(RIDE.charge_fen, WITH.split_basis(RIDE)))
        assert share_totals(verdict.shares) == wanted
        explained = json.loads(split("explain", "--record", RIDE.record_id)[1])
        assert {part["operator"]: part["fen"] for part in explained["parts"]} == wanted
        (leg,) = explained["legs"]
        assert leg["told"]["version"] == version and leg["told"]["period"] == "offpeak"
        assert sum(path["ppm"] for path in leg["told"]["paths"]) == 1_000_000
        unsplit = json.loads(split("explain", "--record", "t0.1")[1])
        assert (unsplit["explanation"]["basis"]["kind"], unsplit["legs"]) == ("path", [])
        with store.changing() as cursor, pytest.raises(RaiseException, match="final"):
            cursor.execute("UPDATE split_table SET released_by = 'zhao'")


def before_it(ride: Record) -> dict[str, object]:
    """What makes a ride one of the day before the table."""
    taps = [replace(tap, seq=tap.seq + 100) for tap in ride.taps]
    return {"entered_s": MORNING_S, "exited_s": MORNING_S + 2_400, "taps": taps}


def test_a_table_whose_days_are_split_already_comes_too_late(database: Database) -> None:
    """Also a table that would put an earlier one's days back to what they were."""
    with a_hub(database) as (hub, store):
        desk = TableDesk(store)
        listed = desk.hand_in(write_table(TABLE), "wang", "spring", MORNING_S)
        assert not isinstance(listed, Refusal)
        took(hub, Sender("ACQ-990100"), RIDE)
        late = desk.release(listed.version, "li", MORNING_S)
        assert isinstance(late, Refusal) and late.code == "DATE_CLOSED"
        assert late.values["day"] == DAY and late.message("zh") and late.next_step("en")
        other = seal_table(replace(TABLE.header, why="another"), TABLE.rows())
        rows = write_table(other).replace(b"0:", b"1:", 1)
        refused = desk.hand_in(rows, "wang", "cut", MORNING_S)
        assert isinstance(refused, Refusal) and refused.code == "SPLIT_TABLE_HASH"
        assert [one.version for one in desk.tables()] == [listed.version]
        for by, why, code in (("", "x", "HUB_PERSON"), ("wang", " ", "HUB_WHY")):
            wrong = desk.hand_in(write_table(other), by, why, MORNING_S)
            assert isinstance(wrong, Refusal) and wrong.code == code


def test_two_tables_of_one_day_are_refused_unless_one_replaces_the_other(
    database: Database,
) -> None:
    first = write_table(TABLE)
    beside = seal_table(replace(TABLE.header, why="beside"), TABLE.rows())
    after = seal_table(replace(TABLE.header, replaces=TABLE.header.version), TABLE.rows())
    with a_hub(database) as (_, store):
        desk = TableDesk(store)
        for content in (first, write_table(beside), write_table(after)):
            assert not isinstance(desk.hand_in(content, "wang", "x", MORNING_S), Refusal)
        assert not isinstance(desk.release(TABLE.header.version, "li", MORNING_S), Refusal)
        clash = desk.release(beside.header.version, "li", MORNING_S)
        assert isinstance(clash, Refusal) and clash.code == "SPLIT_TABLES_CLASH"
        assert not isinstance(desk.release(after.header.version, "li", MORNING_S), Refusal)
        found = desk.table(after.header.version)
        assert not isinstance(found, Refusal) and write_table(found) == write_table(after)


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


def test_a_day_on_which_nobody_rode_is_told_with_the_days_that_have_trips(
    database: Database, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    booked(database, RIDE)
    path = tmp_path / "beijing.split"
    path.write_bytes(write_table(TABLE))
    line = ["hub", "split", "what-if", "--table", str(path), "--dsn", database.dsn]
    assert run([*line, "--on", "2030-01-01", "--json"]) == 4
    told = json.loads(capsys.readouterr().err)
    assert (told["code"], told["where"]) == ("SPLIT_TRIPS_NONE", "--on")
    for language, words in (("zh", f"在 {DAY} 至 {DAY}"), ("en", f"are of {DAY} to {DAY}")):
        assert words in told[f"message_{language}"] and "--trips" in told[f"next_step_{language}"]
    assert "2030-01-01" in told["message_zh"]
    path.write_bytes(write_table(seal_table(replace(TABLE.header, city="500000"), TABLE.rows())))
    assert run([*line, "--on", DAY.isoformat(), "--json"]) == 4
    assert "no rail trip of the table's city" in json.loads(capsys.readouterr().err)["message_en"]


def test_without_books_there_is_nothing_to_split_again(
    tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "beijing.split"
    path.write_bytes(write_table(TABLE))
    line = ["hub", "split", "what-if", "--table", str(path), "--on", DAY.isoformat()]
    assert run([*line, "--home", str(tmp_path)]) != 0
    assert "NOTHING_TO_PROVE" in capsys.readouterr().err
