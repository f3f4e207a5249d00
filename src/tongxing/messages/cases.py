"""Between members and hub about what is disputed: case files going up; answers, and what became of
each case with its money, coming down.

A case is about one record that was netted; an issuer's word (`object`, `confirm`) may come before
that, and a ride that was turned away as too late its acquirer asks to `recover`. What is said is a
file of *acts*, signed by the member that acts; each act is answered with "OK" or with the reason
for which it was refused. Evidence is named by its SHA-256 and handed over beside the file.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tongxing.messages.records import Share

CaseActKind = Literal[
    "object",
    "confirm",
    "recover",
    "consent",
    "decline",
    "query",
    "answer",
    "ask_evidence",
    "give_evidence",
    "credit_adjust",
    "present_more",
    "accept_more",
    "refuse_more",
    "charge_back",
    "accept",
    "represent",
    "drop",
    "arbitrate",
    "rule",
    "claim_small",
    "withdraw",
    "freeze",
    "unfreeze",
]
"""What a member, or the hub's arbiter, may do. Silence is no act: the clock says it."""

CaseMoneyKind = Literal[
    "adjustment",
    "presentment",
    "chargeback",
    "dispute_won",
    "error_fee",
    "arbitration_fee",
    "small_claim",
    "pool_share",
]
"""What a case moves: a charge or a part of it back, a short amount more, an amount into escrow and
out of it to whoever won, fees, and what the common pool pays and gets back."""

ACTS_MAX = 1_000
_Name = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[!-~]+$")]
_MaybeName = Annotated[str, Meta(max_length=80, pattern=r"^[!-~]*$")]
_Text = Annotated[str, Meta(max_length=500)]
_Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
_Fen = Annotated[int, Meta(ge=0, le=10**12)]


class Evidence(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A paper by its name and SHA-256."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    sha256: _Sha256


class CaseAct(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One act. `act_id` is the sender's own name for it. An act that opens a case names the
    record, any other the case. `amount_fen` where the act says one; `reason` is a code of the
    sender's, `note` free words for people."""

    act_id: _Name
    act: CaseActKind
    case_id: _MaybeName = ""
    record_id: _MaybeName = ""
    amount_fen: _Fen = 0
    reason: _MaybeName = ""
    note: _Text = ""
    evidence: Annotated[list[Evidence], Meta(max_length=20)] = []


class CaseFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one member does about its cases, in this order."""

    file_id: _Name
    sender: str
    created_s: int
    acts: Annotated[list[CaseAct], Meta(min_length=1, max_length=ACTS_MAX)]


class CaseAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an act led to: `code` is "OK" or the reason of its refusal, with its values; then where
    the case stands, whose turn it is and until when (the first second that is too late), or how it
    ended. Of a record about which no case was opened, `stage` says how the record stands."""

    act_id: str
    code: str
    values: dict[str, str] = {}
    case_id: str = ""
    stage: str = ""
    turn: str = ""
    deadline_s: int = 0


class CaseAnswerFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answers to a case file, in its order."""

    file_id: str
    received_s: int
    answers: list[CaseAnswer]


class CaseNews(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A step of a case in a window, for its two members: who did what, and where the case stands
    after it. `act` is "silence" when a deadline passed."""

    case_id: str
    number: int
    record_id: str
    act: str
    by: str
    at_s: int
    stage: str
    turn: str = ""
    deadline_s: int = 0
    amount_fen: int = 0
    reason: str = ""
    note: str = ""
    evidence: list[Evidence] = []


class CaseMoney(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Money of a case that was netted in a window, between two members or a member and an account
    of the hub. `shares` are the operators' parts of it: what they give back, or get more."""

    case_id: str
    number: int
    kind: CaseMoneyKind
    record_id: str
    issuer: str
    acquirer: str
    debtor: str
    creditor: str
    amount_fen: int
    shares: list[Share] = []


class CaseDetail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a window says of one member's cases: what happened, and the money of it."""

    window_id: str
    member: str
    news: list[CaseNews]
    money: list[CaseMoney]
