"""Which commands the card knows: their shape, where they may be given, and who answers them.

The table is all there is; what is not in it is answered 6E00, 6D00 or 6A86. The first check that
fails gives the status word: class, instruction, P1 and P2, lengths, then locks, then the state of a
deal, then whatever the command itself looks at.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from tongxing.media.card.apdu import Answer, Command
from tongxing.media.card.chip import guarding, protecting, purse, reading, records, writing
from tongxing.media.card.chip.image import BLOCKED, BLOCKED_FOR_EVER, IN_USE
from tongxing.media.card.chip.states import CONTINUING, Event, may
from tongxing.media.card.chip.status import (
    APPLICATION_LOCKED,
    BAD_PARAMETERS,
    LOCKED_FOR_EVER,
    NOT_IN_THIS_STATE,
    UNKNOWN_CLASS,
    UNKNOWN_INSTRUCTION,
    WRONG_EXPECTED,
    WRONG_LENGTH,
)
from tongxing.media.card.chip.turn import Turn

Handler = Callable[[Turn], Answer]
_ANY_LENGTH = range(256)
_CLASSES = frozenset({0x00, 0x04, 0x80, 0x84})


@dataclass(frozen=True, slots=True)
class Entry:
    """A command of the card.

    `p1`, `p2` are the values allowed (None: all), `lengths` those of its data. `answers` is the
    length of an answer that is always the same; another Le gets 6Cxx. `step` is what it does in a
    deal. `in_mf`: it needs no selected application; `when_blocked`: a blocked one takes it too.
    `scheme`: only applications of this kind know it.
    """

    handler: Handler
    p1: Collection[int] | None = (0,)
    p2: Collection[int] | None = (0,)
    lengths: Collection[int] = _ANY_LENGTH
    answers: int = 0
    step: Event = Event.OTHER
    in_mf: bool = False
    when_blocked: bool = False
    scheme: str = ""


_PURSE = (0x02,)
_WITH_SFI = tuple(sfi << 3 for sfi in range(1, 31))
_RECORDS = (*(p2 | 4 for p2 in _WITH_SFI), *_WITH_SFI)
_SFI_P1 = range(0x81, 0x9F)
_SOME = range(1, 256)


def _begin(handler: Handler, p1: int, answers: int, step: Event) -> Entry:
    return Entry(handler, (p1,), _PURSE, (11,), answers, step)


def _code_only(handler: Handler, *p2: int) -> Entry:
    """A protected command without data; a blocked application takes it."""
    return Entry(handler, p2=p2, lengths=(0, 4), when_blocked=True)


_UPDATE_BINARY = Entry(writing.update_binary, _SFI_P1, None, _SOME)
_APPEND_RECORD = Entry(writing.append_record, p2=_WITH_SFI, lengths=_SOME)
_UPDATE_RECORD = Entry(writing.update_record, None, _RECORDS, _SOME)

_TABLE: Mapping[tuple[int, int], tuple[Entry, ...]] = {
    (0x00, 0xA4): (Entry(reading.select, None, None, in_mf=True, when_blocked=True),),
    (0x00, 0xB0): (Entry(reading.read_binary, _SFI_P1, None, (0,), in_mf=True),),
    (0x00, 0xB2): (Entry(reading.read_record, None, _RECORDS, (0,), in_mf=True),),
    (0x80, 0x5C): (Entry(purse.balance, range(4), _PURSE, (0,), 4),),
    (0x80, 0x50): (
        _begin(purse.begin_load, 0x00, 16, Event.LOAD_BEGUN),
        _begin(purse.begin_purchase, 0x01, 15, Event.SINGLE_BEGUN),
        _begin(purse.begin_purchase, 0x03, 15, Event.COMPOSITE_BEGUN),
    ),
    (0x80, 0x52): (Entry(purse.credit, lengths=(11,), answers=4, step=Event.CREDITED),),
    (0x80, 0x54): (Entry(purse.debit, (1,), (0,), (15,), 8, Event.DEBITED),),
    (0x80, 0xDC): (Entry(records.cache_record, None, _WITH_SFI, _SOME, step=Event.RECORD_TAKEN),),
    (0x80, 0x5A): (Entry(purse.prove, p2=(0x02, 0x06, 0x09), lengths=(2,), answers=8),),
    (0x80, 0xCA): (Entry(purse.security_code, lengths=(0,), answers=9, scheme="city_union"),),
    (0x80, 0x5E): (Entry(guarding.new_pin, (0, 1), (0,), range(5, 14)),),
    (0x00, 0x84): (Entry(guarding.get_challenge, lengths=(0,), when_blocked=True),),
    (0x00, 0x82): (Entry(guarding.external_authenticate, p2=None, lengths=(8,)),),
    (0x00, 0x88): (Entry(guarding.internal_authenticate, p2=None, lengths=(8,), answers=8),),
    (0x00, 0x20): (Entry(guarding.verify_pin, p2=None, lengths=guarding.PIN_SIZES),),
    (0x00, 0xD6): (_UPDATE_BINARY,),
    (0x04, 0xD6): (_UPDATE_BINARY,),
    (0x00, 0xE2): (_APPEND_RECORD,),
    (0x04, 0xE2): (_APPEND_RECORD,),
    (0x00, 0xDC): (_UPDATE_RECORD,),
    (0x04, 0xDC): (_UPDATE_RECORD,),
    (0x84, 0x1E): (_code_only(protecting.block_application, 0, 1),),
    (0x84, 0x18): (_code_only(protecting.unblock_application, 0),),
    (0x84, 0x16): (_code_only(protecting.block_card, 0),),
}
_NOT_BUILT = frozenset({(0x50, 0x02), (0x50, 0x04), (0x50, 0x05), (0x54, 0x03)})
"""Instruction and P1 of overdraft and unload: this card has neither, and says so with 6D00."""
_INSTRUCTIONS = frozenset(instruction for _cla, instruction in _TABLE)


def find(command: Command) -> Entry | int:
    """The command's entry, or the status word for one that the card does not know."""
    if command.cla not in _CLASSES:
        return UNKNOWN_CLASS
    if command.ins not in _INSTRUCTIONS or (command.ins, command.p1) in _NOT_BUILT:
        return UNKNOWN_INSTRUCTION
    entries = _TABLE.get((command.cla, command.ins))
    if entries is None:
        return UNKNOWN_CLASS
    for entry in entries:
        if entry.p1 is None or command.p1 in entry.p1:
            return entry
    return BAD_PARAMETERS


def refused(entry: Entry, turn: Turn) -> int:
    """The status word that refuses a command before anything is done; 0 when it may go on."""
    return _misshapen(entry, turn.command) or _locked(entry, turn) or _out_of_turn(entry, turn)


def _misshapen(entry: Entry, command: Command) -> int:
    if entry.p2 is not None and command.p2 not in entry.p2:
        return BAD_PARAMETERS
    if len(command.data) not in entry.lengths:
        return WRONG_LENGTH
    if entry.answers and command.expected not in (None, 0, entry.answers):
        return WRONG_EXPECTED + entry.answers
    return 0


def _locked(entry: Entry, turn: Turn) -> int:
    if turn.image.blocked:
        return APPLICATION_LOCKED
    if turn.power.selected is None:
        return 0 if entry.in_mf else NOT_IN_THIS_STATE
    application = turn.application
    if entry.scheme and application.scheme != entry.scheme:
        return UNKNOWN_INSTRUCTION
    if application.state == IN_USE or entry.handler is reading.select:
        return 0
    if application.state == BLOCKED_FOR_EVER:
        return LOCKED_FOR_EVER
    return 0 if application.state == BLOCKED and entry.when_blocked else NOT_IN_THIS_STATE


def _out_of_turn(entry: Entry, turn: Turn) -> int:
    if entry.step in CONTINUING and not may(turn.power.state, entry.step):
        return NOT_IN_THIS_STATE
    return 0
