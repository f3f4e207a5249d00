"""The purse: what it holds, loading it, paying from it, and proving what was done.

A deal is a beginning, which fixes what will happen and changes nothing, and an end, which does all
of it or nothing. Amounts are fen. Money moves nowhere else in the card.
"""

from msgspec.structs import replace

from tongxing.media.card.apdu import Answer
from tongxing.media.card.chip.cryptograms import (
    COMPOSITE,
    LOAD,
    SINGLE,
    debit_codes,
    load_codes,
    load_mac1,
)
from tongxing.media.card.chip.image import Application, CardKey, Proof, put
from tongxing.media.card.chip.records import logged, written
from tongxing.media.card.chip.status import (
    AUTHENTICATION_BLOCKED,
    BAD_DATA,
    CODE_WRONG,
    COUNTER_SPENT,
    KEY_INDEX_UNKNOWN,
    NO_PROOF,
    NOT_ENOUGH_MONEY,
    SECURITY_STATUS,
)
from tongxing.media.card.chip.turn import Deal, Turn, done, say
from tongxing.media.crypto.suites import same_code

COUNTER_MAX = 0xFFFF
_RANDOM_BYTES = 4
_NO_OVERDRAFT = bytes(3)
_PROPER_MONEY = (0x00, 0x03)
_COMPOSITE_P1 = 0x03


def balance(turn: Turn) -> Answer:
    """GET BALANCE: the money by P1 00 or 03; overdraft (02) and its limit (01) are nothing."""
    fen = turn.balance_fen if turn.command.p1 in _PROPER_MONEY else 0
    return done(fen.to_bytes(4, "big"))


def begin_load(turn: Turn) -> Answer:
    """INITIALIZE FOR LOAD: balance, counter, key version, algorithm, random, MAC1."""
    application, balance_fen = turn.application, turn.balance_fen
    switches = application.switches
    if switches.pin_for_load and not turn.power.pin_verified:
        return say(SECURITY_STATUS)
    amount_fen = _amount(turn)
    if not 0 < amount_fen <= min(switches.load_max_fen, switches.balance_max_fen - balance_fen):
        return say(BAD_DATA)
    key = _key(application, "DLK", turn.command.data[0], application.loads)
    if isinstance(key, int):
        return say(key)
    deal = _deal(turn, LOAD, key)
    return done(
        balance_fen.to_bytes(4, "big")
        + application.loads.to_bytes(2, "big")
        + _told(deal)
        + load_mac1(deal, balance_fen, application.loads)
    )


def credit(turn: Turn) -> Answer:
    """CREDIT FOR LOAD: the money, the counter, the log line and the proof, if MAC2 is right."""
    application, deal = turn.application, _open_deal(turn)
    time, mac2 = turn.command.data[:7], turn.command.data[7:]
    before_fen, counter = turn.balance_fen, application.loads
    codes = load_codes(deal, _tac_key(application, deal.key), before_fen, counter, time)
    right = same_code(codes.asked, mac2)
    turn.judge(deal.key, right)
    if not right:
        return say(CODE_WRONG)
    _move(turn, before_fen + deal.amount_fen)
    _log(turn, turn.application.load_log, counter + 1, deal, time)
    proof = Proof(LOAD, counter + 1, codes.answered, codes.tac)
    turn.keep(replace(turn.application, loads=counter + 1, load_proof=proof))
    return done(codes.tac)


def begin_purchase(turn: Turn) -> Answer:
    """INITIALIZE FOR PURCHASE or FOR CAPP PURCHASE: balance, counter, overdraft, key, random."""
    application = turn.application
    if _amount(turn) > turn.balance_fen:
        return say(NOT_ENOUGH_MONEY)
    key = _key(application, "DPK", turn.command.data[0], application.purchases)
    if isinstance(key, int):
        return say(key)
    deal = _deal(turn, COMPOSITE if turn.command.p1 == _COMPOSITE_P1 else SINGLE, key)
    counter = application.purchases.to_bytes(2, "big")
    return done(turn.balance_fen.to_bytes(4, "big") + counter + _NO_OVERDRAFT + _told(deal))


def debit(turn: Turn) -> Answer:
    """DEBIT: money, counter, cached records, log line and proof together, if MAC1 is right."""
    application, deal, data = turn.application, _open_deal(turn), turn.command.data
    serial, time, mac1 = data[:4], data[4:11], data[11:]
    switches, counter = application.switches, application.purchases
    more = application.security_code if switches.code_in_mac1 else b""
    tac_key = _tac_key(application, deal.key)
    codes = debit_codes(deal, tac_key, counter, serial, time, more)
    right = same_code(codes.asked, mac1)
    turn.judge(deal.key, right)
    if not right:
        return say(CODE_WRONG)
    _move(turn, turn.balance_fen - deal.amount_fen)
    for record in turn.power.cache:
        turn.keep_file(written(turn.application, record))
    if deal.amount_fen or switches.logs_zero:
        _log(turn, turn.application.purchase_log, counter + 1, deal, time)
    if deal.amount_fen or switches.counts_zero:
        proof = Proof(deal.kind, counter + 1, codes.answered, codes.tac)
        turn.keep(replace(turn.application, purchases=counter + 1, purchase_proof=proof))
    return done(codes.tac + codes.answered)


def prove(turn: Turn) -> Answer:
    """GET TRANSACTION PROVE: MAC2 and TAC of the last load or purchase, if it is the one asked."""
    kind, counter = turn.command.p2, int.from_bytes(turn.command.data, "big")
    application = turn.application
    proof = application.load_proof if kind == LOAD else application.purchase_proof
    if proof is None or (proof.kind, proof.counter) != (kind, counter):
        return say(NO_PROOF)
    return done(proof.mac2 + proof.tac)


def security_code(turn: Turn) -> Answer:
    """GET MESSAGE of a City Union card: its 9-byte security code."""
    return done(turn.application.security_code)


def _amount(turn: Turn) -> int:
    return int.from_bytes(turn.command.data[1:5], "big")


def _key(application: Application, use: str, index: int, counter: int) -> CardKey | int:
    """The key of a deal, or the status that refuses it."""
    if counter >= COUNTER_MAX:
        return COUNTER_SPENT
    key = application.key(use, index)
    if key is None or application.key("DTK", index) is None:
        return KEY_INDEX_UNKNOWN
    return AUTHENTICATION_BLOCKED if key.locked else key


def _tac_key(application: Application, key: CardKey) -> CardKey:
    found = application.key("DTK", key.index)
    if found is None:
        raise ValueError("a deal was begun without a TAC key")
    return found


def _deal(turn: Turn, kind: int, key: CardKey) -> Deal:
    """Fix a deal in what the card holds while it has power."""
    random = turn.random(_RANDOM_BYTES)
    deal = Deal(kind, _amount(turn), turn.command.data[5:], key, random)
    turn.power.deal = deal
    return deal


def _told(deal: Deal) -> bytes:
    return bytes((deal.key.version, deal.key.algorithm)) + deal.random


def _open_deal(turn: Turn) -> Deal:
    if turn.power.deal is None:
        raise ValueError("the states let a deal end that was not begun")
    return turn.power.deal


def _move(turn: Turn, balance_fen: int) -> None:
    purses = put(turn.image.purses, turn.application.purse, balance_fen)
    turn.image = replace(turn.image, purses=purses)


def _log(turn: Turn, sfi: int, counter: int, deal: Deal, time: bytes) -> None:
    """A line of the record log: counter after, overdraft, amount, type, terminal, date and time."""
    line = (
        counter.to_bytes(2, "big")
        + _NO_OVERDRAFT
        + deal.amount_fen.to_bytes(4, "big")
        + bytes((deal.kind,))
        + deal.terminal
        + time
    )
    turn.keep_file(logged(turn.application, sfi, line))
