"""Cases for ride codes: a verifier is shown good and bad ones, an issuer is asked to make some.

`run_code` asks whatever answers questions: our own verifier, or a child program that speaks lines
of JSON. All keys are made from labels, so every code here can be made again by anybody and none
opens a real gate.
"""

from tongxing.media.conformance.code.asking import Asked, Builtin, CodeProgram, open_code_program
from tongxing.media.conformance.code.running import case_names, case_rules, run_code

__all__ = [
    "Asked",
    "Builtin",
    "CodeProgram",
    "case_names",
    "case_rules",
    "open_code_program",
    "run_code",
]
