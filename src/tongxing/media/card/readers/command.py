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
_SHOWN_MAX = 60
_GONE: dict[bytes, Gone] = {
    b"removed": "CARD_REMOVED",
    b"timeout": "CARD_TIMEOUT",
    b"collision": "CARD_COLLISION",
}


class ProgramFailed(CardGone):
    """The program itself failed, and is ended for good; its card may have been well.

    `what` says how (program_ended, program_closed, program_no_hex, program_no_ok, program_late);
    `told` is the exit status, the beginning of what it wrote, or the seconds waited.
    """

    def __init__(self, code: Gone, what: str, told: str = "") -> None:
        super().__init__(code)
        self.what, self.told = what, told


def open_command(
    command: str | Sequence[str], *, answer_s: float = ANSWER_S
) -> "CommandLink | Refusal":
    """Start the program (a command line, or its words) and speak to the card behind it.

    Refuses COMMAND_NOT_STARTED.
    """
    program = open_program(command, answer_s, _LINE_MAX)
    return program if isinstance(program, Refusal) else CommandLink(program, answer_s)


class CommandLink:
    """A card behind a running program, which ends with `close`."""

    def __init__(self, program: LineProgram, answer_s: float) -> None:
        self._program, self._answer_s = program, answer_s

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
            raise _wrote("program_no_hex", line) from None

    def reset(self) -> None:
        """Take the card's power and give it back. Raises CardGone."""
        answer = self._ask(b"reset")
        if answer != b"ok":
            self.close()
            raise _wrote("program_no_ok", answer)

    def close(self) -> None:
        """End the program. Twice is harmless."""
        self._program.close()

    def _ask(self, line: bytes) -> bytes:
        try:
            answer = self._program.ask(line)
        except Late:
            told = f"{self._answer_s:g}"
            raise ProgramFailed("CARD_TIMEOUT", "program_late", told) from None
        except ProgramGone as gone:
            raise _ended(gone) from None
        if answer in _GONE:
            raise CardGone(_GONE[answer])
        return answer


def _ended(gone: ProgramGone) -> ProgramFailed:
    if gone.wrote:
        return _wrote("program_no_hex", gone.wrote)
    if gone.status is None:
        return ProgramFailed("CARD_REMOVED", "program_closed")
    return ProgramFailed("CARD_REMOVED", "program_ended", str(gone.status))


def _wrote(what: str, line: bytes) -> ProgramFailed:
    """The beginning of what came, as it can be printed on one line."""
    text = line.decode("utf-8", "replace").strip()
    shown = "".join(sign if sign.isprintable() else "?" for sign in text[:_SHOWN_MAX])
    return ProgramFailed("CARD_REMOVED", what, shown + ("…" if len(text) > _SHOWN_MAX else ""))
