"""What a member has to state so that its messages fit the text files: codes that only it knows.

No list of the six-digit error codes, of transaction types or of evidence tags was found, and
nobody assigns 11-digit institution codes here. So they are given, never made up::

    [institutions]            # our member, and its code in the files (at most 11 characters)
    "ISS-500000" = "05000000001"
    [stated]                  # a field's value for every record that has no other source
    test_flag = "0"
    [error_codes]             # our verdict code, and the code in the files
    "0000" = "000000"
    [file_codes]              # our word on a whole file (OK, or a reason), and its code
    OK = "000000"
    [signs]                   # how a change of the reserve is signed
    plus = "+"
    [evidence]                # a part of a card's proof, and its tag in hex
    tac = "9F26"
"""

import re
import tomllib

import msgspec

from tongxing.kernel.reasons import Problem

PROOF_PARTS = (
    "number", "issuer_id", "card_factor", "key_version", "algorithm", "amount_fen", "kind",
    "terminal_no", "serial", "time", "counter", "balance_before_fen", "tac",
)  # fmt: skip
_TAG = re.compile(r"(?:[0-9A-F]{2}){1,3}")


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tables above; all may be empty."""

    institutions: dict[str, str] = {}
    stated: dict[str, str] = {}
    error_codes: dict[str, str] = {}
    file_codes: dict[str, str] = {}
    signs: dict[str, str] = {}
    evidence: dict[str, str] = {}

    def member_of(self, code: str, kind: str) -> str:
        """Our member of a kind ("ISS", "ACQ") with this code, "" when nobody has it."""
        found = [
            name
            for name, known in self.institutions.items()
            if known == code and name.startswith(f"{kind}-")
        ]
        return found[0] if len(found) == 1 else ""


def read_profile(content: bytes, name: str = "") -> Profile:
    """The profile of a TOML file. Raises Problem(EXCHANGE_PROFILE) naming what is wrong."""
    try:
        found = msgspec.convert(tomllib.loads(content.decode("utf-8")), Profile)
    except (ValueError, msgspec.ValidationError) as error:
        raise Problem("EXCHANGE_PROFILE", name, detail=str(error)) from error
    if fault := _fault(found):
        raise Problem("EXCHANGE_PROFILE", name, detail=fault)
    return found


def _fault(found: Profile) -> str:
    for table in ("error_codes", "file_codes"):
        codes = list(getattr(found, table).values())
        if len(set(codes)) != len(codes):
            return f"{table}: one code for two of ours could not be read back"
    if unknown := set(found.evidence) - set(PROOF_PARTS):
        return f"evidence: a proof has no {sorted(unknown)[0]}"
    if not all(_TAG.fullmatch(tag) for tag in found.evidence.values()):
        return "evidence: a tag is one to three bytes in hexadecimal capitals"
    if set(found.signs) - {"plus", "minus"}:
        return "signs: plus and minus"
    return ""
