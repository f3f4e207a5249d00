"""`fares lint`: each mistake is found, by its code, at the very place where it was written."""

import json
from dataclasses import replace
from importlib.resources import files

import pytest
from tariff_mistakes import CAP, CASES, DOUBTS, FLAT, GOOD, RULE, changed

from tongxing.fares.publishing import lint
from tongxing.hub.rulebook import load_rulebook, parse_rulebook
from tongxing.kernel.reasons import Problem
from tongxing.network.transport import load_network


def test_a_good_tariff_has_nothing_to_say_about():
    found = lint(GOOD.encode(), "good.toml")
    assert found.findings == () and found.book is not None
    assert found.book.city == "620100" and len(found.book.rules) == 10


@pytest.mark.req("R-400")
@pytest.mark.parametrize(
    ("row", "code", "before", "after", "mark"),
    CASES,
    ids=[f"{c[0]}-{c[1]}-{n}" for n, c in enumerate(CASES)],
)
def test_a_mistake_is_found_where_it_stands(row, code, before, after, mark):
    text, line, column = changed(before, after, mark)
    found = lint(text.encode(), "t.toml")
    assert found.book is None
    assert code in {one.code for one in found.errors}, [one.code for one in found.findings]
    if line:
        spots = {(one.spot.line, one.spot.column) for one in found.errors if one.code == code}
        assert (line, column) in spots
    one = next(one for one in found.errors if one.code == code)
    assert one.refusal.where == f"t.toml:{one.spot.line}:{one.spot.column}"
    for language in ("zh", "en"):
        said = one.refusal.message(language) + one.refusal.next_step(language)
        assert "{" not in said and "None" not in said, said


@pytest.mark.parametrize(("code", "before", "after"), DOUBTS)
def test_a_doubt_is_a_warning_and_stops_nothing(code, before, after):
    text, line, column = changed(before, after)
    found = lint(text.encode(), "t.toml")
    assert not found.errors, [one.refusal.message("en") for one in found.errors]
    assert [(one.code, one.spot.line, one.spot.column) for one in found.warnings] == [
        (code, line, column)
    ]
    assert found.book is not None
    assert "{" not in "".join(found.warnings[0].refusal.message(lang) for lang in ("zh", "en"))


# what is written        what the next step says
REMEDIES = [
    ("rate_bp = 9000", "rate_bp = 0.9", "rate_bp = 9000"),
    ("rate_bp = 9000", "rate_bp = 0.855", "rate_bp = 8550"),
    ("rate_bp = 9000", 'rate_bp = "90%"', "rate_bp = 9000"),
    ("rate_bp = 9000", 'rate_bp = "8.5折"', "rate_bp = 8500"),
    ("fare_fen = 100", "fare_fen = 2.5", "fare_fen = 250"),
    ("fare_fen = 100", 'fare_fen = "2元"', "fare_fen = 200"),
    ("fare_fen = 100", "fare_fen = 100\nproduct = []", "products"),
    ('kind = "flat"', 'kind = "flats"', "flat"),
    ("until = 2025-12-31", "until = 2025-12-31T08:00:00", "until = 2025-12-31"),
    ('days = "workday"', 'days = "work day"', "workday"),
    ('systems = ["metro", "bus"]', 'systems = ["metr", "bus"]', "metro"),
    ('"bus-rail"]', '"bus-metro"]', "bus-rail"),
    ('"bus-rail"]', '"bus-metro"]', "bicycle, cableway, escalator, lift"),
    ('"bus-rail"]', '"地铁-bus"]', "rail-bus"),
    ('"bus-rail"]', '"bus-raill"]', "bus-rail"),
    ('"bus-rail"]', '"bus-zzz"]', "bicycle"),
    ('"bus-rail"]', '"bus-ordinary-rail"]', "bicycle"),
    ("entry_until = 07:00:00", 'entry_until = "24:00:00"', "23:59:59"),
    ("entry_until = 07:00:00", 'entry_until = "24:00:00"', "until_included = true"),
]


@pytest.mark.parametrize(("before", "after", "remedy"), REMEDIES)
def test_the_next_step_says_what_to_write(before, after, remedy):
    found = lint(GOOD.replace(before, after, 1).encode(), "t.toml")
    for language in ("zh", "en"):
        assert any(remedy in one.refusal.next_step(language) for one in found.errors)


def test_everything_wrong_is_said_at_once_in_the_order_of_the_file():
    text = GOOD.replace("fare_fen = 100", "fare_fen = -1").replace(
        "rate_bp = 9000", "rate_bp = 0.9"
    )
    text = text.replace('days = "workday"', 'days = "never"').replace('id = "M-2"', 'id = "M-1"')
    codes = [one.code for one in lint(text.encode(), "t.toml").errors]
    assert codes == ["TARIFF_ID_TWICE", "TARIFF_NEGATIVE", "TARIFF_DISCOUNT", "TARIFF_CHOICE"]


WORST = """
[[rule]]
id = ""
kind = "month"
from = 1926-01-01
until = 1925-01-01
colour = "red"
systems = ["metro", " "]
counter = 7
counts = "paid"
reach = [9000, 5000]
rates_bp = [0.9, 12000, 0]
applies = "slices"
confidence = "sure"
sources = ["nobody"]
note_zh = "注"

[[rule]]
id = "X"
kind = "monthly"
from = 2024-01-01
media = ["coin"]
sources = []

[[rule]]
id = "Y"
kind = "transfer"
from = 2024-01-01
systems = ["metro"]
pairs = ["bus-metro"]
min_gap_s = 99
relief_fen = 0
limit = "first"
rail_starts = "exit"
beside_percent = "instead"
"""


def test_a_rule_with_an_unknown_key_is_looked_at_to_its_end():
    found = lint((GOOD + WORST + RULE).encode(), "t.toml").errors
    said = {(one.code, one.path.rpartition("].")[2]) for one in found}
    month = {("TARIFF_SCOPE", "id"), ("TARIFF_DATES", "from"), ("TARIFF_DATES", "until")}
    month |= {("TARIFF_KEY", "colour"), ("TARIFF_SCOPE", "systems[1]"), ("TARIFF_TYPE", "counter")}
    month |= {("TARIFF_STEPS", "reach[1]"), ("TARIFF_DISCOUNT", "rates_bp[0]")}
    month |= {("TARIFF_DISCOUNT", "rates_bp[1]"), ("TARIFF_CHOICE", "applies")}
    month |= {("TARIFF_CHOICE", "confidence"), ("TARIFF_SOURCE", "sources[0]")}
    unknown = {("TARIFF_KIND", "kind"), ("TARIFF_CHOICE", "media[0]"), ("TARIFF_SCOPE", "sources")}
    transfer = {("TARIFF_MODE", "pairs[0]"), ("TARIFF_ZERO", "relief_fen")}
    transfer |= {("TARIFF_CHOICE", "limit")}
    assert month | unknown | transfer <= said, (month | unknown | transfer) - said
    missing = {one.refusal.values["missing"] for one in found if one.code == "TARIFF_KEY_MISSING"}
    assert missing == {"window_s", "confidence"}


def test_one_rule_that_cannot_be_read_hides_no_mistake_between_the_others():
    text = GOOD.replace('kind = "turn_back"', 'kind = "turn"').replace('id = "M-2"', 'id = "M-1"')
    text = text.replace("until = 2025-12-31", "until = 2026-01-31")
    codes = [one.code for one in lint(text.encode(), "t.toml").errors]
    assert codes == ["TARIFF_ID_TWICE", "TARIFF_OVERLAP", "TARIFF_KIND"]


@pytest.mark.parametrize("written", ["24:00:00", "24:00"])
def test_the_end_of_the_day_is_a_second_before_midnight(written):
    text = GOOD.replace("entry_until = 07:00:00", f"entry_until = {written}")
    (one,) = lint(text.encode(), "t.toml").errors
    for language in ("zh", "en"):
        said = one.refusal.message(language)
        assert "23:59:59" in said and "until_included = true" in said
    right = "entry_until = 23:59:59\nuntil_included = true"
    mended = GOOD.replace("entry_until = 07:00:00\nuntil_included = false", right)
    assert lint(mended.encode(), "t.toml").findings == ()


def test_a_clock_in_a_text_or_a_remark_is_not_what_is_wrong():
    text = GOOD.replace('id = "EARLY"', 'id = "at 24:00" # = 24:00')
    text = text.replace("fare_fen = 100", "fare_fen = = # but 50 from 6:00, 24:00 at most")
    (one,) = lint(text.encode(), "t.toml").errors
    assert one.code == "TARIFF_TOML" and "23:59:59" not in one.refusal.message("en")


@pytest.mark.parametrize("written", ["05:00:00 x", "05:00:00x", "[5:00, 05:00:00 x]"])
def test_a_right_clock_is_not_blamed_for_what_stands_behind_it(written):
    text = GOOD.replace("entry_from = 05:00:00", f"entry_from = {written}")
    (one,) = lint(text.encode(), "t.toml").errors
    is_clock = "two digits each" in one.refusal.message("en")
    assert is_clock == ("5:00," in written)


def test_a_day_and_a_month_may_each_have_their_cap():
    month = CAP.replace('"CAP"', '"CAP-M"').replace('"day"', '"month"')
    assert lint((GOOD + CAP + RULE + month + RULE).encode(), "t.toml").findings == ()


def test_a_price_in_cash_is_rounded_as_somebody_says():
    cash = GOOD.replace("rate_bp = 9000", 'rate_bp = 9000\nmedia = ["card", "code", "cash"]')
    assert lint(cash.encode(), "t.toml").findings == (), "rounding holds for cash by itself"
    narrow = cash.replace("quantum_fen = 1", 'quantum_fen = 1\nmedia = ["card", "code"]')
    found = lint(narrow.encode(), "t.toml").errors
    assert {one.code for one in found} == {"TARIFF_ROUNDING"}
    assert "cash" in found[0].refusal.message("en") and "现金" in found[0].refusal.message("zh")
    cards_only = GOOD.replace("quantum_fen = 1", 'quantum_fen = 1\nmedia = ["card", "code"]')
    assert lint(cards_only.encode(), "t.toml").findings == ()


def test_one_wrong_price_tears_no_hole_into_the_calendar():
    found = lint(GOOD.replace("[5000, 9000]", "[9000, 5000]").encode(), "t.toml")
    assert [one.code for one in found.errors] == ["TARIFF_BANDS"]


def test_a_fare_for_all_systems_fills_the_hole_of_one():
    hole = GOOD.replace("until = 2025-12-31", "until = 2025-06-30")
    everywhere = FLAT.format(day="2024-01-01", system="x").replace('systems = ["x"]\n', "")
    assert lint(f"{hole}\n{everywhere}\n{RULE}".encode(), "t.toml").findings == ()


def test_days_on_which_nothing_at_all_has_a_fare_are_a_hole_too():
    bus = GOOD[GOOD.index('[[rule]]\nid = "BUS"') : GOOD.index('[[rule]]\nid = "AIR"')]
    ended = bus.replace("from = 2024-01-01", "from = 2021-01-01\nuntil = 2021-12-31")
    text = GOOD.replace(bus, ended.replace('"bus"', '"tram"'))
    text = text.replace('["metro", "bus"]', '["metro"]').replace(
        "from = 2024-01-01\nquantum", "from = 2021-01-01\nquantum"
    )
    (one,) = lint(text.encode(), "t.toml").errors
    assert one.code == "TARIFF_GAP" and "2022-01-01 to 2023-12-31" in one.refusal.message("en")


def test_both_directions_may_differ_where_the_tariff_says_so():
    rows = '[["a", "b", 500], ["b", "a", 400], ["a", "c", 1], ["c", "a", 2], ["b", "c", 3], '
    text = GOOD.replace('[["a", "b", 500], ["a", "c", 900], ["b", "c", 600]]',
                        rows + '["c", "b", 4]]\none_way = true')  # fmt: skip
    assert lint(text.encode(), "t.toml").findings == ()
    less = text.replace(', ["c", "b", 4]]', "]")
    (one,) = lint(less.encode(), "t.toml").errors
    assert one.code == "TARIFF_OD_MISSING" and "c → b" in one.refusal.message("en")


def test_a_price_list_behind_the_pairs_fills_what_they_leave_out():
    text = GOOD.replace(', ["b", "c", 600]]', "]") + "\n" + FLAT.format(
        day="2024-01-01", system="airport") + "\n" + RULE  # fmt: skip
    assert lint(text.encode(), "t.toml").findings == ()


def test_where_percentages_multiply_none_is_undercut():
    dear = '[[rule]]\nid = "X"\nkind = "percent"\nfrom = 2025-01-01\nsystems = ["metro"]\n'
    dear += f'products = ["worker"]\nrate_bp = 9500\n{RULE}'
    how = f'[[rule]]\nid = "Y"\nkind = "combine"\nfrom = 2024-01-01\nhow = "multiply"\n{RULE}'
    assert [one.code for one in lint((GOOD + dear).encode(), "t").findings] == ["TARIFF_NEVER"]
    assert lint((GOOD + dear + how).encode(), "t").findings == ()


def test_only_a_named_class_of_holders_travels_free():
    free = "rate_bp = 0\nholder = true"
    found = lint(GOOD.replace("rate_bp = 9000", free, 1).encode(), "t.toml")
    assert [one.code for one in found.errors] == ["TARIFF_DISCOUNT"]
    named = GOOD.replace("rate_bp = 9000", free + '\nproducts = ["elder"]', 1)
    assert lint(named.encode(), "t.toml").findings == ()
    step = GOOD.replace("9000, 8000]", "9000, 0]\nfree = true")
    assert lint(step.encode(), "t.toml").findings == ()


# --- against a city's own network -----------------------------------------------------------------

CITY = f"""city = "500000"
name_zh = "重庆"
name_en = "Chongqing"
[[rule]]
id = "ALL"
kind = "flat"
from = 2024-01-01
fare_fen = 200
{RULE}
[[rule]]
id = "ROUND"
kind = "rounding"
from = 2024-01-01
quantum_fen = 1
{RULE}"""
PAIRS = (
    '[[rule]]\nid = "P"\nkind = "pairs"\nfrom = 2024-01-01\nsystems = ["{system}"]\nrows = {rows}\n'
)
EARLY = """[[rule]]
id = "E"
kind = "time"
from = 2024-01-01
systems = ["urban"]
rate_bp = 5000
entry_from = 05:00:00
entry_until = 07:00:00
until_included = true
days = "every"
stations = ["shapingba", "shapinba"]
"""
GROUND = [
    ("TARIFF_SYSTEM", EARLY.replace('"urban"', '"urbn"'), "urban"),
    ("TARIFF_STATION", EARLY, "shapingba"),
    ("TARIFF_STATION", PAIRS.format(system="urban", rows='[["shapingba", "nowhere", 200]]'), ""),
]


@pytest.mark.parametrize(("code", "more", "remedy"), GROUND)
def test_names_are_held_against_the_citys_network(code, more, remedy):
    found = lint((CITY + more + RULE).encode(), "t.toml")
    assert [one.code for one in found.errors] == [code]
    assert remedy in found.errors[0].refusal.next_step("en")


def test_a_fare_system_that_runs_needs_a_fare():
    text = CITY.replace("fare_fen = 200", 'fare_fen = 200\nsystems = ["urban"]')
    found = lint(text.encode(), "t.toml")
    unpriced = [one.refusal.values["system"] for one in found.errors]
    assert {one.code for one in found.errors} == {"TARIFF_UNPRICED"}
    assert set(unpriced) == set(load_network("500000").fare_systems) - {"urban"}


def test_a_mode_without_lines_is_its_own_fare_system():
    taxi = CITY + FLAT.format(day="2024-01-01", system="taxi") + "\n" + RULE
    assert lint(taxi.encode(), "t.toml").findings == ()


def test_pairs_that_claim_a_whole_system_name_every_pair_of_its_stations():
    """B87: without a price list behind them, 2 of the stations are not enough."""
    network = load_network("500000")
    others = [name for name in network.fare_systems if name != "jiangtiao"]
    text = CITY.replace("fare_fen = 200", f"fare_fen = 200\nsystems = {json.dumps(others)}")
    lines = network.lines.values()
    (stops,) = [line.stations for line in lines if line.fare_system == "jiangtiao"]
    some = PAIRS.format(system="jiangtiao", rows=f'[["{stops[0]}", "{stops[1]}", 200]]')
    (one,) = lint((text + some + RULE).encode(), "t.toml").errors
    count = len(stops) * (len(stops) - 1) - 2
    assert (one.code, one.refusal.values["count"]) == ("TARIFF_OD_MISSING", count)
    every = [[a, b, 200] for i, a in enumerate(stops) for b in stops[i + 1 :]]
    whole = PAIRS.format(system="jiangtiao", rows=json.dumps(every))
    assert lint((text + whole + RULE).encode(), "t.toml").errors == ()


def test_a_fare_without_an_owner_is_refused():
    """B91: the operator of every line that a fare is taken for is known."""
    network = load_network("500000")
    lost = sorted(network.operators)[0]
    others = {name: one for name, one in network.operators.items() if name != lost}
    found = lint(CITY.encode(), "t.toml", lambda _city: replace(network, operators=others))
    assert {one.code for one in found.errors} == {"OPERATOR_UNKNOWN"}
    assert {one.refusal.values["operator"] for one in found.errors} == {lost}
    assert lint(CITY.encode(), "t.toml").findings == ()


def test_the_shares_of_the_clearing_fee_make_up_the_whole_of_it():
    """B91: shares are no part of a tariff; those of the hub's fee stand in its rulebook."""
    good = files("tongxing.hub.data").joinpath("rulebook.toml").read_bytes()
    assert parse_rulebook(good) == load_rulebook()
    with pytest.raises(Problem) as problem:
        parse_rulebook(good.replace(b"share_hub = 20", b"share_hub = 21"))
    assert problem.value.refusal.code == "SHARE_SUM" and problem.value.exit_code == 3
    assert "101" in problem.value.refusal.message("zh")
