"""What a supervisor keeps an eye on: what passengers wrote, money notices that were refused, looks
of staff that stand out, the one-time codes, refunds under way."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.city.money.store.refunds import waiting_parts
from tongxing.counter.web import Supervising, desks_of, page
from tongxing.kernel.clock import DAY_S

ROWS = 50
_ALL_DUE_S = 366 * DAY_S

router = APIRouter()


@router.get("/watch")
def watch(request: Request, who: Supervising) -> Response:
    """All of it on one page."""
    desks, now_s = desks_of(request), who.now_s
    with desks.office.reading() as cursor:
        refunds = waiting_parts(cursor, now_s + _ALL_DUE_S, ROWS)
    return page(
        request,
        "watch.html",
        feedback=desks.people.feedback_list(ROWS),
        notices=desks.money.quarantined(ROWS),
        looks=desks.people.look_alerts(now_s),
        codes=desks.people.code_health(now_s),
        refunds=refunds,
        disputes=[one for one in desks.losing.disputes() if one.ended_s is None],
    )
