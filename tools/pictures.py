"""Makes the pictures of the READMEs from a real run and a real browser, so that they never lie.

Run it with the project's environment: ``.venv/bin/python tools/pictures.py``. It runs the default
demo in a fresh folder, records what a person would see in a terminal, then opens the console in
Chromium. Nothing here is edited by hand afterwards.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

LANGUAGES = ("en", "zh")
TERMINAL_COLUMNS = 100
PROOFS_MS = 60_000


def main() -> int:
    """Make every picture; returns the exit code."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tongxing-pictures-") as folder:
        home = Path(folder)
        for language in LANGUAGES:
            draw_terminal(language, run_demo(language, home))
        photograph_console(home)
    return 0


def environment(language: str, home: Path) -> dict[str, str]:
    """What a command of this language and home folder needs to find."""
    return os.environ | {
        "TONGXING_LANG": language,
        "TONGXING_HOME": str(home),
        "PYTHONPATH": str(ROOT / "src"),
        "COLUMNS": str(TERMINAL_COLUMNS),
    }


def run_demo(language: str, home: Path) -> str:
    """The output of a demo; the second one finds the first one's books and sums them up again."""
    finished = subprocess.run(
        [sys.executable, "-m", "tongxing", "demo", "--no-serve"],
        env=environment(language, home),
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout.replace(str(home), ".tongxing")


def draw_terminal(language: str, output: str) -> None:
    """The output as an SVG of a terminal window, and as text for those who read."""
    from rich.console import Console
    from rich.terminal_theme import MONOKAI
    from rich.text import Text

    width = max([TERMINAL_COLUMNS, *(len(line) for line in output.splitlines())])
    console = Console(record=True, width=width, file=io.StringIO())
    console.print(Text("$ python3 x.py demo", style="bold green"))
    console.print(Text(output.rstrip()))
    svg = console.export_svg(title="tongxing 通行", theme=MONOKAI)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    (IMAGES / f"demo-{language}.svg").write_text(svg, encoding="utf-8")
    (IMAGES / f"demo-{language}.txt").write_text(output, encoding="utf-8")


def photograph_console(home: Path) -> None:
    """The overview page in both languages, as Chromium shows it."""
    from door.machine import find_browser
    from playwright.sync_api import ViewportSize, sync_playwright

    serving = subprocess.Popen(
        [sys.executable, "-m", "tongxing", "serve", "--port", "0"],
        env=environment("en", home),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert serving.stdout is not None
        address = next(
            match.group() for line in serving.stdout if (match := re.search(r"http://\S+", line))
        )
        with sync_playwright() as playwright:
            sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(
                executable_path=find_browser(os.environ), args=sandbox
            )
            for language in LANGUAGES:
                page = browser.new_page(viewport=ViewportSize(width=1280, height=860))
                page.goto(f"{address.rstrip('/')}/?lang={language}")
                page.locator("#proof-banner.good").wait_for(timeout=PROOFS_MS)
                page.screenshot(path=IMAGES / f"console-{language}.png")
            browser.close()
    finally:
        serving.terminate()
        serving.wait(20)


if __name__ == "__main__":
    sys.exit(main())
