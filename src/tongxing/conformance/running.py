"""A run of the kit: a city on a port of this machine, a device behind its test port, case by case.

Each group begins with a new device, and so does the case after one that failed: what one case has
spoilt, no other is blamed for. What a device cannot do is told as not run, never as passed.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Literal, Protocol, TypeVar

from msgspec import Struct

from tongxing.conformance.cases import CaseBook, Named
from tongxing.conformance.city import KitCity
from tongxing.conformance.port import About, DevicePort, PortRefused
from tongxing.conformance.serving import served_city
from tongxing.conformance.world import World
from tongxing.media.conformance.results import Difference, Differs
from tongxing.messages import SigningKey

Verdict = Literal["pass", "fail", "not_run"]
KEY_BYTES = 32


class Case(Named, Protocol):
    """What the run needs to know of a case."""

    @property
    def do(self) -> str: ...
    @property
    def requirements(self) -> list[str]: ...
    @property
    def needs(self) -> Sequence[str]: ...
    @property
    def mandatory(self) -> bool: ...


class Playground(Protocol):
    """Where cases are played: `fresh` begins with something new."""

    def fresh(self) -> None: ...


Ground = TypeVar("Ground", bound=Playground)
Played = TypeVar("Played", bound=Case)


class CaseResult(Struct, frozen=True, kw_only=True):
    """How one case ended. `why` says why it was not run: a key of the catalogue, with `lacks` what
    the device does not offer."""

    case: str
    group: str
    mandatory: bool
    requirements: list[str]
    verdict: Verdict
    difference: Difference | None = None
    why: str = ""
    lacks: list[str] = []


@contextmanager
def opened_world(
    port: DevicePort,
    about: About,
    book: CaseBook,
    host: str,
    patience_s: float,
    clock: Callable[[], int],
    draw: Callable[[int], bytes],
) -> Iterator[World]:
    """A city for this device, served at `host`, an address under which the device reaches this
    machine. Raises OSError when it cannot be had."""
    division = book.place.city
    city = KitCity(
        division,
        book.device,
        book.place.operator,
        [one.id for one in book.terminals],
        SigningKey.from_secret(division, draw(KEY_BYTES)),
        SigningKey.from_secret(division, draw(KEY_BYTES)),
        clock,
    )
    world = World(port, city, book, host, patience_s, clock, "card" in about.can)
    with served_city(city, host) as taken:
        named = f"[{host}]" if ":" in host else host
        world.address = f"http://{named}:{taken}"
        yield world


def run_cases(
    world: Ground,
    can: Collection[str],
    cases: Sequence[Played],
    procedures: Mapping[str, Callable[[Ground, Played], None]],
) -> Iterator[CaseResult]:
    """Play the cases in their order; `can` is what is offered. Raises PortRefused when whatever is
    tried is not there any more."""
    group, is_fresh = "", False
    for case in cases:
        lacks = [need for need in case.needs if need not in can]
        if lacks:
            yield _result(case, "not_run", why="lacks", lacks=list(lacks))
            continue
        if not is_fresh or case.group != group:
            spoilt = _played(world.fresh)
            if spoilt is not None:
                yield _result(case, "fail", spoilt)
                continue
        found = _played(partial(procedures[case.do], world, case))
        group, is_fresh = case.group, found is None
        yield _result(case, "pass" if found is None else "fail", found)


def _played(work: Callable[[], None]) -> Difference | None:
    """What differed. A test port that is not there any more ends the run."""
    try:
        work()
    except Differs as differs:
        return differs.difference
    except PortRefused as refused:
        refusal = refused.refusal
        if refusal.code == "CONFORMANCE_PORT_AWAY":
            raise
        return Difference("port", found=refusal.message("en"), told=refusal.code)
    return None


def _result(
    case: Case,
    verdict: Verdict,
    difference: Difference | None = None,
    why: str = "",
    lacks: Sequence[str] = (),
) -> CaseResult:
    return CaseResult(
        case=case.name,
        group=case.group,
        mandatory=case.mandatory,
        requirements=case.requirements,
        verdict=verdict,
        difference=difference,
        why=why,
        lacks=list(lacks),
    )
