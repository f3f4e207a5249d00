"""The passenger's pages on a real port, with the sandbox's partners beside them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import Request, Response
from rider_world import NOON, World, open_world

from tongxing.cli.common import loopback_socket
from tongxing.kernel.reasons import Refusal
from tongxing.partners.alipay import AlipayChannel
from tongxing.sandbox import Sandbox, start_sandbox
from tongxing.storage import Database


@dataclass
class Site:
    """A world whose pages can be opened in a browser at `address`."""

    world: World
    sandbox: Sandbox
    address: str


@contextmanager
def open_site(database: Database) -> Iterator[Site]:
    """Serve it until the block ends; the partner's notices arrive as they would in earnest."""
    taken = loopback_socket(0)
    taken.listen()  # who comes before the server waits for it
    address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    base = f"{address}/notify"
    worlds: list[World] = []

    def clock() -> int:
        return worlds[0].now_s if worlds else NOON

    with start_sandbox(notify_base=base, pace=0.0001, clock=clock) as sandbox:
        settings = sandbox.settings.alipay
        assert settings is not None
        channel = AlipayChannel(settings, clock)
        world = open_world(database, channels={"alipay": channel}, sandbox=sandbox.address)
        worlds.append(world)

        async def notify(request: Request) -> Response:
            body, headers = await request.body(), dict(request.headers)
            found = world.desks.money.take_notice("alipay", headers, body, world.now_s)
            if isinstance(found, Refusal):
                return Response(found.code, 400)
            return Response(found.body, found.status, media_type=found.content_type)

        world.app.add_api_route("/notify/alipay", notify, methods=["POST"])
        world.app.router.routes.insert(0, world.app.router.routes.pop())
        config = uvicorn.Config(world.app, log_level="error", ws="wsproto", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
        thread.start()
        try:
            yield Site(world, sandbox, address)
        finally:
            server.should_exit = True
            thread.join()
            taken.close()
            world.close()
