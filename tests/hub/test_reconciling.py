"""The bank's statements beside the books, both ways: each break is listed, posted, and ends."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hub_world import DAY, A, B, World, make_world, ride

from tongxing.cli import run
from tongxing.hub import Payment, WindowClosing, prove_hub
from tongxing.hub.iso20022 import read_status, status_report
from tongxing.hub.iso20022.bank_statements import read_bank_statement
from tongxing.hub.reconciling import BankDesk, Taken
from tongxing.hub.reserves import ReserveDesk
from tongxing.kernel.clock import DAY_S, at, local
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal
from tongxing.ledger.store import account_balances
from tongxing.storage import Database

NEXT = DAY + timedelta(days=1)
PAID_S, EVENING_S = at(NEXT, 15), at(NEXT, 18)
Line = tuple[str, str, int]
"""The bank's reference, the end-to-end id, and fen: above zero came in."""


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """All four payments of a window settled: 629 and 657 came in, 946 and 339 went out."""
    found = make_world(database)
    rides = [
        ride("r1"),
        ride("r3", issuer=B, charge_fen=500),
        ride("r4", where="bus", charge_fen=180),
        ride("r6", issuer=B, where="bus", charge_fen=160),
    ]
    found.present(rides, at(NEXT, 6))
    assert isinstance(found.hub.close_window("W20260318", at(NEXT, 12)), WindowClosing)
    while payments := [
        one for one in found.hub.payments_to_send("W20260318") if one.instruction.phase < 3
    ]:
        for payment in payments:
            report(found, payment)
    yield found
    found.hub.close()


def report(world: World, payment: Payment) -> None:
    message = status_report(payment.instruction, "ACSC", PAID_S, "BANK-1")
    assert not isinstance(world.hub.confirm_payment(message, PAID_S), Refusal)


def of(number: int) -> str:
    return f"W20260318-{number:04d}"


WHOLE: list[Line] = [
    ("L1", of(1), 629),
    ("L2", of(2), 657),
    ("L3", of(3), -946),
    ("L4", of(4), -339),
]


def camt_053(name: str, lines: list[Line], until_s: int = EVENING_S, opening: int = 0) -> bytes:
    """A bank's statement, written by hand from the published structure."""
    closing = opening + sum(fen for _, _, fen in lines)
    body = "".join(_entry(*line) for line in lines)
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>{name}</MsgId><CreDtTm>{_time(until_s)}</CreDtTm></GrpHdr>
<Stmt><Id>{name}</Id><FrToDt><FrDtTm>{_time(until_s - DAY_S)}</FrDtTm>
<ToDtTm>{_time(until_s)}</ToDtTm></FrToDt><Acct><Id><Othr><Id>HUB</Id></Othr></Id></Acct>
{_balance("OPBD", opening, until_s)}{_balance("CLBD", closing, until_s)}{body}
</Stmt></BkToCstmrStmt></Document>""".encode()


def camt_054(name: str, *lines: Line) -> bytes:
    """A bank's notice of single lines."""
    body = "".join(_entry(*line) for line in lines)
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">
<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>{name}</MsgId><CreDtTm>{_time(PAID_S)}</CreDtTm></GrpHdr>
<Ntfctn><Id>{name}</Id><Acct><Id><Othr><Id>HUB</Id></Othr></Id></Acct>{body}</Ntfctn>
</BkToCstmrDbtCdtNtfctn></Document>""".encode()


def _entry(reference: str, end_to_end: str, fen: int) -> str:
    refs = f"<Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>" if end_to_end else ""
    return f"""<Ntry>{_money(fen)}<Sts><Cd>BOOK</Cd></Sts><AcctSvcrRef>{reference}</AcctSvcrRef>
<BkTxCd/><NtryDtls><TxDtls>{refs}</TxDtls></NtryDtls></Ntry>"""


def _balance(code: str, fen: int, time_s: int) -> str:
    return f"""<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_money(fen)}
<Dt><DtTm>{_time(time_s)}</DtTm></Dt></Bal>"""


def _money(fen: int) -> str:
    side = "CRDT" if fen >= 0 else "DBIT"
    return f'<Amt Ccy="CNY">{yuan(abs(fen))}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _time(time_s: int) -> str:
    return local(time_s).isoformat()


def taken(world: World, message: bytes, now_s: int = EVENING_S) -> Taken:
    found = BankDesk(world.store).take(message, now_s)
    assert isinstance(found, Taken), found
    return found


def suspense(world: World) -> int:
    with world.store.reading() as cursor:
        assert all(proof.holds for proof in prove_hub(cursor))
        return account_balances(cursor, "HUB").get("suspense_bank", 0)


@pytest.mark.req("R-200")
def test_a_statement_that_fits_leaves_nothing_open(world: World) -> None:
    told = taken(world, camt_053("S1", WHOLE))
    assert (told.new_lines, told.opened, told.difference_fen) == (4, (), 0)
    assert taken(world, camt_053("S1", WHOLE)).new_lines == 0, "twice is once"
    assert taken(world, camt_054("N1", WHOLE[0])).opened == (), "a line told again is one line"


BREAKS = [
    ("a line nobody knows", [*WHOLE, ("L5", "", 70)], ("unexpected", "L5", 70)),
    ("another's payment", [*WHOLE, ("L5", "W20260317-0001", 70)], ("unexpected", "L5", 70)),
    ("a line is missing", [WHOLE[0], *WHOLE[2:]], ("missing", of(2), -657)),
    ("a wrong amount", [("L1", of(1), 628), *WHOLE[1:]], ("amount", "L1", -1)),
    ("the wrong way round", [("L1", of(1), -629), *WHOLE[1:]], ("amount", "L1", -1_258)),
    ("paid twice", [*WHOLE, ("L5", of(4), -339)], ("twice", "L5", -339)),
]


@pytest.mark.parametrize(("case", "lines", "wanted"), BREAKS, ids=[row[0] for row in BREAKS])
def test_each_break_is_listed_and_stands_in_suspense(
    world: World, case: str, lines: list[Line], wanted: tuple[str, str, int]
) -> None:
    told = taken(world, camt_053("S1", lines))
    assert [one[1:4] for one in told.opened] == [wanted]
    assert (suspense(world), told.difference_fen) == (-wanted[2], 0), "posted, the books agree"
    assert taken(world, camt_053("S1", lines), EVENING_S + 9).opened == ()
    desk = BankDesk(world.store)
    assert desk.overdue(EVENING_S + 3 * DAY_S) == []
    assert [one[1:4] for one in desk.overdue(EVENING_S + 3 * DAY_S + 1)] == [wanted]


def test_a_later_line_or_report_ends_a_break_by_itself(database: Database) -> None:
    """The bank tells of a payment before it reports it, and of another one a day late. Of 500, 5
    are fee: issuer 3, acquirer 1, hub 1."""
    world = make_world(database)
    world.present([ride("r1", issuer=B, charge_fen=500)], at(NEXT, 6))
    assert isinstance(world.hub.close_window("W20260318", at(NEXT, 12)), WindowClosing)
    (debtor,) = world.hub.payments_to_send("W20260318")
    early = taken(world, camt_054("N1", ("L1", of(1), 497)))
    assert [one.kind for one in early.opened] == ["unreported"]
    assert suspense(world) == -497
    report(world, debtor)
    assert [one.kind for one in BankDesk(world.store).look_again(EVENING_S)] == ["unreported"]
    (creditor,) = world.hub.payments_to_send("W20260318")
    report(world, creditor)
    first = taken(world, camt_053("S1", [("L1", of(1), 497)]))
    assert [one.kind for one in first.opened] == ["missing"]
    later = camt_053("S2", [("L2", of(2), -496)], EVENING_S + DAY_S, 497)
    second = taken(world, later, EVENING_S + DAY_S)
    assert [one.kind for one in second.explained] == ["missing"]
    assert (suspense(world), second.difference_fen) == (0, 0)
    assert [one.ending for one in BankDesk(world.store).breaks()] == ["explained", "explained"]
    world.hub.close()


def test_people_end_what_nothing_explains(world: World) -> None:
    desk = BankDesk(world.store)
    strange = [("L5", "", 70), ("L6", "", -70), ("L7", "", 500), ("L8", "", -3)]
    opened = taken(world, camt_053("S1", [*WHOLE, *strange])).opened
    came, went, reserve, lost = (one.break_no for one in opened)
    wrong = [
        (desk.end(came, "returned", "wang", EVENING_S, str(reserve)), "BREAK_ENDING"),
        (desk.end(lost, "reserve", "wang", EVENING_S, f"ISS-{A}"), "BREAK_ENDING"),
        (desk.end(reserve, "reserve", "wang", EVENING_S, "nobody"), "BREAK_ENDING"),
        (desk.end(99, "borne", "wang", EVENING_S), "BREAK_UNKNOWN"),
        (desk.end(came, "borne", "", EVENING_S), "HUB_PERSON"),
    ]
    reserves = ReserveDesk(world.store)
    wrong.append((reserves.paid_in(f"ISS-{A}", 500, "L7", EVENING_S), "RESERVE_LINE_SETTLES"))
    wrong.append((reserves.fund_pool(629, "L1", EVENING_S), "RESERVE_LINE_SETTLES"))
    for answer, code in wrong:
        assert isinstance(answer, Refusal) and answer.code == code
        assert answer.message("zh") and answer.next_step("en")
    assert not isinstance(desk.end(came, "returned", "wang", EVENING_S, str(went)), Refusal)
    assert not isinstance(desk.end(reserve, "reserve", "li", EVENING_S, f"ISS-{A}"), Refusal)
    assert not isinstance(desk.end(lost, "borne", "li", EVENING_S), Refusal)
    assert desk.overdue(EVENING_S + 9 * DAY_S) == []
    assert desk.look_again(EVENING_S) == () and taken(world, camt_054("N1")).opened == ()
    assert suspense(world) == 0
    with world.store.reading() as cursor:
        books = account_balances(cursor, "HUB")
    kept = {f"reserve:ISS-{A}": -500, "reserve_bank": 500}
    assert books == {"inc_fee": -1, "settle_bank": 1 - 3, "bank_difference": 3, **kept}


def test_a_line_that_was_paid_into_a_reserve_is_not_paid_into_one_again(world: World) -> None:
    """Somebody books L7 by hand; the day after it stands on the settlement account's statement."""
    assert ReserveDesk(world.store).paid_in(f"ISS-{A}", 500, "L7", PAID_S) is None
    (found,) = taken(world, camt_053("S1", [*WHOLE, ("L7", "", 500)])).opened
    desk = BankDesk(world.store)
    twice = desk.end(found.break_no, "reserve", "li", EVENING_S, f"ISS-{B}")
    assert isinstance(twice, Refusal) and twice.code == "RESERVE_LINE_OF"
    assert twice.values["of"] == f"ISS-{A}"


@pytest.mark.parametrize(
    "message",
    [
        b"<nothing/>",
        camt_053("S1", WHOLE).replace(b"CNY", b"USD"),
        camt_053("S1", WHOLE).replace(b">6.29<", b">6.28<"),
        camt_053("S1", [WHOLE[0], WHOLE[0]]),
        camt_053("S1", WHOLE).replace(b"<AcctSvcrRef>L1</AcctSvcrRef>", b""),
        camt_053("S1", WHOLE).replace(b"<Stmt>", b"<Stmt><Surprise/>"),
        b"<!DOCTYPE x>" + camt_053("S1", WHOLE),
        camt_053("S1", WHOLE).replace(b"OPBD", b"ITBD"),
        camt_053("S" * 36, WHOLE),
        camt_053("S1", WHOLE).replace(b">L1<", b">" + b"L" * 36 + b"<"),
        camt_053("S1", WHOLE).replace(of(1).encode(), b"W" * 36),
    ],
)
def test_a_statement_that_cannot_be_read_books_nothing(world: World, message: bytes) -> None:
    refusal = BankDesk(world.store).take(message, EVENING_S)
    assert isinstance(refusal, Refusal) and refusal.code == "BANK_STATEMENT"
    assert BankDesk(world.store).breaks() == [] and suspense(world) == 0


def test_why_a_message_cannot_be_used_is_told_in_both_languages() -> None:
    """What the reader of XML says of it, in English, stands beside the sentence."""
    whole = camt_053("S1", WHOLE)
    odd = read_bank_statement(whole.replace(b"<Stmt>", b"<Stmt><Surprise/>"))
    assert isinstance(odd, Refusal) and "Surprise" in odd.where
    assert odd.message("zh") == (
        "银行的对账或退汇报文无法采用：不是所约定的 ISO 20022 报文，或其中有不认识的内容"
    )
    assert odd.message("en").endswith("no ISO 20022 message of the agreed kind, or holds"
                                      " something unknown")  # fmt: skip
    short = read_bank_statement(whole.replace(b">6.29<", b">6.28<"))
    assert isinstance(short, Refusal) and short.where == ""
    assert short.message("zh").endswith("期初 0 分加发生额 0 分，不等于期末 1 分")
    status = read_status(b"<nothing/>")
    assert isinstance(status, Refusal) and status.message("zh").startswith("支付报文无法采用：不是")
    assert status.where


def test_a_line_or_a_statement_never_says_something_else(world: World) -> None:
    taken(world, camt_053("S1", WHOLE))
    for other in (camt_053("S1", WHOLE[:3]), camt_054("N1", ("L1", of(1), 630))):
        refusal = BankDesk(world.store).take(other, EVENING_S)
        assert isinstance(refusal, Refusal) and refusal.code == "BANK_STATEMENT_CHANGED"
    assert suspense(world) == 0


def test_the_desk_lists_and_ends_breaks(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with world.store.reading() as cursor:
        info = cursor.connection.info
    at_dsn = ["--dsn", f"postgresql://{info.user}@/{info.dbname}?host={info.host}"]
    file = tmp_path / "S1.xml"
    file.write_bytes(camt_053("S1", [*WHOLE, ("L5", "", 70)]))
    now = ["--now", "2026-03-18T18:00"]
    assert run(["hub", "bank", str(file), "--lang", "zh", *now, *at_dsn]) == 0
    shown = capsys.readouterr().out
    bad = tmp_path / "S9.xml"
    bad.write_bytes(b"<nothing/>")
    assert run(["hub", "bank", str(bad), "--lang", "en", *now, *at_dsn]) == 4
    assert f"({bad}: " in capsys.readouterr().err, "which of several files it is"
    assert all(word in shown for word in ("来历不明的流水", "L5", "0.70", "未结"))
    end = ["hub", "bank", "--end", "1", "--as", "borne", "--by", "wang", *now, *at_dsn]
    assert run([*end, "--lang", "en"]) == 0
    assert "clearing house (wang)" in capsys.readouterr().out
    assert run([*end[:4], *now, *at_dsn]) == 2 and run(end) == 4
