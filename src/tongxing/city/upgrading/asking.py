"""What the upgrade service asks of its neighbours, and the values that go in and come out.

Names, identity numbers and telephone numbers pass through; they are never kept here, and no repr
shows them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tongxing.kernel.reasons import Refusal

IDENTITY_LEVEL = 2
"""The real-name level of a person whose identity is verified."""

How = Literal["self", "helped", "staff", "bulk", "first_top_up", "registration"]


class Holder(Protocol):
    """A person as the people's desk knows one."""

    @property
    def person_id(self) -> str: ...

    @property
    def account(self) -> str: ...

    @property
    def level(self) -> int: ...

    @property
    def name_masked(self) -> str: ...

    @property
    def closed_s(self) -> int | None: ...


class SignedIn(Protocol):
    """The answer to a proven telephone."""

    @property
    def person(self) -> Holder: ...


class HelpedPerson(Protocol):
    """Somebody whom a helper may act for."""

    @property
    def helped_id(self) -> str: ...


class Standing(Protocol):
    """Who is behind an account, without anything personal."""

    @property
    def person_id(self) -> str: ...

    @property
    def closed_s(self) -> int | None: ...


class People(Protocol):
    """What is asked of the people's desk; its signatures are the ones of `city.people`."""

    def person(self, person_id: str) -> Holder | Refusal: ...

    def standing_of(self, account: str) -> Standing | None: ...

    def verify_identity(
        self, person_id: str, name: str, id_number: str, now_s: int
    ) -> Holder | Refusal: ...

    def show_code(
        self, phone: str, purpose: str, session_id: str, code: str, now_s: int
    ) -> Refusal | None: ...

    def name_matches(self, phone: str, name: str) -> bool: ...

    def sign_in(
        self, phone: str, code: str, session_id: str, device: str, now_s: int
    ) -> SignedIn | Refusal: ...

    def open_for(
        self,
        staff: str,
        name: str,
        id_number: str,
        phone: str,
        relation: str,
        guardian_person_id: str,
        now_s: int,
        request_id: str,
    ) -> Holder | Refusal:
        """Open an account for a child or an elder, once per request."""
        ...

    def helped_by(self, helper_id: str) -> Sequence[HelpedPerson]: ...

    def has_consent(self, person_id: str, text_id: str) -> bool: ...

    def give_consent(
        self, person_id: str, text_id: str, version: str, channel: str, now_s: int
    ) -> object: ...

    def withdraw_consent(self, person_id: str, text_id: str, now_s: int) -> object: ...


class Identity(Protocol):
    """Whether a name and an identity number belong together; see `partners.identity`."""

    def check(self, name: str, id_number: str, out_id: str) -> bool | Refusal: ...


class Cells(Protocol):
    """Keyed digests of personal values, so that equal ones are found without being kept."""

    def blind_index(self, domain: str, value: str) -> str: ...


class Refunded(Protocol):
    """A refund that the money's desk has taken over: from here on it ends by itself. `state` is
    "failed" where the way it was paid took nothing back: the money then is in the balance again."""

    @property
    def state(self) -> str: ...

    @property
    def refund_id(self) -> str: ...


class Money(Protocol):
    """What is asked of the money's desk: a refund goes back the way the money came."""

    def refund(
        self, account: str, request_id: str, amount_fen: int, now_s: int
    ) -> Refunded | Refusal: ...


@dataclass(frozen=True, slots=True)
class CardForm:
    """A form of a channel: what is to be linked, its number, the holder's data, and the tick.

    Name and identity number may be empty for a person whose identity is verified already.
    """

    channel: str
    kind: str
    number: str = field(repr=False)
    name: str = field(repr=False, default="")
    id_number: str = field(repr=False, default="")
    ticked: bool = False


@dataclass(frozen=True, slots=True)
class SmsForm:
    """The form of a site that knows its users by telephone: data, the code sent, and the tick."""

    channel: str
    app: str
    phone: str = field(repr=False)
    code: str = field(repr=False)
    name: str = field(repr=False)
    session_id: str = field(repr=False)
    device: str = field(repr=False)
    ticked: bool = False


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody old or a child without an account, whom staff or a relative opens one for."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    relation: str
    phone: str = field(repr=False, default="")
    guardian_person_id: str = ""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A medium that is linked with its holder since `linked_s`. `already` says that it was before
    this request, so that nothing was repeated."""

    link_id: str
    person_id: str
    medium_no: str = field(repr=False)
    kind: str
    channel: str
    linked_s: int
    already: bool


@dataclass(frozen=True, slots=True)
class Popup:
    """Whether an app asks a person now, with which text; `why` is the reason code where not."""

    app: str
    shown: bool
    why: str
    text_id: str
    version: str
