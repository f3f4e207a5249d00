"""A child program that answers lines with lines: one in, one out, in a time that ends.

What the lines mean is the caller's. The program's errors go where ours go, for whoever writes such
a program to read.
"""

import shlex
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.readers.patience import Late, Patience

_END_S = 2.0
_SHOWN_MAX = 80


class ProgramGone(Exception):
    """The program ended, or what it wrote is no line; the program is ended for good.

    `status` is its exit status where it ended by itself, `wrote` what it wrote instead of a line.
    """

    def __init__(self, status: int | None = None, wrote: bytes = b"") -> None:
        self.status, self.wrote = status, wrote
        super().__init__("the program gave no line")


def open_program(
    command: str | Sequence[str], answer_s: float, line_max: int
) -> "LineProgram | Refusal":
    """Start a program: a command line, or its words. Refuses COMMAND_NOT_STARTED.

    `answer_s` is for each line, which has at most `line_max` bytes.
    """
    try:
        words = shlex.split(command) if isinstance(command, str) else list(command)
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    except (OSError, ValueError, IndexError):
        shown = command if isinstance(command, str) else shlex.join(command)
        return Refusal("COMMAND_NOT_STARTED", values={"program": shown[:_SHOWN_MAX]})
    return LineProgram(process, answer_s, line_max)


class LineProgram:
    """A running program, which ends with `close` or with the first thing it does wrong."""

    def __init__(self, process: "subprocess.Popen[bytes]", answer_s: float, line_max: int) -> None:
        self._process, self._line_max = process, line_max
        self._patience: Patience[bytes] = Patience(answer_s)
        self._is_open = True

    def ask(self, line: bytes) -> bytes:
        """The line that answers this one, without its end. Raises Late or ProgramGone."""
        if not self._is_open:
            raise ProgramGone
        try:
            answer = self._patience.call(lambda: self._exchange(line))
        except Late:
            self.close()
            raise
        except (OSError, ValueError) as error:
            raise self._gone() from error
        if not answer.endswith(b"\n") or not answer.strip():
            raise self._gone(answer)
        return answer.strip()

    def _gone(self, wrote: bytes = b"") -> ProgramGone:
        """End the program; one that is about to end by itself has a moment to do so."""
        status = None
        if not wrote:
            with suppress(subprocess.TimeoutExpired):
                status = self._process.wait(_END_S)
        self.close()
        return ProgramGone(status, wrote)

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

    def _exchange(self, line: bytes) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise OSError
        stdin.write(line + b"\n")
        stdin.flush()
        return stdout.readline(self._line_max + 1)

    def _close_pipes(self) -> bytes:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        return b""
