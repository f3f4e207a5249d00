"""Cases of loading: the card asks with MAC1, is told with MAC2, and keeps nothing without it."""

from dataclasses import replace

from tongxing.media.conformance.card.case import Cases
from tongxing.media.conformance.card.deals import (
    WRONG_CODE,
    credit,
    fill,
    load_codes,
    log_line,
    prove,
)
from tongxing.media.conformance.card.desk import LOAD, Desk
from tongxing.media.conformance.results import Differs

CASES = Cases()
_UNKNOWN_INDEX = 0x3E
_FEN_MAX = 0x7FFF_FFFF
_ENOUGH_FEN, _TOP_UP_FEN = 1_000, 2_000


@CASES.add("enough-money", "L1")
def _enough(desk: Desk, index: int) -> None:
    """The other cases spend a little; a card with less than 10 yuan is loaded first."""
    if desk.balance() < _ENOUGH_FEN:
        fill(desk, _TOP_UP_FEN, index)


@CASES.add("load", "L1", each_index=True)
def _load(desk: Desk, index: int) -> None:
    before = desk.balance()
    opened = fill(desk, 100, index)
    desk.same("told_balance", before, opened.balance_fen)
    desk.same("balance", before + 100, desk.balance())
    desk.same("log", log_line(desk, opened), desk.log())
    desk.same("counter", opened.counter + 1, desk.begin(LOAD, 1, index).counter)


@CASES.add("wrong-load-mac2", "L2", each_index=True)
def _wrong(desk: Desk, index: int) -> None:
    before, log = desk.balance(), desk.log()
    opened = desk.begin(LOAD, 100, index)
    desk.refuses(credit(WRONG_CODE), 0x9302)
    desk.same("balance", before, desk.balance())
    desk.same("log", log, desk.log())
    again = fill(desk, 1, index)
    desk.same("counter", opened.counter, again.counter)


@CASES.add("load-mac2-of-another-amount", "L2", each_index=True)
def _other(desk: Desk, index: int) -> None:
    before = desk.balance()
    opened = desk.begin(LOAD, 1, index)
    dearer = replace(opened, amount_fen=10_000)
    desk.refuses(load_codes(desk, dearer).command, 0x9302)
    desk.same("balance", before, desk.balance())
    fill(desk, 1, index)


@CASES.add("load-beyond-every-limit", "L3", each_index=True)
def _limit(desk: Desk, index: int) -> None:
    before = desk.balance()
    desk.enter_pin()
    answer = desk.send(desk.beginning(LOAD, _FEN_MAX, index, 16))
    if answer.ok:
        raise Differs("refused", "", "≠ 9000", "9000")
    desk.same("balance", before, desk.balance())


@CASES.add("load-with-an-unknown-key", "L3")
def _no_key(desk: Desk, _index: int) -> None:
    desk.enter_pin()
    desk.refuses(desk.beginning(LOAD, 1, _UNKNOWN_INDEX, 16), 0x9403)


@CASES.add("a-load-is-proven", "L4", each_index=True)
def _proven(desk: Desk, index: int) -> None:
    opened = desk.begin(LOAD, 1, index)
    codes = load_codes(desk, opened)
    desk.ok(codes.command, 4)
    answer = desk.ok(prove(LOAD, opened.counter + 1), 8)
    desk.same("proof", codes.mac2 + codes.tac, answer)


@CASES.add("a-load-that-was-only-begun", "L4", each_index=True)
def _begun(desk: Desk, index: int) -> None:
    opened = desk.begin(LOAD, 1, index)
    desk.refuses(prove(LOAD, opened.counter + 1), 0x9406)
