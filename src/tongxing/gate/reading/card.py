"""A card at a gate: the few files that a decision needs, read in as few commands as it takes.

Two applications are known here, that of T-Union and that of City Union. What is read becomes a
`MediumToken`, whatever it says: judging it is `decide`'s. Only what no token can carry (a lock, a
card that may not travel, a test card) is told beside it, as an objection.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tongxing.deciding.checks import accepted_here
from tongxing.deciding.facts import GateContext, ValidatorFacts
from tongxing.deciding.token import MediumToken, OpenEntry
from tongxing.gate.reading.kinds import TEST, product_of
from tongxing.gate.reading.setup import SM4_KEYS, MediaSetup
from tongxing.gate.reading.state import (
    FARE_SLOTS,
    FareSlot,
    fare_slots,
    open_ride,
)
from tongxing.gate.reading.transit import foreign_ride, record_of, recorded_ride
from tongxing.kernel.clock import calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import Command
from tongxing.media.card.applications import (
    CITY_UNION_AID,
    T_UNION_AID,
    T_UNION_SM_AID,
    parse_fci,
)
from tongxing.media.card.files import (
    Transit,
    parse_city_union_info,
    parse_management,
    parse_public_info,
    parse_transit,
)
from tongxing.media.card.files.city_union import ACCOUNT_SUB_TYPE
from tongxing.media.card.files.kept import LOCAL_FILE, OPEN_RIDE
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal import CardIds, RecordWrite
from tongxing.media.card.terminal.checks import issuer_objection
from tongxing.media.card.terminal.reading import CODE9_BYTES
from tongxing.media.card.terminal.talking import ask, exchange, refusal_of
from tongxing.network.regions import city_union_city, region_of
from tongxing.network.registry import Registry

_AIDS = {
    "t_union": T_UNION_AID,
    "t_union_national": T_UNION_SM_AID,
    "city_union": CITY_UNION_AID,
}
"""The applications a gate asks for, in this order; of T-Union first the one of both algorithms."""
_NO_APPLICATION, _NO_RECORD = 0x6A82, 0x6A83
_TRANSIT_FILE, _TRANSIT_BYTES = 0x1A, 128
_PUBLIC_BYTES, _MANAGEMENT_BYTES = 30, 60
_MONEY = 0x7FFF_FFFF
_READ_CODE = Command(0x80, 0xCA, 0x00, 0x00, expected=CODE9_BYTES)


@dataclass(frozen=True, slots=True)
class CardInHand:
    """A card in the field, as far as a gate looks at it.

    `has_own_records`: it can keep our state. `key_index` are the keys a terminal works with.
    `trips` are its common trip records that this tap can change, by their id. `same` writes back
    what is there: a purchase of nothing with it proves that a card is genuine. `objection` is a
    reason against it that its token cannot show.
    """

    link: CardLink
    scheme: str
    ids: CardIds
    key_index: int
    token: MediumToken
    fare_slots: tuple[FareSlot, ...]
    has_own_records: bool
    trips: Mapping[int, Transit]
    same: RecordWrite | None
    objection: Refusal | None


@dataclass(frozen=True, slots=True)
class _Identity:
    """What a card says of itself, whichever application said it."""

    scheme: str
    application: str
    aid: bytes
    ids: CardIds
    number: str
    issuer: str
    kind: int
    enabled: bool
    starts: date
    expires: date
    on_account: bool
    travels: bool


def read_card(
    link: CardLink, facts: ValidatorFacts, context: GateContext, setup: MediaSetup
) -> CardInHand | Refusal:
    """Read what a gate needs of the card in the field; its application stays selected.

    A card with both applications is asked for the one that is accepted here, T-Union first (R-211).

    Refuses what the card or its answers refuse (`talking`, `applications`), CARD_NUMBER and
    CARD_ISSUER_UNKNOWN: then there is no medium to speak of.
    """
    who = _identity(link, facts, context, setup)
    if isinstance(who, Refusal):
        return who
    balance = 0 if who.on_account else _balance(link)
    if isinstance(balance, Refusal):
        return balance
    own = _own_records(link, facts.city)
    if isinstance(own, Refusal):
        return own
    trips = _trips(link, facts, own) if who.application == "t_union" else {}
    if isinstance(trips, Refusal):
        return trips
    transit = trips.get(record_of(facts.mode))
    slots = fare_slots(own)
    today = calendar_date(context.now_s)
    token = MediumToken(
        scheme=who.scheme,
        medium_no=who.number,
        medium_kind="card",
        issuer=who.issuer,
        product=product_of(who.issuer, "card", who.kind),
        funding="account" if who.on_account else "purse",
        enabled=who.enabled and who.starts <= today,
        expires=who.expires,
        balance_fen=balance,
        open_entry=None if who.on_account else _open(own, transit, facts, setup),
        fare_states={slot.city: slot.state for slot in slots if not who.on_account},
    )
    objection = _objection(token, who, transit, facts, bool(own))
    same = _same(own, transit)
    index = SM4_KEYS if who.aid == T_UNION_SM_AID else setup.key_index
    return CardInHand(
        link, who.application, who.ids, index, token, slots, bool(own), trips, same, objection
    )


def _identity(
    link: CardLink, facts: ValidatorFacts, context: GateContext, setup: MediaSetup
) -> _Identity | Refusal:
    """Who the card says it is, in the application that is accepted here; in T-Union's, or the only
    one it has, when none is, so that the passenger hears why."""
    first: _Identity | None = None
    for aid in _AIDS.values():
        found = _said_by(link, aid, context.registry, setup)
        if isinstance(found, Refusal):
            return found
        if found is None:
            continue
        if accepted_here(found.scheme, found.issuer, facts, context) is None:
            return found
        first = first or found
    if first is None:
        return Refusal("CARD_APP_MISSING")
    again = _said_by(link, first.aid, context.registry, setup)
    return first if again is None else again


def _said_by(
    link: CardLink, aid: bytes, registry: Registry, setup: MediaSetup
) -> _Identity | Refusal | None:
    """What the card says of itself in one application; None when it has none of this name."""
    answer = exchange(link, Command(0x00, 0xA4, 0x04, 0x00, aid, 0))
    if isinstance(answer, Refusal):
        return answer
    if answer.status == _NO_APPLICATION:
        return None
    if not answer.ok:
        return refusal_of(answer.status)
    if aid == CITY_UNION_AID:
        return _city_union(link, answer.data, registry, setup)
    return _t_union(link, answer.data, aid, setup)


def _t_union(link: CardLink, fci: bytes, aid: bytes, setup: MediaSetup) -> _Identity | Refusal:
    raw = _public_file(link, fci)
    if isinstance(raw, Refusal):
        return raw
    public = parse_public_info(raw)
    if isinstance(public, Refusal):
        return public
    told = ask(link, Command(0x00, 0xB0, 0x97, 0x00, expected=_MANAGEMENT_BYTES))
    management = told if isinstance(told, Refusal) else parse_management(told)
    if isinstance(management, Refusal):
        return management
    if public.number is None or public.starts is None or public.expires is None:
        return Refusal("CARD_NUMBER" if public.number is None else "CARD_NOT_ACTIVE")
    region = region_of(management.city or "") or region_of(public.city or "")
    if region is None or not region.division:
        return Refusal("CARD_ISSUER_UNKNOWN", values={"issuer": public.issuer_id[:4].hex()})
    issuers = setup.card_issuers
    wrong = None if issuers is None else issuer_objection(public, issuers)
    if wrong is not None:
        return wrong
    return _Identity(
        scheme="t_union",
        application="t_union",
        aid=aid,
        ids=CardIds(raw[10:20], raw[:8], raw[12:20]),
        number=public.number,
        issuer=region.division,
        kind=management.kind,
        enabled=public.enabled,
        starts=public.starts,
        expires=public.expires,
        on_account=public.account_based,
        travels=management.interoperable is True,
    )


def _city_union(
    link: CardLink, fci: bytes, registry: Registry, setup: MediaSetup
) -> _Identity | Refusal:
    raw = _public_file(link, fci)
    if isinstance(raw, Refusal):
        return raw
    info = parse_city_union_info(raw)
    if isinstance(info, Refusal):
        return info
    if info.number is None or info.starts is None or info.expires is None:
        return Refusal("CARD_NUMBER" if info.number is None else "CARD_NOT_ACTIVE")
    city = city_union_city(info.city)
    if city is None or not city.division:
        return Refusal("CARD_ISSUER_UNKNOWN", values={"issuer": info.city})
    code = ask(link, _READ_CODE, CODE9_BYTES) if setup.signs_code else b""
    if isinstance(code, Refusal):
        return code
    return _Identity(
        scheme=_scheme_of(registry, info.number, city.division),
        application="city_union",
        aid=CITY_UNION_AID,
        ids=CardIds(raw[10:20], info.issuer_factor, info.card_factor, code),
        number=info.number,
        issuer=city.division,
        kind=info.main_type,
        enabled=info.enabled,
        starts=info.starts,
        expires=info.expires,
        on_account=info.sub_type == ACCOUNT_SUB_TYPE,
        travels=info.interoperable == b"\x00\x01",
    )


def _scheme_of(registry: Registry, number: str, division: str) -> str:
    """A card of this application belongs to City Union only where its city does; elsewhere it is
    the city's own (R-300)."""
    matches = registry.identify(number)
    if not isinstance(matches, Refusal):
        for match in matches:
            if match.scheme == "city_union" and match.kind == "member":
                return "city_union"
    return f"local:{division}"


def _public_file(link: CardLink, fci: bytes) -> bytes | Refusal:
    """File 0x15: from the answer to SELECT where it stands there, else read."""
    found = parse_fci(fci)
    if isinstance(found, Refusal):
        return found
    if len(found.data) == _PUBLIC_BYTES:
        return found.data
    return ask(link, Command(0x00, 0xB0, 0x95, 0x00, expected=_PUBLIC_BYTES), _PUBLIC_BYTES)


def _balance(link: CardLink) -> int | Refusal:
    """What is in the purse, in fen. Some cards set the topmost bit of it."""
    answer = ask(link, Command(0x80, 0x5C, 0x03, 0x02, expected=4), 4)
    return answer if isinstance(answer, Refusal) else int.from_bytes(answer, "big") & _MONEY


def _own_records(link: CardLink, city: str) -> Mapping[int, bytes] | Refusal:
    """Our records, until that of this city or a free one was found; {} where the card has none."""
    found: dict[int, bytes] = {}
    for record_id in (OPEN_RIDE, *FARE_SLOTS):
        record = _record(link, LOCAL_FILE, record_id)
        if record is None or isinstance(record, Refusal):
            return found if record is None else record
        found[record_id] = record
        read = fare_slots({record_id: record})
        if record_id != OPEN_RIDE and (not read or read[0].city == city):
            break
    return found


def _trips(
    link: CardLink, facts: ValidatorFacts, own: Mapping[int, bytes]
) -> dict[int, Transit] | Refusal:
    """The trip record of this means of transport, and that of the ride which is open."""
    kept = open_ride(own)
    wanted = {record_of(facts.mode)} | ({record_of(kept.mode)} if kept is not None else set())
    found = {}
    for record_id in sorted(wanted):
        raw = _record(link, _TRANSIT_FILE, record_id & 0xFF, _TRANSIT_BYTES)
        trip = parse_transit(raw) if isinstance(raw, bytes) else raw
        if isinstance(trip, Refusal):
            return trip
        if trip is not None:
            found[record_id] = trip
    return found


def _record(link: CardLink, sfi: int, record_id: int, length: int = 0) -> bytes | Refusal | None:
    """A record by its id; None where the card has no such file or record."""
    answer = exchange(link, Command(0x00, 0xB2, record_id, sfi << 3, expected=length))
    if isinstance(answer, Refusal):
        return answer
    if answer.ok:
        return answer.data
    missing = answer.status in (_NO_APPLICATION, _NO_RECORD)
    return None if missing else refusal_of(answer.status)


def _same(own: Mapping[int, bytes], transit: Transit | None) -> RecordWrite | None:
    if OPEN_RIDE in own:
        return RecordWrite(OPEN_RIDE, LOCAL_FILE, own[OPEN_RIDE])
    if transit is not None:
        return RecordWrite(transit.record_id & 0xFF, _TRANSIT_FILE, transit.raw)
    return None


def _open(
    own: Mapping[int, bytes], transit: Transit | None, facts: ValidatorFacts, setup: MediaSetup
) -> OpenEntry | None:
    """The ride that is open on the card: as our record has it, or as any operator's record does
    when that is newer or ours is not there."""
    kept = open_ride(own)
    elsewhere = None if transit is None else foreign_ride(transit, facts, setup)
    if elsewhere is not None and (kept is None or elsewhere.time_s > kept.time_s):
        return elsewhere
    if own or transit is None:
        return kept
    return recorded_ride(transit, facts, setup)


def _objection(
    token: MediumToken,
    who: _Identity,
    transit: Transit | None,
    facts: ValidatorFacts,
    has_own_records: bool,
) -> Refusal | None:
    if token.product == TEST:
        return Refusal("CARD_TEST_KIND")
    if not who.travels and who.issuer != facts.city:
        return Refusal("CARD_NOT_INTEROPERABLE")
    if transit is not None and transit.lock:
        return Refusal("CARD_LOCKED")
    keeps_rides = has_own_records or who.application == "t_union" or who.on_account
    if facts.role != "ride" and not keeps_rides:
        return Refusal("CARD_RECORDS_MISSING")
    return None
