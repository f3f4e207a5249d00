"""What went to a card and what came back: kept for comparing, or told in a line without secrets."""

from dataclasses import dataclass, field

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import Command, parse_answer, parse_command
from tongxing.media.card.link import CardLink

# Instructions whose data is a PIN, a key, a cryptogram or a code made with one, or a card's number.
_SECRET = frozenset(
    (0x16, 0x18, 0x1A, 0x1E, 0x20, 0x24, 0x2C, 0x52, 0x54, 0x5E, 0x70, 0x82, 0x88, 0xD4, 0xFA)
)
_SECURED = 0x04
"""In the class of a command: its data ends with a code."""


@dataclass(slots=True)
class Recorder:
    """A link that keeps every command and answer. Never for operation: it keeps secrets too."""

    card: CardLink = field(repr=False)
    kept: list[tuple[bytes, bytes]] = field(default_factory=list, repr=False)

    def transmit(self, command: bytes) -> bytes:
        """Hand the command on and keep both."""
        answer = self.card.transmit(command)
        self.kept.append((command, answer))
        return answer


def line_of(command: bytes, answer: bytes) -> str:
    """One line for a person: the command without secret data, how much came back, the status.

    What the card answered is only counted: it may hold the card's whole number.
    """
    parsed, answered = parse_command(command), parse_answer(answer)
    said = f"{len(command)} bytes" if parsed is None else _told(parsed)
    if isinstance(answered, Refusal):
        return f"> {said}  < {len(answer)} bytes, no status"
    return f"> {said}  < {len(answered.data)} bytes {answered.status:04X}"


def _told(command: Command) -> str:
    head = bytes((command.cla, command.ins, command.p1, command.p2)).hex().upper()
    if not command.data:
        return head
    is_secret = command.ins in _SECRET or command.cla & _SECURED
    data = "*" * 8 if is_secret else command.data.hex().upper()
    return f"{head} {len(command.data):02X} {data}"
