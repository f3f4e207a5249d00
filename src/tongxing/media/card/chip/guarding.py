"""Challenges, keys that prove who somebody is, and PINs.

A challenge answers one question and is gone. A wrong answer is counted before it is refused, and
the count is committed, so that pulling the card out gives no further try. Nothing here shows a PIN
or a key, whole or in part.
"""

from msgspec.structs import replace

from tongxing.media.card.apdu import Answer
from tongxing.media.card.chip.cryptograms import suite_for
from tongxing.media.card.chip.image import KEY_TRIES, CardKey, Pin, swap
from tongxing.media.card.chip.status import (
    AUTHENTICATION_BLOCKED,
    BAD_DATA,
    CODE_WRONG,
    KEY_NOT_FOUND,
    NO_CHALLENGE,
    TRIES_LEFT,
    WRONG_LENGTH,
)
from tongxing.media.card.chip.turn import Turn, done, say
from tongxing.media.crypto.suites import CODE_BYTES, same_code

PIN_SIZES = range(2, 7)
_CHALLENGES = (4, 8)
_SEPARATOR = b"\xff"
_CHANGE = 0x01
_CHANGED_PIN = 0x00
_RELOAD_KEY = 0x01


def get_challenge(turn: Turn) -> Answer:
    """GET CHALLENGE: 4 or 8 random bytes, good for one use and until another SELECT."""
    expected = turn.command.expected
    if expected not in _CHALLENGES:
        return say(WRONG_LENGTH)
    turn.power.challenge = turn.random(expected)
    return done(turn.power.challenge)


def external_authenticate(turn: Turn) -> Answer:
    """EXTERNAL AUTHENTICATE: somebody shows to know the key UK of this index."""
    key = turn.application.key("UK", turn.command.p2)
    if key is None:
        return say(KEY_NOT_FOUND)
    if key.locked:
        return say(AUTHENTICATION_BLOCKED)
    challenge = turn.power.take_challenge()
    if not challenge:
        return say(NO_CHALLENGE)
    right = same_code(suite_for(key).authenticate(key.value, challenge), turn.command.data)
    turn.judge(key, right)
    turn.power.authenticated = right
    return done() if right else say(TRIES_LEFT | _left(key))


def internal_authenticate(turn: Turn) -> Answer:
    """INTERNAL AUTHENTICATE: the card shows to know the key IK of this index."""
    key = turn.application.key("IK", turn.command.p2)
    if key is None:
        return say(KEY_NOT_FOUND)
    return done(suite_for(key).authenticate(key.value, turn.command.data))


def verify_pin(turn: Turn) -> Answer:
    """VERIFY PIN: 63Cx tells the tries left, 6983 that there are none."""
    pin = turn.application.pin(turn.command.p2)
    if pin is None:
        return say(KEY_NOT_FOUND)
    refused = _tried(turn, pin, turn.command.data)
    turn.power.pin_verified = not refused
    return say(refused) if refused else done()


def new_pin(turn: Turn) -> Answer:
    """CHANGE PIN by who knows the old one, RELOAD PIN by the issuer's key DRPK."""
    pin = turn.application.pin(_CHANGED_PIN)
    if pin is None:
        return say(KEY_NOT_FOUND)
    return _change(turn, pin) if turn.command.p1 == _CHANGE else _reload(turn, pin)


def _change(turn: Turn, pin: Pin) -> Answer:
    old, separator, new = turn.command.data.partition(_SEPARATOR)
    if not separator or len(new) not in PIN_SIZES:
        return say(BAD_DATA)
    refused = _tried(turn, pin, old)
    if refused:
        return say(refused)
    _keep(turn, replace(pin, value=new, wrong=0))
    return done()


def _reload(turn: Turn, pin: Pin) -> Answer:
    key = turn.application.key("DRPK", _RELOAD_KEY)
    if key is None:
        return say(KEY_NOT_FOUND)
    if key.locked:
        return say(AUTHENTICATION_BLOCKED)
    new, code = turn.command.data[:-CODE_BYTES], turn.command.data[-CODE_BYTES:]
    if len(new) not in PIN_SIZES:
        return say(BAD_DATA)
    right = same_code(suite_for(key).tac(key.value, new), code)
    turn.judge(key, right)
    if not right:
        return say(CODE_WRONG)
    _keep(turn, replace(pin, value=new, wrong=0))
    return done()


def _tried(turn: Turn, pin: Pin, shown: bytes) -> int:
    """Count one try of a PIN; the status word that refuses it, 0 when it is right."""
    if not pin.left:
        return AUTHENTICATION_BLOCKED
    right = same_code(pin.value, shown)
    after = replace(pin, wrong=0 if right else pin.wrong + 1)
    if after != pin:
        _keep(turn, after)
    return 0 if right else TRIES_LEFT | after.left


def _keep(turn: Turn, pin: Pin) -> None:
    pins = swap(turn.application.pins, lambda other: other.index == pin.index, pin)
    turn.keep(replace(turn.application, pins=pins))


def _left(key: CardKey) -> int:
    """Tries left after one more wrong code."""
    return max(KEY_TRIES - key.wrong - 1, 0)
