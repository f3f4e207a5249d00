"""Receipts: nothing is forgotten before one, and what is sent again is the same bytes."""

from collections.abc import Callable, Mapping

from tongxing.conformance.cases import Case
from tongxing.conformance.city import BUSY_S
from tongxing.conformance.world import World
from tongxing.media.conformance.results import Differs
from tongxing.messages import TapRef

_EARLY_S = 0.5
_SHOWN = 3


def plain(world: World, _case: Case) -> None:
    """Taps of all lanes, opened and refused, reach the city once, numbered without a gap."""
    for _ in range(_SHOWN):
        world.opens()
        world.opens(terminal=world.book.terminal("exit"))
        world.show(b"no code")
    world.settled()


def fault(world: World, case: Case) -> None:
    """An answer that is no receipt for this batch: the same bytes come again until there is one."""
    name, city = case.text("fault"), world.city
    city.misbehave(name)
    world.opens()
    world.wait(lambda: city.faulted, "no_batch")
    if name == "hang":
        world.opens(terminal=world.book.terminal("exit"))  # nobody waits at a lane for the city
    elif name == "busy":
        _waits_as_told(world)
    with city.lock:
        first, seen = city.faulted[0], len(city.books.batches)
        city.batch_fault = ""
        city.released.set()
    if name != "twice":
        world.wait(
            lambda: first in city.books.batches[seen:] or _blamed(world),
            "not_sent_again",
            f"{first[:16]}…",
            lambda: ", ".join(f"{one[:16]}…" for one in city.books.batches[seen:]) or "—",
        )
    world.opens(terminal=world.book.terminal("exit"))
    world.settled()


def _blamed(world: World) -> bool:
    """The same taps came in other bytes: waiting on would tell no more."""
    return any(one.what == "sealed_anew" for one in world.city.books.faults)


def _waits_as_told(world: World) -> None:
    """Who is told to wait does."""
    city = world.city
    world.wait(lambda: len(city.batch_at) >= 2, "not_sent_again")
    with city.lock:
        between_s = city.batch_at[1] - city.batch_at[0]
    if between_s < BUSY_S - _EARLY_S:
        raise Differs("too_soon", expected=f"≥ {BUSY_S} s", found=f"{between_s:.1f} s")


def restored(world: World, _case: Case) -> None:
    """The city was restored from a backup: what had a receipt comes again, unchanged."""
    for _ in range(_SHOWN):
        world.opens()
    world.settled()
    with world.city.lock:
        books = world.city.books
        lane = world.book.terminal("entry")
        last = max(
            (ref for ref in books.taps if ref.terminal_id == lane),
            key=lambda ref: (books.taps[ref].time_s, ref.seq),
        )
        gone = [TapRef(lane, last.epoch, number) for number in (last.seq - 1, last.seq)]
        before = {ref: books.taps[ref] for ref in gone}
        books.lose(gone)
    world.wait(
        lambda: all(ref in world.city.books.taps for ref in gone),
        "not_sent_again",
        ", ".join(map(str, gone)),
    )
    with world.city.lock:
        changed = [ref for ref in gone if world.city.books.taps[ref] != before[ref]]
    if changed:
        raise Differs("sent.two_contents", found=", ".join(map(str, changed)))
    world.forget()
    world.opens()
    world.settled()


PROCEDURES: Mapping[str, Callable[[World, Case], None]] = {
    "receipt_plain": plain,
    "receipt_fault": fault,
    "receipt_restored": restored,
}
