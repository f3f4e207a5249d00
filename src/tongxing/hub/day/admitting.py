"""A worked day's rides through the hub's admission: files in order of arrival, each judged by all
that was taken before it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import msgspec

from tongxing.hub.admission import Judgement, judge
from tongxing.hub.checks import Case, Finding
from tongxing.hub.day.memory import Memory
from tongxing.hub.day.model import DayRecord, WorkedDay
from tongxing.hub.day.times import seconds
from tongxing.hub.day.world import (
    PPM,
    TARIFF,
    UNKNOWN,
    DayGround,
    Ridden,
    cards_of,
    city_lists_of,
    denials_of,
    issuer_of,
    issuer_words_of,
    liability_of,
    members_of_day,
    price_fen,
    rules_of,
    tap_of,
    terminals_of,
    weights_of_leg,
)
from tongxing.hub.evidence import Evidence, Fault
from tongxing.hub.half_taps import PairedTrip, median_fen
from tongxing.hub.journals import ACCOUNTS, PURSES
from tongxing.hub.purses import Fork, add_links, believed_links
from tongxing.hub.reopening import Telling
from tongxing.hub.rows import Row, read_row
from tongxing.hub.verdicts import verdict_code
from tongxing.kernel.clock import business_date, calendar_date, local
from tongxing.kernel.ids import sha256_hex
from tongxing.messages import CardProof, Record, TapRef
from tongxing.messages.records import How

_ALGORITHM, _KEY_VERSION, _KIND = 4, 1, 9
_NO_TAC = b"\0\0\0\0"
TOO_LATE = "1005"
"""The verdict on a half tap that came when its trip could not be opened again."""


@dataclass(frozen=True, slots=True)
class Presented:
    """A ride as it reaches the hub: the record, what it cost, and when and in which file it came.

    `taken_s` is when its money moves if it is accepted: on arrival, or for a half trip when it
    became whole. Of a revision `before` is what the ride was until then."""

    ridden: Ridden
    record: Record
    file_id: str
    received_s: int
    taken_s: int
    has_tac: bool = True
    before: Ridden | None = None
    is_too_late: bool = False

    @property
    def lag_days(self) -> int:
        """Days from the ride's business day to its arrival."""
        return (calendar_date(self.received_s) - business_date(self.record.exited_s)).days


@dataclass(frozen=True, slots=True)
class Decided:
    """A presented ride and the hub's judgement of it; `forked_s` is when another ride used the same
    counter of its card, which froze this one."""

    presented: Presented
    judgement: Judgement
    forked_s: int | None = None

    @property
    def since_s(self) -> int:
        """From when on its days count."""
        return self.presented.received_s if self.forked_s is None else self.forked_s


def admit(day: WorkedDay, presented: Sequence[Presented]) -> list[Decided]:
    """The judgement of every ride, in the order given; files are taken in order of arrival."""
    ground = DayGround(day, {item.record.record_id: item.ridden for item in presented})
    evidence = Evidence(
        issuer_words={f"{name}.1": word for name, word in issuer_words_of(day).items()},
        cards=cards_of(day),
        denials=denials_of(day),
        city_lists=city_lists_of(day.config),
        terminals=terminals_of(day),
        liability=liability_of(day.config),
    )
    memory = Memory()
    found: dict[int, Decided] = {}
    places = sorted(range(len(presented)), key=lambda place: _arrival(presented[place]))
    for (_, _, acquirer), group in groupby(places, key=lambda place: _arrival(presented[place])):
        own = list(group)
        items = [presented[place] for place in own]
        decided, forks = _admit_file(day, items, acquirer, ground, evidence, memory)
        _freeze(found, forks, items[0].received_s)
        found.update(zip(own, decided, strict=True))
    return [found[place] for place in range(len(presented))]


def _freeze(found: dict[int, Decided], forks: Iterable[Fork], now_s: int) -> None:
    """Mark what was taken before and is contradicted now, once."""
    named = {fork.record_id for fork in forks}
    for place, item in found.items():
        judged = item.judgement
        is_named = judged.standing is not None and judged.row.record_id in named
        is_money = judged.status in ("accepted", "carried") and item.presented.ridden.paid_fen
        if is_named and is_money and item.forked_s is None:
            found[place] = replace(item, forked_s=now_s)


def _arrival(item: Presented) -> tuple[int, str, str]:
    return item.received_s, item.file_id, item.ridden.acquirer


def _admit_file(
    day: WorkedDay,
    items: list[Presented],
    acquirer: str,
    ground: DayGround,
    evidence: Evidence,
    memory: Memory,
) -> tuple[list[Decided], list[Fork]]:
    rules, members = rules_of(day.config), members_of_day(day)
    wrong = {item.record.record_id: Fault("1001", "no TAC") for item in items if not item.has_tac}
    told = {
        record_id: word for record_id, word in evidence.issuer_words.items() if word.code == "1001"
    }
    others = {name: word for name, word in evidence.issuer_words.items() if name not in told}
    signed = believed_links([item.record for item in items], {*wrong, *told})
    case = Case(
        sender=members[acquirer],
        members=members,
        suspended=frozenset(day.config.suspended),
        rules=rules,
        ground=ground,
        received_s=items[0].received_s,
        known=memory.known,
        holders=memory.holders,
        evidence=replace(
            evidence,
            signatures={**told, **wrong},
            issuer_words=others,
            chains=add_links(memory.chains, signed),
        ),
        rejected=memory.rejected,
    )
    longest = rules.file.line_bytes_max
    rows = [_row(number, item.record, longest) for number, item in enumerate(items, start=1)]
    pairs = list(zip(rows, items, strict=True))
    judgements = judge([row for row, item in pairs if not item.is_too_late], case)
    forks = memory.take(judgements, case.evidence.forged)
    judged = {item.row.number: item for item in judgements}
    found = [Decided(item, judged.get(row.number) or _too_late(row, item)) for row, item in pairs]
    return found, forks


def _too_late(row: Row, item: Presented) -> Judgement:
    """The verdict on a half tap after which no trip is opened again: nothing is judged further."""
    finding = Finding(TOO_LATE, f"T+{item.lag_days}")
    status = verdict_code(TOO_LATE).status
    return Judgement(row, status, (TOO_LATE,), finding.detail, findings=(finding,))


def _row(number: int, record: Record, line_bytes_max: int) -> Row:
    line = msgspec.json.encode(record, order="deterministic")
    return read_row(number, line, line_bytes_max)


def presented_rides(day: WorkedDay) -> list[Presented]:
    """The rides of the records, in the file's order."""
    return [_presented(record, day) for record in day.inputs.records]


def presented_trip(
    telling: Telling,
    name: str,
    trip_name: str,
    acquirer: str,
    day: WorkedDay,
    before: Ridden | None = None,
) -> Presented:
    """A telling of half taps, priced as its ends say (the median where one is not known); nothing
    of one that was withdrawn or came too late. A revision carries the difference to `before`."""
    trip = telling.trip
    is_nothing = telling.is_void or trip.ending in ("SAME_STATION", "TOO_LATE")
    issuer = day.accounts[trip.account]
    leg = f"{trip.origin}-{trip.destination}"
    gross_fen, weights = _half_price(trip, leg, day)
    gross_fen = 0 if is_nothing else gross_fen
    charge_fen = price_fen(day.config, gross_fen, issuer, acquirer)
    ridden = Ridden(
        record_id=name,
        issuer=issuer,
        acquirer=acquirer,
        gross_fen=gross_fen,
        expected_fen=charge_fen,
        paid_fen=charge_fen,
        leg=leg,
        weights=weights,
        payer=ACCOUNTS,
    )
    times = [tap.tapped_s for tap in trip.taps]
    record = _record(
        ridden,
        medium_no=trip.account,
        funding_is_purse=False,
        how="void" if telling.is_void else _HOW[trip.ending],
        entered_s=min(times),
        exited_s=max(times),
        taps=[TapRef(tap.tap_id, 1, 1) for tap in trip.taps],
        ends=(trip.origin, trip.destination),
    )
    record = msgspec.structs.replace(
        record,
        record_id=f"{trip_name}.{telling.number}",
        trip_id=trip_name,
        revision=telling.number,
        delta_fen=charge_fen - (0 if before is None else before.paid_fen),
    )
    return Presented(
        ridden,
        record,
        f"half-{trip.account}",
        telling.received_s,
        telling.at_s,
        before=before,
        is_too_late=trip.ending == "TOO_LATE",
    )


_HOW: Mapping[str, How] = {
    "PAIRED_BY_ACCOUNT": "paired_by_account",
    "SELF_DECLARED": "declared",
    "WAITING": "median",
    "SAME_STATION": "paired_by_account",
    "TOO_LATE": "median",
}


def _half_price(
    trip: PairedTrip, leg: str, day: WorkedDay
) -> tuple[int, tuple[tuple[str, int], ...]]:
    """The gross fare and the operators of a trip made of half taps; of a half alone the median of
    the fares of all legs that touch its station."""
    weights = operators_near(trip, day)
    if leg in day.config.gross_fare:
        return day.config.gross_fare[leg], weights
    fares = [fen for name, fen in day.config.gross_fare.items() if _touches(name, trip)]
    return median_fen(fares) or 0, weights


def operators_near(trip: PairedTrip, day: WorkedDay) -> tuple[tuple[str, int], ...]:
    """The operators of a trip's leg. A half alone belongs whole to the operator that has most of
    the legs that touch its station; none where no leg does."""
    leg = f"{trip.origin}-{trip.destination}"
    if leg in day.config.gross_fare:
        return weights_of_leg(day, leg)
    parts: dict[str, int] = {}
    for name in day.config.gross_fare:
        for operator, part in weights_of_leg(day, name) if _touches(name, trip) else ():
            parts[operator] = parts.get(operator, 0) + part
    most = sorted(parts, key=lambda operator: (-parts[operator], operator))
    return ((most[0], PPM),) if most else ()


def _touches(leg: str, trip: PairedTrip) -> bool:
    return (trip.origin or trip.destination) in leg.split("-")


def _presented(record: DayRecord, day: WorkedDay) -> Presented:
    issuer = issuer_of(record, day)
    gross_fen = day.config.gross_fare[record.leg]
    is_purse = record.medium == "CARD_PURSE"
    tapped_s, received_s = seconds(record.tap_time), seconds(record.received_at)
    ridden = Ridden(
        record_id=record.record_id,
        issuer=issuer,
        acquirer=record.acquirer,
        gross_fen=gross_fen,
        expected_fen=price_fen(day.config, gross_fen, issuer, record.acquirer),
        paid_fen=record.amount_paid,
        leg=record.leg,
        weights=weights_of_leg(day, record.leg),
        payer=PURSES if is_purse else ACCOUNTS,
    )
    origin, _, destination = record.leg.partition("-")
    sent = _record(
        ridden,
        medium_no=(record.card_no if is_purse else record.account_id) or UNKNOWN,
        funding_is_purse=is_purse,
        how="single_tap",
        entered_s=tapped_s,
        exited_s=tapped_s,
        taps=[tap_of(record)],
        ends=(origin, destination),
    )
    tac = _tac_of(record)
    sent = msgspec.structs.replace(
        sent,
        deny_list_version=int(record.list_ver_black or 0),
        city_list_version=int(record.list_ver_city or 0),
        is_test=bool(record.test_flag),
        city=record.city,
        proofs=[_proof(record, tac or _NO_TAC)] if is_purse else [],
    )
    has_tac = tac is not None or not is_purse
    return Presented(ridden, sent, record.file_id, received_s, received_s, has_tac)


def _tac_of(record: DayRecord) -> bytes | None:
    """The four bytes of a TAC; None where they are missing or no eight capital hex digits."""
    text = record.tac or ""
    if len(text) != 8 or any(digit not in "0123456789ABCDEF" for digit in text):
        return None
    return bytes.fromhex(text)


def _record(
    ridden: Ridden,
    *,
    medium_no: str,
    funding_is_purse: bool,
    how: How,
    entered_s: int,
    exited_s: int,
    taps: list[TapRef],
    ends: tuple[str, str],
) -> Record:
    city = ridden.acquirer.partition("-")[2]
    return Record(
        record_id=f"{ridden.record_id}.1",
        trip_id=ridden.record_id,
        revision=1,
        acquirer=ridden.acquirer,
        issuer=ridden.issuer,
        medium_no=medium_no,
        medium_kind="card" if funding_is_purse else "code",
        scheme="t_union",
        funding="purse" if funding_is_purse else "account",
        city=city,
        place=city,
        mode="rail",
        operator=ridden.weights[0][0] if ridden.weights else UNKNOWN,
        line=ridden.leg,
        origin=ends[0],
        destination=ends[1],
        entered_s=entered_s,
        exited_s=exited_s,
        how=how,
        fare_fen=ridden.gross_fen,
        charge_fen=ridden.paid_fen,
        delta_fen=ridden.paid_fen,
        tariff=TARIFF,
        deny_list_version=0,
        taps=taps,
    )


def _proof(record: DayRecord, tac: bytes) -> CardProof:
    number = record.card_no or ""
    return CardProof(
        number=number,
        issuer_id=bytes(8),
        card_factor=bytes(8),
        key_version=_KEY_VERSION,
        algorithm=_ALGORITHM,
        amount_fen=max(0, record.amount_paid),
        kind=_KIND,
        terminal_no=bytes.fromhex(sha256_hex(record.terminal_id.encode())[:12]),
        serial=record.terminal_seq,
        time=local(seconds(record.tap_time)).strftime("%Y%m%d%H%M%S"),
        counter=record.card_counter or 0,
        balance_before_fen=max(0, record.balance_before or 0),
        tac=tac,
    )
