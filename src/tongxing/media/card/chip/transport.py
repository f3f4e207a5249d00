"""How a card answers over a line that cannot carry data both ways in one exchange (T=0).

The answer to a command with data waits: the card says 61xx, the terminal fetches with GET RESPONSE.
Only the carriage differs; the card behind it never sees the second command.
"""

from tongxing.media.card.apdu import Answer, parse_answer, parse_command
from tongxing.media.card.chip.status import MORE_DATA
from tongxing.media.card.link import CardLink

_GET_RESPONSE = (0x00, 0xC0, 0x00, 0x00)


class TwoSteps:
    """A link over such a line to the card behind `card`."""

    def __init__(self, card: CardLink) -> None:
        self._card = card
        self._waiting: Answer | None = None

    def transmit(self, command: bytes) -> bytes:
        """Send a command on, or fetch what waits from the one before; 61xx tells how much does."""
        asked = parse_command(command)
        waiting, self._waiting = self._waiting, None
        if asked and waiting and (asked.cla, asked.ins, asked.p1, asked.p2) == _GET_RESPONSE:
            return self._fetched(waiting, asked.expected or len(waiting.data))
        raw = self._card.transmit(command)
        answer = parse_answer(raw)
        if isinstance(answer, Answer) and asked and asked.data and answer.data and answer.ok:
            self._waiting = answer
            return (MORE_DATA + (len(answer.data) & 0xFF)).to_bytes(2, "big")
        return raw

    def _fetched(self, waiting: Answer, length: int) -> bytes:
        rest = waiting.data[length:]
        if not rest:
            return waiting.encode()
        self._waiting = Answer(rest, waiting.status)
        return Answer(waiting.data[:length], MORE_DATA + len(rest)).encode()
