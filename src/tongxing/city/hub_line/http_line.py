"""The line over HTTPS: signed requests, believed answers, tries that go on where they ended.

What is lost is sent again, signed anew, after a wait that doubles. An answer that is not the hub's,
or not to this request, is no answer. Files go up in pieces, letters come down in parts.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import requests

from tongxing.checkpoint.succession import FILE_CHARS_MAX
from tongxing.city.hub_line.trust import HubTrust
from tongxing.city.hub_line.unheard import no_answer, no_line, unread
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages.envelope import read_body
from tongxing.messages.letters import (
    FILE_PROGRESS,
    LETTER_PAGES,
    FileProgress,
    Letter,
    LetterPage,
)
from tongxing.messages.register_pages import (
    KEPT_REGISTERS,
    REGISTER_PAGES,
    KeptRegister,
    RegisterPage,
)
from tongxing.signed_http import (
    Answer,
    Fields,
    HttpKey,
    Request,
    check_answer,
    content_digest,
    sha256_of_digest,
    sign_request,
)

PIECE_BYTES = 4 << 20
TRIES = 6
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 600.0
_TIMEOUT_S = (10.0, 300.0)
_LABEL = "tx"
_NONCE_BYTES = 16
_AGAIN = (408, 429, 500, 502, 503, 504, 507)
_GO_ON = ("UPLOAD_RANGE", "UPLOAD_NO_MANIFEST")
_OF_KEYS = ("KEY_NOT_INTRODUCED", "KEY_EMERGENCY")
_ROUNDS_MAX = 8
_LIST_BYTES_MAX = 1 << 20
_READ_BYTES = 1 << 16
NO_FIELDS: Mapping[str, str] = {}


@dataclass(frozen=True)
class HubAddress:
    """Where a hub is and by which keys its answers are known. `certificates` is a file of
    certificates to trust, "" for those of the system."""

    url: str
    trust: HubTrust
    certificates: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    """A believed answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class HttpLine:
    """One member's line to a hub. `clock` gives Unix seconds, `draw` unpredictable bytes, `wait`
    lets so many seconds pass; `tries` is how often one request is made before it is given up."""

    def __init__(
        self,
        hub: HubAddress,
        member: str,
        key: HttpKey,
        clock: Callable[[], int],
        draw: Callable[[int], bytes],
        wait: Callable[[float], None],
        tries: int = TRIES,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        self._hub, self._key = hub, key
        self._base = f"{hub.url.rstrip('/')}/v1/members/{member}"
        self._clock, self._draw, self._wait = clock, draw, wait
        self._tries, self._piece_bytes = tries, piece_bytes
        self._session = requests.Session()

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def send(self, file_id: str, manifest: bytes, data: bytes) -> bytes | Refusal:
        """Hand a file in, going on from what the hub has of it; its verdicts.

        Refuses HUB_REFUSED with what the hub said, HTTP_AWAY, HTTP_CERTIFICATE and HTTP_ANSWER.
        """
        path = f"/files/{file_id}"
        progress: FileProgress | Refusal = FileProgress(file_id=file_id, state="nothing")
        rounds = 0
        while not isinstance(progress, Refusal) and progress.state != "booked":
            if progress.state == "nothing":
                progress = self._progress("PUT", f"{path}/manifest", manifest)
                rounds += 1
                continue
            start = self._start(progress.have_bytes, len(data))
            found = self._put_piece(path, data, start)
            if isinstance(found, Refusal) and found.values.get("code") in _GO_ON:
                found = self._progress("GET", path)
                rounds += 1
            if rounds > _ROUNDS_MAX:
                return no_answer("rounds", file_id)
            progress = found
        if isinstance(progress, Refusal):
            return progress
        page = self.letters(progress.letter - 1)
        if isinstance(page, Refusal):
            return page
        named = [letter for letter in page.letters if letter.number == progress.letter]
        if not named or named[0].name != file_id:
            return no_answer("other", file_id)
        return self.fetch(named[0])

    def letters(self, after: int) -> LetterPage | Refusal:
        """The list of letters after a number. Refuses as `send` does."""
        told = self._asked("GET", f"/letters?after={after}")
        if isinstance(told, Refusal):
            return told
        page = read_body(told.body, LETTER_PAGES)
        return unread(page) if isinstance(page, Refusal) else page

    def fetch(self, letter: Letter) -> bytes | Refusal:
        """A letter, part after part. Refuses as `send` does."""
        return self._whole(f"/letters/{letter.number}", letter.bytes, letter.sha256)

    def send_register(self, kind: str, version: int, message: bytes) -> KeptRegister | Refusal:
        """Hand a sealed register in. Refuses as `send` does."""
        told = self._asked("PUT", f"/registers/{kind}/{version}", message)
        if isinstance(told, Refusal):
            return told
        kept = read_body(told.body, KEPT_REGISTERS)
        if isinstance(kept, Refusal):
            return unread(kept)
        if (kept.kind, kept.version, kept.sha256) != (kind, version, sha256_hex(message)):
            return no_answer("other", f"{kind} {version}")
        return kept

    def registers(self, after: int) -> RegisterPage | Refusal:
        """The registers that are new after a number. Refuses as `send` does."""
        told = self._asked("GET", f"/registers?after={after}")
        if isinstance(told, Refusal):
            return told
        page = read_body(told.body, REGISTER_PAGES)
        return unread(page) if isinstance(page, Refusal) else page

    def fetch_register(self, register: KeptRegister) -> bytes | Refusal:
        """A register, part after part. Refuses as `send` does."""
        path = f"/registers/{register.number}"
        return self._whole(path, register.bytes, register.sha256)

    def _whole(self, path: str, size: int, sha256: str) -> bytes | Refusal:
        found = bytearray()
        while len(found) < size:
            first, most = len(found), size + _LIST_BYTES_MAX
            told = self._asked("GET", path, more={"Range": f"bytes={first}-"}, most=most)
            if isinstance(told, Refusal):
                return told
            if told.status == 200:
                found[:] = told.body
                break
            span = f"bytes {first}-{first + len(told.body) - 1}/{size}"
            if told.headers.get("content-range") != span or not told.body:
                return no_answer("other", path[1:], "Content-Range")
            found += told.body
        if hashlib.sha256(found).hexdigest() != sha256:
            return no_answer("digest", path[1:])
        return bytes(found)

    def _start(self, have: int, size: int) -> int:
        """Where to go on: with the last piece again, when all is there and was not booked yet."""
        return have if have < size else (size - 1) // self._piece_bytes * self._piece_bytes

    def _put_piece(self, path: str, data: bytes, start: int) -> FileProgress | Refusal:
        piece = data[start : start + self._piece_bytes]
        more = {}
        if len(piece) < len(data):
            more["Content-Range"] = f"bytes {start}-{start + len(piece) - 1}/{len(data)}"
        return self._progress("PUT", f"{path}/data", piece, more)

    def _progress(
        self, method: str, path: str, body: bytes = b"", more: Mapping[str, str] = NO_FIELDS
    ) -> FileProgress | Refusal:
        told = self._asked(method, path, body, more)
        if isinstance(told, Refusal):
            return told
        found = read_body(told.body, FILE_PROGRESS)
        return unread(found) if isinstance(found, Refusal) else found

    def _asked(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        more: Mapping[str, str] = NO_FIELDS,
        most: int = _LIST_BYTES_MAX,
    ) -> _Told | Refusal:
        """A believed answer of success; what the hub refuses; or why there is neither."""
        why = no_line(self._hub.url, None)
        wait_s, told_s = _FIRST_WAIT_S, 0.0
        for number in range(self._tries):
            if number:
                self._wait(max(told_s, wait_s * (0.5 + self._draw(1)[0] / 512)))
                wait_s, told_s = min(2 * wait_s, _LONGEST_WAIT_S), 0.0
            told = self._once(method, path, body, most, more)
            if isinstance(told, Refusal):
                why = told
                if why.code == "HTTP_CERTIFICATE":
                    return why
            elif told.status in (200, 202, 206):
                return told
            else:
                why = _refused(told)
                if told.status not in _AGAIN:
                    return why
                told_s = _seconds(told.headers.get("retry-after", ""))
        return why

    def _once(
        self, method: str, path: str, body: bytes, most: int, more: Mapping[str, str]
    ) -> _Told | Refusal:
        fields = Fields([*more.items(), ("Accept-Encoding", "identity")])
        if method == "PUT":
            fields["Content-Digest"] = content_digest(hashlib.sha256(body).digest())
            fields["Content-Type"] = "application/octet-stream"
        asked = Request(method, self._base + path, fields)
        nonce = base64.b64encode(self._draw(_NONCE_BYTES)).decode()
        sign_request(asked, self._key, self._clock(), nonce)
        try:
            with self._session.request(
                method,
                asked.url,
                data=body or None,
                headers=dict(fields.items()),
                timeout=_TIMEOUT_S,
                allow_redirects=False,
                stream=True,
                verify=_vouching(self._hub),
            ) as answer:
                content = _at_most(answer, most)
        except requests.RequestException as error:
            return no_line(self._hub.url, error)
        if content is None:
            return no_answer("long", self._hub.url)
        return self._believed(asked, answer, content)

    def _believed(self, asked: Request, answer: requests.Response, body: bytes) -> _Told | Refusal:
        lines = Fields(answer.headers.items())
        told = Answer(answer.status_code, lines, asked)
        is_refusal = answer.status_code >= 400
        label = "" if is_refusal else _LABEL
        hub = self._hub
        refusal = self._unbelieved(told, label)
        if refusal is not None and refusal.code == "HTTP_KEY":
            not_learned = self._learn_keys()
            if not_learned is not None:
                return not_learned
            refusal = self._unbelieved(told, label)
        if refusal is not None:
            return no_answer("unsigned", hub.url, refusal.code)
        if sha256_of_digest(lines.get("content-digest")) != hashlib.sha256(body).digest():
            return no_answer("digest", hub.url)
        return _Told(answer.status_code, body, {name.lower(): v for name, v in lines.items()})

    def _unbelieved(self, told: Answer, label: str) -> Refusal | None:
        """Why an answer is not the hub's; HTTP_KEY for one of a key that is not known."""
        now_s = self._clock()
        refusal: Refusal | None = None
        for name, public in self._hub.trust.publics(now_s).items():
            refusal = check_answer(told, name, public, label, now_s)
            if refusal is None or refusal.code != "HTTP_KEY":
                return refusal
        return refusal

    def _learn_keys(self) -> Refusal | None:
        """Ask the hub which key took the place of the one that is known, and believe as much of it
        as that key signed. Refuses as `HubTrust.learn`, also when nobody can be asked."""
        hub = self._hub
        try:
            with self._session.get(
                f"{hub.url.rstrip('/')}/v1/keys",
                headers={"Accept-Encoding": "identity"},
                timeout=_TIMEOUT_S,
                allow_redirects=False,
                stream=True,
                verify=_vouching(hub),
            ) as answer:
                content = _at_most(answer, FILE_CHARS_MAX) if answer.status_code == 200 else None
        except requests.RequestException:
            content = None
        if content is None:
            return no_answer("unsigned", hub.url, "HTTP_KEY")
        refusal = hub.trust.learn(content.decode(errors="replace"))
        if refusal is not None and refusal.code not in _OF_KEYS:
            return no_answer("unsigned", hub.url, refusal.code)
        return None if refusal is None else Refusal(refusal.code, hub.url, refusal.values)


def _at_most(answer: requests.Response, most: int) -> bytes | None:
    """The content of an answer; None when it is longer, or packed, which nobody asked for."""
    if answer.headers.get("content-encoding"):
        return None
    found = bytearray()
    for piece in answer.iter_content(_READ_BYTES):
        found += piece
        if len(found) > most:
            return None
    return bytes(found)


class _Error(msgspec.Struct):
    """The one JSON shape of errors."""

    code: str
    message_zh: str
    message_en: str
    next_step_zh: str = ""
    next_step_en: str = ""
    where: str = ""


_ERRORS = msgspec.json.Decoder(_Error)


def _refused(told: _Told) -> Refusal:
    """What the hub said, in its own words: another vendor's may have codes of its own."""
    said = read_body(told.body, _ERRORS)
    if isinstance(said, Refusal):
        return no_answer("status", status=told.status)
    return Refusal("HUB_REFUSED", said.where, msgspec.structs.asdict(said))


def _vouching(hub: HubAddress) -> str:
    """The file of whoever may vouch for the hub. Always a file: for True, requests would take the
    one that the variable REQUESTS_CA_BUNDLE names, and no variable decides whom to trust."""
    return hub.certificates or requests.certs.where()


def _seconds(text: str) -> float:
    return float(text[:6]) if text.isascii() and text.isdigit() else 0.0
