"""A worked clearing day as a file: its inputs typed, its expected values as they were written.

The form is described in ``docs/worked-days.md``. Times are China's, ``2026-03-17T08:21:10``; money
is whole fen; unknown keys are refused.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Time = Annotated[str, Meta(pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9](:[0-5][0-9]){2}$")]
Day = Annotated[str, Meta(pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]$")]
Hour = Annotated[str, Meta(pattern=r"^[0-2][0-9]:[0-5][0-9]$")]
Name = Annotated[str, Meta(pattern=r"^[!-~]{1,60}$")]
Fen = Annotated[int, Meta(ge=-(10**9), le=10**9)]
Positive = Annotated[int, Meta(ge=1, le=10**9)]
Count = Annotated[int, Meta(ge=0, le=10**9)]
Ppm = Annotated[int, Meta(ge=0, le=1_000_000)]
Digits = Annotated[str, Meta(pattern=r"^[0-9]{0,15}$")]


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file: unknown keys are refused."""


class FeeShare(_Part, frozen=True, kw_only=True):
    """How a clearing fee is shared, in hundredths."""

    issuer: Count
    acquirer: Count
    hub: Count


class TerminalFacts(_Part, frozen=True, kw_only=True):
    """A registered terminal."""

    acquirer: Name
    first_on: Day | None = None
    last_on: Day | None = None


class ListedCity(_Part, frozen=True, kw_only=True):
    """When a city joined and left the list of those whose cards are taken."""

    joined_on: Day
    left_on: Day | None = None
    left_version: Digits = ""


class Config(_Part, frozen=True, kw_only=True):
    """The rules of the day, and its small world: fares, discounts, splits, reserves."""

    window_id: Name
    window_open: Time
    window_cutoff: Time
    business_day_cutover: Hour
    late_flag_days: Count
    late_reject_days: Count
    blacklist_propagation_hours: Count
    half_trip_self_service_days: Count
    max_fare_from_entry: Positive
    fee_cross_city_ppm: Ppm
    fee_local_ppm: Ppm
    fee_share: FeeShare
    error_handling_fee: Count
    discount_ppm: dict[str, Ppm]
    subsidy_ppm_of_discount: dict[str, Ppm]
    od_split_version: Name
    od_split_ppm: dict[str, dict[Name, Ppm]]
    gross_fare: dict[str, Positive]
    reserve: dict[str, Count]
    suspended: list[Name] = []
    terminals: dict[str, TerminalFacts] | None = None
    city_list: dict[str, ListedCity] = {}


class Card(_Part, frozen=True, kw_only=True):
    """A card: its issuer, the account it leads to, and what else its issuer says of it."""

    issuer: Name
    alias: str = ""
    account: Name | None = None
    is_anonymous: bool = False
    expires_on: Day | None = None
    closed_at: Time | None = None


class Listed(_Part, frozen=True, kw_only=True):
    """A card on the deny list. `named_from` is the first version that really named it, and
    `balance` what was on it at the report, where they are known."""

    reported_at: Time
    published_at: Time
    list_version: Digits
    named_from: Digits = ""
    balance: Count | None = None


class DayRecord(_Part, frozen=True, kw_only=True):
    """One ride as its acquirer presents it."""

    record_id: Name
    file_id: Name
    medium: Literal["CARD_PURSE", "QR_ACCOUNT"]
    card_no: Name | None
    account_id: Name | None
    card_counter: Count | None
    balance_before: Fen | None
    acquirer: Name
    city: Name
    leg: Name
    tap_time: Time
    terminal_id: Name
    terminal_seq: Positive
    received_at: Time
    amount_paid: Fen
    tac: str | None
    test_flag: Annotated[int, Meta(ge=0, le=1)]
    list_ver_black: Digits = ""
    list_ver_city: Digits = ""


class DayHalfTap(_Part, frozen=True, kw_only=True):
    """One end of a ride whose other end is missing or on another medium."""

    tap_id: Name
    dir: Literal["ENTRY", "EXIT"]
    account_id: Name | None
    card_no: Name | None
    station: Name
    tap_time: Time
    received_at: Time
    acquirer: Name | None = None


class DayDeclaration(_Part, frozen=True, kw_only=True):
    """A rider's word on where a half trip ended (or, of an exit, began)."""

    account_id: Name
    tap_id: Name
    at: Time
    exit_station: Name | None = None
    entry_station: Name | None = None


class Refund(_Part, frozen=True, kw_only=True):
    """A credit adjustment of an older ride."""

    case_id: Name
    type: Literal["CREDIT_ADJUSTMENT"]
    original: Name
    original_window: Name
    initiator: Name
    issuer: Name
    operator: Name
    amount: Positive
    at: Time
    fault: Name
    account_id: Name | None = None
    card_no: Name | None = None
    acquirer: Name | None = None
    reason: str = ""


class DayStep(_Part, frozen=True, kw_only=True):
    """A later step of a dispute; `to_issuer` is what a ruling gives the issuer."""

    kind: Literal["ACCEPT", "REPRESENT", "DROP", "ARBITRATE", "RULING"]
    at: Time
    to_issuer: Count = 0


class Dispute(_Part, frozen=True, kw_only=True):
    """A chargeback of an older ride. Without `steps` the outcome is read from the journals that the
    file expects, for nothing else in it says how the dispute ended."""

    case_id: Name
    stage: Literal["CHARGEBACK"]
    original: Name
    original_window: Name
    initiator: Name
    acquirer: Name
    operator_shares: dict[Name, Ppm]
    original_amount: Positive
    disputed_amount: Positive
    at: Time
    account_id: Name | None = None
    reason: str = ""
    steps: list[DayStep] | None = None


class DayTopUp(_Part, frozen=True, kw_only=True):
    """Money paid in to an account."""

    topup_id: Name
    issuer: Name
    account_id: Name
    amount: Positive
    at: Time


class DayEvidence(_Part, frozen=True, kw_only=True):
    """What an acquirer sent for a held record, and whether it proves the record."""

    record_id: Name
    at: Time
    proves: bool


class IssuerWord(_Part, frozen=True, kw_only=True):
    """What an issuer said of a record: a verdict code of the table. Who says nothing agrees."""

    record_id: Name
    code: Annotated[str, Meta(pattern=r"^[0-9]{4}$")]


class Inputs(_Part, frozen=True, kw_only=True):
    """All that happened."""

    records: list[DayRecord]
    half_taps: list[DayHalfTap] = []
    declarations: list[DayDeclaration] = []
    refunds: list[Refund] = []
    disputes: list[Dispute] = []
    topups: list[DayTopUp] = []
    evidence: list[DayEvidence] = []
    issuer_words: list[IssuerWord] | None = None


class WorkedDay(_Part, frozen=True, kw_only=True):
    """The whole file."""

    title: str
    currency: Literal["CNY"]
    unit: Literal["fen"]
    timezone: Literal["Asia/Shanghai"]
    note: str = ""
    config: Config
    entities: list[Name]
    cards: dict[Name, Card]
    accounts: dict[Name, Name]
    blacklist: dict[Name, Listed]
    opening: list[tuple[Name, Name, Fen]]
    inputs: Inputs
    expected: dict[str, Any]
