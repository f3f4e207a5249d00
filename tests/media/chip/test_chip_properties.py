"""What holds for any bytes and for any order of commands."""

from dataclasses import replace

from chip_desk import NUMBER, PUT_JOURNEY, PUT_RAIL, SELECT, Chance, Desk, desk
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tongxing.media.card.chip import (
    MemoryStore,
    SoftwareCard,
    city_union_trial,
    personalise,
    trial_profile,
)
from tongxing.media.card.chip import status as words

LISTED = {value for name, value in vars(words).items() if name.isupper()}
FAMILIES = {words.MORE_DATA, words.WRONG_EXPECTED, words.TRIES_LEFT & 0xFF00}

HEADS = ["00A40400", "00B095", "00B201D4", "805C0302", "80500002", "80500102", "80500302"]
HEADS += ["80520000", "80540100", "80DC01D0", "80DC00F0", "805A0009", "00840000", "00820001"]
HEADS += ["00880001", "00200000", "805E0000", "805E0100", "00D69500", "04D69500", "00E200C8"]
HEADS += ["04E200F0", "04DC01D4", "841E0000", "84180000", "84160000", "80CA0000"]
PIN = b"\x12\x34\x56"
T_UNION = trial_profile(NUMBER, balance_fen=6070)
DUAL = personalise(replace(T_UNION, pin=PIN, second=city_union_trial("4000000000000017")))
PREPARED = ["", "805003020B0100000001690000000001" + "0F", "0084000004", "0084000008"]

command_bytes = st.one_of(
    st.binary(max_size=300),
    st.builds(
        lambda head, data, tail: bytes.fromhex(head) + bytes((len(data),)) + data + tail,
        st.sampled_from(HEADS),
        st.binary(max_size=60),
        st.binary(max_size=1),
    ),
)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PREPARED).map(bytes.fromhex), command_bytes), max_size=6))
def test_any_bytes_get_an_answer_from_the_list(commands: list[bytes]) -> None:
    card = SoftwareCard(MemoryStore(DUAL), Chance())
    card.transmit(bytes.fromhex(SELECT))
    for command in commands:
        answer = card.transmit(command)
        status = int.from_bytes(answer[-2:], "big")
        assert 2 <= len(answer) <= 258
        assert status in LISTED or status & 0xFF00 in FAMILIES
        assert card.image.purses == DUAL.purses, "nobody moves money without a code"


class Purse(RuleBasedStateMachine):
    """Any order of deals, mistakes and power cuts, beside a purse that is only arithmetic."""

    @initialize(balance_fen=st.integers(0, 100_000))
    def new(self, balance_fen: int) -> None:
        self.found: Desk = desk(T_UNION, balance_fen=balance_fen)
        self.first_fen = self.fen = balance_fen
        self.loads = self.purchases = self.loaded = self.paid = 0
        self.journeys = 0
        self.locked: dict[str, int] = {"DLK": 0, "DPK": 0}

    @rule(fen=st.integers(1, 60_000), right=st.booleans())
    def load(self, fen: int, right: bool) -> None:
        begun = self.found.begin_load(fen)
        if fen > 50_000 or self.fen + fen > 100_000:
            assert begun == "6A80"
            return
        if self.locked["DLK"] >= 3:
            assert begun == "6983"
            return
        assert begun[:12] == f"{self.fen:08X}{self.loads:04X}"
        status = self.found.status(self.found.credit_command(begun, fen if right else fen + 1))
        assert status == ("9000" if right else "9302")
        self.locked["DLK"] = 0 if right else self.locked["DLK"] + 1
        if right:
            self.fen, self.loads, self.loaded = self.fen + fen, self.loads + 1, self.loaded + fen

    @rule(
        fen=st.integers(0, 3_000),
        kind=st.sampled_from([6, 9]),
        right=st.sampled_from([True, True, True, False]),
    )
    def purchase(self, fen: int, kind: int, right: bool) -> None:
        begun = self.found.begin(fen, kind=kind)
        if fen > self.fen:
            assert begun == "9401"
            return
        if self.locked["DPK"] >= 3:
            assert begun == "6983"
            return
        assert begun[:12] == f"{self.fen:08X}{self.purchases:04X}"
        if kind == 9:
            self.found.ok(PUT_RAIL)
            self.found.ok(PUT_JOURNEY)
        command = self.found.debit_command(begun, fen if right else fen + 1, kind=kind)
        assert self.found.status(command) == ("9000" if right else "9302")
        self.locked["DPK"] = 0 if right else self.locked["DPK"] + 1
        if right:
            self.fen, self.purchases, self.paid = (
                self.fen - fen,
                self.purchases + 1,
                self.paid + fen,
            )
            self.journeys += kind == 9

    @rule(fen=st.integers(0, 3_000), between=st.sampled_from(["", SELECT, "805C030204", "00"]))
    def break_off(self, fen: int, between: str) -> None:
        begun = self.found.begin(fen)
        if not begun.endswith("9000"):
            return
        self.found.ok(PUT_JOURNEY)
        if between:
            self.found.do(between)
        else:
            self.found.again()
        assert self.found.status(self.found.debit_command(begun, fen)) == "6985"

    @rule(command=command_bytes)
    def babble(self, command: bytes) -> None:
        self.found.card.transmit(command)
        self.found.again()

    @invariant()
    def money_is_where_the_model_has_it(self) -> None:
        found = self.found
        application = found.card.image.applications[0]
        assert found.fen == self.fen == self.first_fen + self.loaded - self.paid >= 0
        assert (application.loads, application.purchases) == (self.loads, self.purchases)
        ring = application.file(0x1E)
        assert len(ring.records) == min(self.journeys, 30)
        log = application.file(0x18)
        assert len(log.records) == min(self.loads + self.purchases, 10)


TestAnyOrderOfDeals = Purse.TestCase
TestAnyOrderOfDeals.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
