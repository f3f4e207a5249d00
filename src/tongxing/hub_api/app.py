"""The interface over HTTP: its addresses below ``/v1``."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from tongxing.exchange.limits import load_limits
from tongxing.hub.windows import window_of, window_times
from tongxing.hub_api.answers import BYTES, TEXT, Answers
from tongxing.hub_api.desks import HubDesks
from tongxing.hub_api.door import Asked, Door, as_asked
from tongxing.hub_api.files import FileRoutes, Told
from tongxing.hub_api.letters import LetterRoutes
from tongxing.hub_api.registers import RegisterRoutes
from tongxing.kernel.reasons import Refusal

OF_MEMBER = "/v1/members/{member}"
Act = Callable[[HttpRequest, Asked], Awaitable[Response]]


def create_hub_app(desks: HubDesks) -> FastAPI:
    """The application."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    answers, door = Answers(desks), Door(desks)
    files, letters = FileRoutes(desks), LetterRoutes(desks, answers)
    registers = RegisterRoutes(desks, answers)

    def let_in(act: Act) -> Callable[[HttpRequest], Awaitable[Response]]:
        async def route(http: HttpRequest) -> Response:
            asked = as_asked(http)
            try:
                refusal = await door.refuses(http, asked)
                if refusal is not None:
                    return answers.refused(asked, refusal)
                return await act(http, asked)
            except Exception as error:
                return answers.failed(asked, error)

        return route

    def told(work: Callable[[HttpRequest, Asked], Awaitable[Told]]) -> Act:
        async def act(http: HttpRequest, asked: Asked) -> Response:
            found = await work(http, asked)
            if isinstance(found, Refusal):
                return answers.refused(asked, found)
            return answers.told(asked, *found)

        return act

    async def case_file(http: HttpRequest, asked: Asked) -> Response:
        found = await files.case_file(http, asked)
        if isinstance(found, Refusal):
            return answers.refused(asked, found)
        return answers.whole(asked, found, 200, {"Content-Type": BYTES})

    of_file = OF_MEMBER + "/files/{file_id}"
    routes: list[tuple[str, str, Act]] = [
        ("GET", of_file, told(files.progress)),
        ("PUT", of_file + "/manifest", told(files.manifest)),
        ("PUT", of_file + "/data", told(files.data)),
        ("PUT", OF_MEMBER + "/cases/{file_id}", case_file),
        ("GET", OF_MEMBER + "/letters", letters.listed),
        ("GET", OF_MEMBER + "/letters/{number}", letters.one),
        ("PUT", OF_MEMBER + "/registers/{kind}/{version}", registers.hand_in),
        ("GET", OF_MEMBER + "/registers", registers.listed),
        ("GET", OF_MEMBER + "/registers/{number}", registers.one),
    ]
    for method, path, act in routes:
        app.add_route(path, let_in(act), methods=[method], include_in_schema=False)
    _open_to_all(app, desks, door, answers)
    return app


def _open_to_all(app: FastAPI, desks: HubDesks, door: Door, answers: Answers) -> None:
    """What needs no key: who this is, whether it is well; and what is said of other addresses."""

    async def about(http: HttpRequest) -> Response:
        if refusal := door.too_often(http):
            return answers.refused(as_asked(http), refusal)
        now_s, rules, key = desks.clock(), desks.desk.rules, desks.signing()
        window = window_of(now_s, rules)
        body = {
            "hub": desks.desk.name,
            "key_id": key.key_id,
            "public_key": key.public().public_bytes_raw().hex(),
            "time_s": now_s,
            "window": window,
            "cutoff_s": window_times(window, rules).cutoff_s,
            "rulebook": rules.version,
            "data_bytes_max": rules.file.data_bytes_max,
            "manifest_bytes_max": rules.file.manifest_bytes_max,
            "register_bytes_max": load_limits().registers.file_bytes_max,
        }
        return answers.told(as_asked(http), body, 200)

    async def health(http: HttpRequest) -> Response:
        asked = as_asked(http)
        if refusal := door.too_often(http):
            return answers.refused(asked, refusal)
        if await run_in_threadpool(desks.desk.is_well):
            return answers.told(asked, {"well": True}, 200)
        return answers.refused(asked, Refusal("HUB_BUSY"))

    async def keys(http: HttpRequest) -> Response:
        asked = as_asked(http)
        if refusal := door.too_often(http):
            return answers.refused(asked, refusal)
        try:
            found = await run_in_threadpool(desks.desk.public_keys)
        except Exception as error:
            return answers.failed(asked, error)
        return answers.whole(asked, found.encode(), 200, {"Content-Type": TEXT})

    async def unknown(http: HttpRequest, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        path = http.url.path[:100]
        if error.status_code == 405:
            values = {"method": http.method[:20]}
            return answers.refused(as_asked(http), Refusal("API_METHOD", path, values))
        return answers.refused(as_asked(http), Refusal("API_PATH", path, {"path": path}))

    app.add_route("/v1/about", about, methods=["GET"])
    app.add_route("/v1/keys", keys, methods=["GET"])
    app.add_route("/v1/health", health, methods=["GET"])
    app.add_exception_handler(HTTPException, unknown)
