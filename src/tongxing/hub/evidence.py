"""What others say of the records of a file: issuers, owners of terminals, keepers of lists.

All of it comes in as values, asked for once per file, so that a judgement is a pure function. What
the hub was not given is absent (None, or an empty mapping), and the check that needs it is silent;
it is never taken for a yes that somebody gave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Protocol

from tongxing.hub.liability import (
    CityListings,
    Denial,
    Denials,
    LiabilityTable,
    liability_tables,
)
from tongxing.hub.purses import Chains
from tongxing.hub.verdicts import FORGED
from tongxing.messages import Record


class Fault(NamedTuple):
    """Something wrong with a record: the verdict code it leads to, and a detail for staff."""

    code: str
    detail: str = ""


class CardFacts(NamedTuple):
    """What an issuer says of a card or account: its last day, and when it was closed.

    From a register it says more: `closures` with the deny lists that told of each, the day from
    which its range is `issued_on` (None for no range), the `schemes` of its kind (none: unsaid),
    whether a number without a range `must_have_range`, and which version `told` all this.
    """

    expires_on: date | None = None
    closed_s: int | None = None
    closures: tuple[Denial, ...] = ()
    issued_on: date | None = None
    schemes: tuple[str, ...] = ()
    must_have_range: bool = False
    told: str = ""


class Terminal(NamedTuple):
    """A registered terminal: whose it is, the operator and line it stands at ("" for any), from its
    first day to its last (None while it is in use)."""

    acquirer: str
    operator: str = ""
    line: str = ""
    first_on: date | None = None
    last_on: date | None = None

    def fits(self, record: Record, on: date) -> bool:
        """Whether a record's tap may come from it on that day."""
        return (
            self.acquirer == record.acquirer
            and self.operator in ("", record.operator)
            and self.line in ("", record.line)
            and (self.first_on is None or self.first_on <= on)
            and (self.last_on is None or on <= self.last_on)
        )


class NumberSpan(NamedTuple):
    """The beginning of an issuer's card numbers, and its first and last day (None while used)."""

    prefix: str
    first_on: date
    last_on: date | None = None

    def fits(self, number: str, on: date) -> bool:
        """Whether a number begins so and might on that day."""
        return (
            number.startswith(self.prefix)
            and self.first_on <= on
            and (self.last_on is None or on <= self.last_on)
        )


Numbers = Mapping[str, Sequence[NumberSpan]]
"""By issuer; one that is not there told nobody its numbers."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence for one file, by record id (`signatures`, `issuer_words`), by medium (`cards`,
    `denials`), by issuer and medium (`issued`: what registers say, which goes before `cards`), by
    card (`chains`), by terminal, by city of the issuer (`city_lists`), by issuer (`numbers`).

    `signatures` holds the records whose TAC or code is wrong; `cards` and `terminals` are None
    where nobody keeps such a register. `liability` are the tables that a loss is judged by.
    `not_made` are the checks that lacked what they need, with the number of rows concerned,
    `consents` the records whose recovery their issuers agreed to, as it was asked for.
    """

    signatures: Mapping[str, Fault] = field(default_factory=dict)
    issuer_words: Mapping[str, Fault] = field(default_factory=dict)
    cards: Mapping[str, CardFacts] | None = None
    issued: Mapping[tuple[str, str], CardFacts] = field(default_factory=dict)
    denials: Denials = field(default_factory=dict)
    city_lists: CityListings = field(default_factory=dict)
    terminals: Mapping[str, tuple[Terminal, ...]] | None = None
    numbers: Numbers = field(default_factory=dict)
    chains: Chains = field(default_factory=dict)
    liability: tuple[LiabilityTable, ...] = field(default_factory=liability_tables)
    not_made: Mapping[str, int] = field(default_factory=dict)
    consents: Mapping[str, Record] = field(default_factory=dict)

    @property
    def forged(self) -> frozenset[str]:
        """The records whose signatures prove nothing of a card: found wrong here, or by their
        issuer."""
        said = {name for name, word in self.issuer_words.items() if word.code == FORGED}
        return frozenset(said.union(self.signatures))


class Witness(Protocol):
    """Whoever can say more of records than the records do themselves."""

    def evidence(self, records: Sequence[Record]) -> Evidence:
        """What is known of these records; purse chains are added by the hub, from its own books."""


class NoWitness:
    """Nobody says anything: the hub goes by the records and its own books alone."""

    def evidence(self, records: Sequence[Record]) -> Evidence:
        """Nothing: no signature was looked at."""
        return Evidence(not_made={"signature": len(records)})
