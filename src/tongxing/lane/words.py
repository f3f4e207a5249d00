"""Everything the lane's pages say by themselves, from the catalogue in `texts/`. What a decision
says comes from the reasons."""

from tongxing.web.words import Words as CommonWords

PACKAGE = "tongxing.lane"


class Words(CommonWords):
    """Texts, names and figures in one language."""

    def __init__(self, language: str) -> None:
        super().__init__(language, PACKAGE)
