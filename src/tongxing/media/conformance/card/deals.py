"""Whole deals at a desk: a purchase and a load, with every code of them computed and compared."""

from dataclasses import dataclass

from tongxing.media.card.apdu import Command
from tongxing.media.conformance.card.desk import COMPOSITE, LOAD, SINGLE, TIME, Desk, Opened

JOURNEY_SFI, JOURNEY_BYTES = 0x1E, 48
WRONG_CODE = bytes.fromhex("00C0FFEE")


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of a deal: MAC1, MAC2, TAC, and the command that ends it as it should."""

    mac1: bytes
    mac2: bytes
    tac: bytes
    command: Command


def purchase_codes(desk: Desk, opened: Opened) -> Codes:
    """What a terminal and an issuer compute for a purchase that was begun."""
    desk.serial += 1
    serial, what = desk.serial.to_bytes(4, "big"), desk.what(opened)
    suite, key = desk.key("DPK", opened.algorithm, opened.version)
    tac_suite, tac_key = desk.key("DTK", opened.algorithm, opened.version)
    session = suite.session(key, opened.random + opened.counter.to_bytes(2, "big") + serial[2:])
    mac1 = suite.mac(session, what + TIME)
    mac2 = suite.mac(session, opened.amount_fen.to_bytes(4, "big"))
    return Codes(mac1, mac2, tac_suite.tac(tac_key, what + serial + TIME), debit(serial, mac1))


def load_codes(desk: Desk, opened: Opened) -> Codes:
    """What an issuer computes for a load that was begun."""
    suite, key = desk.key("DLK", opened.algorithm, opened.version)
    tac_suite, tac_key = desk.key("DTK", opened.algorithm, opened.version)
    counter, what = opened.counter.to_bytes(2, "big"), desk.what(opened)
    session = suite.session(key, opened.random + counter + b"\x80\x00")
    after = (opened.balance_fen + opened.amount_fen).to_bytes(4, "big")
    mac1 = suite.mac(session, opened.balance_fen.to_bytes(4, "big") + what)
    mac2 = suite.mac(session, what + TIME)
    return Codes(mac1, mac2, tac_suite.tac(tac_key, after + counter + what + TIME), credit(mac2))


def debit(serial: bytes, mac1: bytes) -> Command:
    """DEBIT FOR (CAPP) PURCHASE."""
    return Command(0x80, 0x54, 0x01, 0x00, serial + TIME + mac1, 8)


def wrong_debit() -> Command:
    """DEBIT with a MAC1 that nobody computed."""
    return debit(bytes(4), WRONG_CODE)


def credit(mac2: bytes) -> Command:
    """CREDIT FOR LOAD."""
    return Command(0x80, 0x52, 0x00, 0x00, TIME + mac2, 4)


def prove(kind: int, counter: int) -> Command:
    """GET TRANSACTION PROVE of a deal by its type and the counter after it."""
    return Command(0x80, 0x5A, 0x00, kind, (counter & 0xFFFF).to_bytes(2, "big"), 8)


def journey(mark: int) -> bytes:
    """A journey record that is told from others by its mark."""
    return bytes((3, *(0,) * 7, mark & 0xFF)) + bytes(JOURNEY_BYTES - 9)


def put_journey(mark: int) -> Command:
    """UPDATE CAPP DATA CACHE with a journey record."""
    return Command(0x80, 0xDC, 0x00, JOURNEY_SFI << 3, journey(mark))


def last_journey(desk: Desk) -> bytes:
    """The newest journey record; empty when there is none."""
    command = Command(0x00, 0xB2, 0x01, JOURNEY_SFI << 3 | 4, expected=JOURNEY_BYTES)
    answer = desk.send(command)
    return answer.data if answer.ok else b""


def buy(desk: Desk, amount_fen: int, index: int, kind: int = SINGLE, mark: int = 1) -> Opened:
    """A whole purchase with the right codes; what its beginning answered."""
    opened = desk.begin(kind, amount_fen, index)
    if kind == COMPOSITE:
        desk.ok(put_journey(mark), 0)
    codes = purchase_codes(desk, opened)
    answer = desk.ok(codes.command, 8)
    desk.same("tac", codes.tac, answer[:4])
    desk.same("mac2", codes.mac2, answer[4:])
    return opened


def fill(desk: Desk, amount_fen: int, index: int) -> Opened:
    """A whole load with the right codes; what its beginning answered."""
    opened = desk.begin(LOAD, amount_fen, index)
    codes = load_codes(desk, opened)
    desk.same("load_mac1", codes.mac1, opened.mac1)
    desk.same("load_tac", codes.tac, desk.ok(codes.command, 4))
    return opened


def log_line(desk: Desk, opened: Opened) -> bytes:
    """The line that a deal leaves in the log: counter after it, overdraft, what, when."""
    counter = (opened.counter + 1).to_bytes(2, "big")
    return counter + bytes(3) + desk.what(opened) + TIME
