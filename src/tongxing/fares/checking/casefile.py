"""The form of a fare-case file: worked journeys with what each ride should cost.

A case is read strictly: with an unknown field or a value of the wrong kind it is not run, because
a case that is half understood proves nothing, and counts as a difference.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from tongxing.fares.checking.unclear import said
from tongxing.fares.model import Missing
from tongxing.kernel.reasons import Refusal

Action = Literal["", "board", "next_board", "buy_pack"]
TOTALS = ("total_fen", "base_fare_fen")
"""What a case may expect of all its rides together; other names count rides at one rate."""

NOT_COMPARED = ("note",)
NotNegative = Annotated[int, Meta(ge=0)]
Times = Annotated[int, Meta(ge=1, le=10_000)]


class Event(
    Struct, frozen=True, forbid_unknown_fields=True, rename={"origin": "from", "end": "to"}
):
    """One ride (or `repeat` of them), or one question, of a case.

    The base fare is given (`base`, fen), or follows from metres by the price list (`dist_m`), or
    from two stations (`from`, `to`) of a city whose network is known. Times are
    "2026-03-10T08:00" in China time; a bare "08:00" is of an ordinary working day. `missing` names
    the tap that is not there; `card` tells several media of one kind apart; `slow_m` are the
    metres that a taxi crawled. `rider` is a class of holders by the tariff's own name, or in words.
    `action` "buy_pack" buys the `pack` of a rule id.
    """

    mode: str = "rail"
    t: str = ""
    t_out: str = ""
    date: str = ""
    base: int | None = None
    dist_m: int | None = None
    slow_m: NotNegative = 0
    origin: str = ""
    end: str = ""
    line: str = ""
    vehicle: str = ""
    medium: str = "card"
    card: str = ""
    rider: str = ""
    repeat: Times = 1
    minutes_after: NotNegative = 0
    entry_station: str = ""
    exit_station: str = ""
    missing: Missing = ""
    scheme: str = ""
    issuer: str = ""
    visitor: bool = False
    scope: str = "all"
    action: Action = ""
    pack: str = ""
    line_km: NotNegative = 0
    board_km: NotNegative = 0
    charge_fen: NotNegative = 0
    balance_fen: int | None = None


class Expected(Struct, frozen=True, forbid_unknown_fields=True):
    """What one event should give. A charge of null is not compared: it was not found out."""

    charge_fen: int | UnsetType | None = UNSET
    transfer_relief: bool | UnsetType = UNSET
    month_rail_spend_after_fen: int | UnsetType = UNSET
    spend_after: int | UnsetType = UNSET
    base_fare_fen: int | UnsetType = UNSET
    relief_fen: int | UnsetType = UNSET
    overtime_fen: int | UnsetType = UNSET
    rides_after: int | UnsetType = UNSET
    result: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    balance_after_fen: int | UnsetType = UNSET
    note: str = ""


class FileCase(Struct, frozen=True, forbid_unknown_fields=True):
    """One journey. `expect` has an entry per event, or totals over all rides together."""

    id: str
    city: str
    events: Annotated[tuple[Event, ...], Meta(min_length=1)]
    expect: tuple[Expected, ...] | dict[str, int | tuple[int, ...]]
    kind: Literal["fare", "acceptance"] = "fare"
    title: str = ""
    rider: str = ""
    state_before: dict[str, int | bool] = {}
    working: str = ""
    assumptions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    checked: str = ""


class UnreadCase(Struct, frozen=True):
    """A case that could not be read, and why by language; it counts as a difference, never as
    passed."""

    id: str
    title: str
    words: dict[str, str]


class CaseFile(Struct, frozen=True):
    """A file of cases, in its order."""

    cases: tuple[FileCase | UnreadCase, ...]


class _Outer(Struct, frozen=True, forbid_unknown_fields=True):
    cases: tuple[msgspec.Raw, ...]
    note: str = ""
    assumptions: dict[str, str] = {}


def read_case_file(content: bytes) -> CaseFile | Refusal:
    """The cases in a file, or why it cannot be read. One strange case harms no other."""
    try:
        found = msgspec.json.decode(content, type=_Outer)
    except msgspec.DecodeError as error:
        return Refusal("FARES_FILE", "FILE", {"detail": str(error)})
    return CaseFile(tuple(_read(raw, number) for number, raw in enumerate(found.cases, start=1)))


def _read(raw: msgspec.Raw, number: int) -> FileCase | UnreadCase:
    try:
        case = msgspec.json.decode(raw, type=FileCase)
    except msgspec.DecodeError as error:
        head = _head(raw)
        return UnreadCase(
            head.get("id", f"#{number}"), head.get("title", ""), said(_detail(str(error)))
        )
    if isinstance(case.expect, tuple) and len(case.expect) != len(case.events):
        counted = {"events": len(case.events), "expected": len(case.expect)}
        return UnreadCase(case.id, case.title, said("expect", "counts", **counted))
    if not _expects_anything(case.expect):
        return UnreadCase(case.id, case.title, said("expect", "nothing"))
    return case


def _expects_anything(expect: tuple[Expected, ...] | dict[str, int | tuple[int, ...]]) -> bool:
    """Whether a case names anything to compare; a charge of null says that it was not found out,
    but a case that says nothing proves nothing."""
    if isinstance(expect, dict):
        return any(value or name in TOTALS for name, value in expect.items())
    return any(
        value is not UNSET and name not in NOT_COMPARED
        for one in expect
        for name, value in msgspec.structs.asdict(one).items()
    )


def _detail(error: str) -> str:
    """What the reader said, with the fields that exist where one is unknown."""
    if "unknown field" not in error:
        return error
    level = Event if "$.events" in error else Expected if "$.expect" in error else FileCase
    return f"{error} ({', '.join(level.__struct_encode_fields__)})"


def _head(raw: msgspec.Raw) -> dict[str, str]:
    try:
        found = msgspec.json.decode(raw, type=dict[str, object])
    except msgspec.DecodeError:
        return {}
    return {name: str(found[name]) for name in ("id", "title") if name in found}
