"""A city opens its doors: a site for each, its own keys and partners, and what is due is done."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from tongxing.city import RiderOpening
from tongxing.city.accounts import MediumOpening, open_riders
from tongxing.city.people.cells import Cells
from tongxing.city.people.keyfile import write_keys
from tongxing.city.store import media
from tongxing.front import ByPort, CityFront, city_app, open_city, partners_of
from tongxing.front.clockwork import clockwork
from tongxing.front.keys import FOLDER, PASSPHRASE_FILE, keys_of
from tongxing.kernel.clock import business_date
from tongxing.kernel.reasons import Refusal
from tongxing.messages.taps import account_token
from tongxing.partners.settings import PartnerSettings
from tongxing.sandbox import Sandbox, start_sandbox
from tongxing.simulation.doors import load_doors, prepare, roots_of, simulated_keys
from tongxing.simulation.scenario import load_scenario
from tongxing.storage import Database

CITY, SEED, NOW = "500000", 7, 1_790_000_000


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox() as running:
        yield running


@pytest.fixture
def front(database: Database, sandbox: Sandbox) -> Iterator[CityFront]:
    partners = partners_of(sandbox.notifying("http://127.0.0.1:9/partners"))
    assert not isinstance(partners, Refusal)
    keys = simulated_keys(SEED, load_scenario(), CITY)
    found = open_city(database, CITY, keys, partners, NOW)
    yield found
    found.close()


def with_accounts(front: CityFront) -> None:
    """Accounts as a simulated city has them: two with a code, two with card and code."""
    with front.office.alone() as cursor:
        for number in range(4):
            account = f"50001000000000{number}7"
            media = [MediumOpening(account_token(account), "code", "local:500000", "ordinary")]
            if number > 1:
                card_no = f"400000000000000{number}"
                media.append(MediumOpening(card_no, "card", "local:500000", "ordinary"))
            opening = RiderOpening(account, tuple(media), 5_000, limit_fen=2_000)
            open_riders(cursor, CITY, [opening], NOW, business_date(NOW))


def test_doors_are_prepared_once_however_often_they_are_opened(
    front: CityFront, tmp_path: Path
) -> None:
    with_accounts(front)
    first = prepare(front, SEED, load_scenario(), tmp_path, NOW)
    images = [card.read_bytes() for card in first.cards]
    again = prepare(front, SEED, load_scenario(), tmp_path, NOW + 3600)
    assert again == first
    assert [card.read_bytes() for card in again.cards] == images
    assert first.phones == tuple(one.phone for one in load_doors().passengers if one.city == CITY)
    with front.office.reading() as cursor:
        people = cursor.execute("SELECT count(DISTINCT account) FROM person").fetchone()
        purses = cursor.execute("SELECT count(*) FROM rider WHERE kind = 'purse'").fetchone()
    assert people == (len(first.phones),)
    assert purses == (len(first.cards),)


def test_a_taken_over_account_keeps_its_money_and_gets_one_person(front: CityFront) -> None:
    with_accounts(front)
    account = "5000100000009907"
    with front.office.alone() as cursor:
        medium = MediumOpening(account_token(account), "code", "local:500000", "ordinary")
        open_riders(
            cursor, CITY, [RiderOpening(account, (medium,), 1_234)], NOW, business_date(NOW)
        )
    person = front.people.take_over(account, "13900139000", NOW)
    assert not isinstance(person, Refusal)
    assert person.account == account
    assert front.people.take_over(account, "13900139000", NOW) == person
    other = front.people.take_over(account, "13900139001", NOW)
    assert isinstance(other, Refusal) and other.code == "PHONE_TAKEN"
    taken = front.people.take_over("5000100000000017", "13900139000", NOW)
    assert isinstance(taken, Refusal) and taken.code == "PHONE_TAKEN"
    nobody = front.people.take_over("5000100000099999", "13900139002", NOW)
    assert isinstance(nobody, Refusal) and nobody.code == "RIDER_UNKNOWN"
    wrong = front.people.take_over("5000100000000017", "１３９００１３９００２", NOW)
    assert isinstance(wrong, Refusal) and wrong.code == "PHONE_INVALID"
    balance = front.money.balance(account)
    assert not isinstance(balance, Refusal)
    assert balance.posted_fen == 1_234


def test_the_sites_answer_where_they_belong(front: CityFront) -> None:
    client = TestClient(city_app(front), base_url="http://127.0.0.1", follow_redirects=False)
    assert client.get("/").headers["location"] == "/rider/"
    assert client.get("/rider/sign-in").status_code == 200
    assert client.get("/counter/sign-in").status_code == 200
    assert client.get("/counter/").headers["location"] == "/counter/sign-in"


def test_a_notice_without_a_signature_is_refused_and_kept(front: CityFront) -> None:
    client = TestClient(city_app(front), base_url="http://127.0.0.1")
    answer = client.post("/partners/alipay", content=b"trade_status=TRADE_SUCCESS")
    assert answer.status_code == 401
    assert answer.json()["code"] == "CALLBACK_SIGNATURE"
    assert len(front.money.quarantined()) == 1
    assert client.post("/partners/nobody", content=b"x").status_code >= 400
    assert client.post("/partners/alipay", content=b"x" * 70_000).status_code == 413


def test_what_is_due_is_done_though_one_part_fails(
    front: CityFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert front.do_what_is_due(NOW) == []

    def broken(_now_s: int) -> None:
        raise OSError("the partner's line is cut")

    monkeypatch.setattr(front.money, "collect", broken)
    done = []
    monkeypatch.setattr(front.losing, "release_found", done.append)
    assert front.do_what_is_due(NOW) == ["collect"]
    assert done == [NOW]


def test_whom_gates_stop_is_told_when_it_changes_and_only_then(front: CityFront) -> None:
    with_accounts(front)
    told: list[int] = []
    front.publish = told.append
    assert not front.publish_if_changed(NOW), "the first look only remembers"
    assert not front.publish_if_changed(NOW + 20)
    with front.office.writing() as cursor:
        media.deny(cursor, account_token("5000100000000007"), "MEDIUM_LOST")
    assert front.do_what_is_due(NOW + 40) == []
    assert not front.publish_if_changed(NOW + 60)
    assert told == [NOW + 40]


def test_a_deny_list_is_made_anew_before_its_days_are_over(front: CityFront) -> None:
    told: list[int] = []
    front.publish = told.append
    with front.office.writing() as cursor:
        media.write_deny_list(cursor, 1, NOW, 0, b"")
    assert not front.publish_if_changed(NOW + 86_399)
    assert front.publish_if_changed(NOW + 86_400)
    assert told == [NOW + 86_400]


def test_the_clock_goes_on_until_the_doors_close(front: CityFront) -> None:
    seen: list[int] = []
    times = iter(range(NOW, NOW + 1_000))

    def clock() -> int:
        seen.append(next(times))
        return seen[-1]

    with clockwork([front], clock, every_s=0.01):
        while len(seen) < 2:
            pass
    stopped = len(seen)
    assert len(seen) == stopped


def test_each_port_is_a_site_of_its_own() -> None:
    apps = ByPort(PlainTextResponse("main"), {8001: PlainTextResponse("first")})

    def asked(port: int) -> str:
        return TestClient(apps, base_url=f"http://127.0.0.1:{port}").get("/").text

    assert asked(8001) == "first"
    assert asked(9) == "main"


@pytest.mark.parametrize("lacking", ["alipay and wechat", "aliyun"])
def test_partners_that_are_not_set_up_are_named(sandbox: Sandbox, lacking: str) -> None:
    ours = sandbox.settings
    cut = (
        replace(ours, aliyun=None)
        if lacking == "aliyun"
        else PartnerSettings(None, None, ours.aliyun)
    )
    found = partners_of(cut)
    assert isinstance(found, Refusal)
    assert found.code == "FRONT_PARTNER_MISSING"


def test_keys_that_are_not_there_or_do_not_open_are_named(tmp_path: Path) -> None:
    def code(environ: dict[str, str]) -> str:
        found = keys_of(CITY, environ)
        assert isinstance(found, Refusal)
        return found.code

    assert code({}) == "FRONT_KEYS_MISSING"
    secret = tmp_path / "secret"
    environ = {FOLDER: str(tmp_path), PASSPHRASE_FILE: str(secret)}
    assert code(environ) == "FRONT_KEYS_MISSING"
    secret.write_text("a passphrase that is long enough\n")
    assert code(environ) == "FRONT_KEYS_MISSING"
    folder = tmp_path / CITY
    folder.mkdir()
    (folder / "cards.vault").write_bytes(b"no vault")
    (folder / "codes.issuer").write_bytes(b"no issuer")
    write_keys(folder / "people.keys", Cells.for_tests("front"), secret.read_text().strip(), bytes)
    assert code(environ) == "KEYVAULT_FILE"


def test_the_roots_of_a_run_are_those_its_gates_believe() -> None:
    assert roots_of(SEED, load_scenario()).startswith(b'{"1":"0')
