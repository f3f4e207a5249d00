"""The gate: it decides alone, journals before it opens, and hands on what it has seen.

`Journal` keeps taps on disk until the city's receipt; `Site` asks `deciding` and puts answer and
journal in order. A gate imports no other house and no books: it may never wait for anybody.
"""

from tongxing.gate.denylist import DenyIndex
from tongxing.gate.journal import Journal
from tongxing.gate.journal_file import JournalSettings
from tongxing.gate.lane import Announcement, LaneOutput, announce
from tongxing.gate.pool import ConnectionPool
from tongxing.gate.reading.setup import MediaSetup, PlaceCodes
from tongxing.gate.site import MediumWriter, Site, SiteSetup

__all__ = [
    "Announcement",
    "ConnectionPool",
    "DenyIndex",
    "Journal",
    "JournalSettings",
    "LaneOutput",
    "MediaSetup",
    "MediumWriter",
    "PlaceCodes",
    "Site",
    "SiteSetup",
    "announce",
]
