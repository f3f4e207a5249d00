"""From the city to the gate: the deny list, whole, with a version that only ever rises."""

from msgspec import Struct


class DenyEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One medium the gates must refuse, and the reason code the passenger hears."""

    medium_no: str
    reason: str


class DenyList(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One version of a city's deny list; a gate refuses to load a lower one (LIST_ROLLBACK).

    `notices` are media that are let through as ever, and what their holder is told beside it. A
    list without any has no such field, as before there were notices.
    """

    city: str
    version: int
    published_s: int
    entries: list[DenyEntry]
    notices: list[DenyEntry] = []
