"""The desks behind the passenger's pages, of one city: everything a page may ask or do."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tongxing.city.binding.desk import BindingDesk
from tongxing.city.codes import CodeDesk
from tongxing.city.losing import LossDesk
from tongxing.city.losing.desk import Publish
from tongxing.city.money import MoneyDesk
from tongxing.city.office import Office
from tongxing.city.passenger import PassengerDesk
from tongxing.city.people.desk import PeopleDesk
from tongxing.city.upgrading import UpgradeDesk


def wall_clock() -> int:
    """The time of day in whole seconds: the one clock of these pages."""
    return int(time.time())


@dataclass(frozen=True)
class RiderDesks:
    """What the pages of one city's passengers are given.

    `channels` are the ways to pay, in the order in which they are offered. `home` is the address
    under which a partner sends people back (``https://host/rider``), "" to take the one that they
    came by. `upgrading` is None for a city without that service. `publish` brings a new deny list
    to the gates at once; None where a clock does that. `clock` may be a simulated one.
    """

    office: Office
    people: PeopleDesk
    binding: BindingDesk
    money: MoneyDesk
    codes: CodeDesk
    losing: LossDesk
    upgrading: UpgradeDesk | None = None
    channels: tuple[str, ...] = ()
    home: str = ""
    publish: Publish | None = None
    clock: Callable[[], int] = wall_clock
    sandbox: Mapping[str, str] = field(default_factory=dict)
    """Where the stand-ins of partners show what they sent (``sms``: an address); else empty."""

    agent: str = ""
    """Where the card agent of a passenger's own machine listens, "" for its usual port."""

    @property
    def city(self) -> str:
        """The city's division code."""
        return self.office.code

    @property
    def passenger(self) -> PassengerDesk:
        """The trips of one passenger."""
        return PassengerDesk(self.office)
