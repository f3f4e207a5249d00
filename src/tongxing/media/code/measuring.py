"""What one ride code costs a gate, beside the two bare signatures that nobody can save.

Every code is another passenger's, the issuer's certificate is known: two signatures each, and once
more with the authorisation known too. The reference are OpenSSL's own checks of the same two
signatures with everything prepared. Clocks come in; codes are made with made-up keys.
"""

from collections.abc import Callable, Sequence
from datetime import date
from hashlib import sha256

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.code.caching import CodeCaches
from tongxing.media.code.issue import Authorisation, Signer, authorise, make_certificate, refresh
from tongxing.media.code.layout import RideCode, parse_code, read_certificate
from tongxing.media.code.verify import Accepted, Trust, verify
from tongxing.media.crypto.curve import N, number, number_bytes
from tongxing.media.crypto.der import to_der
from tongxing.media.crypto.libcrypto import Libcrypto, LibcryptoUnfit
from tongxing.media.crypto.providers import simulated_signer
from tongxing.media.crypto.sm2 import PublicKey, Sm2
from tongxing.media.crypto.sm2_plain import PlainSm2

MADE_S = 1_767_831_600
_ISSUER_ID = "99016900"
_US = 1e6
Clock = Callable[[], float]
Work = Callable[[], bool]


class Sample(msgspec.Struct, frozen=True):
    """Codes of as many passengers, and the root that vouches for them."""

    codes: tuple[bytes, ...]
    trust: Trust


class Cost(msgspec.Struct, frozen=True):
    """Microseconds of one core for each code; `known_us` when the authorisation is known too."""

    name: str
    us: float
    known_us: float


class Measured(msgspec.Struct, frozen=True):
    """What was found, the reference first; None where this machine has no OpenSSL with SM2."""

    two_signatures_us: float | None
    costs: tuple[Cost, ...]


def invent_codes(count: int) -> Sample:
    """Codes of `count` passengers of one issuer, all made in the same second."""
    root, issuer = _owner("root"), _owner("issuer")
    certificate = _whole(
        make_certificate(
            root[0],
            issuer_id=_ISSUER_ID,
            public_key=issuer[1],
            expires=date(2030, 12, 1),
            serial="000001",
        )
    )
    codes = []
    for passenger in range(count):
        sign, public = _owner(f"passenger {passenger}")
        granted = Authorisation(
            payment_account=str(passenger),
            card_account=f"{passenger:020}",
            platform_id=_ISSUER_ID,
            user_key=public,
            ends_s=MADE_S + 86_400,
        )
        authorisation = _whole(authorise(issuer[0], certificate, granted))
        codes.append(_whole(refresh(authorisation, sign, MADE_S)))
    return Sample(tuple(codes), Trust(roots={1: root[1]}))


def measure_codes(
    sample: Sample, computers: Sequence[Sm2], rounds: int, clock: Clock, done: Callable[[], None]
) -> Measured:
    """Measure all of them turn by turn and take each one's best round, so that whatever else the
    machine does falls on all alike. Raises ValueError when a code of the sample is not accepted.
    """
    bare = bare_signatures(sample)
    works: list[Work] = [] if bare is None else [bare]
    for computer in computers:
        works.append(_judging(sample, computer, CodeCaches(authorisations=0)))
        works.append(_judging(sample, computer, CodeCaches(authorisations=len(sample.codes))))
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for index, work in enumerate(works):
            began = clock()
            fine = work()
            best[index] = min(best[index], clock() - began)
            if not fine:
                raise ValueError("a code of the sample is not accepted")
        done()
    each = [seconds / len(sample.codes) * _US for seconds in best]
    reference = None if bare is None else each.pop(0)
    pairs = zip(computers, each[::2], each[1::2], strict=True)
    return Measured(reference, tuple(Cost(c.name, us, known) for c, us, known in pairs))


def _judging(sample: Sample, computer: Sm2, caches: CodeCaches) -> Work:
    """All codes judged. One run now, untimed, lets the caches know what they may."""

    def work() -> bool:
        verdicts = [
            verify(raw, sample.trust, MADE_S, caches=caches, sm2=computer) for raw in sample.codes
        ]
        return all(isinstance(verdict, Accepted) for verdict in verdicts)

    work()
    return work


def bare_signatures(sample: Sample) -> Work | None:
    """Both signatures of every code by OpenSSL's own check, keys and digests prepared."""
    try:
        library = Libcrypto()
    except LibcryptoUnfit:
        return None
    keys = PlainSm2()
    prepared = []
    for raw in sample.codes:
        code = parse_code(raw)
        if isinstance(code, Refusal):
            return None
        for public, message, signature in _signatures(code):
            key = keys.key(public)
            native = None if key is None else library.public(_plain(key))
            if key is None or native is None:
                return None
            prepared.append((native, key.digest(message), to_der(signature)))

    def work() -> bool:
        verdicts = [native.verify(digest, der) for native, digest, der in prepared]
        return all(verdicts)

    return work


def _signatures(code: RideCode) -> tuple[tuple[bytes, bytes, bytes], ...]:
    issuer = read_certificate(code.certificate).public_key
    return (
        (issuer, code.authorisation_signed, code.issuer_signature),
        (code.user_key, code.user_signed, code.user_signature),
    )


def _plain(key: PublicKey) -> bytes:
    return number_bytes(key.x) + number_bytes(key.y)


def _owner(label: str) -> tuple[Signer, bytes]:
    secret = number(sha256(f"tongxing bench {label}".encode()).digest()) % (N - 2) + 1
    private, simulated = number_bytes(secret), simulated_signer()
    return lambda message: simulated.sign(private, message), simulated.public_of(private)


def _whole(made: bytes | Refusal) -> bytes:
    if isinstance(made, Refusal):
        raise ValueError(made.code)
    return made
