"""The words in which cases are written, and what they mean: ``wording.toml``, read strictly."""

import re
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from tongxing.cli.common import in_both


class Unclear(Exception):
    """A case that cannot be understood: its line says why, in both languages."""

    def __init__(self, why: str, /, **values: object) -> None:
        self.words = in_both("detail", "entry", f"unclear.{why}", **values)
        super().__init__(self.words["detail_en"])


class _Row(Struct, frozen=True, forbid_unknown_fields=True):
    word: str


class MediumRow(_Row, frozen=True):
    """What a gate reads of a medium."""

    kind: str
    product: str = "ordinary"


class PlaceRow(_Row, frozen=True):
    """Where a rider stands."""

    mode: str
    properties: tuple[str, ...] = ()


class TimeRow(_Row, frozen=True):
    """A day beside a rule's first day."""

    days: int


class LinkedRow(_Row, frozen=True):
    """What can be linked with a holder, as the upgrade service calls it."""

    kind: str


class IssuedRow(_Row, frozen=True):
    """A card as the issuer's books and its chip call it."""

    product: str
    chip: int


class YesNo(Struct, frozen=True, forbid_unknown_fields=True):
    """Words for yes, for no, and for nothing known."""

    yes: str
    no: str
    none: str


class Setting(Struct, frozen=True, forbid_unknown_fields=True):
    """Which city and day a case is about that does not say it."""

    gate_city: str
    gate_day: date
    card_code_city: str
    card_code_day: date


class Stage(Struct, frozen=True, forbid_unknown_fields=True):
    """The gate and the media with which gate cases are played."""

    line: str
    station: str
    scheme: str
    number: str
    account_number: str
    balance_fen: int
    id_number: str


class Wording(Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of ``wording.toml``."""

    setting: Setting
    stage: Stage
    medium: tuple[MediumRow, ...]
    place: tuple[PlaceRow, ...]
    time: tuple[TimeRow, ...]
    linked: tuple[LinkedRow, ...]
    issued: tuple[IssuedRow, ...]
    yes_no: YesNo
    results: dict[str, tuple[str, ...]]
    reasons: dict[str, tuple[str, ...]]
    actions: dict[str, str]


@cache
def wording() -> Wording:
    """The words. Raises ValueError when the file is not in order."""
    content = files(__package__).joinpath("wording.toml").read_bytes()
    return msgspec.toml.decode(content, type=Wording)


def fits(pattern: str, text: str) -> "re.Match[str] | None":
    """Whether a word of a case is one of these."""
    return re.fullmatch(pattern, text.strip(), re.IGNORECASE)


def yes_or_no(value: object, where: str) -> bool | None:
    """What a word like ``ok`` or ``red`` means; None for nothing known. Raises Unclear."""
    if value is None or isinstance(value, bool):
        return value
    words = wording().yes_no
    for pattern, meaning in ((words.yes, True), (words.no, False), (words.none, None)):
        if isinstance(value, str) and fits(pattern, value):
            return meaning
    raise Unclear("word", what=where, text=shown(value))


def shown(value: object) -> str:
    """A value of a case as its line shows it."""
    return msgspec.json.encode(value).decode()[:80]


def names_reason(word: object, code: str, where: str) -> bool:
    """Whether a case's word for a reason is this one."""
    if not isinstance(word, str):
        return False
    known = wording().reasons.get(word.strip().lower(), (word.strip().upper(),))
    return code in known or f"{code}@{where}" in known
