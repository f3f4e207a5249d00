"""What a city tells its hub of itself: terminals, cards and losses, sealed as the hub takes them.

The fleet says which terminals there are and from when until when; the loss desk says which media
were lost; which cards there are says their issuer's table of ranges, and which of them ended the
books. Versions are seconds, so that they only rise. Its deny lists and tariffs the hub takes as
they were sealed for the gates.
"""

from collections.abc import Mapping

from tongxing.city.members import acquirer_member, issuer_member
from tongxing.city.store import issued as issued_table
from tongxing.city.store import registers as table
from tongxing.city.store.cursor import Cursor
from tongxing.messages import SigningKey, seal
from tongxing.messages.registers import CardRegister, LossRegister, TerminalRegister


def own_registers(
    cursor: Cursor, code: str, key: SigningKey, now_s: int, version: int
) -> Mapping[str, bytes]:
    """What a city says of its members out of its books, by name, each sealed by the member whose it
    is: ``cards``, ``losses``, and ``terminals`` where it keeps a fleet. One that keeps none says
    nothing of them, for an empty register would say that there are none. `key` is the city's."""
    ranges, is_complete = issued_table.load_ranges(cursor)
    cards = CardRegister(
        version=version,
        published_s=now_s,
        is_complete=is_complete,
        ranges=ranges,
        cards=issued_table.closed_media(cursor),
    )
    losses = LossRegister(version=version, published_s=now_s, losses=table.losses(cursor))
    issuer = SigningKey(issuer_member(code), key.private)
    found = {"cards": seal(cards, issuer), "losses": seal(losses, issuer)}
    terminals = table.terminals(cursor)
    if terminals:
        register = TerminalRegister(version=version, published_s=now_s, terminals=terminals)
        found["terminals"] = seal(register, SigningKey(acquirer_member(code), key.private))
    return found


def hub_registers(cursor: Cursor, code: str, key: SigningKey, now_s: int) -> Mapping[str, bytes]:
    """The same with the newest sealed ``deny`` and ``tariff`` lists where there are any."""
    return {**own_registers(cursor, code, key, now_s, now_s), **table.sealed_lists(cursor)}
