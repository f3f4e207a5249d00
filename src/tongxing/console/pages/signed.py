"""What the hub signed, to take along: a window's checkpoint, the key, the proof of a record.

All of it can be checked without this console and without the books.
"""

from fastapi import APIRouter, Request, Response

from tongxing.checkpoint import CHECKPOINT_FILE, VERIFIER_FILE
from tongxing.console.clearing import find_window
from tongxing.console.web import console_of
from tongxing.hub.keys import known_keys
from tongxing.hub.signing import record_proof
from tongxing.hub.store.checkpoints import load_checkpoint
from tongxing.kernel.reasons import Problem, Refusal

router = APIRouter()

_HEADERS = {"Cache-Control": "no-store"}


@router.get("/settlement/{window_id}/signed/{name}")
def signed(request: Request, window_id: str, name: str) -> Response:
    """A window's checkpoint, or the hub's public keys, as the hub keeps them."""
    with console_of(request).books.snapshot() as snapshot:
        find_window(snapshot, window_id)
        kept = load_checkpoint(snapshot.of_hub(), window_id)
        keys = known_keys(snapshot.of_hub()) if kept else None
    found = {}
    if kept and keys:
        found = {CHECKPOINT_FILE: kept.content, VERIFIER_FILE: keys.text.encode()}
    if name not in found:
        raise Problem("STATEMENT_FILE_UNKNOWN", window_id, name=name[:60])
    shown = name if name == VERIFIER_FILE else f"{window_id}-{name}"
    return _file(found[name], shown)


@router.get("/records/{record_id}/proof")
def proof(request: Request, record_id: str) -> Response:
    """The proof file of a record. Raises Problem as `record_proof` refuses."""
    with console_of(request).books.snapshot() as snapshot:
        if not snapshot.has_hub:
            raise Problem("RECORD_UNKNOWN", request.url.path, record=_shown(record_id))
        content = record_proof(snapshot.of_hub(), record_id)
    if isinstance(content, Refusal):
        values = {**content.values, "record": _shown(record_id)}
        raise Problem(content.code, request.url.path, **values)
    return _file(content, f"{_shown(record_id)}.tlog-proof")


def _file(content: bytes, name: str) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(
        content, media_type="text/plain; charset=utf-8", headers={**_HEADERS, **disposition}
    )


def _shown(text: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-._" else "?" for sign in text[:64])
