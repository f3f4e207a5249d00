"""Faults: the power is cut, the city is silent, the clock is wrong."""

from collections.abc import Callable, Mapping

from tongxing.conformance.cases import Case
from tongxing.conformance.world import World
from tongxing.kernel.clock import DAY_S
from tongxing.media.conformance.results import Differs

_YEAR_2000_S = 946_684_800
_TEN_YEARS_S = 3_650 * DAY_S
UNSURE = "GATE_CLOCK_UNSURE"
_CUTS = 3


def silence(world: World, is_silent: bool) -> None:
    """Whether the city answers nobody."""
    with world.city.lock:
        world.city.silent = is_silent


def offline(world: World, _case: Case) -> None:
    """Lanes work on while the city is away; it hears of everything afterwards."""
    silence(world, True)
    codes = [world.opens(terminal=world.book.terminal(role)) for role in ("entry", "exit")]
    again = world.show(codes[0])
    world.expect(again, False, ["QR_REPLAYED"], "the same display again")
    silence(world, False)
    world.settled()


def cut(world: World, _case: Case) -> None:
    """The power is cut right after a lane has opened, again and again: no tap is lost, and no
    number gets two contents."""
    for _ in range(_CUTS):
        world.opens()
        world.arrived()
        silence(world, True)
        world.opens()
        world.opens(terminal=world.book.terminal("exit"))
        world.port.power("cut")
        silence(world, False)
        world.wait_beats(2)
    world.settled()


def cut_unheard(world: World, _case: Case) -> None:
    """The city has taken a batch, its answer is lost, the power is cut: the same bytes come."""
    city = world.city
    city.misbehave("lost_answer")
    world.opens()
    world.wait(lambda: city.faulted, "no_batch")
    with city.lock:
        first = city.faulted[0]
    world.port.power("cut")
    with city.lock:
        city.batch_fault, seen = "", len(city.books.batches)
    world.wait(
        lambda: first in city.books.batches[seen:] or len(city.books.batches) > seen + 1,
        "not_sent_again",
        f"{first[:16]}…",
    )
    world.opens(terminal=world.book.terminal("exit"))
    world.settled()


def restart(world: World, _case: Case) -> None:
    """After a tidy end nothing is lost, and numbers go on."""
    world.opens()
    world.port.power("restart")
    world.wait_beats(2)
    world.opens()
    world.settled()


def replay(world: World, case: Case) -> None:
    """A display that has opened a lane opens none after a power cut either."""
    account = world.account()
    code = world.code("long", account)
    world.expect(world.show(code, account), True, ["OPEN"], "a good code")
    world.port.power("cut")
    world.wait_beats(2)
    answer = world.show(code, account)
    world.expect(answer, False, case.texts("reasons"), "the same display after a power cut")
    world.settled()


def clock_lost(world: World, case: Case) -> None:
    """The clock is wrong after a power cut and the city is silent: no code opens, until the city
    has said what time it is."""
    ahead = case.text("clock") == "ahead"
    silence(world, True)
    world.clock_is_wrong = True
    try:
        world.port.clock(world.clock() + _TEN_YEARS_S if ahead else _YEAR_2000_S)
        world.port.power("cut")
        account = world.account()
        answer = world.show(world.code("good", account), account)
        world.expect(answer, False, case.texts("reasons"), "a good code, no good clock")
        silence(world, False)
        world.wait_beats(3)
        world.opens()
        old = world.account()
        late = world.show(world.code("yesterday", old), old)
        world.expect(late, False, ["QR_EXPIRED"], "a code of yesterday")
        world.settled()
    finally:
        world.clock_is_wrong = False
        world.port.clock(None)
    _time_is_right(world)


def clock_jumps(world: World, _case: Case) -> None:
    """The machine's clock jumps by a day while it works: codes are judged by the city's time."""
    world.port.clock(world.clock() + DAY_S)
    try:
        world.wait_beats(3)
        world.opens()
        old = world.account()
        late = world.show(world.code("yesterday", old), old)
        world.expect(late, False, ["QR_EXPIRED"], "a code of yesterday")
        world.settled()
    finally:
        world.port.clock(None)
    world.wait_beats(2)
    _time_is_right(world)


def _time_is_right(world: World) -> None:
    found = world.port.state().time_s
    if abs(found - world.clock()) > 30:
        raise Differs("time", expected=str(world.clock()), found=str(found))


PROCEDURES: Mapping[str, Callable[[World, Case], None]] = {
    "offline": offline,
    "power_cut": cut,
    "power_cut_unheard": cut_unheard,
    "power_restart": restart,
    "power_replay": replay,
    "clock_lost": clock_lost,
    "clock_jumps": clock_jumps,
}
