"""Cases of selection, files and the status words of commands that a card does not know."""

from tongxing.media.card.apdu import Command
from tongxing.media.conformance.card.case import Cases
from tongxing.media.conformance.card.desk import COMPOSITE, PUBLIC_BYTES, Desk
from tongxing.media.conformance.results import Differs, Skipped

CASES = Cases()
_NOBODY = bytes.fromhex("A00000063299999999")
_PPSE = b"2PAY.SYS.DDF01"
_INFO_TAG = bytes.fromhex("9F0C1E")
_MANAGEMENT_BYTES = 60
_TRANSIT = 0x1A


@CASES.add("select-purse", "F1")
def _purse(desk: Desk, _index: int) -> None:
    template = desk.select()
    name = b"\x84" + bytes((len(desk.profile.aid),)) + desk.profile.aid
    if template[:1] != b"\x6f" or name not in template:
        raise Differs("template", "", f"6F … {name.hex().upper()}", template[:14].hex().upper())


@CASES.add("select-unknown", "F1")
def _unknown(desk: Desk, _index: int) -> None:
    desk.refuses(Command(0x00, 0xA4, 0x04, 0x00, _NOBODY, 0), 0x6A82)


@CASES.add("select-directory", "F1")
def _directory(desk: Desk, _index: int) -> None:
    answer = desk.send(Command(0x00, 0xA4, 0x04, 0x00, _PPSE, 0))
    if answer.status == 0x6A82:
        raise Skipped("no_directory")
    if desk.profile.aid not in answer.data:
        raise Differs("directory", "", desk.profile.application, answer.data.hex().upper())


@CASES.add("public-file", "F2")
def _public(desk: Desk, _index: int) -> None:
    template, public = desk.select(), desk.public()
    number = public[10:20].hex()
    desk.same("number", True, number.isdecimal() and number[0] == "0", hidden=True)
    for at in (20, 24):
        day = public[at : at + 4].hex()
        desk.same("date", True, day.isdecimal())
    place = template.find(_INFO_TAG)
    if place >= 0:
        found = template[place + 3 : place + 3 + PUBLIC_BYTES]
        desk.same("template_info", public, found, hidden=True)


@CASES.add("management-file", "F2")
def _management(desk: Desk, _index: int) -> None:
    desk.ok(Command(0x00, 0xB0, 0x97, 0x00, expected=_MANAGEMENT_BYTES), _MANAGEMENT_BYTES)


@CASES.add("unknown-file", "F2")
def _no_file(desk: Desk, _index: int) -> None:
    desk.refuses(Command(0x00, 0xB0, 0x9D, 0x00, expected=1), 0x6A82)


@CASES.add("record-by-id", "F3")
def _by_id(desk: Desk, _index: int) -> None:
    first = desk.ok(Command(0x00, 0xB2, 0x01, _TRANSIT << 3 | 4, expected=0))
    named = desk.ok(Command(0x00, 0xB2, first[1], _TRANSIT << 3, expected=0))
    desk.same("record", first, named)


@CASES.add("unknown-record", "F3")
def _no_record(desk: Desk, _index: int) -> None:
    desk.refuses(Command(0x00, 0xB2, 0xFE, _TRANSIT << 3, expected=0), 0x6A83)


@CASES.add("balance", "F4")
def _balance(desk: Desk, _index: int) -> None:
    whole = desk.ok(Command(0x80, 0x5C, 0x00, 0x02, expected=4), 4)
    desk.same("balance", desk.balance(), int.from_bytes(whole, "big") & 0x7FFF_FFFF)


@CASES.add("unknown-instruction", "W1")
def _instruction(desk: Desk, _index: int) -> None:
    desk.refuses(Command(0x80, 0x0E, 0x00, 0x00), 0x6D00)


@CASES.add("unknown-class", "W1")
def _class(desk: Desk, _index: int) -> None:
    desk.refuses(Command(0xF0, 0xA4, 0x04, 0x00, desk.profile.aid, 0), 0x6E00)


@CASES.add("wrong-length", "W1", each_index=True)
def _length(desk: Desk, index: int) -> None:
    whole = desk.beginning(COMPOSITE, 0, index, 15)
    desk.refuses(Command(0x80, 0x50, 0x03, 0x02, whole.data[:-1], 15), 0x6700)
