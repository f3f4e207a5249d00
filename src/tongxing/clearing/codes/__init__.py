"""Transaction codes of all rows, checked a stretch of columns at a time.

What cannot be said in both engines' words is done here, while an engine reads the rows or over the
same files before, and handed to the pipeline as marks. A row without a code is not asked; one whose
key the vault lacks is counted.
"""

from tongxing.clearing.codes.checking import Codes, CodesChecked, check_codes
from tongxing.clearing.codes.signed import PURCHASE, card_factors, signed_bytes

__all__ = ["PURCHASE", "Codes", "CodesChecked", "card_factors", "check_codes", "signed_bytes"]
