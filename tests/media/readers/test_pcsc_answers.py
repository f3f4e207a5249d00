"""What a PC/SC service may say, said by a made-up one: each becomes one refusal or one `CardGone`.

A virtual reader cannot hold a card that does not wake or two at once; this one can say so.
"""

import sys
from types import ModuleType
from typing import Any

import pytest

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardGone
from tongxing.media.card.readers.atr import SOFTWARE_ATR, kind_of
from tongxing.media.card.readers.pcsc import PcscLink, open_pcsc

CODES = {
    "SCARD_S_SUCCESS": 0,
    "SCARD_E_SHARING_VIOLATION": 0x8010000B,
    "SCARD_E_NO_SMARTCARD": 0x8010000C,
    "SCARD_E_PROTO_MISMATCH": 0x8010000F,
    "SCARD_E_NOT_TRANSACTED": 0x80100016,
    "SCARD_E_READER_UNAVAILABLE": 0x80100017,
    "SCARD_E_NO_SERVICE": 0x8010001D,
    "SCARD_W_UNRESPONSIVE_CARD": 0x80100066,
    "SCARD_W_RESET_CARD": 0x80100068,
    "SCARD_W_REMOVED_CARD": 0x80100069,
}
BITS = {
    "SCARD_STATE_CHANGED": 0x02,
    "SCARD_STATE_EMPTY": 0x10,
    "SCARD_STATE_PRESENT": 0x20,
    "SCARD_STATE_MUTE": 0x200,
    "SCARD_PROTOCOL_T0": 1,
    "SCARD_PROTOCOL_T1": 2,
}
NAMES = ("SCARD_SCOPE_SYSTEM", "SCARD_SHARE_EXCLUSIVE", "SCARD_UNPOWER_CARD")


class MadeUpService:
    """Says what it is told to say, and notes the commands it was sent."""

    def __init__(self) -> None:
        self.state, self.connecting, self.sending = BITS["SCARD_STATE_PRESENT"], 0, 0
        self.protocol = BITS["SCARD_PROTOCOL_T1"]
        self.answers: list[bytes] = []
        self.sent: list[bytes] = []

    def module(self) -> ModuleType:
        made = ModuleType("smartcard.scard")
        for name, value in {**CODES, **BITS, **dict.fromkeys(NAMES, 0)}.items():
            setattr(made, name, value)
        made.__dict__.update(
            SCardEstablishContext=lambda _scope: (0, 1),
            SCardReleaseContext=lambda _context: 0,
            SCardListReaders=lambda _context, _groups: (0, ["Made up 00 00"]),
            SCardGetStatusChange=lambda _context, _wait, s: (0, [(s[0][0], self.state, [])]),
            SCardConnect=lambda *_: (self.connecting, 7, self.protocol),
            SCardStatus=lambda _card: (0, "", 0, 0, list(SOFTWARE_ATR)),
            SCardDisconnect=lambda *_: 0,
            SCardTransmit=self.transmit,
        )
        return made

    def transmit(self, _card: int, _protocol: int, command: list[int]) -> tuple[int, list[int]]:
        self.sent.append(bytes(command))
        return self.sending, list(self.answers.pop(0)) if self.answers else []


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> MadeUpService:
    made = MadeUpService()
    package: Any = ModuleType("smartcard")
    package.scard = made.module()
    monkeypatch.setitem(sys.modules, "smartcard", package)
    return made


def signed(code: int) -> int:
    return code - 0x1_0000_0000 if code & 0x8000_0000 else code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("SCARD_E_SHARING_VIOLATION", "READER_IN_USE"),
        ("SCARD_E_PROTO_MISMATCH", "CARD_COLLISION"),
        ("SCARD_W_UNRESPONSIVE_CARD", "CARD_COLLISION"),
        ("SCARD_E_NO_SERVICE", "READER_SERVICE_DOWN"),
        ("SCARD_E_NO_SMARTCARD", "READER_NO_CARD"),
        ("SCARD_W_REMOVED_CARD", "READER_NO_CARD"),
    ],
)
def test_a_connection_that_fails_says_why(service: MadeUpService, said: str, code: str) -> None:
    for service.connecting in (CODES[said], signed(CODES[said])):
        refused = open_pcsc(wait_s=0)
        assert isinstance(refused, Refusal) and refused.code == code


def test_a_card_that_lies_there_and_says_nothing_is_taken_for_several(
    service: MadeUpService,
) -> None:
    service.state |= BITS["SCARD_STATE_MUTE"]
    refused = open_pcsc(wait_s=0)
    assert isinstance(refused, Refusal) and refused.code == "CARD_COLLISION"


@pytest.mark.parametrize(
    ("said", "state", "code"),
    [
        ("SCARD_W_REMOVED_CARD", "SCARD_STATE_PRESENT", "CARD_REMOVED"),
        ("SCARD_W_RESET_CARD", "SCARD_STATE_PRESENT", "CARD_REMOVED"),
        ("SCARD_E_READER_UNAVAILABLE", "SCARD_STATE_PRESENT", "CARD_REMOVED"),
        ("SCARD_E_NOT_TRANSACTED", "SCARD_STATE_EMPTY", "CARD_REMOVED"),
        ("SCARD_E_NOT_TRANSACTED", "SCARD_STATE_PRESENT", "CARD_TIMEOUT"),
        ("SCARD_S_SUCCESS", "SCARD_STATE_EMPTY", "CARD_REMOVED"),
        ("SCARD_S_SUCCESS", "SCARD_STATE_PRESENT", "CARD_TIMEOUT"),
    ],
    ids=lambda value: value.removeprefix("SCARD_"),
)
def test_a_command_without_an_answer_says_whether_the_card_is_gone(
    service: MadeUpService, said: str, state: str, code: str
) -> None:
    with opened() as link:
        service.sending, service.state = CODES[said], BITS[state]
        with pytest.raises(CardGone) as gone:
            link.transmit(b"\x00\x84\x00\x00\x04")
    assert gone.value.code == code


def test_the_older_protocol_brings_the_whole_answer_in_pieces(service: MadeUpService) -> None:
    service.protocol = BITS["SCARD_PROTOCOL_T0"]
    service.answers = [b"\x61\x08", b"12345678\x90\x00", b"\x6c\x04", b"abcd\x90\x00"]
    with opened() as link:
        assert link.transmit(bytes.fromhex("80700000021122") + b"\x08") == b"12345678\x90\x00"
        assert link.transmit(bytes.fromhex("00B0960006")) == b"abcd\x90\x00"
    assert service.sent == [
        bytes.fromhex(text) for text in ("80700000021122", "00C0000008", "00B0960006", "00B0960004")
    ]


def opened() -> PcscLink:
    link = open_pcsc(wait_s=0)
    assert isinstance(link, PcscLink)
    return link


@pytest.mark.parametrize(
    ("atr", "kind"),
    [
        (SOFTWARE_ATR.hex(), "cpu"),
        ("3B8F8001804F0CA000000306030001000000006A", "legacy"),
        ("3B8F8001804F0CA0000003060300020000000069", "legacy"),
        ("3B8F8001804F0CA0000003060300260000000000", "legacy"),
        ("3B8F8001804F0CA0000003060300030000000068", "other"),
        ("3B8F8001804F0CA00000030611003B0000000042", "other"),
        ("3B6D000000814D220886074D6F5445", "cpu"),
        ("3B", "other"),
        ("", "other"),
    ],
)
def test_the_first_answer_tells_the_kind_of_card(atr: str, kind: str) -> None:
    assert kind_of(bytes.fromhex(atr)) == kind
