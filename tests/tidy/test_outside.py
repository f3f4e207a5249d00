"""Nothing points outside: no other host in a page, no trace of one person's machine in a file."""

import re

import pytest
from tree import texts_with

_ADDRESS = re.compile(r"(?:https?:)?//([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.IGNORECASE)
_NAMESPACES = {"www.w3.org"}  # names of SVG and XLink, never fetched
_HERE = {"127.0.0.1"}  # the reader's own machine: the agent that lends a card to the page
_PAGES = tuple(f"src/tongxing/{face}/" for face in ("console", "rider", "counter", "lane", "web"))
_PARTS = (".html", ".css", ".js", ".svg", ".jinja", ".j2", ".py")
PAGES = [
    (name, text)
    for name, text in texts_with(*_PARTS)
    if name.startswith(_PAGES) and "/vendor/" not in name
]

# Put together from pieces, so that this file is not its own first finding.
_TRACES = [
    re.compile("/wo" + "rk/(main|shared)"),
    re.compile("shar" + "ed/(reference|data|cases)"),
    re.compile("py" + r"pi\.org"),
    re.compile("files\\.python" + "hosted"),
    re.compile("registry\\.np" + "mjs"),
    re.compile("/ro" + "ot/"),
    re.compile("/ho" + r"me/[a-z]+/"),
]
_READABLE = (
    ".py",
    ".toml",
    ".md",
    ".csv",
    ".json",
    ".sql",
    ".html",
    ".lock",
    ".txt",
    "run",
    ".svg",
)
TRACKED = list(texts_with(*_READABLE))


@pytest.mark.parametrize(("name", "text"), PAGES, ids=[name for name, _ in PAGES])
def test_a_page_names_no_outside_host(name: str, text: str) -> None:
    known = _NAMESPACES | _HERE
    assert not {host for host in _ADDRESS.findall(text) if host.lower() not in known}, name


def test_no_file_tells_where_it_was_written() -> None:
    assert len(TRACKED) > 30
    found = [
        f"{name}: {match.group()}"
        for name, text in TRACKED
        for trace in _TRACES
        for match in trace.finditer(text)
    ]
    assert not found
