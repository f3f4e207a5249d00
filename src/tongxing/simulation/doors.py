"""Doors of a simulated city, for whoever wants to try its pages: keys, passengers, cards, staff.

The keys are the run's own, so that what is bound and shown here is what the run's gates believe.
Everything is made-up and stands in ``data/doors.toml``; making it twice changes nothing.
"""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import msgspec

from tongxing.city import MediumOpening, RiderOpening
from tongxing.city.accounts import open_riders
from tongxing.city.people.cells import Cells
from tongxing.city.store import passenger, riders
from tongxing.deciding import MediumToken
from tongxing.front import CityFront, CityKeys
from tongxing.kernel.clock import business_date, calendar_date
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip.image_file import to_bytes
from tongxing.messages.taps import MediumKind
from tongxing.simulation.real_media import RunMedia
from tongxing.simulation.scenario import DATA, Scenario

FOLDER, ROOTS = "front", "roots.json"


class DoorPassenger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who may sign in: a phone number that nobody has, and the media of the
    simulated account that they get."""

    city: str
    phone: str
    media: list[MediumKind]


class DoorCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card to be bound, handed out `held_days` before somebody first looks."""

    city: str
    number: str
    scheme: str
    product: str
    balance_fen: int
    held_days: int


class DoorStaff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who works at a counter, or a station machine."""

    city: str
    staff_id: str
    name: str
    roles: list[str]
    place: str
    secret: str


class Doors(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is put behind the doors."""

    passengers: list[DoorPassenger]
    cards: list[DoorCard]
    staff: list[DoorStaff]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is there to be tried in one city: phone numbers, card files, staff and their secrets."""

    city: str
    phones: tuple[str, ...]
    cards: tuple[Path, ...]
    staff: tuple[tuple[str, str], ...]


def load_doors() -> Doors:
    """The file. Raises msgspec.ValidationError for one that does not fit."""
    text = files(DATA).joinpath("doors.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Doors)


def simulated_keys(seed: int, scenario: Scenario, city: str) -> CityKeys:
    """The keys of a run's city: test keys that protect nothing."""
    media = RunMedia(seed, scenario)
    cells = Cells.for_tests(f"run-{seed}-{city}")
    return CityKeys(media.vault, media.code_issuer(city), cells, media.trust.roots)


def roots_of(seed: int, scenario: Scenario) -> bytes:
    """The root keys of a run, as ``tongxing code verify --roots`` reads them."""
    roots = RunMedia(seed, scenario).trust.roots
    return msgspec.json.encode({str(index): key.hex() for index, key in roots.items()}) + b"\n"


def prepare(front: CityFront, seed: int, scenario: Scenario, home: Path, now_s: int) -> Prepared:
    """Put everything behind the doors of a city. Again, it finds it there."""
    doors, city = load_doors(), front.city
    (home / FOLDER).mkdir(parents=True, exist_ok=True)
    write_whole(home / FOLDER / ROOTS, roots_of(seed, scenario))
    media = RunMedia(seed, scenario)
    cards = [
        _card(front, media, card, home / FOLDER, now_s) for card in doors.cards if card.city == city
    ]
    people = [one for one in doors.passengers if one.city == city]
    taken: set[str] = set()
    for one in people:
        _passenger(front, one, taken, now_s)
    staff = [one for one in doors.staff if one.city == city]
    for member in staff:
        _staff(front, member, now_s)
    return Prepared(
        city,
        tuple(one.phone for one in people),
        tuple(cards),
        tuple((one.staff_id, one.secret) for one in staff),
    )


def _card(front: CityFront, media: RunMedia, card: DoorCard, folder: Path, now_s: int) -> Path:
    """A purse in the books, and the file of its chip; what was done with either stays done."""
    file = folder / f"card-{card.number[-4:]}.image"
    issued = calendar_date(now_s) - timedelta(days=card.held_days)
    with front.office.alone() as cursor:
        known = riders.load_riders(cursor, [card.number])[card.number].kind == "purse"
        if not known:
            medium = MediumOpening(card.number, "card", card.scheme, card.product, issued_on=issued)
            opening = RiderOpening(card.number, (medium,), card.balance_fen, purse=True)
            open_riders(cursor, card.city, [opening], now_s, business_date(now_s))
    if not file.exists():
        token = MediumToken(
            scheme=card.scheme,
            medium_no=card.number,
            medium_kind="card",
            issuer=card.city,
            product=card.product,
            funding="purse",
            expires=date(2099, 12, 31),
            balance_fen=card.balance_fen,
        )
        made = media.card(token, now_s, starts=issued)
        write_whole(file, to_bytes(made.chip.image), private=True)
    return file


def _passenger(front: CityFront, one: DoorPassenger, taken: set[str], now_s: int) -> None:
    """The busiest account with such media gets this phone, unless the phone has one already."""
    with front.office.reading() as cursor:
        accounts = passenger.busiest_accounts(cursor, one.media, limit=len(taken) + 50)
    for account in accounts:
        if account in taken:
            continue
        found = front.people.take_over(account, one.phone, now_s)
        if not isinstance(found, Refusal):
            taken.add(account)
            front.money.enrol(account, now_s)
            return


def _staff(front: CityFront, member: DoorStaff, now_s: int) -> None:
    found = front.staff.enrol(
        member.staff_id, member.name, tuple(member.roles), member.secret, "setup", now_s,
        member.place,
    )  # fmt: skip
    assert not isinstance(found, Refusal) or found.code == "STAFF_ID_TAKEN", found
