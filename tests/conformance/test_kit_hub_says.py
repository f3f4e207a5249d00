"""The kit's hub says to a member what the hub would say: why a request is not believed."""

import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tongxing.conformance.member.hub import KitHub
from tongxing.conformance.member.looking import Looking
from tongxing.conformance.member.registers import RegisterShelf
from tongxing.messages import SigningKey
from tongxing.signed_http import Fields, HttpKey, Request, content_digest, sign_request

NOW_S = 1_773_800_000
KEY, OTHER = (
    HttpKey("ACQ-1/a", Ed25519PrivateKey.from_private_bytes(b * 32)) for b in (b"k", b"o")
)
MEMBERS = ("ACQ-1", "ISS-1")
PATH = "/v1/members/ACQ-1/files/F1/data"


@pytest.fixture
def hub() -> KitHub:
    key, stranger = (
        SigningKey("HUB", Ed25519PrivateKey.from_private_bytes(b * 32)) for b in (b"h", b"s")
    )
    looking = Looking(KEY.key_id, KEY.public(), MEMBERS[0])
    shelf = RegisterShelf(looking, (*MEMBERS, "500000"))
    return KitHub(
        key, stranger, looking, MEMBERS, "W20260318", lambda: NOW_S, time.monotonic, shelf
    )


def said(hub: KitHub, key: HttpKey, signed_s: int = NOW_S) -> tuple[int, str, str]:
    """What is answered to a piece of a file with other bytes than were signed."""
    asked = Request("PUT", f"https://hub.example{PATH}", Fields([]))
    asked.headers["Content-Digest"] = content_digest(b"\1" * 32)
    sign_request(asked, key, signed_s, "0123456789abcdef")
    answer = hub.answered("PUT", asked.url, PATH, asked.headers.items(), b"other bytes")
    told = json.loads(answer.body)
    return answer.status, told["code"], told["message_zh"] + told["message_en"]


def test_a_member_is_told_why_its_request_is_not_believed(hub: KitHub) -> None:
    for status, code, answer in (
        (401, "HTTP_SIGNATURE", said(hub, OTHER)),
        (401, "HTTP_CLOCK", said(hub, KEY, NOW_S - 3_600)),
        (401, "HTTP_KEY", said(hub, HttpKey("ACQ-1/b", KEY.private))),
        (400, "HTTP_DIGEST", said(hub, KEY)),
    ):
        assert answer[:2] == (status, code)
        assert "{" not in answer[2]
