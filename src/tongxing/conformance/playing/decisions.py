"""Decisions: codes, good ones and ones that are wrong in one way."""

from collections.abc import Callable, Mapping

from tongxing.conformance.cases import Case
from tongxing.conformance.world import World
from tongxing.media.conformance.results import Differs

_BITS = 24


def show(world: World, case: Case) -> None:
    """One code of a kind at a lane of a role."""
    account, kind = world.account(), case.text("code")
    code = world.code(kind, account)
    terminal = world.book.terminal(case.text("role", "entry"))
    answer = world.show(code, account, terminal)
    world.expect(answer, bool(case.given["opened"]), case.texts("reasons"), kind)
    world.settled()


def again(world: World, case: Case) -> None:
    """The display that has opened a lane opens none again, here or at the lane beside it."""
    account = world.account()
    code = world.opens(account)
    lane = world.book.terminal("entry", 1 if case.text("lane") == "other" else 0)
    answer = world.show(code, account, lane)
    world.expect(answer, False, case.texts("reasons"), "the same display again")
    world.settled()


def bits(world: World, _case: Case) -> None:
    """No code with a single bit turned over opens a lane, and the good one does afterwards."""
    account = world.account()
    code = world.code("good", account)
    for step in range(_BITS):
        at = (step * len(code) * 8) // _BITS + step % 8
        turned = bytearray(code)
        turned[at // 8] ^= 1 << (at % 8)
        if world.show(bytes(turned)).opened:
            raise Differs("opened_wrongly", f"bit {at}", "refused", "opened")
    world.expect(world.show(code, account), True, ["OPEN"], "the same code whole")
    world.settled()


PROCEDURES: Mapping[str, Callable[[World, Case], None]] = {
    "show": show,
    "again": again,
    "bits": bits,
}
