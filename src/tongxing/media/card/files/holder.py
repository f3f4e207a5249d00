"""File 0x16 of the T-Union purse: who holds the card. An anonymous card has zeros here.

We write no personal data by default. What is read here goes to the person in front of the card's
reader and nowhere else: the view hides it from logs.
"""

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.files.layout import Field, Fields, Layout

HOLDER = Layout(
    "holder",
    0x16,
    55,
    55,
    (
        Field("card_type", 0, 1),
        Field("employee", 1, 1),
        Field("name", 2, 20, "gbk"),
        Field("document", 22, 32, "ascii"),
        Field("document_type", 54, 1, "hex", "document_type"),
    ),
)


class Holder(msgspec.Struct, frozen=True):
    """File 0x16. `name` and `document` are "" on an anonymous card and None when unreadable."""

    card_type: int
    employee: int
    name: str | None
    document: str | None
    document_type: int
    raw: bytes

    def __repr__(self) -> str:
        return f"Holder(card_type={self.card_type}, anonymous={not self.name})"


def text_of(raw: bytes, encoding: str) -> str | None:
    """Text padded with zeros, spaces or FF; None when it is not in `encoding` or not printable."""
    try:
        text = raw.rstrip(b"\x00\xff ").decode(encoding)
    except UnicodeDecodeError:
        return None
    return text if not text or text.isprintable() else None


def parse_holder(raw: bytes) -> Holder | Refusal:
    """Read the file. Refuses CARD_FILE_LENGTH and nothing else."""
    if refusal := HOLDER.refusal(raw):
        return refusal
    fields = Fields(HOLDER, raw)
    return Holder(
        card_type=fields.whole("card_type"),
        employee=fields.whole("employee"),
        name=text_of(fields.raw("name"), "gbk"),
        document=text_of(fields.raw("document"), "ascii"),
        document_type=fields.whole("document_type"),
        raw=raw,
    )


def make_holder(
    name: str = "", document: str = "", *, card_type: int = 0, document_type: int = 0
) -> bytes:
    """The 55 bytes of the file. Raises ValueError for text that is too long or cannot be written.

    The default is an anonymous card.
    """
    written = name.encode("gbk"), document.encode("ascii")
    if len(written[0]) > 20 or len(written[1]) > 32:
        raise ValueError("the name takes 20 bytes, the document number 32")
    return HOLDER.assemble(
        {
            "card_type": bytes((card_type,)),
            "name": written[0].ljust(20, b"\x00"),
            "document": written[1].ljust(32, b"\x00"),
            "document_type": bytes((document_type,)),
        }
    )
