"""The small world of a worked day as the hub wants it: members, rules, fares, evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import msgspec

from tongxing.fares import CityFares
from tongxing.hub.acc import SplitTables
from tongxing.hub.day.model import Config, DayRecord, WorkedDay
from tongxing.hub.day.times import seconds
from tongxing.hub.evidence import CardFacts, Fault, Terminal
from tongxing.hub.liability import CityListing, Denial, LiabilityTable, liability_tables
from tongxing.hub.members import Member, MemberKind
from tongxing.hub.rulebook import FeeRules, Rulebook, load_rulebook
from tongxing.hub.split import SplitBasis, SplitLeg, Stretch, line_basis, path_basis
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.money import round_half_up
from tongxing.messages import Record, TapRef

PPM = 1_000_000
TARIFF = "worked-day"
UNKNOWN = "UNKNOWN"
"""Stands for an issuer that nobody can name."""

_BIN_DIGITS = 8
_EPOCH_HEX = 8
_KINDS: Mapping[str, MemberKind] = {"ISS": "issuer", "ACQ": "acquirer"}


@dataclass(frozen=True, slots=True)
class Ridden:
    """What a ride cost and whose it was. `weights` are the operators with their part of it, `payer`
    the issuer's account that it is taken from."""

    record_id: str
    issuer: str
    acquirer: str
    gross_fen: int
    expected_fen: int
    paid_fen: int
    leg: str
    weights: tuple[tuple[str, int], ...]
    payer: str

    @property
    def is_cross_city(self) -> bool:
        return city_of(self.issuer) != city_of(self.acquirer)


def city_of(member: str) -> str:
    """The city of a member: ``A`` of ``ISS-A``."""
    return member.partition("-")[2]


def rules_of(config: Config) -> Rulebook:
    """The hub's rulebook with the numbers of the day."""
    rules, share = load_rulebook(), config.fee_share
    return replace(
        rules,
        window=msgspec.structs.replace(rules.window, cutoff=config.window_cutoff[11:16]),
        lateness=msgspec.structs.replace(
            rules.lateness,
            mark_from_days=config.late_flag_days,
            reject_after_days=config.late_reject_days,
        ),
        fee=FeeRules(
            local_ppm=config.fee_local_ppm,
            cross_city_ppm=config.fee_cross_city_ppm,
            share_issuer=share.issuer,
            share_acquirer=share.acquirer,
            share_hub=share.hub,
        ),
    )


def liability_of(config: Config) -> tuple[LiabilityTable, ...]:
    """The tables of liability with the propagation time of the day."""
    hours = config.blacklist_propagation_hours
    return tuple(
        msgspec.structs.replace(
            table, deny=msgspec.structs.replace(table.deny, propagation_hours=hours)
        )
        for table in liability_tables()
    )


def members_of_day(day: WorkedDay) -> dict[str, Member]:
    """The issuers and acquirers among the entities, in their order."""
    found = {}
    for name in day.entities:
        kind = _KINDS.get(name.partition("-")[0])
        if kind is not None:
            found[name] = Member(name, kind, city_of(name), name, name)
    return found


def issuer_of(record: DayRecord, day: WorkedDay) -> str:
    """The issuer of a record's medium; of a card nobody knows, the one that the beginning of its
    number (its BIN) belongs to."""
    if record.medium == "QR_ACCOUNT":
        return day.accounts.get(record.account_id or "", UNKNOWN)
    number = record.card_no or ""
    card = day.cards.get(number)
    if card is not None:
        return card.issuer
    bins = {known[:_BIN_DIGITS]: card.issuer for known, card in day.cards.items()}
    return bins.get(number[:_BIN_DIGITS], UNKNOWN)


def price_fen(config: Config, gross_fen: int, issuer: str, acquirer: str) -> int:
    """A gross fare less the discount of that city for its own people, or for visitors."""
    whose = "local" if city_of(issuer) == city_of(acquirer) else "visitor"
    ppm = config.discount_ppm.get(f"{city_of(acquirer)}:{whose}", PPM)
    return round_half_up(gross_fen * ppm, PPM)


def weights_of_leg(day: WorkedDay, leg: str) -> tuple[tuple[str, int], ...]:
    """The operators of a leg with their parts in millionths, in order of operator. A leg that no
    split names belongs to the one operator that no split names; none when that is not one."""
    shares = day.config.od_split_ppm.get(leg)
    if shares is not None:
        return tuple(sorted(shares.items()))
    named = {operator for parts in day.config.od_split_ppm.values() for operator in parts}
    others = [name for name in day.entities if name.startswith("OP") and name not in named]
    return ((others[0], PPM),) if len(others) == 1 else ()


def leg_basis(day: WorkedDay, ridden: Ridden, origin: str, destination: str) -> SplitBasis:
    """What a ride is split by: the leg's frozen parts, or the one operator of it."""
    city, version = city_of(ridden.acquirer), day.config.od_split_version
    if len(ridden.weights) == 1:
        return line_basis(city, version, ridden.leg, ridden.weights[0][0])
    stretches = tuple(Stretch(ridden.leg, name, part) for name, part in ridden.weights)
    leg = SplitLeg("", ridden.gross_fen, stretches)
    return path_basis(city, version, origin, destination, (leg,))


class DayGround:
    """The ground of a worked day: it knows each ride by the name of its record."""

    def __init__(self, day: WorkedDay, ridden: Mapping[str, Ridden]) -> None:
        self._day = day
        self._ridden = ridden

    def operators(self, record: Record) -> frozenset[str]:
        """As the protocol says."""
        return frozenset(name for name, _ in self._ridden[record.record_id].weights)

    def acceptance(self, record: Record, issuer_city: str, on: date) -> str:
        """Every city takes every other's media; `city_list` says more."""
        return ""

    def tariff_name(self, record: Record) -> str:
        """One tariff holds all day."""
        return TARIFF

    def fare_fen(self, record: Record) -> int | None:
        """As the protocol says."""
        return self._ridden[record.record_id].gross_fen

    def highest_charge_fen(self, record: Record) -> int | None:
        """Nothing comes on top of a fare."""
        return self._ridden[record.record_id].gross_fen

    def charge_fen(self, record: Record) -> int | None:
        """The fare less the city's discount: all that a worked day knows of a rider."""
        return self._ridden[record.record_id].expected_fen

    def split_basis(self, record: Record) -> SplitBasis:
        """As the protocol says."""
        ridden = self._ridden[record.record_id]
        return leg_basis(self._day, ridden, record.origin, record.destination)

    def with_published(self, tables: SplitTables, fares: CityFares | None) -> "DayGround":
        """A worked day says in its own rules what its legs cost and how they are split."""
        return self


def denials_of(day: WorkedDay) -> dict[str, Denial]:
    """The deny list, by card."""
    return {
        number: Denial(
            reported_s=seconds(listed.reported_at),
            published_s=seconds(listed.published_at),
            version=int(listed.list_version or 0),
            named_from=int(listed.named_from or listed.list_version or 0),
            is_anonymous=day.cards[number].is_anonymous,
        )
        for number, listed in day.blacklist.items()
    }


def cards_of(day: WorkedDay) -> dict[str, CardFacts]:
    """What the issuers say of their cards and accounts."""
    facts = {name: CardFacts() for name in day.accounts}
    for number, card in day.cards.items():
        expires_on = date.fromisoformat(card.expires_on) if card.expires_on else None
        closed_s = seconds(card.closed_at) if card.closed_at else None
        facts[number] = CardFacts(expires_on, closed_s)
    return facts


def tap_of(record: DayRecord) -> TapRef:
    """Which tap a ride was: the same one only with the same medium, purchase and terminal number.

    A terminal that starts its numbers anew draws a new epoch, and a file has no epochs. So another
    card under a number used before is another tap, and so is a purse's counter told with another
    amount or time: that is no copy of the ride (1002), but a fork of the purse (1020)."""
    purchase = (record.card_counter, record.amount_paid, record.tap_time)
    told = (record.account_id,) if record.medium == "QR_ACCOUNT" else (record.card_no, *purchase)
    digest = sha256_hex("/".join(str(part) for part in told).encode())
    return TapRef(record.terminal_id, int(digest[:_EPOCH_HEX], 16), record.terminal_seq)


def terminals_of(day: WorkedDay) -> dict[str, tuple[Terminal, ...]] | None:
    """The register of terminals, None when the day has none. A half tap names no terminal, so it
    stands for one that is registered to whoever presents it."""
    config = day.config
    if config.terminals is None:
        return None
    acquirers = [name for name, found in members_of_day(day).items() if found.kind == "acquirer"]
    unnamed = tuple(Terminal(acquirer=name) for name in acquirers)
    return {tap.tap_id: unnamed for tap in day.inputs.half_taps} | {
        name: (
            Terminal(
                acquirer=found.acquirer,
                first_on=date.fromisoformat(found.first_on) if found.first_on else None,
                last_on=date.fromisoformat(found.last_on) if found.last_on else None,
            ),
        )
        for name, found in config.terminals.items()
    }


def city_lists_of(config: Config) -> dict[str, CityListing]:
    """The dates of the city list, by city."""
    return {
        city: CityListing(
            date.fromisoformat(found.joined_on),
            date.fromisoformat(found.left_on) if found.left_on else None,
            int(found.left_version or 0),
        )
        for city, found in config.city_list.items()
    }


def issuer_words_of(day: WorkedDay) -> dict[str, Fault]:
    """What issuers said of records. A file without such a list says it in what it expects only: a
    TAC can be checked by nobody else than its issuer, and its key is not in the file."""
    if day.inputs.issuer_words is not None:
        return {word.record_id: Fault(word.code) for word in day.inputs.issuer_words}
    results = day.expected.get("results")
    return {
        str(item["record_id"]): Fault("1001", "its issuer says so")
        for item in (results if isinstance(results, list) else [])
        if isinstance(item, dict) and item.get("code") == "1001" and "record_id" in item
    }
