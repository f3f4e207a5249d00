"""What is asked and answered at the loss desk, as values; and what it needs of its neighbours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from tongxing.city.loss_terms import Outcome
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.reasons import Refusal

Side = Literal["passenger", "issuer"]
"""Who bears what is ridden with a lost medium."""

LossState = Literal["lost", "found_again", "replaced"]
DisputeState = Literal["open", "proposed", "back", "released"]
ClaimState = Literal["examined", "back", "released", "over"]
"""What the claimant of a card may know: nothing until two people decided, or its time is over."""


@dataclass(frozen=True, slots=True)
class LossReport:
    """A loss report as its maker is told of it.

    What was ridden before `effective_s` is borne by `before`, what is ridden from then on by
    `after`. `purse_fen` is what the card's own purse has by now (0 without one), to be found from
    `money_from_s` on; `found_fen` is what went to the account then, None until it did. `borne_fen`
    is what the issuer bore so far.
    """

    report_id: str
    account: str
    medium_no: str
    reported_s: int
    effective_s: int
    money_from_s: int
    state: LossState
    before: Side
    after: Side
    purse_fen: int
    found_fen: int | None
    borne_fen: int
    lifted_s: int | None


@dataclass(frozen=True, slots=True)
class Released:
    """What a run of `release_found` moved: how many purses, how much in all."""

    purses: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class ByCard:
    """Somebody holds the card: it answered a nonce of ours under `proof_id` at `proven_s`.

    Only whoever checked the card's answer may make this value.
    """

    medium_no: str
    proof_id: str
    proven_s: int


@dataclass(frozen=True, slots=True)
class ByPerson:
    """A person whose identity was verified says that the card is theirs."""

    person_id: str


Claim = ByCard | ByPerson


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim by number as its maker is told of it: the same whether that card is bound or not."""

    medium_no: str
    claimed_s: int
    until_s: int
    state: ClaimState


@dataclass(frozen=True, slots=True)
class Evidence:
    """One step of a dispute: who did what, when."""

    kind: str
    outcome: Outcome | Literal[""]
    done_by: str
    done_s: int
    note: str


@dataclass(frozen=True, slots=True)
class Dispute:
    """A disputed binding. `moved_fen` is the money that the binding took from the card, and that is
    frozen until the end; `by_card` where the card itself began it or took it over. `back_fen` went
    back to the card's own purse, of which the issuer bore `borne_fen` (None before the end)."""

    case_id: str
    binding_id: str
    account: str
    medium_no: str
    by_card: bool
    moved_fen: int
    raised_s: int
    deadline_s: int
    state: DisputeState
    proposed: Outcome | None
    proposed_by: str
    steps: tuple[Evidence, ...]
    back_fen: int | None
    borne_fen: int | None
    ended_s: int | None


class Bound(Protocol):
    """A binding that is in force."""

    @property
    def binding_id(self) -> str:
        """Its id."""

    @property
    def account(self) -> str:
        """The account the card was bound to."""

    @property
    def from_s(self) -> int:
        """Since when."""

    @property
    def moved_fen(self) -> int:
        """What it took from the card's own purse."""


class Bindings(Protocol):
    """What the loss desk needs of the binding room; both work in the caller's transaction."""

    def in_force(self, cursor: Cursor, medium_no: str, /) -> Bound | None:
        """The binding of a card, if it is bound now."""

    def end(
        self, cursor: Cursor, binding_id: str, why: Literal["disputed"], now_s: int, /
    ) -> object:
        """End a binding; the card and its money are dealt with by whoever ends it."""


class Money(Protocol):
    """What the loss desk needs of the money room; both work in the caller's transaction."""

    def freeze(
        self, cursor: Cursor, account: str, amount_fen: int, why: str, until_s: int | None,
        case_id: str, now_s: int, /,
    ) -> object:  # fmt: skip
        """Keep so much of an account from being paid out until the case ends."""

    def thaw(self, cursor: Cursor, case_id: str, now_s: int, /) -> object:
        """Let go of what was frozen for a case."""


class Notify(Protocol):
    """Tell a person, or the holder of an account, in the caller's transaction."""

    def __call__(
        self, cursor: Cursor, whom: str, kind: str, values: Mapping[str, object], now_s: int, /
    ) -> object:
        """Leave a notice of this kind."""


class Identified(Protocol):
    """What is asked of a person."""

    @property
    def level(self) -> int:
        """2 where the identity was verified."""

    @property
    def account(self) -> str:
        """Their own account."""


class People(Protocol):
    """What the loss desk needs of the people room."""

    def person(self, person_id: str) -> Identified | Refusal:
        """The person of an id."""
