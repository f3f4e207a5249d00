"""How the interface answers: sealed bytes, or the one JSON shape of errors. Never a stack trace."""

import logging

import psycopg
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tongxing.kernel.reasons import Problem, Refusal, reason

SEALED = "application/vnd.tongxing.sealed"
RETRY_AFTER_S = 5
WAIT = (429, 503)
"""Statuses that say when to come again."""

STATUS = {
    "MESSAGE_MALFORMED": 400,
    "MESSAGE_KIND": 400,
    "SCHEMA_TOO_NEW": 400,
    "API_QUERY": 400,
    "SIGNATURE_INVALID": 401,
    "API_UNSIGNED": 401,
    "DEVICE_CLOCK": 401,
    "DEVICE_UNKNOWN": 403,
    "DEVICE_REVOKED": 403,
    "TERMINAL_UNKNOWN": 403,
    "OPERATOR_MISMATCH": 403,
    "IDENTITY_MISMATCH": 403,
    "FLEET_CODE": 403,
    "API_PATH": 404,
    "API_METHOD": 405,
    "BODY_SLOW": 408,
    "FLEET_CODE_EXPIRED": 410,
    "FLEET_CODE_USED": 409,
    "BODY_TOO_LARGE": 413,
    "BATCH_TOO_LARGE": 413,
    "TOO_MANY_REQUESTS": 429,
    "API_FAILED": 500,
}
_STATUS_OF_EXIT = {4: 422, 5: 409, 6: 503}
_log = logging.getLogger("tongxing.api")


def sealed(message: bytes) -> Response:
    """A sealed message."""
    return Response(message, media_type=SEALED, headers={"Cache-Control": "no-store"})


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal; a transport without statuses names the same number."""
    return STATUS.get(refusal.code) or _STATUS_OF_EXIT.get(reason(refusal.code).exit_code, 422)


def refused(refusal: Refusal) -> Response:
    """A refusal, as every face of the project tells it to programs."""
    status = status_of(refusal)
    headers = {"Cache-Control": "no-store"}
    if status in (408, 413):
        headers["Connection"] = "close"
    if status in WAIT:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return JSONResponse(refusal.as_json(), status, headers)


def answered(answer: bytes | Refusal | None) -> Response:
    """Either of the two, or that nothing is newer."""
    if answer is None:
        return Response(status_code=304, headers={"Cache-Control": "no-store"})
    return refused(answer) if isinstance(answer, Refusal) else sealed(answer)


def refusal_of(error: Exception, path: str) -> Refusal:
    """What is said when a handler fails: the books are away, or a bug, which is told to the log and
    not to whoever asks."""
    if isinstance(error, Problem | psycopg.OperationalError):
        return Refusal("INTAKE_BUSY")
    _log.error("%s failed", path, exc_info=error)
    return Refusal("API_FAILED", path)


async def on_http_error(request: Request, error: Exception) -> Response:
    """What the router refuses: unknown paths, other methods."""
    assert isinstance(error, HTTPException)
    path = request.url.path[:100]
    if error.status_code == 405:
        return refused(Refusal("API_METHOD", path, {"method": request.method[:20]}))
    return refused(Refusal("API_PATH", path, {"path": path}))


async def on_failure(request: Request, error: Exception) -> Response:
    """What a handler could not do."""
    return refused(refusal_of(error, request.url.path[:100]))
