"""What the city notices when it compares what a device tells with its own books.

**A restored city.** A city that was restored from a backup does not know its last orders and lists
any more, but its devices do: each heartbeat tells the last order's number, the versions of lists
and when those were published. Where a device is ahead, no new order or list gets a number that was
used before. A version that both have and that was published at two times is two lists; devices
fetch only what is newer, so that list has to be published anew, and a person is told.

**A gap.** Numbers that a device has given and that are neither here nor waiting there are lost, or
held back: told as long as it is so.

**A refused batch.** What the city would not take as it is stays in the device's journal, and the
device says so in each heartbeat: somebody must find out why, for the rides in it are nobody's yet.
"""

from collections.abc import Sequence

from tongxing.city.fleet.terms import fleet_terms
from tongxing.city.store import fleet_notices as store
from tongxing.city.store import media
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import all_reasons
from tongxing.messages.fleet import Heartbeat, TapRange
from tongxing.messages.lists import DATA_NAMES, DENY

GAP_OPEN = "gap_open"
NUMBERS_BEHIND = "numbers_behind"
LIST_DIFFERS = "list_differs"
BATCHES_REFUSED = "batches_refused"
_RANGES_TOLD = 5

Found = dict[tuple[str, str], dict[str, str]]


def compare_with_books(
    cursor: Cursor, told: Heartbeat, missing: Sequence[TapRange], now_s: int
) -> None:
    """Note what a heartbeat shows beside the city's books, and raise the numbers of new orders and
    lists above those told. The caller holds the device's lock."""
    found: Found = _gap(told, missing)
    floors = store.floors(cursor)
    published = store.published_at(cursor, DATA_NAMES)
    newest = {store.ORDER: store.newest_order(cursor), DENY: media.newest_deny_version(cursor)}
    for name, version in published:
        newest[name] = max(version, newest.get(name, 0))
    for name, number in _numbers(told).items():
        known = newest.get(name, 0)
        if number > known:
            found[NUMBERS_BEHIND, name] = _behind(told, name, number, known)
            floor = min(number, known + fleet_terms().numbers_ahead_max)
            if floor > floors.get(name, 0):
                store.raise_floor(cursor, name, floor, told.device, now_s)
    for name, at_s in told.published.items():
        version, base = told.lists.get(name, 0), _base(name)
        ours = (
            store.deny_published_at(cursor, version)
            if base == DENY and 0 < version <= newest[DENY]
            else published.get((base, version))
        )
        if ours not in (None, at_s):
            found[LIST_DIFFERS, base] = {"name": base, "version": str(version)}
    found.update(_refused(told))
    kinds = (GAP_OPEN, NUMBERS_BEHIND, LIST_DIFFERS, BATCHES_REFUSED)
    store.keep_notices(cursor, told.device, kinds, found, now_s)


def _gap(told: Heartbeat, missing: Sequence[TapRange]) -> Found:
    lost = sum(one.last - one.first + 1 for one in missing) - told.waiting_taps
    if lost <= 0:
        return {}
    ranges = ", ".join(
        f"{one.terminal_id}/{one.epoch:x} {one.first}-{one.last}" for one in missing[:_RANGES_TOLD]
    )
    return {(GAP_OPEN, ""): {"count": str(lost), "ranges": ranges}}


def _refused(told: Heartbeat) -> Found:
    """Batches that lie in the device's journal because we would not take them."""
    if not told.refused:
        return {}
    codes = sorted({code for code in told.refused.values() if code in all_reasons()})
    values = {"count": str(len(told.refused)), "codes": ", ".join(codes) or "-"}
    return {(BATCHES_REFUSED, ""): values}


def _behind(told: Heartbeat, name: str, number: int, known: int) -> dict[str, str]:
    return {"name": name, "told": str(number), "ours": str(known), "mode": told.mode[:30]}


def _numbers(told: Heartbeat) -> dict[str, int]:
    """The highest number told of orders and of each list that there is."""
    numbers = {store.ORDER: told.last_order}
    for name, version in told.lists.items():
        base = _base(name)
        if base == DENY or base in DATA_NAMES:
            numbers[base] = max(version, numbers.get(base, 0))
    return numbers


def _base(name: str) -> str:
    return name.removesuffix(".next")
