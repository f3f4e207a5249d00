"""The pages on admission and netting say what the code does."""

import re
from pathlib import Path

from tongxing.hub.checks import AFTER_DUPLICATES
from tongxing.hub.liability import liability_tables
from tongxing.hub.life import LIFE, RecordState
from tongxing.hub.verdicts import code_table
from tongxing.hub.windows import TRANSITIONS, WindowEvent, WindowState
from tongxing.kernel.reasons import all_reasons

PAGES = Path(__file__).resolve().parents[2] / "docs" / "algorithms"
ADMISSION = (PAGES / "admission.md").read_text(encoding="utf-8")
NETTING = (PAGES / "netting.md").read_text(encoding="utf-8")


def cells(page: str) -> list[list[str]]:
    """The cells of every table row of a page."""
    rows = [line for line in page.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_the_table_of_codes_is_the_data() -> None:
    shown = [row for row in cells(ADMISSION) if re.fullmatch(r"[0-9]{4}", row[0])]
    assert shown == [
        [item.code, item.en, item.severity, item.bearer, item.again or "–"]
        for item in code_table().values()
    ]


def test_the_checks_are_told_in_their_order() -> None:
    shown = [row[0] for row in cells(ADMISSION)]
    checks = [f"`{check.__name__}`" for check in AFTER_DUPLICATES]
    assert [name for name in shown if name in checks] == checks


def test_the_table_of_liability_is_the_data() -> None:
    table = liability_tables()[-1]
    rules = {rule.name: rule for rule in (*table.deny.case, *table.city.case)}
    shown = {row[0].strip("`"): row[1:] for row in cells(ADMISSION) if row[0].strip("`") in rules}
    assert list(shown) == list(rules)
    for name, (_, code, bearer) in shown.items():
        assert (code, bearer) == (rules[name].code or "–", rules[name].bearer)
    assert f"less than {table.deny.propagation_hours} hours" in ADMISSION
    assert f"less than {table.city.remove_days} days" in ADMISSION


def test_the_life_of_a_record_is_the_table() -> None:
    states = {state.value for state in RecordState}
    shown = [row for row in cells(ADMISSION) if len(row) == 4 and {row[0], row[2]} <= states]
    assert shown == [
        [state.value, event.value, arrow.after.value, arrow.money or "–"]
        for (state, event), arrow in LIFE.items()
    ]


def test_every_reason_on_the_pages_is_on_the_list() -> None:
    named = set(re.findall(r"`([A-Z][A-Z_]+[A-Z])`", ADMISSION + NETTING))
    assert named and named <= set(all_reasons())
    ours = {code for code in all_reasons() if code.startswith(("FILE_", "PAYMENT_"))}
    hub_only = {code for code in ours if code in _reasons_of("hub")}
    assert hub_only <= named


def _reasons_of(area: str) -> str:
    folder = Path(__file__).resolve().parents[2] / "src" / "tongxing" / "kernel" / "reasons"
    return (folder / f"{area}.toml").read_text(encoding="utf-8")


def test_the_steps_of_a_window_are_the_table() -> None:
    rows = {row[0]: row[1:] for row in cells(NETTING) if row[0] in list(WindowState)}
    assert set(rows) == set(WindowState)
    for state, outcomes in rows.items():
        for event, shown in zip(WindowEvent, outcomes, strict=True):
            after = TRANSITIONS.get((WindowState(state), event))
            assert shown == ("–" if after is None else after.value)
