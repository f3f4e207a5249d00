"""A tariff that is all right, and what can be written wrong in it, for the tests of the linter.

A case changes one thing; `@` in the new text, or in the mark, is where the finding must point. The
rows B86 to B92 are those of the project's list of bad input.
"""

RULE = 'confidence = "illustrative"\nsources = ["none"]\n'
GOOD = f"""# a city for trying things out
city = "620100"
name_zh = "兰州"
name_en = "Lanzhou"

[[rule]]
id = "M-1"
kind = "bands"
from = 2024-01-01
until = 2025-12-31
systems = ["metro"]
edges_m = [4000, 8000]
fares_fen = [200, 300, 400]
{RULE}
[[rule]]
id = "M-2"
kind = "bands"
from = 2026-01-01
systems = ["metro"]
edges_m = [5000, 9000]
fares_fen = [200, 300, 400]
{RULE}
[[rule]]
id = "BUS"
kind = "flat"
from = 2024-01-01
systems = ["bus"]
fare_fen = 100
{RULE}
[[rule]]
id = "AIR"
kind = "pairs"
from = 2024-01-01
systems = ["airport"]
rows = [["a", "b", 500], ["a", "c", 900], ["b", "c", 600]]
{RULE}
[[rule]]
id = "CARD"
kind = "percent"
from = 2024-01-01
systems = ["metro", "bus"]
rate_bp = 9000
{RULE}
[[rule]]
id = "MONTH"
kind = "month"
from = 2024-01-01
systems = ["metro"]
counter = "rail"
counts = "paid"
reach = [5000, 10000]
rates_bp = [10000, 9000, 8000]
{RULE}
[[rule]]
id = "EARLY"
kind = "time"
from = 2024-01-01
systems = ["metro"]
products = ["student", "worker"]
rate_bp = 8000
entry_from = 05:00:00
entry_until = 07:00:00
until_included = false
days = "workday"
{RULE}
[[rule]]
id = "XFER"
kind = "transfer"
from = 2024-01-01
systems = ["metro", "bus"]
products = ["student", "worker"]
pairs = ["bus-bus", "bus-rail"]
window_s = 3600
relief_fen = 100
limit = "first_fare"
rail_starts = "exit"
beside_percent = "instead"
{RULE}
[[rule]]
id = "TURN"
kind = "turn_back"
from = 2024-01-01
systems = ["metro"]
within_s = 1200
{RULE}
[[rule]]
id = "ROUND"
kind = "rounding"
from = 2024-01-01
quantum_fen = 1
how = "half_up"
{RULE}"""


FLAT = '[[rule]]\nid = "X"\nkind = "flat"\nfrom = {day}\nsystems = ["{system}"]\nfare_fen = 1'
CAP = '[[rule]]\nid = "CAP"\nkind = "cap"\nfrom = 2024-01-01\nsystems = ["metro"]\n'
CAP += 'counter = "rail"\nperiod = "day"\ncap_fen = 1000\n'
# row  code               what is written there         what is written instead (@: the finding)
CASES = [
    ("B86", "TARIFF_OVERLAP", "until = 2025-12-31", "until = 2026-03-31", "from = @2026-01-01"),
    ("B86", "TARIFF_GAP", "until = 2025-12-31", "until = 2025-06-30", "from = @2026-01-01"),
    ("B86", "TARIFF_OVERLAP", None, FLAT.format(day="@2030-01-01", system="bus"), None),
    ("B86", "TARIFF_OVERLAP", None,
     '[[rule]]\nid = "X"\nkind = "turn_back"\nfrom = @2025-01-01\n'
     'systems = ["metro"]\nwithin_s = 60',
     None),
    ("B86", "TARIFF_OVERLAP", None,
     f'[[rule]]\nid = "X"\nkind = "half_trip"\nfrom = 2025-01-01\namong = "own_system"\n{RULE}'
     '[[rule]]\nid = "Y"\nkind = "half_trip"\nfrom = @2026-01-01\nsystems = ["metro"]\n'
     'among = "reachable"', None),
    ("B87", "TARIFF_OD_MISSING", ', ["b", "c", 600]]', "]", '@rows = [["a"'),
    ("B87", "TARIFF_ASYMMETRIC", '["b", "c", 600]]', '["b", "c", 600], @["b", "a", 400]]', None),
    ("B87", "TARIFF_NEGATIVE", "fare_fen = 100", "fare_fen = @-100", None),
    ("B87", "TARIFF_NEGATIVE", '"b", 500]', '"b", @-1]', None),
    ("B87", "TARIFF_BANDS", "[5000, 9000]", "[5000, @4000]", None),
    ("B87", "TARIFF_BANDS", "edges_m = [5000, 9000]\nfares_fen = [200, 300, 400]",
     "edges_m = [5000, 9000]\nfares_fen = [200, @150, 400]", None),
    ("B88", "TARIFF_DISCOUNT", "rate_bp = 9000", "rate_bp = @1.2", None),
    ("B88", "TARIFF_DISCOUNT", "rate_bp = 9000", "rate_bp = @12000", None),
    ("B88", "TARIFF_DISCOUNT", "rate_bp = 9000", "rate_bp = @0", None),
    ("B88", "TARIFF_DISCOUNT", "rate_bp = 9000", "rate_bp = @-1000", None),
    ("B88", "TARIFF_DISCOUNT", "rate_bp = 9000", "rate_bp = @-0.1", None),
    ("B88", "TARIFF_DISCOUNT", "rate_bp = 9000", "rate_bp = @0.9", None),
    ("B88", "TARIFF_DISCOUNT", "rate_bp = 9000", 'rate_bp = @"9折"', None),
    ("B88", "TARIFF_DISCOUNT", "9000, 8000]", "@0.9, 8000]", None),
    ("B88", "TARIFF_DISCOUNT", "9000, 8000]", "9000, @0]", None),
    ("B89", "TARIFF_STEPS", "reach = [5000, 10000]", "reach = [10000, @5000]", None),
    ("B92", "TARIFF_ROUNDING", "quantum_fen = 1", 'quantum_fen = 1\nmedia = ["card"]', '@[[rule]]'),
    ("B92", "TARIFF_ROUNDING", "quantum_fen = 1", 'quantum_fen = 1\nsystems = ["metro", "airport"]',
     None),
    ("", "TARIFF_TOML", "fare_fen = 100", "fare_fen = @", None),
    ("", "TARIFF_TOML", "fare_fen = 100", "fare_fen = 100\nfare_fen = 2@", None),
    ("", "TARIFF_KEY", "fare_fen = 100", "fare_fen = 100\n@prodcts = []", None),
    ("", "TARIFF_KEY", 'name_en = "Lanzhou"', 'name_en = "Lanzhou"\n@nmae = "x"', None),
    ("", "TARIFF_KEY_MISSING", "fare_fen = 100\n", "", None),
    ("", "TARIFF_KIND", 'kind = "flat"', 'kind = @"flatt"', None),
    ("", "TARIFF_TYPE", 'systems = ["bus"]', 'systems = @"bus"', None),
    ("", "TARIFF_TYPE", "until_included = false", "until_included = @0", None),
    ("", "TARIFF_TYPE", '"b", 500]', '"b", 500], @["a"]', None),
    ("", "TARIFF_TYPE", 'id = "BUS"', "id = @7", None),
    ("", "TARIFF_TYPE", "window_s = 3600", "window_s = @true", None),
    ("", "TARIFF_TYPE", "entry_from = 05:00:00", 'entry_from = @"05:00"', None),
    ("", "TARIFF_CHOICE", 'days = "workday"', 'days = @"workdays"', None),
    ("", "TARIFF_CHOICE", "quantum_fen = 1", 'quantum_fen = 1\nmedia = ["card", @"coin"]', None),
    ("", "TARIFF_MONEY", "fare_fen = 100", "fare_fen = @1.5", None),
    ("", "TARIFF_MONEY", "fare_fen = 100", 'fare_fen = @"1元"', None),
    ("", "TARIFF_MONEY", '"b", 500]', '"b", @5.0]', None),
    ("", "TARIFF_TOO_MUCH", "fare_fen = 100", "fare_fen = @100001", None),
    ("", "TARIFF_ZERO", "within_s = 1200", "within_s = @0", None),
    ("", "TARIFF_LENGTH", "fares_fen = [200, 300, 400]\n", "fares_fen = @[200, 300]\n", None),
    ("", "TARIFF_LENGTH", "rates_bp = [10000, 9000, 8000]", "rates_bp = @[10000, 9000]", None),
    ("", "TARIFF_LENGTH", 'pairs = ["bus-bus", "bus-rail"]', "pairs = @[]", None),
    ("", "TARIFF_WINDOW", "window_s = 3600", "window_s = 3600\nmin_gap_s = @3601", None),
    ("", "TARIFF_DATES", "until = 2025-12-31", "until = @2023-12-31", None),
    ("", "TARIFF_DATES", "until = 2025-12-31", "until = @2025-12-31T00:00:00", None),
    ("", "TARIFF_DATES", "until = 2025-12-31", 'until = @"2025-12-31"', None),
    ("", "TARIFF_DATES", "from = 2026-01-01", "from = @1926-01-01", None),
    ("", "TARIFF_DATES", "entry_until = 07:00:00", "entry_until = @04:00:00", None),
    ("", "TARIFF_SCOPE", 'systems = ["bus"]', 'systems = [@""]', None),
    ("", "TARIFF_SCOPE", "quantum_fen = 1", "quantum_fen = 1\nmedia = @[]", None),
    ("", "TARIFF_SCOPE", 'sources = ["none"]', "sources = @[]", None),
    ("", "TARIFF_SCOPE", 'name_en = "Lanzhou"', 'name_en = @" "', None),
    ("", "TARIFF_SCOPE", 'systems = ["airport"]\n', "", None),
    ("", "TARIFF_BASE_SCOPE", "fare_fen = 100", 'fare_fen = 100\n@products = ["student"]', None),
    ("", "TARIFF_PAIR_TWICE", '["b", "c", 600]]', '["b", "c", 600], @["a", "b", 400]]', None),
    ("", "TARIFF_PAIR_TWICE", None,
     '[[rule]]\nid = "X"\nkind = "pairs"\nfrom = 2025-01-01\nsystems = ["airport"]\n'
     'rows = [@["c", "a", 1]]', None),
    ("", "TARIFF_SOURCE", 'sources = ["none"]', 'sources = [@"non"]', None),
    ("", "TARIFF_MODE", '"bus-rail"]', '@"bus-rial"]', None),
    ("", "TARIFF_MODE", '"bus-rail"]', '@"bus"]', None),
    ("", "TARIFF_MODE", '"bus-rail"]', '@"bus-metro"]', None),
    ("", "TARIFF_TOML", "entry_until = 07:00:00", "entry_until = @24:00:00", None),
    ("", "TARIFF_TOML", "entry_until = 07:00:00", "entry_until = @7:00", None),
    ("", "TARIFF_DATES", "entry_until = 07:00:00", 'entry_until = @"24:00:00"', None),
    ("", "TARIFF_ZERO", None, CAP.replace("cap_fen = 1000", "cap_fen = @0"), None),
    ("", "TARIFF_OVERLAP", None,
     CAP + RULE + CAP.replace('"CAP"', '"CAP-2"').replace("from = 2024", "from = @2024"), None),
    ("", "TARIFF_ID_TWICE", 'id = "M-2"', 'id = @"M-1"', None),
    ("", "TARIFF_SYSTEM", 'systems = ["metro", "bus"]', 'systems = ["metro", @"buss"]', None),
    ("", "TARIFF_CITY", 'city = "620100"', 'city = @"620199"', None),
    ("", "TARIFF_NO_FARE", GOOD[GOOD.index("[[rule]]"):GOOD.index('[[rule]]\nid = "CARD"')], "",
     None),
]  # fmt: skip
DOUBTS = [
    ("TARIFF_NEVER", "rate_bp = 9000", "rate_bp = @10000"),
    ("TARIFF_NEVER", "fares_fen = [200, 300, 400]\n",
     "fares_fen = [200, 300, @400]\ncap_fen = 300\n"),
    ("TARIFF_NEVER", "fares_fen = [200, 300, 400]\n",
     "fares_fen = [200, 300, 400]\nthen_add_fen = @100\n"),
    ("TARIFF_NEVER", "reach = [5000, 10000]\nrates_bp = [10000,",
     "reach = [0, 10000]\nrates_bp = [@10000,"),
    ("TARIFF_NEVER", "window_s = 3600", "window_s = 3600\nsame_line_min_s = @7200"),
    ("TARIFF_NEVER", None,
     '@[[rule]]\nid = "X"\nkind = "turn_back"\nfrom = 2025-01-01\nsystems = ["metro"]\n'
     'products = ["worker"]\nwithin_s = 60'),
    ("TARIFF_NEVER", None,
     '@[[rule]]\nid = "X"\nkind = "overtime"\nfrom = 2021-01-01\nuntil = 2021-12-31\nlimit_s = 60\n'
     'amount = 100'),
    ("TARIFF_TWICE", '["b", "c", 600]]', '["b", "c", 600], @["a", "b", 500]]'),
    ("TARIFF_TWICE", '"bus-rail"]', '"bus-rail", @"bus-rail"]'),
    ("TARIFF_NOTE", 'sources = ["none"]', 'sources = ["none"]\nnote_zh = @"起始日未查到"'),
    ("TARIFF_NEVER", "rate_bp = 8000\nentry_from", "rate_bp = @9000\nentry_from"),
    ("TARIFF_NEVER", None,
     '[[rule]]\nid = "X"\nkind = "percent"\nfrom = 2025-01-01\nsystems = ["metro"]\n'
     'products = ["worker"]\nrate_bp = @9500'),
    ("TARIFF_NEVER", None,
     '[[rule]]\nid = "X"\nkind = "half_trip"\nfrom = 2025-01-01\nsystems = @["metro"]\n'
     'among = "own_system"'),
    ("TARIFF_SPELLING", "rate_bp = 9000", 'rate_bp = 9000\nproducts = [@"studnet"]'),
    ("TARIFF_ENDS", "fare_fen = 100", "fare_fen = 100\nuntil = @2026-12-31"),
]  # fmt: skip


def changed(before: str | None, after: str, mark: str | None = None) -> tuple[str, int, int]:
    """The file with one change, and the line and column of the mark (0 when there is none)."""
    if before is None:
        text = GOOD + "\n" + after + "\n" + RULE
    else:
        assert before in GOOD
        text = GOOD.replace(before, after, 1)
    if mark is not None:
        assert text.count(mark.replace("@", "")) >= 1
        text = text.replace(mark.replace("@", ""), mark, 1)
    place = text.find("@")
    plain = text.replace("@", "")
    if place < 0:
        return plain, 0, 0
    return plain, text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
