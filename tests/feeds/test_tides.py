"""TIDES fare transactions: taps go out and come back the same; whatever is wrong is named."""

import json
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tongxing.cli import run
from tongxing.feeds.tides import TAPS, TRANSACTIONS, write_package
from tongxing.feeds.tides_reading import Checked, check_package, read_taps
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import PurseFacts, Tap, TapRef
from tongxing.storage import Database

sys.path.insert(0, str(Path(__file__).parents[1] / "city"))

from street import CARD, CHONGQING, DAY, PURSE, Taps, open_city, send

ENTRY = Tap(
    ref=TapRef("gate-1", 0xA5, 1), time_s=at(DAY, 8, 10), kind="entry", city="500000",
    place="500103", mode="rail", operator="OP-CQ-RAIL", line="rail-1", station="chaotianmen",
    medium_no="5000000000000001", medium_kind="card", scheme="local:500000", issuer="500000",
    product="ordinary", funding="account", outcome="opened", tariff="500000-20250730",
    deny_list_version=3,
)  # fmt: skip
BUS = Tap(
    ref=TapRef("bus-7", 0xB6, 2), time_s=at(DAY, 26), kind="ride", city="500000", place="500103",
    mode="bus", operator="OP-CQ-BUS-SOUTH", line="bus-401", station="", vehicle="渝A-1",
    medium_no="5000000000000007", medium_kind="card", scheme="local:500000", issuer="500000",
    product="student", funding="purse", purse=PurseFacts(9, 5_000, 180), outcome="opened",
    tariff="500000-20250730", deny_list_version=3,
)  # fmt: skip
REFUSED = Tap(
    ref=TapRef("gate-1", 0xA5, 2), time_s=at(DAY, 8, 11), kind="exit", city="500000",
    place="500103", mode="rail", operator="OP-CQ-RAIL", line="rail-1", station="shapingba",
    medium_no="a1-code", medium_kind="code", scheme="t_union", issuer="330200",
    product="ordinary", funding="account", outcome="refused", reason="DENIED",
    tariff="500000-20250730", deny_list_version=0,
)  # fmt: skip
ALL = (ENTRY, BUS, REFUSED)


def package(folder: Path, *taps: Tap) -> Path:
    write_package(folder, taps, "Taps of a test", lambda _: None)
    return folder


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    package(folder, *ALL)
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text, old
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_taps_come_back_as_they_were(tmp_path: Path) -> None:
    assert read_taps(package(tmp_path, *ALL)) == ALL


def test_a_tap_in_the_field_s_words(tmp_path: Path) -> None:
    lines = (package(tmp_path, *ALL) / TRANSACTIONS).read_text(encoding="utf-8").splitlines()
    assert lines[1] == (
        "gate-1/a5/1,2026-03-17,2026-03-17T00:10:00Z,0.00,CNY,Enter,,,,,gate-1,,chaotianmen,1,"
        "Smart card or ticket,ordinary,,,,5000000000000001,"
    )
    # Two in the morning still belongs to the business day before; the purse has 48.20 left.
    assert lines[2] == (
        "bus-7/b6/2,2026-03-17,2026-03-17T18:00:00Z,1.80,CNY,Enter,,,,渝A-1,bus-7,,,1,"
        "Smart card or ticket,student,,,,5000000000000007,48.20"
    )
    assert lines[3].split(",")[5] == "Other" and lines[3].split(",")[13] == "0"


def test_the_package_describes_itself_and_is_private(tmp_path: Path) -> None:
    package(tmp_path, *ALL)
    found = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    assert {"name", "title", "profile", "resources"} <= found.keys()
    for resource in found["resources"]:
        assert {"name", "path", "schema", "profile"} <= resource.keys()
        assert (tmp_path / resource["path"]).is_file()
    schema = json.loads((tmp_path / "tongxing_taps.schema.json").read_text(encoding="utf-8"))
    head = (tmp_path / TAPS).read_text(encoding="utf-8").partition("\n")[0]
    assert [field["name"] for field in schema["fields"]] == head.split(",")
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8).filter(
    lambda text: text not in ("NA", "NaN")
)
MAYBE = st.one_of(st.just(""), WORDS)
REFS = st.builds(
    TapRef, WORDS.filter(lambda text: "/" not in text), st.integers(0, 2**63), st.integers(1, 10**9)
)
PURSES = st.builds(
    PurseFacts, st.integers(0, 65_535), st.integers(-5_000, 10**6), st.integers(0, 10**5)
)
TAPS_DRAWN = st.builds(
    Tap, ref=REFS, time_s=st.integers(at(DAY), at(DAY) + 10**8),
    kind=st.sampled_from(["entry", "exit", "ride"]), city=WORDS, place=MAYBE, mode=WORDS,
    operator=MAYBE, line=MAYBE, station=MAYBE, vehicle=MAYBE, medium_no=WORDS,
    medium_kind=st.sampled_from(["card", "code"]), scheme=MAYBE, issuer=MAYBE, product=WORDS,
    funding=st.sampled_from(["purse", "account"]), purse=st.none() | PURSES,
    outcome=st.sampled_from(["opened", "refused"]), reason=WORDS, tariff=MAYBE,
    deny_list_version=st.integers(0, 10**6),
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(TAPS_DRAWN, max_size=4, unique_by=lambda tap: tap.ref))
def test_whatever_a_tap_says_comes_back(tmp_path: Path, taps: list[Tap]) -> None:
    assert read_taps(package(tmp_path, *taps)) == tuple(taps)


BROKEN = {
    "no such day": ("2026-03-17,", "2026-02-30,", "FEED_VALUE", ":2:service_date"),
    "a time without an offset": (
        "00:10:00Z", "00:10:00", "FEED_VALUE", ":2:event_timestamp"),
    "an amount in words": ("Z,0.00", "Z,free", "FEED_VALUE", ":2:amount"),
    "no amount": ("Z,0.00", "Z,", "FEED_VALUE", ":2:amount"),
    "an unknown action": ("Enter", "Stumble", "FEED_VALUE", ":2:fare_action"),
    "the draft's spelling": ("Smart card or ticket", "smart_card_or_ticket",
                             "FEED_VALUE", ":2:fare_media_id"),
    "a stranger's currency": ("CNY", "yuan", "FEED_VALUE", ":2:currency_type"),
    "half a rider": (",1,Smart", ",0.5,Smart", "FEED_VALUE", ":2:num_riders"),
    "an id twice": ("bus-7/b6/2", "gate-1/a5/1", "FEED_DUPLICATE", ":3:transaction_id"),
    "another amount than the purse": ("Z,1.80", "Z,1.79", "FEED_RULE", ":3:amount"),
    "an id without its facts": ("gate-1/a5/1", "gate-1/a5/7",
                                "FEED_REFERENCE", ":2:transaction_id"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_is_refused_at_the_place(name: str, tmp_path: Path) -> None:
    old, new, code, place = BROKEN[name]
    found = check_package(edited(tmp_path, TRANSACTIONS, old, new))
    assert isinstance(found, Refusal)
    assert (found.code, found.where) == (code, TRANSACTIONS + place)
    assert "{" not in found.message("en")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("entry", "enter", ":2:kind"),
        (",account,", ",credit,", ":2:funding"),
        ("opened", "ajar", ":2:outcome"),
        (",9,5000,180", ",9,,180", ":3:purse_before_fen"),
    ],
)
def test_broken_tap_facts(old: str, new: str, place: str, tmp_path: Path) -> None:
    found = check_package(edited(tmp_path, TAPS, old, new))
    assert isinstance(found, Refusal)
    assert (found.code, found.where) == ("FEED_VALUE", TAPS + place)


def test_facts_that_contradict_the_transaction(tmp_path: Path) -> None:
    found = check_package(edited(tmp_path, TAPS, ",5000,180", ",5000,200"))
    assert isinstance(found, Refusal)
    assert (found.code, found.where) == ("FEED_RULE", f"{TRANSACTIONS}:3:amount")


def test_facts_without_a_transaction(tmp_path: Path) -> None:
    package(tmp_path, *ALL)
    whole = (tmp_path / TRANSACTIONS).read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / TRANSACTIONS).write_text("".join(whole[:-1]), encoding="utf-8")
    found = check_package(tmp_path)
    assert isinstance(found, Refusal)
    assert (found.code, found.where) == ("FEED_REFERENCE", f"{TAPS}:4:transaction_id")


def test_a_table_of_others_is_checked_but_gives_no_taps(tmp_path: Path) -> None:
    (tmp_path / "datapackage.json").write_text(
        '{"resources": [{"name": "fare_transactions", "path": "fares.csv"}]}'
    )
    (tmp_path / "fares.csv").write_text(
        "transaction_id,service_date,event_timestamp,amount,fare_action,fare_capped,token_id\n"
        "1,2026-01-05,2026-01-05T08:00:00-05:00,2.75,Purchase,false,NA\n"
        "2,2026-01-05,2026-01-05T07:00:00-05:00,-2.75,Adjust,,x\n"
    )
    found = check_package(tmp_path)
    assert isinstance(found, Checked)
    assert found.actions == {"Purchase": 1, "Adjust": 1} and found.taps is None
    assert found.last_s - found.first_s == 3_600
    taps = read_taps(tmp_path)
    assert isinstance(taps, Refusal) and taps.code == "TIDES_NO_TAP_FACTS"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "TIDES_PACKAGE"),
        ("[]", "TIDES_PACKAGE"),
        ('{"resources": []}', "TIDES_PACKAGE"),
        ('{"resources": [{"name": "fare_transactions", "path": 3}]}', "TIDES_PACKAGE"),
        ('{"resources": [{"name": "fare_transactions", "path": "../x.csv"}]}', "FEED_FILE_MISSING"),
        ("[" * 100_000, "TIDES_PACKAGE"),
    ],
)
def test_a_package_that_names_no_table(text: str, code: str, tmp_path: Path) -> None:
    package(tmp_path, *ALL)
    (tmp_path / "datapackage.json").write_text(text)
    found = check_package(tmp_path)
    assert isinstance(found, Refusal) and found.code == code


def test_a_city_s_books_become_a_package_and_its_taps_come_back(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city, tap = open_city(database), Taps()
    sent = [
        tap("08:00", CARD, "entry", "chaotianmen"),
        tap("08:40", CARD, "exit", "shapingba"),
        tap("18:00", CARD, "entry", "shapingba"),
    ]
    send(city, *sent)
    city.close()
    out = tmp_path / "package"
    asked = ["tides", "write", CHONGQING, "--out", str(out), "--dsn", database.dsn]
    assert run([*asked, "--lang", "en"]) == 0
    assert "3 taps written" in capsys.readouterr().out
    assert read_taps(out) == tuple(sent)
    assert run(["tides", "check", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["taps"], found["actions"]) == (3, {"Enter": 2, "Exit": 1})
    assert run(["tides", "check", str(out), "--lang", "zh"]) == 0
    assert "3 行全部合格" in capsys.readouterr().out
    assert run([*asked, "--from", "2026-03-18"]) == 4
    assert "TIDES_NO_TAPS" in capsys.readouterr().err
    assert run(["tides", "write", "110000", "--out", str(out), "--dsn", database.dsn]) == 4


def test_without_books_there_is_nothing_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "empty"
    assert run(["tides", "write", CHONGQING, "--out", str(tmp_path), "--home", str(home)]) == 4
    assert "TIDES_NO_TAPS" in capsys.readouterr().err
    assert not home.exists()


def test_check_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(tmp_path, TRANSACTIONS, "Enter", "Stumble")
    assert run(["tides", "check", str(tmp_path), "--lang", "en"]) == 4
    told = capsys.readouterr().err
    assert "FEED_VALUE" in told and f"{TRANSACTIONS}:2:fare_action" in told
    assert PURSE not in told
