"""What the console shows of passengers: counts and alarms, and nothing that is sealed."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any, cast

import pytest
from console_world import BEIJING, CHONGQING, open_world
from fastapi.testclient import TestClient
from page_reading import LANGUAGES, PAGES, fen, read

from tongxing.city.money import MoneyDesk
from tongxing.city.office import Office
from tongxing.city.people import Cells, PeopleDesk, SignedIn, notify
from tongxing.city.people.terms import people_terms
from tongxing.console import create_app
from tongxing.fares import load_city_fares
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.partners.payment import NoticeAnswer, PaymentChannel
from tongxing.storage import Database

NOW = at(date(2026, 6, 10), 12)
PHONE, SECRET = "13800138000", "闸机吞了我的卡"


class Inbox:
    """Takes every message and remembers the last code; says yes to every identity."""

    code = ""

    def send(
        self, phone: str, template: str, values: Mapping[str, str], out_id: str
    ) -> Refusal | None:
        self.code = values["code"]
        return None

    def check(self, name: str, id_number: str, out_id: str) -> bool | Refusal:
        return True


class Stranger:
    """A partner that knows no notice."""

    name, merchant = "alipay", "M-1"

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Refusal:
        return Refusal("CALLBACK_SIGNATURE")

    def answer(self, ok: bool) -> NoticeAnswer:
        return NoticeAnswer(b"", "text/plain", 200 if ok else 400)


class Chance:
    """Bytes that are others each time."""

    count = 0

    def __call__(self, size: int) -> bytes:
        self.count += 1
        return hashlib.shake_128(f"console|{self.count}".encode()).digest(size)


@contextmanager
def people_of(database: Database, code: str, inbox: Inbox) -> Iterator[tuple[Office, PeopleDesk]]:
    office = Office(code, database, load_city_fares(code))
    yield office, PeopleDesk(office, Cells.for_tests("console"), inbox, inbox, Chance())
    office.close()


def passenger(desk: PeopleDesk, inbox: Inbox) -> SignedIn:
    desk.request_code(PHONE, "sign_in", "visit", "192.0.2.7", NOW)
    found = desk.sign_in(PHONE, inbox.code, "visit", "Chrome", NOW)
    assert isinstance(found, SignedIn), found
    return found


@pytest.fixture
def watched(database: Database) -> Iterator[tuple[TestClient, str]]:
    """A passenger of Beijing who wrote, staff who look too often, a notice nobody signed."""
    open_world(database).close()
    inbox = Inbox()
    with people_of(database, BEIJING, inbox) as (office, desk):
        who = passenger(desk, inbox)
        assert isinstance(desk.feedback(who.person.person_id, SECRET, "card", NOW + 60), str)
        for number in range(people_terms(BEIJING, NOW).lookup_misses):
            desk.find("OP-7", "counter", f"T-{number}", phone="13912345678", now_s=NOW + 90)
        till: Any = MoneyDesk(office, {"alipay": cast(PaymentChannel, Stranger())}, notify)
        for received_s in (NOW, NOW + 5):
            till.take_notice("alipay", {}, b"nobody signed this", received_s)
    with TestClient(create_app(database, "simulated"), base_url=PAGES) as pages:
        yield pages, who.person.account


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_city_s_passengers_on_one_page(watched: tuple[TestClient, str], language: str) -> None:
    pages, account = watched
    page = read(pages, f"/passengers?city={BEIJING}", language)
    assert page.status == 200
    assert SECRET not in page.html and account not in page.html and PHONE not in page.html
    assert f"{account[:4]}" in page.words and account[-4:] in page.words
    [newest] = page.table({"zh": "编号", "en": "Number"}[language])
    assert newest[1:3] == ["2026-06-10 12:01:00", {"zh": "卡", "en": "Card"}[language]]
    [look] = page.table({"zh": "工号", "en": "Staff number"}[language])
    assert look[0] == "OP-7"
    told = {
        "zh": "1 条通知被隔离，共收到 2 次",
        "en": "Notices in quarantine: 1, received in all: 2",
    }
    assert told[language] in page.words
    assert {"zh": "柜台“值班一览”", "en": "the counter's page “Watch”"}[language] in page.words
    assert {"zh": "票务升级", "en": "Ticket upgrade"}[language] in page.words
    for table in page.tables:
        assert all(len(row) > 1 for row in table)


def test_a_city_without_accounts_of_people_says_so(watched: tuple[TestClient, str]) -> None:
    pages, _ = watched
    page = read(pages, f"/passengers?city={CHONGQING}", "en")
    assert page.status == 200 and 'class="empty"' in page.html
    assert "What accounts can cost at most" in page.words
    assert "Ticket upgrade" not in page.words and "One-time codes" not in page.words


def test_the_formula_adds_up_over_kinds_of_account(watched: tuple[TestClient, str]) -> None:
    pages, _ = watched
    page = read(pages, f"/passengers?city={BEIJING}", "en")
    *kinds, total = page.table("Kind of account")
    assert len(kinds) == 2 and total[0]
    assert fen(total[-1]) == sum(fen(row[-1]) for row in kinds)
    for row in kinds:
        limit, rides, fare, each = fen(row[1]), int(row[2]), fen(row[3]), fen(row[4])
        assert each == limit + rides * fare, "the formula, with the numbers that stand there"


def test_the_way_there_stands_on_every_page(watched: tuple[TestClient, str]) -> None:
    pages, _ = watched
    for language in LANGUAGES:
        assert "/passengers" in read(pages, "/about", language).links
