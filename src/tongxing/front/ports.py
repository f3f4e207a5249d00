"""One server, several sites: each port has its own application.

Browsers keep sites apart by name and port, so pages of different cities, and of staff, need not
trust one another though one process serves them all.
"""

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class ByPort:
    """Hands each connection to the application of the port that it came in by.

    `main` also gets what has no port: the server's start and stop.
    """

    def __init__(self, main: ASGIApp, others: Mapping[int, ASGIApp]) -> None:
        self._main = main
        self._others = dict(others)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        server = scope.get("server")
        port = server[1] if server else None
        await self._others.get(port or 0, self._main)(scope, receive, send)
