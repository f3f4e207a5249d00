"""One city's site: the passenger's pages, the counter's, the machine's, and where partners call.

Partners' notices are the only thing that somebody else may post here: they carry a signature, which
the money's desk checks before anything else.
"""

from collections.abc import Callable, Collection, Mapping

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from tongxing.city.money import status_of
from tongxing.counter.app import create_counter_app
from tongxing.counter.desks import CounterDesks
from tongxing.front.opening import CityFront
from tongxing.kernel.reasons import Refusal
from tongxing.rider.app import create_rider_app
from tongxing.rider.desks import RiderDesks, wall_clock
from tongxing.web.surrounding import LOOPBACK

NOTICES = "/partners"
NO_SANDBOX: Mapping[str, str] = {}
_NOTICE_BYTES_MAX = 1 << 16


def city_app(
    front: CityFront,
    hosts: Collection[str] = LOOPBACK,
    home: str = "",
    sandbox: Mapping[str, str] = NO_SANDBOX,
) -> FastAPI:
    """The site of one city. `home` is its own address (``https://host``), "" where it is taken from
    each request; `sandbox` says where stand-ins of partners show what they sent."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    rider = rider_desks(front, home, sandbox)
    counter = CounterDesks(
        office=front.office,
        staff=front.staff,
        people=front.people,
        binding=front.binding,
        money=front.money,
        losing=front.losing,
        upgrading=front.upgrading,
        publish=front.publish,
        vault=front.vault,
    )

    @app.get("/")
    def first() -> Response:
        return RedirectResponse("/rider/")

    @app.post(NOTICES + "/{channel}")
    async def notice(request: Request, channel: str) -> Response:
        body = await _whole(request)
        if body is None:
            return Response(status_code=413)
        headers = dict(request.headers)
        return await run_in_threadpool(_taken, front, channel, headers, body)

    app.mount("/rider", create_rider_app(rider, hosts))
    app.mount("/counter", create_counter_app(counter, hosts))
    return app


def rider_desks(
    front: CityFront,
    home: str = "",
    sandbox: Mapping[str, str] = NO_SANDBOX,
    clock: Callable[[], int] = wall_clock,
) -> RiderDesks:
    """What the passengers' pages of a city are given; `city_app` says what the others mean."""
    return RiderDesks(
        office=front.office,
        people=front.people,
        binding=front.binding,
        money=front.money,
        codes=front.codes,
        losing=front.losing,
        upgrading=front.upgrading,
        channels=front.channels,
        home=f"{home}/rider" if home else "",
        publish=front.publish,
        clock=clock,
        sandbox=sandbox,
    )


def _taken(front: CityFront, channel: str, headers: Mapping[str, str], body: bytes) -> Response:
    answer = front.money.take_notice(channel, headers, body, wall_clock())
    if isinstance(answer, Refusal):
        return JSONResponse(answer.as_json(), status_of(answer))
    return Response(answer.body, answer.status, media_type=answer.content_type)


async def _whole(request: Request) -> bytes | None:
    """The body of a request; None for one that is longer than any notice."""
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > _NOTICE_BYTES_MAX:
            return None
    return bytes(found)
