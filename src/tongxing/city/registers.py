"""What a city tells its hub of itself: its terminals and its losses, sealed as the hub takes them.

The fleet says which terminals there are and from when until when; the loss desk says which media
were lost. Versions are seconds, so that they only rise. Its deny lists and tariffs the hub takes as
they were sealed for the gates.
"""

from collections.abc import Mapping

from tongxing.city.members import acquirer_member, issuer_member
from tongxing.city.store import registers as table
from tongxing.city.store.cursor import Cursor
from tongxing.messages import SigningKey, seal
from tongxing.messages.registers import LossRegister, TerminalRegister


def hub_registers(cursor: Cursor, code: str, key: SigningKey, now_s: int) -> Mapping[str, bytes]:
    """The registers of a city by name, each under the member whose it is: ``terminals``,
    ``losses``, and the newest sealed ``deny`` and ``tariff`` lists where there are any. `key` is
    the city's own."""
    terminals = TerminalRegister(
        version=now_s, published_s=now_s, terminals=table.terminals(cursor)
    )
    losses = LossRegister(version=now_s, published_s=now_s, losses=table.losses(cursor))
    return {
        "terminals": seal(terminals, SigningKey(acquirer_member(code), key.private)),
        "losses": seal(losses, SigningKey(issuer_member(code), key.private)),
        **table.sealed_lists(cursor),
    }
