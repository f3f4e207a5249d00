"""The register of published tariffs: a folder that only ever grows, and can prove it.

Each publication is a whole tariff file under the name of its SHA-256, and a line of
``register.jsonl`` that carries the digest of the line before it. Whatever is changed, removed or
put between later is found by `verify`; only cutting off the end needs a digest noted elsewhere
(`head`). This is the one module of the room that writes files; time is an argument.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tongxing.fares.publishing.effective import Change, date_refusal, first_change
from tongxing.fares.publishing.files import only_writer, sweep
from tongxing.fares.publishing.findings import both
from tongxing.fares.publishing.linting import lint
from tongxing.fares.tariff import TariffBook, book_codes, load_book, read_book
from tongxing.kernel.clock import at, stamp
from tongxing.kernel.files import write_whole
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal

REGISTER = "register.jsonl"
TARIFFS = "tariffs"
FIRST = "0" * 64
WAIT_S = 60.0

_DIGEST = re.compile(r"[0-9a-f]{64}")
_HEAD = re.compile(r"[0-9a-f]{8,64}")

Review = Callable[[TariffBook], Refusal | None]
"""A look at a tariff before it is published, such as the search for loopholes."""


class Publication(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from"}):
    """One line of the register.

    `sha256` names the file, `from_day` is the first day whose prices it changes (None: none),
    `previous` the digest of the line before, `digest` that of everything else in this line.
    `emergency` is the reason of one, "" for an ordinary publication. `opening` is True where a
    register begins with fares already in force; every other line does not speak of it.
    """

    number: int
    city: str
    sha256: str
    previous: str
    from_day: date | None
    published_s: int
    by: str = ""
    second: str = ""
    emergency: str = ""
    opening: bool | UnsetType = UNSET
    digest: str = ""

    def line(self) -> bytes:
        return msgspec.json.encode(self) + b"\n"

    def own_digest(self) -> str:
        return sha256_hex(msgspec.structs.replace(self, digest="").line())


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to publish: the file's bytes and name, the city, when and by whom.

    `opening` enters fares already in force as the first ones of a city that has none here.
    """

    content: bytes
    name: str
    city: str
    now_s: int
    effective: date | None = None
    by: str = ""
    second: str = ""
    emergency: str = ""
    opening: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """A publication as it stands in the register; `is_new` is False when it stood there before."""

    publication: Publication
    is_new: bool
    change: Change | None


def publish(
    register: Path, wish: Wish, reviews: Sequence[Review] = (), wait_s: float = WAIT_S
) -> Published | Refusal:
    """Enter a tariff into the register, or say why not.

    Refuses a file with errors, another city's, one that a review stops, and one that changes a day
    that may no longer change; takes nothing into a damaged register. The newest file of a city once
    more changes nothing. Raises OSError when the folder cannot be written.
    """
    linted = lint(wish.content, wish.name)
    if linted.book is None:
        values = {"file": wish.name, "count": len(linted.errors)}
        return Refusal("TARIFF_HAS_ERRORS", wish.name, values)
    if linted.book.city != wish.city:
        values = {"found": linted.book.city, "city": wish.city}
        return Refusal("TARIFF_CITY_DIFFERS", wish.name, values)
    if wish.emergency and not _two_people(wish.by, wish.second, wish.emergency):
        return Refusal("TARIFF_EMERGENCY", "--emergency")
    for review in reviews:
        refusal = review(linted.book)
        if refusal is not None:
            return refusal
    (register / TARIFFS).mkdir(parents=True, exist_ok=True)
    with only_writer(register, wait_s) as held:
        if not held:
            return Refusal("REGISTER_BUSY", str(register), {"wait_s": int(wait_s)})
        sweep(register)
        sweep(register / TARIFFS)
        return _enter(register, wish, linted.book)


def _two_people(by: str, second: str, reason: str) -> bool:
    one, other = _plain(by), _plain(second)
    return bool(one and other and one != other and reason.strip())


def _plain(name: str) -> str:
    """A name without the ways of writing it: case, width, blanks."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _enter(register: Path, wish: Wish, book: TariffBook) -> Published | Refusal:
    known = _undamaged(register)
    if isinstance(known, Refusal):
        return known
    newest = _newest(known, wish.city)
    is_known = newest is not None and newest.sha256 == sha256_hex(wish.content)
    if newest is not None and is_known and (not wish.opening or newest.opening is True):
        return Published(newest, False, None)
    if known and known[-1].published_s > wish.now_s:
        values = {"last": stamp(known[-1].published_s), "now": stamp(wish.now_s)}
        return Refusal("REGISTER_CLOCK", str(register), values)
    current = _current_book(register, newest, wish.city)
    if isinstance(current, Refusal):
        return current
    change = first_change(current, book)
    if wish.opening:
        refusal = _opening_refusal(wish, newest, current, change)
    else:
        emergency, is_first = bool(wish.emergency), current is None
        refusal = date_refusal(change, wish.effective, wish.now_s, emergency, is_first)
    if refusal is not None:
        return refusal
    publication = _line_of(wish, known, change)
    if not (register / REGISTER).exists():
        write_whole(register / REGISTER, b"")
    write_whole(_file(register, publication), wish.content)
    lines = [*known, publication]
    write_whole(register / REGISTER, b"".join(one.line() for one in lines))
    return Published(publication, True, change)


def _undamaged(register: Path) -> tuple[Publication, ...] | Refusal:
    """Every publication, if each line and each file is the one that was written."""
    known = read_register(register)
    if isinstance(known, Refusal):
        return known
    found = (_published_bytes(register, one) for one in known)
    return next((one for one in found if isinstance(one, Refusal)), known)


def _opening_refusal(
    wish: Wish, newest: Publication | None, current: TariffBook | None, change: Change | None
) -> Refusal | None:
    """Why a city may not open with this file; only fares in force that are not here yet may."""
    if newest is not None:
        key = "published"
    elif current is not None:
        key = "bundled"
    elif wish.emergency:
        key = "emergency"
    elif change is None or at(change.day) > wish.now_s:
        key = "later"
    elif wish.effective is not None and change.day != wish.effective:
        key = "other_day"
    else:
        return None
    day = "" if change is None else change.day
    number = 0 if newest is None else newest.number
    told = both("detail", f"opening.{key}", day=day, number=number, city=wish.city)
    return Refusal("TARIFF_OPENING", "--opening", {"day": day, "number": number, **told})


def _line_of(wish: Wish, known: Sequence[Publication], change: Change | None) -> Publication:
    bare = Publication(
        number=len(known) + 1,
        city=wish.city,
        sha256=sha256_hex(wish.content),
        previous=known[-1].digest if known else FIRST,
        from_day=None if change is None else change.day,
        published_s=wish.now_s,
        by=wish.by,
        second=wish.second,
        emergency=wish.emergency,
        opening=True if wish.opening else UNSET,
    )
    return msgspec.structs.replace(bare, digest=bare.own_digest())


def _newest(
    known: Sequence[Publication], city: str, now_s: int | None = None
) -> Publication | None:
    mine = (
        one
        for one in reversed(known)
        if one.city == city and (now_s is None or one.published_s <= now_s)
    )
    return next(mine, None)


def _current_book(
    register: Path, newest: Publication | None, city: str
) -> TariffBook | Refusal | None:
    """What is in force now: the newest publication, else the book the project comes with."""
    if newest is not None:
        return _read_published(register, newest)
    return load_book(city) if city in book_codes() else None


def _file(register: Path, publication: Publication) -> Path:
    return register / TARIFFS / f"{publication.sha256}.toml"


def _published_bytes(register: Path, publication: Publication) -> bytes | Refusal:
    """The file of one publication, after its bytes were found to be the ones published."""
    file = _file(register, publication)
    where = {"file": f"{TARIFFS}/{file.name}", "number": publication.number}
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return _broken(register, "missing", **where)
    is_ours = sha256_hex(content) == publication.sha256
    return content if is_ours else _broken(register, "changed", **where)


def _read_published(register: Path, publication: Publication) -> TariffBook | Refusal:
    content = _published_bytes(register, publication)
    if isinstance(content, Refusal):
        return content
    file = f"{TARIFFS}/{_file(register, publication).name}"
    unreadable = _broken(register, "unreadable", file=file, number=publication.number)
    try:
        book = read_book(content)
    except (ValueError, OverflowError, LookupError):
        return unreadable
    return book if book.city == publication.city else unreadable


def read_register(register: Path) -> tuple[Publication, ...] | Refusal:
    """Every publication in order; REGISTER_BROKEN at the first line that does not belong.

    An empty or missing folder is an empty register.
    """
    file = register / REGISTER
    if not file.exists():
        if any((register / TARIFFS).glob("*.toml")):
            return _broken(register, "gone", file=REGISTER)
        return ()
    found: list[Publication] = []
    content = file.read_bytes()
    for number, line in enumerate(content.splitlines(keepends=True), start=1):
        where = {"file": REGISTER, "line": number}
        try:
            one = msgspec.json.decode(line, type=Publication)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return _broken(register, "line", **where)
        is_ours = one.line() == line and one.digest == one.own_digest()
        if not is_ours or not _DIGEST.fullmatch(one.sha256):
            return _broken(register, "line", **where)
        if one.previous != (found[-1].digest if found else FIRST):
            return _broken(register, "chain", **where)
        if one.number != number or (found and one.published_s < found[-1].published_s):
            return _broken(register, "number", **where)
        found.append(one)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a register holds, and everything that is wrong with it."""

    publications: tuple[Publication, ...]
    faults: tuple[Refusal, ...]


def verify(register: Path, head: str = "") -> Verified | Refusal:
    """Go through the whole register: every line, every file, and that nothing is missing.

    `head` is a digest noted at an earlier publication, or its first eight digits or more; the
    register must still hold that line. Refuses a folder that is no register (FILE_NOT_FOUND) and
    a `head` that is no digest (ARG_INVALID).
    """
    wanted = head.strip().casefold()
    if head and not _HEAD.fullmatch(wanted):
        return Refusal("ARG_INVALID", "--head", {"text": head[:64], **both("detail", "head")})
    known = read_register(register)
    if isinstance(known, Refusal):
        return Verified((), (known,))
    if not (register / REGISTER).exists():
        return Refusal("FILE_NOT_FOUND", str(register / REGISTER))
    faults = [
        found
        for found in (_read_published(register, one) for one in known)
        if isinstance(found, Refusal)
    ]
    if head and not any(one.digest.startswith(wanted) for one in known):
        faults.append(_broken(register, "head", head=head))
    return Verified(known, tuple(faults))


def published_book(register: Path, city: str, now_s: int) -> TariffBook | Refusal:
    """The newest book of a city published by an instant.

    Refuses with REGISTER_EMPTY when there is none and REGISTER_BROKEN when the register or the
    file is not as it was written; a damaged register never gives a price.
    """
    known = read_register(register)
    if isinstance(known, Refusal):
        return known
    newest = _newest(known, city, now_s)
    if newest is None:
        return Refusal("REGISTER_EMPTY", str(register), {"register": register, "city": city})
    return _read_published(register, newest)


def _broken(register: Path, key: str, **values: object) -> Refusal:
    told = both("detail", f"broken.{key}", **values)
    return Refusal("REGISTER_BROKEN", str(register), {**values, **told})
