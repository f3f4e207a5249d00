"""The lists that a city publishes for its gates: one person hands one in, another releases it.

Whatever a gate could not use is not taken. Tariffs, the terms of old media and the registry are
those that the city itself goes by, and no others: gate and city would not decide alike. A mistake
is mended by the next version; a version never goes back.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from tongxing.city.fleet.staffing import may, note
from tongxing.city.fleet.terms import fleet_terms
from tongxing.city.fleet.values import ListDraft, ListReleased, Span
from tongxing.city.office import Office
from tongxing.city.staffing import Staff
from tongxing.city.store import lists as store
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.fleet_notices import floors
from tongxing.fares import TariffBook
from tongxing.fares.publishing.effective import first_change
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DataList, SigningKey, seal
from tongxing.messages.lists import CONTENT_BYTES_MAX, DataName
from tongxing.published import Contents, bundled, read_content

Own = Callable[[DataName, str], bytes | None]
"""The content of a list by which a city itself goes; None for one that it does not know."""
_SHOWN_MAX = 100
_GONE_BY: frozenset[DataName] = frozenset({"tariff", "legacy", "registry"})
"""What gate and city must decide by alike: nothing else than the city's own is published of it."""


class ListDesk:
    """The lists of one city's gates, for staff. `own` gives what the city goes by."""

    def __init__(self, office: Office, own: Own = bundled) -> None:
        self._office = office
        self._own = own

    def hand_in(
        self,
        by: Staff,
        name: DataName,
        content: bytes | None,
        why: str,
        now_s: int,
        days: tuple[int, int] = (0, 0),
    ) -> ListDraft | Refusal:
        """Hand a list in; without a content, the city's own. `days`: from when until when it is
        good, 0 for from its release on and for no end.

        Refuses STAFF_NOT_ALLOWED, FLEET_WHY, LIST_TIMES, LIST_FILE_NEEDED, LIST_UNFIT for what a
        gate could not use, LIST_NOT_OURS for a tariff or terms the city does not go by, and
        LIST_WAITS where another version waits for an earlier time than this one's.
        """
        if not why.strip():
            return Refusal("FLEET_WHY", name)
        given = self._own(name, self._office.code) if content is None else content
        if given is None:
            return Refusal("LIST_FILE_NEEDED", name, {"name": name})
        refusal = _bad_days(days, now_s) or self._unfit(name, given, content is None)
        if refusal is not None:
            return refusal
        with self._office.writing() as cursor:
            if not may(cursor, by, "desk"):
                return Refusal("STAFF_NOT_ALLOWED", by.staff_id)
            store.lock(cursor, name)
            spans = store.spans(cursor, 0, name)
            follows = spans[-1].version if spans else 0
            waiting = _waiting_before(spans, max(days[0], now_s), now_s)
            if waiting:
                return Refusal("LIST_WAITS", name, {"name": name, "version": waiting})
            lapses_s = now_s + fleet_terms().confirm_within_s
            draft = ListDraft(0, name, follows, *days, why, by.staff_id, now_s, lapses_s)
            draft = replace(draft, number=store.add_draft(cursor, draft, given))
            note(cursor, by, "fleet_list_hand_in", f"{name} #{draft.number}", now_s, why)
        return draft

    def release(
        self, by: Staff, number: int, key: SigningKey, now_s: int
    ) -> ListReleased | Refusal:
        """A second person has looked at what was handed in: seal it as the next version.

        Refuses STAFF_NOT_ALLOWED, LIST_DRAFT_UNKNOWN, LIST_SAME_PERSON, LIST_DRAFT_OVER when its
        time is over or a newer version came since, LIST_TIMES, and LIST_UNFIT or LIST_NOT_OURS
        where the city has changed since.
        """
        with self._office.writing() as cursor:
            found = store.find_draft(cursor, number)
            if not may(cursor, by, "supervisor"):
                return Refusal("STAFF_NOT_ALLOWED", by.staff_id)
            if found is None:
                return Refusal("LIST_DRAFT_UNKNOWN", str(number), {"number": number})
            draft, content = found
            if draft.drafted_by == by.staff_id:
                return Refusal("LIST_SAME_PERSON", str(number))
            store.lock(cursor, draft.name)
            refusal = self._too_late(cursor, draft, now_s) or self._unfit(draft.name, content)
            if refusal is not None:
                return refusal
            released = self._sealed(cursor, draft, content, key, by, now_s)
            subject = f"{draft.name} {released.version} #{number}"
            note(cursor, by, "fleet_list_release", subject, now_s, draft.why)
        return released

    def waiting(self, now_s: int) -> list[ListDraft]:
        """What was handed in and waits for its second person, oldest first."""
        with self._office.reading() as cursor:
            return store.drafts(cursor, now_s)

    def released(self, name: DataName | None = None) -> list[ListReleased]:
        """The last versions, newest first: of one list, or of all."""
        with self._office.reading() as cursor:
            return store.released(cursor, name, _SHOWN_MAX)

    def _sealed(
        self,
        cursor: Cursor,
        draft: ListDraft,
        content: bytes,
        key: SigningKey,
        by: Staff,
        now_s: int,
    ) -> ListReleased:
        used = max(draft.follows, floors(cursor).get(draft.name, 0))
        from_s, version = max(draft.not_before_s, now_s), used + 1
        listed = DataList(
            city=self._office.code,
            name=draft.name,
            version=version,
            published_s=now_s,
            not_before_s=from_s,
            not_after_s=draft.not_after_s,
            content=content,
        )
        message = seal(listed, key)
        store.release(cursor, draft.number, version, (now_s, from_s), by.staff_id, message)
        draft = replace(draft, not_before_s=from_s)
        return ListReleased(draft, version, by.staff_id, now_s, len(content))

    def _too_late(self, cursor: Cursor, draft: ListDraft, now_s: int) -> Refusal | None:
        spans = store.spans(cursor, draft.follows, draft.name)
        if spans or now_s >= draft.lapses_s:
            return Refusal("LIST_DRAFT_OVER", draft.name, {"number": draft.number})
        return _bad_days((draft.not_before_s, draft.not_after_s), now_s)

    def _unfit(self, name: DataName, content: bytes, is_own: bool = False) -> Refusal | None:
        """Why gates could not use a content, or would not come to what the city comes to."""
        if len(content) > CONTENT_BYTES_MAX:
            return Refusal("LIST_UNFIT", name, {"name": name, "detail": f"> {CONTENT_BYTES_MAX} B"})
        city = self._office.code
        found = read_content(name, content, city)
        if isinstance(found, Refusal) or is_own or name not in _GONE_BY:
            return found if isinstance(found, Refusal) else None
        own = self._own(name, city)
        ours = None if own is None else read_content(name, own, city)
        if ours is None or isinstance(ours, Refusal):
            return Refusal("LIST_NOT_OURS", name, {"name": name, "detail": "-"})
        differs = _differs(found, ours)
        if differs is None:
            return None
        return Refusal("LIST_NOT_OURS", name, {"name": name, "detail": differs})


def current(spans: Sequence[Span], now_s: int) -> int | None:
    """Which of these versions of one list a gate needs first: the oldest that is in force or will
    be; None when there is none."""
    for index, span in enumerate(spans):
        begins_s = max(span.from_s, now_s)
        is_replaced = any(later.from_s <= begins_s for later in spans[index + 1 :])
        if not span.is_over(now_s) and not is_replaced:
            return span.version
    return None


def newest(spans: Sequence[Span], now_s: int) -> dict[str, int]:
    """The newest version of each name that is not over."""
    return {span.name: span.version for span in spans if not span.is_over(now_s)}


def _differs(found: Contents, ours: Contents) -> str | None:
    """From where on two contents do not mean the same; None where they do."""
    if isinstance(found.book, TariffBook):
        assert ours.book is not None
        change = first_change(ours.book, found.book)
        return None if change is None else str(change.day)
    if found.registry is not None:
        assert ours.registry is not None
        return None if found.registry.accepts_as(ours.registry) else "-"
    return None if found.legacy == ours.legacy else "1"


def _bad_days(days: tuple[int, int], now_s: int) -> Refusal | None:
    from_s, until_s = days
    if until_s and until_s <= max(from_s, now_s):
        return Refusal("LIST_TIMES")
    return None


def _waiting_before(spans: Sequence[Span], from_s: int, now_s: int) -> int:
    """The version that waits for an earlier time than `from_s`; 0 for none."""
    return max((one.version for one in spans if now_s < one.from_s < from_s), default=0)
