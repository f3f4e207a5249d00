"""docs/algorithms/decision.md says what the code does: order, reasons, worked tables."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from deciding_world import BEIJING_CARD, CARD, DAY, Street, context, validator
from tongxing.deciding import checks, legacy
from tongxing.deciding.checks import CHECKS
from tongxing.deciding.decide import decide
from tongxing.deciding.entering import ENTRY_REASONS
from tongxing.deciding.facts import RULES, Role
from tongxing.deciding.token import MediumToken, OpenEntry
from tongxing.kernel.clock import at
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import all_reasons
from tongxing.network import acceptance, schemes
from tongxing.network.legacy import load_legacy

LEGACY = load_legacy().terms("", "", DAY)
PAGE = Path(__file__).parents[2] / "docs" / "algorithms" / "decision.md"


def rows_under(heading: str) -> Iterator[list[str]]:
    """The cells of the rows of the first table under a heading."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}", 1)[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    for row in rows:
        yield [cell.strip() for cell in row.strip("|").split("|")]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([A-Z0-9_]+)`", cell)


def test_the_page_lists_every_check_in_its_order_with_its_reasons() -> None:
    written = [(name.strip("`"), codes(reasons)) for _, name, _, reasons in rows_under("1.")]
    built = [(check.name, list(check.reasons)) for check in CHECKS]
    assert written == [
        *built,
        ("purse", ["INSUFFICIENT_BALANCE"]),
        ("journal", ["JOURNAL_FULL", "JOURNAL_CORRUPT", "JOURNAL_UNAVAILABLE"]),
    ]


def test_every_reason_a_check_can_give_is_declared_and_spoken() -> None:
    """FARES_ reasons come from pricing; a mistake in the gate's set-up has no voice of its own."""
    modules = (checks, legacy)
    source = "".join(Path(one.__file__).read_text(encoding="utf-8") for one in modules)
    given = set(re.findall(r'Refusal\("([A-Z0-9_]+)"', source)) | ENTRY_REASONS
    declared = {code for check in CHECKS for code in check.reasons}
    assert given == {code for code in declared if not code.startswith("FARES_")}
    for code in declared | {"INSUFFICIENT_BALANCE", "OPEN", "HALF_TRIP_COLLECTED"}:
        reason = all_reasons()[code]
        assert reason.zh and reason.en and reason.next_zh and reason.next_en
        if not code.startswith("FARES_"):
            assert reason.voice_zh and reason.voice_en, code


def test_the_registrys_reasons_are_named_in_one_place() -> None:
    """Whoever repeats a decision must know a refusal of acceptance for one."""
    source = "".join(
        Path(one.__file__).read_text(encoding="utf-8") for one in (acceptance, schemes)
    )
    given = source.split("REASONS = frozenset(")[0] + source.split('accepted somewhere."""')[1]
    found = set(
        re.findall(r'"((?:SCHEME|MODE|PLACE|ISSUER|LOCAL|METRO|LINE|VISITOR)_[A-Z_]+)"', given)
    )
    assert found == acceptance.REASONS


OPEN_RIDES: dict[str, OpenEntry | None] = {
    "none": None,
    "of this city, this day": OpenEntry(
        "500000", "xiaoshizi", "rail-1", "rail", "500000", at(DAY, 4), "t"
    ),
    "of this city, another day, up to 4 h old": OpenEntry(
        "500000", "xiaoshizi", "rail-1", "rail", "500000", at(DAY, 2, 30), "t"
    ),
    "of this city, another day, older": OpenEntry(
        "500000", "xiaoshizi", "rail-1", "rail", "500000", at(DAY, 2), "t"
    ),
    "of this city, other mode or other vehicle": OpenEntry(
        "500000", "jiaochangkou-stop", "bus-181", "bus", "500000", at(DAY, 4), "t", "B1"
    ),
    "of another city": OpenEntry("110000", "xidan", "rail-1", "rail", "110000", at(DAY, 4), "t"),
    "unreadable (unknown line or station, from the future)": OpenEntry(
        "500000", "atlantis", "rail-1", "rail", "500000", at(DAY, 4), "t"
    ),
}
COLUMNS: list[tuple[Role, str]] = [
    ("entry", "cq:rail-1:shapingba"),
    ("exit", "cq:rail-1:shapingba"),
    ("ride", "cq:bus-181:jiaochangkou-stop:B2"),
]


def what_happens(entry: OpenEntry | None, role: Role, where: str) -> str:
    """A cell of the second table, from a purse with that open ride tapped at 06:20."""
    token = replace(CARD, open_entry=entry)
    facts = validator(role, where)
    decision = decide(token, facts, context(facts, at(DAY, 6, 20)))
    if not decision.opened:
        return f"`{decision.reason}`"
    after = decision.token_after.open_entry
    if role == "exit":
        return "ends it" if after is None and decision.charge_fen else "?"
    if decision.half_trip_fen:
        return "collects it, opens"
    return "opens, leaves it as it is" if entry is not None and after is entry else "opens"


def test_the_page_says_which_side_of_a_ride_can_come_now() -> None:
    written = [
        (state, [re.sub(r" \(a night bus\)", "", cell) for cell in cells])
        for state, *cells in rows_under("2.")
    ]
    assert written == [
        (state, [what_happens(entry, role, where) for role, where in COLUMNS])
        for state, entry in OPEN_RIDES.items()
    ]


def test_the_worked_purse_is_what_the_gate_takes() -> None:
    street = Street({"card": CARD})
    places: dict[str, tuple[Role, str]] = {
        "entry xiaoshizi": ("entry", "cq:rail-1:xiaoshizi"),
        "entry shapingba": ("entry", "cq:rail-1:shapingba"),
        "ride bus-181": ("ride", "cq:bus-181:jiaochangkou-stop:B1"),
    }
    for when, tap, *written in rows_under("3."):
        role, where = places[tap]
        decision = street.tap("card", role, where, at(DAY, int(when[:2])))
        token = street.media["card"]
        assert written == [
            yuan(decision.charge_fen),
            yuan(decision.half_trip_fen),
            yuan(token.balance_fen),
            str(token.counter),
        ]


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("more than 90 s ahead", RULES.clock_skew_s),
        ("For 30 seconds", RULES.double_tap_s),
        ("(3 seconds where", RULES.ride_double_tap_s),
        ("up to 4 h old", RULES.overnight_s // 3600),
        ("between 0 and 1,000 yuan", RULES.balance_max_fen // 100),
        ("cannot claim more than 200.00 yuan", LEGACY.balance_max_fen // 100),
        ("no ride may take more than 20.00 yuan", LEGACY.charge_max_fen // 100),
    ],
)
def test_the_numbers_on_the_page_are_the_rules(words: str, number: int) -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert words in text
    assert f"{number:,}" in words


def test_a_free_tap_leaves_the_counter_alone() -> None:
    """The page says so; the free transfer of section 3 of test_decide is one, this is another."""
    elder: MediumToken = replace(CARD, product="elder", counter=5)
    street = Street({"card": elder, "beijing": BEIJING_CARD})
    street.tap("card", "ride", "cq:bus-181:jiaochangkou-stop:B1", at(DAY, 8))
    assert (street.media["card"].counter, street.media["card"].balance_fen) == (5, 50_00)
