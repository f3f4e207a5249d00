"""The desks behind the pages of a city's staff: everything a counter or a machine may ask or do."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from tongxing.city.binding.desk import BindingDesk
from tongxing.city.losing import LossDesk
from tongxing.city.losing.desk import Publish
from tongxing.city.money import MoneyDesk
from tongxing.city.office import Office
from tongxing.city.passenger import PassengerDesk
from tongxing.city.people.desk import PeopleDesk
from tongxing.city.staffing import StaffDesk
from tongxing.city.upgrading import UpgradeDesk
from tongxing.media.keys.vault import KeyVault


def wall_clock() -> int:
    """The time of day in whole seconds: the one clock of these pages."""
    return int(time.time())


@dataclass(frozen=True)
class CounterDesks:
    """What the pages of one city's staff are given.

    `upgrading` is None for a city without that service. `publish` brings a new deny list to the
    gates at once; None where a clock does that. `clock` may be a simulated one. `rider_home` is the
    address of the passenger's pages, "" where it is the same site. `vault` checks what a card signs
    when its holder disputes a binding; None where cards cannot do that here. `draw` gives bytes
    that nobody can foresee.
    """

    office: Office
    staff: StaffDesk
    people: PeopleDesk
    binding: BindingDesk
    money: MoneyDesk
    losing: LossDesk
    upgrading: UpgradeDesk | None = None
    publish: Publish | None = None
    clock: Callable[[], int] = wall_clock
    rider_home: str = ""
    vault: KeyVault | None = None
    draw: Callable[[int], bytes] = secrets.token_bytes
    agent: str = ""
    """Where the card agent of the counter's own machine listens, "" for its usual port."""

    @property
    def city(self) -> str:
        """The city's division code."""
        return self.office.code

    @property
    def passenger(self) -> PassengerDesk | None:
        """The trips of passengers; None in a city without gates."""
        return None if self.office.fares is None else PassengerDesk(self.office)
