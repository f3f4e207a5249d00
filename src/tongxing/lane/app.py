"""The screens of one site as a web application, served by the gate itself.

A page shows what the board says and decides nothing. It gives back three things: that somebody is
called; from staff, what they have checked at a manual lane; and, on the gate's own machine,
pictures of its camera, in which codes are looked for here.
"""

from collections.abc import Collection
from typing import Literal

from fastapi import APIRouter, FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from tongxing.gate.running.runner import Runner
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.lane.events import Ending, stream
from tongxing.lane.web import (
    FACE,
    LANE_HEADERS,
    is_here,
    is_staffs,
    known,
    runner_of,
    told,
    told_to_staff,
)
from tongxing.media.code.layout import RideCode, parse_code
from tongxing.media.code.scanning import scan_file
from tongxing.web.face import link
from tongxing.web.surrounding import LOOPBACK

PICTURE_BYTES_MAX = 2_000_000
router = APIRouter()


def create_lane_app(
    runner: Runner, ending: Ending | None = None, hosts: Collection[str] = LOOPBACK
) -> FastAPI:
    """The pages of a running gate. `ending` ends their streams when the server ends."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.runner, app.state.ending = runner, ending or Ending()
    app.include_router(router)
    FACE.dress(app, hosts, LANE_HEADERS)
    return app


@router.get("/")
def first(request: Request) -> Response:
    """All lanes of the site; the only lane at once."""
    runner = runner_of(request)
    if len(runner.board.terminals) > 1:
        return lanes(request)
    language = runner.plan.config.site.language
    return RedirectResponse(link(f"/lane/{runner.board.terminals[0]}", lang=language))


@router.get("/lanes")
def lanes(request: Request) -> Response:
    """All lanes of the site, for whoever looks after them, however few there are."""
    runner = runner_of(request)
    language = runner.plan.config.site.language
    views = [told_to_staff(runner.board.view(name)) for name in runner.board.terminals]
    validators = runner.plan.validators
    return FACE.render(
        request,
        "lanes.html",
        {
            "views": views,
            "validators": validators,
            "language_of": language,
            "lists": runner.lists(),
            "manual": runner.entering.manual if is_staffs(request) else (),
        },
    )


@router.get("/events")
async def all_events(request: Request) -> Response:
    """What changes on any lane."""
    board = runner_of(request).board
    return stream(
        board,
        board.terminals,
        lambda views: [told_to_staff(view) for view in views],
        _ending(request),
    )


@router.get("/lane/{terminal}")
def lane(request: Request, terminal: str) -> Response:
    """The screen of one terminal."""
    runner = known(request, terminal)
    return FACE.render(
        request,
        "lane.html",
        {
            "terminal": terminal,
            "facts": runner.plan.validators[terminal],
            "view": told(runner.board.view(terminal)),
            "has_camera": terminal in runner.cameras,
        },
    )


@router.get("/lane/{terminal}/events")
async def events(request: Request, terminal: str) -> Response:
    """What changes on this lane."""
    board = known(request, terminal).board
    return stream(board, [terminal], lambda views: told(views[0]), _ending(request))


@router.post("/lane/{terminal}/call")
async def call(request: Request, terminal: str) -> Response:
    """Somebody at this lane asks for help."""
    known(request, terminal).board.call(terminal)
    return Response(status_code=204)


@router.post("/lane/{terminal}/helped")
async def helped(request: Request, terminal: str) -> Response:
    """Somebody has come."""
    known(request, terminal).board.call(terminal, wanted=False)
    return Response(status_code=204)


@router.post("/lane/{terminal}/checked/{found}")
async def checked(request: Request, terminal: str, found: Literal["passed", "failed"]) -> Response:
    """Staff at a manual lane have checked who comes next there, for a condition of entry."""
    runner = known(request, terminal)
    if not is_staffs(request):
        raise Problem("LANE_STAFF_ELSEWHERE", terminal)
    if not runner.entering.checked(terminal, found == "passed"):
        raise Problem("LANE_NOT_MANUAL", terminal)
    return Response(status_code=204)


@router.post("/lane/{terminal}/picture")
async def picture(request: Request, terminal: str) -> Response:
    """A picture of this lane's camera; how many codes are in it, and whether one was new."""
    runner = known(request, terminal)
    if terminal not in runner.cameras:
        raise Problem("LANE_NO_CAMERA", terminal)
    if not is_here(request):
        raise Problem("LANE_CAMERA_ELSEWHERE", terminal)
    content = await _whole(request)
    found, is_new = await run_in_threadpool(_look, runner, terminal, content)
    return JSONResponse({"codes": found, "presented": is_new})


def _ending(request: Request) -> Ending:
    found = request.app.state.ending
    assert isinstance(found, Ending)
    return found


def _look(runner: Runner, terminal: str, content: bytes) -> tuple[int, bool]:
    """Look for codes in a picture, and present the one that is there.

    A ride code goes before whatever else hangs on the wall behind it; two of them are nobody's.
    """
    scanned = scan_file(content)
    if isinstance(scanned, Refusal):
        return 0, False
    codes = list(dict.fromkeys(scanned))
    rides = [code for code in codes if isinstance(parse_code(code), RideCode)]
    shown = rides or codes
    if len(shown) > 1:
        runner.board.notice(terminal, Refusal("QR_SEVERAL", terminal, {"count": len(shown)}))
        return len(shown), False
    return 1, runner.saw(terminal, shown[0])


async def _whole(request: Request) -> bytes:
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > PICTURE_BYTES_MAX:
            raise Problem("LANE_PICTURE", "picture")
    if not found:
        raise Problem("LANE_PICTURE", "picture")
    return bytes(found)
