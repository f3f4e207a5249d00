"""DER signatures: one way to write each, and nothing else is read."""

from crypto_world import CASES, b32, raw
from hypothesis import given
from hypothesis import strategies as st

from tongxing.media.crypto.der import from_der, to_der

SIGNATURE = raw(CASES["sm2"][0]["signature"])
DER = raw(
    "3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)


def test_the_published_signature_both_ways() -> None:
    assert to_der(SIGNATURE) == DER
    assert from_der(DER) == SIGNATURE


def test_small_numbers_are_written_short() -> None:
    assert to_der(b32(0) + b32(127)) == raw("300602010002017f")
    assert to_der(b32(128) + b32(1)) == raw("30070202008002" + "0101")


def test_what_is_written_in_another_way_is_not_read() -> None:
    wrong = {
        "a byte too many": DER + b"\0",
        "a byte too few": DER[:-1],
        "a needless zero": raw("3007" + "02020001" + "020101"),
        "a negative number": raw("3006" + "0201ff" + "020101"),
        "an empty number": raw("3005" + "0200" + "020101"),
        "a long form of length": raw("308106" + "020101" + "020101"),
        "a length without end": raw("3080" + "020101" + "020101" + "0000"),
        "a set": raw("3106" + "020101" + "020101"),
        "a string": raw("3006" + "040101" + "020101"),
        "three numbers": raw("3009" + "020101" + "020101" + "020101"),
        "one number": raw("3003" + "020101"),
        "33 whole bytes": raw("3026" + "0221" + "01" * 33 + "020101"),
        "a number past the end": raw("3006" + "020101" + "020201"),
        "a byte inside after the numbers": raw("3007" + "020101" + "020101" + "00"),
        "nothing": b"",
        "only a mark": b"\x30",
    }
    assert not [why for why, text in wrong.items() if from_der(text) is not None]
    assert from_der(raw("3006" + "020101" + "020101")) == b32(1) + b32(1)


@given(st.binary(min_size=64, max_size=64))
def test_any_two_numbers_come_back(signature: bytes) -> None:
    assert from_der(to_der(signature)) == signature


@given(st.binary(max_size=80))
def test_any_bytes_are_read_only_if_they_are_the_one_way_to_write_it(text: bytes) -> None:
    found = from_der(text)
    assert found is None or to_der(found) == text


@given(st.binary(min_size=64, max_size=64), st.integers(0, 71), st.integers(1, 255))
def test_der_with_a_changed_byte_is_never_the_same_signature(
    signature: bytes, at: int, change: int
) -> None:
    text = bytearray(to_der(signature))
    text[at % len(text)] ^= change
    found = from_der(bytes(text))
    assert found != signature
    assert found is None or to_der(found) == bytes(text)
