"""The card in the field, as a binding looks at it: its names, what it says of itself, its balance,
and one purchase that the issuer's own security module begins.

What a chip says in the clear is a claim and decides nothing alone; what it signs is checked by the
vault. Nothing here changes the books or says whether a card may be bound.
"""

from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from tongxing.kernel.clock import CHINA, instant, local
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import Command
from tongxing.media.card.files import (
    parse_city_union_info,
    parse_management,
    parse_public_info,
    parse_transit,
)
from tongxing.media.card.files.kept import LOCAL_FILE, OPEN_RIDE, content_of
from tongxing.media.card.files.transit import BUS, RAIL
from tongxing.media.card.link import CardLink
from tongxing.media.card.terminal import SINGLE, CardIds, Purchase, SoftwareSam, Unfinished, begin
from tongxing.media.card.terminal.reading import PUBLIC_BYTES, select
from tongxing.media.card.terminal.sealing import (
    CITY_UNION_PURSE,
    T_UNION_PURSE,
    PurseApplication,
    names_of,
)
from tongxing.media.card.terminal.talking import ask, exchange, refusal_of
from tongxing.media.keys.vault import KeyVault
from tongxing.network.regions import city_union_city, region_code_of

_APPLICATIONS = (T_UNION_PURSE, CITY_UNION_PURSE)
_READ_PUBLIC = Command(0x00, 0xB0, 0x95, 0x00, expected=PUBLIC_BYTES)
_READ_MANAGEMENT = Command(0x00, 0xB0, 0x97, 0x00, expected=60)
_GET_BALANCE = Command(0x80, 0x5C, 0x03, 0x02, expected=4)
_TRANSIT_FILE, _TRANSIT_BYTES = 0x1A, 128
_MONEY = 0x7FFF_FFFF
_MISSING = (0x6A82, 0x6A83)
_TIME = "%Y%m%d%H%M%S"
_SERIAL_BYTES = 4


class PurseNames(msgspec.Struct, frozen=True):
    """How the purse of a card is spoken to: its application and its names."""

    t_union: bool
    ids: CardIds

    @property
    def application(self) -> PurseApplication:
        """The application in which the purse lies."""
        return T_UNION_PURSE if self.t_union else CITY_UNION_PURSE


@dataclass(frozen=True, slots=True)
class PurseSeen:
    """What a card says of itself. `marked`: it is the key to an account already; `entered`: a ride
    is open on it; `starts` and `expires` are its first and last day. `vouched` says that its
    balance is no mere claim of a reader that is not ours (`balance`)."""

    names: PurseNames
    number: str
    kind: int
    enabled: bool
    starts: date
    expires: date
    marked: bool
    entered: bool
    balance_fen: int
    vouched: bool = False


class Nonce(msgspec.Struct, frozen=True):
    """What a card is to sign besides an amount: a terminal of the issuer's (6 bytes), a serial that
    was drawn, and the moment (YYYYMMDDhhmmss)."""

    terminal_no: bytes
    serial: int
    time: str


def drawn_nonce(city: str, terminal: str, drawn: bytes, now_s: int) -> Nonce:
    """The nonce of four drawn bytes. Raises ValueError for a city without a region code."""
    region = region_code_of(city)
    if region is None:
        raise ValueError(f"no region code for {city}")
    serial = int.from_bytes(drawn[:_SERIAL_BYTES], "big")
    return Nonce(bytes.fromhex(region + terminal), serial, local(now_s).strftime(_TIME))


def moment_of(time: str) -> int:
    """The instant of a time as it is signed. Raises ValueError for one that is none."""
    return instant(datetime.strptime(time, _TIME).replace(tzinfo=CHINA))


def is_of(city: str, names: PurseNames) -> bool:
    """Whether a card's key is made by an issuer of this city: the vault may know others' too, and
    another's card can bear a number of ours."""
    if names.t_union:
        return names.ids.issuer8[2:4].hex() == region_code_of(city)
    found = city_union_city(names.ids.issuer8[:2].hex())
    return found is not None and found.division == city


def read_purse(card: CardLink) -> PurseSeen | Refusal:
    """Read the card in the field; its application stays selected.

    Refuses CARD_APP_MISSING, CARD_NUMBER, CARD_NOT_ACTIVE, and what the card refuses (`talking`).
    """
    for application in _APPLICATIONS:
        selected = select(card, application.aid)
        if not isinstance(selected, Refusal):
            return _seen(card, application)
        if selected.code != "CARD_APP_MISSING":
            return selected
    return Refusal("CARD_APP_MISSING")


def begin_purchase(
    card: CardLink, vault: KeyVault, names: PurseNames, nonce: Nonce, amount_fen: int
) -> tuple[Unfinished, SoftwareSam] | Refusal:
    """A purchase up to the moment before the card pays, signed by the issuer's own module.

    Nothing on the card has changed yet. Refuses CARD_BALANCE, and what card and module refuse.
    """
    module = SoftwareSam(nonce.terminal_no, vault, _Drawn(nonce.serial))
    plan = Purchase(amount_fen, SINGLE, nonce.time, terminal_no=nonce.terminal_no)
    begun = begin(card, module, names.ids, plan)
    return begun if isinstance(begun, Refusal) else (begun, module)


class _Drawn:
    """A serial that was drawn, and is in the books, before it is used: once."""

    def __init__(self, serial: int) -> None:
        self._serial = serial

    def next(self) -> int:
        return self._serial


def _seen(card: CardLink, application: PurseApplication) -> PurseSeen | Refusal:
    public = ask(card, _READ_PUBLIC, PUBLIC_BYTES)
    if isinstance(public, Refusal):
        return public
    kind = _kind_of(card, application, public)
    if isinstance(kind, Refusal):
        return kind
    balance = ask(card, _GET_BALANCE, 4)
    if isinstance(balance, Refusal):
        return balance
    entered = _entered(card, application)
    if isinstance(entered, Refusal):
        return entered
    number, enabled, starts, expires = _said(application, public)
    if number is None or starts is None or expires is None:
        return Refusal("CARD_NUMBER" if number is None else "CARD_NOT_ACTIVE")
    return PurseSeen(
        names=PurseNames(application is T_UNION_PURSE, names_of(application, public)),
        number=number,
        kind=kind,
        enabled=enabled,
        starts=starts,
        expires=expires,
        marked=application.is_marked(public),
        entered=entered,
        balance_fen=int.from_bytes(balance, "big") & _MONEY,
    )


def _said(
    application: PurseApplication, public: bytes
) -> tuple[str | None, bool, date | None, date | None]:
    """Number, whether it is in use, first and last day, as the public file has them."""
    parse = parse_public_info if application is T_UNION_PURSE else parse_city_union_info
    info = parse(public)
    assert not isinstance(info, Refusal), "the public file has its length"
    return info.number, info.enabled, info.starts, info.expires


def _kind_of(card: CardLink, application: PurseApplication, public: bytes) -> int | Refusal:
    if application is not T_UNION_PURSE:
        info = parse_city_union_info(public)
        return info if isinstance(info, Refusal) else info.main_type
    raw = ask(card, _READ_MANAGEMENT)
    management = raw if isinstance(raw, Refusal) else parse_management(raw)
    return management if isinstance(management, Refusal) else management.kind


def _entered(card: CardLink, application: PurseApplication) -> bool | Refusal:
    """Whether a ride is open on the card: as our gates keep it, or in a common record."""
    own = _record(card, LOCAL_FILE, OPEN_RIDE, 0)
    if isinstance(own, Refusal) or (own and content_of(own)):
        return own if isinstance(own, Refusal) else True
    for record_id in (RAIL, BUS) if application is T_UNION_PURSE else ():
        raw = _record(card, _TRANSIT_FILE, record_id & 0xFF, _TRANSIT_BYTES)
        trip = parse_transit(raw) if isinstance(raw, bytes) else raw
        if isinstance(trip, Refusal):
            return trip
        if trip is not None and trip.entered:
            return True
    return False


def _record(card: CardLink, sfi: int, record_id: int, length: int) -> bytes | Refusal | None:
    """A record by its id; None where the card has no such file or record."""
    answer = exchange(card, Command(0x00, 0xB2, record_id, sfi << 3, expected=length))
    if isinstance(answer, Refusal) or answer.ok:
        return answer if isinstance(answer, Refusal) else answer.data
    return None if answer.status in _MISSING else refusal_of(answer.status)
