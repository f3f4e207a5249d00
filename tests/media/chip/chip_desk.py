"""What the tests of the software card share: a card on a desk, and a terminal that knows its keys.

The terminal computes its codes here, from the layouts, and not with the card's own functions.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tongxing.media.card.chip import (
    CardProfile,
    CardStore,
    MemoryStore,
    SoftwareCard,
    personalise,
    trial_profile,
)
from tongxing.media.card.chip.profile import CardKeyUse
from tongxing.media.crypto.suites import CryptoSuite, suite_of

NUMBER = "3199010000000000013"
SELECT = "00A4040008A000000632010105"
TERMINAL = "690000000001"
TIME = "20260108175510"
USUAL = trial_profile(NUMBER, balance_fen=6070)
RAIL_ID = "27017D"
RAIL = RAIL_ID + "010100" + "31" * 122
JOURNEY = "04" + "42" * 47
PUT_RAIL = "80DC01D080" + RAIL
PUT_JOURNEY = "80DC00F030" + JOURNEY


class Chance:
    """Random bytes as told, then a number that goes up."""

    def __init__(self, *told: str) -> None:
        self._told: Iterator[str] = iter(told)
        self._drawn = 0

    def __call__(self, length: int) -> bytes:
        self._drawn += 1
        told = next(self._told, f"{self._drawn:0{2 * length}X}")
        assert len(told) == 2 * length, "the test told other random bytes than were asked for"
        return bytes.fromhex(told)


@dataclass
class Desk:
    """A card and the keys it was made with; `do` speaks in hex."""

    card: SoftwareCard
    profile: CardProfile
    serial: int = 0x12B
    said: list[str] = field(default_factory=list)

    def do(self, command: str) -> str:
        """Send a command, get data and status word, in capitals."""
        answer = self.card.transmit(bytes.fromhex(command)).hex().upper()
        self.said.append(answer)
        return answer

    def status(self, command: str) -> str:
        """Send a command, get its status word only."""
        return self.do(command)[-4:]

    def ok(self, command: str) -> str:
        """Send a command that must go well, get its data."""
        answer = self.do(command)
        assert answer.endswith("9000"), f"{command} -> {answer}"
        return answer[:-4]

    @property
    def fen(self) -> int:
        """The balance, as the card says it."""
        return int(self.ok("805C030204"), 16)

    def key(self, use: CardKeyUse, index: int = 1) -> bytes:
        return self.profile.keys[use, index]

    def suite(self, index: int = 1) -> CryptoSuite:
        found = suite_of(0x04 if index >= 0x40 else 0x00)
        assert found is not None
        return found

    def begin(self, amount_fen: int, *, kind: int = 9, index: int = 1) -> str:
        """INITIALIZE of a purchase; its answer with the status word."""
        p1 = 3 if kind == 9 else 1
        return self.do(f"8050{p1:02X}020B{index:02X}{amount_fen:08X}{TERMINAL}0F")

    def debit_command(
        self, begun: str, amount_fen: int, *, kind: int = 9, index: int = 1, code: str = ""
    ) -> str:
        """The DEBIT for what INITIALIZE answered."""
        self.serial += 1
        suite, serial = self.suite(index), f"{self.serial:08X}"
        seed = bytes.fromhex(begun[22:30] + begun[8:12] + serial[4:])
        signed = f"{amount_fen:08X}{kind:02X}{TERMINAL}{TIME}{code}"
        mac1 = suite.mac(suite.session(self.key("DPK", index), seed), bytes.fromhex(signed))
        return f"805401000F{serial}{TIME}{mac1.hex()}08"

    def pay(self, amount_fen: int, *, kind: int = 9, index: int = 1, code: str = "") -> str:
        """A whole purchase (a journey record if it is a composite one); TAC and MAC2."""
        begun = self.begin(amount_fen, kind=kind, index=index)
        assert begun.endswith("9000"), begun
        if kind == 9:
            self.ok(PUT_JOURNEY)
        return self.ok(self.debit_command(begun, amount_fen, kind=kind, index=index, code=code))

    def begin_load(self, amount_fen: int, *, index: int = 1) -> str:
        """INITIALIZE FOR LOAD; its answer with the status word."""
        return self.do(f"805000020B{index:02X}{amount_fen:08X}{TERMINAL}10")

    def credit_command(self, begun: str, amount_fen: int, *, index: int = 1) -> str:
        """The CREDIT FOR LOAD for what INITIALIZE answered."""
        suite = self.suite(index)
        session = suite.session(
            self.key("DLK", index), bytes.fromhex(begun[16:24] + begun[8:12] + "8000")
        )
        signed = bytes.fromhex(f"{amount_fen:08X}02{TERMINAL}{TIME}")
        return f"805200000B{TIME}{suite.mac(session, signed).hex()}04"

    def load(self, amount_fen: int, *, index: int = 1) -> str:
        """A whole load; the TAC."""
        begun = self.begin_load(amount_fen, index=index)
        assert begun.endswith("9000"), begun
        return self.ok(self.credit_command(begun, amount_fen, index=index))

    def protected(self, head: str, data: str = "", *, index: int = 1) -> str:
        """A command with its code, for a challenge that is asked for now."""
        challenge = bytes.fromhex(self.ok("0084000004"))
        return self.coded(head, data, challenge, index=index)

    def coded(self, head: str, data: str, challenge: bytes, *, index: int = 1) -> str:
        """A command with its code for a given challenge; `head` is CLA INS P1 P2."""
        whole = f"{head}{len(data) // 2 + 4:02X}{data}"
        code = self.suite(index).command_mac(
            self.key("DAMK", index), challenge, bytes.fromhex(whole)
        )
        return whole + code.hex()

    def again(self) -> "Desk":
        """The same card after power off and on, selected anew."""
        self.card.reset()
        self.ok(SELECT)
        return self


def desk(
    profile: CardProfile | None = None,
    *chance: str,
    store: CardStore | None = None,
    select: str = SELECT,
    **changes: object,
) -> Desk:
    """A card on the desk, its application selected; `changes` are those of the profile."""
    made = replace(profile or USUAL, **changes)
    card = SoftwareCard(store or MemoryStore(personalise(made)), Chance(*chance))
    found = Desk(card, made)
    found.ok(select)
    return found
