"""Cases of locking: the application is blocked and unblocked under the maintenance key only.

A card that cannot be unblocked again stays blocked: these cases run last, and a profile may leave
them out.
"""

from tongxing.media.card.apdu import Command
from tongxing.media.conformance.card.case import Cases
from tongxing.media.conformance.card.desk import SINGLE, Desk
from tongxing.media.conformance.results import Skipped

CASES = Cases()
_BLOCK, _UNBLOCK = 0x1E, 0x18
_WRONG = bytes.fromhex("0BADC0DE")


@CASES.add("block-with-a-wrong-code", "M1")
def _wrong(desk: Desk, index: int) -> None:
    _allowed(desk)
    _challenge(desk)
    desk.refuses(Command(0x84, _BLOCK, 0x00, 0x00, _WRONG), 0x6988, 0x6982)
    desk.power_cycle()
    desk.balance()
    _block_and_unblock(desk, index)


@CASES.add("block-without-a-challenge", "M1")
def _bare(desk: Desk, index: int) -> None:
    _allowed(desk)
    desk.algorithm_and_version(index)
    desk.refuses(_coded(desk, _BLOCK, bytes(4), index), 0x6984, 0x6988, 0x6982, 0x6985)
    desk.power_cycle()
    desk.balance()
    _block_and_unblock(desk, index)


@CASES.add("block-and-unblock", "M2")
def _block_and_unblock(desk: Desk, index: int) -> None:
    _allowed(desk)
    desk.algorithm_and_version(index)
    desk.ok(_coded(desk, _BLOCK, _challenge(desk), index), 0)
    try:
        desk.refuses(Command(0x00, 0xA4, 0x04, 0x00, desk.profile.aid, 0), 0x6A81, 0x6283)
        answer = desk.send(desk.beginning(SINGLE, 0, index, 15))
        desk.same("refused", False, answer.ok)
    finally:
        desk.ok(_coded(desk, _UNBLOCK, _challenge(desk), index), 0)
    desk.select()
    desk.begin(SINGLE, 0, index)


def _allowed(desk: Desk) -> None:
    if not desk.profile.may_lock:
        raise Skipped("may_not_lock")


def _challenge(desk: Desk) -> bytes:
    return desk.ok(Command(0x00, 0x84, 0x00, 0x00, expected=4), 4)


def _coded(desk: Desk, instruction: int, challenge: bytes, index: int) -> Command:
    """A protected command with its code, under the maintenance key of the lowest index."""
    suite, key = desk.key("DAMK", *desk.algorithm_and_version(index))
    head = bytes((0x84, instruction, 0x00, 0x00, 4))
    return Command(0x84, instruction, 0x00, 0x00, suite.command_mac(key, challenge, head))
