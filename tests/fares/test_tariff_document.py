"""docs/tariffs.md: every example is read and linted, every key is told with what it stands for."""

import json
import re
import tomllib
from datetime import date, datetime
from pathlib import Path

import msgspec.inspect as shapes
import pytest

from tongxing.fares.city import CityFares, price, price_from
from tongxing.fares.counters import parted, with_account
from tongxing.fares.model import BaseFare, FarePortion, FareState, PriceLine, RideFacts, Rider
from tongxing.fares.publishing import lint
from tongxing.fares.publishing.shape import rule_shapes
from tongxing.fares.refusals import pricing_refusal
from tongxing.fares.rules import Rule
from tongxing.fares.tariff import read_book
from tongxing.kernel.clock import CHINA, at, instant
from tongxing.kernel.money import yuan
from tongxing.network.schemes import MODES
from tongxing.network.transport import no_network

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/tariffs.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
HEAD, *RULES, NEW_CITY = BLOCKS
EXAMPLES = (HEAD + "\n".join(RULES)).encode()


def rows(marker: str) -> list[list[str]]:
    """The rows of the table behind a marker, without its heading."""
    _, found, rest = TEXT.partition(f"<!-- {marker} -->\n")
    assert found, marker
    lines = rest.partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_kind_of_rule_has_an_example_and_all_of_them_make_one_clean_tariff():
    kinds = [rule["kind"] for block in RULES for rule in tomllib.loads(block)["rule"]]
    assert set(kinds) == set(rule_shapes())
    found = lint(EXAMPLES, "examples.toml")
    assert [one.refusal.message("en") for one in found.findings] == []
    assert found.book is not None and len(found.book.rules) == len(kinds)


# --- the tables of keys ---------------------------------------------------------------------------

PLAIN = {
    shapes.IntType: "whole number",
    shapes.BoolType: "true or false",
    shapes.StrType: "text",
    shapes.DateType: "day",
    shapes.TimeType: "time of day",
}


def type_said(kind: shapes.Type) -> str:
    if isinstance(kind, shapes.UnionType):
        parts = (one for one in kind.types if not isinstance(one, shapes.NoneType))
        return " or ".join(type_said(one) for one in parts)
    if isinstance(kind, shapes.LiteralType):
        return " ".join(f'`"{value}"`' for value in kind.values)
    if isinstance(kind, shapes.VarTupleType):
        return f"list: {type_said(kind.item_type)}"
    if isinstance(kind, shapes.TupleType):
        return f"[{', '.join(type_said(one) for one in kind.item_types)}]"
    return PLAIN[type(kind)]


def default_said(field: shapes.Field) -> str:
    """What stands for a key that is left out, as a tariff file would write it."""
    if field.required:
        return "needed"
    if field.default is None:
        return "nothing"
    plain = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{json.dumps(plain)}`"


def keys_of(shape: shapes.Type) -> list[tuple[str, str, str]]:
    assert isinstance(shape, shapes.StructType)
    return [(one.encode_name, type_said(one.type), default_said(one)) for one in shape.fields]


COMMON = keys_of(shapes.type_info(Rule))


@pytest.mark.parametrize("kind", ["common", *rule_shapes()])
def test_the_table_of_a_kind_has_every_key_with_its_type_and_what_it_stands_for(kind):
    wanted = COMMON if kind == "common" else [
        key for key in keys_of(rule_shapes()[kind]) if key not in COMMON
    ]  # fmt: skip
    told = rows(f"keys: {kind}")
    assert [(key.strip("`"), said, left_out) for key, said, left_out, _ in told] == wanted
    assert all(len(says) > 3 for *_, says in told)


def test_every_mode_and_every_medium_is_named():
    modes = TEXT.partition("A **mode** is")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", modes)) - {"pairs"} == set(MODES)


# --- what the page says of prices -----------------------------------------------------------------


class Rides:
    """Rides of one medium by a tariff, each with a base fare of its own."""

    def __init__(self, content: bytes):
        self.book = read_book(content)
        self.fares = CityFares(no_network(self.book.city), self.book)
        self.state = FareState()

    def charge(self, system: str, fen: int, clock: str, product: str = "ordinary") -> int:
        entered_s = instant(datetime.fromisoformat(clock).replace(tzinfo=CHINA))
        mode = "rail" if system == "metro" else system
        ride = RideFacts(mode=mode, entered_s=entered_s, exited_s=entered_s + 600)
        tariff = self.fares.tariff_at(entered_s)
        line = PriceLine("base", "X", fen, {})
        base = BaseFare((FarePortion(system, "X", fen, -1),), (line,), fen)
        rider = Rider(medium_kind="card", product=product)
        quote = price_from(self.fares, tariff, base, ride, rider, self.state)
        self.state = quote.state
        return quote.charge_fen


def test_free_except_in_the_peaks_is_what_its_table_says():
    table = rows("free except in the peaks")
    assert len(table) == 7
    for clock, pays in table:
        assert yuan(Rides(EXAMPLES).charge("bus", 200, clock, "senior")) == pays, clock


def test_a_fare_is_cut_at_a_step_as_its_table_says():
    rides = Rides(EXAMPLES)
    paid = [rides.charge("bus", 500, f"2026-03-{day:02} 09:00") for day in range(2, 8)]
    for row, number in zip(rows("a fare cut at a step"), (0, 3, 4, 5), strict=True):
        assert row[1:] == [yuan(sum(paid[:number])), yuan(paid[number])], row


def tried(*rules: str) -> Rides:
    common = 'from = 2026-01-01\nconfidence = "illustrative"\nsources = ["city-tariff"]\n'
    return Rides((HEAD + "".join(f"[[rule]]\n{common}{rule}\n" for rule in rules)).encode())


BUS = 'id = "BUS"\nkind = "flat"\nfare_fen = 500'
XFER = """id = "XFER"
kind = "transfer"
pairs = ["bus-bus"]
window_s = 3600
relief_fen = 100
limit = "none"
rail_starts = "exit"
beside_percent = "after"
"""
STEP = """id = "STEP"
kind = "month"
counter = "c"
counts = "paid"
reach = [700]
rates_bp = [10000, 0]
period = "day"
applies = "slice"
free = true
"""


def test_the_cut_is_measured_before_the_transfer_and_a_cap_after_it():
    for last, pays in ((STEP, [500, 100]), ('id = "CAP"\nkind = "cap"\ncounter = "c"\n'
                                            "cap_fen = 700", [500, 200])):  # fmt: skip
        rides = tried(BUS, XFER, last)
        assert [rides.charge("bus", 500, f"2026-03-10 09:{m}") for m in ("00", "20")] == pays


def test_the_rate_below_the_first_step_must_repeat_the_percentage_of_the_card():
    card = 'id = "CARD"\nkind = "percent"\nrate_bp = 9000'
    half = STEP.replace("10000, 0", "{}, 5000").replace("free = true\n", "")
    for below, second in ((9000, 361), (10000, 375)):
        rides = tried(BUS, card, half.format(below))
        assert [rides.charge("bus", 500, f"2026-03-10 1{h}:00") for h in (0, 2)] == [450, second]
    next_ride = half.format(10000).replace('"slice"', '"next_ride"')
    rides = tried(BUS, card, next_ride)
    assert [rides.charge("bus", 500, f"2026-03-10 1{h}:00") for h in (0, 2, 4)] == [450, 450, 250]
    both = 'id = "BOTH"\nkind = "combine"\nhow = "multiply"'
    rides = tried(BUS, card, next_ride.replace("10000", "9000"), both)
    assert rides.charge("bus", 500, "2026-03-10 10:00") == 405, "the card's share twice"


def test_first_paid_is_what_the_leg_before_paid():
    first_paid = XFER.replace("relief_fen = 100", "relief_fen = 400")
    first_paid = first_paid.replace('"none"', '"first_paid"')
    times = [f"2026-03-10 09:{minute}" for minute in ("00", "20", "40")]
    rides = tried(BUS, first_paid + 'chain = "every"')
    assert [rides.charge("bus", 500, clock) for clock in times] == [500, 100, 400]
    rides = tried(BUS, first_paid)
    assert [rides.charge("bus", 500, clock) for clock in times] == [500, 100, 500]


def test_an_account_shares_its_counters_but_no_transfer():
    rides = tried(BUS, XFER, STEP + 'per = "account"')
    assert rides.charge("bus", 500, "2026-03-10 09:00") == 500
    own, shared = parted(rides.state)
    for state, pays in ((own, 400), (FareState(), 200), (own, 100)):
        rides.state = state if pays == 400 else with_account(state, shared)
        assert rides.charge("bus", 500, "2026-03-10 09:20") == pays


WITHOUT_A_NETWORK = [
    ({"mode": "rail", "metres": 8001}, 400),
    ({"mode": "bus"}, 200),
    ({"mode": "taxi", "metres": 4000, "entered_s": at(date(2026, 3, 10), 23)}, 1300),
    ({"mode": "bicycle", "exited_s": at(date(2026, 3, 10), 9) + 3601}, 250),
    ({"mode": "rail", "origin": "station-a", "missing": "exit"}, 500),
]
METRO = """id = "METRO"
kind = "bands"
systems = ["metro"]
edges_m = [4000, 6000]
fares_fen = [200, 300, 400]
"""


@pytest.mark.parametrize(("facts", "fen"), WITHOUT_A_NETWORK)
def test_what_works_without_a_network(facts, fen):
    """The examples make a city without one; a rider of no relief's class pays the base fare."""
    fares = CityFares(no_network("620100"), read_book(EXAMPLES))
    ride = RideFacts(**{"entered_s": at(date(2026, 3, 10), 9)} | facts)
    rider = Rider(medium_kind="card", product="nobody")
    assert pricing_refusal(fares, ride, rider) is None
    quote = price(fares, ride, rider, FareState())
    assert quote.fare_fen == fen


def test_overtime_and_metres_without_a_network():
    start_s = at(date(2026, 3, 10), 9)
    rider = Rider(medium_kind="card", product="ordinary")
    far = RideFacts(mode="rail", metres=9000, entered_s=start_s, exited_s=start_s + 7200)
    for amount, wanted in (("500", 900), ('"highest"', 800)):
        late = f'id = "LONG"\nkind = "overtime"\nlimit_s = 3600\namount = {amount}'
        fares = tried(METRO, late).fares
        assert price(fares, far, rider, FareState()).charge_fen == wanted
    named = RideFacts(mode="rail", origin="a", destination="b", entered_s=start_s)
    assert pricing_refusal(fares, named, rider).code == "FARES_NO_METER"
    rows = 'id = "AB"\nkind = "pairs"\nsystems = ["metro"]\nrows = [["a", "b", 777]]'
    stated = tried(METRO, rows)
    assert pricing_refusal(stated.fares, named, rider) is None
    assert price(stated.fares, named, rider, FareState()).charge_fen == 777
    alone = tried(rows)
    assert pricing_refusal(alone.fares, named, rider) is None
    assert price(alone.fares, named, rider, FareState()).charge_fen == 777


def test_the_new_city_is_clean_and_costs_what_its_description_says():
    found = lint(NEW_CITY.encode(), "new.toml")
    assert found.findings == ()
    book = read_book(NEW_CITY.encode())
    table = rows("fares of the new city")
    assert len(table) == 7
    for system, metres, day, fare in table:
        tariff = book.at(at(date.fromisoformat(day)))
        assert yuan(tariff.base(system).fare(int(metres))) == fare, (system, metres, day)
    assert book.at(at(date(2027, 4, 30))).base("metro") is None


def test_every_code_of_the_linter_is_in_the_table():
    source = ROOT / "src/tongxing/fares/publishing"
    said = {
        code
        for file in source.glob("*.py")
        if file.name not in ("register.py", "effective.py")
        for code in re.findall(r'"((?:TARIFF|OPERATOR)_[A-Z_]+)"', file.read_text("utf-8"))
    }
    told = set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", TEXT))
    assert len(said) > 25 and said <= told
