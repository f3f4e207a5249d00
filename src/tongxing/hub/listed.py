"""A reported or closed medium beside the deny list of the city in which it rode.

A city keeps its own list, so of its own issuer's media the list may be wrong; what it does not list
of another city's is its own acquirer's loss.
"""

from collections.abc import Mapping

from tongxing.hub.liability import Denial
from tongxing.hub.store import Cursor
from tongxing.hub.store import registers as table
from tongxing.hub.store.registers import Loss

NEVER = 2**62
"""A version that no list has, and a second that never comes."""


def denial_of(
    cursor: Cursor, city: str, is_home: bool, medium_no: str, named: Mapping[str, int], loss: Loss
) -> Denial:
    """What was told of a medium, with the versions of the city's list: `named` holds from which one
    each medium is named. What was told ahead counts as told when it came true."""
    told_s = max(loss.told_s, loss.reported_s)
    named_from = named.get(medium_no, NEVER)
    due = table.first_list_since(cursor, city, told_s) or NEVER
    return Denial(
        reported_s=loss.reported_s,
        published_s=told_s,
        version=min(due, named_from) if is_home else named_from,
        named_from=named_from,
        is_anonymous=loss.is_anonymous,
        found_s=loss.found_s,
    )
