"""Orders: what the city wants of a device for a while, done once and answered for."""

from collections.abc import Callable, Mapping

from tongxing.conformance.cases import Case
from tongxing.conformance.world import OPEN, World
from tongxing.media.conformance.results import Differs

_HOUR_S, _SHORT_S = 3_600, 4
FREE, MANUAL = "FREE_RIDE", "GATE_MANUAL"


def give(
    world: World,
    kind: str,
    lasts_s: int = _HOUR_S,
    order_no: int | None = None,
    given_s: int | None = None,
) -> int:
    """Give an order that lasts so many seconds, as of `given_s`, else of now; its number."""
    from_s = world.clock() if given_s is None else given_s
    with world.city.lock:
        return world.city.give(kind, from_s - 1, from_s + lasts_s, order_no)


def answer(world: World, number: int) -> str:
    """Wait for the device's answer to an order."""
    city = world.city
    world.wait(lambda: any(one.order_no == number for one in city.done), "order_not_done", number)
    with city.lock:
        return next(one.outcome for one in city.done if one.order_no == number)


def done(world: World, number: int, outcome: str) -> None:
    """Wait for the device's answer to an order, which must be this."""
    found = answer(world, number)
    if found != outcome:
        raise Differs("order_outcome", f"order {number}", outcome, found)


def mode(world: World, wanted: str) -> None:
    """Wait until the device says how it treats people."""
    world.wait(
        lambda: world.city.beats and world.city.beats[-1].mode == wanted,
        "mode",
        wanted,
        lambda: world.city.beats[-1].mode if world.city.beats else "",
    )


def taken(world: World, case: Case) -> None:
    """An order comes into force, is answered for, and ends with the order `normal`."""
    kind = case.text("kind")
    done(world, give(world, kind), "taken")
    mode(world, kind)
    _treats(world, kind)
    done(world, give(world, "normal"), "taken")
    mode(world, "normal")
    world.opens()
    world.settled()


def _treats(world: World, kind: str) -> None:
    """How people are treated under an order."""
    if kind == "manual":
        world.refuses(world.account(), [MANUAL])
    elif kind == "free_ride":
        world.opens(reason=FREE)
        wrong = world.show(world.code("wrong_user", world.account()))
        world.expect(wrong, False, [], "a forged code under a free ride")
    else:
        world.opens()


def over(world: World, _case: Case) -> None:
    """An order whose time has passed is answered for and changes nothing."""
    done(world, give(world, "manual", -60), "over")
    world.opens()
    world.settled()


def unknown(world: World, _case: Case) -> None:
    """A kind of order that nobody knows is answered for and changes nothing."""
    done(world, give(world, "dance"), "unknown")
    world.opens()
    world.settled()


def passed_over(world: World, _case: Case) -> None:
    """An order that was given before another one and comes after it is not done."""
    given_s = world.clock()
    with world.city.lock:
        late = world.city.order_no + 1
        world.city.order_no = late
    done(world, give(world, "normal"), "taken")
    done(world, give(world, "manual", order_no=late, given_s=given_s), "passed_over")
    world.opens()
    world.settled()


def ends(world: World, _case: Case) -> None:
    """An order ends by itself when its time is over; a device that hears of it only then gets one
    that lasts longer."""
    lasts_s = _SHORT_S
    while answer(world, number := give(world, "manual", lasts_s)) == "over":
        lasts_s *= 2
        if lasts_s > world.patience_s:
            break
    done(world, number, "taken")
    mode(world, "normal")
    world.opens()
    world.settled()


def once(world: World, _case: Case) -> None:
    """An order that comes again, since the answer for it was lost, is not done again."""
    given_s = world.clock()
    first = give(world, "manual", given_s=given_s)
    done(world, first, "taken")
    done(world, give(world, "normal"), "taken")
    give(world, "manual", order_no=first, given_s=given_s)
    world.wait_beats(3)
    world.opens(reason=OPEN)
    world.settled()


def believed(world: World, case: Case) -> None:
    """An answer that is not the city's to this heartbeat is not obeyed."""
    city = world.city
    with city.lock:
        city.beat_fault = case.text("fault")
        beats = len(city.beats)
    number = give(world, "manual")
    world.wait(lambda: len(city.beats) >= beats + 2, "no_heartbeat")
    with city.lock:
        obeyed = any(one.order_no == number for beat in city.beats for one in beat.done)
    if obeyed:
        raise Differs("order_obeyed", f"order {number}")
    world.opens()
    with city.lock:
        city.beat_fault = ""
    done(world, number, "taken")
    done(world, give(world, "normal"), "taken")
    world.opens()
    world.settled()


def kept(world: World, _case: Case) -> None:
    """An order outlives a power cut, also while the city is not heard."""
    done(world, give(world, "manual"), "taken")
    with world.city.lock:
        world.city.silent = True
    world.port.power("cut")
    world.refuses(world.account(), [MANUAL])
    with world.city.lock:
        world.city.silent = False
    done(world, give(world, "normal"), "taken")
    world.opens()
    world.settled()


PROCEDURES: Mapping[str, Callable[[World, Case], None]] = {
    "order_taken": taken,
    "order_over": over,
    "order_unknown": unknown,
    "order_passed_over": passed_over,
    "order_ends": ends,
    "order_once": once,
    "order_believed": believed,
    "order_kept": kept,
}
