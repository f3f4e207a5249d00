"""From the city to the gate: the deny list, whole or as what changed, its version only ever rises.

A list is a set of pairs of medium and reason. A delta says how one published version becomes
another, and by which count and check a gate knows that it has arrived there.
"""

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


class DenyDelta(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How version `from_version` of a city's deny list becomes `version`.

    A medium whose reason changes stands in `removed` with the old one and in `added` with the new.
    `notices` are all that there are afterwards. `count` and `check` are those of the whole list
    that results (`list_check`); a gate that comes to others refuses the delta.
    """

    city: str
    from_version: int
    version: int
    published_s: int
    count: int
    check: str
    added: list[DenyEntry] = []
    removed: list[DenyEntry] = []
    notices: list[DenyEntry] = []
