"""From the city to the gate: the deny list, and the lists of what a gate decides with.

A deny list is a set of pairs of medium and reason, whole or as what changed; a delta says how one
published version becomes another, and by which count and check a gate knows that it has arrived
there. The others (`DataList`) are small and come whole. Versions only ever rise. Times are Unix
seconds; a list is good from `not_before_s` until `not_after_s`, 0 where no end is set.
"""

from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

DENY = "deny"
DataName = Literal["tariff", "entry", "code_roots", "card_issuers", "legacy", "registry"]
DATA_NAMES: tuple[DataName, ...] = get_args(DataName)
"""What a city tells its gates besides the deny list: its tariffs, its conditions of entry, whose
ride codes and whose T-Union cards they believe, how far old media are taken, and which scheme is
accepted where."""

CONTENT_BYTES_MAX = 8 << 20
_Version = Annotated[int, Meta(ge=1, le=2**53)]
Second = Annotated[int, Meta(ge=0, le=2**40)]


class DenyEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One medium the gates must refuse, and the reason code the passenger hears."""

    medium_no: str
    reason: str


class DenyList(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One version of a city's deny list; a gate refuses to load a lower one (LIST_ROLLBACK).

    `notices` are media that are let through as ever, and what their holder is told beside it. A
    list without notices or without days has no such fields, as before there were any.
    """

    city: str
    version: int
    published_s: int
    entries: list[DenyEntry]
    notices: list[DenyEntry] = []
    not_before_s: Second = 0
    not_after_s: Second = 0


class DenyDelta(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How version `from_version` of a city's deny list becomes `version`.

    A medium whose reason changes stands in `removed` with the old one and in `added` with the new.
    `notices` are all that there are afterwards, and the days those of the new version. `count` and
    `check` are those of the whole list that results (`list_check`); a gate that comes to others
    refuses the delta.
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
    not_before_s: Second = 0
    not_after_s: Second = 0


class DataList(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of one of a city's lists, whole. `content` is as `published` reads it.

    A list that begins later waits at the gate, and the one before it goes on until then.
    """

    city: Annotated[str, Meta(pattern="^[1-9][0-9]{5}$")]
    name: DataName
    version: _Version
    published_s: Second
    not_before_s: Second
    not_after_s: Second = 0
    content: Annotated[bytes, Meta(max_length=CONTENT_BYTES_MAX)]
