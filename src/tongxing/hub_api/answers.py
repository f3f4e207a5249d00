"""How the interface answers: everything signed by the hub, errors in the one JSON shape."""

import hashlib
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
import psycopg
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from tongxing.hub_api.desks import HubDesks
from tongxing.hub_api.door import Asked
from tongxing.kernel.reasons import Problem, Refusal, reason
from tongxing.signed_http import Answer, Fields, content_digest, sign_answer

JSON = "application/json"
BYTES = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"
RETRY_AFTER_S = 5
_WAIT = (429, 503)
_OF_BODIES = ("BODY_TOO_LARGE", "BODY_SLOW")

STATUS = {
    "API_QUERY": 400,
    "HTTP_DIGEST": 400,
    "HTTP_UNSIGNED": 401,
    "HTTP_SIGNATURE": 401,
    "HTTP_KEY": 401,
    "HTTP_KEY_DATES": 401,
    "HTTP_CLOCK": 401,
    "HTTP_REPLAY": 401,
    "SIGNATURE_INVALID": 403,
    "FILE_SENDER": 403,
    "PARTICIPANT_MISMATCH": 403,
    "MEMBER_OTHERS": 403,
    "MEMBER_UNKNOWN": 403,
    "REGISTER_OWNER": 403,
    "API_PATH": 404,
    "LETTER_UNKNOWN": 404,
    "REGISTER_UNKNOWN": 404,
    "API_METHOD": 405,
    "BODY_SLOW": 408,
    "FILE_ID_CONFLICT": 409,
    "FILE_CHAIN": 409,
    "REGISTER_ROLLBACK": 409,
    "REGISTER_CHANGED": 409,
    "BODY_TOO_LARGE": 413,
    "FILE_TOO_LARGE": 413,
    "HTTP_CODING": 415,
    "LETTER_RANGE": 416,
    "HTTP_HOST": 421,
    "TOO_MANY_REQUESTS": 429,
    "API_FAILED": 500,
    "UPLOAD_NO_ROOM": 507,
}
_STATUS_OF_EXIT = {4: 422, 5: 409, 6: 503}
_log = logging.getLogger("tongxing.hub_api")


class Answers:
    """Makes answers with the hub's key."""

    def __init__(self, desks: HubDesks) -> None:
        self._desks = desks

    def told(self, asked: Asked, body: msgspec.Struct | Mapping[str, Any], status: int) -> Response:
        """A JSON object."""
        return self.whole(asked, msgspec.json.encode(body), status, {"Content-Type": JSON})

    def whole(
        self, asked: Asked, content: bytes, status: int, headers: Mapping[str, str]
    ) -> Response:
        """A content that is in memory."""
        sha256 = hashlib.sha256(content).digest()
        signed = self._signed(asked, status, sha256, headers)
        return Response(content, status, signed)

    def streamed(
        self,
        asked: Asked,
        parts: AsyncIterator[bytes],
        sha256: bytes,
        headers: Mapping[str, str],
    ) -> Response:
        """A content that comes piece by piece, and whose SHA-256 is known."""
        return StreamingResponse(parts, 200, self._signed(asked, 200, sha256, headers))

    def refused(self, asked: Asked, refusal: Refusal) -> Response:
        """A refusal, as every face of the project tells it to programs."""
        status = STATUS.get(refusal.code)
        status = status or _STATUS_OF_EXIT.get(reason(refusal.code).exit_code, 422)
        headers = {"Content-Type": JSON}
        if status in (401, 403, 408, 413, 415):
            headers["Connection"] = "close"  # a body may be on its way that nobody will read
        if status in _WAIT:
            headers["Retry-After"] = str(RETRY_AFTER_S)
        content = msgspec.json.encode(refusal.as_json())
        return self.whole(asked, content, status, headers)

    def failed(self, asked: Asked, error: Exception) -> Response:
        """What is said when a handler fails: the books are away, or a bug, which is told to the log
        and not to whoever asks."""
        if isinstance(error, Problem) and error.refusal.code in _OF_BODIES:
            return self.refused(asked, error.refusal)
        if isinstance(error, ClientDisconnect):
            return Response(status_code=400)  # nobody is there to hear it
        if isinstance(error, Problem | psycopg.OperationalError):
            _log.warning("the books are away: %s", error)
            return self.refused(asked, Refusal("HUB_BUSY"))
        _log.error("%s failed", asked.request.url, exc_info=error)
        return self.refused(asked, Refusal("API_FAILED"))

    def _signed(
        self, asked: Asked, status: int, sha256: bytes, headers: Mapping[str, str]
    ) -> dict[str, str]:
        desks = self._desks
        fields = Fields([*headers.items(), ("Content-Digest", content_digest(sha256))])
        fields["Cache-Control"] = "no-store"
        answer = Answer(status, fields, asked.request)
        sign_answer(answer, desks.signing(), desks.clock(), asked.label)
        return dict(fields.items())
