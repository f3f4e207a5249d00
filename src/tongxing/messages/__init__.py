"""What travels between gate, city and hub: versioned, signed, strict. They share nothing else.

A body is a frozen `msgspec.Struct` in canonical JSON; `seal` signs it and `unseal` checks the
signature before anything inside is believed. Unknown fields are refused.
"""

from tongxing.messages.cases import (
    CaseAct,
    CaseActKind,
    CaseAnswer,
    CaseAnswerFile,
    CaseDetail,
    CaseFile,
    CaseMoney,
    CaseMoneyKind,
    CaseNews,
    Evidence,
)
from tongxing.messages.envelope import KeyRing, SigningKey, reader_of, seal, unseal
from tongxing.messages.lists import DataList, DenyDelta, DenyEntry, DenyList
from tongxing.messages.records import (
    HUB_SENDER,
    IssuerDetail,
    Manifest,
    Record,
    Share,
    Statement,
    StatementLine,
    Verdict,
    VerdictFile,
    content_of,
)
from tongxing.messages.taps import CardProof, PurseFacts, Receipt, Tap, TapBatch, TapRef

_TAPS = (TapBatch, Receipt, DenyList, DenyDelta, DataList)
_CASES = (CaseFile, CaseAnswerFile, CaseDetail)
for _body in (*_TAPS, *_CASES, Manifest, Record, VerdictFile, IssuerDetail, Statement):
    reader_of(_body)

__all__ = [
    "HUB_SENDER",
    "CardProof",
    "CaseAct",
    "CaseActKind",
    "CaseAnswer",
    "CaseAnswerFile",
    "CaseDetail",
    "CaseFile",
    "CaseMoney",
    "CaseMoneyKind",
    "CaseNews",
    "DataList",
    "DenyDelta",
    "DenyEntry",
    "DenyList",
    "Evidence",
    "IssuerDetail",
    "KeyRing",
    "Manifest",
    "PurseFacts",
    "Receipt",
    "Record",
    "Share",
    "SigningKey",
    "Statement",
    "StatementLine",
    "Tap",
    "TapBatch",
    "TapRef",
    "Verdict",
    "VerdictFile",
    "content_of",
    "seal",
    "unseal",
]
