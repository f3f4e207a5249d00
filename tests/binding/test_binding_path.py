"""A purse card is bound and becomes the key to an account: from first touch to the next ride."""

from pathlib import Path

import pytest
from binding_gates import open_gates
from binding_world import (
    MEDIA,
    NOON,
    Hand,
    account_no,
    card_no,
    code_token,
    done,
    open_world,
)

from tongxing.storage import Database


@pytest.mark.req("R-001", "R-002", "R-012", "R-013", "R-014")
def test_card_and_code_ride_on_one_balance_after_the_card_is_bound(
    database: Database, tmp_path: Path
) -> None:
    world, gates = open_world(database), None
    person, card = world.passenger(), world.card()
    account, number = account_no(1), card_no(1)
    gates = open_gates(world, tmp_path)
    first = gates.hold(card, "in", NOON - 9_000)
    assert (first.reason, first.token_after.funding) == ("OPEN", "purse")
    before = gates.hold(card, "out", NOON - 7_000)
    assert (before.opened, card.balance_fen) == (True, 5_000 - before.charge_fen)
    gates.upload(NOON - 6_000)

    desk = world.desk()
    begun = done(desk.begin(person, "r1", "nfc", NOON))
    assert (begun.step, begun.medium_no) == ("begun", "")
    proven = done(desk.prove(begun.binding_id, Hand(card), NOON))
    assert (proven.step, proven.medium_no) == ("proven", number)
    assert done(desk.mandated(begun.binding_id, NOON + 5)).step == "mandated"
    active = done(desk.activate(begun.binding_id, Hand(card), NOON + 9))
    left_fen = 5_000 - before.charge_fen
    assert (active.step, active.moved_fen, active.keep_fen) == ("active", left_fen, 0)
    assert active.hold_until_s == NOON + 9 + 72 * 3600
    assert card.balance_fen == 0
    assert (world.balance(number), world.balance(account)) == (0, left_fen)
    world.holds()

    entered = gates.hold(card, "in", NOON + 600)
    assert (entered.opened, entered.purse, entered.token_after.funding) == (True, None, "account")
    assert gates.hold(card, "out", NOON + 2_400).opened
    gates.upload(NOON + 2_500)
    [(rider, fare_fen, signed)] = world.ask(
        "SELECT trip.rider_id, trip.charge_fen, record::json ->> 'proofs' FROM trip"
        " JOIN trip_revision USING (trip_id) WHERE trip.funding = 'account'"
    )
    assert rider == account and fare_fen > 0 and signed
    assert world.balance(account) == left_fen - fare_fen

    phone = MEDIA.phone(code_token(account))
    assert gates.site.present_code(phone.show(NOON + 3_000), "in", NOON + 3_000).opened
    assert gates.site.present_code(phone.show(NOON + 5_000), "out", NOON + 5_000).opened
    gates.upload(NOON + 5_100)
    code_fen = left_fen - fare_fen - world.balance(account)
    assert code_fen > 0
    bound = desk.bound(account)
    assert bound is not None and (bound.medium_no, bound.sealed) == (number, True)
    world.holds()
