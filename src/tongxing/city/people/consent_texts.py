"""The texts that people say yes to, as dated data: which wording was in force when."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from tongxing.kernel.clock import calendar_date


class ConsentText(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_day": "from"}):
    """One version of a text. `stops` says what ends when the yes is taken back."""

    id: str
    version: str
    from_day: date
    source: str
    stops: tuple[str, ...]
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    text: list[ConsentText]


@cache
def all_consent_texts() -> tuple[ConsentText, ...]:
    """Every version of every text, oldest first."""
    content = files("tongxing.city.people").joinpath("data", "consents.toml").read_bytes()
    return read_consent_texts(content)


def read_consent_texts(content: bytes) -> tuple[ConsentText, ...]:
    """The texts of a file. Raises ValueError for two texts of one id and version or day."""
    found = msgspec.toml.decode(content, type=_File).text
    for keys in ([(t.id, t.version) for t in found], [(t.id, t.from_day) for t in found]):
        if len(set(keys)) != len(keys):
            raise ValueError("two texts of one id and version or day")
    return tuple(sorted(found, key=lambda text: (text.from_day, text.id)))


def consent_texts(
    now_s: int, texts: Sequence[ConsentText] | None = None
) -> Mapping[str, ConsentText]:
    """The wording of each text that is in force at an instant, by its id."""
    day = calendar_date(now_s)
    known = all_consent_texts() if texts is None else texts
    return {text.id: text for text in known if text.from_day <= day}
