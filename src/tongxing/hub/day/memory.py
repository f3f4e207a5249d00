"""What the hub's store would know of a worked day while its files come in."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from tongxing.hub.admission import Judgement, told_links
from tongxing.hub.checks import Standing
from tongxing.hub.purses import Fork, Link, add_links, forks_with


@dataclass(slots=True)
class Memory:
    """Records that stand, the trips that hold each tap, the links of each purse, and with which
    codes records were rejected, one for each file."""

    known: dict[str, Standing] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    chains: Mapping[str, Sequence[Link]] = field(default_factory=dict)
    rejected: dict[str, list[str]] = field(default_factory=dict)

    def take(self, judged: Sequence[Judgement], forged: Container[str]) -> list[Fork]:
        """Note what stands after a file; the records before it that it contradicts."""
        for item in judged:
            if item.standing is not None and item.row.record is not None:
                trip_id = item.row.record.trip_id
                self.known[item.standing.record_id] = item.standing
                if item.row.record.revision > 1:
                    self._let_go(trip_id)
                self.holders.update(dict.fromkeys(item.standing.claims, trip_id))
        codes = {item.row.record_id: item.code for item in judged if item.status == "rejected"}
        for record_id, code in codes.items():
            self.rejected.setdefault(record_id, []).append(code)
        told = told_links(judged, forged)
        forks = forks_with(told, self.chains)
        self.chains = add_links(self.chains, told)
        return forks

    def _let_go(self, trip_id: str) -> None:
        for claim in [claim for claim, holder in self.holders.items() if holder == trip_id]:
            del self.holders[claim]
