"""Between city and hub: records with their manifest going up; verdicts, issuer details and
statements coming down.

A *record* is one revision of one trip's charge. The first revision carries the whole charge as its
delta; a later one (a late tap changed the price, say) carries only the difference, so evidence is
only ever added to and a window nets deltas.
"""

import hashlib
from typing import Literal

import msgspec
from msgspec import Struct

from tongxing.messages.taps import CardProof, Funding, MediumKind, TapRef

HUB_SENDER = "HUB"
"""The name under which the hub signs."""

How = Literal[
    "single_tap",
    "both_taps",
    "paired_by_account",
    "missing_exit",
    "missing_entry",
    "declared",
    "habitual",
    "median",
    "disruption",
    "staff",
    "cleared",
    "void",
]
"""How a trip came to be charged. A half trip is `missing_exit` or `missing_entry` at the highest
fare; else it says who completed it: the passenger (declared), the passenger's habit, the median
of others, open gates (disruption), or staff, who may also have cleared it of any charge."""


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a city presents: one revision of one trip, with the evidence the hub needs to judge it.

    `record_id` is ``<trip_id>.<revision>``. `issuer` and `acquirer` are member ids. `charge_fen`
    is the trip's charge as of this revision, `delta_fen` what this revision adds to (or takes
    from) the one before. `origin` and `destination` are station ids of the acquiring city, "" when
    unknown; of a half trip they may be stated and not tapped, as `how` says. `exited_s` of a trip
    without an exit is when its money fell due. `how` is "void" when this revision withdraws the
    trip (its charge is then 0). `proofs` and `codes` are what the trip's media signed at its taps.
    `deny_list_version` and `city_list_version` are the lists the terminal had at the tap, 0 when
    nobody says; `is_test` marks a ride of a trial, which never becomes money.
    """

    record_id: str
    trip_id: str
    revision: int
    acquirer: str
    issuer: str
    medium_no: str
    medium_kind: MediumKind
    scheme: str
    funding: Funding
    city: str
    place: str
    mode: str
    operator: str
    line: str
    origin: str
    destination: str
    entered_s: int
    exited_s: int
    how: How
    fare_fen: int
    charge_fen: int
    delta_fen: int
    tariff: str
    deny_list_version: int
    taps: list[TapRef]
    proofs: list[CardProof] = []
    codes: list[bytes] = []
    city_list_version: int = 0
    is_test: bool = False


_encode = msgspec.json.Encoder(order="deterministic").encode


def content_of(record: Record) -> str:
    """What a record says, as a name: 128 bits of the SHA-256 of its canonical JSON, in hex."""
    return hashlib.sha256(_encode(record)).hexdigest()[:32]


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cover sheet of a record file.

    It names the file's bytes and the manifest before it, so that no file can be changed, dropped
    or exchanged unseen. Row count and sum let the hub check its own reading.
    """

    file_id: str
    sender: str
    created_s: int
    rows: int
    delta_sum_fen: int
    data_sha256: str
    previous_manifest_sha256: str


class Share(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An operator's part of a record's delta, in fen."""

    operator: str
    share_fen: int


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The hub's answer on one record. `code` is four digits of the verdict table; `bearer` says
    whose loss it is when the cardholder does not pay; `shares` add up to the accepted delta.

    `content` says which row of that name is meant (as `content_of` names it), wherever that is not
    plain from its place: in all that is told later, and of a row whose name another one has.
    """

    record_id: str
    status: Literal["accepted", "held", "rejected"]
    code: str
    bearer: str = "cardholder"
    shares: list[Share] = []
    content: str = ""


class VerdictFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The feedback on one record file, in the file's row order.

    `file_code` is "OK", or the reason code of a file that was refused whole (then `verdicts` is
    empty and nothing was booked).
    """

    file_id: str
    window_id: str
    file_code: str
    verdicts: list[Verdict]


class IssuerDetail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For an issuer: the accepted records of one window in which its passengers rode in another
    city, so that it can book them on its own media."""

    window_id: str
    issuer: str
    records: list[Record]


StatementKind = Literal[
    "trips",
    "fee",
    "adjustment",
    "chargeback",
    "dispute_won",
    "error_fee",
    "arbitration_fee",
    "small_claim",
    "pool_share",
]
"""What a line of a statement is: rides, the clearing fee, or money of cases. An adjustment, back or
more, stands between two members; all other money of cases between a member and the hub."""


class StatementLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One counterparty and one kind of money in a statement, signed from the member's own view:
    positive is receivable, negative is payable."""

    counterparty: str
    kind: StatementKind
    count: int
    amount_fen: int


class Statement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one member is owed (+) or owes (-) in one window. The lines add up to `net_fen`.

    `operator_payouts` (acquirers only) is what the acquirer now owes each operator: shares of the
    accepted trips less that operator's part of the fee and of disputes that were lost.
    """

    window_id: str
    member: str
    cutoff_s: int
    lines: list[StatementLine]
    net_fen: int
    fee_income_fen: int
    operator_fees: list[Share]
    operator_payouts: list[Share]
