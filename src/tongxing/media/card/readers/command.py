"""A card behind a child program that speaks lines of hex: the easiest way to lend us a card.

Each command goes in as one line of hex and its answer comes back as one line of hex. ``reset``
takes the power away and gives it back; the program answers ``ok``. A program whose card is gone
answers ``removed``, ``timeout`` or ``collision``. What else it writes there ends the link.
"""

from collections.abc import Sequence
from types import TracebackType

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import ANSWER_MAX
from tongxing.media.card.link import CardGone, Gone
from tongxing.media.card.readers.patience import Late
from tongxing.media.card.readers.program import LineProgram, ProgramGone, open_program

ANSWER_S = 5.0
_LINE_MAX = 4 * ANSWER_MAX
_GONE: dict[bytes, Gone] = {
    b"removed": "CARD_REMOVED",
    b"timeout": "CARD_TIMEOUT",
    b"collision": "CARD_COLLISION",
}


def open_command(
    command: str | Sequence[str], *, answer_s: float = ANSWER_S
) -> "CommandLink | Refusal":
    """Start the program (a command line, or its words) and speak to the card behind it.

    Refuses COMMAND_NOT_STARTED.
    """
    program = open_program(command, answer_s, _LINE_MAX)
    return program if isinstance(program, Refusal) else CommandLink(program)


class CommandLink:
    """A card behind a running program, which ends with `close`."""

    def __init__(self, program: LineProgram) -> None:
        self._program = program

    def __enter__(self) -> "CommandLink":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def transmit(self, command: bytes) -> bytes:
        """Send a command, get the answer. Raises CardGone, also when the program has ended."""
        line = self._ask(command.hex().upper().encode())
        try:
            return bytes.fromhex(line.decode("ascii"))
        except ValueError:
            self.close()
            raise CardGone("CARD_REMOVED") from None

    def reset(self) -> None:
        """Take the card's power and give it back. Raises CardGone."""
        if self._ask(b"reset") != b"ok":
            self.close()
            raise CardGone("CARD_REMOVED")

    def close(self) -> None:
        """End the program. Twice is harmless."""
        self._program.close()

    def _ask(self, line: bytes) -> bytes:
        try:
            answer = self._program.ask(line)
        except Late:
            raise CardGone("CARD_TIMEOUT") from None
        except ProgramGone:
            raise CardGone("CARD_REMOVED") from None
        if answer in _GONE:
            raise CardGone(_GONE[answer])
        return answer
