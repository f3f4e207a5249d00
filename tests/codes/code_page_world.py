"""The page of the ride code on a real port, with a frame as plain as can be around it."""

import threading
import time
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import uvicorn
from codes_world import ANNA, World, open_world
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, DictLoader, Environment, PackageLoader, StrictUndefined
from starlette.staticfiles import StaticFiles

from tongxing.cli.common import loopback_socket
from tongxing.kernel.reasons import Refusal
from tongxing.rider.code_api import PACKAGE, CodePages, page_values, router
from tongxing.storage import Database
from tongxing.web.language import TAGS, language_of
from tongxing.web.surrounding import Surrounding
from tongxing.web.words import catalogue_of

FRAME = """<!doctype html>
<html lang="{{ tag }}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{% block title %}{% endblock %}</title>
<link rel="icon" href="/rider/static/vendor/none.svg">
{% block scripts %}{% endblock %}</head>
<body><main>{% block content %}{% endblock %}</main></body></html>"""


@dataclass
class PageSite:
    """The page's server, who is signed in there, and its clock: the real one, moved on by hand."""

    world: World
    account: str | None = ANNA
    moved_s: int = 0
    address: str = ""
    _server: uvicorn.Server | None = None
    _threads: list[threading.Thread] = field(default_factory=list)

    def clock(self) -> int:
        return int(time.time()) + self.moved_s

    def later(self, seconds: int) -> None:
        self.moved_s = seconds

    def serve(self) -> None:
        taken = loopback_socket(0)
        taken.listen()  # who comes before the server waits for it
        self._server = uvicorn.Server(uvicorn.Config(_app(self), log_level="error"))
        thread = threading.Thread(target=self._server.run, kwargs={"sockets": [taken]})
        thread.start()
        self._threads.append(thread)
        self.address = f"http://127.0.0.1:{taken.getsockname()[1]}"

    def close(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
            for thread in self._threads:
                thread.join()
            self._server = None
            self.world.office.close()


def open_site(database: Database) -> PageSite:
    """The page of Anna's and Ben's ride codes."""
    site = PageSite(open_world(database))
    for person in site.world.folk.known.values():
        person.opened_s = int(time.time()) - 400 * 86_400
    site.serve()
    return site


def _app(site: PageSite) -> FastAPI:
    loader = ChoiceLoader([DictLoader({"base.html": FRAME}), PackageLoader(PACKAGE)])
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    pages = CodePages(site.world.desk, lambda _request: site.account, site.clock)
    rider = FastAPI()
    rider.state.codes = pages
    rider.include_router(router)
    static = Path(str(files(PACKAGE).joinpath("static")))
    rider.mount("/static", StaticFiles(directory=static))

    @rider.get("/code")
    def page(request: Request) -> HTMLResponse:
        language = language_of(request)
        values = page_values(pages, language, "/rider")
        html = environment.get_template("code.html").render(
            tag=TAGS[language],
            t=lambda key: catalogue_of(PACKAGE).text(key, language),
            asset=lambda name: f"/rider/static/{name}?v=1",
            **values,
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    app = FastAPI()

    def failure(_request: Request, refusal: Refusal) -> HTMLResponse:
        return HTMLResponse(refusal.code, 403)

    app.add_middleware(Surrounding, failure=failure)
    app.mount("/rider", rider)
    return app
