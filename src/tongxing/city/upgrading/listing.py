"""The list of linked media that goes to whoever checks: media as gates know them, nothing else.

Its versions only rise. A newcomer takes the whole list; who has a version takes what changed since.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec import Struct

from tongxing.city.office import Office
from tongxing.city.store import upgrading as store
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal

PAGE = 10_000


class LinkedMedia(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a checker gets, to be sealed by the city: all media of a version (`since` 0), or what
    was added and removed since the version it has."""

    city: str
    version: int
    since: int
    made_s: int
    added: list[str]
    removed: list[str]


@dataclass(frozen=True, slots=True)
class ListMade:
    """A version in numbers."""

    version: int
    media: int
    added: int
    removed: int
    made_s: int


@dataclass(frozen=True, slots=True)
class Listing:
    """Where the list is made and read."""

    office: Office

    def publish(self, now_s: int) -> ListMade:
        """See `UpgradeDesk.publish_list`."""
        with self.office.writing() as cursor:
            row = store.make_list(cursor, now_s)
        return ListMade(row.version, row.media, row.added, row.removed, row.made_s)

    def newest(self) -> ListMade | Refusal:
        """The newest version in numbers. Refuses UPGRADE_LIST_NONE before the first."""
        with self.office.reading() as cursor:
            row = store.newest_list(cursor)
        if row is None:
            return Refusal("UPGRADE_LIST_NONE", self.office.code)
        return ListMade(row.version, row.media, row.added, row.removed, row.made_s)

    def export(self, since: int) -> LinkedMedia | Refusal:
        """See `UpgradeDesk.linked_media`."""
        with self.office.reading() as cursor:
            newest = store.newest_list(cursor)
            if newest is None:
                return Refusal("UPGRADE_LIST_NONE", self.office.code)
            if not 0 <= since <= newest.version:
                values = {"newest": newest.version}
                return Refusal("UPGRADE_LIST_VERSION", self.office.code, values)
            if since == 0:
                added, removed = list(_all(cursor)), []
            else:
                changes = store.changes_since(cursor, since)
                added = [medium_no for medium_no, was_added in changes if was_added]
                removed = [medium_no for medium_no, was_added in changes if not was_added]
        return LinkedMedia(
            city=self.office.code,
            version=newest.version,
            since=since,
            made_s=newest.made_s,
            added=added,
            removed=removed,
        )


def _all(cursor: Cursor) -> Iterator[str]:
    last = ""
    while page := store.listed_after(cursor, last, PAGE):
        yield from page
        last = page[-1]
