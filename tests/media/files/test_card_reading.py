"""Whole cards read over a link: what they show, and what becomes of those that answer nonsense."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from reading_desk import (
    NUMBER,
    UNION_NUMBER,
    Played,
    Spoiled,
    leaves,
    profile,
    software_card,
    union_profile,
)

from tongxing.kernel.reasons import Refusal, all_reasons
from tongxing.media.card.apdu import Command
from tongxing.media.card.chip.image import BLOCKED
from tongxing.media.card.chip.profile import personalise
from tongxing.media.card.face import CardFace
from tongxing.media.card.legacy import LegacyFace, recognise_atr, recognise_sak
from tongxing.media.card.link import CardLink, Gone
from tongxing.media.card.reading import read_card

T_UNION = "00A4040008A00000063201010500"
CITY_UNION = "00A4040009A0000000038698070100"
SHENZHEN = "00A40400075041592E535A5400"
CONTENT = "99016900FFFFFFFF02010319901000000000001320260101203612310000"


def face_of(link: CardLink, *, journeys: bool = False, every: bool = True) -> CardFace:
    found = read_card(link, journeys=journeys, every=every)
    assert isinstance(found, CardFace), found
    return found


def steps() -> int:
    """How many answers reading a whole dual card takes."""
    spy = Spoiled(software_card(personalise(profile(union_profile()))), -1, bytes)
    face_of(spy, journeys=True)
    return spy.count


def test_a_t_union_card_shows_number_days_city_money_and_trips() -> None:
    face = face_of(software_card())
    assert (face.scheme, face.number, face.balance_fen) == ("t_union", NUMBER, 6070)
    assert face.main.starts and face.main.starts.isoformat() == "2026-01-01"
    assert face.management and face.management.city == "6900"
    assert [trip.record_id for trip in face.transit] == [0x2701, 0x2702]
    assert face.main.unreadable == {}
    assert not face.is_dual


def test_a_card_of_two_schemes_shows_both_purses() -> None:
    face = face_of(software_card(personalise(profile(union_profile()))))
    assert face.is_dual
    assert [(one.scheme, one.number, one.balance_fen) for one in face.purses] == [
        ("t_union", NUMBER, 6070),
        ("city_union", UNION_NUMBER, 777),
    ]
    shared = face_of(software_card(personalise(profile(union_profile(), shared_purse=True))))
    assert [one.balance_fen for one in shared.purses] == [6070, 6070]


def test_the_main_purse_is_selected_when_reading_is_over() -> None:
    card = software_card(personalise(profile(union_profile())))
    face_of(card)
    answer = card.transmit(Command(0x80, 0x5C, 3, 2, expected=4).encode())
    assert answer.hex() == "000017b69000"


def test_a_gate_stops_at_the_first_purse() -> None:
    spy = Spoiled(software_card(personalise(profile(union_profile()))), -1, bytes)
    face = face_of(spy, every=False)
    assert [one.scheme for one in face.purses] == ["t_union"]
    assert spy.count <= 6


def test_no_repr_of_a_face_holds_a_number() -> None:
    face = face_of(software_card())
    assert NUMBER[2:] not in repr(face) and NUMBER[2:] not in repr(face.main)


def test_a_directory_without_the_purse_is_no_reason_to_miss_it() -> None:
    card = Played({T_UNION: f"6F318408A000000632010105A5259F0801029F0C1E{CONTENT}9000",
                   "805C030204": "8000164E9000"})  # fmt: skip
    face = face_of(card)
    assert (face.number, face.balance_fen) == (NUMBER, 5710)
    assert face.management is None and face.transit == ()
    assert face.main.unreadable == {}


def test_file_15_is_read_where_the_answer_to_select_lacks_it() -> None:
    card = Played({T_UNION: "6F0A8408A0000006320101059000", "00B095001E": f"{CONTENT}9000"})
    assert face_of(card).number == NUMBER


def test_a_card_without_money_tells_its_overdraft() -> None:
    card = Played({T_UNION: f"6F318408A000000632010105A5259F0801029F0C1E{CONTENT}9000",
                   "805C030204": "000000009000", "805C020204": "0000012C9000"})  # fmt: skip
    assert face_of(card).balance_fen == -300


def test_a_card_that_knows_only_the_total_tells_that() -> None:
    card = Played({T_UNION: f"6F318408A000000632010105A5259F0801029F0C1E{CONTENT}9000",
                   "805C030204": "6A86", "805C000204": "000000649000"})  # fmt: skip
    assert face_of(card).balance_fen == 100


def test_management_is_read_as_short_as_the_card_keeps_it() -> None:
    card = Played({T_UNION: f"6F318408A000000632010105A5259F0801029F0C1E{CONTENT}9000",
                   "00B097003C": "6700", "00B097000B": "00000156100010000001019000"})  # fmt: skip
    face = face_of(card)
    assert face.management and face.management.city == "1000"
    assert face.main.unreadable == {}


def test_trips_that_lie_in_another_order_are_found_by_their_id() -> None:
    rail, bus = (bytes.fromhex(f"27{nn}7D").hex().upper() + "00" * 125 for nn in ("01", "02"))
    card = Played({T_UNION: f"6F318408A000000632010105A5259F0801029F0C1E{CONTENT}9000",
                   "00B201D480": f"{bus}9000", "00B202D480": f"{rail}9000",
                   "00B201D080": f"{rail}9000", "00B202D080": f"{bus}9000"})  # fmt: skip
    assert [trip.record_id for trip in face_of(card).transit] == [0x2701, 0x2702]


def test_a_card_of_shenzhen_is_read_by_its_own_application() -> None:
    data = "00" * 16 + "D2029649" + "2026010120360101" + "10100000"
    card = Played({SHENZHEN: f"6F3284075041592E535A54A5279F0801029F0C20{data}9000",
                   "805C030204": "000003E89000"})  # fmt: skip
    face = face_of(card)
    assert (face.scheme, face.number, face.balance_fen) == ("local:440300", "12345678905", 1000)


def test_a_card_of_chongqing_keeps_its_number_in_the_master_file() -> None:
    data = "0001400020141203" + "20991231" + "00" * 20
    mf = "00" * 12 + "4000990000000017" + "20140512" + "00" * 24
    card = Played({CITY_UNION: f"6F348409A00000000386980701A5279F0801999F0C20{data}9000",
                   "805C030204": "000003E89000", "00A40000023F0000": "9000",
                   "00B0850018": f"{mf[:48]}9000"})  # fmt: skip
    face = face_of(card)
    assert (face.scheme, face.number, face.balance_fen) == (
        "local:500000", "4000990000000017", 1000,
    )  # fmt: skip
    assert face.main.expires and face.main.expires.year == 2099
    assert card.asked[-1] == CITY_UNION


def test_an_old_card_of_beijing_has_no_application_of_its_own_name() -> None:
    mf = "1000990000000017" + "00" * 16 + "2018041020280410"
    card = Played({"00A40000023F0000": "9000", "00B0840020": f"{mf}9000",
                   "00A4000002100100": "6F08840450424F43A5009000",
                   "805C030204": "0000164E9000"})  # fmt: skip
    face = face_of(card)
    assert (face.scheme, face.number) == ("local:110000", "1000990000000017")
    assert face.balance_fen == 5710


def test_a_locked_application_is_a_locked_card() -> None:
    assert read_card(Played({T_UNION: "6A81"})) == Refusal("CARD_LOCKED")
    image = personalise(profile(union_profile()))
    locked = replace(image.applications[0], state=BLOCKED)
    face = face_of(software_card(image.with_application(0, locked)))
    assert [(one.scheme, one.locked) for one in face.purses] == [
        ("city_union", False), ("t_union", True),
    ]  # fmt: skip


def test_a_card_with_nothing_known_on_it_has_no_application() -> None:
    assert read_card(Played({})) == Refusal("CARD_APP_MISSING")


@pytest.mark.parametrize("answer", ["", "90", "00" * 300])
def test_what_never_answers_as_a_card_does_is_refused(answer: str) -> None:
    found = read_card(Played({}, otherwise=answer))
    assert isinstance(found, Refusal) and found.code == "CARD_RESPONSE_LENGTH"
    assert "{" not in found.message("en")


@pytest.mark.parametrize("code", ["CARD_REMOVED", "CARD_TIMEOUT", "CARD_COLLISION"])
def test_a_card_that_leaves_at_any_step_is_one_refusal(code: Gone) -> None:
    image = personalise(profile(union_profile()))
    for at in range(steps()):
        link = Spoiled(software_card(image), at, leaves(code))
        found = read_card(link, journeys=True)
        assert isinstance(found, Refusal) and found.code == code, at
        assert link.count == at + 1, "nothing more is asked of a card that has left"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: b"",
        lambda answer: answer[:1],
        lambda answer: bytes(300),
        lambda answer: b"\x90\x00",
        lambda answer: b"\x12\x34",
        lambda answer: answer[: len(answer) // 2] + b"\x90\x00",
        lambda answer: b"\xff" * (len(answer) - 2) + b"\x90\x00",
    ],
    ids=["nothing", "one byte", "300 bytes", "only ok", "unknown status", "half", "all FF"],
)
def test_nonsense_at_any_one_step_spoils_that_part_and_no_other(spoil: object) -> None:
    assert callable(spoil)
    image = personalise(profile(union_profile()))
    for at in range(steps()):
        found = read_card(Spoiled(software_card(image), at, spoil), journeys=True)
        assert isinstance(found, CardFace), at
        for purse in found.purses:
            assert all(reason in all_reasons() for reason in purse.unreadable.values())


def test_a_part_that_answers_nonsense_is_named() -> None:
    image = personalise(profile())
    answers = [b"\x12\x34", b"\x00\x90\x00"]
    face = face_of(Spoiled(software_card(image), 3, lambda _: answers[1]))
    assert face.main.unreadable == {"balance": "CARD_RESPONSE_LENGTH"}
    assert face.balance_fen is None and face.number == NUMBER
    face = face_of(Spoiled(software_card(image), 4, lambda _: answers[0]))
    assert face.main.unreadable == {"1A:1": "CARD_SW_UNKNOWN"}


@settings(deadline=None)
@given(st.binary(max_size=60), st.booleans())
def test_a_card_that_answers_the_same_to_everything(answer: bytes, ok: bool) -> None:
    link = Played({}, otherwise=(answer + (b"\x90\x00" if ok else b"")).hex())
    found = read_card(link, journeys=True)
    if isinstance(found, Refusal):
        assert found.code in all_reasons() and found.message("zh")


@pytest.mark.parametrize(("sak", "chip"), [(0x08, "1K"), (0x18, "4K"), (0x09, "Mini")])
def test_an_m1_card_is_recognised_and_trusted_with_nothing(sak: int, chip: str) -> None:
    face = recognise_sak(b"\x01\x02\x03\x04", sak)
    assert face == LegacyFace(b"\x01\x02\x03\x04", chip)
    assert face and face.trust == "legacy_untrusted"


@pytest.mark.parametrize("sak", [0x20, 0x28, 0x38, 0x00, 0x60])
def test_a_card_with_a_processor_is_no_m1_card(sak: int) -> None:
    assert recognise_sak(b"\x01\x02\x03\x04", sak) is None


def test_a_reader_names_an_m1_card_in_the_answer_it_makes_up() -> None:
    atr = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
    assert recognise_atr(b"\x01", atr) == LegacyFace(b"\x01", "1K")
    ultralight = atr[:13] + b"\x00\x03" + atr[15:]
    assert recognise_atr(b"\x01", ultralight) is None
    assert recognise_atr(b"\x01", bytes.fromhex("3B8880015450")) is None
