"""Which language a page is in, and how a reader changes it."""

import pytest
from fastapi.testclient import TestClient

from tongxing.web.language import accepted_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr-FR,fr;q=0.9,zh-TW;q=0.5,en;q=0.4", "zh"),
        ("de", "en"),
        ("zh;q=0,en;q=0.1", "en"),
        ("*", "en"),
        ("zh;q=nonsense", "en"),
        ("ZH-hans", "zh"),
        (";;;,,q=1", "en"),
    ],
)
def test_the_browser_s_wish(header: str, language: str) -> None:
    assert accepted_language(header) == language


def test_a_choice_is_remembered_for_a_year(pages: TestClient) -> None:
    answer = pages.get("/about?lang=zh", headers={"Accept-Language": "en"})
    cookie = answer.headers["set-cookie"]
    assert '<html lang="zh-CN">' in answer.text
    assert "lang=zh" in cookie and "HttpOnly" in cookie and "SameSite=lax" in cookie
    again = pages.get("/about", headers={"Accept-Language": "en"})
    assert '<html lang="zh-CN">' in again.text
    pages.cookies.clear()


def test_an_unknown_language_changes_nothing(pages: TestClient) -> None:
    answer = pages.get("/about?lang=xx", headers={"Accept-Language": "zh"})
    assert '<html lang="zh-CN">' in answer.text
    assert "set-cookie" not in answer.headers


def test_the_switch_leads_to_the_same_page_and_is_marked_with_its_language(
    pages: TestClient,
) -> None:
    html = pages.get("/trips?how=half&lang=en").text
    pages.cookies.clear()
    assert '<a href="/trips?how=half&amp;lang=zh" lang="zh-CN" hreflang="zh-CN">中文</a>' in html
    assert 'lang="en" hreflang="en" aria-current="true">English</a>' in html


def test_a_cache_may_not_mix_languages(pages: TestClient) -> None:
    headers = pages.get("/about").headers
    assert "Accept-Language" in headers["Vary"] and "Cookie" in headers["Vary"]
    assert headers["Content-Language"] == "en"
