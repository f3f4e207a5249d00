"""One field of a record: whether its bytes are what its kind says, and the value they stand for.

The bytes are the truth. A value is written back by `encode`; where that would not give the very
same bytes (odd padding, half a Chinese character, unknown reserved content), the value travels as
its bytes. ASCII digits only: full-width ones are another thing to every other program.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from tongxing.exchange.layouts import Field
from tongxing.kernel.ids import masked

Plain = str | int | dict[str, str]
"""A value as JSON carries it: text, fen, or ``{"hex": …, "text": …}`` if only bytes are exact."""

_DIGITS = re.compile(rb"[0-9]+")
_DECIMAL = re.compile(rb" *[+-]?[0-9]+(\.[0-9]+)? *")
_VISIBLE = re.compile(rb" *[\x21-\x7e]+(?: [\x21-\x7e]+)* *")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_MOMENTS = {"date": "%Y%m%d", "time": "%H%M%S", "datetime": "%Y%m%d%H%M%S"}
_SHOWN_MAX = 60


def fault_of(field: Field, raw: bytes) -> str:
    """Why these bytes are not a value of the field, as a key of the texts; "" when they are.

    A GBK text that ends in half a character is no fault (`is_cut` tells it), nor is anything in a
    reserved field.
    """
    if field.kind == "reserved" or (field.blank and not raw.strip(b" ")):
        return ""
    if field.kind == "gbk":
        return "control" if _CONTROL.search(raw) else ""
    if field.kind == "code":
        return "" if _VISIBLE.fullmatch(raw) else "code"
    if field.kind == "decimal":
        return "" if _DECIMAL.fullmatch(raw) else "decimal"
    if field.kind == "flag":
        return "" if raw in [value.encode() for value in field.values] else "flag"
    if not _DIGITS.fullmatch(raw):
        return "digits"
    if field.kind in _MOMENTS and not _is_moment(field.kind, raw.decode()):
        return field.kind
    return ""


def is_cut(field: Field, raw: bytes) -> bool:
    """Whether a GBK text is no whole text: a character cut in two, or another encoding."""
    if field.kind != "gbk":
        return False
    try:
        raw.decode("gbk")
    except UnicodeDecodeError:
        return True
    return False


def text_of(field: Field, raw: bytes) -> str:
    """The value as a person reads it: padding taken off, half a character shown as U+FFFD."""
    if field.kind in ("gbk", "reserved"):
        return raw.decode("gbk", "replace").rstrip(" ")
    return raw.decode("ascii", "replace").strip(" ")


def shown(field: Field, raw: bytes) -> str:
    """The same for screens and messages: card numbers masked, short, nothing that steers."""
    text = text_of(field, raw)
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    if field.name == "card_number":
        return masked(text)
    return text if field.kind == "gbk" else text[:_SHOWN_MAX]


def plain(field: Field, raw: bytes) -> Plain:
    """The value as JSON carries it; `encode` of it gives these bytes again."""
    text = text_of(field, raw)
    value: Plain = text
    if field.kind == "amount" and _DIGITS.fullmatch(raw):
        value = int(raw)
    return value if encode(field, value) == raw else {"hex": raw.hex(), "text": text}


def encode(field: Field, value: object) -> bytes | None:
    """The bytes of a value, exactly as long as the field; None when it does not fit there.

    A whole number is written with leading zeros, a decimal too, its sign first; text is followed
    by spaces (the reserved by its fill). Bytes, or a mapping with ``hex``, are taken as they are.
    """
    if isinstance(value, Mapping):
        value = _from_hex(value)
    if isinstance(value, bytes):
        return value if len(value) == field.length else None
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, int) and (value < 0 and field.kind != "decimal"):
        return None
    content = _content(field, str(value))
    if content is None or len(content) != field.length or fault_of(field, content):
        return None
    return content


def is_needed(field: Field) -> bool:
    """Whether a record without a value here says something that is not so."""
    return not field.blank and field.kind not in ("gbk", "reserved")


def filler(field: Field) -> bytes:
    """What stands in a field that nothing is known of: spaces where it may be blank, its fill
    where it is reserved, else zeros."""
    if field.kind == "reserved":
        return field.fill.encode() * field.length
    return (b" " if field.blank or field.kind == "gbk" else b"0") * field.length


def _content(field: Field, text: str) -> bytes | None:
    blank = field.blank and text == ""
    try:
        raw = text.encode("gbk" if field.kind in ("gbk", "reserved") else "ascii")
    except UnicodeEncodeError:
        return None
    if blank or field.kind in ("code", "gbk", "flag"):
        return raw.ljust(field.length, b" ")
    if field.kind == "reserved":
        return raw.ljust(field.length, field.fill.encode())
    if field.kind == "decimal" and raw[:1] in (b"-", b"+"):
        digits = raw[1:].rjust(field.length - 1, b"0")
        return raw[:1] + digits if len(raw) > 1 else None
    if field.kind in _MOMENTS:
        return raw
    return raw.rjust(field.length, b"0")


def _from_hex(value: Mapping[object, object]) -> object:
    text = value.get("hex")
    if not isinstance(text, str) or set(value) - {"hex", "text"}:
        return None
    try:
        return bytes.fromhex(text) if re.fullmatch(r"[0-9a-f]*", text) else None
    except ValueError:
        return None


def _is_moment(kind: str, text: str) -> bool:
    try:
        datetime.strptime(text, _MOMENTS[kind])
    except ValueError:
        return False
    return len(text) == {"date": 8, "time": 6, "datetime": 14}[kind]
