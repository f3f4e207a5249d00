"""The layouts as the tables that docs/media/card-files.md shows."""

from tongxing.media.card.decode import LOCAL_RECORD
from tongxing.media.card.describe import words
from tongxing.media.card.files.city_union import CITY_UNION, COMPOSITE
from tongxing.media.card.files.control import CONTROL
from tongxing.media.card.files.holder import HOLDER
from tongxing.media.card.files.journey import JOURNEY
from tongxing.media.card.files.layout import Layout
from tongxing.media.card.files.management import MANAGEMENT
from tongxing.media.card.files.own import OWN
from tongxing.media.card.files.public import PUBLIC
from tongxing.media.card.files.transaction import TRANSACTION
from tongxing.media.card.files.transit import TRANSIT

LAYOUTS = (
    PUBLIC,
    HOLDER,
    MANAGEMENT,
    CONTROL,
    TRANSACTION,
    TRANSIT,
    OWN,
    JOURNEY,
    LOCAL_RECORD,
    CITY_UNION,
    COMPOSITE,
)


def table_of(layout: Layout) -> list[str]:
    """The rows of a layout: where, how long, its key, how written, what it is."""
    rows = [
        f"| {one.offset} | {one.length} | `{one.name}` | {one.form} "
        f"| {words().text(f'field.{one.name}', 'en')} "
        f"{words().text(f'field.{one.name}', 'zh')} |"
        for one in layout.fields
    ]
    return ["| at | bytes | key | form | what |", "|---|---|---|---|---|", *rows]
