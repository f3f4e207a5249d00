"""What travels between the gates of a city and its intake: batches up, receipts and lists down.

Sites upload on their own time, the intake empties its letter box on its own; between them lies the
carrier. When the intake dies in the middle of its work it is started again, and nobody tells the
gates: they have no receipt, so they send again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tongxing.deciding import Decision, ValidatorFacts
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.simulation.carrier import Carrier
from tongxing.simulation.faults import FaultRates
from tongxing.simulation.hosting import Host, HouseDied, Pending
from tongxing.simulation.house import House
from tongxing.simulation.scenario import Rhythm
from tongxing.simulation.seeds import stream
from tongxing.simulation.sites import Shard, Shown
from tongxing.simulation.timeline import Timeline

BATCHES_PER_CONTACT = 8
FAULT_POINTS = 28
"""The intake dies before one of so many statements; those beyond its last one mean: after it."""

_LIST_TRAVELS_S = 60
_RUSH_S = 600
_SEALING_S = 4
_LAST_OUTAGE_BEFORE_END_S = 3_600

Letters = list[tuple[str, bytes]]


@dataclass(slots=True)
class UplinkFigures:
    """What went over the link, for the summary. `refusals` must stay empty in a sound run."""

    batches: int = 0
    receipts: int = 0
    lists: int = 0
    refusals: list[str] = field(default_factory=list)


class Uplink:
    """The link of one city. Owns the intake's house and starts it again when it dies."""

    def __init__(
        self,
        timeline: Timeline,
        shards: Sequence[Host[Shard]],
        carrier: Carrier,
        rhythm: Rhythm,
        rates: FaultRates,
        start_house: Callable[[], Host[House]],
    ) -> None:
        self.house = start_house()
        self.carrier = carrier
        self.figures = UplinkFigures()
        self.sites: dict[str, Host[Shard]] = {}
        self.uploading: set[str] = set()
        self._tapped_since_asked: set[str] = set()
        self._start_house = start_house
        self._timeline = timeline
        self._shards = shards
        self._rhythm = rhythm
        self._rates = rates
        self._letters: Letters = []
        self._kills: list[tuple[int, int]] = []
        self._life = 0

    def present(self, name: str, facts: ValidatorFacts, shown: Shown) -> Pending[Decision]:
        """Hold a medium to a reader of a site, and see to it that the tap is uploaded in time."""
        now_s = self._timeline.now_s
        shard = self.sites.get(name)
        if shard is None:
            shard = self.sites[name] = self._shards[_spread(name, len(self._shards))]
        self._tapped_since_asked.add(name)
        if name not in self.uploading:
            self.uploading.add(name)
            rhythm = self._rhythm
            every_s = rhythm.vehicle_upload_s if facts.vehicle else rhythm.station_upload_s
            wait_s = (_spread(name, every_s) - now_s) % every_s or every_s
            self._timeline.plan(now_s + wait_s, self._upload, name, every_s)
        return shard.send(Shard.present, name, facts, shown, now_s)

    def plan_day(self, seed: int, code: str, names: tuple[str, ...], opens_s: int) -> None:
        """Plan the day's lists, outages and deaths."""
        closes_s = opens_s + DAY_S - _LAST_OUTAGE_BEFORE_END_S
        self.carrier.plan_outages(seed, names, opens_s, closes_s)
        source = stream(seed, "kills", code, opens_s)
        for _ in range(self._rates.kills_per_day):
            when_s = opens_s + source.randrange(3_600, DAY_S - 4 * 3_600)
            self._kills.append((when_s, source.randrange(FAULT_POINTS)))
        self._kills.sort()
        for publish_s in range(opens_s, opens_s + DAY_S, self._rhythm.deny_list_every_s):
            self._timeline.plan(publish_s, self._publish)

    def revive(self) -> None:
        """Start the house again after its death."""
        self._life += 1
        self.carrier.counts.add("killed")
        self.house.close()
        self.house = self._start_house()

    def note(self, where: str, refusal: Refusal) -> None:
        """Remember a refusal that a sound run does not have."""
        self.figures.refusals.append(f"{where}: {refusal.code}")

    def close(self) -> None:
        """End the house in good order."""
        self.house.close()

    def _upload(self, name: str, every_s: int) -> None:
        """Have the site's batches without a receipt sealed, when it can reach its city."""
        now_s = self._timeline.now_s
        cut_off_until_s = self.carrier.cut_off_until(name, now_s)
        if cut_off_until_s:
            later_s = cut_off_until_s + _spread(name, _RUSH_S)
            self._timeline.plan(later_s, self._upload, name, every_s)
            return
        self._tapped_since_asked.discard(name)
        batches = self.sites[name].send(Shard.next_batches, name, BATCHES_PER_CONTACT, now_s)
        self._timeline.plan(now_s + _SEALING_S, self._send, name, every_s, batches)

    def _send(self, name: str, every_s: int, sealed: Pending[list[bytes] | Refusal]) -> None:
        """Send what was sealed, and come again until everything has its receipt.

        A tap that came while the site was sealing nothing is a reason to come again, too.
        """
        batches, now_s = sealed.result(), self._timeline.now_s
        if isinstance(batches, Refusal):
            self.note(name, batches)
        elif not batches and name not in self._tapped_since_asked:
            self.uploading.discard(name)
        else:
            self.figures.batches += len(batches)
            for batch in batches:
                for arrives_s in self.carrier.arrivals(name, now_s):
                    self._timeline.plan(arrives_s, self._arrive, name, batch)
            self._timeline.plan(now_s + every_s, self._upload, name, every_s)

    def _arrive(self, name: str, batch: bytes) -> None:
        if not self._letters:
            every_s, now_s = self._rhythm.intake_every_s, self._timeline.now_s
            self._timeline.plan(now_s + every_s - now_s % every_s, self._take_in)
        self._letters.append((name, batch))

    def _take_in(self) -> None:
        """Hand the letter box to the intake; its answer is fetched a little later."""
        letters, self._letters = self._letters, []
        now_s = self._timeline.now_s
        dies_at = None
        if self._kills and now_s >= self._kills[0][0]:
            _, dies_at = self._kills.pop(0)
        answer = self.house.send(House.intake, [batch for _, batch in letters], now_s, dies_at)
        answered_s = now_s + self._rhythm.receipt_after_s
        self._timeline.plan(answered_s, self._answered, letters, answer, self._life)

    def _answered(
        self, letters: Letters, answer: Pending[list[bytes | Refusal]], life: int
    ) -> None:
        try:
            receipts = answer.result()
        except HouseDied:
            self._died(life)
            return
        now_s = self._timeline.now_s
        for (name, _), receipt in zip(letters, receipts, strict=True):
            if isinstance(receipt, Refusal):
                self.note(name, receipt)
                continue
            for arrives_s in self.carrier.arrivals(name, now_s):
                self._timeline.plan(arrives_s, self._receipt, name, receipt)

    def _died(self, life: int) -> None:
        """Start the dead house again, once however many answers died with it."""
        if life == self._life:
            self.revive()

    def _receipt(self, name: str, receipt: bytes) -> None:
        now_s = self._timeline.now_s
        self.figures.receipts += 1
        taken = self.sites[name].send(Shard.take_receipt, name, receipt, now_s)
        self._timeline.plan(now_s + _SEALING_S, self._received, name, taken)

    def _received(self, name: str, taken: Pending[Refusal | None]) -> None:
        refusal = taken.result()
        if refusal is not None:
            self.note(name, refusal)

    def _publish(self) -> None:
        now_s = self._timeline.now_s
        answer = self.house.send(House.publish_deny_list, now_s)
        self._timeline.plan(now_s + _LIST_TRAVELS_S, self._distribute, answer, self._life)

    def _distribute(self, answer: Pending[bytes], life: int) -> None:
        try:
            deny_list = answer.result()
        except HouseDied:
            self._died(life)
            return
        now_s = self._timeline.now_s
        cut_off = [name for name in self.sites if self.carrier.cut_off_until(name, now_s)]
        self.figures.lists += len(self.sites) - len(cut_off)
        for shard in self._shards:
            loaded = shard.send(Shard.load_deny_list, deny_list, cut_off)
            self._timeline.plan(now_s + _LIST_TRAVELS_S, self._loaded, loaded)

    def _loaded(self, loaded: Pending[list[tuple[str, Refusal]]]) -> None:
        for name, refusal in loaded.result():
            self.note(name, refusal)


def _spread(name: str, over: int) -> int:
    """A number below `over` that belongs to a site: so that not all of them call at once."""
    return int(digest("site", name)[:8], 16) % over
