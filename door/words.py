"""How the door speaks: one line for each step, one line for each trouble, in zh or en.

Texts stand in ``texts.toml``, troubles in the project's one list of reasons. Both are read from
their files, because the package itself cannot be imported before its environment exists.
"""

import os
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_REASONS = ROOT / "src" / "tongxing" / "kernel" / "reasons"
_chosen = ""


class Trouble(Exception):
    """An expected failure: a code of the reason list, where it arose, the values of its text."""

    def __init__(self, code: str, where: object = "", **values: object) -> None:
        super().__init__(code)
        self.code, self.where, self.values = code, str(where), values

    @property
    def exit_code(self) -> int:
        return int(_reason(self.code).get("exit_code", 4))

    def line(self) -> str:
        """``error CODE: message (where) — next step``, as the `tongxing` command prints it."""
        fields, language = _reason(self.code), chosen_language()
        where = f" ({self.where})" if self.where else ""
        message = str(fields[language]).format(**self.values)
        step = str(fields[f"next_{language}"]).format(**self.values)
        return f"{text('error')} {self.code}: {message}{where} — {step}"


def choose_language(language: str) -> None:
    """Speak this language from now on (``--lang``)."""
    global _chosen
    _chosen = language


def chosen_language() -> str:
    """``--lang``, else TONGXING_LANG, else the first locale variable that is set, else English."""
    if _chosen:
        return _chosen
    for name in ("TONGXING_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def text(key: str, **values: object) -> str:
    """The text of a key. Raises KeyError for an unknown one."""
    template: str = _texts()[key][chosen_language()]
    return template.format(**values)


def step(key: str, **values: object) -> None:
    """Tell what is being done, on standard error."""
    print(f"[x] {text(key, **values)}", file=sys.stderr, flush=True)


@cache
def _texts() -> dict[str, Any]:
    return _toml(Path(__file__).with_name("texts.toml"))


@cache
def _reason(code: str) -> dict[str, Any]:
    for path in sorted(_REASONS.glob("*.toml")):
        found: dict[str, Any] | None = _toml(path).get(code)
        if found is not None:
            return found
    raise KeyError(code)


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
