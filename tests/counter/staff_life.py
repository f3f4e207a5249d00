"""A passenger whom staff serve: money, a missing exit, a bound card, a dispute about it."""

from dataclasses import dataclass
from typing import Any

from staff_world import CARD, DAY, OTHER_PHONE, World, code_of, touch

from tongxing.city.losing import ByPerson, Dispute
from tongxing.city.people import Person
from tongxing.city.people.consent_texts import consent_texts
from tongxing.kernel import clock
from tongxing.kernel.reasons import Refusal

QUERY = "?purpose=counter&ticket=A17"


@dataclass
class Life:
    """The passenger, their card, and the dispute that another one raised about it."""

    world: World
    person: Person
    other: Person
    half_trip: str
    dispute: Dispute


def bound(world: World, person: Person, fen: int = 3_000, number: str = CARD) -> Any:
    """Bind a card for a passenger at the desks, as the pages would; its chip."""
    plastic, desks = world.purse_card(fen, number), world.desks
    begun = desks.binding.begin(person.person_id, f"b{number}", "branch", world.now_s)
    assert not isinstance(begun, Refusal), begun
    client = world.at()
    path = f"/person/{person.person_id}/bind"
    said = touch(client, f"{path}/prove/socket", plastic)
    assert "next" in said, said
    sign(world, person)
    assert client.get(f"/counter{path}{QUERY}").status_code == 200
    said = touch(client, f"{path}/activate/socket", plastic)
    assert "next" in said, said
    return plastic


def sign(world: World, person: Person) -> None:
    """The consents and the mandate of a passenger."""
    known = consent_texts(world.now_s)
    for text in (known["binding"], known["password_free"]):
        people = world.desks.people
        people.give_consent(person.person_id, text.id, text.version, "web", world.now_s)
    asked = world.desks.money.ask_mandate(
        person.account, f"m{person.account}", "alipay", "http://127.0.0.1/", world.now_s
    )
    assert not isinstance(asked, Refusal), asked
    world.partner.signs()
    world.desks.money.check_mandate(person.account, world.now_s)


def half_trip(world: World, person: Person) -> str:
    """A ride of yesterday whose exit is missing; its id."""
    world.pays_in(person, 5_000)
    before_s = clock.at(DAY, 0) - clock.DAY_S
    world.ride(code_of(person), before_s + 12 * 3_600, "shapingba", "chaotianmen")
    world.ride(code_of(person), before_s + 18 * 3_600, "chaotianmen")
    world.city.close_day(DAY.replace(day=DAY.day - 1), clock.at(DAY, 4))
    assert world.desks.passenger is not None
    [half] = world.desks.passenger.standing(person.account, world.now_s).halves
    return half.trip_id


def lived(world: World) -> Life:
    """All of it."""
    person, other = world.verified(), world.verified(OTHER_PHONE, 31)
    half = half_trip(world, person)
    bound(world, person)
    world.desks.people.feedback(person.person_id, "闸机扫码慢", "code", world.now_s)
    world.desks.money.take_notice("alipay", {}, b"nonsense", world.now_s)
    raised = world.desks.losing.dispute(
        CARD, ByPerson(other.person_id), "d" * 32, world.now_s, "卡是我的"
    )
    assert isinstance(raised, Dispute), raised
    return Life(world, person, other, half, raised)
