"""Who asks: the signature is looked at before a byte of the body is read.

What is not believed counts against the address that it came from, what is believed against the key,
so that nobody can use up another's.
"""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest

from tongxing.hub_api.desks import HubDesks
from tongxing.kernel.reasons import Refusal
from tongxing.signed_http import Fields, Request, check_request
from tongxing.web.clients import client_key
from tongxing.web.rates import Rates


@dataclass(slots=True)
class Asked:
    """A request as it is signed. `label` is that of its signature once it is believed, `member` the
    one it is for."""

    request: Request
    label: str = ""
    member: str = ""


def as_asked(http: HttpRequest) -> Asked:
    """A request as its signature covers it: address and fields as they came."""
    scope = http.scope
    path = bytes(scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = bytes(scope["query_string"]).decode("latin-1")
    host = http.headers.get("host", "")
    url = f"{scope['scheme']}://{host}{path}" + (f"?{query}" if query else "")
    lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    return Asked(Request(http.method, url, Fields(lines)))


class Door:
    """Lets members in. Not bound to one event loop."""

    def __init__(self, desks: HubDesks) -> None:
        limits = desks.limits
        self._desks = desks
        self._members = Rates(limits.burst, limits.a_second, limits.known_most, desks.ticks)
        self._strangers = Rates(
            limits.strangers_burst, limits.strangers_a_second, limits.known_most, desks.ticks
        )

    async def refuses(self, http: HttpRequest, asked: Asked) -> Refusal | None:
        """Why a request is not let in; None once it is, and `asked` is filled in.

        Refuses HTTP_HOST, HTTP_CODING, what `check_request` does, HTTP_KEY_DATES, MEMBER_OTHERS,
        TOO_MANY_REQUESTS and HTTP_REPLAY.
        """
        desks, now_s = self._desks, self._desks.clock()
        host = http.headers.get("host", "")
        name, colon, port = host.rpartition(":")
        if (name if colon and port.isdigit() else host) not in desks.hosts:
            return Refusal("HTTP_HOST", values={"host": host[:80]})
        coding = http.headers.get("content-encoding", "")
        if coding:
            return Refusal("HTTP_CODING", values={"coding": coding[:40]})
        signed = check_request(asked.request, desks.keys.public, now_s)
        if isinstance(signed, Refusal):
            return self._distrusted(http, signed)
        key = desks.keys.signer(signed.key_id, now_s)
        if isinstance(key, Refusal):
            return self._distrusted(http, key)
        member = http.path_params["member"]
        if refusal := self._members.refuses(signed.key_id):
            return refusal
        if member not in key.members:
            return Refusal("MEMBER_OTHERS", values={"member": member[:64]})
        use = desks.desk.use_signature
        refusal = await run_in_threadpool(use, signed.key_id, signed.nonce, now_s)
        if refusal is None:
            asked.label, asked.member = signed.label, member
        return refusal

    def too_often(self, http: HttpRequest) -> Refusal | None:
        """Count a request that nobody signed, against its address; TOO_MANY_REQUESTS."""
        return self._strangers.refuses(client_key(http.client.host if http.client else ""))

    def _distrusted(self, http: HttpRequest, refusal: Refusal) -> Refusal:
        return self.too_often(http) or refusal
