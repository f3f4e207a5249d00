"""What tests need from the machine: a real browser, and letters for Chinese in screenshots.

A browser is looked for in this order: CHROMIUM, the system's own, Playwright's own; as root on
Debian it is installed once. Of the system's and of Playwright's, a Chromium without windows of its
own comes first: it is the same engine and shows the same pages, for a third less of the processor.
Without any the browser tests are skipped, loudly, and nothing fails.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from door.debian import install, may_install
from door.environment import VENV
from door.process import watch
from door.words import Trouble, step

_NAMES = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
    "chrome",
)
_MAC_APPLICATIONS = ("Google Chrome", "Chromium", "Microsoft Edge")
_PLAYWRIGHT_PLACES = (
    "chromium_headless_shell-*/*/*headless?shell",
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
    "chromium-*/chrome-win*/chrome.exe",
)
_PACKAGES = ("chromium-headless-shell", "chromium")  # the first is not on every Debian
_TRIED = VENV / "browser.tried"


def browser_for_tests() -> str:
    """The path of a browser that starts, or "" when there is none and none could be installed.

    Raises Trouble(BROWSER_WRONG) when CHROMIUM names something that does not start.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        found = shutil.which(named)
        if found is None or not _starts(found):
            raise Trouble("BROWSER_WRONG", named)
        return found
    return find_browser(os.environ) or _installed_browser()


def find_browser(environment: Mapping[str, str]) -> str:
    """The first browser on this machine that starts, or ""."""
    return next((path for path in _candidates(environment) if _starts(path)), "")


def fonts_for_tests() -> None:
    """Bring Chinese letters to a machine without them, where that is possible."""
    listed = watch(["fc-list", ":lang=zh"])
    if listed.code == 0 and not listed.output.strip() and may_install() and first_time("fonts"):
        install(["fonts-noto-cjk"])


def _candidates(environment: Mapping[str, str]) -> Iterator[str]:
    for name in _NAMES:
        if found := shutil.which(name, path=environment.get("PATH")):
            yield found
    if sys.platform == "darwin":
        for name in _MAC_APPLICATIONS:
            yield f"/Applications/{name}.app/Contents/MacOS/{name}"
    for place in _playwright_folders(environment):
        for pattern in _PLAYWRIGHT_PLACES:
            yield from (str(path) for path in sorted(place.glob(pattern), reverse=True))


def _playwright_folders(environment: Mapping[str, str]) -> Iterator[Path]:
    if own := environment.get("PLAYWRIGHT_BROWSERS_PATH"):
        yield Path(own)
    home = Path.home()
    yield home / ".cache" / "ms-playwright"
    yield home / "Library" / "Caches" / "ms-playwright"
    yield home / "AppData" / "Local" / "ms-playwright"


def _starts(path: str) -> bool:
    """Some systems ship a `chromium` that only says where to get one."""
    return watch([path, "--version"]).code == 0


def _installed_browser() -> str:
    if may_install() and first_time("browser"):
        any(install([name, "fonts-noto-cjk"]) for name in _PACKAGES)
        return find_browser(os.environ)
    return ""


def first_time(what: str) -> bool:
    """Whether `what` has not been tried in this environment yet; a failed try is not repeated."""
    tried = _TRIED.read_text("ascii").split() if _TRIED.exists() else []
    if what in tried:
        step("not_again", what=what)
        return False
    _TRIED.write_text(" ".join([*tried, what]), encoding="ascii")
    return True
