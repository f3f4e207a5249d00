"""Reading commands to one card, and a memory of what it answered badly.

A card that leaves ends everything; a part that answers nonsense is noted by name and reading goes
on; a part that is not there is no fault. Nothing here writes to a card.
"""

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import OK, Command
from tongxing.media.card.applications import MF_ID
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal.talking import exchange, refusal_of

NOT_THERE = frozenset({0x6A82, 0x6A83, 0x6A88, 0x6D00, 0x6B00, 0x6A86, 0x6981, 0x6A80})
"""Status words by which cards say that they have no such file, record or command."""
LOCKED = frozenset({0x6A81, 0x6283, 0x9303})

_GONE = frozenset({"CARD_REMOVED", "CARD_TIMEOUT", "CARD_COLLISION"})


class Asker:
    """Asks one card. `gone` is set once it has left: every later question is answered None."""

    def __init__(self, link: CardLink) -> None:
        self._link = link
        self.gone: Refusal | None = None
        self.unreadable: dict[str, str] = {}
        self.raw: dict[str, bytes] = {}
        self.status = 0
        self.answered = False
        self.selected = b""

    def begin(self) -> None:
        """Forget what was noted of the purse before."""
        self.unreadable, self.raw = {}, {}

    def ask(self, part: str, command: Command) -> bytes | None:
        """The data of a good answer, kept as `raw[part]`; None for any other, which is noted."""
        self.status = 0
        if self.gone:
            return None
        answer = exchange(self._link, command)
        if isinstance(answer, Refusal):
            self._note(part, answer)
            return None
        self.status, self.answered = answer.status, True
        if answer.status == OK:
            self.unreadable.pop(part, None)
            self.raw[part] = answer.data
            return answer.data
        if answer.status in LOCKED:
            self.raw[part] = answer.data
        elif answer.status not in NOT_THERE:
            self._note(part, refusal_of(answer.status))
        return None

    def doubt(self, part: str, refusal: Refusal) -> None:
        """Note that a part was read and says nothing that can be understood."""
        self.unreadable[part] = refusal.code

    def select(self, aid: bytes) -> bytes | None:
        """Select an application by name; its FCI. `selected` stays empty unless that worked."""
        found = self.ask("fci", Command(0x00, 0xA4, 0x04, 0x00, aid, 0))
        self.selected = b"" if found is None else aid
        return found

    def select_id(self, file_id: bytes = MF_ID) -> bytes | None:
        """Select by file id, the MF by default."""
        self.selected = b""
        return self.ask(f"id:{file_id.hex()}", Command(0x00, 0xA4, 0x00, 0x00, file_id, 0))

    def binary(self, sfi: int, size: int) -> bytes | None:
        """A file of bytes from its beginning."""
        return self.ask(f"{sfi:02X}", Command(0x00, 0xB0, 0x80 | sfi, 0, expected=size))

    def record(self, sfi: int, number: int, size: int, *, by_id: bool = False) -> bytes | None:
        """A record by its number, or by the low byte of its id."""
        p2 = sfi << 3 | (0 if by_id else 4)
        return self.ask(f"{sfi:02X}:{number}", Command(0x00, 0xB2, number, p2, expected=size))

    def _note(self, part: str, refusal: Refusal) -> None:
        if refusal.code in _GONE:
            self.gone = refusal
        else:
            self.unreadable[part] = refusal.code
