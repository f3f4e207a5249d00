"""What is looked at on every page as it stands in a browser: how it appears, what is pressed there,
and all that the checker of accessibility finds. Each is asked with one question, for every question
passes through four processes."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_AXE = Path(__file__).parent / "console/vendor/axe.min.js"
_AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
_ASKED = """() => {
  if (!window.axe) {
    const kept = sessionStorage.getItem("axe");
    if (!kept) return null;
    (0, eval)(kept);
  }
  return axe.run({ resultTypes: ["violations"] }).then((found) => ({
    asked: found.passes.length + found.violations.length,
    broken: found.violations.map((one) => [one.id, one.nodes.slice(0, 3).map((it) => it.target)]),
  }));
}"""
"""The browser keeps the checker while it goes from page to page, and tells only what is broken:
sending half a megabyte to each page, and all that is in order back, cost as much as looking."""
_APPEARS = """() => [document.documentElement.lang, document.documentElement.scrollWidth,
  document.title, document.querySelectorAll(".errors").length]"""
_LOW = """([selector, height]) => [...document.querySelectorAll(selector)]
  .filter((it) => it.getClientRects().length > 0 && !it.classList.contains("skip"))
  .filter((it) => it.getBoundingClientRect().height < height)
  .map((it) => it.outerHTML)"""
_KEEP = "(source) => sessionStorage.setItem('axe', source)"


@dataclass(frozen=True, slots=True)
class Appearance:
    """A page at a glance: its language's tag, its width (pixels), title, and error summaries."""

    tag: str
    width: int
    title: str
    errors: int


def appearance_of(page: Any) -> Appearance:
    """How a page (Playwright's `Page`) appears now."""
    return Appearance(*page.evaluate(_APPEARS))


def low_targets(page: Any, selector: str, height: float) -> list[str]:
    """What is shown, and pressed, and not so many pixels high; the link that skips is not shown
    before it has the focus."""
    low: list[str] = page.evaluate(_LOW, [selector, height])
    return low


def barriers_on(page: Any) -> list[tuple[str, list[Any]]]:
    """Which rules a page (Playwright's `Page`) breaks, each with its first three places."""
    found = page.evaluate(_ASKED)
    if found is None:
        page.evaluate(_KEEP, _axe())
        found = page.evaluate(_ASKED)
    assert found["asked"] > 0, "the checker looked at nothing"
    return [(rule, places) for rule, places in found["broken"]]


@cache
def _axe() -> str:
    content = _AXE.read_bytes()
    assert hashlib.sha256(content).hexdigest() == _AXE_SHA256
    return content.decode("utf-8")
