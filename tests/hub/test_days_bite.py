"""The check bites: with any one of these bugs planted in the engine, `hub check` ends with 1.

Each bug is planted where the engine does the thing, and at least one of the nine worked days must
notice. Without a bug all nine agree (`test_days.py`). Bugs of late half taps: `late_bugs.py`, of
forks: `fork_bugs.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fork_bugs import FORK_BUGS
from hand_days import DAYS, file_of
from late_bugs import LATE_BUGS

from tongxing.cli import run
from tongxing.hub import (
    admission,
    checks,
    fees,
    half_taps,
    liability,
    netting,
    purses,
    split,
)
from tongxing.hub import journals as book
from tongxing.hub import windows as window_clock
from tongxing.hub.cases import ladder
from tongxing.hub.day import admitting, events, invariants, money, world
from tongxing.hub.netting import PairNet, PairTotal
from tongxing.hub.rulebook import FeeRules
from tongxing.kernel.money import round_half_even, round_half_up, split_largest_remainder
from tongxing.ledger import Line

Plant = Callable[[pytest.MonkeyPatch], None]


def without(check: checks.Check) -> Plant:
    """A check of admission forgotten."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        left = tuple(one for one in checks.AFTER_DUPLICATES if one is not check)
        patch.setattr(admission, "AFTER_DUPLICATES", left)

    return plant


def fee_per_record(patch: pytest.MonkeyPatch) -> None:
    def wrong(total: PairTotal, rules: FeeRules) -> PairNet:
        ppm = rules.cross_city_ppm if total.is_cross_city else rules.local_ppm
        each = round_half_even(total.delta_fen * ppm, fees.PPM * total.records)
        fee_fen = each * total.records
        parts = split_largest_remainder(fee_fen, (50, 30, 20))
        borne = fees._borne(fee_fen, {item.operator: item.share_fen for item in total.operators})
        fee = fees.Fee(total.delta_fen, fee_fen, parts[0], parts[1], parts[2], borne)
        return PairNet(total, fee)

    patch.setattr(netting, "_pair", wrong)


def half_up_parts(total_fen: int, weights: Sequence[int]) -> list[int]:
    """Each part rounded for itself; the last one takes what is left."""
    parts = [round_half_up(total_fen * weight, sum(weights)) for weight in weights[:-1]]
    return [*parts, total_fen - sum(parts)]


def halves_for_remainders(patch: pytest.MonkeyPatch) -> None:
    for module in (fees, split, money, events):
        patch.setattr(module, "split_largest_remainder", half_up_parts)


def fee_half_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fees, "round_half_even", round_half_up)


def shares_lose_a_fen(patch: pytest.MonkeyPatch) -> None:
    def floors(total_fen: int, weights: Sequence[int]) -> list[int]:
        return [total_fen * weight // sum(weights) for weight in weights]

    patch.setattr(fees, "split_largest_remainder", floors)


def duplicate_accepted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(admission, "clashing_rows", lambda *given, **more: set())


def grace_a_day_longer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(liability, "HOUR_S", 7_200)


def grace_ends_a_second_late(patch: pytest.MonkeyPatch) -> None:
    right = liability.deny_case

    def wrong(denial: Any, tapped_s: int, version: int, table: Any) -> Any:
        return right(denial, tapped_s - 1, version, table)

    patch.setattr(liability, "deny_case", wrong)


def liability_rows_swapped(patch: pytest.MonkeyPatch) -> None:
    right = liability.LiabilityTable.of_deny
    other = {"in_grace": "unproven", "unproven": "in_grace"}

    def wrong(table: Any, case: Any) -> Any:
        return right(table, other.get(case, case))

    patch.setattr(liability.LiabilityTable, "of_deny", wrong)


def list_version_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        checks,
        "deny_rule",
        lambda denial, tapped_s, version, tables: liability.deny_rule(denial, tapped_s, 0, tables),
    )


def lost_card_pays_itself(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(events, "BLACKLIST_LOSS", book.PURSES)


def dropped_from_two_days_on(patch: pytest.MonkeyPatch) -> None:
    right = world.rules_of

    def wrong(config: Any) -> Any:
        rules = right(config)
        late = msgspec.structs.replace(rules.lateness, reject_after_days=1)
        return replace(rules, lateness=late)

    patch.setattr(admitting, "rules_of", wrong)


def netting_sign(patch: pytest.MonkeyPatch) -> None:
    right = netting._owed
    patch.setattr(netting, "_owed", lambda pairs: ((member, -fen) for member, fen in right(pairs)))


def wrong_window(patch: pytest.MonkeyPatch) -> None:
    """A file that came at the second of the cut-off is put into the window that closed then."""
    right = window_clock.window_of
    patch.setattr(money, "window_of", lambda time_s, rules: right(time_s - 1, rules))


def money_moves_on_a_holiday(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(window_clock, "next_bank_day", lambda day: day)


def held_record_paid(patch: pytest.MonkeyPatch) -> None:
    right = events._evidence

    def wrong(item: Any, day: Any, terms: Any, proves: bool = True) -> int | None:
        found = right(item, day, terms, proves)
        return item.presented.received_s if proves and found is None else found

    patch.setattr(events, "_evidence", wrong)


def late_evidence_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(type(events.terms_on(DAY_ONE).held), "ends_s", lambda held, s: s + 10**7)


def hub_fee_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = book.clearing_fee

    def wrong(pair: PairNet, at_s: int) -> book.Journal:
        journal = right(pair, at_s)
        lines = tuple(line for line in journal.lines if line[:2] != ("HUB", "inc_fee"))
        return journal._replace(lines=lines)

    patch.setattr(book, "clearing_fee", wrong)


def hub_share_kept_by_acquirer(patch: pytest.MonkeyPatch) -> None:
    """A bug that balances everywhere: the acquirer keeps the hub's part of the fee."""
    right = fees.fee_of

    def wrong(*given: Any) -> fees.Fee:
        fee = right(*given)
        return replace(fee, acquirer_fen=fee.acquirer_fen + fee.hub_fen, hub_fen=0)

    patch.setattr(netting, "fee_of", wrong)


def refund_keeps_its_fee(patch: pytest.MonkeyPatch) -> None:
    """The fee is taken on what was charged, and nothing of it goes back with a refund."""
    right = netting._pair

    def wrong(total: PairTotal, rules: FeeRules) -> PairNet:
        gross = replace(total, delta_fen=total.delta_fen + total.back_fen, back_fen=0)
        parts = tuple(
            msgspec.structs.replace(part, share_fen=part.share_fen + (total.back_fen * (n == 0)))
            for n, part in enumerate(gross.operators)
        )
        return PairNet(total, right(replace(gross, operators=parts), rules).fee)

    patch.setattr(netting, "_pair", wrong)


def chargeback_straight_to_the_issuer(patch: pytest.MonkeyPatch) -> None:
    right = book.chargeback

    def wrong(ref: str, acquirer: str, amount_fen: int, at_s: int) -> book.Journal:
        journal = right(ref, acquirer, amount_fen, at_s)
        swap = {"escrow_dispute": "pos:ISS-B"}
        lines = [Line(who, swap.get(name, name), fen) for who, name, fen in journal.lines]
        return journal._replace(lines=tuple(lines))

    patch.setattr(book, "chargeback", wrong)


def escrow_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = money._moves
    patch.setattr(
        money,
        "_moves",
        lambda day, share: [move for move in right(day, share) if move.creditor != netting.ESCROW],
    )


def silence_pays_the_acquirer(patch: pytest.MonkeyPatch) -> None:
    right = ladder._silent

    def wrong(case: ladder.Case, *rest: Any) -> ladder.Moved:
        moved = right(case, *rest)
        others_fen = case.escrow_fen - moved.case.to_issuer_fen
        return replace(moved, case=replace(moved.case, to_issuer_fen=others_fen))

    patch.setattr(ladder, "_silent", wrong)


def halves_not_paired(patch: pytest.MonkeyPatch) -> None:
    right = half_taps._of_account

    def wrong(taps: Any, said: Any, terms: Any) -> Any:
        for tap in taps:
            yield from right([tap], said, terms)

    patch.setattr(half_taps, "_of_account", wrong)


def highest_fare_taken(patch: pytest.MonkeyPatch) -> None:
    right = admitting._half_price
    patch.setattr(
        admitting,
        "_half_price",
        lambda trip, leg, day: (
            day.config.max_fare_from_entry if len(trip.taps) == 1 else right(trip, leg, day)[0],
            right(trip, leg, day)[1],
        ),
    )


def trial_paid(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(admission, "trial", lambda *given: None)


def operator_pays_no_fee(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fees, "_borne", lambda fee_fen, operators: ())


def fault_fee_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = money._moves
    kept = netting.FEE_INCOME
    patch.setattr(
        money, "_moves", lambda day, share: [m for m in right(day, share) if m.creditor != kept]
    )


def fork_not_seen(patch: pytest.MonkeyPatch) -> None:
    right = purses.fault_of

    def wrong(link: purses.Link, chains: purses.Chains) -> Any:
        found = right(link, chains)
        return None if found is None or found[0] == "fork" else found

    patch.setattr(checks, "fault_of", wrong)


def float_left_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(money, "_true_ups", lambda day, booked: ())


DAY_ONE = date(2026, 3, 18)

BUGS: dict[str, Plant] = {
    "fee rounded per record": fee_per_record,
    "half-up for the largest remainder": halves_for_remainders,
    "fee half-up instead of half-even": fee_half_up,
    "fee shares do not sum": shares_lose_a_fen,
    "duplicate accepted": duplicate_accepted,
    "grace a day longer": grace_a_day_longer,
    "grace a second longer": grace_ends_a_second_late,
    "liability rows swapped": liability_rows_swapped,
    "list version ignored": list_version_ignored,
    "lost card pays itself": lost_card_pays_itself,
    "blacklist never asked": without(checks.denied),
    "lateness ignored": without(checks.lateness),
    "late record dropped": dropped_from_two_days_on,
    "amount not recomputed": without(checks.amount),
    "signature not asked": without(checks.signature),
    "terminal not asked": without(checks.terminal),
    "card not asked": without(checks.card),
    "clock not asked": without(checks.clock),
    "city list not asked": without(checks.city_list),
    "issuer not heard": without(checks.issuer_word),
    "suspended member paid": without(checks.suspension),
    "purse chain not asked": without(checks.purse),
    "fork not seen": fork_not_seen,
    "trial paid": trial_paid,
    "netting sign": netting_sign,
    "wrong window": wrong_window,
    "money moves on a holiday": money_moves_on_a_holiday,
    "held record paid": held_record_paid,
    "late evidence taken": late_evidence_taken,
    "hub fee forgotten": hub_fee_forgotten,
    "hub's share kept by the acquirer": hub_share_kept_by_acquirer,
    "refund keeps its fee": refund_keeps_its_fee,
    "chargeback straight to the issuer": chargeback_straight_to_the_issuer,
    "escrow forgotten": escrow_forgotten,
    "silence pays the acquirer": silence_pays_the_acquirer,
    "halves not paired": halves_not_paired,
    "highest fare taken": highest_fare_taken,
    "operator pays no fee": operator_pays_no_fee,
    "fault fee forgotten": fault_fee_forgotten,
    "float left alone": float_left_alone,
    **LATE_BUGS,
    **FORK_BUGS,
}


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("TONGXING_HOME", str(tmp_path))
    monkeypatch.setattr(invariants, "ORDERS", 2)
    BUGS[name](monkeypatch)
    ends = {day: run(["hub", "check", str(file_of(day)), "--json"]) for day in DAYS}
    capsys.readouterr()
    assert 1 in ends.values(), ends
    assert set(ends.values()) <= {0, 1}, ends
