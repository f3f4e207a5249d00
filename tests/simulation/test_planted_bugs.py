"""A run that is always sound proves nothing: each planted bug must be caught by some witness."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sim_world import OFTEN, run

from tongxing.city import intake, rating, riding
from tongxing.deciding import purse
from tongxing.messages import Tap, TapRef
from tongxing.storage import Database

pytestmark = pytest.mark.slow
Plant = Callable[[pytest.MonkeyPatch], None]


def no_dedupe(patch: pytest.MonkeyPatch) -> None:
    """A batch that comes again is taken as a new one."""
    seen = [0]
    open_batch = intake.open_batch

    def always_new(message: bytes, keys: Any) -> Any:
        opened = open_batch(message, keys)
        seen[0] += 1
        taps = [
            msgspec.structs.replace(tap, ref=TapRef(tap.ref.terminal_id, seen[0], tap.ref.seq))
            for tap in opened.batch.taps
        ]
        return replace(opened, batch=msgspec.structs.replace(opened.batch, taps=taps))

    patch.setattr(intake, "open_batch", always_new)


def taps_forgotten(patch: pytest.MonkeyPatch) -> None:
    """The intake gives its receipt for taps that it did not keep."""
    distinct = intake._distinct

    def with_holes(batches: Sequence[Any], *rest: Any) -> Any:
        arrived, clashing = distinct(batches, *rest)
        return arrived[:-1] if len(arrived) > 1 else arrived, clashing

    patch.setattr(intake, "_distinct", with_holes)


def one_fen_more(patch: pytest.MonkeyPatch) -> None:
    """The city rounds every charge of an account up by a fen."""
    price = riding.price

    def dearer(fares: Any, ride: Any, rider: Any, state: Any) -> Any:
        quote = price(fares, ride, rider, state)
        if rider.medium_kind != "code" or not quote.charge_fen:
            return quote
        first = msgspec.structs.replace(quote.lines[0], amount_fen=quote.lines[0].amount_fen + 1)
        return msgspec.structs.replace(
            quote, charge_fen=quote.charge_fen + 1, lines=(first, *quote.lines[1:])
        )

    patch.setattr(riding, "price", dearer)


def gate_takes_too_much(patch: pytest.MonkeyPatch) -> None:
    """Gates debit a fen more than they write into the tap."""
    debited = purse.debited

    def greedy(token: Any, facts: Any, context: Any, due: Any) -> Any:
        after = debited(token, facts, context, due)
        return msgspec.structs.replace(after, balance_fen=max(0, after.balance_fen - 1))

    patch.setattr(purse, "debited", greedy)


def card_and_code_apart(patch: pytest.MonkeyPatch) -> None:
    """A trip that a card began is not ended by the code of the same account (R-011)."""
    together = riding.belong_together

    def same_medium_only(entry: Tap, exit_: Tap, terms: Any) -> bool:
        return entry.medium_no == exit_.medium_no and together(entry, exit_, terms)

    patch.setattr(riding, "belong_together", same_medium_only)


def paired_by_arrival(patch: pytest.MonkeyPatch) -> None:
    """A late tap is folded on as if it had happened when it came."""
    patch.setattr(rating, "_is_late", lambda row, first, closed_until_s: False)


@pytest.mark.parametrize(
    ("plant", "kind", "witness"),
    [
        (no_dedupe, "doubled", "oracle"),
        (taps_forgotten, "", "oracle"),
        (one_fen_more, "", "oracle"),
        (gate_takes_too_much, "", "card"),
        (card_and_code_apart, "", "oracle"),
        (paired_by_arrival, "reordered", "oracle"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_planted_bug_is_caught(
    plant: Plant, kind: str, witness: str, houses: Database, tmp_path: Path
) -> None:
    faults, rates = ((kind,), OFTEN[kind]) if kind else ((), None)
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        summary = run(houses, tmp_path, passengers=60, faults=faults, rates=rates)
    assert not summary.checks.sound
    assert witness in {difference.witness for difference in summary.checks.differences}


def test_a_missing_tap_is_also_seen_by_the_truths(houses: Database, tmp_path: Path) -> None:
    """What came twice leaves holes in the numbering of a terminal that never sent them."""
    with pytest.MonkeyPatch.context() as patch:
        no_dedupe(patch)
        summary = run(houses, tmp_path, passengers=30, faults=("doubled",), rates=OFTEN["doubled"])
    assert "8 nothing_lost_or_doubled 500000" in summary.checks.proofs_broken
