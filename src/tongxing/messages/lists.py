"""From the city to the gate: the deny list, whole, with a version that only ever rises."""

from msgspec import Struct


class DenyEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One medium the gates must refuse, and the reason code the passenger hears."""

    medium_no: str
    reason: str


class DenyList(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of a city's deny list; a gate refuses to load a lower one (LIST_ROLLBACK)."""

    city: str
    version: int
    published_s: int
    entries: list[DenyEntry]
