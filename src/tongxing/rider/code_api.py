"""What the page of the ride code asks of the server: questions, authorisations, kinds, phones.

Answers are JSON; a refusal is the one shape of errors. Whose account it is comes from the session
and never from the request. The application puts a `CodePages` into its state as ``codes`` and
includes `router`; the page itself is ``code.html`` with `page_values`.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.background import BackgroundTask

from tongxing.city.codes import CodeDesk, CodeType
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal, reason
from tongxing.web.language import TAGS
from tongxing.web.quick import quick
from tongxing.web.words import COMMON, catalogue_of

PACKAGE = "tongxing.rider"
_PAGE_WORDS = "code.page."
_TYPE_WORDS = "code.type."
_STATUS_OF_EXIT = {4: 422, 5: 409, 6: 503}
_SHELL = ("static/code.css", "static/sw.js", "templates/code.html", "texts/code.toml")
_SHELL_FOLDERS = ("static/js", "static/vendor")
_SHELL_COMMON = ("static/palette.css", "static/faces.css", "static/js/page.js")
_TEXT_MOST = 200

router = APIRouter()


@dataclass(frozen=True, slots=True)
class CodePages:
    """What the handlers need: the desk, whose account a request is (None: signed out), and the
    time (Unix seconds). `opened` hears of an account that was granted a code, for the upgrade
    service (R-159)."""

    desk: CodeDesk
    account_of: Callable[[Request], str | None]
    now_s: Callable[[], int]
    opened: Callable[[str, int], object] = lambda _account, _now_s: None


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    device_id: str
    code_type: str
    user_key: str
    nonce: str
    signature: str


class _Chosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code_type: str


class _Ended(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    device_id: str


Json = Annotated[Any, Body()]


def page_values(pages: CodePages, language: str, root: str) -> dict[str, Any]:
    """The values of ``code.html``: words for the script, and the addresses below `root`.

    Nothing in it is of one person, so that the page can be kept for flight mode; whoever is signed
    out sees what the phone keeps.
    """
    entries = catalogue_of(PACKAGE).entries
    words = {
        key.removeprefix(_PAGE_WORDS): entry[language]
        for key, entry in entries.items()
        if key.startswith(_PAGE_WORDS)
    }
    kinds = {
        kind.name: {"name": entries[_TYPE_WORDS + kind.name][language], "gold": kind.gold}
        for kind in pages.desk.kinds(pages.now_s())
    }
    return {
        "code_data": {
            "language": TAGS[language],
            "api": f"{root}/api/code",
            "static": f"{root}/static/",
            "worker": f"{root}/sw.js",
            "shell": f"{shell_version()}-{language}",
            "words": words,
            "kinds": kinds,
        }
    }


@cache
def shell_version() -> str:
    """A name for the scripts, words and page that a phone keeps: another content, another name."""
    package = files(PACKAGE)
    parts = [package.joinpath(name) for name in _SHELL]
    parts += [files(COMMON).joinpath(name) for name in _SHELL_COMMON]
    for folder in _SHELL_FOLDERS:
        parts += sorted(package.joinpath(folder).iterdir(), key=lambda item: item.name)
    return sha256_hex(b"".join(part.read_bytes() for part in parts))[:12]


@router.get("/sw.js")
def worker() -> Response:
    """The service worker, from where its scope is the whole face."""
    path = str(files(PACKAGE).joinpath("static/sw.js"))
    return FileResponse(path, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@router.get("/api/code/state")
@quick
def state(request: Request) -> Response:
    """Kinds, the one that comes first, and phones."""
    pages, account = _whose(request)
    if account is None:
        return _signed_out()
    now_s = pages.now_s()
    return _answer(
        {
            "account": account,
            "now_s": now_s,
            "types": [_kind(kind) for kind in pages.desk.types(account, now_s)],
            "last_type": pages.desk.last_type(account, now_s),
            "devices": [asdict(device) for device in pages.desk.devices(account)],
        }
    )


@router.post("/api/code/nonce")
@quick
def nonce(request: Request) -> Response:
    """A question for this account's phone."""
    pages, account = _whose(request)
    if account is None:
        return _signed_out()
    now_s = pages.now_s()
    made = pages.desk.nonce(account, now_s)
    return _refused(made) if isinstance(made, Refusal) else _answer({"nonce": made, "now_s": now_s})


@router.post("/api/code/authorise")
@quick
def authorise(request: Request, content: Json) -> Response:
    """An authorisation for the phone that answers a question."""
    pages, account = _whose(request)
    if account is None:
        return _signed_out()
    asked = _read(content, _Asked)
    if isinstance(asked, Refusal):
        return _refused(asked)
    key, signature = _bytes(asked.user_key), _bytes(asked.signature)
    now_s = pages.now_s()
    granted = pages.desk.authorise(
        account, asked.device_id, asked.code_type, key, asked.nonce, signature, now_s
    )
    if isinstance(granted, Refusal):
        return _refused(granted)
    told = asdict(granted) | {"authorisation": granted.authorisation.hex(), "now_s": now_s}
    answer = _answer(told)
    answer.background = BackgroundTask(
        quick(pages.opened), account, now_s
    )  # the phone need not wait
    return answer


@router.post("/api/code/choose")
def choose(request: Request, content: Json) -> Response:
    """Put a kind of code first."""
    return _done(
        request, content, _Chosen,
        lambda desk, account, asked, now_s: desk.choose_type(account, asked.code_type, now_s),
    )  # fmt: skip


@router.post("/api/code/end")
def end(request: Request, content: Json) -> Response:
    """Grant a phone of this account no more."""
    return _done(
        request, content, _Ended,
        lambda desk, account, asked, now_s: desk.end_device(account, asked.device_id, now_s),
    )  # fmt: skip


def _done(
    request: Request,
    content: Any,
    form: type[Any],
    act: Callable[[CodeDesk, str, Any, int], Any],
) -> Response:
    """What a desk did for whoever is signed in, by a form of theirs; or why not."""
    pages, account = _whose(request)
    if account is None:
        return _signed_out()
    asked = _read(content, form)
    if isinstance(asked, Refusal):
        return _refused(asked)
    done = act(pages.desk, account, asked, pages.now_s())
    return _refused(done) if isinstance(done, Refusal) else _answer(asdict(done))


def _whose(request: Request) -> tuple[CodePages, str | None]:
    pages: CodePages = request.app.state.codes
    return pages, pages.account_of(request)


def _read(content: Any, form: type[Any]) -> Any:
    """The fields of a request, or CODE_INPUT."""
    try:
        found = msgspec.convert(content, form)
    except msgspec.ValidationError:
        return Refusal("CODE_INPUT", "body", {"field": "body"})
    if any(len(getattr(found, name)) > _TEXT_MOST for name in form.__struct_fields__):
        return Refusal("CODE_INPUT", "body", {"field": "body"})
    return found


def _bytes(text: str) -> bytes:
    """Bytes of hex; nothing for what is no hex, which the desk refuses by its length."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _kind(kind: CodeType) -> dict[str, Any]:
    return {
        "code_type": kind.code_type,
        "gold": kind.gold,
        "available": kind.available,
        "why": None if kind.why is None else kind.why.as_json(),
        "basis": kind.basis,
    }


def _answer(told: dict[str, Any]) -> Response:
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


def _refused(refusal: Refusal) -> Response:
    status = _STATUS_OF_EXIT.get(reason(refusal.code).exit_code, 422)
    return JSONResponse(refusal.as_json(), status, {"Cache-Control": "no-store"})


def _signed_out() -> Response:
    told = Refusal("CODE_SIGNED_OUT").as_json()
    return JSONResponse(told, 401, {"Cache-Control": "no-store"})
