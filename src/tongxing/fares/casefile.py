"""The form of a fare-case file: worked journeys with what each ride should cost.

A file is read strictly: an unknown field or a value of the wrong kind refuses it, because a case
that is half understood proves nothing. `check` runs the cases.
"""

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tongxing.kernel.reasons import Refusal


class Event(Struct, frozen=True, forbid_unknown_fields=True):
    """One ride (or `repeat` of them), or one question, of a case.

    Either the base fare is given (`base`, fen), or metres for the price list (`dist_m`). Times are
    "2026-03-10T08:00" in China time; a bare "08:00" is of an ordinary working day.
    """

    mode: str = "rail"
    t: str = ""
    t_out: str = ""
    date: str = ""
    base: int | None = None
    dist_m: int | None = None
    line: str = ""
    vehicle: str = ""
    medium: str = "card"
    repeat: int = 1
    minutes_after: int = 0
    entry_station: str = ""
    scheme: str = ""
    visitor: bool = False
    scope: str = "all"
    action: str = ""
    line_km: int = 0
    board_km: int = 0
    charge_fen: int = 0
    balance_fen: int = 0


class Expected(Struct, frozen=True, forbid_unknown_fields=True):
    """What one event should give. A charge of null is not compared: it was not found out."""

    charge_fen: int | UnsetType | None = UNSET
    transfer_relief: bool | UnsetType = UNSET
    month_rail_spend_after_fen: int | UnsetType = UNSET
    spend_after: int | UnsetType = UNSET
    result: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    balance_after_fen: int | UnsetType = UNSET
    note: str = ""


class FileCase(Struct, frozen=True, forbid_unknown_fields=True):
    """One journey. `expect` has an entry per event, or totals over all rides together."""

    id: str
    city: str
    events: tuple[Event, ...]
    expect: tuple[Expected, ...] | dict[str, int | tuple[int, ...]]
    kind: str = "fare"
    title: str = ""
    rider: str = ""
    state_before: dict[str, int | bool] = {}
    working: str = ""
    assumptions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    checked: str = ""


class CaseFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of cases."""

    cases: tuple[FileCase, ...]
    note: str = ""
    assumptions: dict[str, str] = {}


def read_case_file(content: bytes) -> CaseFile | Refusal:
    """The cases in a file, or why it cannot be read."""
    try:
        found = msgspec.json.decode(content, type=CaseFile)
    except msgspec.DecodeError as error:
        return Refusal("FARES_FILE", "FILE", {"detail": str(error)})
    for case in found.cases:
        if isinstance(case.expect, tuple) and len(case.expect) != len(case.events):
            detail = f"{case.id}: {len(case.events)} events, {len(case.expect)} expectations"
            return Refusal("FARES_FILE", "FILE", {"detail": detail})
    return found
