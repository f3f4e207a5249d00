"""What all messages share: bytes in and out, times, and fen as the wire writes them.

The only place where money is anything but `int` fen: the message classes want a decimal with two
places, made from fen by moving the point, never by dividing. Nothing here knows what is paid.
"""

import re
from decimal import Decimal
from typing import Any, TypeVar

from xsdata.exceptions import ParserError
from xsdata.formats.dataclass.context import XmlContext
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig
from xsdata.formats.dataclass.parsers.handlers import XmlEventHandler
from xsdata.formats.dataclass.serializers import XmlSerializer
from xsdata.formats.dataclass.serializers.config import SerializerConfig
from xsdata.formats.dataclass.serializers.writers import XmlEventWriter
from xsdata.models.datatype import XmlDate, XmlDateTime, XmlTime

from tongxing.hub.words import in_both
from tongxing.kernel.clock import local
from tongxing.kernel.reasons import Refusal

CURRENCY = "CNY"
SCHEME = "TONGXING"
"""Names our member and operator ids where a message asks who gave them out."""

MESSAGE_BYTES_MAX = 1_048_576

_WHOLE_DIGITS_MAX = 13  # 18 in all, 5 of them behind the point
_NAMESPACE = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.[0-9.]{1,10})")
_CHINA_OFFSET_MIN = 480
_SAID_MAX = 200
_CONTEXT = XmlContext()
_Message = TypeVar("_Message")


def to_bytes(document: object, namespace: str) -> bytes:
    """A message as UTF-8 XML with an indent, ended by a newline."""
    serializer = XmlSerializer(
        context=_CONTEXT, config=SerializerConfig(indent="  "), writer=XmlEventWriter
    )
    return (serializer.render(document, ns_map={None: namespace}).rstrip("\n") + "\n").encode()


def kind_of(message: bytes) -> str:
    """Which message it says it is by its first namespace (``camt.053.001.08``), "" for none: what
    stands in its texts does not count."""
    found = _NAMESPACE.search(message)
    return "" if found is None else found[1].decode("ascii")


def from_bytes(message: bytes, expected: type[_Message]) -> _Message | Refusal:
    """A message read strictly: UTF-8, no document type, no unknown element, no value of a wrong
    type. Refuses with PAYMENT_MALFORMED."""
    fault = _unsafe(message)
    if fault:
        return unusable("PAYMENT_MALFORMED", fault)
    parser = XmlParser(
        context=_CONTEXT,
        handler=XmlEventHandler,
        config=ParserConfig(
            fail_on_unknown_properties=True,
            fail_on_unknown_attributes=True,
            fail_on_converter_warnings=True,
        ),
    )
    try:
        return parser.from_bytes(message, expected)
    except (ParserError, SyntaxError, ValueError, TypeError) as error:
        first_line = (str(error).splitlines() or [""])[0]
        return unusable("PAYMENT_MALFORMED", "form", first_line)


def unusable(code: str, why: str, said: str = "", **values: object) -> Refusal:
    """A message that is refused whole. `why` is one of the room's texts ``bank_message``; `said`
    stands beside the sentence: what a library says of it, or the place."""
    told = in_both("why", f"bank_message.{why}", **values)
    return Refusal(code, said[:_SAID_MAX], told)


def _unsafe(message: bytes) -> str:
    """Why a message is not even given to the parser, as a key of `unusable`; "" when it may be."""
    if len(message) > MESSAGE_BYTES_MAX:
        return "too_large"
    try:
        text = message.decode("utf-8")
    except UnicodeDecodeError:
        return "not_utf8"
    if "<!DOCTYPE" in text or "<!ENTITY" in text or "\x00" in text:
        return "document_type"
    head = text[:200].lower()
    if "encoding" in head.partition("?>")[0] and "utf-8" not in head.partition("?>")[0]:
        return "not_utf8"
    return ""


def yuan_on_the_wire(amount_fen: int) -> Decimal:
    """Fen as the message classes want them: 1,888 fen is ``18.88``, always two places."""
    return Decimal(amount_fen).scaleb(-2)


def fen_from_the_wire(amount: Decimal, currency: str) -> int | None:
    """Whole fen of an amount in CNY; None for another currency, a fraction of a fen, or more digits
    than an amount of ISO 20022 has."""
    if currency != CURRENCY or not amount.is_finite() or amount.adjusted() >= _WHOLE_DIGITS_MAX:
        return None
    fen = amount.scaleb(2)
    return int(fen) if fen == fen.to_integral_value() else None


def xml_moment(time_s: int) -> XmlDateTime:
    """An instant in China time, to the second, with its offset."""
    moment = local(time_s)
    return XmlDateTime(
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
        offset=_CHINA_OFFSET_MIN,
    )


def xml_date(day: Any) -> XmlDate:
    """A calendar day."""
    return XmlDate(day.year, day.month, day.day)


def xml_time(time_s: int) -> XmlTime:
    """The China wall-clock time of an instant."""
    moment = local(time_s)
    return XmlTime(moment.hour, moment.minute, moment.second, offset=_CHINA_OFFSET_MIN)
