"""A city opens its doors to passengers and staff: every desk, over one office, with its neighbours.

This is the one place where the rooms of a city are wired together. What is due by the clock (debits
by agreement, refunds that a crash left open, found money, data whose time is over) is done by
`do_what_is_due`, which may be called as often as one likes.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from tongxing.city.aside_desk import AsideDesk
from tongxing.city.binding.desk import BindingDesk
from tongxing.city.codes import CodeDesk
from tongxing.city.fleet import fleet_terms
from tongxing.city.losing import LossDesk
from tongxing.city.losing.desk import Publish
from tongxing.city.money import MoneyDesk, balances
from tongxing.city.office import Office
from tongxing.city.people.desk import PeopleDesk
from tongxing.city.people.notices import notify
from tongxing.city.staffing import StaffDesk
from tongxing.city.store import media
from tongxing.city.tap_signatures import SignatureKeys
from tongxing.city.upgrading import UpgradeDesk
from tongxing.city.upgrading.programme import programme_at
from tongxing.fares import book_codes, load_city_fares
from tongxing.front.keys import CityKeys
from tongxing.front.partners import Partners
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal
from tongxing.media.keys import KeyVault
from tongxing.network.registry import load_registry
from tongxing.storage import Database

Draw = Callable[[int], bytes]
_log = logging.getLogger("tongxing.front")


@dataclass
class CityFront:
    """The desks of one open city. `upgrading` is None where there is no such service.

    `published` is what the deny list said that went out last; None before the first look.
    """

    office: Office
    people: PeopleDesk
    money: MoneyDesk
    binding: BindingDesk
    codes: CodeDesk
    losing: LossDesk
    staff: StaffDesk
    asides: AsideDesk
    upgrading: UpgradeDesk | None
    channels: tuple[str, ...]
    vault: KeyVault
    signatures: SignatureKeys
    publish: Publish | None
    published: str | None = None

    @property
    def city(self) -> str:
        """The city's division code."""
        return self.office.code

    def do_what_is_due(self, now_s: int) -> list[str]:
        """Everything that the clock has made due. What failed is logged, told by name, and tried
        again the next time; one failure never keeps the rest from being done."""
        due: list[tuple[str, Callable[[int], object]]] = [
            ("collect", self.money.collect),
            ("resume", self.money.resume),
            ("release_found", self.losing.release_found),
            ("lapse", self.losing.lapse),
            ("purge", self.people.purge),
            ("signatures", lambda due_s: self.asides.check_waiting(self.signatures, due_s)),
        ]
        if self.upgrading is not None:
            due.append(("purge_upgrades", self.upgrading.purge))
        due.append(("publish", self.publish_if_changed))
        failed = []
        for name, work in due:
            try:
                work(now_s)
            except Exception:
                _log.exception("what was due was not done: %s", name)
                failed.append(name)
        return failed

    def publish_if_changed(self, now_s: int) -> bool:
        """Bring a new deny list to the gates when whom it stops has changed: by a debt, a mandate
        that ended, a loss, a release; and once a day, since a list is good for some days only.
        Whether it did."""
        if self.publish is None:
            return False
        with self.office.reading() as cursor:
            entries, made_s = media.denied_media(cursor), media.newest_deny_s(cursor)
        standing = digest(*(f"{entry.medium_no} {entry.reason}" for entry in entries))
        before, self.published = self.published, standing
        is_old = made_s is not None and now_s - made_s >= fleet_terms().deny_list_renewed_s
        if before in (None, standing) and not is_old:
            return False
        self.publish(now_s)
        return True

    def close(self) -> None:
        """Let go of the database."""
        self.office.close()


def open_city(
    database: Database,
    city: str,
    keys: CityKeys,
    partners: Partners,
    now_s: int,
    publish: Publish | None = None,
    draw: Draw = secrets.token_bytes,
) -> CityFront:
    """A city's desks over its books in `database`, which are brought up to date first.

    `publish` brings a new deny list to the gates at once. Raises what `Office` raises.
    """
    office = Office(city, database, load_city_fares(city) if city in book_codes() else None)
    people = PeopleDesk(office, keys.cells, partners.sms, partners.identity, draw)
    money = MoneyDesk(office, partners.channels, tell=notify)
    upgrading = None
    if not isinstance(programme_at(city, now_s), Refusal):
        upgrading = UpgradeDesk(
            office, people, partners.identity, draw, cells=keys.cells, money=money, tell=notify
        )
    return CityFront(
        office=office,
        people=people,
        money=money,
        binding=BindingDesk(office, keys.vault, people, money, draw),
        codes=CodeDesk(office, keys.issuer, draw, people),
        losing=LossDesk(office, people, balances, load_registry()),
        staff=StaffDesk(office, draw),
        asides=AsideDesk(office),
        upgrading=upgrading,
        channels=tuple(partners.channels),
        vault=keys.vault,
        signatures=keys.signatures,
        publish=publish,
    )
