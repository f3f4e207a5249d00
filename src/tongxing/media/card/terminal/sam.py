"""A security module (PSAM) made of software, behind the very commands that a hardware one answers.

It signs purchases with the master purchase key and checks the card's answer, uses the maintenance
key for locking and authentication, and counts its transactions durably before it answers. It
answers every string of bytes with a status word; keys never leave it.
"""

from collections.abc import Callable

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.apdu import OK, Answer, Command, parse_command
from tongxing.media.card.terminal.serials import SERIAL_MAX, SerialCounter
from tongxing.media.crypto.suites import FACTOR_BYTES, SM4, CryptoSuite, same_code, suite_of
from tongxing.media.keys.vault import KeyUse, KeyVault

MAC2_TRIES = 3
LOCK_USAGE = 0x45
_LEVELS_MAX = 3
_FIXED_BYTES = 0x14
_SM4_VERSION = 0x40

_STATE, _LENGTH, _WRONG_P1P2, _NO_FILE = 0x6985, 0x6700, 0x6A86, 0x6A82
_NO_INSTRUCTION, _NO_CLASS, _NO_KEY, _BAD_DATA = 0x6D00, 0x6E00, 0x6A88, 0x6A80
_MEMORY, _SPENT, _LOCKED = 0x6581, 0x9402, 0x6983


class _Session:
    """The purchase signed last: its session key and what MAC2 must cover."""

    __slots__ = ("amount", "key", "suite", "tries")

    def __init__(self, suite: CryptoSuite, key: bytes, amount: bytes) -> None:
        self.suite, self.key, self.amount = suite, key, amount
        self.tries = MAC2_TRIES

    def __repr__(self) -> str:
        return f"_Session({self.suite.name}, {self.tries} tries)"


class SoftwareSam:
    """One module with its 6-byte number, a vault of master keys and a durable counter.

    `code_in_mac1` says whether MAC1 covers the 9-byte code of a City Union card once it was shown
    to the module (80CA); `serial_no` is the module's own number (10 bytes). For one thread.
    """

    def __init__(
        self,
        terminal_no: bytes,
        vault: KeyVault,
        serials: SerialCounter,
        *,
        code_in_mac1: bool = True,
        key_index: int = 1,
    ) -> None:
        if len(terminal_no) != 6:
            raise ValueError("a terminal number has 6 bytes")
        self.terminal_no = terminal_no
        self._vault = vault
        self._serials = serials
        self._code_in_mac1 = code_in_mac1
        self._files = {
            0x15: bytes(4) + terminal_no + bytes((1, 0, 0, 0)),
            0x16: terminal_no,
            0x17: bytes((key_index,)) + bytes(26),
        }
        self._session: _Session | None = None
        self._generic: tuple[CryptoSuite, bytes] | None = None
        self._code9 = b""

    def __repr__(self) -> str:
        return f"SoftwareSam({self.terminal_no.hex()})"

    def reset(self) -> None:
        """Power off and on: what was begun is forgotten, the counter is not."""
        self._session, self._generic, self._code9 = None, None, b""

    def transmit(self, command: bytes) -> bytes:
        """Answer a command, whatever the bytes."""
        parsed = parse_command(command)
        answer = Answer(b"", _LENGTH) if parsed is None else self._answer(parsed)
        return answer.encode()

    def _answer(self, command: Command) -> Answer:
        handlers: dict[tuple[int, int], Callable[[Command], Answer]] = {
            (0x00, 0xA4): self._select,
            (0x00, 0xB0): self._read,
            (0x80, 0x70): self._sign,
            (0x80, 0x72): self._check,
            (0x80, 0xCA): self._show_code,
            (0x80, 0x1A): self._take_key,
            (0x80, 0xFA): self._use_key,
        }
        handler = handlers.get((command.cla, command.ins))
        if handler is None:
            return _status(_NO_CLASS if command.cla not in (0x00, 0x80) else _NO_INSTRUCTION)
        return handler(command)

    def _select(self, command: Command) -> Answer:
        self.reset()
        return _status(OK if command.data else _LENGTH)

    def _read(self, command: Command) -> Answer:
        content = self._files.get(command.p1 & 0x1F) if command.p1 & 0x80 else None
        if content is None:
            return _status(_NO_FILE)
        rest = content[command.p2 :]
        if not rest:
            return _status(0x6B00)
        if command.expected is None:
            return _status(_LENGTH)
        wanted = command.expected or len(rest)
        return Answer(rest[:wanted], OK) if wanted <= len(rest) else _status(0x6C00 | len(rest))

    def _sign(self, command: Command) -> Answer:
        """INIT SAM FOR PURCHASE: derive, count, and only then answer serial and MAC1."""
        self._session = None
        code9, self._code9 = self._code9, b""
        data, factors = command.data[:_FIXED_BYTES], _factors(command.data[_FIXED_BYTES:])
        if command.p1 or command.p2:
            return _status(_WRONG_P1P2)
        if len(data) != _FIXED_BYTES or factors is None:
            return _status(_LENGTH)
        chosen = self._key("DPK", data[19], data[18], factors)
        if isinstance(chosen, int):
            return _status(chosen)
        suite, key = chosen
        serial = self._next_serial()
        if isinstance(serial, Answer):
            return serial
        amount = data[6:10]
        session = suite.session(key, data[:6] + serial[2:])
        mac1 = suite.mac(session, data[6:11] + self.terminal_no + data[11:18] + code9)
        self._session = _Session(suite, session, amount)
        return Answer(serial + mac1, OK)

    def _next_serial(self) -> bytes | Answer:
        try:
            serial = self._serials.next()
        except OSError:
            return _status(_MEMORY)
        return _status(_SPENT) if serial > SERIAL_MAX else serial.to_bytes(4, "big")

    def _check(self, command: Command) -> Answer:
        """CREDIT SAM FOR PURCHASE: is this the MAC2 of the purchase signed last?"""
        session = self._session
        if session is None:
            return _status(_STATE)
        if len(command.data) != 4:
            return _status(_LENGTH)
        if same_code(session.suite.mac(session.key, session.amount), command.data):
            self._session = None
            return _status(OK)
        session.tries -= 1
        if not session.tries:
            self._session = None
        return _status(0x63C0 | session.tries)

    def _show_code(self, command: Command) -> Answer:
        """The 9-byte code of a City Union card, for the MAC1 of the very next purchase."""
        if len(command.data) != 9:
            return _status(_LENGTH)
        self._code9 = command.data if self._code_in_mac1 else b""
        return _status(OK)

    def _take_key(self, command: Command) -> Answer:
        """Prepare the maintenance key of one card. P2 is its version, plus 40 for SM4."""
        self._generic = None
        factors = _factors(command.data)
        if factors is None:
            return _status(_LENGTH)
        if command.p1 != LOCK_USAGE:
            return _status(_NO_KEY)
        algorithm = SM4 if command.p2 & _SM4_VERSION else 0x00
        chosen = self._key("DAMK", algorithm, command.p2 & ~_SM4_VERSION & 0xFF, factors)
        if isinstance(chosen, int):
            return _status(chosen)
        self._generic = chosen
        return _status(OK)

    def _use_key(self, command: Command) -> Answer:
        """P1 00 answers an authentication challenge, P1 05 signs a command after its first block.

        The key is used once: the next use begins with 801A again.
        """
        generic, self._generic = self._generic, None
        if generic is None:
            return _status(_STATE)
        suite, key = generic
        data = command.data
        if command.p1 == 0x00:
            if len(data) not in (4, 8):
                return _status(_LENGTH)
            return Answer(suite.authenticate(key, data), OK)
        if command.p1 != 0x05:
            return _status(_WRONG_P1P2)
        if len(data) <= suite_block(suite):
            return _status(_LENGTH)
        block = suite_block(suite)
        return Answer(suite.command_mac(key, data[:block], data[block:]), OK)

    def _key(
        self, use: KeyUse, algorithm: int, version: int, factors: tuple[bytes, ...]
    ) -> tuple[CryptoSuite, bytes] | int:
        """The suite and the card's key; a status word where there is none."""
        suite = suite_of(algorithm)
        if suite is None:
            return _BAD_DATA
        key = self._vault.card_key(use, algorithm, version, factors)
        return _NO_KEY if isinstance(key, Refusal) else (suite, key)


def suite_block(suite: CryptoSuite) -> int:
    """The length in bytes of a suite's blocks, and of the one that a command MAC starts from."""
    return 16 if suite.name == "SM4" else 8


def _factors(data: bytes) -> tuple[bytes, ...] | None:
    """One to three factors in the order they are used: the command names the card first."""
    levels, rest = divmod(len(data), FACTOR_BYTES)
    if rest or not 1 <= levels <= _LEVELS_MAX:
        return None
    parts = [data[at : at + FACTOR_BYTES] for at in range(0, len(data), FACTOR_BYTES)]
    return tuple(reversed(parts))


def _status(word: int) -> Answer:
    return Answer(b"", word)
