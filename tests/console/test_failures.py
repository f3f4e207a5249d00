"""When a page cannot be shown: its code and the next step are, and nothing leaks."""

from collections.abc import Iterator

import psycopg
import pytest
from fastapi.testclient import TestClient
from page_reading import LANGUAGES, PAGES, WINDOW, read

from tongxing.console import create_app
from tongxing.console.pages import about
from tongxing.kernel.reasons import reason
from tongxing.storage import Database

WRONG = [
    ("/no-such-page", 404, "PAGE_UNKNOWN"),
    ("/static/no-such-file.css", 404, "PAGE_UNKNOWN"),
    ("/static/../app.py", 404, "PAGE_UNKNOWN"),
    ("/trips/not-a-trip", 404, "TRIP_UNKNOWN"),
    ("/trips/" + "f" * 32, 404, "TRIP_UNKNOWN"),
    ("/trips?find=%3Cscript%3E", 404, "TRIP_UNKNOWN"),
    ("/settlement/W20990101", 404, "WINDOW_UNKNOWN"),
    ("/settlement/%27%20OR%201=1", 404, "WINDOW_UNKNOWN"),
    (f"/settlement/{WINDOW}/members/ISS-999999", 404, "STATEMENT_FILE_UNKNOWN"),
    (f"/settlement/{WINDOW}/members/ACQ-120000", 404, "STATEMENT_FILE_UNKNOWN"),
    (f"/settlement/{WINDOW}/cells/ISS-500000/ACQ-999999", 404, "PAGE_UNKNOWN"),
    (f"/settlement/{WINDOW}/papers/csv/nobody", 404, "STATEMENT_FILE_UNKNOWN"),
    (f"/settlement/{WINDOW}/papers/issuer_detail/ISS-500000", 404, "STATEMENT_FILE_UNKNOWN"),
    ("/?day=yesterday", 400, "PAGE_ARGUMENT"),
    ("/?day=2026-02-30", 400, "PAGE_ARGUMENT"),
    ("/?day=2026-03-18", 400, "PAGE_ARGUMENT"),
    ("/?day=２０２６-03-17", 400, "PAGE_ARGUMENT"),
    ("/trips?city=110000%27", 400, "PAGE_ARGUMENT"),
    ("/trips?mode=submarine", 400, "PAGE_ARGUMENT"),
    ("/trips?how=void%20or%20true", 400, "PAGE_ARGUMENT"),
    ("/trips?page=0", 400, "PAGE_ARGUMENT"),
    ("/trips?page=51", 400, "PAGE_ARGUMENT"),
    ("/trips?page=-1", 400, "PAGE_ARGUMENT"),
    ("/trips?page=1000000000", 400, "PAGE_ARGUMENT"),
    ("/trips.csv?how=nothing", 400, "PAGE_ARGUMENT"),
    ("/passengers?city=999999", 400, "PAGE_ARGUMENT"),
    ("/network?scheme=octopus", 400, "PAGE_ARGUMENT"),
    ("/network?province=1", 400, "PAGE_ARGUMENT"),
]


@pytest.mark.parametrize(("path", "status", "code"), WRONG)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_address_is_told_with_the_next_step(
    pages: TestClient, path: str, status: int, code: str, language: str
) -> None:
    page = read(pages, path, language)
    assert page.status == status
    assert code in page.words
    entry = reason(code)
    next_step = entry.next_zh if language == "zh" else entry.next_en
    assert next_step in page.words
    assert "<script>" not in page.html


def test_whoever_asks_for_json_gets_the_one_shape_of_errors(pages: TestClient) -> None:
    answer = pages.get("/trips/none", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert set(answer.json()) == {
        "code",
        "message_zh",
        "message_en",
        "next_step_zh",
        "next_step_en",
        "where",
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed_here(pages: TestClient, method: str) -> None:
    answer = pages.request(method, "/trips")
    assert answer.status_code == 405
    assert "PAGE_METHOD" in answer.text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:80", "", "127.0.0.2"])
def test_a_strange_name_is_refused(pages: TestClient, host: str) -> None:
    answer = pages.get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert "PAGE_HOST" in answer.text
    assert "¥" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000"])
def test_our_own_names_are_served(pages: TestClient, host: str) -> None:
    assert pages.get("/about", headers={"Host": host}).status_code == 200


@pytest.fixture
def without_database() -> Iterator[TestClient]:
    away = Database("postgresql://me:secret@127.0.0.1:1/none?connect_timeout=1")
    with TestClient(create_app(away), base_url=PAGES) as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/", "/trips", "/settlement", "/passengers", "/proofs", "/network", "/figures"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_database_that_is_away_is_told_and_the_reader_may_come_back(
    without_database: TestClient, path: str, language: str
) -> None:
    page = read(without_database, path, language)
    assert page.status == 503
    assert "DB_UNAVAILABLE" in page.words
    assert "secret" not in page.html and "Traceback" not in page.html
    assert without_database.get(path).headers["Retry-After"] == "5"


def test_what_needs_no_database_is_there_without_one(without_database: TestClient) -> None:
    assert read(without_database, "/about").status == 200
    assert without_database.get("/static/console.css").status_code == 200


def test_a_database_that_comes_back_is_used_again(database: Database) -> None:
    with TestClient(create_app(database), base_url=PAGES) as client:
        assert client.get("/").status_code == 200
        with psycopg.connect(database.dsn, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert client.get("/").status_code == 200


def test_a_bug_is_told_without_its_trace(
    told: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(about, "render", broken)
    app = create_app(told)
    with TestClient(app, base_url=PAGES, raise_server_exceptions=False) as client:
        answer = client.get("/about")
    assert answer.status_code == 500
    assert "PAGE_FAILED" in answer.text
    assert "the secret inside" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "the secret inside" in caplog.text
