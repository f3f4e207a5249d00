"""Signed HTTP messages: the standard's own vector, what must be covered, and every bit of one."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms

from tongxing.kernel.reasons import Refusal
from tongxing.signed_http import (
    Answer,
    Fields,
    HttpKey,
    Request,
    Signed,
    check_answer,
    check_request,
    content_digest,
    sha256_of_digest,
    sign_answer,
    sign_request,
)

NOW_S = 1_773_800_000
KEY = HttpKey("ACQ-1/a", Ed25519PrivateKey.from_private_bytes(b"k" * 32))
HUB = HttpKey("HUB/a", Ed25519PrivateKey.from_private_bytes(b"h" * 32))
NONCE = "0123456789abcdef"


def public_of(key_id: str) -> Ed25519PublicKey | None:
    return KEY.public() if key_id == KEY.key_id else None


def a_request(*, body: bool = True) -> Request:
    fields = [("Content-Digest", content_digest(b"\1" * 32))] if body else []
    asked = Request("PUT", "https://hub.example/v1/x?after=7", Fields(fields))
    sign_request(asked, KEY, NOW_S, NONCE)
    return asked


def an_answer(asked: Request, label: str = "tx") -> Answer:
    told = Answer(200, Fields([("Content-Digest", content_digest(b"\2" * 32))]), asked)
    sign_answer(told, HUB, NOW_S, label)
    return told


def code(found: Signed | Refusal | None) -> str:
    return found.code if isinstance(found, Refusal) else ""


def test_the_vector_of_the_standard_for_ed25519() -> None:
    """RFC 9421 B.2.6, with the key of B.1.4: the canonical form and the algorithm are the RFC's."""
    pem = (
        b"-----BEGIN PRIVATE KEY-----\n"
        b"MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"
        b"-----END PRIVATE KEY-----\n"
    )
    private = load_pem_private_key(pem, None)
    assert isinstance(private, Ed25519PrivateKey)
    lines = [
        ("Host", "example.com"),
        ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("Content-Type", "application/json"),
        ("Content-Length", "18"),
    ]
    asked = Request("POST", "https://example.com/foo?param=Value&Pet=dog", Fields(lines))
    keys = MappingKeyResolver(public_keys={}, private_keys={"test-key-ed25519": private})
    prepared = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=keys).prepare(
        asked,
        key_id="test-key-ed25519",
        created=datetime.fromtimestamp(1618884473, UTC),
        label="sig-b26",
        include_alg=False,
        covered_component_ids=(
            "date", "@method", "@path", "@authority", "content-type", "content-length",
        ),
    )  # fmt: skip
    assert base64.b64encode(private.sign(prepared.signature_base)).decode() == (
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )


def test_a_signed_request_and_its_answer_are_believed() -> None:
    asked = a_request()
    found = check_request(asked, public_of, NOW_S + 200)
    assert found == Signed("ACQ-1/a", NOW_S, NONCE, "tx")
    assert check_answer(an_answer(asked), HUB.key_id, HUB.public(), "tx", NOW_S - 200) is None


def other(change: Callable[[Request], None]) -> Request:
    asked = a_request()
    change(asked)
    return asked


def with_field(name: str, value: str) -> Request:
    return other(lambda asked: asked.headers.__setitem__(name, value))


def without(name: str) -> Request:
    return other(lambda asked: asked.headers.__delitem__(name))


BAD_REQUESTS: list[tuple[str, Request, str]] = [
    ("no signature", without("signature"), "HTTP_UNSIGNED"),
    ("no input", without("signature-input"), "HTTP_UNSIGNED"),
    ("another method", other(lambda asked: setattr(asked, "method", "POST")), "HTTP_SIGNATURE"),
    ("another path", other(lambda asked: setattr(asked, "url", asked.url.replace("/x", "/y"))),
     "HTTP_SIGNATURE"),
    ("another query", other(lambda asked: setattr(asked, "url", asked.url + "1")),
     "HTTP_SIGNATURE"),
    ("another host", other(lambda asked: setattr(asked, "url", asked.url.replace("hub", "hab"))),
     "HTTP_SIGNATURE"),
    ("another digest", with_field("content-digest", content_digest(b"\3" * 32)),
     "HTTP_SIGNATURE"),
    ("a range that is not covered", with_field("content-range", "bytes 0-1/2"),
     "HTTP_SIGNATURE"),
    ("no structured field", with_field("signature", "hello"), "HTTP_SIGNATURE"),
    ("two signatures", other(lambda asked: (
        asked.headers.__setitem__("signature", asked.headers.get("signature") * 2))),
     "HTTP_SIGNATURE"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "asked", "expected"), BAD_REQUESTS, ids=lambda row: str(row)[:30])
def test_a_request_that_is_not_as_signed_is_refused(
    what: str, asked: Request, expected: str
) -> None:
    assert code(check_request(asked, public_of, NOW_S)) == expected


def test_a_stranger_an_old_request_and_a_short_nonce_are_refused() -> None:
    assert code(check_request(a_request(), lambda _: None, NOW_S)) == "HTTP_KEY"
    assert code(check_request(a_request(), lambda _: HUB.public(), NOW_S)) == "HTTP_SIGNATURE"
    for off_s in (-301, 301):
        assert code(check_request(a_request(), public_of, NOW_S + off_s)) == "HTTP_CLOCK"
    asked = Request("GET", "https://hub.example/v1/x")
    sign_request(asked, KEY, NOW_S, "short")
    assert code(check_request(asked, public_of, NOW_S)) == "HTTP_SIGNATURE"


def test_why_a_signature_does_not_hold_is_told_in_both_languages() -> None:
    """What the library says of it, in English, stands beside the sentence and not in it."""
    short, odd, twice = Request("GET", "https://hub.example/v1/x"), a_request(), a_request()
    sign_request(short, KEY, NOW_S, "short")
    for name in ("signature", "signature-input"):
        given = odd.headers.get(name)
        odd.headers[name] = given.replace("tx=", f"{'t' * 40}=")
        twice.headers[name] = f"{given}, {given.replace('tx=', 'ty=')}"
    field = with_field("content-range", "bytes 0-1/2")
    uncovered = 'Required component "content-range" was not covered by the signature'
    unlike = "Signature-Input and Signature headers have different labels"
    cases = [
        (check_request(a_request(), lambda _: HUB.public(), NOW_S), "与密钥或所签的内容不符", ""),
        (check_request(field, public_of, NOW_S), "没有覆盖全部必需的字段", uncovered),
        (check_request(with_field("signature", "hello"), public_of, NOW_S), "签名字段无法解读",
         unlike),
        (check_request(twice, public_of, NOW_S), "同一用途的签名不止一个", ""),
        (check_request(short, public_of, NOW_S), "nonce 缺失或格式不对", ""),
        (check_request(odd, public_of, NOW_S), "标签的格式不对", ""),
    ]  # fmt: skip
    for found, why, beside in cases:
        assert isinstance(found, Refusal) and found.code == "HTTP_SIGNATURE"
        assert found.message("zh") == f"HTTP 报文签名无效：{why}"
        assert found.message("en").startswith("The signature of the HTTP message does not hold: ")
        assert "{" not in found.message("en") and found.where == beside


def test_a_request_signed_for_another_purpose_is_refused() -> None:
    """The tag is signed: what was made for something else is no request to a hub."""
    asked = a_request()
    given = asked.headers.get("signature-input")
    asked.headers["signature-input"] = given.replace("tongxing-hub-1", "somebody-else")
    assert code(check_request(asked, public_of, NOW_S)) == "HTTP_SIGNATURE"


def test_an_answer_belongs_to_its_request() -> None:
    one, two = a_request(), a_request(body=False)
    answer = an_answer(one)
    answer.request = two
    assert code(check_answer(answer, HUB.key_id, HUB.public(), "tx", NOW_S)) == "HTTP_SIGNATURE"
    loose = an_answer(one, label="")
    assert code(check_answer(loose, HUB.key_id, HUB.public(), "tx", NOW_S)) == "HTTP_SIGNATURE"
    assert code(check_answer(an_answer(one), "other", HUB.public(), "tx", NOW_S)) == "HTTP_KEY"
    assert (
        code(check_answer(an_answer(one), HUB.key_id, KEY.public(), "tx", NOW_S))
        == "HTTP_SIGNATURE"
    )


def test_every_turned_bit_of_a_signed_request_is_found() -> None:
    """All bits of the signature; one of each byte of what says what it covers, and of a digest."""
    for name, step in (("signature", 1), ("signature-input", 9), ("content-digest", 9)):
        plain = a_request().headers.get(name).encode()
        for bit in range(0, 8 * len(plain), step):
            turned = bytearray(plain)
            turned[bit // 8] ^= 1 << bit % 8
            asked = with_field(name, turned.decode("latin-1"))
            found = check_request(asked, public_of, NOW_S)
            if isinstance(found, Signed):  # the label alone is not signed, and says nothing
                assert found == Signed("ACQ-1/a", NOW_S, NONCE, found.label), bit


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("sha-256=:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=:", b"\1" * 32),
        ("sha-512=:AAAA:, sha-256=:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=:", b"\1" * 32),
        ("sha-256=:AQEB:", None),
        ("md5=:AQEB:", None),
        ("", None),
        ("sha-256=:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=:, sha-256=:"
         "AgEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=:", None),
    ],
)  # fmt: skip
def test_a_digest_is_read_strictly(value: str, found: bytes | None) -> None:
    assert sha256_of_digest(value) == found
