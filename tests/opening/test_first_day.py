"""The first day of a city that begins in earnest, from a gate to the operator's bank account."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from earnest_world import DAY, Device, Earnest, command, open_earnest
from fleet_world import ACCOUNT_CARD, CARD

from tongxing.cli import run
from tongxing.storage import Database

PAGE = Path(__file__).parents[2] / "docs/operations/city-day.md"
WINDOW = "W20260318"


@pytest.fixture
def earnest(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Earnest]:
    with open_earnest(database, tmp_path, monkeypatch) as found:
        yield found


def rides(earnest: Earnest, folder: Path) -> None:
    """Through an enrolled gate: one on the account, one on a purse, one that never leaves."""
    identity = earnest.town.enrolled(folder, "XSZ", "IN", "OUT")
    device = Device(
        identity, folder, earnest.town.clock, stations={"IN": "xiaoshizi", "OUT": "shapingba"}
    )
    purse = CARD
    for hour, media in ((12, (ACCOUNT_CARD, CARD)), (20, (ACCOUNT_CARD,))):
        earnest.at(hour)
        for medium in media:
            reason, after = device.tap(medium, "IN")
            assert reason == "OPEN", reason
            purse = after if medium is CARD else purse
        if hour == 12:
            earnest.at(hour, 45)
            assert [device.tap(one, "OUT")[0] for one in (ACCOUNT_CARD, purse)] == ["OPEN"] * 2
    while device.waiting():
        device.later(5)
    device.close()


def works(earnest: Earnest, *more: str, code: int = 0) -> dict[str, Any]:
    """`tongxing city day`, and the one day that it tells of."""
    found, told = command("city", "day", "--by", "li", *more)
    assert found == code, told
    (day,) = told["days"]
    return dict(day) | {"refusals": told["refusals"]}


@pytest.mark.req("R-012")
def test_the_first_day_of_a_city_and_its_hub(
    earnest: Earnest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rides(earnest, tmp_path / "gate")
    on = ("--on", DAY.isoformat())
    earnest.at(26, 59)
    assert command("city", "day", *on) == (5, "DAY_NOT_OVER")
    earnest.at(27, 20)
    assert works(earnest)["waits"] == "line"
    day = works(earnest, *earnest.hub)
    assert (day["next"], day["waits"], day["missing"]) == ("book", "hub", 1)
    for language, said in (
        ("zh", "清分中心对 1 个文件尚无对账单"),
        ("en", "7 book; the hub has no"),
    ):
        assert run(["--lang", language, "city", "day", "--status"]) == 0
        assert said in capsys.readouterr().out
    figures = {step["step"]: step["figures"] for step in day["steps"]}
    assert (figures["close"]["trips"], figures["close"]["half_trips"]) == (2, 1)
    assert (figures["decide"], figures["list"]["version"]) == ({"taps": 5, "differ": 0}, 1)
    assert (figures["send"]["files"], figures["send"]["rows"]) == (1, 2)
    assert figures["send"]["presented_fen"] == figures["close"]["charged_fen"] > 0

    earnest.at(36, 35)
    code, told = command("hub", "day", "--by", "wang")
    (settling,) = (one for one in told["days"] if one["window_id"] == WINDOW)
    assert (code, settling["next"], settling["so_far"]["accepted"]) == (0, "settle", 2)
    assert list((earnest.home / "hub/bank/out" / WINDOW).glob("*.xml"))
    day = works(earnest, *earnest.hub)
    assert (day["next"], day["waits"], day["missing"]) == ("settle", "bank", 3)

    for hour, minute in ((39, 0), (39, 30), (40, 0)):
        earnest.at(hour, minute)
        earnest.pays()
        assert command("hub", "day", "--by", "wang")[0] == 0
    assert command("city", "bank", str(PAGE)) == (4, "BANK_STATEMENT")
    code, (told,) = command("city", "bank", str(earnest.notice(off_by_fen=1)))
    assert (code, told["booked"]) == (1, 0)
    assert {one["code"] for one in told["refusals"]} == {"BANK_AMOUNT_DIFFERS"}
    assert works(earnest, *earnest.hub)["missing"] == 3
    code, (told,) = command("city", "bank", str(earnest.notice()))
    assert (code, told["booked"], told["refusals"]) == (0, 3, [])
    day = works(earnest, *on, *earnest.hub)
    assert (day["next"], day["refusals"]) == ("", [])
    paid = day["steps"][7]["figures"]["paid_fen"]
    assert paid == earnest.bank.balances_fen["OP-CQ-RAIL"] - 1_000_00 > 0
    assert command("city", "bank", str(earnest.notice()))[1][0]["booked"] == 3  # twice is once
    assert command("hub", "day", "--status")[1]["days"][0]["window_id"] != WINDOW
    assert run(["--lang", "en", "city", "day", "--status", *on]) == 0
    assert capsys.readouterr().out in PAGE.read_text(encoding="utf-8")
    assert run(["--lang", "en", "exchange", "status", *earnest.hub]) == 0
    assert capsys.readouterr().out in PAGE.read_text(encoding="utf-8")
    kept = command("hub", "registers")[1]["registers"]
    assert [(one["kind"], one["owner"], one["entries"]) for one in kept] == [
        ("CardRegister", "ISS-500000", 0), ("DenyList", "500000", 0),
        ("LossRegister", "ISS-500000", 0), ("TerminalRegister", "ACQ-500000", 2),
    ]  # fmt: skip
    code, proofs = command("prove")
    assert code == 0 and {proof["house"] for proof in proofs} > {"500000"}
