"""What the bank turned down or sent back is told to people, with what was done about it."""

from collections.abc import Iterator

import pytest
from console_world import CHONGQING, WINDOW, World, moment, open_world
from fastapi.testclient import TestClient
from page_reading import PAGES, read

from tongxing.city import BankLine
from tongxing.city.office import Office
from tongxing.city.payouts import Order, PayoutDesk
from tongxing.console import create_app
from tongxing.hub import HubStore
from tongxing.hub.payment_views import PaymentLine, payments
from tongxing.hub.reconciling import BankDesk, Taken
from tongxing.hub.reissuing import ReissueDesk
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

NOW_S = moment("42:00")
PAYOUT, OPERATOR = "their-payout", "OP-CQ-RAIL"


def notice(payment: PaymentLine, number: int) -> bytes:
    """The payment's own line at the bank, and its return."""
    sides = (("DBIT", ""), ("CRDT", "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"))
    entries = "".join(
        f"""<Ntry><Amt Ccy="CNY">{yuan(payment.amount_fen)}</Amt><CdtDbtInd>{side}</CdtDbtInd>
<Sts><Cd>BOOK</Cd></Sts><AcctSvcrRef>L{number}-{side}</AcctSvcrRef><BkTxCd/><NtryDtls><TxDtls>
<Refs><EndToEndId>{payment.instruction_id}</EndToEndId></Refs>{back}</TxDtls></NtryDtls></Ntry>"""
        for side, back in sides
    )
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">
<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>N{number}</MsgId><CreDtTm>2026-03-18T18:00:00+08:00</CreDtTm>
</GrpHdr><Ntfctn><Id>N{number}</Id><Acct><Id><Othr><Id>HUB</Id></Othr></Id></Acct>{entries}
</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>""".encode()


def sent_back(world: World) -> list[PaymentLine]:
    """Two creditors' payments come back to the hub, one of them is sent again; and a payout of
    Chongqing comes back, and is sent again by the city."""
    store = HubStore(world.database)
    with store.reading() as cursor:
        found = [one for one in payments(cursor, WINDOW) if one.phase == 2]
    for number, payment in enumerate(found[:2]):
        taken = BankDesk(store).take(notice(payment, number), NOW_S)
        assert isinstance(taken, Taken) and taken.returned == (payment.instruction_id,)
    desk = ReissueDesk(store)
    assert desk.reissue(found[0].instruction_id, "ann", "closed", NOW_S) is None
    again = desk.reissue(found[0].instruction_id, "bob", "new account seen", NOW_S)
    assert not isinstance(again, Refusal)
    store.close()
    with world.database.connect(f"city_{CHONGQING}") as connection:
        row = connection.execute(
            "SELECT amount_fen FROM payout WHERE operator = %s", (OPERATOR,)
        ).fetchone()
    assert row is not None
    line = BankLine("B-BACK", WINDOW, OPERATOR, row[0], NOW_S, PAYOUT, "MD07")
    assert world.cities[CHONGQING].settle(line) is None
    office = Office(CHONGQING, world.database, None)
    payouts = PayoutDesk(office, lambda name: False)
    old = Order(PAYOUT, WINDOW, OPERATOR, moment("40:00"), b"")
    assert payouts.reissue(old, "li", "merged", "6222-1", NOW_S, lambda one: b"") is None
    assert isinstance(payouts.reissue(old, "wu", "ok", "6222-1", NOW_S, lambda one: b""), Order)
    office.close()
    return found


@pytest.fixture
def back(database: Database) -> Iterator[tuple[TestClient, list[PaymentLine]]]:
    """The console over the day of the other pages, and what came back after it."""
    world = open_world(database)
    world.whole_day()
    found = sent_back(world)
    world.close()
    with TestClient(create_app(database, "simulated"), base_url=PAGES) as client:
        yield client, found


def test_what_came_back_is_told_with_what_was_done(
    back: tuple[TestClient, list[PaymentLine]],
) -> None:
    client, (first, second, *_) = back
    page = read(client, f"/settlement/{WINDOW}")
    states = {row[0]: row[6] for row in page.table("Instruction")}
    replaced, waiting = states[first.instruction_id], states[second.instruction_id]
    assert "did not arrive, sent again as another one" in replaced
    assert "paid, then sent back by the bank" in waiting
    assert f"in the place of {first.instruction_id}" in states[f"{first.instruction_id}R1"]
    for words in (
        "The bank sent it back on 2026-03-18 18:00:00 (reference L0-CRDT).",
        "It says: account closed (AC04).",
        f"{first.instruction_id}R1 takes its place (ann asked, bob agreed: closed).",
        "Still owed: two persons have to send it again.",
    ):
        assert words in page.words
    assert "0 of 2" in page.words, "the creditors' round"
    [row] = read(client, "/settlement").table("Window")
    assert (row[1], row[-1]) == ("being settled", "8 of 10"), "a replaced one is counted once"
    payouts = read(client, f"/settlement/{WINDOW}/members/ACQ-{CHONGQING}")
    (rail,) = (row[3] for row in payouts.table("Operator") if OPERATOR in row[0])
    assert rail == "did not arrive, still owed"
    for words in (
        "It says: the payee no longer exists (MD07).",
        f"{PAYOUT}R1 takes its place (li asked, wu agreed: merged).",
    ):
        assert words in payouts.words
    chinese = client.get(f"/settlement/{WINDOW}", headers={"Accept-Language": "zh-CN"}).text
    for words in ("已付，后被银行退回", "账户已销户 (AC04)", "ann 提出，bob 复核：closed"):
        assert words in chinese
