"""The line from a device to its city: HTTP(S) requests with a sealed message each.

The city's certificate is checked, against the system's authorities or one file. What the city says
is believed by its signature only; an answer that is an error is told by its code. Redirects are not
followed: a device talks to the address that it was given.
"""

import threading
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import requests

from tongxing.kernel.reasons import Refusal, all_reasons

CONNECT_S, ANSWER_S = 5.0, 30.0
ANSWER_BYTES_MAX = 512 << 20
SEALED = "application/vnd.tongxing.sealed"
_PIECE = 1 << 16
_CLOSED_BY_CITY = (400, 401, 403, 404, 405, 409, 410, 413, 422)


class _Error(msgspec.Struct, frozen=True):
    """The one JSON shape of errors, as far as a device needs it."""

    code: str
    message_en: str = ""


_ERRORS = msgspec.json.Decoder(_Error)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the body of a success (None: nothing newer), or why not.

    `final`: the city has read the request and will not take it as it is; else it is worth trying
    again, after `after_s` where the city said so.
    """

    body: bytes | None = None
    refusal: Refusal | None = None
    final: bool = False
    after_s: float = 0.0


class Link:
    """Requests to one city at `address` (``https://host:port``). Thread-safe: each thread has
    connections of its own. `ca` is a PEM file; without one the system's authorities count."""

    def __init__(self, address: str, ca: Path | None = None) -> None:
        self._address = address.rstrip("/")
        self._verify: bool | str = True if ca is None else str(ca)
        self._here = threading.local()

    def post(self, path: str, message: bytes) -> Answer:
        """Send a sealed message."""
        return self._asked("POST", path, message, {"Content-Type": SEALED})

    def get(self, path: str, asking: bytes) -> Answer:
        """Fetch something; `asking` is the sealed message that says who asks."""
        token = urlsafe_b64encode(asking).decode().rstrip("=")
        return self._asked("GET", path, None, {"Authorization": f"Tongxing {token}"})

    def close(self) -> None:
        """End the connections of the thread that calls, or a city that ends waits for their
        good-bye; those of another thread end with it. Whoever asks afterwards connects anew."""
        found: requests.Session | None = getattr(self._here, "session", None)
        if found is not None:
            found.close()

    def _asked(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        try:
            with self._session().request(
                method,
                self._address + path,
                data=body,
                headers={**headers, "Accept-Encoding": "identity"},
                timeout=(CONNECT_S, ANSWER_S),
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            ) as response:
                return _answer(response)
        except requests.exceptions.SSLError as error:
            return Answer(refusal=Refusal("UPLINK_TLS", self._host(), {"detail": _first(error)}))
        except (requests.RequestException, OSError) as error:
            return Answer(refusal=Refusal("UPLINK_AWAY", self._host(), {"detail": _first(error)}))

    def _session(self) -> requests.Session:
        found: requests.Session | None = getattr(self._here, "session", None)
        if found is None:
            found = self._here.session = requests.Session()
            found.trust_env = False  # neither proxies nor netrc of whoever started the gate
        return found

    def _host(self) -> str:
        return urlsplit(self._address).netloc


def answer_of(status: int, body: bytes, after: str) -> Answer:
    """What a city's answer with this status means; `after` is how many seconds it asks to wait."""
    if status == 200:
        return Answer(body=body)
    if status == 304:
        return Answer()
    final = status in _CLOSED_BY_CITY
    return Answer(refusal=_refusal(status, body), final=final, after_s=_after(after))


def _answer(response: requests.Response) -> Answer:
    found = bytearray()
    for piece in response.iter_content(_PIECE):
        found += piece
        if len(found) > ANSWER_BYTES_MAX:
            return Answer(refusal=Refusal("UPLINK_ANSWER", values={"detail": "too long"}))
    return answer_of(response.status_code, bytes(found), response.headers.get("Retry-After", ""))


def _refusal(status: int, body: bytes) -> Refusal:
    try:
        told = _ERRORS.decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return Refusal("UPLINK_ANSWER", values={"detail": f"HTTP {status}"})
    if told.code not in all_reasons():
        return Refusal("UPLINK_ANSWER", values={"detail": told.code[:60]})
    return Refusal(told.code, "city", {"detail": told.message_en[:200]})


def _after(text: str) -> float:
    return float(min(int(text[:6]), 3_600)) if text.isascii() and text.isdigit() else 0.0


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
