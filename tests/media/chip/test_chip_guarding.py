"""PINs, keys that lock, challenges that are good once, and commands that carry a code."""

from dataclasses import replace

import pytest
from chip_desk import JOURNEY, NUMBER, SELECT, Desk, desk

from tongxing.media.card.chip import Switches, trial_profile
from tongxing.media.card.chip.names import T_UNION_SM

PIN = "0020000003123456"
WITH_PIN = replace(trial_profile(NUMBER, balance_fen=1000), pin=bytes.fromhex("123456"))


def test_a_pin_has_three_tries_also_across_power_cuts() -> None:
    found = desk(WITH_PIN)
    assert found.status("0020000003111111") == "63C2"
    assert found.again().status("0020000003111111") == "63C1"
    assert found.again().status("0020000003111111") == "63C0"
    assert found.again().status(PIN) == "6983"


def test_a_right_pin_forgives_the_wrong_ones() -> None:
    found = desk(WITH_PIN)
    assert found.status("0020000003111111") == "63C2"
    assert found.status(PIN) == "9000"
    assert found.status("00200000021234") == "63C2"


def test_a_load_can_want_the_pin_first() -> None:
    found = desk(replace(WITH_PIN, switches=Switches(pin_for_load=True)))
    assert found.begin_load(100) == "6982"
    found.ok(PIN)
    found.load(100)
    assert found.fen == 1100
    assert found.again().begin_load(100) == "6982"
    found.ok(PIN)
    found.ok(SELECT)
    assert found.begin_load(100) == "6982"
    found.ok(PIN)
    assert found.status("0020000003999999") == "63C2"
    assert found.begin_load(100) == "6982"


def test_who_knows_the_old_pin_sets_a_new_one() -> None:
    found = desk(WITH_PIN)
    assert found.status("805E010007111111FF654321") == "63C2"
    assert found.status("805E010007123456FF654321") == "9000"
    assert found.status(PIN) == "63C2"
    assert found.status("0020000003654321") == "9000"
    assert found.status("805E01000565432100FF") == "6A80"


def test_the_issuer_reloads_a_pin_that_is_locked() -> None:
    found = desk(WITH_PIN)
    for _ in range(3):
        found.do("0020000003111111")
    code = found.suite().tac(found.key("DRPK"), bytes.fromhex("2468")).hex()
    assert found.status("805E0000062468" + "00" * 4) == "9302"
    assert found.status("805E0000062468" + code) == "9000"
    assert found.status("00200000022468") == "9000"
    assert found.status("805E00000524" + code) == "6A80"


def test_three_wrong_reload_codes_lock_the_reload_key() -> None:
    found = desk(WITH_PIN)
    tries = [found.status("805E0000062468" + "00" * 4) for _ in range(4)]
    assert tries == ["9302", "9302", "9302", "6983"]


@pytest.mark.parametrize("kind", [6, 9])
def test_three_wrong_debits_in_a_row_lock_the_key(kind: int) -> None:
    found = desk()
    for _ in range(3):
        begun = found.begin(100, kind=kind)
        if kind == 9:
            found.ok("80DC00F030" + JOURNEY)
        assert found.status(found.debit_command(begun, 101, kind=kind)) == "9302"
        found.again()
    assert found.begin(100, kind=kind) == "6983"
    assert found.begin(100, index=0x41).endswith("9000"), "the other key is not locked"
    assert found.fen == 6070


def test_a_right_debit_forgives_the_wrong_ones() -> None:
    found = desk()
    for _ in range(2):
        begun = found.begin(100, kind=6)
        assert found.status(found.debit_command(begun, 101, kind=6)) == "9302"
    found.pay(100)
    begun = found.begin(100, kind=6)
    assert found.status(found.debit_command(begun, 101, kind=6)) == "9302"
    found.pay(100)


def test_three_wrong_credits_in_a_row_lock_the_key() -> None:
    found = desk()
    for _ in range(3):
        begun = found.begin_load(100)
        assert found.status(found.credit_command(begun, 101)) == "9302"
    assert found.begin_load(100) == "6983"
    found.load(100, index=0x41)
    assert found.fen == 6170


def test_external_authentication_opens_a_file_for_this_session() -> None:
    found = desk(access={0x06: "authenticated"})
    assert found.status("00D68600021234") == "6982"
    challenge = bytes.fromhex(found.ok("0084000008"))
    answer = found.suite().authenticate(found.key("UK"), challenge).hex()
    assert found.status(f"0082000108{answer}") == "9000"
    assert found.status("00D68600021234") == "9000"
    assert found.ok("00B0860003") == "123400"
    assert found.status("00D69500021234") == "6982", "that file wants a code"
    assert found.again().status("00D68600021234") == "6982"
    assert found.status(f"0082000108{answer}") == "6984"


def test_a_wrong_answer_ends_what_a_right_one_opened() -> None:
    found = desk(access={0x06: "authenticated"})
    wrong = "0082000108" + "00" * 8
    found.ok("0084000008")
    assert found.status(wrong) == "63C2"
    assert found.status("00D68600021234") == "6982"
    challenge = bytes.fromhex(found.ok("0084000008"))
    found.ok(f"0082000108{found.suite().authenticate(found.key('UK'), challenge).hex()}")
    assert found.status("00D68600021234") == "9000"
    found.ok("0084000008")
    assert found.status(wrong) == "63C2"
    assert found.status("00D68600021234") == "6982"


def test_another_select_ends_what_an_answer_opened() -> None:
    found = desk(access={0x06: "authenticated"})
    challenge = bytes.fromhex(found.ok("0084000008"))
    found.ok(f"0082000108{found.suite().authenticate(found.key('UK'), challenge).hex()}")
    found.ok(SELECT)
    assert found.status("00D68600021234") == "6982"


def test_three_wrong_answers_lock_the_authentication_key() -> None:
    found = desk()
    for left in ("63C2", "63C1", "63C0"):
        found.ok("0084000008")
        assert found.status("0082000108" + "00" * 8) == left
    found.ok("0084000008")
    assert found.status("0082000108" + "00" * 8) == "6983"


@pytest.mark.parametrize("index", [0x01, 0x41])
def test_the_card_proves_itself(index: int) -> None:
    found = desk()
    question = bytes.fromhex("A1A2A3A4A5A6A7A8")
    answer = found.ok(f"008800{index:02X}08{question.hex()}08")
    expected = found.suite(index).authenticate(found.key("IK", index), question)
    assert bytes.fromhex(answer) == expected


@pytest.mark.parametrize("between", [None, SELECT, "00B095001E", "0084000004"])
def test_a_challenge_is_good_once_and_until_another_or_a_select(between: str | None) -> None:
    found = desk()
    challenge = bytes.fromhex(found.ok("0084000004"))
    command = found.coded("04D69500", "77", challenge)
    if between:
        found.ok(between)
    expected = {SELECT: "6984", "0084000004": "6988"}.get(between or "", "9000")
    assert found.status(command) == expected
    assert found.status(command) == "6984"


def test_a_command_with_a_wrong_code_changes_nothing_and_spends_the_challenge() -> None:
    found = desk()
    command = found.protected("04D69500", "77")
    wrong = command[:-2] + f"{int(command[-2:], 16) ^ 1:02X}"
    assert found.status(wrong) == "6988"
    assert found.status(command) == "6984"
    assert found.ok("00B0950001") == "99"


def test_three_wrong_codes_lock_the_maintenance_key() -> None:
    found = desk()
    for _ in range(3):
        found.ok("0084000004")
        assert found.status("841E00000400000000") == "6988"
    assert found.status(found.protected("841E0000")) == "6983"
    assert found.fen == 6070


def test_a_code_of_the_national_algorithm_protects_its_application() -> None:
    found = desk(trial_profile(NUMBER, aid=T_UNION_SM), select="00A4040008A000000632010107")
    challenge = bytes.fromhex(found.ok("0084000004"))
    command = found.coded("04D69500", "77", challenge, index=0x41)
    assert found.status(command) == "9000"


@pytest.mark.parametrize(("aid", "index"), [("05", 1), ("07", 0x41)])
def test_a_file_can_want_its_updates_enciphered(aid: str, index: int) -> None:
    name = f"A0000006320101{aid}"
    profile = trial_profile(NUMBER, aid=bytes.fromhex(name))
    found = desk(profile, access={0x16: "enciphered"}, select="00A4040008" + name)
    holder = "01" + "00" * 24
    hidden = found.suite(index).encipher(found.key("DAMK", index), bytes.fromhex(holder))
    plain_challenge = bytes.fromhex(found.ok("0084000004"))
    assert found.status(found.coded("04D69600", holder, plain_challenge, index=index)) == "6A80"
    garbage_challenge = bytes.fromhex(found.ok("0084000004"))
    garbage = found.coded("04D69600", "00" * 32, garbage_challenge, index=index)
    assert found.status(garbage) == "6A80"
    challenge = bytes.fromhex(found.ok("0084000004"))
    assert found.status(found.coded("04D69600", hidden.hex(), challenge, index=index)) == "9000"
    assert found.ok("00B0960019") == holder


def test_a_file_keeps_its_length() -> None:
    found = desk()
    assert found.status(found.protected("04D6951D", "77")) == "9000"
    assert found.status(found.protected("04D6951D", "7777")) == "6700"
    assert found.status(found.protected("04D6951E", "77")) == "6B00"
    assert found.status(found.protected("04D69500")) == "6700"
    assert found.status(found.protected("04D69900", "77")) == "6981"
    assert found.status(found.protected("04D68900", "77")) == "6A82"
    assert len(found.ok("00B0950000")) == 60


def append(found: Desk, head: str, data: str) -> str:
    return found.status(found.protected(head, data))


def test_records_are_appended_and_updated_under_a_code() -> None:
    found = desk()
    assert found.status("00E200C804" + "27AA0177") == "6982"
    assert append(found, "04E200C8", "27AA0177") == "9000"
    assert append(found, "04E200C8", "27AA0177") == "6A80"
    assert append(found, "04E200C8", "27AB0277") == "6A80"
    assert append(found, "04DC01CC", "27AA0188") == "9000"
    assert append(found, "04DCAAC8", "27AA0199") == "9000"
    assert append(found, "04DCAAC8", "27AB0199") == "6A80"
    assert append(found, "04DCAAC8", "27AA029999") == "6700"
    assert append(found, "04DCACC8", "27AC0199") == "6A83"
    assert found.ok("00B2AAC804") == "27AA0199"
    more = [append(found, "04E200C8", f"27{n:02X}0177") for n in range(1, 17)]
    assert more == ["9000"] * 15 + ["6A80"], "sixteen records are all there is room for"
    assert append(found, "04E200F0", JOURNEY) == "9000"
    assert append(found, "04E200F0", JOURNEY[2:]) == "6700"
    assert append(found, "04DC01F4", "03" + JOURNEY[2:]) == "9000"
    assert append(found, "04DC02F4", JOURNEY) == "6A83"
    assert append(found, "04DC01F0", JOURNEY) == "6981"
    assert found.ok("00B201F430") == "03" + JOURNEY[2:]


def test_nobody_writes_the_log() -> None:
    found = desk()
    found.pay(100)
    line = found.ok("00B201C417")
    assert append(found, "04E200C0", line) == "6982"
    assert append(found, "04DC01C4", line) == "6982"
    begun = found.begin(0)
    assert found.status("80DC00C017" + line) == "6982"
    assert found.status(found.debit_command(begun, 0)) == "6985"
