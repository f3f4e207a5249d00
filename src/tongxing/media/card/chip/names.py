"""What a card calls its applications, and the templates (FCI) that SELECT answers.

Names and tags are those of docs/media.md. Nothing here decides what may be selected.
"""

from tongxing.media.card.applications import (
    CITY_UNION_AID,
    PPSE_NAME,
    T_UNION_AID,
    T_UNION_SM_AID,
)
from tongxing.media.card.chip.image import Application, Binary, CardImage

T_UNION, T_UNION_SM, CITY_UNION, PPSE = T_UNION_AID, T_UNION_SM_AID, CITY_UNION_AID, PPSE_NAME
PSE = b"1PAY.SYS.DDF01"
MF_IDS = (0x3F00,)
PUBLIC_INFO = 0x15
_VERSION = 0x02


def application_fci(application: Application) -> bytes:
    """The template of a purse: its name, version, and the whole of file 0x15."""
    info = application.file(PUBLIC_INFO)
    inside = _names(application) if application.switches.fci_names else b""
    inside += bytes.fromhex("9F0801") + bytes((_VERSION,))
    if isinstance(info, Binary):
        inside += b"\x9f\x0c" + bytes((len(info.data),)) + info.data
    return _fci(application.aid, inside)


def ppse_fci(image: CardImage) -> bytes:
    """The directory that contactless terminals read first: every application with its priority."""
    entries = b"".join(_tlv(0x61, _entry(one)) for one in image.applications)
    return _fci(PPSE, b"\xbf\x0c" + bytes((len(entries),)) + entries)


def pse_fci() -> bytes:
    """The template of the MF; its directory file is SFI 01."""
    return _fci(PSE, _tlv(0x88, b"\x01"))


def directory_record(application: Application) -> bytes:
    """A record of the directory file in the MF."""
    return _tlv(0x70, _tlv(0x61, _entry(application)))


def _entry(application: Application) -> bytes:
    return _tlv(0x4F, application.aid) + _names(application)


def _names(application: Application) -> bytes:
    label = _tlv(0x50, application.label.encode("ascii"))
    return label + _tlv(0x87, bytes((application.priority,)))


def _fci(name: bytes, inside: bytes) -> bytes:
    return _tlv(0x6F, _tlv(0x84, name) + _tlv(0xA5, inside))


def _tlv(tag: int, value: bytes) -> bytes:
    return bytes((tag, len(value))) + value
