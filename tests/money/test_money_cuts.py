"""Whoever is killed when: what was begun is finished, and money moved once."""

from money_cutting import Cut, cut_desk
from money_world import ACCOUNT, NOON, OTHER, Killed, ok, world

from tongxing.kernel.clock import DAY_S
from tongxing.storage import Database


def test_cut_off_anywhere_a_refund_is_finished_and_moved_once(database: Database) -> None:
    here = world(database)
    at = NOON
    finished = False
    cuts = 0
    while not finished:
        cuts += 1
        at += DAY_S
        here.pays_in(1_000, f"r{cuts}", at)
        before = here.partner.money_fen
        try:
            ok(cut_desk(here, Cut(cuts)).refund(ACCOUNT, f"b{cuts}", 1_000, at))
            finished = True
        except Killed:
            pass
        fresh = here.new_desk()
        fresh.resume(at + 60)
        refund = ok(fresh.refund(ACCOUNT, f"b{cuts}", 1_000, at + 70))
        assert refund.state == "done", f"cut {cuts}"
        assert here.partner.money_fen == before - 1_000 == here.booked("bank_float")
        assert here.balance() == 0
    assert cuts > 10
    here.proofs_hold()


def test_cut_off_anywhere_a_top_up_is_paid_and_booked_once(database: Database) -> None:
    here = world(database)
    finished, cuts, at = False, 0, NOON
    while not finished:
        cuts += 1
        at += DAY_S
        desk = cut_desk(here, Cut(cuts))
        try:
            order = ok(desk.top_up(OTHER, f"r{cuts}", 100, "pay", "", at))
            here.partner.paid(order.order_id)
            ok(desk.order(order.order_id, at + 5))
            finished = True
        except Killed:
            pass
        fresh = here.new_desk()
        order = ok(fresh.top_up(OTHER, f"r{cuts}", 100, "pay", "", at + 20))
        here.partner.paid(order.order_id)
        ok(fresh.order(order.order_id, at + 30))
        assert here.balance(OTHER) == here.partner.money_fen == 100 * cuts, f"cut {cuts}"
    assert cuts > 10
    here.proofs_hold()
