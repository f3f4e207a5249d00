"""One line of a record file: read strictly, and sound in every field, or not a record at all.

Whatever passes here can be stored, compared and printed without a second thought; whatever does
not is kept as it came and gets its own verdict. Nothing here knows members, tariffs or other rows.
"""

import json
from datetime import date

import msgspec

from tongxing.kernel.clock import at
from tongxing.messages import CardProof, Record
from tongxing.messages.faults import plain, row_fault

NAME_CHARS_MAX = 64

_REVISIONS_MAX = 9_999
_TAPS_MAX = 16
_FEN_MAX = 10**9
_CODE_BYTES_MAX = 1_024
_PROOF_LENGTHS = (8, 8, 6, 4, 14)
"""Bytes of issuer, card factor, terminal number and code; digits of the time."""
_EARLIEST_S = at(date(2015, 1, 1))
_LATEST_S = at(date(2100, 1, 1))
_UNREADABLE = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError)

_decode_record = msgspec.json.Decoder(Record).decode
_encode_record = msgspec.json.Encoder(order="deterministic").encode


class _NameOnly(msgspec.Struct):
    """What can still be told of a line that is no record."""

    record_id: str = ""


_decode_name = msgspec.json.Decoder(_NameOnly).decode


class Row(msgspec.Struct, frozen=True, gc=False):
    """One line of a file. `record` is None for a line that is no record; `fault` then says why (a
    reason of the list, and what is wrong), and `record_id` is its own if that can be read, else
    ``#`` and the line's number. `content` is the canonical JSON of a record, or the line as it
    came."""

    number: int
    record_id: str
    content: bytes
    record: Record | None
    fault: str = ""


def read_row(number: int, line: bytes, line_bytes_max: int) -> Row:
    """The row of a line, without its line end."""
    if len(line) > line_bytes_max:
        return Row(number, f"#{number}", b"", None, f"FILE_LINE_TOO_LONG: over {line_bytes_max}")
    try:
        record = _decode_record(line)
    except _UNREADABLE as error:
        return Row(number, _name_of(number, line), line, None, _unreadable(line, str(error)))
    canonical = _encode_record(record)
    fault = field_fault(record)
    if not fault and canonical != line and _says_a_key_twice(line):
        fault = "LINES_KEY_TWICE: a key stands twice"
    if fault:
        return Row(number, _name_of(number, line), line, None, fault)
    return Row(number, record.record_id, canonical, record)


def field_fault(record: Record) -> str:
    """What in a record can mean nothing: names, ranges, its own sums; "" when all is sound."""
    if not _has_names(record):
        return "a name is empty, too long or not of visible ASCII characters"
    if not 1 <= record.revision <= _REVISIONS_MAX:
        return "revision out of range"
    if record.record_id != f"{record.trip_id}.{record.revision}":
        return "record id is not trip and revision"
    taps = record.taps
    if not 1 <= len(taps) <= _TAPS_MAX or (len(taps) > 1 and len(set(taps)) != len(taps)):
        return "taps missing, too many or twice"
    if any(not 0 <= tap.epoch < 2**63 or not 1 <= tap.seq < 2**63 for tap in taps):
        return "tap identity out of range"
    if not _EARLIEST_S <= record.entered_s <= record.exited_s < _LATEST_S:
        return "DATE_INVALID: times out of range or in the wrong order"
    amounts = (record.fare_fen, record.charge_fen, record.delta_fen)
    if not -_FEN_MAX <= min(amounts) <= max(amounts) <= _FEN_MAX:
        return "FIELD_AMOUNT: out of range"
    if record.how == "void" and (record.charge_fen != 0 or record.revision == 1):
        return "a void takes an earlier charge back to zero"
    if len(record.proofs) + len(record.codes) > len(taps):
        return "more signatures than taps"
    if any(map(_is_no_proof, record.proofs)):
        return "a card's proof is out of range"
    if any(not 0 < len(code) <= _CODE_BYTES_MAX for code in record.codes):
        return "a ride code is empty or too long"
    return ""


def is_name(text: str) -> bool:
    """Whether a text can name a thing: visible ASCII without spaces, not empty, not too long."""
    return 0 < len(text) <= NAME_CHARS_MAX and _is_visible(text)


def _is_visible(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _has_names(record: Record) -> bool:
    names = [
        record.record_id,
        record.acquirer,
        record.issuer,
        record.medium_no,
        record.scheme,
        record.city,
        record.place,
        record.mode,
        record.operator,
        record.tariff,
        record.line or "-",
        record.origin or "-",
        record.destination or "-",
        *[tap.terminal_id for tap in record.taps],
    ]
    lengths = list(map(len, names))
    return min(lengths) > 0 and max(lengths) <= NAME_CHARS_MAX and _is_visible("".join(names))


def _is_no_proof(proof: CardProof) -> bool:
    """Whether a card cannot have signed this: a length or a range that no card has."""
    lengths = (
        len(proof.issuer_id),
        len(proof.card_factor),
        len(proof.terminal_no),
        len(proof.tac),
        len(proof.time),
    )
    bytes_or_less = (proof.key_version, proof.algorithm, proof.kind)
    return (
        lengths != _PROOF_LENGTHS
        or not is_name(proof.number)
        or not (proof.time.isascii() and proof.time.isdecimal())
        or not all(0 <= value <= 0xFF for value in bytes_or_less)
        or not all(0 <= value <= 0xFFFFFFFF for value in (proof.amount_fen, proof.serial))
        or not 0 <= proof.counter <= 0xFFFF
        or not 0 <= proof.balance_before_fen <= _FEN_MAX
    )


def _name_of(number: int, line: bytes) -> str:
    try:
        name = _decode_name(line).record_id
    except _UNREADABLE:
        name = ""
    return name if is_name(name) else f"#{number}"


def _unreadable(line: bytes, said: str) -> str:
    code, values = row_fault(line, said)
    return f"{code}: {' '.join(str(value) for value in values.values()) or plain(said)}"


def _says_a_key_twice(line: bytes) -> bool:
    """Whether a JSON object in the line repeats a key: one reader would take the first, another
    the last, so such a line has no meaning."""
    repeated = False

    def look(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal repeated
        found = dict(pairs)
        repeated = repeated or len(found) != len(pairs)
        return found

    json.loads(line, object_pairs_hook=look)
    return repeated
