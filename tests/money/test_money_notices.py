"""What a partner tells is compared with what is ours, whatever kind of notice it is."""

import pytest
from money_world import ACCOUNT, BACK, NOON, SIGNED, World, code_of, notice, ok, world

from tongxing.city.money.store import refunds as store
from tongxing.storage import Database


def ordered(here: World) -> dict[str, object]:
    order_id = ok(here.desk.top_up(ACCOUNT, "r1", 5_000, "pay", BACK, NOON)).order_id
    return {"order_id": order_id}


def refused_refund(here: World) -> dict[str, object]:
    """A refund of ours that the partner never answered."""
    order_id = here.pays_in(5_000)
    here.partner.lost.add("refund")
    ok(here.desk.refund(ACCOUNT, "b1", 3_000, NOON))
    with here.office.reading() as cursor:
        [refund] = store.refunds_of(cursor, ACCOUNT)
        [part] = store.parts_of(cursor, refund.refund_id)
    return {"order_id": order_id, "refund_id": part.part_id, "amount_fen": 3_000}


def asked_mandate(here: World) -> dict[str, object]:
    mandate_id = ok(here.desk.ask_mandate(ACCOUNT, "m1", "pay", BACK, NOON)).mandate_id
    return {"order_id": mandate_id, "mandate_ref": "A-1", "account_ref": ACCOUNT}


def signed_mandate(here: World) -> dict[str, object]:
    return {"order_id": here.signs(), "mandate_ref": "A-1", "account_ref": ACCOUNT}


KINDS = {
    "closed": ordered,
    "refunded": refused_refund,
    "refund_failed": refused_refund,
    "mandate_signed": asked_mandate,
    "mandate_ended": signed_mandate,
}


@pytest.mark.req("R-012")
@pytest.mark.parametrize("kind", KINDS)
def test_another_merchants_notice_changes_nothing_whatever_its_kind(
    database: Database, kind: str
) -> None:
    here = world(database)
    fields = KINDS[kind](here)
    before = (here.desk.orders(ACCOUNT), here.desk.refunds(ACCOUNT), here.desk.mandate(ACCOUNT))
    wrong = notice(kind=kind, merchant="M-2", **fields)
    for _ in range(2):
        assert code_of(here.desk.take_notice("pay", SIGNED, wrong, NOON + 1)) == "CALLBACK_MERCHANT"
    after = (here.desk.orders(ACCOUNT), here.desk.refunds(ACCOUNT), here.desk.mandate(ACCOUNT))
    assert after == before
    [kept] = here.desk.quarantined()
    assert (kept.reason, kept.order_id, kept.times_seen) == (
        "CALLBACK_MERCHANT", fields["order_id"], 2,
    )  # fmt: skip
    ok(here.desk.take_notice("pay", SIGNED, notice(kind=kind, merchant="M-1", **fields), NOON + 2))
    here.proofs_hold()
