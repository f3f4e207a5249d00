"""docs/algorithms/split.md says what the code does, number by number."""

import re
from datetime import date
from pathlib import Path

import pytest
from acc_world import DAY, DEFAULTS
from msgspec.structs import asdict

from tongxing.hub.acc import SplitTable, load_agreements
from tongxing.hub.acc.choice import path_shares
from tongxing.hub.acc.making import Texts, graph_of, header_of, plan_of, section_rows
from tongxing.hub.acc.money import explain_fare, split_fare
from tongxing.hub.acc.parameters import default_parameters
from tongxing.hub.acc.table import FORMAT, parse_row, seal_table
from tongxing.kernel.reasons import Refusal, all_reasons
from tongxing.network.service import load_service, service_text
from tongxing.network.transport import load_network

PAGE = (Path(__file__).resolve().parents[2] / "docs/algorithms/split.md").read_text("utf-8")


def table_under(heading: str, occurrence: int = 0) -> list[list[str]]:
    """The rows of the table whose first column is headed so."""
    found = re.findall(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.M)
    return [[cell.strip() for cell in row.strip("|").split("|")]
            for row in found[occurrence].splitlines()]  # fmt: skip


def test_the_parameters_are_the_data() -> None:
    shown = {row[0].strip("`"): int(row[1]) for row in table_under("parameter")}
    numbers = asdict(DEFAULTS)
    assert shown == {name: numbers[name] for name in numbers if name != "source"}


def test_the_shares_by_minutes() -> None:
    for minutes, best, other in table_under("minutes above the best"):
        shares = path_shares([0, int(minutes) * 60_000], DEFAULTS)
        assert [f"{share:,}" for share in shares] == [best, other]


def test_the_agreements_are_the_data() -> None:
    ours = asdict(load_agreements().on("110000", DAY))
    shown = {row[0].strip("`"): row[1].strip("`") for row in table_under("kind")}
    assert shown == {name: ours[name] for name in ours if name not in ("source", "fixed")}


def test_the_small_fares() -> None:
    for fare, parts, exact, fens in table_under("fare"):
        shares = [
            (name, int(ppm.replace(",", "")))
            for name, ppm in (part.split(" ") for part in parts.split("; "))
        ]
        found = split_fare(int(fare), shares)
        assert "; ".join(f"{one.operator} {one.fen}" for one in found) == fens
        assert exact == "; ".join(f"{int(fare) * ppm / 1e6:g}" for _, ppm in shares)


@pytest.fixture(scope="module")
def beijing() -> SplitTable:
    network = load_network("110000")
    plan = plan_of(network, DAY, Texts(service_text("110000"), default_parameters()))
    assert not isinstance(plan, Refusal)
    header = header_of(plan)
    number = header.stations.index("xizhimen")
    return seal_table(header, section_rows(header, 0, graph_of(header, 0), number))


def test_the_ride_from_guomao_to_xizhimen(beijing: SplitTable) -> None:
    row = beijing.row("main", "peak", "guomao", "xizhimen")
    assert row is not None
    told = explain_fare(beijing, row, 401)
    shown = table_under("share")
    assert shown == [
        [
            f"{path.ppm:,}",
            f"{path.cost_ms / 60_000:.1f}",
            ", ".join(f"{one.line} {one.origin}–{one.destination}" for one in path.rides),
            "; ".join(f"{who} {metres:,}" for who, metres in path.metres.items()),
        ]
        for path in told.paths
    ]
    assert {path.rides[1].via for path in told.paths[2:]} == {"chaoyangmen", "beijing-railway"}
    assert table_under("operator") == [
        [
            part.operator,
            f"{part.ppm:,}",
            f"{part.floor_fen}.{part.remainder_millionths:06d}",
            str(part.floor_fen),
            "+1" if part.extra else "",
            str(part.fen),
        ]
        for part in told.parts
    ]


def test_the_form_of_the_file() -> None:
    parts = {row[0]: row[1].strip("`") for row in table_under("part of a row")}
    row = parse_row(f"0\t101\t306\t{parts['parts']}\t{parts['path']}")
    assert row.shares == ((0, 160_973), (2, 839_027))
    assert (row.paths[0].cost, row.paths[0].ppm) == (1_802_000, 386_903)
    assert row.paths[0].rides == ((4, True, 101, 300), (7, False, 300, 306))
    assert parts["path"].endswith(f"{parts['ride']},7<300.306")
    assert f"`{FORMAT}`" in PAGE


def test_the_cities_and_the_reasons() -> None:
    shown = {row[0]: date.fromisoformat(row[1]) for row in table_under("city")}
    for code in ("110000", "500000"):
        network = load_network(code)
        assert shown[network.name_en] == load_service(network).known_from
    named = {row[0].strip("`") for row in table_under("refused as")}
    assert named <= set(all_reasons())
    assert {code for code in all_reasons() if code.startswith("SPLIT_TABLE_")} <= named
