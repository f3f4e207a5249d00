"""The desk of the upgrade service: what pages, staff and commands call.

Values in, a value or a refusal out. Every request that changes something carries an id made by the
caller: the same request again answers the same and does nothing, another content under that id is
REQUEST_REUSED.
"""

from collections.abc import Callable
from datetime import date

from tongxing.city.office import Office
from tongxing.city.store import upgrading as store
from tongxing.city.upgrading import bulk, linking
from tongxing.city.upgrading import campaign as counting
from tongxing.city.upgrading.asking import (
    CardForm,
    Cells,
    Identity,
    Money,
    NewPerson,
    People,
    Popup,
    SmsForm,
    Upgrade,
)
from tongxing.city.upgrading.bulk import BulkTaken
from tongxing.city.upgrading.campaign import Campaign
from tongxing.city.upgrading.e_tickets import ETicket, ETickets, RefundRun
from tongxing.city.upgrading.first_top_up import FirstTopUp, TopUps
from tongxing.city.upgrading.flows import Flows
from tongxing.city.upgrading.guide import Guide, guide
from tongxing.city.upgrading.linking import Tell, tell_nobody
from tongxing.city.upgrading.listing import LinkedMedia, Listing, ListMade
from tongxing.city.upgrading.numbers import NumberHelp, number_help
from tongxing.city.upgrading.popups import Popups
from tongxing.city.upgrading.programme import programme_at
from tongxing.city.upgrading.rules import TopUpGate
from tongxing.city.upgrading.single_tickets import (
    SingleTicketSales,
    TicketAsked,
    TicketGranted,
)
from tongxing.kernel.clock import DAY_S, calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing

KEEP_TRIES_DAYS = 30


class UpgradeDesk:
    """The upgrade service of one city. Thread-safe; see the modules of this room for each part.

    `tell` leaves people a notice (`people.notify`): upgrade_linked and upgrade_moved.
    """

    def __init__(
        self,
        office: Office,
        people: People,
        identity: Identity,
        draw: Callable[[int], bytes],
        *,
        cells: Cells,
        money: Money,
        tell: Tell = tell_nobody,
    ) -> None:
        self._office = office
        self._people = people
        self._flows = Flows(office, people, cells, tell)
        self._popups = Popups(office, people, self._flows)
        self._top_ups = TopUps(office, people, tell)
        self._tickets = SingleTicketSales(office, identity, cells, draw)
        self._e_tickets = ETickets(office, money)
        self._listing = Listing(office)

    # ------------------------------------------------------------------------------ what is shown

    def guide(self, now_s: int) -> Guide | Refusal:
        """Channels, steps, help and hot lines now. Refuses UPGRADE_NO_PROGRAMME."""
        programme = programme_at(self._office.code, now_s)
        return programme if isinstance(programme, Refusal) else guide(programme)

    def number_help(self, kind: str, now_s: int) -> NumberHelp | Refusal:
        """How to find a kind's number. Refuses UPGRADE_NO_PROGRAMME and UPGRADE_KIND_UNKNOWN."""
        programme = programme_at(self._office.code, now_s)
        known = programme if isinstance(programme, Refusal) else programme.kind(kind)
        return known if isinstance(known, Refusal) else number_help(known)

    def linked(self, person_id: str) -> list[Upgrade]:
        """What is linked with a person now, oldest first."""
        with self._office.reading() as cursor:
            rows = store.links_of_holder(cursor, person_id)
        return [linking.upgrade_of(row, already=True) for row in rows]

    # --------------------------------------------------------------------------- one tap (R-120…)

    def consent_popup(
        self, person_id: str, app: str, now_s: int, code_no: str = ""
    ) -> Popup | Refusal:
        """Whether an app asks a person now; else `why` is UPGRADE_APP_UNKNOWN,
        UPGRADE_POPUP_NOT_YET, UPGRADE_LEVEL_LOW or UPGRADE_ALREADY.

        `code_no` is the app's own code medium where it does not show the account's.
        Refuses UPGRADE_NO_PROGRAMME and what the people's desk refuses.
        """
        return self._popups.shown(person_id, app, now_s, code_no)

    def accept(
        self, person_id: str, app: str, request_id: str, now_s: int, code_no: str = ""
    ) -> Upgrade | Refusal:
        """The one tap of an app's user: consent and link at once (R-126).

        Refuses UPGRADE_NO_PROGRAMME, UPGRADE_APP_UNKNOWN, UPGRADE_POPUP_NOT_YET, UPGRADE_LEVEL_LOW,
        UPGRADE_CODE_NUMBER, REQUEST_REUSED and what `linking.link` names.
        """
        return self._popups.accept(person_id, app, request_id, now_s, code_no)

    def code_opened(
        self, person_id: str, app: str, request_id: str, now_s: int, code_no: str = ""
    ) -> Upgrade | Popup | Refusal:
        """A ride code was newly opened: from a date on it is linked with its registration (R-159);
        before, the answer is the pop-up."""
        return self._popups.registered(person_id, app, request_id, now_s, code_no)

    def code_opened_by(self, account: str, now_s: int) -> Upgrade | Popup | Refusal:
        """What the pages of the ride code call when an account's phone gets its code (R-159): from
        a date on it is linked by itself, once. Whoever has not agreed to the consent is not linked:
        the answer is a pop-up that is not shown, its `why` UPGRADE_CONSENT.

        Refuses UPGRADE_NO_PROGRAMME, PERSON_NOT_FOUND, UPGRADE_LEVEL_LOW, and what `linking.link`
        names; none of it keeps a code from being opened.
        """
        return self._popups.opened_by(account, now_s)

    # ------------------------------------------------------------------------------ forms (R-123…)

    def upgrade_card(
        self, person_id: str, request_id: str, form: CardForm, now_s: int
    ) -> Upgrade | Refusal:
        """A card of one's own by its number, in an app or a mini-programme.

        Refuses UPGRADE_NO_PROGRAMME, UPGRADE_KIND_UNKNOWN, UPGRADE_CHANNEL_UNKNOWN, …_NOT_YET,
        …_OTHER_KIND, UPGRADE_TICK_REQUIRED, what `read_number` names, UPGRADE_DATA_NEEDED, what the
        people's desk refuses of wrong data (R-150), and what `linking.link` names.
        """
        return self._flows.by_number(person_id, request_id, form, now_s)

    def upgrade_for(
        self, helper_id: str, helped_id: str, request_id: str, form: CardForm, now_s: int
    ) -> Upgrade | Refusal:
        """The same for somebody else, at most five cards (R-122). The other's own telephone was
        proven with `PeopleDesk.add_helped`; else UPGRADE_NOT_YOUR_HELPED."""
        return self._flows.for_other(helper_id, helped_id, request_id, form, now_s)

    def upgrade_by_sms(self, form: SmsForm, request_id: str, now_s: int) -> Upgrade | Refusal:
        """A site's own ride code by name, telephone and the code that was sent (R-138).

        Refuses as above, UPGRADE_CHANNEL_OTHER_APP for any other app's code (R-140), what
        `PeopleDesk.sign_in` refuses, and UPGRADE_NAME_DIFFERS for a name that is not the known one.
        """
        return self._flows.by_sms(form, request_id, now_s)

    def upgrade_at_desk(
        self,
        staff: str,
        request_id: str,
        who: str | NewPerson,
        form: CardForm,
        now_s: int,
        *,
        in_hand: bool = False,
    ) -> Upgrade | Refusal:
        """Staff do it on the spot, for a person known by id or one without an account (an elder, a
        child; R-112, R-153). Staff read a wristband's number (R-105).

        `in_hand`: staff saw the card and the holder's document, so that a link with somebody else
        gives way: the only way out of UPGRADE_NUMBER_NOT_HERE. What was refused for a channel,
        number, tick, data or limit is refused here too.
        """
        return self._flows.at_desk(staff, request_id, who, form, now_s, in_hand=in_hand)

    def end_link(
        self, person_id: str, medium_no: str, request_id: str, now_s: int, staff: str = ""
    ) -> Upgrade | Refusal:
        """The holder takes a link back. Refuses UPGRADE_NOT_LINKED and REQUEST_REUSED."""
        by = staff or person_id
        with self._office.writing() as cursor:
            return linking.end(cursor, person_id, medium_no, request_id, by, now_s)

    def end_links(self, person_id: str, now_s: int) -> int:
        """End all links of a person whose consent or account ends; how many there were."""
        with self._office.writing() as cursor:
            return linking.end_all(cursor, person_id, person_id, now_s)

    # --------------------------------------------------------------------- files, top-ups, tickets

    def take_file(
        self,
        content: bytes,
        signature: bytes,
        keys: KeyRing,
        staff: str,
        now_s: int,
        progress: Callable[[int], None] = lambda _lines: None,
    ) -> BulkTaken | Refusal:
        """Link an authority's category cards by its file; see `bulk.take_file` (R-115)."""
        return bulk.take_file(self._office, content, signature, keys, staff, now_s, progress)

    def first_top_up_allowed(
        self, medium_no: str, kind: str, issued_on: date | None, person_id: str | None, now_s: int
    ) -> TopUpGate | Refusal:
        """Whether a card may be topped up now, its day of issue read from the card (R-102).

        Refuses UPGRADE_TOP_UP_IDENTITY for a new card's first top-up without a verified person, and
        UPGRADE_TOP_UP_UNREAD where the day of issue is needed and was not read.
        """
        return self._top_ups.allowed(medium_no, kind, issued_on, person_id, now_s)

    def first_top_up_done(
        self,
        medium_no: str,
        kind: str,
        person_id: str,
        request_id: str,
        now_s: int,
        staff: str = "",
    ) -> FirstTopUp | Refusal:
        """A new card's first top-up is on the card: link it with its holder (R-103). Where that is
        refused (the holder has a linked card already) the answer says so; the money stays.

        Refuses UPGRADE_TOP_UP_BEFORE under another request, and REQUEST_REUSED.
        """
        return self._top_ups.done(medium_no, kind, person_id, request_id, staff, now_s)

    def single_ticket(self, asked: TicketAsked, now_s: int) -> TicketGranted | Refusal:
        """Whether somebody may buy or collect a single ticket, or exchange a welfare one (R-155).

        Refuses ID_NUMBER_INVALID, UPGRADE_TICKET_CHECK (not passed, or too long ago),
        UPGRADE_TICKET_NAME, UPGRADE_TICKET_STAFF_ONLY (helping without staff, R-156) and
        REQUEST_REUSED.
        """
        return self._tickets.grant(asked, now_s)

    def sell_e_ticket(
        self, account: str, request_id: str, fare_fen: int, now_s: int
    ) -> ETicket | Refusal:
        """An electronic single ticket; its price is frozen on an account.

        Refuses UPGRADE_E_TICKET_SUSPENDED from a date on (R-157), UPGRADE_E_TICKET_MONEY,
        AMOUNT_NOT_POSITIVE, RIDER_UNKNOWN and REQUEST_REUSED.
        """
        return self._e_tickets.sell(account, request_id, fare_fen, now_s)

    def use_e_ticket(self, ticket_no: str, now_s: int) -> ETicket | Refusal:
        """An electronic ticket is ridden on. Refuses UPGRADE_E_TICKET_UNKNOWN, …_SUSPENDED and
        …_RETURNED."""
        return self._e_tickets.use(ticket_no, now_s)

    def refund_unused(self, ticket_no: str, now_s: int) -> ETicket | Refusal:
        """The money of an unused ticket goes back the way it was paid, once (R-158).

        Refuses UPGRADE_E_TICKET_UNKNOWN, …_USED, …_GOOD (not suspended), and what the money's desk
        refuses for now: the ticket then is `returning`, and the next call asks again.
        UPGRADE_E_TICKET_WAY_REFUSED: the way it was paid took nothing, the balance has it again.
        """
        return self._e_tickets.refund(ticket_no, now_s)

    def unpaid_e_tickets(self) -> list[ETicket]:
        """The tickets whose money is still to go back, by their numbers."""
        return self._e_tickets.unpaid()

    def refund_all_unused(
        self, now_s: int, progress: Callable[[int, int], None] = lambda _done, _of: None
    ) -> RefundRun:
        """The same for every unused ticket; `progress` gets how many are done, and of how many."""
        return self._e_tickets.refund_all(now_s, progress)

    # --------------------------------------------------------------------------- lists and figures

    def publish_list(self, now_s: int) -> ListMade:
        """Make the next version of the list of linked media, if anything changed."""
        return self._listing.publish(now_s)

    def linked_media(self, since: int = 0) -> LinkedMedia | Refusal:
        """The newest list, or what changed since a version. Refuses UPGRADE_LIST_NONE before the
        first and UPGRADE_LIST_VERSION for one that never was."""
        return self._listing.export(since)

    def campaign(self, until_s: int) -> Campaign:
        """The campaign's figures up to an instant."""
        with self._office.reading() as cursor:
            return counting.campaign(cursor, self._office.code, until_s)

    def purge(self, now_s: int) -> int:
        """Forget the counts of typed numbers after thirty days; how many days of somebody."""
        with self._office.writing() as cursor:
            return store.forget_tries(cursor, calendar_date(now_s - KEEP_TRIES_DAYS * DAY_S))
