"""Everything the counter's pages say, from the catalogues in `texts/`."""

from tongxing.web.words import Words as CommonWords

PACKAGE = "tongxing.counter"


class Words(CommonWords):
    """Texts, names and figures in one language."""

    def __init__(self, language: str) -> None:
        super().__init__(language, PACKAGE)
