"""What holds of every page: both languages, its own host only, strict headers, landmarks."""

import re

import pytest
from fastapi.testclient import TestClient
from page_reading import LANGUAGES, PATHS, read

from tongxing.console.words import catalogue

_CHINESE = re.compile("[\u3400-\u9fff]")
_ADDRESS = re.compile(r"(?:https?:)?//[a-z0-9]", re.IGNORECASE)
_NAMES_IN_CHINESE = ("/network",)  # the lists keep their own spelling, and most cards' names


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_whole_and_says_its_language(pages: TestClient, path: str, language: str) -> None:
    page = read(pages, path, language)
    assert page.status in (200, 404)
    tag = {"zh": "zh-CN", "en": "en"}[language]
    assert f'<html lang="{tag}">' in page.html
    for landmark in ("<header", "<nav", '<main id="main"', "<footer", 'class="skip"'):
        assert landmark in page.html
    assert len(re.findall("<h1", page.html)) == 1
    assert "Undefined" not in page.html and "{" not in page.words


@pytest.mark.parametrize("path", [path for path in PATHS if not path.startswith(_NAMES_IN_CHINESE)])
def test_an_english_page_has_no_chinese_words(pages: TestClient, path: str) -> None:
    words = [line for line in read(pages, path, "en").words.splitlines() if line != "中文"]
    assert not [line for line in words if _CHINESE.search(line)]


@pytest.mark.parametrize("path", PATHS)
def test_a_chinese_page_has_no_english_sentences(pages: TestClient, path: str) -> None:
    page = read(pages, path, "zh").words
    assert _CHINESE.search(page)
    english = [
        entry["en"]
        for entry in catalogue().entries.values()
        if len(entry["en"].split()) > 2 and "{" not in entry["en"] and entry["en"] != entry["zh"]
    ]
    assert len(english) > 100
    assert not [sentence for sentence in english if sentence in page]


@pytest.mark.parametrize("path", [*PATHS, "/trips.csv", "/static/console.css", "/figures"])
def test_every_answer_carries_the_strict_headers(pages: TestClient, path: str) -> None:
    headers = pages.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy and "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "set-cookie" not in headers


@pytest.mark.parametrize("path", PATHS)
def test_a_page_names_no_outside_host_and_nothing_inline(pages: TestClient, path: str) -> None:
    html = read(pages, path).html
    assert not _ADDRESS.findall(html)
    assert not re.findall(r"<script(?![^>]*\bsrc=)", html)
    assert "<style" not in html and " style=" not in html
    assert not re.findall(r"\son[a-z]+=", html)


@pytest.mark.parametrize("path", PATHS)
def test_every_picture_has_a_name_and_every_table_a_caption(pages: TestClient, path: str) -> None:
    html = read(pages, path).html
    for picture in re.findall(r"<svg[^>]*>", html):
        assert 'aria-label="' in picture or 'aria-hidden="true"' in picture
    assert len(re.findall("<table", html)) == len(re.findall("<caption", html))


def test_the_page_says_the_day_and_that_it_is_simulated(pages: TestClient) -> None:
    english = read(pages, "/").words
    assert "Simulated" in english and "China time (UTC+8)" in english and "2026-03-17" in english
    assert "模拟运行" in read(pages, "/", "zh").words


def test_a_real_clock_is_not_called_simulated(empty: TestClient) -> None:
    assert "Simulated" not in read(empty, "/").words


@pytest.mark.parametrize(
    "path", ["/", "/trips", "/settlement", "/passengers", "/proofs", "/network", "/about"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_before_the_first_day_a_page_says_what_will_come(
    empty: TestClient, path: str, language: str
) -> None:
    page = read(empty, path, language)
    assert page.status == 200
    if path not in ("/network", "/about"):
        assert 'class="empty"' in page.html


def test_every_link_on_the_pages_leads_somewhere(pages: TestClient) -> None:
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        for link in read(pages, path).links:
            if link.startswith("/") and link not in seen and "lang=" not in link:
                seen.add(link)
                assert pages.get(link).status_code == 200, f"{path} → {link}"
                if len(seen) < 120 and not re.search(r"/papers/|\.csv", link):
                    waiting.append(link)
    assert len(seen) > 60
