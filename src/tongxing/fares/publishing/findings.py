"""What a linter found: a reason, where in the file, and whether it stops a publication.

Findings are values; a file with a hundred mistakes gives a hundred of them at once. Nothing here
decides what a mistake is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from tongxing.fares.publishing.positions import Document, Path, Spot
from tongxing.kernel.reasons import Refusal
from tongxing.kernel.texts import LANGUAGES, load_catalogue

Severity = Literal["error", "warning"]

_NAMES_SHOWN_MAX = 16


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake (`error`) or doubt (`warning`) in a tariff file.

    `spot` is its line and column, `path` its keys such as ``rule[3].rate_bp``, `rule` the id of
    the rule it stands in ("" outside of rules).
    """

    severity: Severity
    spot: Spot
    refusal: Refusal
    rule: str = ""
    path: str = ""

    @property
    def code(self) -> str:
        return self.refusal.code

    def as_json(self) -> dict[str, object]:
        """The finding with its sentences in both languages."""
        return {
            **self.refusal.as_json(),
            "severity": self.severity,
            "line": self.spot.line,
            "column": self.spot.column,
            "rule": self.rule,
            "path": self.path,
        }


@dataclass(slots=True)
class Notebook:
    """Takes down findings while a document is gone through."""

    document: Document
    name: str
    found: list[Finding] = field(default_factory=list)

    def error(self, code: str, path: Path, /, **values: object) -> None:
        """Note a mistake at the value of a path."""
        self._note("error", code, path, self.document.value_spot(path), values)

    def error_at_key(self, code: str, path: Path, /, **values: object) -> None:
        """Note a mistake at the key that ends a path."""
        self._note("error", code, path, self.document.key_spot(path), values)

    def warning(self, code: str, path: Path, /, **values: object) -> None:
        """Note a doubt at the value of a path."""
        self._note("warning", code, path, self.document.value_spot(path), values)

    @property
    def has_errors(self) -> bool:
        return any(one.severity == "error" for one in self.found)

    def in_order(self) -> tuple[Finding, ...]:
        """The findings in the order of the file, each once."""
        seen: dict[tuple[object, ...], Finding] = {}
        for one in self.found:
            seen.setdefault((one.spot, one.code, one.path, one.refusal.message("en")), one)
        return tuple(sorted(seen.values(), key=lambda one: (one.spot, one.severity, one.code)))

    def _note(
        self, severity: Severity, code: str, path: Path, spot: Spot, values: Mapping[str, object]
    ) -> None:
        where = f"{self.name}:{spot.line}:{spot.column}"
        written = {"path": path_text(path), "key": _last_name(path), **values}
        refusal = Refusal(code, where, written)
        rule = self.document.value.get("rule")
        number = path[1] if len(path) > 1 and path[0] == "rule" else None
        named = ""
        if isinstance(rule, list) and isinstance(number, int) and isinstance(rule[number], dict):
            named = str(rule[number].get("id", ""))
        self.found.append(Finding(severity, spot, refusal, named, path_text(path)))


def unreadable(name: str, spot: Spot, **values: object) -> Finding:
    """The one finding of a file that is not TOML."""
    where = f"{name}:{spot.line}:{spot.column}"
    return Finding("error", spot, Refusal("TARIFF_TOML", where, values))


def path_text(path: Path) -> str:
    """``rule[3].rate_bp`` for the path ("rule", 3, "rate_bp")."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def both(name: str, key: str, /, **values: object) -> dict[str, str]:
    """A text of this package in each language, as the values ``<name>_zh``, ``<name>_en``."""
    texts = load_catalogue("tongxing.fares.publishing")
    return {f"{name}_{language}": texts.text(key, language, **values) for language in LANGUAGES}


def near(word: str, known: Iterable[str]) -> dict[str, str]:
    """The value `near` of a reason: what was probably meant, or nothing at all."""
    names = sorted(known)
    found = get_close_matches(word, names, n=1, cutoff=0.6)
    if found:
        return both("near", "near.one", name=found[0])
    if not names:
        return both("near", "near.none")
    if len(names) > _NAMES_SHOWN_MAX:
        names = [*names[:_NAMES_SHOWN_MAX], "…"]
    return both("near", "near.known", names=", ".join(names))


def _last_name(path: Path) -> str:
    return next((part for part in reversed(path) if isinstance(part, str)), "")
