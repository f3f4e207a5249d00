"""What a card says when an application is selected, and which application an AID means.

On a phone an AID is longer than the scheme's own: the terminal selects by the beginning, and the
rest names the issuer's instance. That rest is shown, never trusted and never read as a city.
"""

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.tlv import Node, parse_tlv

T_UNION_AID = bytes.fromhex("A000000632010105")
T_UNION_SM_AID = bytes.fromhex("A000000632010107")
T_UNION_NEW_AID = bytes.fromhex("A000000632101004")
CITY_UNION_AID = bytes.fromhex("A00000000386980701")
PPSE_NAME = b"2PAY.SYS.DDF01"
MF_ID = b"\x3f\x00"

PURSES: tuple[tuple[bytes, str], ...] = (
    (T_UNION_AID, "t_union"),
    (T_UNION_SM_AID, "t_union"),
    (T_UNION_NEW_AID, "t_union"),
    (CITY_UNION_AID, "city_union"),
)
"""The purses of the two schemes, in the order in which a terminal tries them."""

_FCI, _NAME, _INSIDE, _LABEL, _PRIORITY = 0x6F, 0x84, 0xA5, 0x50, 0x87
_VERSION, _PREFERRED, _DATA = 0x9F08, 0x9F12, 0x9F0C
_DISCRETIONARY, _ENTRY, _AID = 0xBF0C, 0x61, 0x4F


class Fci(msgspec.Struct, frozen=True):
    """The answer to SELECT. What the card leaves out is empty or None.

    `data` (tag 9F0C) is the content of file 0x15 where a card offers it.
    """

    name: bytes
    label: str
    preferred_name: str
    priority: int | None
    version: bytes
    data: bytes
    raw: bytes

    def __repr__(self) -> str:
        return f"Fci(name={self.name.hex()}, label={self.label})"


class Offer(msgspec.Struct, frozen=True):
    """One application of a card's directory. A lower `priority` comes first, None last."""

    aid: bytes
    label: str
    priority: int | None


def parse_fci(raw: bytes) -> Fci | Refusal:
    """Read the answer to SELECT. Refuses CARD_TLV, also when it is no such answer."""
    inside = _template(raw)
    if isinstance(inside, Refusal):
        return inside
    name, proprietary = inside
    return Fci(
        name=name,
        label=_text(proprietary, _LABEL),
        preferred_name=_text(proprietary, _PREFERRED),
        priority=_priority(proprietary),
        version=_value(proprietary, _VERSION),
        data=_value(proprietary, _DATA) or _value(proprietary, _DISCRETIONARY, _DATA),
        raw=raw,
    )


def parse_ppse(raw: bytes) -> tuple[Offer, ...] | Refusal:
    """The applications of the directory, the most wanted first. Refuses CARD_TLV."""
    inside = _template(raw)
    if isinstance(inside, Refusal):
        return inside
    found = []
    for node in inside[1].walk():
        aid = _value(node, _AID)
        if node.tag == _ENTRY and aid:
            found.append(Offer(aid, _text(node, _LABEL), _priority(node)))
    return tuple(sorted(found, key=lambda offer: (offer.priority is None, offer.priority or 0)))


def scheme_of(aid: bytes) -> str | None:
    """The scheme of a purse's AID or of an instance of it, None for any other application."""
    return next((scheme for known, scheme in PURSES if aid.startswith(known)), None)


def instance_suffix(aid: bytes) -> bytes:
    """What an instance on a phone adds to the scheme's own AID."""
    known = next((known for known, _ in PURSES if aid.startswith(known)), aid)
    return aid[len(known) :]


def _template(raw: bytes) -> tuple[bytes, Node] | Refusal:
    tree = parse_tlv(raw)
    if isinstance(tree, Refusal):
        return tree
    outer = tree.find(_FCI)
    if outer is None:
        return Refusal("CARD_TLV", values={"offset": 0})
    return _value(outer, _NAME), outer.find(_INSIDE) or Node(_INSIDE, b"")


def _value(node: Node, *path: int) -> bytes:
    found = node.find(*path)
    return found.value if found else b""


def _priority(node: Node) -> int | None:
    value = _value(node, _PRIORITY)
    return value[0] & 0x0F if value else None


def _text(node: Node, tag: int) -> str:
    text = _value(node, tag).decode("gbk", "replace").strip()
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
