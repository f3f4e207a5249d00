"""docs/algorithms/replacement.md says what the code and its data do: its tables are run here."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from counter_world import (
    NEW,
    OLD,
    STAFF,
    counter,
    load_of,
    on,
    proofs_hold,
    replaced,
    ride,
    seen,
    send,
)

from street import CHONGQING, Taps, balance_of
from tongxing.city.replacement_terms import ReplacementTerms, replacement_terms
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.network.legacy import LEGACY, legacy_objection, load_legacy
from tongxing.storage import Database

PAGE = (Path(__file__).resolve().parents[2] / "docs/algorithms/replacement.md").read_text("utf-8")


def rows_under(*columns: str) -> Iterator[list[str]]:
    """The cells of the rows of the table whose heading begins with these columns."""
    heading = re.escape(" | ".join(columns))
    [table] = re.findall(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.M)
    for row in table.splitlines():
        yield [cell.strip().strip("`") for cell in row.strip("|").split("|")]


def test_the_numbers_are_the_data() -> None:
    terms = replacement_terms(CHONGQING, on(17))
    shown = {name: int(value) for name, value, _ in rows_under("number")}
    assert shown == {name: getattr(terms, name) for name in ReplacementTerms.__struct_fields__}


def test_what_an_m1_card_may_not_do_is_the_data() -> None:
    shown = {action: code for action, code, _ in rows_under("action")}
    assert shown == load_legacy().refused
    for action in load_legacy().refused:
        refusal = legacy_objection(action, LEGACY, "x")
        assert refusal is not None and refusal.code == shown[action]
        assert legacy_objection(action, "proven") is None


def test_the_worked_month_is_what_happens(database: Database) -> None:
    city, taps = counter(database), Taps()

    def load() -> None:
        assert load_of(city.start_load("l1", NEW, STAFF, on(24))).amount_fen == 4_190

    worked = list(rows_under("step", "old purse"))
    steps: list[Callable[[], object]] = [
        lambda: send(city, ride(taps, on(17, "08:00"), OLD, 450), at=on(17, "09:00")),
        lambda: replaced(city, at=on(17)),
        lambda: city.top_up(NEW, 1_000, "cash", on(17, "13:00")),
        lambda: send(city, ride(taps, on(17, "09:00"), OLD, 360), at=on(20)),
        load,
        lambda: city.end_load("l1", True, STAFF, on(24)),
        lambda: send(city, ride(taps, on(17, "10:00"), OLD, 270), at=on(26)),
        lambda: send(city, ride(taps, on(27), NEW, 540), at=on(27, "13:00")),
    ]
    assert len(worked) == len(steps)
    on_chip = {"the chip has it": 4_190, "topped up": 1_000, "a ride of the new card": -540}
    chip_fen = 0
    for number, (step, *written) in enumerate(worked):
        steps[number]()
        chip_fen += sum(fen for words, fen in on_chip.items() if words in step)
        known = not isinstance(city.medium(NEW, on(17)), Refusal)
        new = [yuan(balance_of(database, NEW)), yuan(chip_fen)] if known else ["–", "–"]
        borne = yuan(seen(city, OLD).borne_fen)
        assert [yuan(balance_of(database, OLD)), new[0], borne, new[1]] == written, step
    proofs_hold(database)
