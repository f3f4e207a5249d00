"""One command being answered: the card as it was, what it forgets without power, what it may use.

A command leaves its new image in `turn.image`; it is not the card's until the store has taken it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from tongxing.media.card.apdu import Answer, Command
from tongxing.media.card.chip.image import Application, CardImage, CardKey, File, swap
from tongxing.media.card.chip.states import State
from tongxing.media.card.chip.status import OK

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Deal:
    """What INITIALIZE fixed. `kind` is the type byte: 02 load, 06 and 09 purchases."""

    kind: int
    amount_fen: int
    terminal: bytes
    key: CardKey
    random: bytes


@dataclass(frozen=True, slots=True)
class CachedRecord:
    """A record that waits for its debit."""

    sfi: int
    data: bytes


@dataclass(slots=True)
class Powered:
    """All that a card forgets when it leaves the field."""

    selected: int | None = None
    """Place of the selected application; None stands for the MF."""
    state: State = State.IDLE
    deal: Deal | None = None
    cache: list[CachedRecord] = field(default_factory=list)
    challenge: bytes = b""
    pin_verified: bool = False
    authenticated: bool = False

    def end_deal(self) -> None:
        """Nothing is in progress any more."""
        self.state, self.deal = State.IDLE, None
        self.cache.clear()

    def select(self, place: int | None) -> None:
        """Another application, or the MF: nothing carries over."""
        self.end_deal()
        self.selected, self.challenge = place, b""
        self.pin_verified = self.authenticated = False

    def take_challenge(self) -> bytes:
        """The challenge, once; empty when there is none."""
        taken, self.challenge = self.challenge, b""
        return taken


@dataclass(slots=True)
class Turn:
    """What a command sees and may change."""

    command: Command
    image: CardImage
    power: Powered
    random: Random

    @property
    def application(self) -> Application:
        """The selected application. Raises TypeError in the MF: commands are checked before."""
        place = self.power.selected
        if place is None:
            raise TypeError("no application is selected")
        return self.image.applications[place]

    @property
    def balance_fen(self) -> int:
        """The money of the selected application."""
        return self.image.purses[self.application.purse]

    def keep(self, application: Application) -> None:
        """The selected application shall be this one."""
        if self.power.selected is not None:
            self.image = self.image.with_application(self.power.selected, application)

    def keep_file(self, file: File) -> None:
        """The selected application shall have this file."""
        application = self.application
        files = swap(application.files, lambda other: other.sfi == file.sfi, file)
        self.keep(replace(application, files=files))

    def judge(self, key: CardKey, right: bool) -> None:
        """Count a code seen under a key: a right one forgives the wrong ones before it."""
        wrong = 0 if right else key.wrong + 1
        if wrong != key.wrong:
            application = self.application
            same = replace(key, wrong=wrong)
            keys = swap(application.keys, lambda k: (k.use, k.index) == (key.use, key.index), same)
            self.keep(replace(application, keys=keys))


def say(status: int) -> Answer:
    """A status word alone."""
    return Answer(b"", status)


def done(data: bytes = b"") -> Answer:
    """All went well."""
    return Answer(data, OK)
