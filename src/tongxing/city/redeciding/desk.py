"""The pass in which the city decides again, and what its people see of it.

It runs beside the intake and never inside it: a batch is taken in as fast as ever, and the verdicts
follow, some thousand riders in a transaction. Running it again finds only what came since; a tap
that came late is decided about with all later ones of its rider.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from tongxing.city.fleet.terms import fleet_terms
from tongxing.city.office import Office
from tongxing.city.redeciding.comparing import CityVerdict
from tongxing.city.redeciding.evidence import DeniedThen, Known, denied_then
from tongxing.city.redeciding.replaying import SeenTap, replay
from tongxing.city.riding import NEW_STATE
from tongxing.city.store import media, riders, verdicts
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.verdicts import Difference, GateCount
from tongxing.entry import policies
from tongxing.messages import DenyList, Tap
from tongxing.messages.envelope import own_body
from tongxing.network.legacy import load_legacy
from tongxing.network.registry import load_registry

RIDERS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Decided:
    """How many taps a pass decided about, and on how many of them gate and city differ."""

    taps: int = 0
    differ: int = 0


class VerdictDesk:
    """The verdicts of one city with gates."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def decide_again(self, now_s: int) -> Decided:
        """Decide about all taps that came since the last time. A city without gates has none."""
        if self._office.fares is None:
            return Decided()
        with self._office.reading() as cursor:
            found_of, newest_s = verdicts.undecided(cursor, now_s)
        left, done = iter(found_of.items()), Decided()
        while some := dict(islice(left, RIDERS_AT_ONCE)):
            with self._office.writing() as cursor:
                found = self._decide(cursor, some)
                verdicts.write(cursor, found, now_s)
            differ = sum(1 for _, one in found if one.differs)
            done = Decided(done.taps + len(found), done.differ + differ)
        with self._office.writing() as cursor:
            verdicts.set_mark(cursor, newest_s)
        return done

    def counts(self, first: date, last: date) -> list[GateCount]:
        """Each gate's taps of these business days, and how many differ; see `verdicts.counts`."""
        with self._office.reading() as cursor:
            return verdicts.counts(cursor, first, last)

    def differences(
        self, first: date, last: date, limit: int, terminal_id: str = ""
    ) -> list[Difference]:
        """The taps on which gate and city differ, the newest first."""
        with self._office.reading() as cursor:
            return verdicts.differences(cursor, first, last, limit, terminal_id)

    def _decide(self, cursor: Cursor, since: Mapping[str, date]) -> list[tuple[Tap, CityVerdict]]:
        starts = riders.load_checkpoints(cursor, since)
        days = {
            rider_id: starts[rider_id][0] if rider_id in starts else date.min for rider_id in since
        }
        histories = verdicts.histories(cursor, days)
        before = verdicts.taps_before(cursor, days)
        known = self._known(cursor, [seen for taps in histories.values() for seen in taps])
        return [
            (seen.tap, verdict)
            for rider_id, taps in histories.items()
            for seen, verdict in zip(
                taps,
                replay(
                    taps,
                    starts[rider_id][1] if rider_id in starts else NEW_STATE,
                    before.get(rider_id),
                    known,
                ),
                strict=True,
            )
        ]

    def _known(self, cursor: Cursor, taps: Iterable[SeenTap]) -> Known:
        code, fares = self._office.code, self._office.fares
        assert fares is not None, "a city without gates takes no taps"
        told = [seen.tap for seen in taps]
        numbers = {tap.medium_no for tap in told}
        asks_entry = any(one.city == code for one in policies()) or verdicts.has_entry_list(cursor)
        known = Known(
            code=code,
            fares=fares,
            registry=load_registry(),
            legacy=load_legacy(),
            denied={},
            published=verdicts.published(cursor),
            list_due_s=fleet_terms().deny_list_due_s,
            trust=verdicts.trust_of(cursor, numbers),
            orders=verdicts.orders(cursor),
            asks_entry=asks_entry,
        )
        named = {tap.deny_list_version for tap in told}
        named |= {
            due for tap in told if (due := known.due_version(tap.time_s)) > tap.deny_list_version
        }
        accounts = {number[1:] for number in numbers if number[:1] == "Q"}
        return replace(known, denied=_denied(cursor, named, numbers | accounts))


def _denied(cursor: Cursor, versions: Iterable[int], numbers: set[str]) -> dict[int, DeniedThen]:
    """What the named versions of the deny list say of these media. A version that was never
    published is left out, and one after the other is in memory whole."""
    found = {0: DeniedThen(0, {})}
    for version in sorted(versions):
        message = media.deny_list_of(cursor, version)
        if message is not None:
            entries = own_body(message, DenyList).entries
            found[version] = denied_then(
                version, [entry for entry in entries if entry.medium_no in numbers]
            )
    return found
