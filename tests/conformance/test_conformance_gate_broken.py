"""The kit finds what is wrong: gates with one fault each, and the case that must catch it."""

from collections.abc import Callable, Iterator

import pytest
from bench_world import HASTY_S, PATIENT_S, bench, broken, side_by_side, tried
from broken_gates import FAULTS
from pytest import TempPathFactory

from tongxing.conformance.running import CaseResult

CAUGHT = [
    ("forgets_on_any_success", "ok-without-receipt", "not_sent_again"),
    ("forgets_on_any_success", "ok-with-a-web-page", "not_sent_again"),
    ("forgets_on_any_success", "receipt-wrongly-signed", "not_sent_again"),
    ("believes_anybody", "receipt-wrongly-signed", "not_sent_again"),
    ("believes_anybody", "list-wrongly-signed", "list_taken"),
    ("believes_anybody", "orders-wrongly-signed", "order_obeyed"),
    ("takes_any_receipt", "receipt-of-another-batch", "not_sent_again"),
    ("takes_any_receipt", "receipt-of-another-site", "not_sent_again"),
    ("takes_any_receipt", "receipt-of-fewer", "not_sent_again"),
    ("takes_an_older_list", "list-rollback", "list_taken"),
    ("looks_at_no_days", "list-before-its-time", "list_taken"),
    ("looks_at_no_days", "list-out-of-date", "list_taken"),
    ("checks_no_delta", "delta-wrong-check", "list_not_asked_whole"),
    ("has_no_deny_list", "list-whole", "lane"),
    ("has_no_deny_list", "list-delta", "lane"),
    ("forgets_the_list", "list-after-power-cut", "list_lost"),
    ("opens_to_a_replay", "same-display-again", "lane"),
    ("opens_to_a_replay", "same-display-at-another-lane", "lane"),
    ("forgets_displays", "replay-after-power-cut", "lane"),
    ("checks_no_signature_of_codes", "wrong-user-signature", "lane"),
    ("checks_no_signature_of_codes", "any-bit-turned", "opened_wrongly"),
    ("loses_taps", "power-cut", "taps_missing"),
    ("numbers_anew", "power-cut", "sent.two_contents"),
    ("seals_anew", "http-500", "sent.sealed_anew"),
    ("keeps_refusals_to_itself", "every-tap-once", "taps_missing"),
    ("writes_another_station", "good-code", "tap_field"),
    ("does_what_is_over", "order-expired", "order_outcome"),
    ("does_what_is_over", "order-unknown", "order_outcome"),
    ("does_what_is_over", "order-passed-over", "order_outcome"),
    ("obeys_any_answer", "orders-to-another-heartbeat", "order_obeyed"),
    ("forgets_orders", "order-after-power-cut", "lane"),
    ("believes_its_clock", "clock-reset", "lane"),
    ("asks_before_opening", "city-hangs", "lane_waits"),
]

WAITED_OUT = {"not_sent_again", "taps_missing", "list_not_asked_whole"}
"""What the kit finds by waiting for something that never comes."""


Tried = Callable[[str], list[CaseResult]]


@pytest.fixture(scope="module")
def tried_ahead(
    request: pytest.FixtureRequest, tmp_path_factory: TempPathFactory
) -> Iterator[Tried]:
    """What the kit finds at a gate with a fault, by the fault."""
    folder = tmp_path_factory.mktemp("broken")

    def work(fault: str) -> list[CaseResult]:
        expected = expected_of(fault)
        if not WAITED_OUT.isdisjoint(expected.values()):
            with bench(folder / f"{fault}-hasty", broken(fault)) as url:
                results = tried(url, *expected, patience_s=HASTY_S)
            if found_in(results) == expected:
                return results  # else this machine is slow: what counts is the whole patience
        with bench(folder / fault, broken(fault)) as url:
            return tried(url, *expected, patience_s=PATIENT_S)

    with side_by_side(request, "fault", work) as found:
        yield found


def expected_of(fault: str) -> dict[str, str]:
    """The cases that must catch a fault, and as what."""
    return {case: what for name, case, what in CAUGHT if name == fault}


def found_in(results: list[CaseResult]) -> dict[str, str]:
    """What the kit found wrong, by the case; where nothing, its verdict."""
    return {
        one.case: one.difference.what if one.difference is not None else one.verdict
        for one in results
    }


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_each_broken_gate_is_caught_by_its_case(tried_ahead: Tried, fault: str) -> None:
    results = tried_ahead(fault)
    assert results and found_in(results) == expected_of(fault), results
