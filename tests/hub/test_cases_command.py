"""`tongxing hub cases` as the two sides and the hub's arbiter call it, in both languages."""

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hub_world import HUB_KEY, KEYS_OF, make_world, ride, verdicts
from test_cases import ACQ, ISS, Court

from tongxing.cli import run
from tongxing.front.message_key import MESSAGES, seal_message_key
from tongxing.hub.store import files as file_table
from tongxing.kernel.clock import at
from tongxing.kernel.ids import sha256_hex
from tongxing.storage import Database

PASSPHRASE = "four words of a hub"
SECRETS = {
    "HUB": b"h" * 32,
    **{name: sha256_hex(name.encode())[:32].encode() for name in (ISS, ACQ)},
}
MEMBERS = """
[[key]]
id = "{member}-1"
members = ["{member}"]
public = "{public}"
from = 2026-01-01T00:00:00+08:00
until = 2027-01-01T00:00:00+08:00
"""


@pytest.fixture
def desk(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[list[str], Path]]:
    """The options of a hub of its own home, with netted rides to dispute."""
    world = make_world(database)
    Court(world)
    world.hub.close()
    (tmp_path / "hub").mkdir()
    rows = [
        MEMBERS.format(member=name, public=KEYS_OF[name].public_bytes().hex())
        for name in (ISS, ACQ)
    ]
    (tmp_path / "hub" / "members.toml").write_text("".join(rows), encoding="utf-8")
    for name, secret in SECRETS.items():
        folder = tmp_path / "keys" / name
        folder.mkdir(parents=True)
        sealed = seal_message_key(secret, PASSPHRASE, os.urandom, 10)
        assert isinstance(sealed, bytes)
        (folder / MESSAGES).write_bytes(sealed)
    (tmp_path / "word").write_text(PASSPHRASE, encoding="utf-8")
    monkeypatch.setenv("TONGXING_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("TONGXING_KEYS_PASSPHRASE_FILE", str(tmp_path / "word"))
    assert HUB_KEY.public_bytes()
    yield ["--home", str(tmp_path), "--dsn", database.dsn], tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str, ends: int = 0) -> str:
    assert run(["hub", "cases", *words]) == ends
    found = capsys.readouterr()
    return found.out + found.err


def test_a_dispute_from_the_command_line(
    desk: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    at_home, folder = desk
    paper = folder / "tap.json"
    paper.write_text("{}", encoding="utf-8")
    english = [*at_home, "--lang", "en"]
    assert "No case is open" in said(capsys, "list", *english)

    charge = ["--as", ISS, "--amount-fen", "180", "--reason", "R1", "--now", "2026-03-19T09:00"]
    worded = [*charge[:5], "多收", *charge[6:], *english]
    assert "words go into --note" in said(capsys, "open", "t1.1", "charge_back", *worded, ends=2)
    text = said(capsys, "open", "t1.1", "charge_back", *charge, *english)
    assert "Case C20260319-0001: charged back, in escrow" in text
    assert f"Next: {ACQ}, until 2026-04-03 12:00:00" in text
    again = said(capsys, "open", "t1.1", "charge_back", *charge[:-1], "2026-03-19T10:00", *english,
                 ends=5)  # fmt: skip
    assert "C20260319-0001 about this trip is still open" in again

    case, file, answer = "C20260319-0001", folder / "act.case", folder / "act.answer"
    act = ["--as", ACQ, "--evidence", str(paper), "--note", "here is the tap"]
    at_ten = ["--now", "2026-03-20T10:00"]
    said(capsys, "act", case, "represent", *act, "--out", str(file), *at_ten, *english)
    text = said(capsys, "receive", str(file), "--answer", str(answer), *at_ten, *english)
    assert "represented" in text and answer.read_bytes()
    said(capsys, "act", case, "arbitrate", "--as", ISS, "--now", "2026-03-21T10:00", *english)

    text = said(capsys, "show", case, "--lang", "zh", *at_home, "--now", "2026-03-21T11:00")
    for words in ("仲裁中", "轮到 清分中心", "裁定（rule）", "here is the tap", "转入托管", "1.80"):
        assert words in text
    by_ann = ["--by", "ann", "--now", "2026-03-22T10:00", *english]
    frozen = said(capsys, "freeze", case, "--why", "police", *by_ann)
    assert "When nobody acts: the freeze is over, its clock goes on" in frozen
    assert "in arbitration (frozen)" in frozen
    said(capsys, "unfreeze", case, "--why", "done", *by_ann)
    text = said(capsys, "rule", case, "--to-issuer-fen", "180", "--why", "proven", *by_ann)
    assert "Ended 2026-03-22 10:00:00: ruled" in text and "can be done now" not in text
    (line,) = json.loads(said(capsys, "list", "--all", "--member", ISS, "--json", *at_home))
    assert (line["stage"], line["to_issuer_fen"], line["due_s"]) == ("ruled", 180, None)
    assert "CASE_UNKNOWN" in said(capsys, "show", "C1", *english, ends=4)


def test_a_deadline_that_has_passed_is_told_before_a_window_closes(
    desk: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Noon of 3 April: who acts at five past is too late, though nothing is written down yet."""
    at_home, _ = desk
    charge = ["--as", ISS, "--reason", "R1", "--now", "2026-03-19T09:00", *at_home]
    said(capsys, "open", "t1.1", "charge_back", "--amount-fen", "180", *charge)
    said(capsys, "open", "t2.1", "ask_evidence", *charge)
    ended, moved = "C20260319-0001", "C20260319-0002"
    before, after = ["--now", "2026-04-03T11:59:59"], ["--now", "2026-04-03T12:05"]
    for lang, passed, next_close in (
        ("zh", "期限 2026-04-03 12:00:00 已过；下次关账时：", "逾期未再请款，退单成立"),
        ("en", "Deadline: 2026-04-03 12:00:00, passed; at the next close: ",
         "chargeback stands, acquirer was silent"),
    ):  # fmt: skip
        shown = [*at_home, "--lang", lang]
        assert passed + next_close in said(capsys, "show", ended, *shown, *after)
        assert passed not in said(capsys, "show", ended, *shown, *before)
        assert "charge" not in said(capsys, "show", moved, *shown, "--now", "2026-03-29T11:59")
    text = said(capsys, "show", ended, "--lang", "en", *at_home, *after)
    assert "can be done now" not in text and "Next:" not in text
    text = said(capsys, "show", moved, "--lang", "en", *at_home, "--now", "2026-03-29T12:05")
    assert "at the next close: no evidence in time" in text
    assert f"Next: {ISS}, until 2026-04-08 12:00:00" in text
    assert "can be done now: chargeback (charge_back)" in text
    lines = json.loads(said(capsys, "list", "--json", *at_home, *after))
    assert {(line["case_id"], line["passed_to"], line["turn"]) for line in lines} == {
        (ended, "not_represented", ""),
        (moved, "undefended", ISS),
    }
    text = said(capsys, "show", moved, "--lang", "en", *at_home, *before)
    assert "Disputed" not in text, "nobody has named an amount"
    text = said(capsys, "list", "--lang", "zh", *at_home, *after)
    assert "0.00" not in text
    assert "已过" in text and "逾期未再请款" in text.replace("\n", "")


def test_why_a_small_claim_was_not_granted_is_told(
    desk: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    at_home, folder = desk
    paper = folder / "ticket.json"
    paper.write_text("{}", encoding="utf-8")
    claim = ["claim_small", "--as", ISS, "--amount-fen", "180", "--reason", "R1",
             "--now", "2026-03-19T09:00", *at_home]  # fmt: skip
    said(capsys, "open", "t1.1", *claim)
    said(capsys, "open", "t2.1", *claim, "--evidence", str(paper))
    bare, proven = ("C20260319-0001", "C20260319-0002")
    chinese = said(capsys, "show", bare, "--lang", "zh", *at_home)
    assert "发卡方（旅客）0 分，收单方 1 分；收单方更多，不予支付" in chinese
    assert "  收单方 1 分：进出两端都刷过，或一次计费的那一次刷过" in chinese
    english = said(capsys, "show", bare, "--lang", "en", *at_home)
    assert "issuer (for the passenger) 0, acquirer 1; the acquirer has more points" in english
    assert (
        "  1 for the acquirer: both ends, or the one tap of a single ride, were tapped" in english
    )
    granted = said(capsys, "show", proven, "--lang", "en", *at_home)
    assert "acquirer 1; the issuer has as many points or more, so it is granted" in granted
    assert "  1 for the issuer: the claim came with evidence" in granted
    plain = json.loads(said(capsys, "show", bare, "--json", *at_home))["weighed"]
    assert plain == {
        "ending": "not_granted",
        "points": {"issuer": 0, "acquirer": 1},
        "facts": [{"fact": "whole", "side": "acquirer", "points": 1}],
    }


def test_a_mistake_is_told_once_in_words_and_put_right_in_the_same_second(
    desk: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    at_home = desk[0]
    charge = ["charge_back", "--as", ISS, "--now", "2026-03-19T09:00", "--lang", "zh", *at_home]
    told = said(capsys, "open", "t1.1", *charge, "--amount-fen", "180", ends=5)
    assert told.startswith("错误 CASE_REASON: “退单”须说明原因")
    assert told.count("须说明原因") == 1
    told = said(capsys, "open", "t1.1", *charge, "--amount-fen", "180", "--reason", "R1")
    assert "已退单，款在托管" in told
    step = ["answer", "--as", ISS, "--now", "2026-03-19T10:00", "--lang", "zh", *at_home]
    told = said(capsys, "act", "C20260319-0001", *step, ends=5)
    assert "案件目前：已退单，款在托管；发卡方不能办理“答复查询”" in told


def test_a_large_ruling_waits_for_a_second_person_and_says_so(
    desk: tuple[list[str], Path], database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    at_home, folder = desk
    paper = folder / "tap.json"
    paper.write_text("{}", encoding="utf-8")
    steps = {
        19: ("open", "t1.1", "charge_back", "--as", ISS, "--amount-fen", "180", "--reason", "R1"),
        20: ("act", "C20260319-0001", "represent", "--as", ACQ, "--evidence", str(paper)),
        21: ("act", "C20260319-0001", "arbitrate", "--as", ISS),
    }
    for day, step in steps.items():
        said(capsys, *step, "--now", f"2026-03-{day}T09:00", *at_home)
    with database.connect("hub") as connection:  # a ride by bus never costs so much
        connection.execute("UPDATE dispute_case SET escrow_fen = 15000, amount_fen = 15000")
    rule = ["rule", "C20260319-0001", "--why", "tap", "--now", "2026-03-22T09:00", *at_home]
    waits = "li proposes 120.00 yuan for the issuer; a second person has to rule the same amount"
    english = ["--to-issuer-fen", "12000", "--lang", "en"]
    assert waits in said(capsys, *rule, *english, "--by", "li")
    show = ["show", "C20260319-0001", "--now", "2026-03-22T09:00", *at_home]
    assert waits in said(capsys, *show, "--lang", "en")
    assert "li 提出归发卡方 120.00 元，待另一人" in said(capsys, *show, "--lang", "zh")
    told = said(capsys, *rule, *english, "--by", "LI", ends=5)
    assert "Ask another arbiter to rule the same amount" in told


def test_an_issuers_word_and_a_recovery_from_the_command_line(
    desk: tuple[list[str], Path], database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    at_home, _ = desk
    english, chinese = [*at_home, "--lang", "en"], [*at_home, "--lang", "zh"]
    world = make_world(database)
    with world.store.reading() as cursor:  # the file before, of the fixture's own rides
        world.senders[ACQ].files, world.senders[ACQ].last = file_table.end_of_chain(cursor, ACQ)
    day = date(2026, 3, 18)
    world.present([ride("u1", "990100", "bus", 180, day=day)], at(day, 13))
    late = ride("r1", "990100", "bus", 180, day=date(2026, 3, 1))
    assert verdicts(world.present([late], at(day, 14))) == {"r1.1": "rejected 1005"}
    world.hub.close()
    word = ["--as", ISS, "--reason", "1001", "--note", "key 3", "--now", "2026-03-19T09:00"]
    worded = ["--as", ISS, "--reason", "DOUBLE", "--now", "2026-03-19T09:00", *english]
    told = said(capsys, "open", "u1.1", "object", *worded, ends=5)
    assert "is one of 1001, 1003, 1008, 1010, 1014, 1099, not DOUBLE" in told
    text = said(capsys, "open", "u1.1", "object", *word, *english)
    assert "object-u1.1: taken; the record is on hold" in text
    assert f"Next: {ACQ}, until 2026-03-29 12:00:00" in text
    assert "发卡方对记录 u1.1 已表示过意见" in said(
        capsys, "open", "u1.1", "object", *word[:-1], "2026-03-19T10:00", *chinese, ends=5
    )
    assert run(["hub", "held", *chinese]) == 0
    held = capsys.readouterr().out
    assert "1001" in held and "发卡方核验" in held

    asked = ["--as", ACQ, "--now", "2026-03-20T09:00"]
    text = said(capsys, "open", "r1.1", "recover", *asked, *chinese)
    assert "案件 C20260320-0001：逾期追收，待发卡方同意" in text
    text = said(capsys, "show", "C20260320-0001", "--now", "2026-03-20T10:00", *english)
    for words in ("recovery asked for", "2026-03-01", "consent to the recovery (consent)"):
        assert words in text
    assert "310499*********0002" in text and late.medium_no not in text
    yes = ["--as", ISS, "--now", "2026-03-20T10:00"]
    text = said(capsys, "act", "C20260320-0001", "consent", *yes, *english)
    assert "recovery agreed to, to be presented again" in text
