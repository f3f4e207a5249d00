"""Ride codes of accounts: which phone may show which code, and until when."""

from tongxing.city.codes.desk import CodeDesk
from tongxing.city.codes.issuer import (
    CodeIssuer,
    SimulatedRoot,
    renewed,
    roots_file,
    simulated_issuer,
)
from tongxing.city.codes.issuer_file import seal_issuer, unseal_issuer
from tongxing.city.codes.proof import Asked
from tongxing.city.codes.terms import CodeKind, CodeRules, CodeTerms, code_rules
from tongxing.city.codes.values import (
    Authorised,
    CodeType,
    CodeTypeChosen,
    Device,
    DeviceEnded,
)

__all__ = [
    "Asked",
    "Authorised",
    "CodeDesk",
    "CodeIssuer",
    "CodeKind",
    "CodeRules",
    "CodeTerms",
    "CodeType",
    "CodeTypeChosen",
    "Device",
    "DeviceEnded",
    "SimulatedRoot",
    "code_rules",
    "renewed",
    "roots_file",
    "seal_issuer",
    "simulated_issuer",
    "unseal_issuer",
]
