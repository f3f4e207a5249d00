"""Worked days that are no worked days: each is refused with its place, and nothing runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hand_days import file_of

from tongxing.cli import run
from tongxing.hub.day import WorkedDay, outcome_of_day, read_day
from tongxing.hub.day.reading import BYTES_MAX
from tongxing.kernel.reasons import Refusal

GOOD = file_of("worked_day").read_bytes()


def detail(content: bytes) -> str:
    found = read_day(content, "day.json")
    assert isinstance(found, Refusal) and found.code == "DAY_MALFORMED", found
    assert found.where == "day.json"
    assert found.message("zh") and found.next_step("en")
    return str(found.values["detail"])


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    day = json.loads(GOOD)
    change(day)
    return json.dumps(day).encode()


def config(key: str, value: object) -> bytes:
    return changed(lambda day: day["config"].update({key: value}))


def record(key: str, value: object) -> bytes:
    return changed(lambda day: day["inputs"]["records"][0].update({key: value}))


def test_the_file_itself_is_good() -> None:
    assert isinstance(read_day(GOOD, "day.json"), WorkedDay)


# What is wrong, and a word of what is said about it.
BYTES: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "empty"),
    ("spaces", b" \n ", "empty"),
    ("no JSON", b"hello", "malformed"),
    ("a list", b"[]", "Expected `object`"),
    ("a byte order mark", b"\xef\xbb\xbf" + GOOD, "byte order mark"),
    ("UTF-16", GOOD.decode().encode("utf-16"), "UTF-8 at byte 1"),
    ("GBK", GOOD.replace(b"Worked clearing", "清分".encode("gbk")), "UTF-8 at byte"),
    ("two objects", GOOD + GOOD, "trailing"),
    ("not a number", GOOD.replace(b'"amount": 1888', b'"amount": NaN', 1), "malformed"),
    ("a key twice", GOOD.replace(b'"note":', b'"title": "x", "note":', 1), "'title' stands twice"),
    ("a key twice, deep", GOOD.replace(b'"seq":', b'"seq": 1, "seq":').replace(
        b'"leg": "S1-S9"', b'"leg": "S1-S9", "leg": "S1-S5"', 1), "'leg' stands twice"),
    ("nested without end", b"[" * 100_000, "malformed"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "content", "said"), BYTES, ids=[row[0] for row in BYTES])
def test_bytes_that_are_no_day(what: str, content: bytes, said: str) -> None:
    assert said in detail(content) or what == "nested without end"


def test_a_day_cut_anywhere_is_refused() -> None:
    for end in range(0, len(GOOD.rstrip()), 101):
        assert detail(GOOD[:end])


def test_a_day_without_end_is_not_even_read() -> None:
    found = read_day(b" " * (BYTES_MAX + 1), "day.json")
    assert isinstance(found, Refusal) and found.code == "FILE_TOO_LARGE"


UNSOUND: list[tuple[str, bytes, str]] = [
    ("an unknown key", changed(lambda day: day.update(weather="rain")), "weather"),
    ("an unknown key of a record", record("vip", True), "vip"),
    ("a key missing", changed(lambda day: day.pop("opening")), "opening"),
    ("another currency", changed(lambda day: day.update(currency="EUR")), "currency"),
    ("fen with a point", record("amount_paid", 450.0), "amount_paid"),
    ("fen as text", record("amount_paid", "450"), "amount_paid"),
    ("full-width digits in a time", record("tap_time", "2026-03-17T0８:21:10"), "tap_time"),
    ("a time with its offset", record("tap_time", "2026-03-17T08:21:10+08:00"), "tap_time"),
    ("31 February", record("tap_time", "2026-02-31T08:21:10"), "no such time"),
    ("25 o'clock", record("tap_time", "2026-03-17T25:21:10"), "no such time"),
    ("a name with a space", record("record_id", "R 1"), "record_id"),
    ("a medium nobody has", record("medium", "COIN"), "medium"),
    ("a leg without a fare", record("leg", "S1-S7"), "no leg S1-S7"),
    ("a purse without its card", record("card_no", None), "names its card"),
    ("a purse without its balance", record("balance_before", None), "balance before"),
    ("an acquirer nobody named", record("acquirer", "ACQ-Z"), "ACQ-Z is not among"),
    ("before the window", record("received_at", "2026-03-17T11:59:59"), "before the window"),
    ("no window", config("window_id", "X1"), "X1 is no window"),
    ("another day's window", config("window_id", "W20260319"), "window_cutoff"),
    ("a window of two days", config("window_open", "2026-03-16T12:00:00"), "window_open"),
    ("another business day", config("business_day_cutover", "04:00"), "03:00"),
    ("shares of a fee", config("fee_share", {"issuer": 50, "acquirer": 30, "hub": 21}), "100"),
    ("days that fall", config("late_reject_days", 1), "late_flag_days"),
    ("a split of 99 %", config("od_split_ppm", {"S1-S9": {"OP1": 990000}}), "1000000"),
    ("a split to a stranger", config("od_split_ppm", {"S1-S9": {"OP9": 1000000}}), "OP9"),
    (
        "a leg that nobody runs",
        changed(
            lambda day: day["config"]["od_split_ppm"].pop("BUS-B") and day["entities"].append("OP4")
        ),
        "whose leg BUS-B is",
    ),
    ("a discount above the fare", config("discount_ppm", {"A:local": 1200000}), "discount_ppm"),
    (
        "one name for two records",
        changed(lambda day: day["inputs"]["records"][1].update(record_id="R001")),
        "R001 stands 2 times",
    ),
    (
        "books that do not balance",
        changed(lambda day: day["opening"].append(["ISS-A", "bank_own", 1])),
        "books of ISS-A",
    ),
    (
        "a card of nobody on the deny list",
        changed(lambda day: day["blacklist"].update({"1": next(iter(day["blacklist"].values()))})),
        "blacklist.1",
    ),
    (
        "a half tap that leads to no account",
        changed(lambda day: day["inputs"]["half_taps"][0].update(account_id=None)),
        "leads to no account",
    ),
    (
        "a half tap at nobody's terminal",
        changed(lambda day: day["inputs"]["half_taps"][0].update(acquirer="ACQ-Z")),
        "half_taps.H01: ACQ-Z is not among the entities",
    ),
    (
        "a half tap at an issuer's terminal",
        changed(lambda day: day["inputs"]["half_taps"][0].update(acquirer="ISS-A")),
        "ISS-A is no acquirer",
    ),
    (
        "a word on a tap nobody made",
        changed(lambda day: day["inputs"]["declarations"][0].update(tap_id="H9")),
        "no half tap H9",
    ),
    (
        "a word with a code nobody knows",
        changed(lambda day: day["inputs"]["issuer_words"][0].update(code="4711")),
        "no verdict code 4711",
    ),
    (
        "more disputed than charged",
        changed(lambda day: day["inputs"]["disputes"][0].update(disputed_amount=701)),
        "more than was charged",
    ),
    (
        "a ruling of more than there is",
        changed(
            lambda day: day["inputs"]["disputes"][0]["steps"].append(
                {"kind": "RULING", "at": "2026-03-30T11:00:00", "to_issuer": 401}
            )
        ),
        "a ruling divides",
    ),
    (
        "a fault of no member",
        changed(lambda day: day["inputs"]["refunds"][0].update(fault="OP3")),
        "OP3 is no member",
    ),
]


@pytest.mark.parametrize(("what", "content", "said"), UNSOUND, ids=[row[0] for row in UNSOUND])
def test_what_cannot_be_is_refused_with_its_place(what: str, content: bytes, said: str) -> None:
    assert said in detail(content)


def test_the_command_ends_with_4_in_both_languages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "day.json"
    file.write_bytes(record("leg", "S1-S7"))
    for language, word in (("zh", "样例日文件不合规"), ("en", "cannot be read")):
        assert run(["hub", "check", str(file), "--lang", language]) == 4
        told = capsys.readouterr().err
        assert word in told and "DAY_MALFORMED" in told and "S1-S7" in told
    assert run(["hub", "check", str(tmp_path / "none.json")]) == 4
    assert run(["hub", "check"]) == 2


def test_an_acquirer_that_nothing_tells_is_asked_for() -> None:
    """Half taps say no acquirer; without records near by and without an acquirer at home, nobody
    can know it."""

    def change(day: dict[str, Any]) -> None:
        day["entities"].append("ISS-C")
        day["accounts"]["X3"] = "ISS-C"
        day["cards"]["3104200000000000008"]["issuer"] = "ISS-C"
        day["inputs"]["records"] = []
        day["inputs"]["issuer_words"] = []

    found = read_day(changed(change), "day.json")
    assert isinstance(found, WorkedDay)
    refusal = outcome_of_day(found)
    assert isinstance(refusal, Refusal) and "H01: name its acquirer" in str(refusal.values)


def test_a_ride_of_half_taps_without_a_fare_is_asked_for() -> None:
    def declared(station: str) -> Callable[[dict[str, Any]], object]:
        return lambda day: day["inputs"]["declarations"][0].update(exit_station=station)

    def lost(day: dict[str, Any]) -> None:
        day["inputs"]["half_taps"][2].update(station="S7")
        day["inputs"]["declarations"] = []

    for change, said in (
        (declared("S7"), "no leg S1-S7"),
        (lost, "no leg with an operator"),
    ):
        found = read_day(changed(change), "day.json")
        assert isinstance(found, WorkedDay)
        refusal = outcome_of_day(found)
        assert isinstance(refusal, Refusal) and said in str(refusal.values), said


def test_facts_that_only_the_expectation_tells_are_taken_from_it() -> None:
    """Without issuers' words and steps, as some worked days are written."""

    def change(day: dict[str, Any]) -> None:
        del day["inputs"]["issuer_words"]
        del day["inputs"]["disputes"][0]["steps"]

    bare = read_day(changed(change), "day.json")
    whole = read_day(GOOD, "day.json")
    assert isinstance(bare, WorkedDay) and isinstance(whole, WorkedDay)
    assert outcome_of_day(bare) == outcome_of_day(whole)
