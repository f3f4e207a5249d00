"""The gate: it decides alone, journals before it opens, and hands on what it has seen.

`decide` is pure; `Journal` keeps taps on disk until the city's receipt; `Site` puts the two in
order. A gate imports no other house and no books: it may never wait for anybody.
"""

from tongxing.gate.decide import decide
from tongxing.gate.denylist import DenyIndex
from tongxing.gate.facts import (
    RULES,
    Decision,
    GateContext,
    GateRules,
    Role,
    ValidatorFacts,
)
from tongxing.gate.journal import Journal
from tongxing.gate.journal_file import JournalSettings
from tongxing.gate.lane import Announcement, LaneOutput, announce
from tongxing.gate.pool import ConnectionPool
from tongxing.gate.reading.setup import MediaSetup, PlaceCodes
from tongxing.gate.site import MediumWriter, Site, SiteSetup
from tongxing.gate.token import MediumToken, OpenEntry

__all__ = [
    "RULES",
    "Announcement",
    "ConnectionPool",
    "Decision",
    "DenyIndex",
    "GateContext",
    "GateRules",
    "Journal",
    "JournalSettings",
    "LaneOutput",
    "MediaSetup",
    "MediumToken",
    "MediumWriter",
    "OpenEntry",
    "PlaceCodes",
    "Role",
    "Site",
    "SiteSetup",
    "ValidatorFacts",
    "announce",
    "decide",
]
