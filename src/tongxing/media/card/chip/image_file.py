"""The form of a card's image as bytes: a mark, the version of the form, a digest, the image.

The bytes hold the card's keys in the clear: images are for cards made under test keys. What is not
whole, or not ours, is refused with a code and never repaired.
"""

import hashlib

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip.image import (
    Application,
    Binary,
    CardImage,
    File,
    Ring,
)
from tongxing.media.crypto.suites import KEY_BYTES, suite_of

MARK = b"TXCARD"
VERSION = 1
_HEAD = len(MARK) + 2
_DIGEST = hashlib.sha256().digest_size
_MONEY_MAX, _COUNTER_MAX = 0xFFFF_FFFF, 0xFFFF
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(CardImage)


def to_bytes(image: CardImage) -> bytes:
    """The image as bytes."""
    body = _ENCODER.encode(image)
    return MARK + VERSION.to_bytes(2, "big") + hashlib.sha256(body).digest() + body


def from_bytes(raw: bytes, where: str = "") -> CardImage | Refusal:
    """The image in these bytes.

    Refuses CARD_IMAGE_FOREIGN for what never was one, CARD_IMAGE_VERSION for one of another form,
    CARD_IMAGE_DAMAGED for one that is torn, changed or makes no card.
    """
    if not raw.startswith(MARK) or len(raw) < _HEAD:
        return Refusal("CARD_IMAGE_FOREIGN", where)
    version = int.from_bytes(raw[len(MARK) : _HEAD], "big")
    if version != VERSION:
        values = {"version": version, "known": VERSION}
        return Refusal("CARD_IMAGE_VERSION", where, values)
    digest, body = raw[_HEAD : _HEAD + _DIGEST], raw[_HEAD + _DIGEST :]
    if hashlib.sha256(body).digest() != digest:
        return Refusal("CARD_IMAGE_DAMAGED", where)
    try:
        image = _DECODER.decode(body)
    except msgspec.MsgspecError:
        return Refusal("CARD_IMAGE_DAMAGED", where)
    return image if is_card(image) else Refusal("CARD_IMAGE_DAMAGED", where)


def is_card(image: CardImage) -> bool:
    """Whether a card can live with this image: nothing in it points to what is not there."""
    money = all(0 <= fen <= _MONEY_MAX for fen in image.purses)
    files = all(_is_file(file) for file in image.files)
    return money and files and all(_is_purse(one, image) for one in image.applications)


def _is_purse(one: Application, image: CardImage) -> bool:
    counted = 0 <= one.loads <= _COUNTER_MAX and 0 <= one.purchases <= _COUNTER_MAX
    logs = (one.file(one.load_log), one.file(one.purchase_log))
    keys = all(len(key.value) == KEY_BYTES and suite_of(key.algorithm) for key in one.keys)
    names = 1 <= len(one.aid) <= 16 and one.label.isascii() and 0 <= one.priority <= 0xFF
    return (
        counted
        and keys
        and names
        and 0 <= one.purse < len(image.purses)
        and all(isinstance(log, Ring) for log in logs)
        and all(_is_file(file) for file in one.files)
    )


def _is_file(file: File) -> bool:
    if isinstance(file, Binary):
        return len(file.data) <= 0xFF
    if isinstance(file, Ring):
        same = all(len(record) == file.size for record in file.records)
        return same and len(file.records) <= file.capacity
    heads = 0 <= file.id_at < file.head
    return heads and all(file.head <= len(record) <= 0xFF for record in file.records)
