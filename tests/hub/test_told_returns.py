"""What a bank sends back and tells in a pacs.004: booked once, whatever else tells of it, and when.

The messages are written by hand from the published structure.
"""

from itertools import permutations

import pytest
from hub_world import World
from hypothesis import given
from hypothesis import strategies as st
from iso_rules import broken_rules, read_strictly
from pyiso20022.pacs import pacs_004_001_09 as pacs_004
from test_reconciling import EVENING_S, WHOLE, camt_053, camt_054, of, suspense, taken, world
from test_reissuing import broken
from test_returns import LATER_S, OWED, payment, returning, sent_again, state
from test_settlement import books

from tongxing.hub.iso20022.bank_statements import BankStatement
from tongxing.hub.iso20022.returns import read_returns
from tongxing.hub.reconciling import BankDesk
from tongxing.hub.settlement import PaymentState
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal

__all__ = ["world"]
TOLD_S = EVENING_S - 3600
SETTLED_BY = "<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>"


def one_back(reference: str, end_to_end: str, fen: int, original: int | None = None) -> str:
    paid_fen = fen if original is None else original
    return f"""<TxInf><RtrId>{reference}</RtrId><OrgnlInstrId>{end_to_end}</OrgnlInstrId>
<OrgnlEndToEndId>{end_to_end}</OrgnlEndToEndId>
<OrgnlIntrBkSttlmAmt Ccy="CNY">{yuan(paid_fen)}</OrgnlIntrBkSttlmAmt>
<RtrdIntrBkSttlmAmt Ccy="CNY">{yuan(fen)}</RtrdIntrBkSttlmAmt>
<IntrBkSttlmDt>2026-03-19</IntrBkSttlmDt>
<RtrRsnInf><Rsn><Cd>AC04</Cd></Rsn></RtrRsnInf></TxInf>"""


def pacs_of(name: str, *returns: str) -> bytes:
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09"><PmtRtr>
<GrpHdr><MsgId>{name}</MsgId><CreDtTm>2026-03-19T17:00:00+08:00</CreDtTm>
<NbOfTxs>{len(returns)}</NbOfTxs>{SETTLED_BY}</GrpHdr>
{"".join(returns)}</PmtRtr></Document>""".encode()


BACK = pacs_of("P1", one_back("R1", of(3), 946))


def line_back(reference: str = "L5", fen: int = 946) -> bytes:
    return returning(camt_054(f"N-{reference}", (reference, of(3), fen)), reference)


def open_breaks(world: World) -> list[tuple[str, str, int]]:
    return [one[1:4] for one in BankDesk(world.store).breaks() if one.ended_s is None]


def test_a_pacs_004_is_a_return_and_no_line_of_the_account(world: World) -> None:
    """It is booked before any statement came, and is sent once more like any return."""
    assert not broken_rules(read_strictly(BACK, pacs_004.Document))
    assert taken(world, BACK, TOLD_S).returned == (of(3),)
    assert (books(world)[OWED], state(world)) == (-946, "settling")
    assert payment(world, of(3)).state is PaymentState.RETURNED and suspense(world) == 0
    again = taken(world, BACK, TOLD_S)
    assert (again.new_lines, again.returned) == (0, ()), "twice is once"
    whole = returning(camt_053("S1", [*WHOLE, ("L5", of(3), 946)]), "L5")
    told = taken(world, whole, EVENING_S + 1)
    assert (told.returned, told.opened, told.difference_fen) == ((), (), 0)
    assert sent_again(world, of(3)).instruction_id == f"{of(3)}R1" and broken(world) == []


def test_what_a_debtor_took_back_goes_out(world: World) -> None:
    assert taken(world, pacs_of("P1", one_back("R1", of(1), 629)), TOLD_S).returned == (of(1),)
    assert books(world)["pos:ISS-990100"] == 629 and suspense(world) == 0
    line = returning(camt_054("N1", ("L5", of(1), -629)), "L5")
    assert (taken(world, line, TOLD_S).returned, open_breaks(world)) == ((), [])


PLAIN = camt_054("N-L5", ("L5", of(3), 946))
"""The line of the return, from a bank that does not say on its statement that it is one."""


@pytest.mark.parametrize("line", [line_back(), PLAIN], ids=["says it is one", "does not say"])
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_line_and_message_are_one_return_in_any_order(
    world: World, order: tuple[int, ...], line: bytes
) -> None:
    messages = (camt_053("S1", WHOLE), BACK, line)
    for place in order:
        taken(world, messages[place], LATER_S)
    assert open_breaks(world) == [] and suspense(world) == 0
    assert (books(world)[OWED], payment(world, of(3)).state) == (-946, PaymentState.RETURNED)
    whole = camt_053("S2", [], LATER_S + DAY_S, opening=1 + 946)
    assert taken(world, whole, LATER_S + DAY_S).difference_fen == 0
    assert open_breaks(world) == [] and broken(world) == []


WRONG = [
    ("a part of it", one_back("R1", of(3), 945, 946), ("return_amount", "pacs.004:R1", 945)),
    ("the whole of less", one_back("R1", of(3), 945), ("return_amount", "pacs.004:R1", 945)),
    ("as much, of another", one_back("R1", of(3), 946, 999), ("return_amount", "pacs.004:R1", 946)),
    ("of nobody's", one_back("R1", "W20260318-0099", 5), ("return_unknown", "pacs.004:R1", 5)),
    ("of an operator's", one_back("R1", of(5), 567), ("return_unknown", "pacs.004:R1", 567)),
    (
        "that names none",
        one_back("R1", "NOTPROVIDED", 946),
        ("return_unknown", "pacs.004:R1", 946),
    ),
]


@pytest.mark.parametrize(("case", "told", "wanted"), WRONG, ids=[row[0] for row in WRONG])
def test_one_that_does_not_fit_is_a_break_once(
    world: World, case: str, told: str, wanted: tuple[str, str, int]
) -> None:
    taken(world, camt_053("S1", WHOLE), LATER_S)
    taken(world, pacs_of("P1", told), LATER_S)
    assert open_breaks(world) == [wanted] and suspense(world) == -wanted[2]
    name = told.partition("<OrgnlEndToEndId>")[2].partition("<")[0]
    if name.startswith("W"):
        line = returning(camt_054("N1", ("L5", name, wanted[2])), "L5")
        taken(world, line, LATER_S)
        assert open_breaks(world) == [wanted], "the account's line of it is the same"
    assert OWED not in books(world) and broken(world) == []


def test_what_the_account_never_shows_is_a_break(world: World) -> None:
    """A payment and its return that only messages tell of: the statement has neither."""
    taken(world, BACK, TOLD_S)
    told = taken(world, camt_053("S1", [*WHOLE[:2], WHOLE[3]]))
    missing = [("missing", of(3), 946), ("return_missing", "pacs.004:R1", -946)]
    assert sorted(one[1:4] for one in told.opened) == missing and told.difference_fen == 0
    desk = BankDesk(world.store)
    first, second = (str(one.break_no) for one in desk.breaks())
    assert not isinstance(desk.end(int(first), "returned", "li", LATER_S, second), Refusal)
    assert open_breaks(world) == [] and suspense(world) == 0 and broken(world) == []


def test_a_line_that_comes_days_later_explains_it(world: World) -> None:
    taken(world, BACK, TOLD_S)
    assert [one.kind for one in taken(world, camt_053("S1", WHOLE)).opened] == ["return_missing"]
    assert [one.kind for one in taken(world, line_back(), LATER_S).explained] == ["return_missing"]
    assert suspense(world) == 0 and broken(world) == []


def test_a_second_one_is_a_break_and_what_a_person_ended_stays_ended(world: World) -> None:
    taken(world, camt_053("S1", WHOLE), LATER_S)
    (twice,) = taken(world, PLAIN, LATER_S).opened
    desk = BankDesk(world.store)
    assert not isinstance(desk.end(twice.break_no, "borne", "li", LATER_S), Refusal)
    two = pacs_of("P1", one_back("R1", of(3), 946), one_back("R2", of(3), 946))
    assert taken(world, two, LATER_S).returned == (of(3),), "the line of it was ended as another's"
    assert open_breaks(world) == [("return_twice", "pacs.004:R2", 946)]
    taken(world, line_back("L6"), LATER_S)
    later = camt_053("S2", [], LATER_S + DAY_S, opening=1 + 2 * 946)
    assert taken(world, later, LATER_S + DAY_S).difference_fen == 0
    assert ("return_missing", "pacs.004:R2", -946) in open_breaks(world)
    assert suspense(world) == 0 and broken(world) == []


TWO = pacs_of("P1", one_back("R1", of(1), 629), one_back("R2", of(3), 946))
BAD = {
    "another currency": BACK.replace(b'Ccy="CNY">9.46</Rtrd', b'Ccy="USD">9.46</Rtrd'),
    "half a fen": BACK.replace(b">9.46</Rtrd", b">9.465</Rtrd"),
    "nothing": BACK.replace(b">9.46</Rtrd", b">0.00</Rtrd"),
    "a negative amount": BACK.replace(b">9.46</Rtrd", b">-9.46</Rtrd"),
    "more than there is money": BACK.replace(b">9.46</Rtrd", b">1E+99999999</Rtrd"),
    "no name of its own": BACK.replace(b"<RtrId>R1</RtrId>", b""),
    "two payments in one": BACK.replace(b"<OrgnlInstrId>W20260318-0003", b"<OrgnlInstrId>W1-0004"),
    "a long name": BACK.replace(b"R1", b"R" * 36),
    "a long name of its own": BACK.replace(b"P1", b"P" * 36),
    "a long reason": BACK.replace(b"AC04", b"A" * 36),
    "no return": pacs_of("P1"),
    "another number": TWO.replace(b"<NbOfTxs>2", b"<NbOfTxs>3"),
    "another sum": TWO.replace(b"<SttlmInf>", b"<CtrlSum>15.76</CtrlSum><SttlmInf>"),
    "a name twice": TWO.replace(b"R2", b"R1"),
    "an unknown element": TWO.replace(b"<TxInf>", b"<Odd/><TxInf>"),
    "an entity": b"<!DOCTYPE x>" + BACK,
    "cut": BACK[:-20],
    "another version": BACK.replace(b"004.001.09", b"004.001.99"),
    "too large": BACK + b" " * 1_048_576,
}  # fmt: skip


@pytest.mark.parametrize("message", BAD.values(), ids=BAD)
def test_one_that_cannot_be_read_books_nothing(world: World, message: bytes) -> None:
    refusal = BankDesk(world.store).take(message, TOLD_S)
    assert isinstance(refusal, Refusal) and refusal.code == "BANK_STATEMENT"
    assert open_breaks(world) == [] and OWED not in books(world)


def test_a_message_or_a_return_never_says_something_else(world: World) -> None:
    taken(world, BACK, TOLD_S)
    other = one_back("R1", of(4), 339)
    for message in (pacs_of("P1", other), pacs_of("P2", other)):
        refusal = BankDesk(world.store).take(message, TOLD_S)
        assert isinstance(refusal, Refusal) and refusal.code == "BANK_STATEMENT_CHANGED"
    whole = returning(camt_053("P1", [*WHOLE, ("R1", of(3), 946)]), "R1")
    assert taken(world, whole).opened == (), "a bank may number its statements and lines alike"


@given(st.integers(0, len(BACK) - 1), st.integers(0, 255))
def test_one_with_any_byte_changed_is_read_or_refused(place: int, byte: int) -> None:
    wrong = bytearray(BACK)
    wrong[place] = byte
    answer = read_returns(bytes(wrong))
    assert isinstance(answer, BankStatement) or answer.code == "BANK_STATEMENT"


def test_a_statement_that_speaks_of_a_pacs_004_is_a_statement(world: World) -> None:
    """Which message it is, its root says, and no text of it."""
    spoken = camt_053("S1", WHOLE).replace(b"<MsgId>S1", b"<MsgId>camt.054.001.08 pacs.004.001.09")
    assert taken(world, spoken).statement_id == "S1"
