"""Records within their files: what may be written where, and the file as it is afterwards.

Pure: a file goes in, a file comes out. Who may write at all is not decided here.
"""

from msgspec.structs import replace

from tongxing.media.card.apdu import Answer
from tongxing.media.card.chip.image import Application, File, Ring, Variable, put
from tongxing.media.card.chip.status import (
    BAD_DATA,
    FILE_NOT_FOUND,
    RECORD_NOT_FOUND,
    SECURITY_STATUS,
    WRONG_FILE_TYPE,
    WRONG_LENGTH,
)
from tongxing.media.card.chip.turn import CachedRecord, Turn, done, say

CACHE_MAX = 16
"""Records that one purchase can carry."""


def cache_record(turn: Turn) -> Answer:
    """UPDATE CAPP DATA CACHE: keep a whole record for the debit; it is checked now, not then."""
    command = turn.command
    file = turn.application.file(command.p2 >> 3)
    if file is None:
        return say(FILE_NOT_FOUND)
    refused = unwritable(file, command.p1, command.data)
    if refused:
        return say(refused)
    if not (isinstance(file, Ring | Variable) and file.by_purchase):
        return say(SECURITY_STATUS)
    if len(turn.power.cache) >= CACHE_MAX:
        return say(BAD_DATA)
    turn.power.cache.append(CachedRecord(file.sfi, command.data))
    return done()


def unwritable(file: File, record_id: int, data: bytes) -> int:
    """Why this record cannot be written there as a purchase does it; 0 when it can.

    A ring takes P1 00; a variable file takes the id of a record it has, in its own length.
    """
    if isinstance(file, Ring):
        if record_id:
            return RECORD_NOT_FOUND
        return 0 if len(data) == file.size else WRONG_LENGTH
    if not isinstance(file, Variable):
        return WRONG_FILE_TYPE
    position = file.position(record_id)
    if position is None:
        return RECORD_NOT_FOUND
    before = file.records[position]
    if len(data) != len(before):
        return WRONG_LENGTH
    return 0 if data[: file.head] == before[: file.head] else BAD_DATA


def written(application: Application, record: CachedRecord) -> File:
    """The file with a cached record in it. Raises ValueError for one that was never checked."""
    file = application.file(record.sfi)
    if isinstance(file, Ring):
        return pushed(file, record.data)
    if isinstance(file, Variable):
        position = file.position(record.data[file.id_at])
        if position is not None:
            return replace(file, records=put(file.records, position, record.data))
    raise ValueError(f"no place for a record in file {record.sfi:02X}")


def logged(application: Application, sfi: int, line: bytes) -> Ring:
    """The log with one more line. Raises ValueError when the application has no such log."""
    file = application.file(sfi)
    if not isinstance(file, Ring):
        raise ValueError(f"file {sfi:02X} is no log")
    return pushed(file, line)


def pushed(file: Ring, record: bytes) -> Ring:
    """The ring with a newest record; the oldest falls out when it is full."""
    return replace(file, records=(record, *file.records[: file.capacity - 1]))
