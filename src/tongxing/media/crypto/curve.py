"""The recommended curve of GM/T 0003.5 (sm2p256v1), and points as the bytes that travel.

y² = x³ + ax + b over the integers modulo P, with a = -3 and a prime number N of points. A point
that is not on the curve never gets past `decode_point`; nothing here touches a private key.
"""

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
NUMBER_BYTES = 32

_COMPRESSED = NUMBER_BYTES + 1
_PLAIN = 2 * NUMBER_BYTES
_UNCOMPRESSED = _PLAIN + 1


def number(raw: bytes) -> int:
    """Bytes as the number that they write, highest first."""
    return int.from_bytes(raw, "big")


def number_bytes(value: int) -> bytes:
    """A number below 2²⁵⁶ as 32 bytes, highest first."""
    return value.to_bytes(NUMBER_BYTES, "big")


def decode_point(public: bytes) -> tuple[int, int] | None:
    """The point of a public key, or None when the bytes are none or are off the curve.

    Read are 33 bytes (02 or 03, then x), 65 bytes (04, x, y) and 64 bytes (x, y).
    """
    if len(public) == _COMPRESSED and public[0] in (2, 3):
        return _with_y(number(public[1:]), public[0] & 1)
    if len(public) == _UNCOMPRESSED and public[0] == 4:
        public = public[1:]
    if len(public) != _PLAIN:
        return None
    x, y = number(public[:NUMBER_BYTES]), number(public[NUMBER_BYTES:])
    return (x, y) if is_on_curve(x, y) else None


def encode_point(x: int, y: int) -> bytes:
    """A point as the 33 bytes in which codes and certificates carry it."""
    return bytes((2 + (y & 1),)) + number_bytes(x)


def is_on_curve(x: int, y: int) -> bool:
    """Whether both are reduced and satisfy the equation."""
    return 0 <= x < P and 0 <= y < P and (y * y - _right_side(x)) % P == 0


def _with_y(x: int, odd: int) -> tuple[int, int] | None:
    if x >= P:
        return None
    square = _right_side(x)
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        return None
    return (x, y if y & 1 == odd else P - y)


def _right_side(x: int) -> int:
    return (x * x * x + A * x + B) % P
