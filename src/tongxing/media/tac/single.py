"""One transaction code, checked by the issuer whose vault holds the TAC key.

A wrong code is an answer, not an error. A record that no card can have signed, or whose key the
vault does not give, is refused: it is then not known whether the code is right.
"""

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.suites import same_code, suite_of
from tongxing.media.keys import KeyVault
from tongxing.media.tac.fields import TacFields, signed_input, unfit


def check_tac(vault: KeyVault, fields: TacFields, tac: bytes) -> bool | Refusal:
    """Whether `tac` (4 bytes) is what the card must have computed over `fields`.

    Refuses TAC_FIELDS for fields or a code that do not fit, KEY_ALGORITHM_UNSUPPORTED, and whatever
    the vault refuses: an unknown key, a test key in the real world.
    """
    refusal = unfit(fields, tac)
    if refusal:
        return refusal
    suite = suite_of(fields.algorithm)
    if suite is None:
        values = {"algorithm": f"{fields.algorithm:02X}"}
        return Refusal("KEY_ALGORITHM_UNSUPPORTED", "algorithm", values)
    factors = (fields.issuer_id, fields.card_factor)
    key = vault.card_key("DTK", fields.algorithm, fields.key_version, factors)
    if isinstance(key, Refusal):
        return key
    return same_code(suite.tac(key, signed_input(fields)), tac)
