"""Disputes between members: all of them by deadline, one with what happened and what is next."""

from fastapi import APIRouter, Request, Response

from tongxing.console.asking import asked_choice, asked_text, refused
from tongxing.console.days import choose_day
from tongxing.console.names import city_of
from tongxing.console.reading import Snapshot
from tongxing.console.web import console_of, link, render
from tongxing.hub.cases import views, words
from tongxing.hub.store.windows import last_closed_cutoff
from tongxing.hub.windows import closing_day
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.web.language import language_of

CASES_MAX = 500
ALL = "all"

router = APIRouter()


@router.get("/cases")
def cases(request: Request) -> Response:
    """The open cases by deadline; with ``show=all`` those that have ended too, with ``window`` (and
    ``member``) those whose money is in a statement."""
    window_id, member = asked_text(request, "window"), asked_text(request, "member")
    if window_id and isinstance(closing_day(window_id), Refusal):
        raise refused("window", window_id)
    if member and not city_of(member).isdigit():
        raise refused("member", member)
    show_all = asked_choice(request, "show", (ALL,)) == ALL or bool(window_id)
    with console_of(request).books.snapshot() as snapshot:
        choice = choose_day(snapshot, None)
        now_s = _now_s(snapshot, console_of(request).clock_note == "simulated")
        lines = _lines(snapshot, now_s, member, window_id, show_all)
    here = {"member": member, "window": window_id}
    return render(
        request,
        "cases.html",
        {
            "section": "settlement",
            "choice": choice,
            "lines": lines,
            "at_stake_fen": sum(line.escrow_fen for line in lines),
            "window_id": window_id,
            "member": member,
            "show_all": show_all,
            "other": link("/cases", **here, show="" if show_all else ALL),
            "say": _Saying(language_of(request)),
        },
    )


@router.get("/cases/{case_id}")
def case(request: Request, case_id: str) -> Response:
    """One case. Raises Problem(CASE_UNKNOWN)."""
    with console_of(request).books.snapshot() as snapshot:
        choice = choose_day(snapshot, None)
        now_s = _now_s(snapshot, console_of(request).clock_note == "simulated")
        seen = views.find_case(snapshot.of_hub(), case_id, now_s) if snapshot.has_hub else None
        has_trips = bool(snapshot.cities)
    if seen is None:
        shown = "".join(sign if sign.isprintable() else "?" for sign in case_id[:60])
        raise Problem("CASE_UNKNOWN", request.url.path, case=shown)
    return render(
        request,
        "case.html",
        {
            "section": "settlement",
            "choice": choice,
            "seen": seen,
            "line": seen.line,
            "has_trips": has_trips,
            "say": _Saying(language_of(request)),
        },
    )


def _now_s(snapshot: Snapshot, is_simulated: bool) -> int:
    """The database's time; of books on virtual time, the newest cut-off."""
    if is_simulated:
        return last_closed_cutoff(snapshot.of_hub()) if snapshot.has_hub else 0
    row = snapshot.cursor.execute("SELECT extract(epoch FROM now())::bigint").fetchone()
    assert row is not None
    return int(row[0])


def _lines(
    snapshot: Snapshot, now_s: int, member: str, window_id: str, show_all: bool
) -> list[views.CaseLine]:
    if not snapshot.has_hub:
        return []
    return views.list_cases(
        snapshot.of_hub(),
        now_s,
        member=member,
        window_id=window_id,
        with_ended=show_all,
        limit=CASES_MAX,
    )


class _Saying:
    """The hub's own words for a case, in the reader's language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def stage(self, line: views.CaseLine) -> str:
        return words.stage_name(line.stage, line.ended_s is not None, self._language)

    def silence(self, name: str) -> str:
        """What nobody's acting leads to: an ending or a stage."""
        return words.silence_name(name, self._language)

    def act(self, act: str) -> str:
        return words.act_name(act, self._language)

    def side(self, side: str) -> str:
        return words.side_name(side, self._language)

    def weight(self, fact: str) -> str:
        """What of a record counts for or against a small claim."""
        return words.weight_name(fact, self._language)

    def money(self, kind: str) -> str:
        return words.money_name(kind, self._language)

    def account(self, party: str) -> str:
        return words.account_name(party, self._language)
