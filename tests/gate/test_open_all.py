"""The doors stand open to all by the city's order: whoever taps is counted, where it costs nobody a
wrong amount."""

from dataclasses import replace as changed
from pathlib import Path

import pytest
from gate_world import Station
from msgspec.structs import replace
from test_entry_at_gate import BEIJING_CARD, UNLINKED, Known, with_policy
from test_entry_at_gate import IN as ASKED_IN

from deciding_world import CARD, CODE, DAY, ENTERED, IN, M1, OUT, context, of_chongqing
from tongxing.deciding.decide import decide
from tongxing.deciding.facts import GateContext
from tongxing.gate.clearance import Clearance
from tongxing.gate.offline import OfflineLimits, OfflineRules
from tongxing.gate.site import Site
from tongxing.kernel.clock import at
from tongxing.messages.fleet import Order

EIGHT, NINE = at(DAY, 8), at(DAY, 9)


def ordered(now_s: int, **more: object) -> GateContext:
    return changed(context(IN, now_s), mode="open_all", **more)


def test_a_purse_that_holds_enough_pays_as_ever() -> None:
    decision = decide(replace(CARD, open_entry=ENTERED), OUT, ordered(NINE))
    assert (decision.reason, decision.charge_fen) == ("OPEN", 450)


@pytest.mark.parametrize("left_fen", [0, 449])
def test_a_purse_too_small_ends_its_ride_and_pays_nothing(left_fen: int) -> None:
    """Left uncounted, the ride would stay open, and the next tap collect the highest fare."""
    token = replace(CARD, open_entry=ENTERED, balance_fen=left_fen)
    decision = decide(token, OUT, ordered(NINE))
    assert (decision.outcome, decision.reason) == ("opened", "FREE_RIDE")
    assert (decision.token_after.balance_fen, decision.token_after.open_entry) == (left_fen, None)
    assert decide(token, OUT, context(OUT, NINE)).reason == "INSUFFICIENT_BALANCE"


def test_a_purse_too_small_begins_a_ride_that_is_priced_where_it_ends() -> None:
    began = decide(replace(CARD, balance_fen=0), IN, ordered(EIGHT))
    assert (began.reason, began.purse and began.purse.taken_fen) == ("FREE_RIDE", 0)
    paid = decide(replace(began.token_after, balance_fen=1_000), OUT, context(OUT, NINE))
    assert (paid.reason, paid.charge_fen) == ("OPEN", 450)


def test_an_old_card_above_its_cap_ends_its_ride_and_pays_nothing() -> None:
    token, terms = replace(M1, open_entry=ENTERED), of_chongqing(charge_max_fen=100)
    decision = decide(token, OUT, ordered(NINE, legacy=terms))
    assert (decision.reason, decision.token_after.open_entry) == ("FREE_RIDE", None)
    assert decision.token_after.balance_fen == token.balance_fen


def test_what_cannot_be_counted_rightly_is_not_counted() -> None:
    assert decide(CARD, OUT, ordered(NINE)).reason == "EXIT_WITHOUT_ENTRY"
    expired = replace(CODE, code_expires_s=EIGHT - 1, code_issued_s=EIGHT - 60)
    assert decide(expired, IN, ordered(EIGHT)).reason == "QR_EXPIRED"


def test_nobody_is_asked_about_where_nobody_can_be_kept_out() -> None:
    asked = with_policy(UNLINKED)
    assert decide(BEIJING_CARD, ASKED_IN, asked).reason == "ENTRY_NOT_UPGRADED"
    assert asked.entry is not None and isinstance(asked.entry.holders, Known)
    asked.entry.holders.asked.clear()
    assert decide(BEIJING_CARD, ASKED_IN, changed(asked, mode="open_all")).reason == "OPEN"
    assert asked.entry.holders.asked == []


def test_out_of_contact_no_quota_leaves_a_ride_uncounted(tmp_path: Path) -> None:
    station = Station(tmp_path)
    limits = OfflineLimits(OfflineRules(quota=((0, 0),)), EIGHT)
    setup = changed(station.site._setup, clearance=Clearance(limits=limits))
    site = Site.open(setup, station.journal, lambda _terminal, _decision: None)
    assert isinstance(site, Site)
    assert site.present(CODE, "IN", EIGHT)[0].reason == "GATE_OFFLINE_QUOTA"
    told = Order(order_no=1, kind="open_all", from_s=0, until_s=EIGHT + 60, ordered_by="C-1")
    assert site.orders.take([told], EIGHT, EIGHT) is None
    assert site.present(CODE, "IN", EIGHT)[0].reason == "OPEN"
