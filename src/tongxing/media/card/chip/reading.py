"""Reading: files of bytes and records, and SELECT with what it tells.

Reading is free for everybody, changes nothing on the card, and shows no key and no PIN.
"""

from tongxing.media.card.apdu import Answer
from tongxing.media.card.chip.image import (
    BLOCKED_FOR_EVER,
    IN_USE,
    Binary,
    File,
    Ring,
    Variable,
)
from tongxing.media.card.chip.names import MF_IDS, PPSE, PSE, application_fci, ppse_fci, pse_fci
from tongxing.media.card.chip.status import (
    APPLICATION_LOCKED,
    BAD_OFFSET,
    BAD_PARAMETERS,
    BLOCKED_WITH_FCI,
    FILE_NOT_FOUND,
    RECORD_NOT_FOUND,
    WRONG_EXPECTED,
    WRONG_FILE_TYPE,
    WRONG_LENGTH,
)
from tongxing.media.card.chip.turn import Turn, done, say

_BY_NAME, _BY_ID = 0x04, 0x00
_FIRST, _NEXT = 0x00, 0x02
_NAME_MIN, _NAME_MAX = 5, 16
_BY_NUMBER = 4


def select(turn: Turn) -> Answer:
    """SELECT by name (whole or beginning, first or next) or by file id; answers the FCI."""
    command = turn.command
    if (command.p1, command.p2) == (_BY_ID, 0):
        return _select_id(turn, command.data) if len(command.data) == 2 else say(WRONG_LENGTH)
    if command.p1 != _BY_NAME or command.p2 not in (_FIRST, _NEXT):
        return say(BAD_PARAMETERS)
    name = command.data
    if not _NAME_MIN <= len(name) <= _NAME_MAX:
        return say(WRONG_LENGTH)
    if name in (PPSE, PSE):
        turn.power.select(None)
        return done(ppse_fci(turn.image) if name == PPSE else pse_fci())
    return _select_place(turn, _named(turn, name))


def _named(turn: Turn, name: bytes) -> int | None:
    """The place of the first application whose name begins so, or of the next after this one."""
    start = 0
    if turn.command.p2 == _NEXT and turn.power.selected is not None:
        start = turn.power.selected + 1
    applications = turn.image.applications
    found = (n for n in range(start, len(applications)) if applications[n].aid.startswith(name))
    return next(found, None)


def _select_id(turn: Turn, data: bytes) -> Answer:
    file_id = int.from_bytes(data, "big")
    if file_id in MF_IDS:
        turn.power.select(None)
        return done(pse_fci())
    places = (n for n, one in enumerate(turn.image.applications) if one.file_id == file_id)
    return _select_place(turn, next(places, None))


def _select_place(turn: Turn, place: int | None) -> Answer:
    """Select an application. A blocked one is selected too, so that it can be unblocked."""
    if place is None:
        return say(FILE_NOT_FOUND)
    turn.power.select(place)
    application = turn.application
    if application.state == IN_USE:
        return done(application_fci(application))
    if application.state == BLOCKED_FOR_EVER:
        return say(APPLICATION_LOCKED)
    if application.switches.select_blocked == BLOCKED_WITH_FCI:
        return Answer(application_fci(application), BLOCKED_WITH_FCI)
    return say(APPLICATION_LOCKED)


def read_binary(turn: Turn) -> Answer:
    """READ BINARY from an offset; 6Cxx tells how many bytes there are from it."""
    command = turn.command
    file = _file(turn, command.p1 & 0x1F)
    if file is None:
        return say(FILE_NOT_FOUND)
    if not isinstance(file, Binary):
        return say(WRONG_FILE_TYPE)
    if command.p2 >= len(file.data):
        return say(BAD_OFFSET)
    return _asked(file.data[command.p2 :], command.expected, whole=False)


def read_record(turn: Turn) -> Answer:
    """READ RECORD by number, or by the id of a record of a variable file."""
    command = turn.command
    file = _file(turn, command.p2 >> 3)
    if file is None:
        return say(FILE_NOT_FOUND)
    if isinstance(file, Binary):
        return say(WRONG_FILE_TYPE)
    record = _record(file, command.p1, by_number=command.p2 & 7 == _BY_NUMBER)
    if isinstance(record, int):
        return say(record)
    return _asked(record, command.expected, whole=True)


def _record(file: Ring | Variable, wanted: int, *, by_number: bool) -> bytes | int:
    if by_number:
        exists = 1 <= wanted <= len(file.records)
        return file.records[wanted - 1] if exists else RECORD_NOT_FOUND
    if isinstance(file, Ring):
        return WRONG_FILE_TYPE
    position = file.position(wanted)
    return RECORD_NOT_FOUND if position is None else file.records[position]


def _asked(data: bytes, expected: int | None, *, whole: bool) -> Answer:
    """As much as was asked for: 0 is all. The right length is told when it cannot be that much."""
    if expected == 0 or expected == len(data):
        return done(data)
    if expected is None or whole or expected > len(data):
        return say(WRONG_EXPECTED + (len(data) & 0xFF))
    return done(data[:expected])


def _file(turn: Turn, sfi: int) -> File | None:
    """The file of the selected application, or of the MF."""
    files: tuple[File, ...] = turn.image.files
    if turn.power.selected is not None:
        files = turn.application.files
    return next((file for file in files if file.sfi == sfi), None)
