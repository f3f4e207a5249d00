"""What a member can do with its hub, whatever lies between them."""

from typing import Protocol

from tongxing.kernel.reasons import Refusal
from tongxing.messages.letters import Letter, LetterPage
from tongxing.messages.register_pages import KeptRegister, RegisterPage


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


class RegisterLine(Protocol):
    """A line of one member, or of its city, for registers. Everything may be done again."""

    def send_register(self, kind: str, version: int, message: bytes) -> KeptRegister | Refusal:
        """Hand a sealed register in; what the hub keeps of it."""
        ...

    def registers(self, after: int) -> RegisterPage | Refusal:
        """What is new after a number of those that may be seen."""
        ...

    def fetch_register(self, register: KeptRegister) -> bytes | Refusal:
        """A register's bytes, whole."""
        ...
