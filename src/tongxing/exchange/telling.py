"""The words of this room: what is wrong with a field, in every language."""

from functools import cache

from tongxing.kernel.texts import LANGUAGES, Catalogue, load_catalogue


@cache
def exchange_texts() -> Catalogue:
    """The catalogue of this room."""
    return load_catalogue("tongxing.exchange")


def told(name: str, key: str, /, **values: object) -> dict[str, str]:
    """A text in every language, as the values ``<name>_zh`` and ``<name>_en`` of a reason."""
    texts = exchange_texts()
    return {f"{name}_{one}": texts.text(key, one, **values) for one in LANGUAGES}
