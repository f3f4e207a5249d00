"""Staff who publish lists for the gates of a town, and the tariffs that they publish."""

from fleet_world import CITY, CITY_KEY, Town, must

from tongxing.city.fleet import ListDesk, ListReleased
from tongxing.fares import CityFares, load_city_fares
from tongxing.fares.tariff import read_book
from tongxing.messages import SigningKey
from tongxing.messages.lists import DataName
from tongxing.published import bundled

WHY = "dearer"


def dearer(more_fen: int) -> bytes:
    """The city's tariff, its inferred urban fares so much dearer."""
    content = bundled("tariff", CITY)
    assert content is not None
    head, mark, rest = content.decode().partition("CQ-RAIL-2025")
    old = "fares_fen = [200, 300, 400, 500, 600, 700, 800, 900, 1000]"
    new = f"fares_fen = {[fen + more_fen for fen in range(200, 1001, 100)]}"
    return (head + mark + rest.replace(old, new, 1)).encode()


def fares(more_fen: int) -> CityFares:
    """The fares of a city that goes by such a tariff."""
    return CityFares(load_city_fares(CITY).network, read_book(dearer(more_fen)))


def desk_of(town: Town, more_fen: int = 0) -> ListDesk:
    """The desk of a city that goes by a tariff so much dearer than the bundled one."""

    def own(name: DataName, city: str) -> bytes | None:
        return dearer(more_fen) if name == "tariff" else bundled(name, city)

    return ListDesk(town.office, own)


def publish(
    town: Town,
    more_fen: int = 0,
    days: tuple[int, int] = (0, 0),
    name: DataName = "tariff",
    content: bytes | None = None,
    key: SigningKey = CITY_KEY,
) -> ListReleased:
    """Hand a list in and have it released, now."""
    desk, now_s = desk_of(town, more_fen), town.clock.now_s
    draft = must(desk.hand_in(town.maker, name, content, WHY, now_s, days))
    released = must(desk.release(town.checker, draft.number, key, now_s))
    assert isinstance(released, ListReleased)
    return released
