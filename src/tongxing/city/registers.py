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


def hub_registers(cursor: Cursor, code: str, key: SigningKey, now_s: int) -> Mapping[str, bytes]:
    """The registers of a city by name, each under the member whose it is: ``terminals``,
    ``cards``, ``losses``, and the newest sealed ``deny`` and ``tariff`` lists where there are any.
    `key` is the city's own."""
    terminals = TerminalRegister(
        version=now_s, published_s=now_s, terminals=table.terminals(cursor)
    )
    ranges, is_complete = issued_table.load_ranges(cursor)
    cards = CardRegister(
        version=now_s,
        published_s=now_s,
        is_complete=is_complete,
        ranges=ranges,
        cards=issued_table.closed_media(cursor),
    )
    losses = LossRegister(version=now_s, published_s=now_s, losses=table.losses(cursor))
    issuer = SigningKey(issuer_member(code), key.private)
    return {
        "terminals": seal(terminals, SigningKey(acquirer_member(code), key.private)),
        "cards": seal(cards, issuer),
        "losses": seal(losses, issuer),
        **table.sealed_lists(cursor),
    }
