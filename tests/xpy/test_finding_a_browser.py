"""The browser that x.py found is a real one: it shows Chinese, runs a script, says who it is."""

from pathlib import Path
from typing import Any

import pytest
from door.machine import find_browser


@pytest.mark.browser
def test_the_browser_shows_a_page(browser: Any) -> None:
    page = browser.new_page()
    page.set_content("<p id='a'>通行</p><script>a.append(' ' + (1 + 1))</script>")
    assert page.locator("#a").inner_text() == "通行 2"
    page.close()


def test_something_that_only_says_where_to_get_a_browser_is_none(tmp_path: Path) -> None:
    stub = tmp_path / "chromium"
    stub.write_text("#!/bin/sh\necho 'install it from the store'; exit 10\n")
    stub.chmod(0o755)
    nowhere = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    assert find_browser(nowhere) != str(stub)
    stub.write_text("#!/bin/sh\necho Chromium 1\n")
    assert find_browser(nowhere) == str(stub)


def test_a_browser_without_windows_comes_first(tmp_path: Path) -> None:
    nowhere = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    for name in ("chromium", "chromium-headless-shell"):
        (tmp_path / name).write_text("#!/bin/sh\necho Chromium 1\n")
        (tmp_path / name).chmod(0o755)
        assert find_browser(nowhere) == str(tmp_path / name)
    (tmp_path / "chromium-headless-shell").write_text("#!/bin/sh\nexit 1\n")
    assert find_browser(nowhere) == str(tmp_path / "chromium")


@pytest.mark.parametrize(
    "place",
    [
        "chromium-1200/chrome-linux64/chrome",
        "chromium_headless_shell-1200/chrome-linux/headless_shell",
        "chromium_headless_shell-1200/chrome-headless-shell-linux64/chrome-headless-shell",
    ],
)
def test_playwrights_own_browser_is_found(tmp_path: Path, place: str) -> None:
    own = tmp_path / place
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\necho Chromium 1\n")
    own.chmod(0o755)
    nowhere = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    assert find_browser(nowhere) == str(own)
