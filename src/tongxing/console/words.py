"""Everything the console says, from the catalogues in `texts/`, and how it writes figures.

What is owed carries a word and never a bare minus.
"""

from markupsafe import Markup, escape

from tongxing.console.names import Names
from tongxing.kernel.texts import Catalogue
from tongxing.web.words import Words as CommonWords
from tongxing.web.words import catalogue_of

PACKAGE = "tongxing.console"


def catalogue() -> Catalogue:
    """All texts of the console."""
    return catalogue_of(PACKAGE)


class Words(CommonWords):
    """Texts, names and figures in one language."""

    names: Names

    def __init__(self, language: str) -> None:
        super().__init__(language, PACKAGE)
        self.names = Names(language, catalogue())

    def owed(self, amount_fen: int) -> Markup:
        """What a party is owed (+) or owes (-): the amount with its word, colour beside it."""
        kind = "in" if amount_fen > 0 else "out" if amount_fen < 0 else "even"
        word = self.text(f"owed.{kind}")
        amount = self.money(abs(amount_fen))
        return Markup(f'<span class="owed {kind}"><b>{escape(word)}</b> {escape(amount)}</span>')

    def figure(self, name: str, value: int) -> str:
        """A figure of a proof: money when its name says fen, else a count."""
        return self.money(value) if name.endswith("_fen") else self.number(value)
