"""Commands to a card and its answers, as bytes and as values (ISO/IEC 7816-4, short form).

A card's answer can be anything at all; what is not an answer becomes a refusal here and nowhere
else. Extended lengths are not used by purse cards and not understood.
"""

from dataclasses import dataclass

from tongxing.kernel.reasons import Refusal

DATA_MAX = 255
ANSWER_MAX = 258
OK = 0x9000
_HEADER = 4


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `expected` is Le: None when no answer is asked for, 0 for "all there is"."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    expected: int | None = None

    def encode(self) -> bytes:
        """The bytes on the wire. Raises ValueError for more than 255 bytes of data."""
        if len(self.data) > DATA_MAX:
            raise ValueError("a short command carries at most 255 bytes")
        body = bytes((len(self.data),)) + self.data if self.data else b""
        tail = b"" if self.expected is None else bytes((self.expected & 0xFF,))
        return bytes((self.cla, self.ins, self.p1, self.p2)) + body + tail


@dataclass(frozen=True, slots=True)
class Answer:
    """What a card answered: data and the two bytes of its status word."""

    data: bytes
    status: int

    @property
    def ok(self) -> bool:
        """Whether the card did what it was told (9000)."""
        return self.status == OK

    def encode(self) -> bytes:
        """The bytes on the wire."""
        return self.data + self.status.to_bytes(2, "big")


def parse_command(raw: bytes) -> Command | None:
    """The command in these bytes; None when they are none (a card answers 6700 then)."""
    if len(raw) < _HEADER:
        return None
    cla, ins, p1, p2 = raw[:_HEADER]
    rest = raw[_HEADER:]
    if len(rest) <= 1:
        return Command(cla, ins, p1, p2, expected=rest[0] if rest else None)
    length, data = rest[0], rest[1:]
    if length == 0 or len(data) not in (length, length + 1):
        return None
    expected = data[length] if len(data) == length + 1 else None
    return Command(cla, ins, p1, p2, data[:length], expected)


def parse_answer(raw: bytes) -> Answer | Refusal:
    """The answer in these bytes. Refuses CARD_RESPONSE_LENGTH for fewer than 2 or over 258."""
    if not 2 <= len(raw) <= ANSWER_MAX:
        return Refusal("CARD_RESPONSE_LENGTH", values={"length": len(raw)})
    return Answer(raw[:-2], int.from_bytes(raw[-2:], "big"))
