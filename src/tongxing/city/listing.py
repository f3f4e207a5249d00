"""The deny list as the city publishes it: whole versions, and the way from one to the newest.

Each version is kept as it was sealed, and a delta is made from two of those. So no gate is ever led
to a list that the city did not publish.
"""

from tongxing.city.binding.terms import binding_terms
from tongxing.city.fleet.terms import fleet_terms
from tongxing.city.store import bound_cards, media
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.fleet_notices import floors
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DenyList, KeyRing, SigningKey, seal, unseal
from tongxing.messages.deltas import delta_between
from tongxing.messages.lists import DENY


def publish(cursor: Cursor, code: str, key: SigningKey, published_s: int) -> bytes:
    """The next version of the deny list, sealed for the gates and kept."""
    entries = media.denied_media(cursor)
    used = max(media.newest_deny_version(cursor), floors(cursor).get(DENY, 0))
    version = used + 1
    notice_s = binding_terms(code, published_s).notice_days * DAY_S
    deny = DenyList(
        city=code,
        version=version,
        published_s=published_s,
        entries=entries,
        notices=bound_cards.notices_to_list(cursor, published_s - notice_s, version),
        not_after_s=published_s + fleet_terms().deny_list_s,
    )
    message = seal(deny, key)
    media.write_deny_list(cursor, version, published_s, len(entries), message)
    return message


def since(cursor: Cursor, key: SigningKey, version: int) -> bytes | None:
    """What brings a gate from its version to the newest: None when it has that, or when nothing has
    been published yet.

    A sealed delta, or the newest list whole where that is shorter, where the version is not one of
    ours, or where what we sealed then does not open with today's key.
    """
    whole = media.newest_deny_list(cursor)
    if whole is None or whole[0] == version:
        return None
    newest, message = whole
    before = media.deny_list_of(cursor, version) if version < newest else None
    if before is None:
        return message
    ours = KeyRing({key.sender: key.public_bytes()})
    old, new = (unseal(sealed, DenyList, ours) for sealed in (before, message))
    if isinstance(old, Refusal) or isinstance(new, Refusal):
        return message
    delta = seal(delta_between(old[1], new[1]), key)
    return delta if len(delta) < len(message) else message
