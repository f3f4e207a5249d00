"""Why a record of the books was split as it was, down to the fen and to the paths behind it."""

from dataclasses import dataclass

from tongxing.fares import load_city_fares
from tongxing.hub.acc import SplitTable, read_table
from tongxing.hub.acc.booked import pieces_of
from tongxing.hub.acc.money import FareTold, explain_fare
from tongxing.hub.acc.tables import row_at
from tongxing.hub.rulebook import FeeRules
from tongxing.hub.split import Explanation
from tongxing.hub.store import Cursor
from tongxing.hub.store import split_tables as store_tables
from tongxing.hub.views import record_life
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Record


@dataclass(frozen=True, slots=True)
class WeighedPart:
    """An operator's part of a charge: weight, whole fen, what is left over in parts of the sum of
    all weights, whether one of the odd fen went there, and fen."""

    operator: str
    weight: int
    floor_fen: int
    remainder: int
    extra: bool
    fen: int


@dataclass(frozen=True, slots=True)
class LegTold:
    """A leg of a ride split by a table: what it was priced over, and what the table says of it."""

    system: str
    origin: str
    destination: str
    told: FareTold


@dataclass(frozen=True, slots=True)
class RecordTold:
    """A record's split: the explanation from its frozen basis, its parts of the whole charge, and
    for a split table the legs with their paths."""

    record: Record
    explanation: Explanation
    parts: tuple[WeighedPart, ...]
    legs: tuple[LegTold, ...]


def explain_record(cursor: Cursor, record_id: str, fee: FeeRules) -> RecordTold | Refusal:
    """Everything behind a record's fen. Refuses with RECORD_UNKNOWN, RECORD_NOT_SPLIT for one that
    never stood, or as `read_table`."""
    life = record_life(cursor, record_id, fee)
    if isinstance(life, Refusal):
        return life
    if life.record is None or life.explanation is None:
        return Refusal("RECORD_NOT_SPLIT", values={"record": record_id})
    told = life.explanation
    legs: tuple[LegTold, ...] = ()
    if told.basis.kind == "table":
        version = told.basis.version.split("/")[1]
        table = read_table(store_tables.table_content(cursor, version) or b"")
        if isinstance(table, Refusal):
            return table
        legs = _legs(life.record, table)
    return RecordTold(life.record, told, _parts(told), legs)


def _parts(told: Explanation) -> tuple[WeighedPart, ...]:
    """The parts of the whole charge; by largest remainder, as `split_charge` makes them."""
    total = sum(weight for _, weight in told.basis.weights)
    fen_of = {share.operator: share.share_fen for share in told.whole}
    parts = []
    for operator, weight in told.basis.weights:
        floor, rest = divmod(told.charge_fen * weight, total)
        fen = fen_of.get(operator, 0)
        parts.append(WeighedPart(operator, weight, floor, rest, fen > floor, fen))
    return tuple(parts)


def _legs(record: Record, table: SplitTable) -> tuple[LegTold, ...]:
    """The legs that the ride was priced over, each with what the table says of it."""
    found = []
    for piece in pieces_of(load_city_fares(record.city), record):
        row = row_at(table, record.entered_s, piece.system, piece.origin, piece.destination)
        if row is not None:
            fare = explain_fare(table, row, piece.fen)
            found.append(LegTold(piece.system, piece.origin, piece.destination, fare))
    return tuple(found)
