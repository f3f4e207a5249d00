"""Draw the app's icons (PNG) from icon-app.svg with the browser that the tests use.

Run by hand after the drawing has changed; the pictures are kept, so nobody else needs it.
"""

import os
from pathlib import Path

from door.machine import find_browser
from playwright.sync_api import sync_playwright

STATIC = Path(__file__).parents[1] / "src/tongxing/rider/static"
SIZES = (192, 512)


def main() -> None:
    """Write icon-<size>.png for each size."""
    drawing = (STATIC / "icon-app.svg").read_text(encoding="utf-8")
    path = os.environ.get("CHROMIUM") or find_browser(os.environ)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for size in SIZES:
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(
                f"<style>*{{margin:0}}svg{{display:block;width:{size}px}}</style>{drawing}"
            )
            page.screenshot(path=str(STATIC / f"icon-{size}.png"))
        browser.close()


if __name__ == "__main__":
    main()
