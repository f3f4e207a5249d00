"""Electronic tickets, refunded through the money's real desk and a partner over HTTP."""

import json
from collections.abc import Iterator

import pytest
import requests
from upgrade_world import World, code_of, may, ok, opened

from tongxing.city.money import MoneyDesk
from tongxing.city.upgrading.e_tickets import ETickets
from tongxing.cli import run
from tongxing.cli.upgrade import refund_tickets
from tongxing.front import partners_of
from tongxing.kernel.clock import stamp
from tongxing.kernel.reasons import Refusal
from tongxing.sandbox import Sandbox, start_sandbox
from tongxing.storage import Database

BOUGHT, JUNE = may(21), may(33)
BACK = "http://127.0.0.1:9/back"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(clock=lambda: BOUGHT) as running:
        yield running


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with opened(database) as found:
        yield found


def real_money(world: World, sandbox: Sandbox) -> MoneyDesk:
    """The money's desk with the partners that the sandbox plays."""
    return MoneyDesk(world.office, ok(partners_of(sandbox.settings)).channels)


def paid_in(world: World, money: MoneyDesk, request_id: str) -> str:
    """The account of somebody who paid twenty yuan at the partner's own page."""
    account = world.signed_in(at=may(20)).account
    assert money.enrol(account, may(20)) is None
    order = ok(money.top_up(account, request_id, 2_000, "alipay", BACK, BOUGHT))
    press(order.pay_url)
    assert ok(money.order(order.order_id, BOUGHT)).state == "paid"
    return account


def press(url: str) -> None:
    """Pay on the partner's page."""
    shown = requests.get(url, timeout=5)
    path = shown.text.split('<form method="post" action="', 1)[1].split('"', 1)[0]
    site = "/".join(shown.url.split("/")[:3])
    after = requests.post(site + path, data={"choice": "yes"}, timeout=5, allow_redirects=False)
    assert after.status_code < 400, after.text


def balance(money: MoneyDesk, account: str) -> int:
    return ok(money.balance(account)).posted_fen


def say(world: World, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    told = ["upgrade", "refund-tickets", *words, "--now", stamp(JUNE), "--lang", "en"]
    assert run([*told, "--dsn", world.database.dsn]) == 0
    return capsys.readouterr().out


@pytest.mark.req("R-157", "R-158")
def test_unused_tickets_go_back_over_the_line_they_were_paid_by_once(
    world: World,
    sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    money = real_money(world, sandbox)
    account = paid_in(world, money, "p1")
    tickets = ETickets(world.office, money)
    first, second, used = [ok(tickets.sell(account, f"b{one}", 400, BOUGHT)) for one in range(3)]
    ok(tickets.use(used.ticket_no, BOUGHT + 60))
    assert code_of(tickets.sell(account, "b9", 400, JUNE)) == "UPGRADE_E_TICKET_SUSPENDED"
    assert code_of(tickets.use(first.ticket_no, JUNE)) == "UPGRADE_E_TICKET_SUSPENDED"
    listed = json.loads(say(world, capsys, "--list", "--json"))
    assert {one["ticket"] for one in listed["tickets"]} == {first.ticket_no, second.ticket_no}
    assert account not in json.dumps(listed) and listed["fen"] == 800
    assert balance(money, account) == 1_600
    monkeypatch.setattr(refund_tickets, "chosen_partners", lambda _environ: sandbox.settings)
    assert "2 tickets, 8.00 yuan, went back" in say(world, capsys)
    assert balance(money, account) == 800
    refunds = money.refunds(account)
    assert [(one.how, one.state, one.done_fen) for one in refunds] == [("source", "done", 400)] * 2
    assert json.loads(say(world, capsys, "--json")) == {"refunded": 0, "fen": 0, "waiting": []}
    assert "No electronic ticket" in say(world, capsys, "--list")
    assert (balance(money, account), len(money.refunds(account))) == (800, 2)
    world.proofs_hold()


@pytest.mark.req("R-158")
def test_a_run_that_is_cut_is_gone_on_with_and_pays_once(
    world: World, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    money = real_money(world, sandbox)
    account = paid_in(world, money, "p2")
    tickets = ETickets(world.office, money)
    for one in range(2):
        ok(tickets.sell(account, f"c{one}", 400, BOUGHT))

    class Cut(BaseException):
        """The process ends here."""

    def cut(done: int, _of: int) -> None:
        raise Cut

    with pytest.raises(Cut):
        tickets.refund_all(JUNE, cut)
    assert len(tickets.unpaid()) == 1
    run = tickets.refund_all(JUNE + 60, lambda _done, _of: None)
    assert (run.refunded, run.waiting, balance(money, account)) == (1, (), 1_200)
    assert [one.done_fen for one in money.refunds(account)] == [400, 400]
    world.proofs_hold()


class Failed:
    """A refund that came back."""

    refund_id = "R-1"
    state = "failed"


@pytest.mark.req("R-158")
def test_what_the_way_it_was_paid_refuses_is_told_and_not_called_refunded(world: World) -> None:
    account = world.signed_in(at=may(20)).account

    class Failing:
        """A money's desk whose partner took nothing back."""

        def refund(self, account: str, request_id: str, fen: int, now_s: int) -> Failed | Refusal:
            return Failed()

    with world.office.writing() as cursor:
        cursor.execute(
            "INSERT INTO upgrade_e_ticket VALUES ('e1', 'r1', %s, 400, %s)", (account, BOUGHT)
        )
    tickets = ETickets(world.office, Failing())
    assert code_of(tickets.refund("e1", JUNE)) == "UPGRADE_E_TICKET_WAY_REFUSED"
    assert [one.state for one in tickets.unpaid()] == ["returning"]


def test_without_partners_the_command_says_so(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TONGXING_PARTNERS", raising=False)
    words = ["upgrade", "refund-tickets", "--dsn", world.database.dsn, "--lang", "en"]
    assert run(words) == 3
    assert "A partner is not set up" in capsys.readouterr().err
