"""`tongxing upgrade refund-tickets`: unused electronic tickets go back the way they were paid."""

import os

import click

from tongxing.city.money import MoneyDesk
from tongxing.city.office import Office
from tongxing.city.people import notify
from tongxing.city.upgrading.e_tickets import ETicket, ETickets, RefundRun
from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, granted, print_table, progress, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.upgrade.offices import office_of
from tongxing.front.partners import partners_of
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem
from tongxing.partners.loading import chosen_partners

WORDS = Words("upgrade")
_SHOWN_MAX = 50


@make_command()
@click.option("--list", "only_list", is_flag=True)
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(only_list: bool, city: str | None, now: str | None) -> None:
    now_s = moment(now, "--now")
    with office_of(city) as office:
        if only_list:
            _list(ETickets(office, MoneyDesk(office, {})).unpaid())
            return
        tickets = ETickets(office, _money(office))
        count = len(tickets.unpaid())
        with progress(WORDS("refund_tickets.progress"), max(1, count)) as advance:
            run = tickets.refund_all(now_s, lambda _done, _of: advance(1))
    _tell(run)


def _money(office: Office) -> MoneyDesk:
    """The money's desk with the city's own partners: what they took, only they give back.

    Raises Problem: FRONT_PARTNER_MISSING where none is set up, and what their settings refuse.
    """
    chosen = granted(chosen_partners(os.environ))
    if chosen is None:
        raise Problem("FRONT_PARTNER_MISSING", "TONGXING_PARTNERS", what="alipay, wechat")
    return MoneyDesk(office, granted(partners_of(chosen)).channels, notify)


def _list(found: list[ETicket]) -> None:
    total_fen = sum(one.fare_fen for one in found)
    if settings().json:
        rows = [
            {"ticket": one.ticket_no, "fare_fen": one.fare_fen, "state": one.state} for one in found
        ]
        emit_json({"tickets": rows, "count": len(found), "fen": total_fen})
        return
    if not found:
        say(WORDS("refund_tickets.none"))
        return
    print_table(
        WORDS("refund_tickets.title"),
        [WORDS(f"column.{name}") for name in ("ticket", "fare", "state")],
        [
            [one.ticket_no, yuan(one.fare_fen), WORDS(f"state.{one.state}")]
            for one in found[:_SHOWN_MAX]
        ],
        right=(1,),
    )
    say(WORDS("refund_tickets.total", count=len(found), amount=yuan(total_fen)))


def _tell(run: RefundRun) -> None:
    if settings().json:
        waiting = [{"ticket": number, "why": why.code} for number, why in run.waiting]
        emit_json({"refunded": run.refunded, "fen": run.refunded_fen, "waiting": waiting})
        return
    if run.waiting:
        language = settings().language
        print_table(
            WORDS("refund_tickets.waiting"),
            [WORDS(f"column.{name}") for name in ("ticket", "reason", "said")],
            [
                [number, why.code, why.next_step(language)]
                for number, why in run.waiting[:_SHOWN_MAX]
            ],
        )
    counts = {"count": run.refunded, "amount": yuan(run.refunded_fen), "waiting": len(run.waiting)}
    say(WORDS("refund_tickets.done", **counts))
