"""The page on disputes says what the data say, and its worked tables are walked."""

import re
from pathlib import Path

import pytest
from test_case_ladder import ABOUT, ACQ, ISS, LADDER, said, totals, walked
from test_pages import PAGES, _reasons_of, cells

from tongxing.hub.cases.ladder import About
from tongxing.hub.cases.money import pool, shares_of
from tongxing.hub.cases.rules import Opening, Step
from tongxing.hub.cases.weighing import weighed
from tongxing.hub.cases.words import weight_name
from tongxing.messages import Share

PAGE = (PAGES / "disputes.md").read_text(encoding="utf-8")
ROWS = cells(PAGE)


def table(heading: str) -> list[list[str]]:
    """The rows under the table head that begins with this cell."""
    start = next(n for n, row in enumerate(ROWS) if row[0] == heading)
    width = len(ROWS[start])
    found = []
    for row in ROWS[start + 2 :]:
        if len(row) != width or set(row[0]) == {"-"}:
            break
        found.append(row)
    heads = [n for n, row in enumerate(ROWS) if n > start and set("".join(row)) <= {"-"}]
    end = min((n - 1 for n in heads if n > start + 1), default=len(ROWS))
    return found[: end - start - 2]


def asks(item: Opening | Step) -> str:
    most = getattr(item, "amount_max_fen", 0)
    parts = []
    if item.says_amount:
        parts.append(f"amount up to {most}" if most else "amount")
    parts += ["evidence"] if item.evidence else []
    parts += ["reason"] if item.says_reason else []
    text = ", ".join(parts)
    text += "; once" if item.once else ""
    codes, reasons = getattr(item, "codes", ()), getattr(item, "reasons", ())
    text = ("–" + text) if text.startswith(";") else text
    text += f"; one of {' '.join(reasons)}" if reasons else ""
    return (text + (f"; verdict {' '.join(codes)}" if codes else "")) or "–"


def days(count: int, are_bank_days: bool = False) -> str:
    return f"{count} bank days" if are_bank_days else f"{count} d"


def test_openings_stages_steps_and_endings_are_the_data() -> None:
    assert table("act") == [
        [f"`{item.act}`", " or ".join(item.by), days(item.within_days), asks(item), item.to]
        for item in LADDER.opening
    ]
    assert table("stage") == [
        [item.name, item.turn, days(item.days, item.bank_days), item.silence]
        for item in LADDER.stage
    ]
    assert table("at") == [
        [", ".join(item.stages), f"`{item.act}`", item.by, asks(item), item.to]
        for item in LADDER.step
    ]
    assert table("ending") == [
        [item.name, *(text or "–" for text in (item.escrow, item.money, item.fee, item.borne_by))]
        for item in LADDER.ending
    ]
    assert table("fact") == [
        [f"{item.fact}: {item.means}", item.side, str(item.points)] for item in LADDER.weight
    ]
    bound = f"{LADDER.two_persons_above_fen // 100}.00 yuan"
    for words in (
        f"`error` is {LADDER.error_fee_fen} fen, `arbitration` {LADDER.arbitration_fee_fen}",
        f"once and for {LADDER.freeze_days} days at most",
        f"a ruling on more than {bound}".capitalize(),
    ):
        assert words.lower() in PAGE.lower()


@pytest.mark.parametrize("row", table("walk"), ids=lambda row: row[0])
def test_the_worked_walks(row: list[str]) -> None:
    steps = []
    for step in row[0].split(", "):
        side, act, *fen = step.replace("`", "").split()
        steps.append(f"{side}:{act}" + (f"={fen[0]}" if fen else ""))
    moves = walked(*steps)
    found = totals(moves)
    amounts = [int(cell.replace("−", "-")) for cell in row[2:]]
    assert moves[-1].case.stage == row[1]
    assert [found.get(ISS, 0), found.get(ACQ, 0), found.get("inc_fee", 0)] == amounts


def test_the_parts_of_the_operators() -> None:
    whole = (Share("OP1", 3), Share("OP2", 2))
    assert shares_of(400, whole) == (Share("OP1", 240), Share("OP2", 160))
    assert "OP1 240, OP2 160 of 400" in PAGE


@pytest.mark.parametrize("row", table("the record"), ids=lambda row: row[0])
def test_the_worked_small_claims(row: list[str]) -> None:
    how, *rest = row[0].split(", ")
    codes = tuple(code for code in rest if code.isdigit()) or ("0000",)
    values = {"codes": codes, "how": how, "is_signed": "signed" in rest}
    about = About(**{name: getattr(ABOUT, name) for name in About.__slots__} | values)
    found = weighed(said("claim_small", 180), about, LADDER)
    assert f"{found.issuer_points} : {found.acquirer_points}" == row[2]
    assert found.ending == row[3]
    case = walked("issuer:claim_small=180", about=about)[-1].case
    back = {money.debtor: money.amount_fen for money in pool(
        case, found.issuer_points, found.acquirer_points, 0
    )[1:]} if found.ending == "granted" else {}  # fmt: skip
    assert [back.get(ACQ, 0), back.get(ISS, 0)] == [int(cell) for cell in row[4:]]


def test_every_fact_that_is_weighed_has_its_words() -> None:
    for weight in LADDER.weight:
        assert weight_name(weight.fact, "en") == weight.means
        assert weight_name(weight.fact, "zh") != weight.means


def test_every_reason_of_disputes_is_told() -> None:
    told = set(re.findall(r"`(CASE_[A-Z_]+)`", PAGE))
    assert told == set(re.findall(r"^\[(CASE_[A-Z_]+)\]$", _reasons_of("cases"), re.MULTILINE))


def test_the_page_names_the_files_it_speaks_of() -> None:
    root = Path(__file__).resolve().parents[2]
    for name in ("hub/data/case_terms.toml", "hub/cases/ladder.py", "hub/cases/working.py"):
        assert (root / "src" / "tongxing" / name).is_file()
