"""The hub's keys as a city knows them: what it was given, and what the hub's own keys added.

The hub tells its succession to anybody; it is believed only as far as the last key that is known
here introduced the next one. Another key is a matter for people.
"""

from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tongxing.checkpoint import Succession, read_succession
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Refusal


class HubTrust:
    """What is believed of a hub's keys. `keep` gets every succession that was learned."""

    def __init__(self, known: Succession, keep: Callable[[Succession], None] | None = None) -> None:
        self.known = known
        self._keep = keep

    def publics(self, now_s: int) -> Mapping[str, Ed25519PublicKey]:
        """The keys with which an answer may be signed now, by what they are called."""
        known = self.known
        return {
            known.called(key): Ed25519PublicKey.from_public_bytes(key.public)
            for key in known.keys_on(calendar_date(now_s))
        }

    def learn(self, text: str) -> Refusal | None:
        """Take over what a hub says of its keys. Refuses, and changes nothing, as
        `read_succession` and `Succession.learned`."""
        told = read_succession(text)
        found = told if isinstance(told, Refusal) else self.known.learned(told)
        if isinstance(found, Refusal):
            return found
        if found != self.known:
            self.known = found
            if self._keep is not None:
                self._keep(found)
        return None
