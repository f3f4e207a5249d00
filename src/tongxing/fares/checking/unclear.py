"""Why a case is not understood, in words: what it says, and what is the matter with it."""

from tongxing.kernel.texts import LANGUAGES, load_catalogue


class CaseUnclear(Exception):
    """A case that names something this checker does not know; never leaves this room.

    `found` is what the case says; `because` names a text of the catalogue, "" where what the case
    says tells enough. `words` are both together, by language.
    """

    def __init__(self, found: str, because: str = "", **values: object) -> None:
        super().__init__(found)
        self.words = said(found, because, **values)


def said(found: str, because: str = "", **values: object) -> dict[str, str]:
    """What a case says and what is the matter with it, by language."""
    if not because:
        return dict.fromkeys(LANGUAGES, found)
    texts = load_catalogue("tongxing.fares.checking")
    return {
        language: texts.text(f"unclear.{because}", language, found=found, **values)
        for language in LANGUAGES
    }
