"""SELECT, READ and what a card tells about itself, by all the names and numbers it answers to."""

from dataclasses import replace

import pytest
from chip_desk import NUMBER, PUT_JOURNEY, PUT_RAIL, RAIL, SELECT, desk

from tongxing.media.card.chip import Switches, TwoSteps, city_union_trial, trial_profile
from tongxing.media.card.files.public import PublicInfo, parse_public_info

PPSE = "00A404000E325041592E5359532E4444463031"
PSE = "00A404000E315041592E5359532E4444463031"
FCI = (
    "6F318408A000000632010105A5259F0801029F0C1E"
    "99016900FFFFFFFF0201031990100000000000132026010120361231"
    "0000"
)
PHONE = "A00000063201010510009156000014A1"
CITY_UNION = city_union_trial("4000000000000017", balance_fen=900)


def test_select_answers_the_template_with_the_public_file() -> None:
    found = desk()
    assert found.ok(SELECT) == FCI
    assert found.ok(SELECT + "00") == FCI
    assert FCI.endswith(found.ok("00B095001E"))


def test_a_template_can_carry_label_and_priority() -> None:
    profile = trial_profile(NUMBER, switches=Switches(fci_names=True))
    assert "50084D4F545F545F45508701019F0801029F0C1E" in desk(profile).ok(SELECT)


def test_the_template_follows_the_file() -> None:
    found = desk()
    found.ok(found.protected("04D6951C", "A001"))
    assert found.ok(SELECT) == FCI[:-4] + "A001"


@pytest.mark.parametrize("file_id", ["1001", "3F00"])
def test_select_by_file_id(file_id: str) -> None:
    assert desk().status(f"00A4000002{file_id}") == "9000"


def test_a_phone_is_selected_by_the_beginning_of_its_name() -> None:
    profile = trial_profile(NUMBER, aid=bytes.fromhex(PHONE))
    found = desk(profile)
    assert found.ok(SELECT).startswith(f"6F398410{PHONE}")
    assert found.ok("00A4040010" + PHONE).startswith(f"6F398410{PHONE}")


def test_the_contactless_directory_lists_both_applications() -> None:
    found = desk(second=CITY_UNION)
    entries = "61174F08A00000063201010550084D4F545F545F4550870101"
    entries += "611A4F09A00000000386980701500A434954595F554E494F4E870102"
    assert found.ok(PPSE) == "6F4A840E325041592E5359532E4444463031A538BF0C35" + entries
    assert found.status("805C030204") == "6985"


def test_the_directory_file_of_the_card_lists_them_too() -> None:
    found = desk(second=CITY_UNION)
    assert found.ok(PSE) == "6F15840E315041592E5359532E4444463031A503880101"
    assert found.ok("00B2010C00").startswith("701961174F08A000000632010105")
    assert found.ok("00B2020C00").startswith("701C611A4F09A00000000386980701")
    assert found.status("00B2030C00") == "6A83"


def test_the_next_application_of_one_name_follows_the_first() -> None:
    found = desk(second=CITY_UNION)
    assert found.ok("00A4040005A000000632").startswith("6F318408A000000632")
    assert found.status("00A4040205A000000632") == "6A82"
    found.ok(SELECT)
    assert found.ok("00A4040205A000000003").startswith("6F328409A000000003")


def test_after_a_name_that_is_not_there_the_old_application_stays() -> None:
    found = desk()
    assert found.status("00A4040007A0000000031010") == "6A82"
    assert found.status("00A4040004A0000006") == "6700"
    assert found.status("00A40400") == "6700"
    assert found.status("00A4000002DF01") == "6A82"
    assert found.status("00A4040006A00000000310") == "6A82"
    assert found.fen == 6070


def test_binary_files_are_read_from_any_offset() -> None:
    found = desk()
    assert found.ok("00B095001E") == found.ok("00B0950000") == FCI[-60:]
    assert found.ok("00B0950A0A") == "0" + NUMBER
    assert found.do("00B095001F") == "6C1E"
    assert found.do("00B0950A1E") == "6C14"
    assert found.do("00B09500") == "6C1E"
    assert found.do("00B0951E01") == "6B00"
    assert found.ok("00B0951D01") == "00"


def test_records_are_read_by_number_and_by_id() -> None:
    found = desk()
    begun = found.begin(0)
    found.ok(PUT_RAIL)
    found.ok(found.debit_command(begun, 0))
    assert found.ok("00B201D480") == found.ok("00B201D080") == found.ok("00B201D000") == RAIL
    assert found.ok("00B212D080")[:6] == found.ok("00B212D480")[:6] == "27127D"
    assert found.ok("00B20DD01E")[:6] == "270D1B"
    assert found.do("00B207D080") == "6C70"
    assert found.do("00B201D47F") == "6C80"
    assert found.do("00B201D4") == "6C80"
    assert found.do("00B213D480") == "6A83"
    assert found.do("00B200D480") == "6A83"
    assert found.do("00B299D080") == "6A83"
    assert found.do("00B201F430") == "6A83"
    assert found.do("00B204F030") == "6981"
    assert found.do("00B201AC30") == "6981"
    assert found.do("00B2012430") == "6A82"


def test_a_ring_shows_the_newest_first_and_forgets_the_oldest() -> None:
    found = desk()
    for fen in range(1, 13):
        found.pay(fen)
    lines = [found.ok(f"00B2{n:02X}C417") for n in range(1, 11)]
    assert [int(line[10:18], 16) for line in lines] == list(range(12, 2, -1))
    assert [int(line[:4], 16) for line in lines] == list(range(12, 2, -1))
    assert found.status("00B20BC417") == "6A83"


def test_local_records_have_a_file_of_their_own() -> None:
    local = bytes.fromhex("27AA28") + bytes(40)
    found = desk(locals=(local,))
    begun = found.begin(0)
    found.ok("80DCAAC82B" + "27AA28" + "77" * 40)
    found.ok(found.debit_command(begun, 0))
    assert found.ok("00B2AAC82B") == "27AA28" + "77" * 40


def test_what_personalise_wrote_can_be_decoded() -> None:
    found = desk(version=0, fci_data=b"\xa0\x01")
    info = parse_public_info(bytes.fromhex(found.ok("00B095001E")))
    assert isinstance(info, PublicInfo)
    assert (info.number, info.enabled, info.account_based) == (NUMBER, False, True)


def test_two_applications_may_share_money_but_not_counters_and_logs() -> None:
    found = desk(second=CITY_UNION, shared_purse=True)
    found.pay(70)
    found.ok("00A4040009A00000000386980701")
    assert found.fen == 6000
    assert found.status("00B201C417") == "6A83"
    begun = found.begin(0, kind=6)
    assert begun[:12] == "000017700000"


def test_two_applications_may_have_money_of_their_own() -> None:
    found = desk(second=CITY_UNION)
    found.pay(70)
    found.ok("00A4040009A00000000386980701")
    assert found.fen == 900


def test_over_a_line_of_one_direction_the_answer_is_fetched() -> None:
    link = TwoSteps(desk().card)

    def do(command: str) -> str:
        return link.transmit(bytes.fromhex(command)).hex().upper()

    assert do(SELECT) == "6133"
    assert do("00C0000033") == FCI + "9000"
    assert do("00C0000033") == "6D00"
    assert do("805003020B010000000069000000000100") == "610F"
    begun = do("00C0000000")
    assert (len(begun), begun[-4:]) == (34, "9000")
    assert do(PUT_JOURNEY) == "9000"
    assert do("805C030204") == "000017B69000"
    assert do(SELECT) == "6133"
    assert do("00C0000001") == "6F6132"
    assert do("00C0000032") == FCI[2:] + "9000"


@pytest.mark.parametrize(
    "changes",
    [
        {"number": NUMBER[:-1]},
        {"number": "319901000000000001X"},
        {"balance_fen": 100_001},
        {"balance_fen": -1},
        {"pin": b"1"},
        {"keys": {("DPK", 1): bytes(15)}},
        {"scheme": "city_union", "number": "4000000000000017"},
        {"second": replace(CITY_UNION, second=CITY_UNION)},
    ],
    ids=str,
)
def test_no_card_is_made_of_a_profile_that_cannot_be(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="profile"):
        replace(trial_profile(NUMBER), **changes)


def test_no_key_and_no_pin_shows_in_print() -> None:
    profile = replace(trial_profile(NUMBER), pin=b"\x12\x34\x56")
    found = desk(profile)
    shown = f"{profile!r} {found.card.image!r} {found.card!r}"
    secrets = [*profile.keys.values(), profile.pin, bytes.fromhex(NUMBER[3:])]
    assert not [one for one in secrets if one.hex() in shown.lower()]
    assert not [one for one in secrets if repr(one)[2:-1] in shown]
    assert NUMBER not in shown
