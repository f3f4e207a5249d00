"""How cases for members are played: each gets the world and its case, and raises Differs."""

from collections.abc import Callable, Mapping

from tongxing.conformance.member.cases import MemberCase
from tongxing.conformance.member.hub import BUSY_S
from tongxing.conformance.member.playing_registers import (
    register_forged,
    registers_in,
    registers_out,
)
from tongxing.conformance.member.world import ELSEWHERE, MemberWorld
from tongxing.media.conformance.results import Differs
from tongxing.messages import Statement, seal

Procedure = Callable[[MemberWorld, MemberCase], None]
_EARLY_S = 0.2
_AWAY_TIMES = 1_000


def plain(world: MemberWorld, _case: MemberCase) -> None:
    """Rides reach the hub in one file after the other, each in the chain, and are booked."""
    for _ in range(2):
        world.rides()
        world.settled()


def nothing(world: MemberWorld, _case: MemberCase) -> None:
    """Without rides there is no file."""
    world.rides()
    world.settled()
    before = len(world.hub.booked())
    for _ in range(2):
        world.port.round()
    world.blameless()
    if len(world.hub.booked()) != before:
        raise Differs("file_of_nothing", found=", ".join(world.hub.booked()[before:]))


def fault(world: MemberWorld, case: MemberCase) -> None:
    """The hub or the line does something wrong where a file comes; in the end it is booked once."""
    world.rides()
    where, for_a_round = case.text("at"), case.given.get("lasts") == "a_round"
    world.hub.misbehave(case.text("fault"), where, _AWAY_TIMES if for_a_round else 1)
    world.rounds(lambda: world.hub.faulted > 0, "not_asked", where)
    if for_a_round:
        world.hub.misbehave("", "", 0)
    if case.text("fault") == "busy":
        _waited(world, where)
    world.settled()


def refused(world: MemberWorld, _case: MemberCase) -> None:
    """A file that is refused stays in the books as open, a person is told, no other file passes it
    by, and it goes as it was."""
    world.rides()
    world.hub.misbehave("refused", "data")
    trouble = world.port.round().trouble
    world.blameless()
    if not trouble:
        raise Differs("nobody_told", found="[]")
    files = world.port.books().files
    if all(one.booked for one in files):
        raise Differs("booked_unbelieved", found=world.told())
    world.rides()
    world.settled()


def away(world: MemberWorld, case: MemberCase) -> None:
    """The hub cannot be reached for a while: a round ends and says so, a later one goes through."""
    world.rides()
    world.hub.misbehave("drop_before", "manifest", _AWAY_TIMES)
    if not world.port.round().trouble:
        raise Differs("nobody_told", found="[]")
    world.hub.misbehave("", "", 0)
    world.settled()


def rejected(world: MemberWorld, _case: MemberCase) -> None:
    """A record that the hub rejects is not booked as due."""
    world.hub.reject_first = True
    world.rides(3)
    world.settled()


def forged_verdicts(world: MemberWorld, _case: MemberCase) -> None:
    """Verdicts that somebody else sealed move no money, whoever brought them."""
    world.hub.seal_by_stranger = True
    world.rides()
    for _ in range(2):
        world.port.round()
    world.blameless()
    world.due(0, 0)
    world.hub.seal_by_stranger = False


def closing(world: MemberWorld, case: MemberCase) -> None:
    """A window closes; its letters arrive whatever goes wrong, and are booked once."""
    world.rides()
    world.settled()
    world.close_window(detail_last=case.given.get("order") == "detail_last")
    if "fault" in case.given:
        world.hub.misbehave(case.text("fault"), case.text("at"))
    world.statements()
    world.settled()


def again(world: MemberWorld, _case: MemberCase) -> None:
    """All letters are shown once more: nothing changes."""
    world.rides()
    world.settled()
    world.close_window()
    before = world.statements()
    world.hub.shown_after = 0
    for _ in range(2):
        world.port.round()
    world.hub.shown_after = None
    if (found := world.port.books()) != before:
        raise Differs("booked_twice", expected=str(before.due), found=str(found.due))
    world.settled()


def wrong_statement(world: MemberWorld, _case: MemberCase) -> None:
    """A statement that differs from the books by a fen is not booked, and a person is told."""
    world.rides()
    world.settled()
    world.close_window(wrong_by_fen=1)
    trouble = world.port.round().trouble
    _no_statement(world)
    if not trouble:
        raise Differs("nobody_told", found="[]")
    world.settled()


def others_statement(world: MemberWorld, _case: MemberCase) -> None:
    """A statement of another member is not booked."""
    world.rides()
    world.settled()
    body = Statement(
        window_id=world.window, member=f"ISS-{ELSEWHERE}", cutoff_s=0, lines=[], net_fen=0,
        fee_income_fen=0, operator_fees=[], operator_payouts=[],
    )  # fmt: skip
    content = seal(body, world.hub.key)
    world.hub.hand_out(world.book.issuer, "statement", world.window, content)
    world.port.round()
    _no_statement(world)
    world.settled()


def suspended(world: MemberWorld, _case: MemberCase) -> None:
    """Records are carried while a member is suspended, and booked when it is back."""
    world.hub.suspended = True
    world.rides()
    world.settled()
    world.due(0, 0)
    later = world.next_window()
    world.hub.release(later)
    accepted = world.hub.accepted_fen

    def booked() -> bool:
        return world.port.books().due_fen(later, world.book.acquirer) == accepted

    world.rounds(booked, "not_booked", f"{later}: {accepted}")
    world.due(accepted, -accepted, later)


def power(world: MemberWorld, case: MemberCase) -> None:
    """The power is cut while a file or a letter is on its way; in the end all is booked once."""
    world.rides()
    if case.text("at") == "letters":
        world.settled()
        world.close_window()
    world.hub.misbehave(case.text("fault"), case.text("at"), _AWAY_TIMES)
    world.port.round()
    world.hub.misbehave("", "", 0)
    world.port.power()
    if case.text("at") == "letters":
        world.statements()
    world.settled()
    world.port.power()
    world.rides()
    world.rounds(world.all_booked, "not_booked")
    world.blameless()


def _no_statement(world: MemberWorld) -> None:
    found = [one for one in world.port.books().statements if one.window_id == world.window]
    if found:
        raise Differs("booked_unbelieved", found=str(found))


def _in_a_window(play: Procedure) -> Procedure:
    """Each case has a window of its own, so that none counts what another left."""

    def played(world: MemberWorld, case: MemberCase) -> None:
        world.next_window()
        play(world, case)

    return played


def _waited(world: MemberWorld, where: str) -> None:
    """Who is told to wait does."""
    world.rounds(lambda: len(_asked(world, where)) > 1, "not_sent_again")
    first, second = _asked(world, where)[:2]
    if second - first < BUSY_S - _EARLY_S:
        raise Differs("too_soon", expected=f"≥ {BUSY_S} s", found=f"{second - first:.1f} s")


def _asked(world: MemberWorld, where: str) -> list[float]:
    with world.hub.lock:
        return [at for kind, at in world.hub.asked_at if kind == where]


PROCEDURES: Mapping[str, Procedure] = {
    play.__name__: _in_a_window(play)
    for play in (
        plain,
        nothing,
        fault,
        refused,
        away,
        rejected,
        forged_verdicts,
        closing,
        again,
        wrong_statement,
        others_statement,
        suspended,
        power,
        registers_out,
        registers_in,
        register_forged,
    )
}
"""By the name under which a case asks for it (`do`)."""
