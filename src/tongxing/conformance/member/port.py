"""The test port of a member's system. docs/conformance-member.md tells the same for vendors."""

from typing import Literal

from tongxing.conformance.port import Done, Port, Strict

Can = Literal["acquirer", "issuer", "power", "registers"]


class MemberAbout(Strict, frozen=True):
    """What it is, and what of it can be tried."""

    name: str
    software: str
    can: list[Can]


class HubSetup(Strict, frozen=True):
    """Where the hub is, under which name and key (32 bytes in hex) it signs and seals."""

    address: str
    sender: str
    key_id: str
    public_key: str


class MemberSetup(Strict, frozen=True):
    """Begin anew, with empty books, as this member: its key's id and private half (32 bytes in
    hex), with which it signs requests and seals manifests."""

    hub: HubSetup
    city: str
    acquirer: str
    issuer: str
    key_id: str
    secret: str


class Rides(Strict, frozen=True):
    """So many rides of own passengers in the own city are charged and due at the hub."""

    count: int


class Ridden(Strict, frozen=True):
    """What they came to, in fen."""

    count: int
    sum_fen: int


class Losses(Strict, frozen=True):
    """So many more media of the issuer are reported lost."""

    count: int


class Nothing(Strict, frozen=True):
    """Nothing more to say."""


class Round(Strict, frozen=True):
    """What was in the way of a round with the hub: any words; empty when nothing was."""

    trouble: list[str]


class Power(Strict, frozen=True):
    """`cut` ends the system without warning and starts it again on the same storage."""

    what: Literal["cut"]


class FileBooked(Strict, frozen=True):
    """A record file: whether its verdicts are booked."""

    file_id: str
    booked: bool


class DueHub(Strict, frozen=True):
    """What a member has to get from the hub (+) or pay (-) for a window, by its books."""

    window_id: str
    member: str
    due_fen: int


class StatementBooked(Strict, frozen=True):
    """A statement that the books agreed with."""

    window_id: str
    member: str
    net_fen: int


class RegisterHere(Strict, frozen=True):
    """A register of the hub or of another member: the newest version that is kept."""

    kind: str
    owner: str
    version: int


class MemberBooks(Strict, frozen=True):
    """A member's books, as far as the hub is concerned. What is 0 may be left out of `due`,
    `registers` by who does not offer them."""

    files: list[FileBooked]
    due: list[DueHub]
    statements: list[StatementBooked]
    registers: list[RegisterHere] = []

    def version(self, kind: str, owner: str) -> int:
        """The version of a register that is here; 0 for none."""
        found = [one.version for one in self.registers if (one.kind, one.owner) == (kind, owner)]
        return max(found, default=0)

    def due_fen(self, window_id: str, member: str) -> int:
        """What is due for a window."""
        found = [one for one in self.due if (one.window_id, one.member) == (window_id, member)]
        return sum(one.due_fen for one in found)


class MemberPort(Port):
    """The test port of a member."""

    def about(self) -> MemberAbout:
        """What it is."""
        return self._asked("GET", "/about", None, MemberAbout)

    def setup(self, setup: MemberSetup) -> None:
        """Begin anew."""
        self._asked("POST", "/setup", setup, Done)

    def rides(self, count: int) -> Ridden:
        """Have rides that are due."""
        return self._asked("POST", "/rides", Rides(count=count), Ridden)

    def losses(self, count: int) -> None:
        """Have media reported lost."""
        self._asked("POST", "/losses", Losses(count=count), Done)

    def round(self) -> Round:
        """Send what waits, fetch what is new, book it."""
        return self._asked("POST", "/round", Nothing(), Round)

    def power(self) -> None:
        """Cut the power."""
        self._asked("POST", "/power", Power(what="cut"), Done)

    def books(self) -> MemberBooks:
        """What stands in the books."""
        return self._asked("GET", "/books", None, MemberBooks)
