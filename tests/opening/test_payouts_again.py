"""A city's payout that the bank turned down, and then sent back, reaches its operator after all."""

from pathlib import Path

import pytest
from earnest_world import Earnest, command
from test_first_day import WINDOW, earnest, rides, works

from tongxing.cli import run

PAGE = Path(__file__).parents[2] / "docs/operations/city-day.md"
__all__ = ["earnest"]
OPERATOR, ACCOUNT = "OP-CQ-RAIL", "6222-0088"
PAYOUT = f"{WINDOW}-0003"


def settling(earnest: Earnest, folder: Path) -> bytes:
    """A day up to the bank, which knows no account of the operator: its report."""
    rides(earnest, folder)
    earnest.at(27, 20)
    works(earnest, *earnest.hub)
    earnest.at(36, 35)
    assert command("hub", "day", "--by", "wang")[0] == 0
    works(earnest, *earnest.hub)
    del earnest.bank.balances_fen[OPERATOR]
    for hour, minute in ((39, 0), (39, 30), (40, 0)):
        earnest.at(hour, minute)
        earnest.pays()
        assert command("hub", "day", "--by", "wang")[0] == 0
    (report,) = (earnest.home / "hub/bank/in").glob(f"taken/{PAYOUT}.*")
    return report.read_bytes()


def told(earnest: Earnest, code: int = 0) -> dict[str, object]:
    """What the city takes from its bank's notice."""
    found, (taken,) = command("city", "bank", str(earnest.notice()))
    assert found == code, taken
    return dict(taken)


def again(payment: str, by: str, *more: str) -> object:
    found = command("city", "reissue", payment, "--by", by, "--why", "closed", *more)[1]
    return found["successor"] if isinstance(found, dict) else found


def pays(earnest: Earnest, payment: str) -> bytes:
    """The bank executes an order of the city; its report."""
    order = earnest.home / f"city/500000/bank/out/{WINDOW}/{payment}.xml"
    return earnest.bank.execute(order.read_bytes(), earnest.town.clock.now_s)


def all_hold() -> None:
    code, proofs = command("prove")
    assert code == 0, [proof for proof in proofs if not proof["holds"]]


def two_persons(to: tuple[str, str]) -> None:
    """Send the payout again; whoever may not is refused."""
    assert again(f"{WINDOW}-0001", "ann") == "PAYOUT_OTHERS", "a leg with the hub"
    assert again(f"{WINDOW}-0009", "ann") == "PAYMENT_UNKNOWN"
    assert again(PAYOUT, "no name") == "HUB_PERSON"
    assert again(PAYOUT, "ann", "--account", "no account") == "PAYOUT_ACCOUNT"
    assert again(PAYOUT, "ann", *to) is None
    assert again(PAYOUT, "Ann", *to) == "REISSUE_TWO_PERSONS", "the same person"
    assert again(PAYOUT, "bob", "--account", "6222-0089") == "PAYOUT_ACCOUNT"
    assert again(PAYOUT, "bob", *to) == f"{PAYOUT}R1"
    assert again(PAYOUT, "eve", *to) == "PAYOUT_REPLACED", "once, whoever asks"


def test_a_payout_that_was_turned_down_and_one_that_came_back(
    earnest: Earnest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.xml"
    report.write_bytes(settling(earnest, tmp_path / "gate"))
    assert told(earnest)["booked"] == 2
    assert works(earnest, *earnest.hub)["missing"] == 1
    assert again(PAYOUT, "ann") == "PAYOUT_NOT_BACK", "the bank has not said no yet"
    assert command("city", "bank", str(report))[1][0]["turned_down"] == 1
    assert command("city", "day", "--status")[1]["came_back"] == [PAYOUT]
    (back,) = command("city", "bank")[1]
    assert (back["party"], back["reason"], back["state"]) == (OPERATOR, "AC03", "open")

    two_persons(("--account", ACCOUNT))
    order = earnest.home / f"city/500000/bank/out/{WINDOW}/{PAYOUT}R1.xml"
    content = order.read_bytes()
    assert f"replaces {PAYOUT}".encode() in content and ACCOUNT.encode() in content
    order.unlink()
    assert command("city", "bank")[0] == 0 and order.read_bytes() == content

    earnest.bank.deposit(ACCOUNT, 0, earnest.town.clock.now_s, "opening")
    said = pays(earnest, f"{PAYOUT}R1")
    (earnest.home / "hub/bank/in/again.xml").write_bytes(said)
    assert command("hub", "day", "--by", "wang")[0] == 0
    assert command("hub", "day", "--status")[1]["days"][0]["window_id"] != WINDOW
    report.write_bytes(said)
    assert command("city", "bank", str(report))[1][0]["refusals"] == []
    assert told(earnest)["booked"] == 3
    assert works(earnest, *earnest.hub)["next"] == ""
    assert command("city", "bank")[1][0]["state"] == "paid"
    assert again(PAYOUT, "ann") == "PAYOUT_PAID"
    all_hold()

    earnest.bank.send_back(f"{PAYOUT}R1", "AC04", earnest.town.clock.now_s)
    assert told(earnest)["booked"] == 4
    assert told(earnest)["booked"] == 4, "twice is once"
    assert command("city", "day", "--status")[1]["came_back"] == [f"{PAYOUT}R1"]
    all_hold()
    page = PAGE.read_text(encoding="utf-8")

    def is_in_the_page(*words: str) -> bool:
        assert run(["--lang", "en", "city", *words]) == 0
        said = capsys.readouterr().out.replace(str(earnest.home), "/srv/tongxing")
        return "\n".join(line.rstrip() for line in said.splitlines()) in page

    assert is_in_the_page("bank")
    for language, said_then in (("zh", "退汇：账户已销户 (AC04)"), ("en", "account closed (AC04)")):
        assert run(["--lang", language, "city", "bank"]) == 0
        assert said_then in " ".join(capsys.readouterr().out.split())
    reissue = ("reissue", f"{PAYOUT}R1", "--why", "closed in March, new one seen")
    for by in ("li", "wang"):
        assert is_in_the_page(*reissue, "--by", by, "--account", "6222-0101")
    earnest.bank.deposit("6222-0101", 0, earnest.town.clock.now_s, "opening")
    pays(earnest, f"{PAYOUT}R2")
    assert told(earnest)["booked"] == 5
    assert {one["state"] for one in command("city", "bank")[1]} == {"paid"}
    assert earnest.bank.balances_fen["6222-0101"] > 0 == earnest.bank.balances_fen[ACCOUNT]
    all_hold()
