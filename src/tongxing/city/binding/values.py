"""What a binding is to whoever asks, and what its desk needs of the desks beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tongxing.city.store.binding import BindingRow, Channel, Step
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal


@dataclass(frozen=True, slots=True)
class Binding:
    """How far a binding has come. Amounts are fen.

    `medium_no` is "" before the card has proven itself. `card_balance_fen` is what its chip said
    last, of which `keep_fen` stays in the purse; `moved_fen` is the account's since `from_s`, and
    cannot leave it before `hold_until_s`. `ended_why` is the event that ended it, "" else.
    """

    binding_id: str
    person_id: str
    account: str
    channel: Channel
    step: Step
    medium_no: str
    card_balance_fen: int
    keep_fen: int
    moved_fen: int
    from_s: int | None
    hold_until_s: int | None
    ended_why: str


@dataclass(frozen=True, slots=True)
class BoundCard:
    """The card that draws on an account. `medium_no` is the card now, where another has taken the
    bound one's place; `denied` is why gates refuse it, "" where they do not. `sealed` says that a
    reader said that its chip carries the mark, `seen_sealed` that one of ours has seen it."""

    binding_id: str
    account: str
    medium_no: str
    bound_no: str
    from_s: int
    moved_fen: int
    hold_until_s: int
    denied: str
    sealed: bool
    seen_sealed: bool


class Holder(Protocol):
    """What a binding asks of a person."""

    @property
    def account(self) -> str:
        """The account's number."""

    @property
    def level(self) -> int:
        """How well the person is known: 1 by phone, 2 by a document."""

    @property
    def closed_s(self) -> int | None:
        """When the account was closed, None while it is open."""


class Mandated(Protocol):
    """What a binding asks of a mandate."""

    @property
    def state(self) -> str:
        """``signed`` while the passenger lets us take what is owed."""


class Consents(Protocol):
    """Who a person is, and to what they have agreed."""

    def person(self, person_id: str) -> Holder | Refusal:
        """The person of an id."""

    def has_consent(self, person_id: str, text_id: str) -> bool:
        """Whether a person agrees to a text now."""


class Mandates(Protocol):
    """Whether an account lets us take what is owed without asking each time."""

    def mandate(self, account: str) -> Mandated | None:
        """The newest mandate of an account."""


class Freeze(Protocol):
    """Keep money in an account until a moment, in the caller's transaction."""

    def __call__(
        self,
        cursor: Cursor,
        account: str,
        amount_fen: int,
        why: str,
        until_s: int,
        case_id: str,
        now_s: int,
        /,
    ) -> object:
        """Freeze `amount_fen`; the same case again changes nothing."""


class Notify(Protocol):
    """Tell a person something, in the caller's transaction."""

    def __call__(
        self, cursor: Cursor, whom: str, kind: str, values: Mapping[str, object], now_s: int, /
    ) -> object:
        """Leave a notice of this kind."""


def binding_of(row: BindingRow) -> Binding:
    """A stored binding as it is told."""
    return Binding(
        binding_id=row.binding_id,
        person_id=row.person_id,
        account=row.account,
        channel=row.channel,
        step=row.step,
        medium_no=row.medium_no,
        card_balance_fen=row.card_balance_fen,
        keep_fen=row.keep_fen,
        moved_fen=row.moved_fen,
        from_s=row.from_s,
        hold_until_s=row.hold_until_s,
        ended_why=row.ended_why,
    )
