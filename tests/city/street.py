"""A short language for cases: who taps where and when, told to a real city over a real database."""

from collections.abc import Iterable
from datetime import date

from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.fares import load_city_fares
from tongxing.kernel import clock
from tongxing.kernel.reasons import Refusal
from tongxing.messages import (
    HUB_SENDER,
    KeyRing,
    PurseFacts,
    Receipt,
    SigningKey,
    Tap,
    TapBatch,
    TapRef,
    seal,
    unseal,
)
from tongxing.messages.taps import Funding, TapKind
from tongxing.storage import Database

CHONGQING = "500000"
DAY = date(2026, 3, 17)
TARIFF = load_city_fares(CHONGQING).tariff_at(clock.at(DAY, 8)).id

CITY_KEY = SigningKey.from_secret(f"CITY-{CHONGQING}", b"c" * 32)
HUB_KEY = SigningKey.from_secret(HUB_SENDER, b"h" * 32)
SITE_KEY = SigningKey.from_secret("SITE-1", b"s" * 32)
OTHER_SITE_KEY = SigningKey.from_secret("SITE-2", b"t" * 32)
KEYS = KeyRing(
    {key.sender: key.public_bytes() for key in (CITY_KEY, HUB_KEY, SITE_KEY, OTHER_SITE_KEY)}
)

CARD, CODE = "5000000000000001", "a1-code"
PURSE, OTHER_PURSE = "5000000000000007", "5000000000000008"
VISITOR = "3104100000000000009"

OPENINGS = [
    RiderOpening(
        "a1",
        (
            MediumOpening(CARD, "card", "local:500000", "ordinary"),
            MediumOpening(CODE, "code", "local:500000", "ordinary"),
        ),
        balance_fen=10_000,
        limit_fen=2_000,
    ),
    RiderOpening(
        PURSE, (MediumOpening(PURSE, "card", "local:500000", "ordinary"),), 5_000, purse=True
    ),
    RiderOpening(
        OTHER_PURSE,
        (MediumOpening(OTHER_PURSE, "card", "local:500000", "ordinary"),),
        5_000,
        purse=True,
    ),
]


def moment(text: str, day: date = DAY) -> int:
    """``08:10`` or ``08:10:30`` of a day; hours past 24 are the next day's."""
    hour, minute, *second = (int(part) for part in text.split(":"))
    return clock.at(day, hour, minute, *second)


def open_city(database: Database) -> City:
    """Chongqing with the passengers above."""
    city = City(CHONGQING, database, CITY_KEY, KEYS, load_city_fares(CHONGQING))
    city.open_riders(OPENINGS, clock.at(DAY, 3))
    return city


class Taps:
    """Makes taps with the numbers a terminal would give them."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def __call__(
        self,
        time: str | int,
        medium: str,
        kind: TapKind,
        station: str,
        *,
        line: str = "",
        mode: str = "rail",
        taken: int | None = None,
        outcome: str = "opened",
        vehicle: str = "",
        place: str = CHONGQING,
    ) -> Tap:
        terminal = f"T-{station or line}-{kind}"
        self._last[terminal] = seq = self._last.get(terminal, 0) + 1
        funding: Funding = "account" if medium in (CARD, CODE) else "purse"
        visitor = medium == VISITOR
        return Tap(
            ref=TapRef(terminal, 1, seq),
            time_s=time if isinstance(time, int) else moment(time),
            kind=kind,
            city=CHONGQING,
            place=place,
            mode=mode,
            operator="OP-CQ-RAIL",
            line=line,
            station=station,
            vehicle=vehicle,
            medium_no=medium,
            medium_kind="code" if medium == CODE else "card",
            scheme="t_union" if visitor else "local:500000",
            issuer="110000" if visitor else CHONGQING,
            product="ordinary",
            funding=funding,
            purse=PurseFacts(1, 5_000, taken or 0) if funding == "purse" else None,
            outcome="opened" if outcome == "opened" else "refused",
            reason="OPEN" if outcome == "opened" else outcome,
            tariff=TARIFF,
            deny_list_version=0,
        )


def sealed(taps: Iterable[Tap], key: SigningKey = SITE_KEY) -> bytes:
    return seal(TapBatch(site=key.sender, taps=list(taps)), key)


def send(city: City, *taps: Tap, at: str | int = "23:00") -> Receipt:
    """One batch in, its receipt out."""
    return receipt_of(city, sealed(taps), at)


def receipt_of(city: City, message: bytes, at: str | int = "23:00") -> Receipt:
    [answer] = city.intake([message], at if isinstance(at, int) else moment(at))
    assert not isinstance(answer, Refusal), answer
    opened = unseal(answer, Receipt, KEYS)
    assert not isinstance(opened, Refusal), opened
    return opened[1]


def booked(database: Database) -> list[tuple[str, str, str, str, int, int]]:
    """The live trips: rider, how, origin, destination, charge, revision."""
    with database.connect(f"city_{CHONGQING}") as connection:
        return connection.execute(
            "SELECT rider_id, how, origin, destination, charge_fen, revision FROM trip"
            " WHERE how <> 'void' ORDER BY entered_s, rider_id, trip_id"
        ).fetchall()


def balance_of(database: Database, rider: str) -> int:
    with database.connect(f"city_{CHONGQING}") as connection:
        row = connection.execute(
            "SELECT balance_fen FROM rider WHERE rider_id = %s", (rider,)
        ).fetchone()
    return 0 if row is None else int(row[0])


def held_of(database: Database, rider: str) -> int:
    """What is held of a rider's money, for an open trip and for half trips."""
    with database.connect(f"city_{CHONGQING}") as connection:
        row = connection.execute(
            "SELECT held_fen FROM rider WHERE rider_id = %s", (rider,)
        ).fetchone()
    return 0 if row is None else int(row[0])
