"""The deny lists of the city that the kit plays: versions, what changed, and bad ones."""

from collections.abc import Callable, Mapping

from tongxing.messages import DenyDelta, DenyEntry, DenyList, SigningKey, seal
from tongxing.messages.list_check import entries_sum, written

Entries = Mapping[str, str]
"""The reason of each denied medium."""

WHOLE_FAULTS = (
    "rollback",
    "wrong_signature",
    "other_city",
    "half",
    "changed",
    "not_yet",
    "expired",
)
DELTA_FAULTS = ("wrong_check", "wrong_count", "wrong_base")
"""After these a device asks for the whole list, which then is a good one."""
_OTHER_CITY = "999999"
_DAY_S = 86_400


class Lists:
    """The versions that there are. `fault` is what is wrong with the next answers, and `extra` what
    a wrong list has in it beside what it should; both are set by a case. `clock` gives Unix
    seconds."""

    def __init__(
        self, city: str, key: SigningKey, stranger: SigningKey, clock: Callable[[], int]
    ) -> None:
        self._city, self._key, self._stranger, self._clock = city, key, stranger, clock
        self._versions: dict[int, tuple[Entries, Entries]] = {}
        self.newest = 0
        self.fault = ""
        self.extra: Entries = {}

    def publish(self, entries: Entries, notices: Entries | None = None) -> int:
        """A new version; its number."""
        self.newest += 1
        self._versions[self.newest] = (dict(entries), dict(notices or {}))
        return self.newest

    def entries(self) -> Entries:
        """What the newest version denies."""
        return self._versions[self.newest][0] if self.newest else {}

    def since(self, version: int) -> bytes | None:
        """What a device at `version` is answered; None when nothing is newer."""
        if self.fault in WHOLE_FAULTS or (self.fault and version):
            return self._bad(version)
        if version == self.newest:
            return None
        if version in self._versions:
            return self._delta(version, version, dict(self.entries()))
        return self._whole(self.newest, self.entries())

    def _bad(self, version: int) -> bytes:
        """What is wrong with it; the device has the version before the newest one in force, though
        one that takes no deltas may ask from 0."""
        entries, in_force = {**self.entries(), **self.extra}, self.newest - 1
        if self.fault == "rollback":
            return self._whole(in_force - 1, self.extra)
        if self.fault == "changed":
            return self._whole(in_force, self.extra)
        if self.fault == "wrong_signature":
            return self._whole(self.newest, entries, key=self._stranger)
        if self.fault == "other_city":
            return self._whole(self.newest, entries, city=_OTHER_CITY)
        if self.fault == "not_yet":
            return self._whole(self.newest, entries, days=(self._clock() + _DAY_S, 0))
        if self.fault == "expired":
            return self._whole(self.newest, entries, days=(0, self._clock() - _DAY_S))
        if self.fault == "half":
            whole = self._whole(self.newest, entries)
            return whole[: len(whole) // 2]
        base = version + 7 if self.fault == "wrong_base" else version
        return self._delta(version, base, entries, self.fault)

    def _whole(
        self,
        version: int,
        entries: Entries,
        city: str = "",
        key: SigningKey | None = None,
        days: tuple[int, int] = (0, 0),
    ) -> bytes:
        notices = self._versions[self.newest][1]
        body = DenyList(
            city=city or self._city,
            version=version,
            published_s=1,
            entries=_rows(entries),
            notices=_rows(notices),
            not_before_s=days[0],
            not_after_s=days[1],
        )
        return seal(body, key or self._key)

    def _delta(self, version: int, base: int, entries: Entries, fault: str = "") -> bytes:
        """From what a device has at `version` to `entries`; what it says of itself may be wrong."""
        before = self._versions[version][0]
        total = entries_sum(entries.items())
        body = DenyDelta(
            city=self._city,
            from_version=base,
            version=self.newest,
            published_s=1,
            count=len(entries) + (fault == "wrong_count"),
            check=written(total ^ 1 if fault == "wrong_check" else total),
            added=_rows({n: why for n, why in entries.items() if before.get(n) != why}),
            removed=_rows({n: why for n, why in before.items() if entries.get(n) != why}),
            notices=_rows(self._versions[self.newest][1]),
        )
        return seal(body, self._key)


def _rows(entries: Entries) -> list[DenyEntry]:
    return [DenyEntry(number, reason) for number, reason in sorted(entries.items())]
