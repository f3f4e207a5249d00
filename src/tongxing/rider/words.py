"""Everything the passenger's pages say, from the catalogues in `texts/`, and how figures look.

What is owed carries a word and never a bare minus. A share of the fare is said as people say it:
``7 折`` in Chinese, ``30 % off`` in English.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from markupsafe import Markup, escape

from tongxing.city.people.leaving import told
from tongxing.city.people.values import OpenItem
from tongxing.city.upgrading import programme
from tongxing.city.views import TripRow
from tongxing.fares import load_city_fares
from tongxing.fares.explain import explain, system_name
from tongxing.fares.model import PriceLine
from tongxing.fares.rules import FULL_BP
from tongxing.kernel.clock import CHINA_OFFSET_S, DAY_S, local
from tongxing.kernel.reasons import Refusal, all_reasons
from tongxing.kernel.texts import Catalogue, load_catalogue
from tongxing.web.words import Words as CommonWords
from tongxing.web.words import catalogue_of

PACKAGE = "tongxing.rider"
PEOPLE = "tongxing.city.people"
_REPAIRED = ("declared", "habitual", "median", "disruption", "staff", "cleared")
"""How a missing end of a trip can have been found."""


def catalogue() -> Catalogue:
    """All texts of the passenger's pages."""
    return catalogue_of(PACKAGE)


@cache
def _people_texts() -> Catalogue:
    return load_catalogue(PEOPLE, "data/texts.toml")


class RideLine(NamedTuple):
    """What a list says of a trip: `repair` how its missing end was found, "" for none; `fare` what
    it would have cost, "" where that was taken."""

    trip_id: str
    ride: str
    note: str
    repair: str
    charge: str
    fare: str


class Words(CommonWords):
    """Texts, names and figures in one language."""

    def __init__(self, language: str) -> None:
        super().__init__(language, PACKAGE)

    def balance(self, amount_fen: int) -> Markup:
        """An amount that may be owed: then the word stands before it and no minus."""
        if amount_fen >= 0:
            return escape(self.money(amount_fen))
        word, amount = self.text("money.payable"), self.money(-amount_fen)
        return Markup(f'<span class="owed"><b>{escape(word)}</b> {escape(amount)}</span>')

    def share(self, rate_bp: int) -> str:
        """What one gets when a share of the fare is paid (basis points): ``7 折``, ``30 % off``."""
        if rate_bp == 0:
            return self.text("share.free")
        if rate_bp >= FULL_BP:
            return self.text("share.full")
        if self.language == "zh":
            return self.text("share.off", share=_trimmed(rate_bp, 1000))
        return self.text("share.off", share=_trimmed(FULL_BP - rate_bp, 100))

    def day(self, time_s: int) -> str:
        """A day as people say it, with its weekday."""
        moment = local(time_s)
        return self.text(
            "date.day", year=moment.year, day=moment.day,
            month_name=self.text(f"date.month{moment.month}"),
            weekday=self.text(f"date.weekday{moment.isoweekday()}"),
        )  # fmt: skip

    def month(self, first: object) -> str:
        """A month from any date in it."""
        year, month = getattr(first, "year", 0), getattr(first, "month", 1)
        return self.text("date.month", year=year, month_name=self.text(f"date.month{month}"))

    def hour(self, time_s: int) -> str:
        """Hour and minute in China."""
        minutes = (time_s + CHINA_OFFSET_S) % DAY_S // 60
        return f"{minutes // 60:02d}:{minutes % 60:02d}"

    def moment(self, time_s: int) -> str:
        """Day, hour and minute: when something begins or ends."""
        return self.text("date.moment", day=self.day(time_s), hour=self.hour(time_s))

    def systems(self, names: Sequence[str]) -> str:
        """Fare systems by the names people use; everything where a rule names none."""
        known = [system_name(name, self.language) for name in names]
        return self.listed(known) if known else self.text("bars.everywhere")

    def price_line(self, line: PriceLine, city: str) -> str:
        """A price line in a sentence."""
        return explain(line, self.language, load_city_fares(city))

    def ride(self, city: str, row: TripRow) -> str:
        """From where to where a trip was; a line where a vehicle knows only where one got on."""
        unknown = self.text("trip.unknown_end")
        origin = self.names.station(city, row.origin) or unknown
        if row.mode == "rail" or row.destination or row.how != "single_tap":
            return f"{origin} → {self.names.station(city, row.destination) or unknown}"
        line = self.names.line(city, row.line)
        return f"{line} · {origin}" if row.origin else line

    def ride_line(self, city: str, row: TripRow) -> "RideLine":
        """A trip in a list."""
        repaired = row.how in _REPAIRED or row.how.startswith("missing")
        return RideLine(
            trip_id=row.trip_id,
            ride=self.ride(city, row),
            note=self.ride_note(row),
            repair=self.names.coded("how", row.how) if repaired else "",
            charge=self.money(row.charge_fen),
            fare=self.money(row.fare_fen) if row.fare_fen > row.charge_fen else "",
        )

    def ride_note(self, row: TripRow) -> str:
        """When a trip was, on what, and with which kind of medium."""
        hours = self.hour(row.entered_s)
        if row.exited_s != row.entered_s:
            hours = f"{hours}–{self.hour(row.exited_s)}"
        medium = self.names.coded("medium", row.medium_kind)
        return f"{hours} · {self.names.mode(row.mode)} · {medium}"

    def notice(self, kind: str, values: Mapping[str, object]) -> str:
        """A notice's text; its kind where no catalogue has words for it."""
        key = f"notice.{kind}"
        told = {name: self._told(name, value) for name, value in values.items()}
        for texts in (catalogue(), _people_texts()):
            if key in texts.entries:
                return texts.entries[key][self.language].format_map(_Known(told))
        return self.text("notices.unknown", kind=kind)

    def refused(self, refusal: Refusal | str) -> str:
        """The sentence of a refusal, or of a bare code."""
        if isinstance(refusal, Refusal):
            return refusal.message(self.language)
        known = all_reasons().get(refusal)
        return refusal if known is None else self.names.reason(refusal)

    def next_step(self, refusal: Refusal | str) -> str:
        """What to do after it."""
        if isinstance(refusal, Refusal):
            return refusal.next_step(self.language)
        return self.names.next_step(refusal)

    def of(self, thing: object, name: str) -> str:
        """A value's text in this language, from its ``<name>_zh`` and ``<name>_en``."""
        return str(getattr(thing, f"{name}_{self.language}"))

    def upgrade_word(self, group: str, key: str) -> str:
        """A word of the upgrade service: ``kind``, ``card``, or a whole key with no group."""
        whole = f"{group}.{key}" if group else key
        entry = programme.TEXTS.entries.get(whole)
        return key if entry is None else entry[self.language]

    def open_item(self, item: OpenItem) -> str:
        """What keeps an account from being closed, in words."""
        return told(item, self.language)

    def _told(self, name: str, value: object) -> object:
        if isinstance(value, int) and name.endswith("_s"):
            return self.moment(value)
        if isinstance(value, int) and name.endswith("_fen"):
            return self.money(value)
        return value


class _Known(dict[str, object]):
    """Leaves out what a notice does not say: a message must never fail to print."""

    def __missing__(self, key: str) -> str:
        return "…"


def _trimmed(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    digits = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)
