"""A card behind a child program that speaks lines of hex: the easiest way to lend us a card.

Each command goes in as one line of hex and its answer comes back as one line of hex. ``reset``
takes the power away and gives it back; the program answers ``ok``. A program whose card is gone
answers ``removed``, ``timeout`` or ``collision``. What else it writes there ends the link.
"""

import shlex
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import ANSWER_MAX
from tongxing.media.card.link import CardGone, Gone
from tongxing.media.card.readers.patience import Late, Patience

ANSWER_S = 5.0
_LINE_MAX = 4 * ANSWER_MAX
_END_S = 2.0
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
    try:
        words = shlex.split(command) if isinstance(command, str) else list(command)
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    except (OSError, ValueError, IndexError):
        return Refusal("COMMAND_NOT_STARTED", values={"program": str(command)[:80]})
    return CommandLink(process, answer_s)


class CommandLink:
    """A card behind a running program, which ends with `close`."""

    def __init__(self, process: "subprocess.Popen[bytes]", answer_s: float) -> None:
        self._process = process
        self._patience: Patience[bytes] = Patience(answer_s)
        self._is_open = True

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
        if not self._is_open:
            return
        self._is_open = False
        self._process.terminate()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._patience.close(self._close_pipes)

    def _close_pipes(self) -> bytes:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        return b""

    def _ask(self, line: bytes) -> bytes:
        if not self._is_open:
            raise CardGone("CARD_REMOVED")
        try:
            answer = self._patience.call(lambda: self._exchange(line))
        except Late:
            code: Gone = "CARD_TIMEOUT"
        except (OSError, ValueError):
            code = "CARD_REMOVED"
        else:
            if answer in _GONE:
                raise CardGone(_GONE[answer])
            if answer.strip():
                return answer
            code = "CARD_REMOVED"
        self.close()
        raise CardGone(code)

    def _exchange(self, line: bytes) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise OSError
        stdin.write(line + b"\n")
        stdin.flush()
        answer = stdout.readline(_LINE_MAX)
        return answer.strip() if answer.endswith(b"\n") else b""
