"""Every page in both languages, for somebody who rides and for somebody who has nothing yet."""

import re
from typing import Any

import pytest
from rider_life import Life
from rider_world import World

PATHS = (
    "/", "/code", "/welcome", "/money", "/money/top-up", "/money/orders", "/money/refund",
    "/money/auto", "/trips", "/trips/discounts", "/bind", "/loss", "/loss/dispute",
    "/loss/dispute/received", "/upgrade",
    "/upgrade/code", "/where", "/where?q=hangzhou", "/where?q=%E6%88%90%E9%83%BD", "/me",
    "/me/identity", "/me/phone", "/me/helping", "/me/helping/new", "/me/consents", "/me/notices",
    "/me/sessions", "/me/export", "/me/close", "/me/feedback", "/texts/terms", "/prove",
)  # fmt: skip
SIGNED_OUT = ("/", "/sign-in", "/where", "/texts/privacy", "/upgrade/code", "/back", "/closed")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_for_somebody_with_a_life(seen: Life, language: str) -> None:
    client = seen.world.signed_in(seen.who, language)
    for path in PATHS:
        check(client.get(f"/rider{path}"), path, language)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_for_somebody_who_has_nothing_yet(world: World, language: str) -> None:
    client = world.signed_in(world.newcomer(), language)
    for path in PATHS:
        check(client.get(f"/rider{path}"), path, language)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_without_a_session(world: World, language: str) -> None:
    for path in SIGNED_OUT:
        check(world.client(language).get(f"/rider{path}"), path, language)


def test_whoever_has_no_session_is_led_to_sign_in_and_back(world: World) -> None:
    client = world.client()
    for path in PATHS:
        if path.split("?")[0] in ("/", "/code", "/where", "/texts/terms", "/upgrade/code"):
            continue
        answer = client.get(f"/rider{path}")
        assert answer.url.path == "/rider/sign-in", path
    assert client.get("/rider/money", headers={"Accept": "application/json"}).status_code == 401


def check(answer: Any, path: str, language: str) -> None:
    """A whole page: its language, one heading of the first rank, no word left out."""
    assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
    tag = {"zh": "zh-CN", "en": "en"}[language]
    assert f'<html lang="{tag}">' in answer.text
    assert len(re.findall(r"<h1[ >]", answer.text)) == 1, path
    text = re.sub(r"<script.*?</script>", "", answer.text, flags=re.S)
    text = re.sub(r"<[^>]+>", " ", text)
    assert not re.findall(r"\{[a-z_]+\}", text.replace("{s}", "")), path
    assert answer.headers["Cache-Control"] == "no-store"
    if language == "en":
        assert not re.findall("[\u4e00-\u9fff]", text.replace("中文", "").replace("杭州", "")), path
