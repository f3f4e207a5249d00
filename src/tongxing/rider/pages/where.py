"""What works where: a city looked up by its name, and what one's own card and code are good for."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.network import answers
from tongxing.network.places import Place
from tongxing.network.registry import Registry, load_registry
from tongxing.network.schemes import MODES
from tongxing.rider.web import Passenger, Visitor, again, desks_of, page
from tongxing.web.language import language_of

router = APIRouter()


@dataclass(frozen=True, slots=True)
class ModeSaid:
    """Whether a medium is taken for a mode, in a sentence."""

    mode: str
    accepted: bool
    text: str


@dataclass(frozen=True, slots=True)
class OwnReach:
    """One's own media of a scheme at a place, mode by mode; `kinds` is card, code or both.

    `nowhere` is the one reason where no mode takes them, else "".
    """

    scheme: str
    kinds: str
    modes: tuple[ModeSaid, ...]

    @property
    def nowhere(self) -> str:
        """Why none of them works there; "" where one does, or where the reasons differ."""
        texts = {said.text for said in self.modes}
        works = any(said.accepted for said in self.modes)
        return "" if works or len(texts) != 1 else texts.pop()


@router.get("/where")
def where(request: Request, passenger: Visitor) -> Response:
    """A place, or one's own city while none is asked for."""
    registry, desks = load_registry(), desks_of(request)
    today = calendar_date(desks.clock())
    text = request.query_params.get("q", "")[:60].strip()
    shown: dict[str, Any] = {"tab": "where", "q": text, "on": today, "registry": registry}
    found = registry.find_city(text or desks.city)
    if isinstance(found, Refusal):
        if request.query_params.get("q") is None:
            return page(request, "where.html", answer=None, own=(), schemes=(), **shown)
        empty: dict[str, Any] = {"answer": None, "own": (), "schemes": ()}
        return again(request, "where.html", found, "q", **(shown | empty))
    own = _own(request, passenger, registry, found, today)
    answer = answers.city(registry, found, today)
    return page(request, "where.html", answer=answer, own=own, place=found,
                is_home=found.code == desks.city, **shown)  # fmt: skip


def _own(
    request: Request,
    passenger: Passenger | None,
    registry: Registry,
    place: Place,
    today: date,
) -> list[OwnReach]:
    """What the account's media are good for there (R-008, R-009), scheme by scheme."""
    if passenger is None:
        return []
    desks, language = desks_of(request), language_of(request)
    kinds: dict[str, set[str]] = {}
    for medium in desks.passenger.media(passenger.account):
        kind = "code" if medium.medium_kind == "code" else "card"
        kinds.setdefault(medium.scheme, set()).add(kind)
    found = []
    for name, having in kinds.items():
        scheme = registry.schemes.get(name)
        if scheme is None:
            continue
        said = []
        for mode in MODES:
            if mode in scheme.modes:
                answer = registry.acceptance(name, desks.city, place.code, mode, today)
                text = registry.explain(answer, language)
                said.append(ModeSaid(mode, answer.accepted, text))
        both = "both" if len(having) > 1 else having.pop()
        found.append(OwnReach(name, both, tuple(said)))
    return found
