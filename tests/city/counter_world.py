"""A counter: an old M1 purse, a new card for it, and short words for what is done with them."""

from datetime import timedelta

from half_trip_world import proofs_hold

from street import CHONGQING, CITY_KEY, DAY, KEYS, OPENINGS, Taps, moment, send
from tongxing.city import (
    City,
    Load,
    MediumOpening,
    MediumSeen,
    NewCard,
    Replaced,
    Replacing,
    RiderOpening,
)
from tongxing.city.store.replacing import Why
from tongxing.fares import load_city_fares
from tongxing.kernel import clock
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DenyList, Tap, unseal
from tongxing.network.legacy import Trust
from tongxing.storage import Database

LOCAL = "local:500000"
OLD, NEW, NEWER = "4000000000000017", "4000000000000025", "4000000000000033"
STAFF = "s7"
NOON = moment("12:00")
READY_S = NOON + 7 * clock.DAY_S
"""From here on the money of a purse replaced at noon may be loaded."""

M1 = RiderOpening(
    OLD,
    (MediumOpening(OLD, "card", LOCAL, "ordinary", trust="legacy_untrusted"),),
    5_000,
    purse=True,
)


def counter(database: Database, *more: RiderOpening) -> City:
    """Chongqing with an M1 purse of 50 yuan beside its other passengers."""
    city = City(CHONGQING, database, CITY_KEY, KEYS, load_city_fares(CHONGQING))
    city.open_riders([*OPENINGS, M1, *more], clock.at(DAY, 3))
    return city


def asking(
    new: str = NEW,
    old: str = OLD,
    *,
    request: str = "r1",
    why: Why = "legacy",
    scheme: str = LOCAL,
    trust: Trust = "proven",
    staff: str = STAFF,
) -> Replacing:
    return Replacing(request, staff, old, NewCard(new, scheme, trust), why)


def replaced(city: City, asked: Replacing | None = None, at: int = NOON) -> Replaced:
    found = city.replace_medium(asked or asking(), at)
    assert isinstance(found, Replaced), found
    return found


def load_of(found: Load | Refusal) -> Load:
    assert isinstance(found, Load), found
    return found


def loaded(city: City, number: str = NEW, *, request: str = "l1", at: int = READY_S) -> Load:
    """Begin a load and say that the chip has it."""
    load_of(city.start_load(request, number, STAFF, at))
    return load_of(city.end_load(request, True, STAFF, at))


def seen(city: City, number: str, at: int = NOON) -> MediumSeen:
    found = city.medium(number, at)
    assert isinstance(found, MediumSeen), found
    return found


def ride(taps: Taps, when: str | int, number: str, taken: int) -> Tap:
    """A bus ride for which a gate took so much."""
    return taps(when, number, "ride", "", line="bus-149", mode="bus", taken=taken)


def on(day: int, text: str = "12:00") -> int:
    """A time of the month of DAY."""
    return moment(text, DAY + timedelta(days=day - DAY.day))


def denied(city: City) -> dict[str, str]:
    opened = unseal(city.publish_deny_list(NOON), DenyList, KEYS)
    assert not isinstance(opened, Refusal)
    return {entry.medium_no: entry.reason for entry in opened[1].entries}


def books(database: Database) -> dict[str, int]:
    """The issuer's accounts that this is about, what it owes or earned above zero."""
    with database.connect(f"city_{CHONGQING}") as connection:
        rows = connection.execute(
            "SELECT account, -sum(amount_fen)::bigint FROM posting_line WHERE entity = %s AND"
            " (account = ANY(%s) OR starts_with(account, 'exp_') OR starts_with(account, 'inc_')"
            " OR account = 'bank_own') GROUP BY account HAVING sum(amount_fen) <> 0",
            (f"ISS-{CHONGQING}", [f"liab_purse:{number}" for number in (OLD, NEW, NEWER)]),
        ).fetchall()
    return {str(account): int(amount) for account, amount in rows}


__all__ = ["moment", "proofs_hold", "send"]
