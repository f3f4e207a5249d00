"""Everything the counter's pages say, from the catalogues in `texts/`."""

from tongxing.city.people.leaving import told
from tongxing.city.people.values import OpenItem
from tongxing.city.upgrading import programme
from tongxing.kernel.reasons import Refusal
from tongxing.web.words import Words as CommonWords
from tongxing.web.words import catalogue_of

PACKAGE = "tongxing.counter"


class Words(CommonWords):
    """Texts, names and figures in one language."""

    def __init__(self, language: str) -> None:
        super().__init__(language, PACKAGE)

    def of(self, thing: object, name: str) -> str:
        """A value's text in this language, from its ``<name>_zh`` and ``<name>_en``."""
        return str(getattr(thing, f"{name}_{self.language}"))

    def refused(self, refusal: Refusal) -> str:
        """What a refusal says."""
        return refusal.message(self.language)

    def advice(self, refusal: Refusal) -> str:
        """What a refusal says to do next."""
        return refusal.next_step(self.language)

    def upgrade_word(self, group: str, key: str) -> str:
        """A word of the upgrade service: ``kind``, ``card``, or a whole key with no group."""
        entry = programme.TEXTS.entries.get(f"{group}.{key}" if group else key)
        return key if entry is None else entry[self.language]

    def act(self, name: str) -> str:
        """What was done, part by part; a part without a word of its own stands as it is."""
        entries = catalogue_of(PACKAGE).entries
        parts = (part for part in name.split(":") if part)
        known = ((part, entries.get(f"act.{part}")) for part in parts)
        return " · ".join(part if entry is None else entry[self.language] for part, entry in known)

    def open_item(self, item: OpenItem) -> str:
        """What keeps an account from being closed, in words."""
        return told(item, self.language)
