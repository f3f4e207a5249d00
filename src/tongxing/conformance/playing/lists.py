"""Deny lists: whole ones, what changed, and ones that may not come into force."""

from collections.abc import Callable, Mapping

from tongxing.conformance.cases import Case
from tongxing.conformance.denying import DELTA_FAULTS
from tongxing.conformance.world import OPEN, World
from tongxing.media.conformance.results import Differs
from tongxing.messages.taps import account_token

LOST, DENIED = "MEDIUM_LOST", "ACCOUNT_DENIED"


def publish(
    world: World, entries: Mapping[str, str], notices: Mapping[str, str] | None = None
) -> int:
    """A new version, by accounts; its number."""
    with world.city.lock:
        tokens = {account_token(account): why for account, why in entries.items()}
        told = {account_token(account): why for account, why in (notices or {}).items()}
        return world.city.lists.publish(tokens, told)


def in_force(world: World, version: int) -> None:
    """Wait until the device says that it has this version."""
    world.wait(
        lambda: world.city.beats and world.city.beats[-1].lists.get("deny") == version,
        "list_not_in_force",
        version,
        lambda: world.city.beats[-1].lists if world.city.beats else "",
    )


def whole(world: World, _case: Case) -> None:
    """A device without a list takes one whole: who is on it hears why, who is not passes."""
    lost, denied, free = world.account(), world.account(), world.account()
    world.opens(lost, world.book.terminal("exit"))
    in_force(world, publish(world, {lost: LOST, denied: DENIED}))
    world.refuses(lost, [LOST])
    world.refuses(denied, [DENIED], world.book.terminal("exit"))
    world.opens(free)
    world.settled()


def delta(world: World, _case: Case) -> None:
    """What changed: one is added, one is let go, one hears another reason."""
    stays, goes, comes = world.account(), world.account(), world.account()
    in_force(world, publish(world, {stays: LOST, goes: LOST}))
    in_force(world, publish(world, {stays: DENIED, comes: LOST}))
    world.refuses(stays, [DENIED])
    world.refuses(comes, [LOST])
    world.opens(goes)
    world.settled()


def notice(world: World, _case: Case) -> None:
    """A notice is no denial: its medium passes."""
    told, denied = world.account(), world.account()
    in_force(world, publish(world, {denied: LOST}, {told: DENIED}))
    world.opens(told)
    world.refuses(denied, [LOST])
    world.settled()


def bad(world: World, case: Case) -> None:
    """A list that may not come into force: the old one stays, and the next version is taken."""
    fault = case.text("fault")
    old, new, wrong = world.account(), world.account(), world.account()
    publish(world, {})
    in_force(world, before := publish(world, {old: LOST}))
    with world.city.lock:
        lists = world.city.lists
        lists.fault, lists.extra = fault, {account_token(wrong): LOST}
        asked_before = len(world.city.asked)
    version = publish(world, {old: LOST, new: DENIED})
    world.wait(lambda: len(world.city.asked) > asked_before, "list_not_asked")
    if fault in DELTA_FAULTS:
        _asks_whole(world, asked_before)
    else:
        world.wait_beats(2)
        _still(world, before)
        world.refuses(old, [LOST])
        world.opens(wrong)
        world.opens(new)
        with world.city.lock:
            lists.fault = ""
        version = publish(world, {old: LOST, new: DENIED})
    in_force(world, version)
    world.refuses(new, [DENIED])
    world.refuses(old, [LOST], world.book.terminal("exit"))
    world.opens(wrong, world.book.terminal("exit"))
    world.settled()


def _asks_whole(world: World, asked_before: int) -> None:
    """After a delta that does not fit, a device asks for the whole list."""
    world.wait(
        lambda: 0 in world.city.asked[asked_before:],
        "list_not_asked_whole",
        "since=0",
        lambda: [f"since={since}" for since in world.city.asked[asked_before:]],
    )


def _still(world: World, version: int) -> None:
    with world.city.lock:
        found = world.city.beats[-1].lists.get("deny")
    if found != version:
        raise Differs("list_taken", expected=str(version), found=str(found))


def kept(world: World, _case: Case) -> None:
    """A list outlives a power cut: before the city is heard again, it is in force."""
    denied, free = world.account(), world.account()
    version = publish(world, {denied: LOST})
    in_force(world, version)
    with world.city.lock:
        world.city.silent = True
    world.port.power("cut")
    state = world.port.state()
    if state.deny_list != version:
        raise Differs("list_lost", expected=str(version), found=str(state.deny_list))
    world.refuses(denied, [LOST, "GATE_CLOCK_UNSURE"])
    with world.city.lock:
        world.city.silent = False
    world.wait_beats(2)
    world.refuses(denied, [LOST], world.book.terminal("exit"))
    world.opens(free, reason=OPEN)
    world.settled()


PROCEDURES: Mapping[str, Callable[[World, Case], None]] = {
    "list_whole": whole,
    "list_delta": delta,
    "list_notice": notice,
    "list_bad": bad,
    "list_kept": kept,
}
