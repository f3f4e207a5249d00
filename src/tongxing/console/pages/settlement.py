"""Windows: the list of them, and one with its matrix, positions, payments and papers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from tongxing.checkpoint import CHECKPOINT_FILE, VERIFIER_FILE, Checkpoint
from tongxing.console.clearing import (
    OTHERS,
    all_windows,
    find_window,
    money_picture,
    positions_of,
    trip_matrix,
)
from tongxing.console.days import choose_day
from tongxing.console.reading import Snapshot
from tongxing.console.web import console_of, render
from tongxing.console.words import Words
from tongxing.hub import load_rulebook
from tongxing.hub import views as hub
from tongxing.hub.closing import CAMT_053, CSV, TEXT
from tongxing.hub.payment_views import PaymentLine
from tongxing.hub.payment_views import payments as payments_of
from tongxing.hub.signing import is_as_signed
from tongxing.hub.store import windows as papers
from tongxing.hub.store.checkpoints import load_checkpoint
from tongxing.hub.windows import WindowState
from tongxing.kernel.texts import LANGUAGES
from tongxing.web.language import language_of

PHASES = (1, 2, 3)
PAPER_KINDS = (*(TEXT + language for language in LANGUAGES), CSV, CAMT_053)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a window's life: how many of its payments are done; none means a plain step."""

    name: str
    done: bool
    payments: int = 0
    settled: int = 0
    fen: int = 0


@router.get("/settlement")
def settlement(request: Request) -> Response:
    """Every window, newest first."""
    with console_of(request).books.snapshot() as snapshot:
        choice, lines = choose_day(snapshot, None), all_windows(snapshot)
    return render(request, "settlement.html", {"choice": choice, "windows": lines})


@router.get("/settlement/{window_id}")
def window(request: Request, window_id: str) -> Response:
    """One window, all of it."""
    with console_of(request).books.snapshot() as snapshot:
        line = find_window(snapshot, window_id)
        values = _window(snapshot, line)
        words = Words(language_of(request))
        choice, cities = choose_day(snapshot, None), snapshot.cities
    return render(
        request,
        "window.html",
        {
            "cities": cities,
            "section": "settlement",
            "choice": choice,
            "window": line,
            "payee": _payee_in(words),
            "signed_files": (CHECKPOINT_FILE, VERIFIER_FILE),
            **values,
        },
    )


def _payee_in(words: Words) -> Callable[[str], str]:
    """What a party of the money picture is called."""

    def name(party: str) -> str:
        if party.startswith(OTHERS):
            return words.text("window_page.others")
        return words.names.party(party)

    return name


def _window(snapshot: Snapshot, line: hub.WindowLine) -> dict[str, object]:
    fee = load_rulebook().fee
    positions = positions_of(snapshot, line.window_id)
    cursor = snapshot.of_hub()
    cells = hub.matrix(cursor, line.window_id, fee)
    operators = hub.operator_revenue(cursor, line.window_id, fee)
    payments = payments_of(cursor, line.window_id)
    found = papers.load_documents(cursor, line.window_id, PAPER_KINDS)
    return {
        "positions": positions,
        "cells": cells,
        "operators": operators,
        "payments": payments,
        "came_back": [payment for payment in payments if payment.came_back],
        "matrix": trip_matrix(cells),
        "picture": money_picture(cells, operators),
        "verdicts": hub.verdict_counts(cursor, line.window_id),
        "files": hub.files(cursor, line.window_id),
        "steps": steps(line.state, payments),
        "signed": _signed(snapshot, line.window_id),
        "papers": {
            member: [kind for kind in PAPER_KINDS if member in found[kind]]
            for member in sorted({party for kind in found.values() for party in kind})
        },
    }


def _signed(snapshot: Snapshot, window_id: str) -> Checkpoint | None:
    """What was signed of a window; None while it is open, or for one older than checkpoints. One
    that does not hold is not shown: the proofs page says so."""
    kept = load_checkpoint(snapshot.of_hub(), window_id)
    return None if kept is None else is_as_signed(kept)


def steps(state: WindowState, payments: Sequence[PaymentLine]) -> list[Step]:
    """The life of a window in order: files, netting, then the three rounds of payments."""
    is_netted = state is not WindowState.OPEN
    found = [Step("open", is_netted), Step("netted", is_netted)]
    for phase in PHASES:
        own = [one for one in payments if one.phase == phase and not one.is_replaced]
        settled = [payment for payment in own if payment.is_done]
        found.append(
            Step(
                f"phase{phase}",
                is_netted and len(settled) == len(own),
                len(own),
                len(settled),
                sum(payment.amount_fen for payment in own),
            )
        )
    return found
