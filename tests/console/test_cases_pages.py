"""The pages of disputes: cases by deadline, one case with all of it, the ways that lead there."""

import os
import threading
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
import psycopg
import pytest
import uvicorn
from console_world import BEIJING, CHONGQING, TIANJIN, key_of, moment, open_world
from fastapi.testclient import TestClient
from page_reading import PAGES, Page, read
from test_browser import PHONE, visit

from barriers import barriers_on
from tongxing.cli.common import loopback_socket
from tongxing.console import create_app
from tongxing.console.pages import cases
from tongxing.hub import HubStore, WindowClosing, load_rulebook
from tongxing.hub.cases.desk import CaseDesk
from tongxing.kernel.clock import at
from tongxing.messages import HUB_SENDER, CaseAct, CaseFile, Evidence, KeyRing, seal
from tongxing.storage import Database

__all__ = ["visit"]

ISS, ACQ, AWAY = f"ISS-{BEIJING}", f"ACQ-{CHONGQING}", f"ISS-{CHONGQING}"
TRUST = KeyRing({name: key_of(name).public_bytes() for name in (ISS, ACQ, AWAY)})
DAY_WINDOW, WINDOW = "W20260318", "W20260319"
ARBITRATED, ADJUSTED, CLAIMED = "C20260319-0001", "C20260319-0002", "C20260319-0003"
PAPER = Evidence("tap.json", "0123456789abcdef" * 4)


@pytest.fixture(scope="module")
def told(database_server: Database) -> Iterator[Database]:
    """A day, and three disputes about it: in arbitration, adjusted, and a small claim."""
    name = f"console_cases_{os.getpid()}"
    with psycopg.connect(database_server.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    parts = urlsplit(database_server.dsn)
    database = Database(urlunsplit(parts._replace(path=f"/{name}")))
    disputed(database)
    yield database
    with psycopg.connect(database_server.dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def disputed(database: Database) -> None:
    """The whole day and its disputes."""
    world = open_world(database)
    world.whole_day()
    store = HubStore(database)
    desk = CaseDesk(store, key_of(HUB_SENDER), TRUST, load_rulebook())
    with store.reading() as cursor:
        rows = cursor.execute(
            "SELECT record_id FROM record WHERE issuer = %s AND acquirer = %s ORDER BY record_id",
            (ISS, ACQ),
        ).fetchall()
        other = cursor.execute(
            "SELECT record_id FROM record WHERE issuer = %s AND acquirer <> %s"
            " ORDER BY delta_fen DESC LIMIT 1",
            (AWAY, ACQ),
        )
        (third,) = other.fetchone() or ("",)
    first, second = (str(record) for (record,) in rows[:2])
    for number, (member, time, said) in enumerate(
        (
            (ISS, "50:00", {"act": "charge_back", "record_id": first, "reason": "R1"}),
            (ACQ, "50:10", {"act": "credit_adjust", "record_id": second, "note": "charged twice"}),
            (
                ACQ,
                "51:00",
                {
                    "act": "represent",
                    "case_id": ARBITRATED,
                    "evidence": [[PAPER.name, PAPER.sha256]],
                },
            ),
            (ISS, "52:00", {"act": "arbitrate", "case_id": ARBITRATED}),
            (AWAY, "53:00", {"act": "claim_small", "record_id": third, "reason": "R1"}),
        )
    ):
        plain = {"act_id": "1", "amount_fen": 0 if number in (2, 3) else 50, **said}
        act = msgspec.convert(plain, CaseAct)
        file = CaseFile(file_id=f"f{number}", sender=member, created_s=1, acts=[act])
        answer = desk.receive(seal(file, key_of(member)), moment(time))
        assert isinstance(answer, bytes) and b'"code":"OK"' in answer, answer
    closing = world.hub.close_window(WINDOW, moment("60:30"))
    assert isinstance(closing, WindowClosing)
    for code, city in world.cities.items():
        for member in (f"ISS-{code}", f"ACQ-{code}"):
            if member in closing.case_details:
                assert city.apply_case_detail(closing.case_details[member], moment("60:30")) is None
            if member in closing.statements:
                assert city.apply_statement(closing.statements[member], moment("60:30")) is None
    store.close()
    world.close()


@pytest.fixture(scope="module")
def pages(told: Database) -> Iterator[TestClient]:
    with TestClient(create_app(told, "simulated"), base_url=PAGES) as client:
        yield client


@pytest.fixture(scope="module")
def site(told: Database) -> Iterator[str]:
    """The console on a real port; its address."""
    taken = loopback_socket(0)
    taken.listen()  # who comes before the server waits for it
    server = uvicorn.Server(uvicorn.Config(create_app(told, "simulated"), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    taken.close()


def says(page: Page, *words: str) -> None:
    assert page.status == 200
    assert [word for word in words if word not in page.words] == []


def test_the_open_cases_stand_by_deadline_with_whose_turn_it_is(pages: TestClient) -> None:
    page = read(pages, "/cases")
    (row,) = page.table("Case")[:1]
    assert row[:2] == [ARBITRATED, "in arbitration"] and row[2].startswith("2026-04-18 12:00")
    assert row[3] == "clearing house" and row[-1] == "¥0.50"
    assert ADJUSTED not in page.words
    says(read(pages, "/cases?show=all"), ADJUSTED, "adjusted")
    says(read(pages, "/cases", "zh"), "仲裁中", "待行动方", "清分中心")


def test_a_case_tells_what_happened_and_what_is_next(pages: TestClient) -> None:
    says(
        read(pages, f"/cases/{ARBITRATED}"),
        "Next: clearing house, until 2026-04-18 12:00",
        "When nobody acts: not ruled in time, to the issuer.",
        "Can be done now: ruling, by clearing house",
        "Can be done now: accept the chargeback, by Chongqing acquirer",
        "Evidence: tap.json, SHA-256",
        PAPER.sha256,
        "into escrow",
    )
    says(read(pages, f"/cases/{ADJUSTED}", "zh"), "已贷记调整", "charged twice", "差错处理费")
    assert pages.get("/cases/C1").status_code == 404


def test_a_deadline_that_has_passed_is_told_before_a_window_closes(
    pages: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks between the noon of a deadline and the close that writes down what follows."""
    monkeypatch.setattr(cases, "_now_s", lambda *given: at(date(2026, 4, 18), 12, 5))
    (row,) = read(pages, "/cases").table("Case")[:1]
    assert "deadline passed at the next close: not ruled in time, to the issuer" in row[2]
    assert row[3] == "–"
    says(read(pages, "/cases", "zh"), "期限已过", "下次关账时：逾期未裁定，归发卡方")
    case = read(pages, f"/cases/{ARBITRATED}")
    says(
        case, "The deadline 2026-04-18 12:00", "has passed.", "At the next close: not ruled in time"
    )
    assert "Can be done now" not in case.words and "Next:" not in case.words


def test_a_small_claim_tells_why_it_was_not_granted(pages: TestClient) -> None:
    says(
        read(pages, f"/cases/{CLAIMED}"),
        "issuer (for the passenger) 0, acquirer 1; the acquirer has more points",
        "1 for the acquirer: both ends, or the one tap of a single ride, were tapped",
    )
    says(read(pages, f"/cases/{CLAIMED}", "zh"), "收单方更多，不予支付", "收单方 1 分")


def test_where_only_the_hub_runs_nothing_leads_to_what_a_city_keeps(database: Database) -> None:
    disputed(database)
    for city in (BEIJING, CHONGQING, TIANJIN):
        database.drop_schema(f"city_{city}")
    with TestClient(create_app(database, "simulated"), base_url=PAGES) as client:
        paths = (f"/settlement/{DAY_WINDOW}", "/cases?show=all", f"/cases/{CLAIMED}")
        links = {link for path in paths for link in read(client, path).links}
        assert {link for link in links if client.get(link).status_code != 200} == set()


def test_the_ways_that_lead_to_a_case(pages: TestClient) -> None:
    case = read(pages, f"/cases/{ADJUSTED}")
    (trip,) = [link for link in case.links if link.startswith("/trips/")]
    assert f"/cases/{ADJUSTED}" in read(pages, trip).links
    statement = read(pages, f"/settlement/{WINDOW}/members/{ACQ}")
    says(statement, "adjustments and presentments", "disputed, into escrow")
    (found, *_) = [link for link in statement.links if link.startswith("/cases?")]
    says(read(pages, found), ARBITRATED, ADJUSTED)
    assert "/cases" in read(pages, "/settlement").links
    window = read(pages, f"/settlement/{WINDOW}")
    says(window, "disputes: escrow, pool and fees")
    assert len({text.split()[-1] for text in window.table("Member")[-1][1].split(" = ")}) == 1


def test_without_disputes_the_page_says_so_and_bad_addresses_are_refused(
    pages: TestClient, empty: TestClient
) -> None:
    says(read(empty, "/cases"), "No disputes")
    for query in ("window=x", "member=x", "show=x"):
        assert pages.get(f"/cases?{query}").status_code == 400


@pytest.mark.browser
def test_the_pages_fit_a_phone_and_have_no_barriers(visit: Any) -> None:
    page = visit("/cases?show=all", "en", viewport=PHONE, bypass_csp=True).page
    base = page.url.partition("/cases")[0]
    for path in ("/cases?show=all", f"/cases/{ARBITRATED}"):
        page.goto(base + path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert barriers_on(page) == [], path
