"""Whatever is ordered, paid, told, ridden and sent back, in any order and as often as you like: no
fen goes back that did not come in, none twice, and the books prove."""

from random import Random

import pytest
from money_world import ACCOUNT, BACK, NOON, OTHER, SIGNED, World, notice, world

from tongxing.city.money import Order, Refund, freeze, thaw
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

KNOBS = ("lost", "deaf", "refusing")
CALLS = ("refund", "query_refund", "debit", "query", "close")


class Walk:
    """A seeded walk through everything that can happen to one account."""

    def __init__(self, here: World, seed: int) -> None:
        self.here, self.chance = here, Random(seed)
        self.now, self.steps, self.seed = NOON + seed * 30 * DAY_S, 0, seed
        self.told: list[bytes] = []

    def run(self, steps: int) -> None:
        acts = (self.order, self.pay, self.tell, self.ride, self.refund, self.refund,
                self.tick, self.knob, self.freeze, self.thaw)  # fmt: skip
        for self.steps in range(steps):
            self.now += self.chance.choice((1, 20, 700, 7_300))
            self.here.partner.now_s = self.now
            self.chance.choice(acts)()
            self.check()
        for name in KNOBS:
            getattr(self.here.partner, name).clear()
        with self.here.office.writing() as cursor:
            for case in range(steps):
                thaw(cursor, f"{self.seed}-{case}", self.now)
        for _ in range(3):
            self.now += DAY_S
            self.here.desk.resume(self.now)
            self.here.desk.collect(self.now)
        self.check()

    def order(self) -> None:
        fen = self.chance.choice((100, 900, 5_000))
        name = f"o{self.seed}-{self.chance.randrange(12)}"
        self.here.desk.top_up(ACCOUNT, name, fen, "pay", BACK, self.now)

    def pay(self) -> None:
        partner = self.here.partner
        waiting = sorted(set(partner.asked) - set(partner.trades) - partner.closed)
        if waiting:
            order_id = self.chance.choice(waiting)
            trade = partner.paid(order_id)
            self.told.append(
                notice(
                    kind="paid", order_id=order_id, partner_no=trade.partner_no,
                    amount_fen=trade.amount_fen + self.chance.choice((0, 0, 0, 1)),
                    merchant="M-1",
                )
            )  # fmt: skip

    def tell(self) -> None:
        if self.told:
            body = self.chance.choice(self.told)
            for _ in range(self.chance.choice((1, 3))):
                headers = SIGNED if self.chance.random() < 0.8 else {}
                self.here.desk.take_notice("pay", headers, body, self.now)

    def ride(self) -> None:
        if "5000000000000101" not in self.here.denied():
            self.here.rides(self.now)

    def refund(self) -> None:
        fen = self.chance.choice((1, 80, 100, 820, 900, 5_000))
        name = f"b{self.seed}-{self.chance.randrange(15)}"
        found = self.here.desk.refund(ACCOUNT, name, fen, self.now)
        assert isinstance(found, Refund | Refusal)

    def tick(self) -> None:
        self.here.desk.resume(self.now)
        self.here.desk.collect(self.now)
        for order in self.here.desk.orders(ACCOUNT)[:2]:
            assert isinstance(self.here.desk.order(order.order_id, self.now), Order)

    def knob(self) -> None:
        knob = getattr(self.here.partner, self.chance.choice(KNOBS))
        if knob:
            knob.clear()
        else:
            knob.add(self.chance.choice(CALLS))

    def freeze(self) -> None:
        with self.here.office.writing() as cursor:
            until = self.chance.choice((None, self.now + 5_000))
            freeze(cursor, ACCOUNT, 300, "walk", until, f"{self.seed}-{self.steps}", self.now)

    def thaw(self) -> None:
        with self.here.office.writing() as cursor:
            thaw(cursor, f"{self.seed}-{self.chance.randrange(self.steps + 1)}", self.now)

    def check(self) -> None:
        here = self.here
        with here.office.reading() as cursor:
            row = cursor.execute(
                "SELECT (SELECT coalesce(sum(amount_fen), 0) FROM payment_order"
                " WHERE state = 'paid' AND account = %s), (SELECT coalesce(sum(amount_fen), 0)"
                " FROM refund_part WHERE state <> 'failed'), (SELECT coalesce(sum(charge_fen), 0)"
                " FROM trip)",
                (ACCOUNT,),
            ).fetchone()
        assert row is not None
        paid, back, spent = (int(fen) for fen in row)
        assert back <= max(0, paid - min(spent, paid)), f"seed {self.seed} step {self.steps}"
        assert here.balance() == paid - back - spent
        sent = sum(one.amount_fen for one in here.partner.refunds.values())
        assert sent <= back


@pytest.mark.req("R-012")
@pytest.mark.parametrize("signed", [True, False])
def test_in_any_order_no_fen_goes_back_that_is_not_there(database: Database, signed: bool) -> None:
    here = world(database)
    here.pays_in(5_000, "other", account=OTHER)
    if signed:
        here.signs()
    for seed in range(2):
        walk = Walk(here, seed)
        walk.run(25)
        here.proofs_hold()
    settled = here.partner.money_fen - 5_000
    waiting = [one for one in here.desk.refunds(ACCOUNT) if one.state == "under_way"]
    assert waiting == []
    unheard = sum(trade.amount_fen for trade in here.partner.trades.values()) - 5_000
    booked = sum(one.amount_fen for one in here.desk.orders(ACCOUNT) if one.state == "paid")
    sent = sum(one.amount_fen for one in here.partner.refunds.values())
    assert (booked, settled) == (unheard, booked - sent), "what the partner has is what we think"
