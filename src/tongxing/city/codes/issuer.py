"""Who signs authorisations: the issuer's signer with the certificate that a root gave for its key.

The private key stays behind the signer: OpenSSL's memory, a module, a test. A certificate lasts to
the end of its month, so a city runs two issuers side by side when it renews one: codes granted
under the old certificate go on until it ends.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.issue import Authorisation, Signer, authorise, make_certificate, signer
from tongxing.media.code.layout import Certificate, read_certificate
from tongxing.media.crypto.providers import private_key, simulated_signer, sm2
from tongxing.media.crypto.sm2 import Sm2

TEST_ROOT_INDEX = 1
_TEST_YEARS = 3
_TEST_SERIAL = "000001"
_DECEMBER = 12


@dataclass(frozen=True, slots=True)
class CodeIssuer:
    """Signs what phones keep. `certificate` has 117 bytes, `platform_id` 8 digits.

    `is_test` says that its keys protect nothing.
    """

    signer: Signer
    certificate: bytes
    platform_id: str
    is_test: bool = False

    @property
    def fields(self) -> Certificate:
        """What the certificate says."""
        return read_certificate(self.certificate)

    @property
    def ends_s(self) -> int:
        """The first instant at which the certificate is over.

        Raises ValueError for a certificate whose month is none.
        """
        month, year = (int(part) for part in (self.fields.expires[:2], self.fields.expires[2:]))
        years, before = divmod(month, _DECEMBER)
        return at(date(2000 + year + years, before + 1, 1))

    def authorise(self, granted: Authorisation) -> bytes | Refusal:
        """The bytes of fields 3 to 15. Refuses what the signer refuses."""
        return authorise(self.signer, self.certificate, granted)


@dataclass(frozen=True, slots=True)
class SimulatedRoot:
    """A root that protects nothing: for tests, the demo and the simulation."""

    private: bytes
    public: bytes

    def sign(self, message: bytes) -> bytes:
        """The root's signature. Not constant time."""
        return simulated_signer().sign(self.private, message)

    @property
    def roots(self) -> bytes:
        """The file that gates and ``tongxing code verify --roots`` read."""
        return roots_file({TEST_ROOT_INDEX: self.public})


def roots_file(roots: dict[int, bytes]) -> bytes:
    """Public root keys (33 bytes) by index, as the file that tells gates whom to believe."""
    return json.dumps({str(index): key.hex() for index, key in roots.items()}).encode() + b"\n"


def simulated_issuer(
    random: Callable[[int], bytes], issuer_id: str, platform_id: str, today: date
) -> tuple[CodeIssuer, SimulatedRoot]:
    """An issuer and its root from `random`, for tests and the demo: never where money is real.

    It signs with the system's OpenSSL where that can, and slowly where it cannot.
    """
    root_key, issuer_key = private_key(random), private_key(random)
    simulated = simulated_signer()
    root = SimulatedRoot(root_key, simulated.public_of(root_key))
    certificate = make_certificate(
        root.sign,
        issuer_id=issuer_id,
        public_key=simulated.public_of(issuer_key),
        expires=date(today.year + _TEST_YEARS, today.month, 1),
        serial=_TEST_SERIAL,
        root_index=TEST_ROOT_INDEX,
    )
    assert isinstance(certificate, bytes)
    return CodeIssuer(signer_for_tests(issuer_key), certificate, platform_id, is_test=True), root


def renewed(
    issuer: CodeIssuer, root: Signer, root_index: int, expires: date, serial: str
) -> CodeIssuer | Refusal:
    """The same issuer and key under a new certificate, to the end of the month of `expires`.

    Refuses what the root's signer refuses. Raises ValueError for a serial that is not 6 digits.
    """
    fields = issuer.fields
    made = make_certificate(
        root,
        issuer_id=fields.issuer_id,
        public_key=fields.public_key,
        expires=expires,
        serial=serial,
        root_index=root_index,
    )
    if isinstance(made, Refusal):
        return made
    return CodeIssuer(issuer.signer, made, issuer.platform_id, issuer.is_test)


def certified(issuer: CodeIssuer, private: bytes, computer: Sm2 | None = None) -> bool:
    """Whether the certificate is for this private key."""
    public = (computer or sm2()).public_of(private)
    return public == issuer.fields.public_key


def signer_for_tests(private: bytes) -> Signer:
    """Signs with a key that protects nothing: by OpenSSL where it can, else in plain Python, which
    is slow and not constant time."""
    computer = sm2()
    if isinstance(computer.public_of(private), Refusal):
        return lambda message: simulated_signer().sign(private, message)
    return signer(computer, private)
