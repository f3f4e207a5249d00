"""Who has the card: one page at a time, let in by its origin or a code, out again after a while.

A session has the card from its first question until it ends, is idle too long, or the card leaves;
then it is over, for a card that was away may be another one. Thread-safe; time is an argument.
"""

import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tongxing.agent.commands import command_of
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardGone, CardLink

TRIES_MAX = 5
TOKEN_BYTES = 16


class LentCard(CardLink, Protocol):
    """A card that can be let go of."""

    def close(self) -> None:
        """Let go of it. Twice is harmless."""


OpenCard = Callable[[], LentCard | Refusal]
"""Takes hold of the card that lies there now; a refusal where none does."""


@dataclass
class _Session:
    token: str
    origin: str
    used_s: float
    card: LentCard | None = None
    over: str = ""


class Holder:
    """Lends one card. `origins` are let in without a code; where there are none, whoever shows
    `pairing` is, and tries are few. `draw` gives random bytes."""

    def __init__(
        self,
        open_card: OpenCard,
        origins: frozenset[str],
        pairing: str,
        draw: Callable[[int], bytes],
        idle_s: float,
    ) -> None:
        self._open_card, self._draw, self.idle_s = open_card, draw, idle_s
        self._origins, self._pairing, self._tries = set(origins), pairing, TRIES_MAX
        self._session: _Session | None = None
        self._mine = threading.Lock()
        self._talking = threading.Lock()

    def knows(self, origin: str) -> bool:
        """Whether pages of this origin may read our answers."""
        return origin in self._origins

    @property
    def pairs(self) -> bool:
        """Whether a page of an origin nobody named may try the code."""
        return bool(self._pairing) and self._tries > 0

    def begin(self, origin: str, pairing: str, now_s: float) -> str | Refusal:
        """Let a page in: the token of its session.

        Refuses AGENT_PAIRING, AGENT_PAIRING_CLOSED after too many wrong codes, and AGENT_BUSY while
        another session has the card.
        """
        with self._mine:
            refusal = self._unknown(origin, pairing)
            if refusal is not None:
                return refusal
            self._end_if_idle(now_s)
            if self._session is not None and not self._session.over:
                return Refusal("AGENT_BUSY")
            self._let_go()
            token = self._draw(TOKEN_BYTES).hex()
            self._session = _Session(token, origin, now_s)
            return token

    def see(self, token: str, origin: str, now_s: float) -> bool | Refusal:
        """Whether a card lies there: it is held from now on. Refuses AGENT_SESSION."""
        with self._talking:
            session = self._known(token, origin, now_s)
            if isinstance(session, Refusal):
                return session
            return not isinstance(self._card(session), Refusal)

    def transmit(self, token: str, origin: str, text: object, now_s: float) -> bytes | Refusal:
        """Send one command and get its answer.

        Refuses AGENT_SESSION, what `command_of` does, AGENT_ONE_AT_A_TIME while another command is
        with the card, what opening the card does, and CARD_REMOVED, CARD_TIMEOUT or CARD_COLLISION
        when it left: the session is over then.
        """
        if not self._talking.acquire(blocking=False):
            return Refusal("AGENT_ONE_AT_A_TIME")
        try:
            session = self._known(token, origin, now_s)
            if isinstance(session, Refusal):
                return session
            command = command_of(text)
            if isinstance(command, Refusal):
                return command
            card = self._card(session)
            if isinstance(card, Refusal):
                return card
            try:
                return card.transmit(command)
            except CardGone as gone:
                session.over = gone.code
                self._let_go()
                return Refusal(gone.code)
        finally:
            self._talking.release()

    def end(self, token: str, origin: str, now_s: float) -> Refusal | None:
        """Let go of the card. Refuses AGENT_SESSION."""
        with self._talking:
            session = self._known(token, origin, now_s)
            if isinstance(session, Refusal):
                return session if session.code == "AGENT_SESSION" else None
            with self._mine:
                self._let_go()
                self._session = None
            return None

    def let_go_if_idle(self, now_s: float) -> None:
        """Let go of the card of a session that has been idle too long."""
        with self._mine:
            self._end_if_idle(now_s)

    def close(self) -> None:
        """Let go of the card for good."""
        with self._mine:
            self._let_go()
            self._session = None

    def _unknown(self, origin: str, pairing: str) -> Refusal | None:
        if origin in self._origins:
            return None
        if not self._pairing:
            return Refusal("AGENT_ORIGIN")
        if self._tries <= 0:
            return Refusal("AGENT_PAIRING_CLOSED")
        if not hmac.compare_digest(pairing.encode(), self._pairing.encode()):
            self._tries -= 1
            return Refusal("AGENT_PAIRING", values={"left": self._tries})
        self._origins.add(origin)
        return None

    def _known(self, token: str, origin: str, now_s: float) -> _Session | Refusal:
        with self._mine:
            self._end_if_idle(now_s)
            session = self._session
            same = session is not None and hmac.compare_digest(
                session.token.encode(), token.encode()
            )
            if session is None or not same or session.origin != origin:
                return Refusal("AGENT_SESSION")
            if session.over:
                return Refusal(session.over)
            session.used_s = now_s
            return session

    def _card(self, session: _Session) -> LentCard | Refusal:
        if session.card is None:
            card = self._open_card()
            if isinstance(card, Refusal):
                return card
            session.card = card
        return session.card

    def _end_if_idle(self, now_s: float) -> None:
        if self._session is not None and now_s - self._session.used_s > self.idle_s:
            self._let_go()
            self._session = None

    def _let_go(self) -> None:
        if self._session is not None and self._session.card is not None:
            self._session.card.close()
            self._session.card = None
