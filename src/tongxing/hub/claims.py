"""Which trip a tap's money belongs to: no tap may pay for two trips.

A tap plays a *part* in a trip: it begins or ends the ride, or it is the later tap at which a gate
collected a missing exit from a purse (the same tap then also begins the next ride). Each part of a
tap belongs to at most one trip. A revision that drops a tap, or a void, lets go of it, so the rows
of one file may hand taps over to one another in any order; that is why clashes are looked for over
the whole file and not row by row.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from tongxing.messages import Record, TapRef

COLLECTED = "+"
"""Marks the part of a tap that collected a missing exit."""


class Claimant(Struct, frozen=True, gc=False):
    """A row that stands: its place in the file, its trip, and the taps its trip holds after it."""

    row: int
    trip_id: str
    claims: tuple[str, ...]


def claims_of(record: Record) -> tuple[str, ...]:
    """The taps a trip holds as of this revision; none when it was withdrawn.

    A missing exit may carry the tap that collected it, after its own entry tap, or alone when the
    entry has not arrived (its origin is then unknown).
    """
    if record.how == "void":
        return ()
    names = [_name(tap) for tap in record.taps]
    if record.how == "missing_exit":
        own = 1 if record.origin else 0
        names[own:] = [name + COLLECTED for name in names[own:]]
    return tuple(names)


def clashing_rows(
    standing: Iterable[Claimant], holders: Mapping[str, str], handing_over: bool = True
) -> set[int]:
    """The rows that claim a tap which belongs to another trip; empty when all is well.

    `standing` are the rows that would stand, each trip's in order of revision; `holders` says
    which trip held a tap before this file. Whoever held it keeps it; among new ones the first in
    the file gets it. Without `handing_over` no tap may change its trip inside the file: one such
    round always ends what rounds of handing over cannot.
    """
    histories: dict[str, list[Claimant]] = {}
    for claimant in standing:
        histories.setdefault(claimant.trip_id, []).append(claimant)
    if handing_over:
        held = {trip_id: history[-1].claims for trip_id, history in histories.items()}
    else:
        held = {
            trip_id: tuple(claim for step in history for claim in step.claims)
            for trip_id, history in histories.items()
        }
    taken: dict[str, str] = {}
    clashing: set[int] = set()
    for trip_id, history in sorted(histories.items(), key=lambda item: item[1][0].row):
        for claim in held[trip_id]:
            holder = holders.get(claim, trip_id)
            if holder == trip_id or (handing_over and holder in held and claim not in held[holder]):
                holder = taken.setdefault(claim, trip_id)
            if holder != trip_id:
                clashing.update(step.row for step in history if claim in step.claims)
    return clashing


def _name(tap: TapRef) -> str:
    return f"{tap.terminal_id}/{tap.epoch:x}/{tap.seq}"
