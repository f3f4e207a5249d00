"""What a member can do with its hub, whatever lies between them."""

from typing import Protocol

from tongxing.kernel.reasons import Refusal
from tongxing.messages.letters import Letter, LetterPage


class HubLine(Protocol):
    """A line of one member. Everything may be done again and means the same."""

    def send(self, file_id: str, manifest: bytes, data: bytes) -> bytes | Refusal:
        """Hand a record file in; the sealed verdicts, once the hub has booked them."""
        ...

    def letters(self, after: int) -> LetterPage | Refusal:
        """What was handed out to the member after a number."""
        ...

    def fetch(self, letter: Letter) -> bytes | Refusal:
        """A letter's bytes, whole."""
        ...
