"""Bugs about forks of purses and about rejected rows, one at a time (`test_days_bite.py`)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tongxing.hub import admission
from tongxing.hub.day import admitting, events, forking, memory

Plant = Callable[[pytest.MonkeyPatch], None]


def earlier_side_kept(patch: pytest.MonkeyPatch) -> None:
    """Only the row that came later is frozen."""
    patch.setattr(memory, "forks_with", lambda links, chains: [])


def netted_ride_taken_out(patch: pytest.MonkeyPatch) -> None:
    """A ride leaves the window that netted it, instead of its money going into escrow."""
    for module in (forking, events):
        patch.setattr(module, "is_netted", lambda item, day: False)


def open_window_into_escrow(patch: pytest.MonkeyPatch) -> None:
    """A ride of the same window is paid, and its money goes into escrow."""
    for module in (forking, events):
        patch.setattr(module, "is_netted", lambda item, day: item.forked_s is not None)


def fork_silence_pays_the_acquirer(patch: pytest.MonkeyPatch) -> None:
    right = forking.outcome_of_fork

    def wrong(item: Any, proven_s: Any, disproven_s: Any, ends_s: int) -> Any:
        found = right(item, proven_s, disproven_s, ends_s)
        if found.at_s != ends_s:
            return found
        return replace(found, to_issuer_fen=0, to_acquirer_fen=found.to_issuer_fen)

    patch.setattr(events, "outcome_of_fork", wrong)


def days_from_the_arrival(patch: pytest.MonkeyPatch) -> None:
    """What was frozen later has no more days than if it had been held at once."""
    patch.setattr(
        admitting.Decided, "since_s", property(lambda decided: decided.presented.received_s)
    )


def rejected_row_tells_nothing(patch: pytest.MonkeyPatch) -> None:
    right = admission.told_links

    def wrong(judgements: Any, forged: Any) -> Any:
        return [link for link in right(judgements, forged) if link.stands]

    patch.setattr(memory, "told_links", wrong)


def forged_row_is_believed(patch: pytest.MonkeyPatch) -> None:
    right = admission.told_links
    patch.setattr(memory, "told_links", lambda judgements, forged: right(judgements, ()))


def late_mark_lost(patch: pytest.MonkeyPatch) -> None:
    """A hard code stands alone, whatever was found before it."""
    right = admission._without_standing
    patch.setattr(
        admission, "_without_standing", lambda row, finding, before=(): right(row, finding)
    )


FORK_BUGS: Mapping[str, Plant] = {
    "earlier side of a fork kept": earlier_side_kept,
    "netted ride taken out of its window": netted_ride_taken_out,
    "ride of the same window into escrow": open_window_into_escrow,
    "fork's silence pays the acquirer": fork_silence_pays_the_acquirer,
    "frozen days from the arrival": days_from_the_arrival,
    "rejected row tells nothing": rejected_row_tells_nothing,
    "forged row is believed": forged_row_is_believed,
    "late mark lost beside a hard code": late_mark_lost,
}
