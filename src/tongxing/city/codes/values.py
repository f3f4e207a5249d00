"""What is told of an account's ride codes: to its phone, and to its passenger."""

from dataclasses import dataclass
from typing import Protocol

from tongxing.kernel.reasons import Refusal


class AccountPerson(Protocol):
    """What must be known of the person behind an account, and nothing more."""

    @property
    def level(self) -> int:
        """How well the person is known: 1 is a verified phone number."""

    @property
    def opened_s(self) -> int:
        """When the account was opened."""

    @property
    def closed_s(self) -> int | None:
        """When it was closed; None while it is open."""


class AccountPeople(Protocol):
    """Who knows the people behind accounts (`PeopleDesk`)."""

    def standing_of(self, account: str) -> AccountPerson | None:
        """What is known of the person behind an account, None for an account of nobody."""


@dataclass(frozen=True, slots=True)
class Authorised:
    """What a phone keeps: the bytes of a code's fields 3 to 15, good until `ends_s`.

    From `renew_from_s` on it should ask again; a display is good for `validity_s` and a new one
    should be drawn every `refresh_s`. `basis` names what it was granted on: when `CodeType.basis`
    has become another one, the phone should ask again at once.
    """

    authorisation: bytes
    ends_s: int
    renew_from_s: int
    validity_s: int
    refresh_s: int
    code_type: str
    basis: str


@dataclass(frozen=True, slots=True)
class CodeType:
    """A kind of code as it is offered: its words' key in the pages' catalogue, whether a gold frame
    is around it, whether the account may show it now and, if not, why."""

    code_type: str
    title_key: str
    gold: bool
    available: bool
    why: Refusal | None
    basis: str


@dataclass(frozen=True, slots=True)
class Device:
    """A phone of the account: `ends_s` is until when it can show codes; `ended_s` from when it gets
    no more (None: it does)."""

    device_id: str
    first_s: int
    last_s: int
    ends_s: int
    ended_s: int | None


@dataclass(frozen=True, slots=True)
class DeviceEnded:
    """A phone that gets no more. Gates do not know phones: until `still_until_s` it can show codes
    as long as the account itself is not denied, and ride for `most_lost_fen` at most."""

    device_id: str
    ended_s: int
    still_until_s: int
    most_lost_fen: int


@dataclass(frozen=True, slots=True)
class CodeTypeChosen:
    """A kind of code chosen by hand, and when."""

    code_type: str
    chosen_s: int
