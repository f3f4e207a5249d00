"""How a delta is made: a pure function of two published versions of one list."""

from tongxing.messages.list_check import entries_sum, written
from tongxing.messages.lists import DenyDelta, DenyEntry, DenyList


def delta_between(old: DenyList, new: DenyList) -> DenyDelta:
    """The delta from one version to a later one of the same city.

    Count and check are taken from `new` itself and not from the difference. Raises ValueError for
    lists of two cities, or when the version does not rise.
    """
    if old.city != new.city or new.version <= old.version:
        raise ValueError(f"no way from {old.city}/{old.version} to {new.city}/{new.version}")
    before, after = _pairs(old), _pairs(new)
    return DenyDelta(
        city=new.city,
        from_version=old.version,
        version=new.version,
        published_s=new.published_s,
        count=len(after),
        check=written(entries_sum(after)),
        added=[DenyEntry(*pair) for pair in sorted(after - before)],
        removed=[DenyEntry(*pair) for pair in sorted(before - after)],
        notices=new.notices,
        not_before_s=new.not_before_s,
        not_after_s=new.not_after_s,
    )


def _pairs(listed: DenyList) -> set[tuple[str, str]]:
    return {(entry.medium_no, entry.reason) for entry in listed.entries}
