"""The hub's counter for members: files in, letters out, whatever carries them.

`desk` is the counter. `keys` says who speaks for which member and when, `spool` keeps the pieces of
files that are not complete, `letters` is the numbered list of what was handed out to each member.
The face over HTTPS is `tongxing.hub_api`; its page is docs/exchange-api.md.
"""

from tongxing.hub.exchange.desk import ExchangeDesk, MemberLine
from tongxing.hub.exchange.keys import (
    MemberKey,
    MemberKeys,
    MemberRing,
    member_keys_at,
    read_member_keys,
)
from tongxing.hub.exchange.spool import Spool

__all__ = [
    "ExchangeDesk",
    "MemberKey",
    "MemberKeys",
    "MemberLine",
    "MemberRing",
    "Spool",
    "member_keys_at",
    "read_member_keys",
]
