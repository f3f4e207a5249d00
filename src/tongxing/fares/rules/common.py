"""What every fare rule has: an id, its dates, its scope, its sources and how sure they are (R-400).

A file with an unknown field, an unknown kind or a list of the wrong length is refused when it is
read. Nothing here may know how a rule is applied.
"""

from datetime import date
from typing import Literal

from msgspec import Struct

Confidence = Literal["seen", "weak", "general", "inferred", "placeholder", "illustrative"]
MediumKind = Literal["card", "code", "cash"]
ALL_MEDIA: tuple[MediumKind, ...] = ("card", "code", "cash")

FULL_BP = 10_000


class Rule(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    rename={"from_day": "from", "last_day": "until"},
):
    """What all rules have. `until` is the last day in force. An empty scope means "all".

    Reliefs are for cards and codes unless `media` says otherwise; limits and settings hold for
    cash as well.

    `sources` are keys of ``data/sources.toml``; `confidence` says how far to trust them.
    """

    id: str
    from_day: date
    last_day: date | None = None
    systems: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    media: tuple[MediumKind, ...] = ("card", "code")
    confidence: Confidence
    sources: tuple[str, ...]
    note_zh: str = ""
    note_en: str = ""

    def in_force(self, day: date) -> bool:
        return self.from_day <= day and (self.last_day is None or day <= self.last_day)

    def applies_to(self, system: str, medium_kind: str, product: str) -> bool:
        return (
            (not self.systems or system in self.systems)
            and (not self.products or product in self.products)
            and medium_kind in self.media
        )


def demand(rule: Rule, holds: bool, what: str) -> None:
    """Refuse a rule that makes no sense. Raises ValueError with the rule's id."""
    if not holds:
        raise ValueError(f"{rule.id}: {what}")
