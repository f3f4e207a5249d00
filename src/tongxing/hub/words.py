"""The house's words inside its refusals: a state, a step or an act is named, never its code."""

from functools import cache

from tongxing.kernel.texts import LANGUAGES, Catalogue, load_catalogue


@cache
def texts() -> Catalogue:
    """The catalogue of this room."""
    return load_catalogue("tongxing.hub")


def in_both(name: str, key: str, /, **values: object) -> dict[str, str]:
    """The text of `key` as the values ``<name>_zh`` and ``<name>_en`` of a refusal. Raises KeyError
    for a key that the catalogue does not have."""
    return {f"{name}_{language}": texts().text(key, language, **values) for language in LANGUAGES}
