"""Cases for a purse card: selection, files, the states of a deal, codes, proofs, locks.

`run_card` runs them in their order against one card and tells how each ended. The card is used:
its counters rise and a little of its money is spent. `cases` is the list, `desk` what cases are
written with, `profile` what the kit has to know of the card beforehand.
"""

from tongxing.media.conformance.card.profile import CardUnderTest, parse_profile
from tongxing.media.conformance.card.running import case_names, case_rules, run_card

__all__ = ["CardUnderTest", "case_names", "case_rules", "parse_profile", "run_card"]
