"""UPDATE and APPEND outside of a purchase: who may write a file, and what it is afterwards.

A plain command writes what anybody may write, or what an authenticated terminal may; a protected
one (class 04) writes whatever the file allows at all. A record of a log is never written here.
"""

from msgspec.structs import replace

from tongxing.media.card.apdu import Answer
from tongxing.media.card.chip.image import Binary, File, Ring, Variable, put
from tongxing.media.card.chip.protecting import opened
from tongxing.media.card.chip.records import pushed
from tongxing.media.card.chip.status import (
    BAD_DATA,
    BAD_OFFSET,
    FILE_NOT_FOUND,
    RECORD_NOT_FOUND,
    SECURITY_STATUS,
    WRONG_FILE_TYPE,
    WRONG_LENGTH,
)
from tongxing.media.card.chip.turn import Turn, done, say

_PROTECTED = 0x04
_BY_NUMBER = 4


def update_binary(turn: Turn) -> Answer:
    """UPDATE BINARY from an offset, within the length the file has."""
    file = turn.application.file(turn.command.p1 & 0x1F)
    if file is None:
        return say(FILE_NOT_FOUND)
    if not isinstance(file, Binary):
        return say(WRONG_FILE_TYPE)
    data = _admitted(turn, file)
    if isinstance(data, int):
        return say(data)
    offset = turn.command.p2
    if offset >= len(file.data):
        return say(BAD_OFFSET)
    end = offset + len(data)
    if not data or end > len(file.data):
        return say(WRONG_LENGTH)
    turn.keep_file(replace(file, data=file.data[:offset] + data + file.data[end:]))
    return done()


def append_record(turn: Turn) -> Answer:
    """APPEND RECORD: the newest of a ring, or a new id in a variable file that has room."""
    file = turn.application.file(turn.command.p2 >> 3)
    if file is None:
        return say(FILE_NOT_FOUND)
    if isinstance(file, Binary):
        return say(WRONG_FILE_TYPE)
    data = _admitted(turn, file)
    if isinstance(data, int):
        return say(data)
    if isinstance(file, Ring):
        if len(data) != file.size:
            return say(WRONG_LENGTH)
        turn.keep_file(pushed(file, data))
        return done()
    is_new = file.is_record(data) and file.position(data[file.id_at]) is None
    if not is_new or len(file.records) >= file.capacity:
        return say(BAD_DATA)
    turn.keep_file(replace(file, records=(*file.records, data)))
    return done()


def update_record(turn: Turn) -> Answer:
    """UPDATE RECORD by number or id; the record keeps its length, a variable one its head too."""
    file = turn.application.file(turn.command.p2 >> 3)
    if file is None:
        return say(FILE_NOT_FOUND)
    by_number = turn.command.p2 & 7 == _BY_NUMBER
    if isinstance(file, Binary) or (isinstance(file, Ring) and not by_number):
        return say(WRONG_FILE_TYPE)
    data = _admitted(turn, file)
    if isinstance(data, int):
        return say(data)
    position = _position(file, turn.command.p1, by_number)
    if position is None:
        return say(RECORD_NOT_FOUND)
    before = file.records[position]
    if len(data) != len(before):
        return say(WRONG_LENGTH)
    head = file.head if isinstance(file, Variable) else 0
    if data[:head] != before[:head]:
        return say(BAD_DATA)
    turn.keep_file(replace(file, records=put(file.records, position, data)))
    return done()


def _position(file: Ring | Variable, wanted: int, by_number: bool) -> int | None:
    if by_number or isinstance(file, Ring):
        return wanted - 1 if 1 <= wanted <= len(file.records) else None
    return file.position(wanted)


def _admitted(turn: Turn, file: File) -> bytes | int:
    """The data that may be written, or the status word that refuses to write."""
    if file.access == "never":
        return SECURITY_STATUS
    if turn.command.cla == _PROTECTED:
        return opened(turn, enciphered=file.access == "enciphered")
    authenticated = file.access == "authenticated" and turn.power.authenticated
    return turn.command.data if file.access == "free" or authenticated else SECURITY_STATUS
