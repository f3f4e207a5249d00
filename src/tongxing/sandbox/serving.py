"""Starts the sandbox: all partners on one loopback port, in a thread, for as long as it is used."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse

from tongxing.kernel.learning import learn_structs
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.partners.calling import Clock, wall_clock
from tongxing.partners.settings import (
    AlipaySettings,
    AliyunSettings,
    PartnerSettings,
    WechatSettings,
)
from tongxing.partners.strict import BadAnswer, form_fields
from tongxing.sandbox import alipay, aliyun, wechat
from tongxing.sandbox.alipay_methods import Declined, open_agreement, open_trade
from tongxing.sandbox.book import Book, Message
from tongxing.sandbox.desk import Desk, Dropped, body_of
from tongxing.sandbox.faults import Faults
from tongxing.sandbox.keys import MERCHANT, certificate, private_pem, public_pem
from tongxing.sandbox.notifying import Delivery, Notifier
from tongxing.sandbox.pages import FACE, page_routes
from tongxing.web.surrounding import LOOPBACK

PARTNER_PATHS = ("/alipay/", "/wechat/", "/aliyun/")
_HOST = "127.0.0.1"
_START_S = 10.0


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox. `address` is ``http://127.0.0.1:<port>``; `settings` are what adapters
    need to talk to it; `faults` are its knobs."""

    address: str
    settings: PartnerSettings
    faults: Faults
    desk: Desk

    def messages(self) -> list[Message]:
        """The short messages that were sent, the newest first."""
        return self.desk.book.messages()

    def deliveries(self) -> list[Delivery]:
        """Every try to send a notice so far, the oldest first."""
        return self.desk.notifier.deliveries()

    def notifying(self, base: str) -> PartnerSettings:
        """The settings with notices sent to ``<base>/alipay`` and ``<base>/wechat``."""
        ours = self.settings
        assert ours.alipay is not None and ours.wechat is not None, "a sandbox plays them all"
        return PartnerSettings(
            replace(ours.alipay, notify_url=f"{base}/alipay"),
            replace(ours.wechat, notify_url=f"{base}/wechat"),
            ours.aliyun,
        )


@contextmanager
def start_sandbox(
    port: int = 0,
    *,
    notify_base: str = "",
    hosts: Collection[str] = ("127.0.0.1", "localhost"),
    pace: float = 1 / 60,
    clock: Clock = wall_clock,
) -> Iterator[Sandbox]:
    """Serve all partners on a loopback port (0: any that is free) until the block ends.

    Notices go to ``<notify_base>/alipay`` and ``…/wechat``, and only to `hosts`; the partners'
    waits before they try again are shortened by `pace`. Raises Problem SANDBOX_NOT_STARTED.
    """
    learn_structs()
    try:
        taken = socket.create_server((_HOST, port))
    except OSError:
        raise Problem("SANDBOX_NOT_STARTED", str(port), port=port) from None
    address = f"http://{_HOST}:{taken.getsockname()[1]}"
    faults, settings = Faults(), _settings(address, notify_base)
    assert settings.alipay is not None and settings.wechat is not None
    assert settings.aliyun is not None
    notifier = Notifier(faults, hosts, pace)
    desk = Desk(
        address,
        settings.alipay,
        settings.wechat,
        settings.aliyun,
        Book(),
        faults,
        notifier,
        clock,
    )
    server = uvicorn.Server(
        uvicorn.Config(
            create_sandbox_app(desk),
            log_level="critical",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [taken]}, name="sandbox", daemon=True
    )
    thread.start()
    notifier.start()
    try:
        _wait(server, port)
        yield Sandbox(address, settings, faults, desk)
    finally:
        notifier.stop()
        server.should_exit = True
        thread.join()
        taken.close()


def create_sandbox_app(desk: Desk) -> FastAPI:
    """Pages for people and, under `PARTNER_PATHS`, the partners' own interfaces."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    FACE.dress(app, LOOPBACK, open_to_others=PARTNER_PATHS)
    app.include_router(page_routes(desk))

    @app.get("/alipay/gateway.do")
    def page(request: Request) -> Response:
        return _alipay_page(desk, request)

    @app.post("/alipay/gateway.do")
    async def gateway(request: Request) -> Response:
        body = await body_of(request)
        return await _answered(desk, lambda: _alipay(desk, body))

    @app.api_route("/wechat/{path:path}", methods=["GET", "POST"])
    async def wechat_pay(request: Request, path: str) -> Response:
        body = await body_of(request)
        told = request.headers.get("authorization", "")
        query = request.url.query

        def work() -> Response:
            status, headers, text = wechat.answer(
                desk, request.method, f"/{path}", query, told, body
            )
            return Response(text, status, headers)

        return await _answered(desk, work)

    @app.post("/aliyun/{path:path}")
    async def cloud(request: Request, path: str) -> Response:
        body = await body_of(request)
        headers = dict(request.headers)

        def work() -> Response:
            target, query = request.url.path, request.url.query
            status, found = aliyun.answer(desk, "POST", target, query, headers, body)
            found.pop(desk.faults.leave_out, None)
            return JSONResponse(found, status)

        return await _answered(desk, work)

    return app


async def _answered(desk: Desk, work: Callable[[], Response]) -> Response:
    """Do the work and answer it as the knobs of calls say."""
    faults = desk.faults
    if faults.redirect_to:
        return RedirectResponse(faults.redirect_to)
    if faults.down:
        return PlainTextResponse("", 503)
    response = work()
    if faults.delay_s:
        await asyncio.sleep(faults.delay_s)
    if faults.drop_answers > 0:
        faults.drop_answers -= 1
        return Dropped()
    return PlainTextResponse("<html>") if faults.garbage else response


def _alipay(desk: Desk, body: bytes) -> Response:
    try:
        fields = form_fields(body)
    except BadAnswer:
        fields = {}
    return Response(alipay.answer(desk, fields), media_type="application/json;charset=utf-8")


def _alipay_page(desk: Desk, request: Request) -> Response:
    """Leads an address that the merchant signed to the cashier or the signing page."""
    if desk.faults.down:
        return PlainTextResponse("", 503)
    try:
        fields = form_fields(request.url.query.encode())
        method, content = alipay.read_request(desk, fields)
        with desk.book.lock:
            if method == "alipay.user.agreement.page.sign":
                key = open_agreement(desk, content).key
                return RedirectResponse(f"/agreement/{key}", 303)
            if method in alipay.PAGES:
                return RedirectResponse(f"/cashier/{open_trade(desk, content).key}", 303)
        reason = "isv.invalid-method"
    except Declined as declined:
        reason = declined.sub_code
    except BadAnswer as bad:
        reason = f"ACQ.INVALID_PARAMETER {bad.field}"
    values = {"partner": "alipay", "reason": reason}
    return FACE.failure(request, Refusal("PARTNER_NOT_ALLOWED", "alipay", values), 400)


def _wait(server: uvicorn.Server, port: int) -> None:
    until = time.monotonic() + _START_S
    while not server.started:
        if time.monotonic() > until:
            raise Problem("SANDBOX_NOT_STARTED", str(port), port=port)
        time.sleep(0.01)


def _settings(address: str, notify_base: str) -> PartnerSettings:
    """What the sandbox's one customer agreed with it: made-up numbers and this run's keys."""
    return PartnerSettings(
        AlipaySettings(
            gateway=f"{address}/alipay/gateway.do",
            app_id="9021000100000000",
            seller_id="2088000000000001",
            private_key=private_pem(MERCHANT),
            alipay_public_key=public_pem("alipay"),
            notify_url=f"{notify_base}/alipay" if notify_base else "",
            sign_scene="INDUSTRY|SANDBOX",
        ),
        WechatSettings(
            base=f"{address}/wechat",
            app_id="wx0000000000000000",
            merchant_id="1900000001",
            serial_no=certificate(MERCHANT)[0],
            private_key=private_pem(MERCHANT),
            api_v3_key="sandbox0sandbox0sandbox0sandbox0",
            notify_url=f"{notify_base}/wechat" if notify_base else "",
            platform_keys={certificate("wechat")[0]: public_pem("wechat")},
        ),
        AliyunSettings(
            sms_base=f"{address}/aliyun/sms",
            identity_base=f"{address}/aliyun/identity",
            access_key_id="LTAI0sandbox",
            access_key_secret="sandbox",
            sign_name="Tongxing",
            template_prefix=aliyun.TEMPLATE_PREFIX,
        ),
    )
