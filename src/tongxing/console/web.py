"""The console's pages: what each needs, and how it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import Request

from tongxing.console.proving import ProofDesk
from tongxing.console.reading import Books
from tongxing.console.words import PACKAGE, Words
from tongxing.web.face import Face, link

__all__ = ["FACE", "ClockNote", "Console", "console_of", "link", "render"]

ClockNote = Literal["", "simulated"]


@dataclass(frozen=True, slots=True)
class Console:
    """What every page needs: where to read, the latest proofs, and which clock the data is on."""

    books: Books
    proofs: ProofDesk
    clock_note: ClockNote


def console_of(request: Request) -> Console:
    """The console that this request is for."""
    found = request.app.state.console
    assert isinstance(found, Console)
    return found


def _shared(request: Request) -> Mapping[str, Any]:
    return {"choice": None, "clock_note": console_of(request).clock_note}


FACE = Face(PACKAGE, Words, own_filters=("owed",), own_globals=("figure",), shared=_shared)

render = FACE.render
