"""Nothing points outside: no other host in a page, no trace of one person's machine in a file."""

import re

from tree import texts_with

_ADDRESS = re.compile(r"(?:https?:)?//([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.IGNORECASE)
_NAMESPACES = {"www.w3.org"}  # names of SVG and XLink, never fetched
_HERE = {"127.0.0.1"}  # the reader's own machine: the agent that lends a card to the page
_PAGES = tuple(f"src/tongxing/{face}/" for face in ("console", "rider", "counter", "lane", "web"))
_PARTS = (".html", ".css", ".js", ".svg", ".jinja", ".j2", ".py")
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


def test_a_page_names_no_outside_host() -> None:
    pages = [
        (name, text)
        for name, text in texts_with(*_PARTS)
        if name.startswith(_PAGES) and "/vendor/" not in name
    ]
    assert len(pages) > 100
    known = _NAMESPACES | _HERE
    found = [(name, host) for name, text in pages for host in _ADDRESS.findall(text)]
    assert [(name, host) for name, host in found if host.lower() not in known] == []


def test_no_file_tells_where_it_was_written() -> None:
    tracked = list(texts_with(*_READABLE))
    assert len(tracked) > 30
    found = [
        f"{name}: {match.group()}"
        for name, text in tracked
        for trace in _TRACES
        for match in trace.finditer(text)
    ]
    assert not found
