"""What a new card shall be, and the card made of it (personalisation).

A profile names one application, and with `second` a card with two. Keys are given as card keys: a
profile never holds a master key and cannot make one. Numbers of our own cards begin with 319901.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from msgspec.structs import replace

from tongxing.media.card.chip.image import (
    Access,
    Application,
    Binary,
    CardImage,
    CardKey,
    File,
    Pin,
    Ring,
    Scheme,
    Switches,
    Variable,
)
from tongxing.media.card.chip.names import CITY_UNION, T_UNION, T_UNION_SM, directory_record
from tongxing.media.card.files.city_union import make_city_union_info
from tongxing.media.card.files.control import make_control
from tongxing.media.card.files.holder import make_holder
from tongxing.media.card.files.management import make_management
from tongxing.media.card.files.public import make_public_info
from tongxing.media.crypto.suites import DES, KEY_BYTES, SM4

CardKeyUse = Literal["DPK", "DLK", "DTK", "DAMK", "UK", "IK", "DRPK"]
"""Purchase, load, TAC, maintenance, external and internal authentication, reload of a PIN."""

_SM4_INDEXES = 0x40
"""Key indexes from here on are those of the national algorithm (01 and 41 are twins)."""
_SHORT_RECORDS = {0x07: 112, 0x0D: 30}
_RECORD_IDS = range(0x01, 0x13)
_RECORD_SIZE = 128
_LOG_SIZE, _LOG_LINES = 23, 10
_FILE_IDS: Mapping[Scheme, int] = {"t_union": 0x1001, "city_union": 0x3F01}
_LABELS: Mapping[Scheme, str] = {"t_union": "MOT_T_EP", "city_union": "CITY_UNION"}
_USUAL = Switches()
_NUMBER_DIGITS: Mapping[Scheme, int] = {"t_union": 19, "city_union": 16}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardProfile:
    """One application of a card to be made, and what else is on the card.

    `number`: 19 digits (T-Union) or 16 (City Union). `issuer_id`: 8 bytes, of which City Union uses
    the first two. `city`, `province`: region codes of four digits; for City Union the postal ones.
    `aid` "" is the scheme's own; a phone's is longer. `keys`: 16-byte card keys by use and index;
    indexes from 41 on, and every index of the national AID (..07), are SM4. `pin`: 2 to 6 bytes.
    `fci_data`: the last two bytes of file 0x15; `sub_type`: the last one of a City Union card.
    `locals`: whole records of the operator's file 0x19. `security_code`: the 9 bytes of a City
    Union card. `access`: who may write a file of bytes, where that is not who knows the maintenance
    key. `second` shares the money of the first when `shared_purse` is set.
    """

    number: str = field(repr=False)
    issuer_id: bytes
    keys: Mapping[tuple[CardKeyUse, int], bytes] = field(repr=False)
    starts: date
    expires: date
    scheme: Scheme = "t_union"
    aid: bytes = b""
    city: str = "6900"
    province: str = "6900"
    kind: int = 1
    version: int = 1
    interoperable: bool = True
    fci_data: bytes = b"\x00\x00"
    sub_type: int = 0
    balance_fen: int = 0
    loads: int = 0
    purchases: int = 0
    key_version: int = 1
    pin: bytes = field(default=b"", repr=False)
    security_code: bytes = b""
    locals: tuple[bytes, ...] = ()
    access: Mapping[int, Access] = field(default_factory=dict)
    switches: Switches = _USUAL
    second: "CardProfile | None" = None
    shared_purse: bool = False

    def __post_init__(self) -> None:
        wrong = [
            len(self.number) != _NUMBER_DIGITS[self.scheme] or not self.number.isdecimal(),
            any(len(key) != KEY_BYTES for key in self.keys.values()),
            not 0 <= self.balance_fen <= self.switches.balance_max_fen,
            self.scheme == "city_union" and len(self.security_code) != 9,
            bool(self.pin) and not 2 <= len(self.pin) <= 6,
            self.second is not None and self.second.second is not None,
        ]
        if any(wrong):
            raise ValueError("a profile needs a whole number, 16-byte keys, money in its limits")


def personalise(profile: CardProfile) -> CardImage:
    """A new card: files written, keys in place, logs empty. Raises ValueError for no card."""
    applications, purses = [_application(profile)], [profile.balance_fen]
    if profile.second is not None:
        if not profile.shared_purse:
            purses.append(profile.second.balance_fen)
        second = _application(profile.second)
        applications.append(replace(second, purse=len(purses) - 1, priority=2))
    entries = tuple(directory_record(one) for one in applications)
    directory = Variable(0x01, len(entries), entries, access="never", by_purchase=False)
    return CardImage(tuple(applications), tuple(purses), (directory,))


def _application(profile: CardProfile) -> Application:
    scheme = profile.scheme
    aid = profile.aid or (T_UNION if scheme == "t_union" else CITY_UNION)
    made = Application(
        aid=aid,
        file_id=_FILE_IDS[scheme],
        scheme=scheme,
        label=_LABELS[scheme],
        priority=1,
        files=_t_union_files(profile) if scheme == "t_union" else _city_union_files(profile),
        keys=tuple(_key(profile, aid, use, index) for use, index in sorted(profile.keys)),
        pins=(Pin(0, profile.pin),) if profile.pin else (),
        switches=profile.switches,
        loads=profile.loads,
        purchases=profile.purchases,
        security_code=profile.security_code,
    )
    return made if scheme == "t_union" else replace(made, load_log=0x1A)


def _key(profile: CardProfile, aid: bytes, use: CardKeyUse, index: int) -> CardKey:
    algorithm = algorithm_of(aid, index)
    return CardKey(use, index, profile.key_version, algorithm, profile.keys[use, index])


def algorithm_of(aid: bytes, index: int) -> int:
    """The algorithm byte of a key: SM4 by its index, or because the application knows no other."""
    national = aid.startswith(T_UNION_SM) or index >= _SM4_INDEXES
    return SM4 if national else DES


def _t_union_files(profile: CardProfile) -> tuple[File, ...]:
    public = make_public_info(
        profile.issuer_id,
        profile.number,
        profile.starts,
        profile.expires,
        version=profile.version,
        fci_data=profile.fci_data,
    )
    management = make_management(
        profile.city, profile.province, kind=profile.kind, interoperable=profile.interoperable
    )
    control = make_control(profile.starts, profile.expires, main_type=profile.kind)
    return (
        _binary(profile, 0x05, control),
        _binary(profile, 0x06, bytes(64)),
        _binary(profile, 0x15, public),
        _binary(profile, 0x16, make_holder()),
        _binary(profile, 0x17, management),
        Ring(0x18, _LOG_SIZE, _LOG_LINES),
        Variable(0x19, 16, profile.locals),
        Variable(0x1A, len(_RECORD_IDS), tuple(map(_unused_record, _RECORD_IDS))),
        Ring(0x1E, 48, 30, by_purchase=True, access="coded"),
    )


def _city_union_files(profile: CardProfile) -> tuple[File, ...]:
    info = make_city_union_info(
        profile.issuer_id[:2],
        profile.city,
        profile.number,
        profile.starts,
        profile.expires,
        version=profile.version,
        main_type=profile.kind,
        sub_type=profile.sub_type,
    )
    return (
        _binary(profile, 0x15, info),
        _binary(profile, 0x16, make_holder()),
        Variable(0x17, 16, tuple(bytes((n,)) + bytes(47) for n in range(1, 9)), id_at=0, head=1),
        Ring(0x18, _LOG_SIZE, _LOG_LINES),
        Ring(0x10, _LOG_SIZE, _LOG_LINES),
        Variable(0x19, 16, profile.locals),
        Ring(0x1A, _LOG_SIZE, _LOG_LINES),
    )


def _binary(profile: CardProfile, sfi: int, data: bytes) -> Binary:
    return Binary(sfi, data, profile.access.get(sfi, "coded"))


def _unused_record(record_id: int) -> bytes:
    """A record of file 0x1A that nobody has written: its id, its length, zeros."""
    size = _SHORT_RECORDS.get(record_id, _RECORD_SIZE)
    return bytes((0x27, record_id, size - 3)) + bytes(size - 3)
