"""Which money is left in an account: the table of the document, and one subtraction."""

from pathlib import Path

import pytest

from tongxing.city.money.balances import available
from tongxing.city.money.sources import left_of, shares
from tongxing.city.money.store.refunds import MoneyIn

# What was paid in (when, fen; "" has no way back), paid out at a counter, what is left, of it held
# or frozen, and then what may go back of each payment and what has no way back. As in the document.
FIFO = [
    ([("A", 1, 100), ("B", 2, 100)], 0, 200, 0, {"A": 100, "B": 100}, 0),
    ([("A", 1, 100), ("B", 2, 100)], 0, 150, 0, {"A": 50, "B": 100}, 0),
    ([("A", 1, 100), ("B", 2, 100)], 0, 80, 0, {"B": 80}, 0),
    ([("A", 1, 100), ("", 2, 50)], 0, 120, 0, {"A": 70}, 50),
    ([("A", 1, 100), ("", 2, 50)], 0, 120, 30, {"A": 70}, 20),
    ([("A", 1, 100), ("", 2, 50)], 0, 120, 80, {"A": 40}, 0),
    ([("A", 1, 100), ("", 2, 50)], 50, 100, 0, {"A": 100}, 0),
    ([("", 1, 50), ("A", 2, 100)], 0, 120, 0, {"A": 100}, 20),
    ([("A", 1, 100)], 0, -30, 0, {}, 0),
    ([("A", -9, 100), ("B", 2, 100)], 0, 200, 0, {"B": 100}, 100),
]


@pytest.mark.parametrize(("came", "out", "posted", "kept", "back", "without"), FIFO)
def test_first_in_first_out(
    came: list[tuple[str, int, int]],
    out: int,
    posted: int,
    kept: int,
    back: dict[str, int],
    without: int,
) -> None:
    money = [MoneyIn(order, "pay" if order else "", at_s, fen) for order, at_s, fen in came]
    left = left_of(money, out, posted, kept, from_s=0)
    assert {one.order_id: one.fen for one in left.with_way} == back
    assert left.without_fen == without
    assert sum(one.fen for one in shares(left, left.with_way_fen)) == sum(back.values())
    with pytest.raises(ValueError, match="more than is left"):
        shares(left, left.with_way_fen + 1)


def test_the_document_shows_the_same_table() -> None:
    text = (Path(__file__).parents[2] / "docs" / "money.md").read_text(encoding="utf-8")
    for came, out, posted, kept, back, without in FIFO[:8]:
        first = ", ".join(f"{order or 'card'} {fen}" for order, _, fen in came)
        may = ", ".join(f"{order} {fen}" for order, fen in back.items())
        assert f"| {first} | {out} | {posted} | {kept} | {may} | {without} |" in text


def test_available_is_one_subtraction() -> None:
    assert available(500, 120, 80) == 300
    assert available(-50, 0, 10) == -60
