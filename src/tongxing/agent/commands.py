"""Which commands a page may send to a card through the agent: those of the purse applications.

A page that was let in could otherwise try the holder's PIN, close the card for good, or speak to
another application on the same chip. The list is data (``data/commands.toml``).
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import Command, parse_command
from tongxing.media.card.readers import COMMAND_MAX

HEX_MAX = 2 * COMMAND_MAX
_SELECT = "select"
_APPLICATIONS = "applications"
_HEX = frozenset("0123456789abcdefABCDEF")


@dataclass(frozen=True)
class Allowed:
    """The list, read once."""

    select: frozenset[tuple[int, int]]
    others: frozenset[tuple[int, int]]
    applications: tuple[bytes, ...]

    def objection(self, command: Command) -> Refusal | None:
        """AGENT_COMMAND for a command that is not on the list."""
        named = (command.cla, command.ins)
        if named in self.others:
            return None
        if named in self.select and any(command.data.startswith(one) for one in self.applications):
            return None
        return Refusal("AGENT_COMMAND", values={"command": f"{command.cla:02X}{command.ins:02X}"})


@cache
def allowed() -> Allowed:
    """The commands of ``data/commands.toml``."""
    text = files(__package__).joinpath("data", "commands.toml").read_text(encoding="utf-8")
    found: dict[str, list[str]] = tomllib.loads(text)
    names = {kind: bytes_of(words) for kind, words in found.items()}
    others = [
        one for kind, of in names.items() if kind not in (_SELECT, _APPLICATIONS) for one in of
    ]
    return Allowed(
        frozenset((one[0], one[1]) for one in names[_SELECT]),
        frozenset((one[0], one[1]) for one in others),
        tuple(names[_APPLICATIONS]),
    )


def bytes_of(words: list[str]) -> list[bytes]:
    """The bytes that words in hexadecimal spell."""
    return [bytes.fromhex(word) for word in words]


def command_of(text: object) -> bytes | Refusal:
    """The command in what a page sent, if a page may send it.

    Refuses AGENT_REQUEST for what is no short command in hexadecimal, and AGENT_COMMAND.
    """
    if not isinstance(text, str) or not text or len(text) > HEX_MAX or len(text) % 2:
        return Refusal("AGENT_REQUEST")
    if not _HEX.issuperset(text):
        return Refusal("AGENT_REQUEST")
    raw = bytes.fromhex(text)
    command = parse_command(raw)
    if command is None:
        return Refusal("AGENT_REQUEST")
    return allowed().objection(command) or raw
