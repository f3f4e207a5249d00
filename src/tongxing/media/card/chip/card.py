"""The card itself: bytes in, bytes out, and one commit for everything that a command changes.

An answer leaves only after the store has taken the change: what a terminal was told is never lost.
When the store fails, the card says 6581 only if it can see that nothing was changed; else it gives
no answer at all, and the terminal has to ask for proof. No bytes make it raise.
"""

from tongxing.media.card.apdu import Answer, Command, parse_command
from tongxing.media.card.chip.commands import Entry, find, refused
from tongxing.media.card.chip.image import CardImage
from tongxing.media.card.chip.states import CONTINUING, NEXT, Event, State
from tongxing.media.card.chip.status import MEMORY_FAILURE, WRONG_LENGTH
from tongxing.media.card.chip.store import CardStore
from tongxing.media.card.chip.turn import Powered, Random, Turn, say
from tongxing.media.card.link import CardGone


class SoftwareCard:
    """A purse card. `random(n)` gives n bytes that nobody can foretell (a test gives fixed ones).

    For one thread; one store belongs to one card at a time. Raises OSError when the store cannot
    be read at the beginning.
    """

    def __init__(self, store: CardStore, random: Random) -> None:
        self._store = store
        self._random = random
        self._image = store.load()
        self._power = Powered()
        self._stale = False

    @property
    def image(self) -> CardImage:
        """What the card holds; it has been committed."""
        return self._image

    @property
    def state(self) -> State:
        """What the card is in the middle of."""
        return self._power.state

    def reset(self) -> None:
        """Power off and on: everything that was never committed is gone."""
        self._power = Powered()

    def transmit(self, command: bytes) -> bytes:
        """Answer a command, whatever bytes it is. Raises CardGone when the store has failed and
        nobody knows what it holds."""
        if self._stale:
            self._reload()
        return self._answer(command).encode()

    def _answer(self, raw: bytes) -> Answer:
        command = parse_command(raw)
        found = WRONG_LENGTH if command is None else find(command)
        if command is None or isinstance(found, int):
            self._power.end_deal()
            return say(found if isinstance(found, int) else WRONG_LENGTH)
        return self._follow(command, found)

    def _follow(self, command: Command, entry: Entry) -> Answer:
        """Do what the entry says, commit it, and go to the state that the table names."""
        power = self._power
        if entry.step not in CONTINUING:
            power.end_deal()
        turn = Turn(command, self._image, power, self._random)
        status = refused(entry, turn)
        answer = say(status) if status else entry.handler(turn)
        if turn.image is not self._image and not self._committed(turn.image):
            return say(MEMORY_FAILURE)
        power.state = NEXT[power.state, entry.step if answer.ok else Event.OTHER]
        return answer

    def _committed(self, image: CardImage) -> bool:
        """Hand the image to the store; False when it failed and still holds the old one."""
        try:
            self._store.commit(image)
        except OSError:
            before = self._image
            self.reset()
            self._reload()
            if self._image == before:
                return False
            raise CardGone("CARD_TIMEOUT") from None
        self._image = image
        return True

    def _reload(self) -> None:
        """Read again what the store holds. Raises CardGone when it cannot be read."""
        self._stale = True
        try:
            self._image = self._store.load()
        except OSError:
            raise CardGone("CARD_TIMEOUT") from None
        self._stale = False
