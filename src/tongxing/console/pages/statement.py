"""From a statement down to its records: a member's statement, one cell of the matrix, the papers.

A paper is handed out byte for byte as the hub keeps it, never made again here.
"""

from fastapi import APIRouter, Request, Response

from tongxing.city import hub_views as city
from tongxing.console.asking import asked_page
from tongxing.console.clearing import find_window
from tongxing.console.days import choose_day
from tongxing.console.names import city_of
from tongxing.console.pages.settlement import PAPER_KINDS
from tongxing.console.reading import Snapshot
from tongxing.console.web import console_of, link, render
from tongxing.hub import load_rulebook
from tongxing.hub import views as hub
from tongxing.hub.closing import CAMT_053, CSV
from tongxing.hub.store import payments as payment_store
from tongxing.hub.store import windows as papers
from tongxing.kernel.reasons import Problem

ROWS_PER_PAGE = 100
PAGES_MAX = 1_000
PAYMENT = "payment"

_MEDIA_TYPES = {
    CSV: "text/csv; charset=utf-8",
    CAMT_053: "application/xml",
    PAYMENT: "application/xml",
}
_SUFFIXES = {CSV: "csv", CAMT_053: "camt053.xml", PAYMENT: "xml"}

router = APIRouter()


@router.get("/settlement/{window_id}/members/{member}")
def member_statement(request: Request, window_id: str, member: str) -> Response:
    """A member's statement as it booked it, each line leading to the records behind it."""
    with console_of(request).books.snapshot() as snapshot:
        line = find_window(snapshot, window_id)
        code = city_of(member)
        if code not in snapshot.cities:
            raise Problem("STATEMENT_FILE_UNKNOWN", window_id, name=member[:60])
        cursor = snapshot.of_city(code)
        found = [
            seen
            for seen in city.statements_of(cursor, window_id)
            if seen.statement.member == member
        ]
        if not found:
            raise Problem("STATEMENT_FILE_UNKNOWN", window_id, name=member[:60])
        payouts = city.payouts_of(cursor, window_id)
        choice = choose_day(snapshot, None)
    statement = found[0].statement
    owed = {share.operator for share in statement.operator_payouts}
    return render(
        request,
        "statement.html",
        {
            "section": "settlement",
            "choice": choice,
            "window": line,
            "member": member,
            "seen": found[0],
            "fees": {share.operator: share.share_fen for share in statement.operator_fees},
            "payouts": [payout for payout in payouts if payout.operator in owed],
        },
    )


@router.get("/settlement/{window_id}/cells/{issuer}/{acquirer}")
def cell(request: Request, window_id: str, issuer: str, acquirer: str) -> Response:
    """The records behind one cell of the matrix, as their city presented them."""
    page = asked_page(request, PAGES_MAX)
    books = console_of(request).books
    with books.snapshot() as snapshot:
        line = find_window(snapshot, window_id)
        cells = hub.matrix(snapshot.of_hub(), window_id, load_rulebook().fee)
        key = (issuer, acquirer)
        found = next((each for each in cells if (each.issuer, each.acquirer) == key), None)
        code = city_of(acquirer)
        if found is None or code not in snapshot.cities:
            raise Problem("PAGE_UNKNOWN", request.url.path)
        count, total_fen = books.once(snapshot, _count, code, window_id, issuer)
        rows = books.once(snapshot, _rows, code, window_id, issuer, page)
        choice = choose_day(snapshot, None)
    here = f"/settlement/{window_id}/cells/{issuer}/{acquirer}"
    has_more = page * ROWS_PER_PAGE < count and page < PAGES_MAX
    return render(
        request,
        "cell.html",
        {
            "section": "settlement",
            "choice": choice,
            "window": line,
            "cell": found,
            "city": code,
            "rows": rows,
            "count": count,
            "total_fen": total_fen,
            "first": (page - 1) * ROWS_PER_PAGE + 1,
            "previous": link(here, page=page - 1) if page > 1 else "",
            "next": link(here, page=page + 1) if has_more else "",
        },
    )


def _count(snapshot: Snapshot, code: str, window_id: str, issuer: str) -> tuple[int, int]:
    return city.count_presented(snapshot.of_city(code), window_id, issuer)


def _rows(
    snapshot: Snapshot, code: str, window_id: str, issuer: str, page: int
) -> list[city.PresentedRow]:
    skipped = (page - 1) * ROWS_PER_PAGE
    return city.list_presented(snapshot.of_city(code), window_id, issuer, ROWS_PER_PAGE, skipped)


@router.get("/settlement/{window_id}/papers/{kind}/{party}")
def paper(request: Request, window_id: str, kind: str, party: str) -> Response:
    """A statement in one of its forms, or the message of a payment, as the hub keeps it."""
    with console_of(request).books.snapshot() as snapshot:
        find_window(snapshot, window_id)
        cursor = snapshot.of_hub()
        content = None
        if kind == PAYMENT:
            for payment in payment_store.load_payments(cursor, window_id):
                if payment.instruction.instruction_id == party:
                    content = payment.message
        elif kind in PAPER_KINDS:
            content = papers.load_documents(cursor, window_id, [kind])[kind].get(party)
    if content is None:
        raise Problem("STATEMENT_FILE_UNKNOWN", window_id, name=f"{kind[:20]}/{party[:40]}")
    suffix = _SUFFIXES.get(kind, f"{kind.partition('.')[2]}.txt")
    name = f"{party}.{suffix}" if kind == PAYMENT else f"{window_id}-{party}.{suffix}"
    return Response(
        content,
        media_type=_MEDIA_TYPES.get(kind, "text/plain; charset=utf-8"),
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )
