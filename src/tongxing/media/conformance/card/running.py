"""Runs the cases against one card, in their order, and tells how each ended as soon as it has.

Every case begins with the card freshly powered and selected where the link can do that. A card that
is gone for good fails every case that follows, and a program that fails ends the run; nothing here
raises because of what a card does.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, cast

from tongxing.media.card.link import CardGone, CardLink
from tongxing.media.conformance.card import buying, loading, locking, proving, selecting, states
from tongxing.media.conformance.card.case import Case
from tongxing.media.conformance.card.desk import Desk
from tongxing.media.conformance.card.profile import CardUnderTest, family_of
from tongxing.media.conformance.card.vectors import Fresh, Vector, run_vector, vectors
from tongxing.media.conformance.results import Result, Skipped, chosen, result_of
from tongxing.media.crypto.suites import SM4

_MODULES = (selecting, loading, states, buying, proving, locking)
ALL: tuple[Case, ...] = tuple(case for module in _MODULES for case in module.CASES.all)
_VECTOR_RULE = "V1"


class _Resettable(Protocol):
    def reset(self) -> None: ...


def case_names(profile: CardUnderTest) -> list[str]:
    """The names of all cases that a run with this profile has."""
    return list(case_rules(profile))


def case_rules(profile: CardUnderTest) -> dict[str, str]:
    """The rule that each case tests, by the case's name, in their order."""
    named = {name: case.rule for case in ALL for name, _ in _instances(case, profile)}
    return named | {vector.name: _VECTOR_RULE for vector in vectors()}


def run_card(
    link: CardLink,
    profile: CardUnderTest,
    *,
    fresh: Fresh | None = None,
    only: Sequence[str] = (),
) -> Iterator[Result]:
    """Run the cases whose name begins with one of `only`, or whose rule it is; all when empty.

    `fresh` makes cards whose random numbers are set; without it the vectors are skipped.
    """
    desk = Desk(link, profile, profile.vault(), _resetting(link))
    wanted = set(chosen(case_rules(profile), only))
    for case in ALL:
        for name, index in _instances(case, profile):
            if name in wanted:
                yield result_of(name, case.rule, _running(case, desk, index))
                if desk.is_over:
                    return
    for vector in vectors():
        if vector.name in wanted:
            yield result_of(vector.name, _VECTOR_RULE, _vector(vector, fresh))


def _instances(case: Case, profile: CardUnderTest) -> Iterator[tuple[str, int]]:
    """Name and key index of each time that a case is run."""
    indexes = profile.key_indexes()
    if not case.each_index:
        yield case.name, indexes[0]
        return
    for index in indexes:
        suite = "sm4" if family_of(index) == SM4 else "3des"
        yield f"{case.name}:{suite}-{index:02X}", index


def _running(case: Case, desk: Desk, index: int) -> Callable[[], None]:
    def run() -> None:
        if desk.reset is not None:
            _reset(desk)
        desk.meet()
        case.run(desk, index)

    return run


def _reset(desk: Desk) -> None:
    try:
        if desk.reset is not None:
            desk.reset()
    except CardGone as gone:
        raise desk.lost(gone) from gone


def _vector(vector: Vector, fresh: Fresh | None) -> Callable[[], None]:
    def run() -> None:
        if fresh is None:
            raise Skipped("no_random")
        run_vector(vector, fresh)

    return run


def _resetting(link: CardLink) -> Callable[[], None] | None:
    return cast(_Resettable, link).reset if hasattr(link, "reset") else None
