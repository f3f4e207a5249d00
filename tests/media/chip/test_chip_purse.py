"""Money on the card: its limits, what issuers may decide differently, and what is proven later."""

import time

import pytest
from chip_desk import (
    JOURNEY,
    NUMBER,
    PUT_JOURNEY,
    PUT_RAIL,
    RAIL,
    SELECT,
    TERMINAL,
    TIME,
    Desk,
    desk,
)

from tongxing.media.card.chip import Switches, trial_profile
from tongxing.media.tac.fields import TacFields, load_tac_input, tac_input


def card_with(balance_fen: int = 6070, **switches: bool | int) -> Desk:
    return desk(trial_profile(NUMBER, balance_fen=balance_fen, switches=Switches(**switches)))


@pytest.mark.parametrize(
    ("balance_fen", "amount_fen", "status"),
    [
        (0, 1, "9000"),
        (0, 50_000, "9000"),
        (0, 50_001, "6A80"),
        (99_999, 1, "9000"),
        (99_999, 2, "6A80"),
        (100_000, 1, "6A80"),
        (0, 0, "6A80"),
    ],
)
def test_a_load_stays_within_its_limits(balance_fen: int, amount_fen: int, status: str) -> None:
    found = card_with(balance_fen)
    assert found.begin_load(amount_fen)[-4:] == status
    if status == "9000":
        found.load(amount_fen)
        assert found.fen == balance_fen + amount_fen


def test_limits_are_the_issuers() -> None:
    found = card_with(0, balance_max_fen=300, load_max_fen=200)
    assert found.begin_load(201) == "6A80"
    found.load(200)
    assert found.begin_load(101) == "6A80"
    found.load(100)


@pytest.mark.parametrize(("fen", "status"), [(6070, "9000"), (6071, "9401"), (0xFFFF_FFFF, "9401")])
def test_a_purchase_takes_at_most_what_is_there(fen: int, status: str) -> None:
    found = card_with()
    assert found.begin(fen, kind=6)[-4:] == status
    if status == "9000":
        found.pay(fen)
        assert found.fen == 0


def test_balance_is_told_by_every_p1_of_it() -> None:
    found = card_with()
    told = [found.ok(f"805C{p1:02X}0204") for p1 in range(4)]
    assert told == ["000017B6", "00000000", "00000000", "000017B6"]


@pytest.mark.parametrize("index", [0x01, 0x41])
@pytest.mark.parametrize("kind", [6, 9])
def test_the_tac_covers_what_its_issuer_checks(index: int, kind: int) -> None:
    found = card_with()
    codes = bytes.fromhex(found.pay(315, kind=kind, index=index))
    fields = TacFields(
        issuer_id=bytes.fromhex("99016900FFFFFFFF"),
        card_factor=bytes.fromhex(NUMBER[3:]),
        number=NUMBER,
        key_version=1,
        algorithm=4 if index == 0x41 else 0,
        amount_fen=315,
        kind=kind,
        terminal_no=bytes.fromhex(TERMINAL),
        serial=found.serial,
        time=TIME,
        counter_before=0,
        balance_before_fen=6070,
    )
    assert codes[:4] == found.suite(index).tac(found.key("DTK", index), tac_input(fields))


def test_the_tac_of_a_load_covers_the_new_balance() -> None:
    found = card_with(100)
    tac = bytes.fromhex(found.load(50))
    fields = TacFields(
        bytes(8), bytes(8), NUMBER, 1, 0, 50, 2, bytes.fromhex(TERMINAL), 0, TIME, 0, 100
    )
    assert tac == found.suite().tac(found.key("DTK"), load_tac_input(fields))


def test_all_records_of_a_purchase_come_with_its_debit() -> None:
    found = card_with()
    empty = found.ok("00B201D480")
    begun = found.begin(315)
    for command in (PUT_RAIL, PUT_JOURNEY, "80DC00F030" + "05" + JOURNEY[2:]):
        found.ok(command)
    assert found.card.image.applications[0].file(0x1E).records == ()
    found.ok(found.debit_command(begun, 315))
    assert found.ok("00B201D480") == RAIL != empty
    assert found.ok("00B201F430")[:2] == "05"
    assert found.ok("00B202F430") == JOURNEY


def test_the_last_of_two_updates_of_one_record_stays() -> None:
    found = card_with()
    begun = found.begin(0)
    found.ok(PUT_RAIL[:-2] + "99")
    found.ok(PUT_RAIL)
    found.ok(found.debit_command(begun, 0))
    assert found.ok("00B201D480") == RAIL


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("80DC02D080" + RAIL, "6A80"),
        ("80DC01D080" + "27017C" + RAIL[6:], "6A80"),
        ("80DC01D07F" + RAIL[:-2], "6700"),
        ("80DC01F030" + JOURNEY, "6A83"),
        ("80DC00F031" + JOURNEY + "00", "6700"),
        ("80DC00A81E" + "00" * 30, "6981"),
        ("80DC002030" + JOURNEY, "6A82"),
        ("80DCAAC82B" + "27AA28" + "77" * 40, "6A83"),
        ("80DC00F0", "6700"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_before_the_money(command: str, status: str) -> None:
    found = card_with()
    found.begin(315)
    assert found.do(command) == status
    assert found.card.state.value == "idle"


def test_one_purchase_carries_sixteen_records_and_no_more() -> None:
    found = card_with()
    found.begin(315)
    assert [found.do(PUT_JOURNEY) for _ in range(17)] == ["9000"] * 16 + ["6A80"]


def test_a_free_entry_counts_and_is_logged() -> None:
    found = card_with()
    found.pay(0)
    assert found.begin(0)[8:12] == "0001"
    assert found.ok("00B201C417")[:20] == "00010000000000000009"
    assert found.status("805A0009020001") == "9000"


def test_a_free_entry_may_leave_no_line_in_the_log() -> None:
    found = card_with(logs_zero=False)
    found.pay(0)
    assert found.begin(0)[8:12] == "0001"
    assert found.status("00B201C417") == "6A83"
    found.pay(1)
    assert found.ok("00B201C417")[:4] == "0002"


def test_a_free_entry_that_does_not_count_leaves_no_proof_for_the_next_one() -> None:
    found = card_with(counts_zero=False, logs_zero=False)
    found.pay(0)
    assert found.ok("00B201F430") == JOURNEY
    assert found.begin(0)[8:12] == "0000"
    assert found.status("805A0009020001") == "9406"
    codes = found.pay(70)
    assert found.ok("805A0009020001") == codes[8:] + codes[:8]


def test_loads_and_purchases_are_counted_and_proven_apart() -> None:
    found = card_with()
    tac = found.load(100)
    codes = found.pay(70, kind=6)
    assert found.ok("805A0002020001")[8:] == tac
    assert found.ok("805A0006020001") == codes[8:] + codes[:8]
    assert found.begin_load(1)[8:12] == "0001"
    assert found.begin(1)[8:12] == "0001"


def test_only_the_last_deal_of_its_kind_can_be_proven_also_after_power_off() -> None:
    found = card_with()
    found.pay(70)
    codes = found.pay(80)
    found.again()
    assert found.status("805A0009020001") == "9406"
    assert found.ok("805A0009020002") == codes[8:] + codes[:8]


def test_the_counters_end_at_their_maximum() -> None:
    found = desk(loads=0xFFFE, purchases=0xFFFE)
    found.load(1)
    found.pay(1)
    assert [found.begin_load(1), found.begin(1), found.begin(1, kind=6)] == ["9402"] * 3


def test_a_mac_of_another_deal_is_refused_and_nothing_changes() -> None:
    found = card_with()
    first = found.begin(100, kind=6)
    command = found.debit_command(first, 100, kind=6)
    second = found.begin(100, kind=6)
    assert first[22:30] != second[22:30]
    assert found.status(command) == "9302"
    assert found.fen == 6070
    assert found.status("00B201C417") == "6A83"


def test_a_debit_cannot_be_sent_twice() -> None:
    found = card_with()
    command = found.debit_command(found.begin(100, kind=6), 100, kind=6)
    assert [found.status(command), found.status(command)] == ["9000", "6985"]
    assert found.fen == 5970


def test_a_gate_exit_of_nine_commands_takes_under_a_millisecond_of_cpu() -> None:
    found = desk(balance_fen=100_000)
    head = [SELECT, "00B097003C", "00B201D480", "805C030204"]
    spent_ns = []
    for counter in range(1, 41):
        start = time.process_time_ns()
        for command in head:
            found.do(command)
        begun = found.begin(1)
        found.do(PUT_RAIL)
        found.do(PUT_JOURNEY)
        spent = time.process_time_ns() - start
        debit = found.debit_command(begun, 1)
        start = time.process_time_ns()
        found.ok(debit)
        found.ok(f"805A000902{counter:04X}")
        spent_ns.append(spent + time.process_time_ns() - start)
    assert min(spent_ns) < 1_000_000
