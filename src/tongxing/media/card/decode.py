"""The bytes of any file of a card, decoded into one object: what `tongxing card decode` prints.

Knows which layout a short file identifier has in which application, takes the status word off an
answer, and takes several records apart. Bad bytes give a refusal or an object that says what is
missing; never an exception and never a guess.
"""

from collections.abc import Iterator, Mapping

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.applications import instance_suffix, parse_fci, parse_ppse, scheme_of
from tongxing.media.card.describe import Described, describe, hexed, names, stretch
from tongxing.media.card.files.city_union import CITY_UNION, COMPOSITE
from tongxing.media.card.files.control import CONTROL
from tongxing.media.card.files.holder import HOLDER
from tongxing.media.card.files.journey import JOURNEY
from tongxing.media.card.files.layout import Field, Layout
from tongxing.media.card.files.management import MANAGEMENT
from tongxing.media.card.files.public import PUBLIC
from tongxing.media.card.files.transaction import TRANSACTION
from tongxing.media.card.files.transit import TRANSIT, TRANSIT_HEAD
from tongxing.media.card.local import LocalCard, local_by_data, local_cards

SFI_MAX = 30
BYTES_MAX = 8192
"""The most that is taken at once: more than any file of a card with all its records."""
BALANCE_MASK = 0x7FFFFFFF
"""Some cards set the top bit of their balance; it is no money."""

LOCAL_RECORD = Layout(
    "local_record",
    0x19,
    48,
    1,
    (
        Field("record_id", 0, 1),
        Field("declared_length", 1, 1, "whole"),
        Field("body", 2, 46, "unknown"),
    ),
)

NAMED: Mapping[str, int] = {
    "control": 0x05,
    "public": 0x15,
    "holder": 0x16,
    "management": 0x17,
    "transaction": 0x18,
    "local": 0x19,
    "transit": 0x1A,
    "journey": 0x1E,
}
"""Files by the names that people may use instead of the number."""
ANSWERS = ("fci", "ppse", "balance")
"""Answers of a card that are no files."""

_T_UNION = {one.sfi: one for one in (CONTROL, PUBLIC, HOLDER, MANAGEMENT, TRANSACTION, TRANSIT)}
_T_UNION |= {LOCAL_RECORD.sfi: LOCAL_RECORD, JOURNEY.sfi: JOURNEY}
_CITY_UNION = {CITY_UNION.sfi: CITY_UNION, COMPOSITE.sfi: COMPOSITE, CONTROL.sfi: CONTROL}
_CITY_UNION |= dict.fromkeys((0x10, 0x18, 0x1A), TRANSACTION)
_LAYOUTS: Mapping[str, Mapping[int | None, Layout]] = {
    "t_union": _T_UNION,
    "city_union": _CITY_UNION,
}
_LOG_ONLY = {TRANSACTION.sfi: TRANSACTION}
_STATUS_OK = b"\x90\x00"
_RECORD_FAMILY, _RAIL_ID = b"\x27", b"\x27\x01"
_HEADER = 3


def applications() -> tuple[str, ...]:
    """The names of applications whose files can be decoded."""
    return (*_LAYOUTS, *local_cards())


def decode_file(sfi: int, raw: bytes, application: str = "t_union") -> Described | Refusal:
    """The object of a file, or of its records: one record alone, several as `records`.

    Refuses CARD_APPLICATION_UNKNOWN, CARD_FILE_UNKNOWN (an identifier over 30) and
    CARD_FILE_LENGTH.
    """
    if application not in applications():
        known = ", ".join(applications())
        return Refusal("CARD_APPLICATION_UNKNOWN", values={"application": application[:40],
                                                           "known": known})  # fmt: skip
    if not 1 <= sfi <= SFI_MAX:
        return unknown_file(f"{sfi:X}")
    if len(raw) > BYTES_MAX:
        return _length(f"{sfi:02X}", raw, BYTES_MAX)
    local = local_cards().get(application)
    layout = _layout(sfi, raw, application, local)
    status, raw = _without_status(layout, raw)
    parts, rest = _parts(layout, raw)
    found: list[Described] = []
    for part in parts:
        one = _record(layout, part, local)
        if isinstance(one, Refusal):
            return one
        found.append(one)
    head: Described = {"application": application, "status_word": status or None}
    if len(found) == 1 and not rest:
        return {**found[0], **head, "file_id": f"{sfi:02X}"}
    extra = [stretch(len(raw) - len(rest), rest)] if rest else []
    return {"file": layout.name, **names("file", f"file.{layout.name}"), "file_id": f"{sfi:02X}",
            **head, "records": found, "extra": extra, "raw": hexed(raw)}  # fmt: skip


def decode_answer(name: str, raw: bytes, application: str = "t_union") -> Described | Refusal:
    """The object of an answer that is no file: "fci", "ppse" or "balance".

    Refuses CARD_TLV, CARD_FILE_LENGTH and CARD_FILE_UNKNOWN.
    """
    if name == "balance":
        return _balance(raw, application)
    status, raw = _answer_status(raw)
    head: Described = {**names("file", f"file.{name}"), "file": name, "status_word": status or None}
    if name == "ppse":
        offers = parse_ppse(raw)
        if isinstance(offers, Refusal):
            return offers
        listed = [
            {"aid": hexed(one.aid), "label": one.label, "priority": one.priority,
             "scheme": scheme_of(one.aid), "instance": hexed(instance_suffix(one.aid))}
            for one in offers
        ]  # fmt: skip
        return {**head, "applications": listed, "raw": hexed(raw)}
    return _fci(raw, head) if name == "fci" else unknown_file(name)


def unknown_file(name: str) -> Refusal:
    """CARD_FILE_UNKNOWN, with what there is."""
    known = ", ".join((*NAMED, *ANSWERS, f"01–{SFI_MAX:X}"))
    return Refusal("CARD_FILE_UNKNOWN", values={"file": name[:40], "known": known})


def _fci(raw: bytes, head: Described) -> Described | Refusal:
    fci = parse_fci(raw)
    if isinstance(fci, Refusal):
        return fci
    scheme = scheme_of(fci.name)
    local = local_by_data(fci.name, fci.data)
    application = local.scheme if local else scheme
    public = decode_file(0x15, fci.data, application) if application and fci.data else None
    return {
        **head,
        "aid": hexed(fci.name),
        "instance": hexed(instance_suffix(fci.name)),
        "application": application,
        "label": fci.label,
        "preferred_name": fci.preferred_name,
        "priority": fci.priority,
        "version": hexed(fci.version),
        "data": hexed(fci.data),
        "public": public.as_json() if isinstance(public, Refusal) else public,
        "raw": hexed(raw),
    }


def _balance(raw: bytes, application: str) -> Described | Refusal:
    status = ""
    if len(raw) in (6, 18) and raw.endswith(_STATUS_OK):
        status, raw = hexed(raw[-2:]), raw[:-2]
    if len(raw) not in (4, 16):
        return _length("balance", raw, 4)
    stored = int.from_bytes(raw[:4], "big")
    local = local_cards().get(application)
    money = stored & BALANCE_MASK
    return {
        "file": "balance",
        **names("file", "file.balance"),
        "application": application,
        "stored": stored,
        "top_bit": stored > BALANCE_MASK,
        "balance_fen": local.balance_fen(money) if local else money,
        "unknown": [stretch(4, raw[4:])] if raw[4:] else [],
        "status_word": status or None,
        "raw": hexed(raw),
    }


def _layout(sfi: int, raw: bytes, application: str, local: LocalCard | None) -> Layout:
    if local:
        file = local.file(sfi)
        found = file.layout if file else _LOG_ONLY.get(sfi)
    else:
        found = _LAYOUTS[application].get(sfi)
    if found:
        return found
    is_answer = raw.endswith(_STATUS_OK)
    size = max(len(raw) - 2 if is_answer else len(raw), 1)
    return Layout("other", sfi, size, 1, (Field("body", 0, size, "unknown"),))


def _without_status(layout: Layout, raw: bytes) -> tuple[str, bytes]:
    """The status word behind the data, unless the data is whole with those two bytes."""
    if not raw.endswith(_STATUS_OK) or _is_whole(layout, raw):
        return "", raw
    return hexed(raw[-2:]), raw[:-2]


def _answer_status(raw: bytes) -> tuple[str, bytes]:
    if raw.endswith(_STATUS_OK) and not isinstance(parse_fci(raw[:-2]), Refusal):
        return hexed(raw[-2:]), raw[:-2]
    return "", raw


def _is_whole(layout: Layout, raw: bytes) -> bool:
    parts, rest = _parts(layout, raw)
    return not rest and all(len(part) == _whole_size(layout, part) for part in parts)


def _whole_size(layout: Layout, part: bytes) -> int:
    """How long the record that begins so is: as it says itself, where that makes sense."""
    if layout is TRANSIT and part[:1] == _RECORD_FAMILY and part[2:3]:
        said = part[2] + _HEADER
        return said if said > TRANSIT_HEAD.least else layout.size
    return layout.size


def _parts(layout: Layout, raw: bytes) -> tuple[list[bytes], bytes]:
    """The records in `raw`, and what is left behind the last whole one. One part always."""
    if not layout.cyclic and layout is not TRANSIT:
        return [raw], b""
    parts = list(_records(layout, raw))
    if not parts:
        return [raw], b""
    rest = raw[sum(map(len, parts)) :]
    return ([raw], b"") if rest and len(parts) == 1 else (parts, rest)


def _records(layout: Layout, raw: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(raw):
        size = _whole_size(layout, raw[at : at + 3])
        if at + size > len(raw):
            return
        yield raw[at : at + size]
        at += size


def _record(layout: Layout, part: bytes, local: LocalCard | None) -> Described | Refusal:
    if layout is TRANSIT:
        return _transit(part)
    if refusal := layout.refusal(part):
        return refusal
    found = describe(layout, part)
    amount = found.get("amount_fen")
    if local and isinstance(amount, int):
        found["amount_fen"] = (amount & BALANCE_MASK) * local.unit
    return found


def _transit(part: bytes) -> Described | Refusal:
    """A record with the rail body, or only its head where its length says that it has another.

    `body` tells how sure that is: "described" for rail, "assumed" for other kinds of 128 bytes.
    """
    is_other = part[:1] == _RECORD_FAMILY and part[:2] != _RAIL_ID
    if is_other and len(part) != TRANSIT.size:
        size = max(len(part), TRANSIT_HEAD.least)
        body = Field("body", TRANSIT_HEAD.least, size - TRANSIT_HEAD.least, "unknown")
        fields = (*TRANSIT_HEAD.fields[:-1], body)
        head = Layout(TRANSIT_HEAD.name, TRANSIT_HEAD.sfi, size, TRANSIT_HEAD.least, fields)
        return head.refusal(part) or {**describe(head, part), "body": "not described"}
    if refusal := TRANSIT.refusal(part):
        return refusal
    found = describe(TRANSIT, part)
    found["body"] = "described" if part[:2] == _RAIL_ID else "assumed"
    found["empty"] = found["empty"] or not part[_HEADER:].strip(b"\x00")
    return found


def _length(name: str, raw: bytes, expected: int) -> Refusal:
    return Refusal("CARD_FILE_LENGTH", name, {"file": name, "length": len(raw),
                                              "expected": expected})  # fmt: skip
