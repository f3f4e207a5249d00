"""What the desk of people gives: persons with their masks, never with what is behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Level(IntEnum):
    """How well a person is known: nothing, a phone number, an identity document."""

    ANONYMOUS = 0
    PHONE = 1
    IDENTITY = 2


@dataclass(frozen=True, slots=True)
class Person:
    """A person with an account. What identifies them is masked, "" where it is not known.

    `is_minor`: a guardian's consent is needed, as of the day's `purge`.
    """

    person_id: str
    account: str
    level: Level
    phone_masked: str
    name_masked: str
    id_masked: str
    is_minor: bool
    opened_s: int
    closed_s: int | None


@dataclass(frozen=True, slots=True)
class CodeSent:
    """A one-time code is on its way: from when another may be asked for, until when this holds.

    `is_sure` is false where the partner did not answer: the message may come, or not.
    """

    resend_s: int
    expires_s: int
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session's token, whose it is, and whether the account was opened just now."""

    token: str = field(repr=False)
    person: Person
    is_new: bool


@dataclass(frozen=True, slots=True)
class Session:
    """One place where a person is signed in; its number serves to end it."""

    session_no: int
    device: str = field(repr=False)
    begun_s: int
    seen_s: int
    ends_s: int


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's yes to one version of a text, and when it was taken back."""

    text_id: str
    version: str
    channel: str
    given_s: int
    withdrawn_s: int | None


@dataclass(frozen=True, slots=True)
class Helped:
    """Somebody whom a helper may act for: masked, and never with trips or money."""

    helped_id: str
    name_masked: str
    phone_masked: str
    relation: str
    since_s: int


@dataclass(frozen=True, slots=True)
class Helper:
    """Somebody who may act for a person; `help_id` serves to end it."""

    help_id: str
    name_masked: str
    phone_masked: str
    relation: str
    since_s: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person is told; its text is `notice.<kind>` of a catalogue."""

    notice_id: int
    kind: str
    values: Mapping[str, object]
    at_s: int
    read_s: int | None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a passenger wrote; the account is the only thing said of who."""

    feedback_id: str
    account: str
    about: str
    text: str = field(repr=False)
    at_s: int


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Why an account cannot be closed yet; its money (fen) or how many.

    `kind`: balance, debt, held, open_trip, half_trip, binding, frozen, payment, refund, mandate,
    loss, dispute, ward, or what another room names.
    """

    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class Closed:
    """An account that was closed, and since when."""

    account: str
    closed_s: int


@dataclass(frozen=True, slots=True)
class CodeHealth:
    """The last hour of one-time codes, for the console: messages, how many were used, money spent
    and its cap (fen), wrong tries in the breaker's window, and what of it alarms."""

    sent: int
    used: int
    failed: int
    spent_fen: int
    cap_fen: int
    wrong: int
    is_stopped: bool
    is_paused: bool
    is_low: bool


@dataclass(frozen=True, slots=True)
class LookAlert:
    """A staff member whose looks of the last hour stand out: quota, misses or same_person."""

    staff: str
    kind: str
    count: int
