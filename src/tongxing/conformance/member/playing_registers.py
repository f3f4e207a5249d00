"""How cases about registers are played."""

from datetime import date

from tongxing.conformance.member.cases import MemberCase
from tongxing.conformance.member.world import ELSEWHERE, MemberWorld
from tongxing.media.conformance.results import Differs
from tongxing.messages import HUB_SENDER, SigningKey, seal
from tongxing.messages.registers import CityEntry, CityRegister, LossRegister

_AWAY_TIMES = 1_000
_LOSSES = "LossRegister"
_OTHERS = f"ISS-{ELSEWHERE}"


def registers_out(world: MemberWorld, case: MemberCase) -> None:
    """A loss is told to the hub, whatever goes wrong, and the next one in a higher version."""
    shelf, issuer = world.hub.registers, world.book.issuer
    version, before = shelf.newest(_LOSSES, issuer)
    before = max(before, 0)
    for count in (before + 1, before + 2):
        world.port.losses(1)
        if "fault" in case.given:
            world.hub.misbehave(case.text("fault"), "register", _AWAY_TIMES)
            world.rounds(lambda: world.hub.faulted > 0, "not_asked", "register")
            world.hub.misbehave("", "", 0)

        def is_told(count: int = count) -> bool:
            return shelf.newest(_LOSSES, issuer)[1] == count

        world.rounds(is_told, "register_missing", f"{_LOSSES} {issuer}: {count}")
        found, _ = shelf.newest(_LOSSES, issuer)
        if found <= version:
            raise Differs("register_version", expected=f"> {version}", found=str(found))
        version = found
    world.blameless()


def registers_in(world: MemberWorld, case: MemberCase) -> None:
    """What the hub and another member publish is kept, and replaced when it is new."""
    other = SigningKey.from_secret(_OTHERS, world.draw(32))
    first = 1 + _highest(world)
    for version in (first, first + 1):
        losses = LossRegister(version=version, published_s=world.clock(), losses=[])
        world.hub.registers.publish(_LOSSES, _OTHERS, version, seal(losses, other))
        _publish_cities(world, version, world.hub.key)
        if "fault" in case.given:
            world.hub.misbehave(case.text("fault"), "register_content")
        for kind, owner in ((_LOSSES, _OTHERS), ("CityRegister", HUB_SENDER)):

            def is_here(kind: str = kind, owner: str = owner, version: int = version) -> bool:
                return world.port.books().version(kind, owner) == version

            world.rounds(is_here, "register_missing", f"{kind} {owner} {version}")
    world.blameless()


def register_forged(world: MemberWorld, _case: MemberCase) -> None:
    """A list of cities that the hub did not seal is not kept, and a person is told."""
    before = world.port.books()
    version = 1 + _highest(world)
    _publish_cities(world, version, world.hub.stranger)
    trouble = world.port.round().trouble
    world.blameless()
    if world.port.books().registers != before.registers:
        raise Differs("booked_unbelieved", found="CityRegister")
    if not trouble:
        raise Differs("nobody_told", found="[]")
    _publish_cities(world, version + 1, world.hub.key)


def _highest(world: MemberWorld) -> int:
    """The highest version of what others have published so far."""
    kept = [one for one, _ in world.hub.registers.kept if one.owner in (_OTHERS, HUB_SENDER)]
    return max((one.version for one in kept), default=0)


def _publish_cities(world: MemberWorld, version: int, key: SigningKey) -> None:
    cities = [CityEntry(world.book.city, date(2026, 1, 1))]
    told = CityRegister(version=version, published_s=world.clock(), cities=cities)
    world.hub.registers.publish("CityRegister", HUB_SENDER, version, seal(told, key))
