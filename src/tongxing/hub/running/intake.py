"""Receiving and admitting: what lies whole in the inbox is stamped, then judged in that order.

The stamp decides the window, so it is written down before anything is judged: whoever goes on after
a crash judges with the same second, and the answer is the same. A file is laid aside before its end
is written down, so a name in the inbox is always something still to do.
"""

from pathlib import Path

from tongxing.hub.files import read_cover
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.running.folders import DATA, MANIFEST, Came, Delivery, Folders, read_at_most
from tongxing.hub.service import Hub
from tongxing.hub.store import HubStore
from tongxing.hub.store import days as table
from tongxing.hub.store.days import Arrival
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing

OUT_OF_ORDER = "FILE_CHAIN"


class Intake:
    """The inbox's side of the day. `trusted` holds the keys of those who may send files."""

    def __init__(
        self, store: HubStore, hub: Hub, rules: Rulebook, trusted: KeyRing, folders: Folders
    ) -> None:
        self._store = store
        self._hub = hub
        self._rules = rules
        self._trusted = trusted
        self._folders = folders

    def receive(self, now_s: int) -> None:
        """Stamp every delivery that is whole and was not there before."""
        with self._store.reading() as cursor:
            waiting = {arrival.manifest_sha256 for arrival in table.waiting_arrivals(cursor)}
        whole = [
            Arrival(delivery.sha256, delivery.data_sha256, delivery.name, now_s)
            for delivery in self._folders.deliveries(self._rules.file)
            if delivery.sha256 not in waiting and self.is_whole(delivery)
        ]
        if whole:
            with self._store.changing() as cursor:
                table.write_arrivals(cursor, whole)

    def tell_again(self) -> None:
        """Tell books that were restored from a backup of every file that was judged since, with the
        second at which it came. What they know already stays as it is."""
        folders, limits = self._folders, self._rules.file
        judged = []
        for found in folders.judged(folders.inbox, MANIFEST):
            manifest = read_at_most(found.path, limits.manifest_bytes_max)
            data = read_at_most(found.path.with_suffix(DATA), limits.data_bytes_max)
            arrival = Arrival(sha256_hex(manifest), sha256_hex(data), found.name, found.received_s)
            judged.append(arrival)
        with self._store.changing() as cursor:
            table.write_arrivals(cursor, judged)

    def knows_less(self) -> bool:
        """Whether a file was judged after all that the books know of, as it is when they were
        restored from a backup: nothing is laid aside before it stands in them."""
        judged = self._folders.judged(self._folders.inbox, MANIFEST)
        newest_s = max((found.received_s for found in judged), default=0)
        with self._store.reading() as cursor:
            return newest_s > table.last_arrival_s(cursor)

    def is_whole(self, delivery: Delivery) -> bool:
        """Whether all of a delivery is there. One whose manifest nobody can believe never will be
        more whole than it is, and goes on to be refused."""
        if delivery.is_too_long:
            return True
        if not delivery.data_sha256:
            return False
        cover = read_cover(delivery.manifest, self._rules.file, self._trusted)
        return isinstance(cover, Refusal) or cover.manifest.data_sha256 == delivery.data_sha256

    def left(self) -> list[tuple[str, str]]:
        """The names in the inbox, and why each is not judged: ``chain`` (it waits for an earlier
        file of its sender), ``manifest`` or ``data`` (that part is not there), ``other_data`` (not
        those of its manifest, or not all of them yet), ``new`` (nobody has looked yet)."""
        with self._store.reading() as cursor:
            waiting = {arrival.name for arrival in table.waiting_arrivals(cursor)}
        there = {found.name: found for found in self._folders.deliveries(self._rules.file)}
        return [
            (name, "chain" if name in waiting else self._why(there.get(name)))
            for name in self._folders.names_waiting()
        ]

    def _why(self, delivery: Delivery | None) -> str:
        if delivery is None:
            return "manifest"
        if self.is_whole(delivery):
            return "new"
        return "other_data" if delivery.data_sha256 else "data"

    def admit(self) -> None:
        """Judge what was stamped, oldest first, until nothing moves any more. A file whose
        predecessor in its sender's chain is missing waits for it."""
        moved = True
        while moved:
            with self._store.reading() as cursor:
                waiting = table.waiting_arrivals(cursor)
            moved = sum(self._judge(arrival) for arrival in waiting) > 0

    def _judge(self, arrival: Arrival) -> bool:
        """Give one delivery to the hub and lay it aside; False when it has to wait."""
        places = [self._place(arrival, suffix) for suffix in (DATA, MANIFEST)]
        found = [place for place in places if place is not None]
        if len(found) < len(places):
            return False  # somebody took it away: it waits until it is there again
        limits = self._rules.file
        data = read_at_most(found[0], limits.data_bytes_max)
        manifest = read_at_most(found[1], limits.manifest_bytes_max)
        if sha256_hex(manifest) != arrival.manifest_sha256:
            return False
        answer = self._hub.receive_file(manifest, data, arrival.received_s)
        if isinstance(answer, Refusal) and answer.code == OUT_OF_ORDER:
            return False
        if isinstance(answer, Refusal):
            self._folders.say_why(self._folders.inbox, _came(arrival), answer)
        self._lay_aside(arrival, found, taken=not isinstance(answer, Refusal))
        code = answer.code if isinstance(answer, Refusal) else table.TAKEN
        with self._store.changing() as cursor:
            table.judge_arrival(cursor, arrival, code)
        return True

    def _place(self, arrival: Arrival, suffix: str) -> Path | None:
        return self._folders.find(self._folders.inbox, _came(arrival), suffix)

    def _lay_aside(self, arrival: Arrival, found: list[Path], *, taken: bool) -> None:
        """The data first: a manifest without data is never taken for a delivery."""
        for place in found:
            self._folders.file_away(place, self._folders.inbox, _came(arrival), taken=taken)


def _came(arrival: Arrival) -> Came:
    return Came(arrival.name, arrival.received_s, arrival.manifest_sha256)
