"""The files of a purse card: what each byte means, read into values and written from values.

Every file has a layout (one table, from which parser, builder, the decoded object and the pages of
docs/media/card-files.md all come), a `parse_…` that keeps the raw bytes and leaves None where a
field says nothing readable, and a `make_…` for what we write ourselves. Nothing read from a card
is ever corrected.
"""

from tongxing.media.card.files.city_union import (
    CityUnionInfo,
    Composite,
    make_city_union_info,
    parse_city_union_info,
    parse_composite,
)
from tongxing.media.card.files.control import ControlInfo, make_control, parse_control
from tongxing.media.card.files.holder import Holder, make_holder, parse_holder
from tongxing.media.card.files.journey import Journey, make_journey, parse_journey
from tongxing.media.card.files.management import Management, make_management, parse_management
from tongxing.media.card.files.own import OwnPart, own_part, with_own_part
from tongxing.media.card.files.public import (
    ACCOUNT_MARK,
    PublicInfo,
    make_public_info,
    parse_public_info,
)
from tongxing.media.card.files.transaction import (
    Transaction,
    make_transaction,
    parse_transaction,
)
from tongxing.media.card.files.transit import Transit, make_transit, parse_transit

__all__ = [
    "ACCOUNT_MARK",
    "CityUnionInfo",
    "Composite",
    "ControlInfo",
    "Holder",
    "Journey",
    "Management",
    "OwnPart",
    "PublicInfo",
    "Transaction",
    "Transit",
    "make_city_union_info",
    "make_control",
    "make_holder",
    "make_journey",
    "make_management",
    "make_public_info",
    "make_transaction",
    "make_transit",
    "own_part",
    "parse_city_union_info",
    "parse_composite",
    "parse_control",
    "parse_holder",
    "parse_journey",
    "parse_management",
    "parse_public_info",
    "parse_transaction",
    "parse_transit",
    "with_own_part",
]
