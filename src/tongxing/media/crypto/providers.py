"""Who computes SM2 here: looked at once, by the published example, never by a name or a version.

Ordinary work gets the system's OpenSSL, or plain Python where that has no SM2. The compiled kernel
is several times faster, but loading it costs half a second and compiling it some ten seconds on
each machine's first use; so only a caller with thousands of signatures asks for it by
`sm2(prefer="bulk")`, and a short command never pays. TONGXING_SM2 (plain, libcrypto, compiled)
forces one; what is forced and cannot work is a `Problem`, never something else instead.

Nothing here may fall back to simulated signing.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tongxing.kernel.reasons import Problem, Refusal
from tongxing.kernel.texts import load_catalogue
from tongxing.media.crypto.libcrypto import LibcryptoUnfit
from tongxing.media.crypto.sm2 import PRIVATE_BYTES, Sm2, is_private
from tongxing.media.crypto.sm2_libcrypto import LibcryptoSm2
from tongxing.media.crypto.sm2_plain import PlainSm2
from tongxing.media.crypto.sm2_points import quickest
from tongxing.media.crypto.sm2_simulated import SimulatedSigner
from tongxing.media.crypto.sm3 import sm3
from tongxing.media.crypto.standard import standard

VARIABLE = "TONGXING_SM2"
"""The environment variable that forces a provider by its name."""

Work = Literal["ordinary", "bulk"]


@dataclass(frozen=True, slots=True)
class Provider:
    """One way to compute SM2: whether ordinary work uses it, why, and whether it signs.

    `why` is the key of a text; `signs` says that it may be given a real private key.
    """

    name: str
    chosen: bool
    why: str
    signs: bool

    def reason(self, language: str) -> str:
        """Why it was chosen, or why not, in words."""
        return load_catalogue(__package__).text(self.why, language)


def sm2(prefer: Work = "ordinary") -> Sm2:
    """The chosen computer; `prefer="bulk"` is for thousands of checks, and may take ten seconds.

    Raises Problem (SM2_PROVIDER_UNKNOWN, SM2_PROVIDER_UNFIT) for a forced one that cannot work.
    """
    return _sm2(prefer, os.environ.get(VARIABLE, ""))


def providers() -> list[Provider]:
    """Every provider in the order of speed, with the reason of the choice; compiles nothing.

    Raises Problem as `sm2` does.
    """
    forced = os.environ.get(VARIABLE, "")
    if forced == "compiled" and not find_spec("numba"):
        raise _unfit(forced)
    chosen = forced if forced == "compiled" else sm2().name
    signs = _made("libcrypto") is not None
    return [
        Provider(name, name == chosen, _why(name, chosen, forced), signs and name != "plain")
        for name in _MAKERS
    ]


def simulated_signer() -> SimulatedSigner:
    """Signing for simulators and tests: the same signature every time, and NOT constant time."""
    return SimulatedSigner()


def generate_key(random: Callable[[int], bytes]) -> tuple[bytes, bytes] | Refusal:
    """A new private key (32 bytes) and its public one (33), from `random(32)` asked as needed.

    Refuses with SM2_NO_SIGNER where nothing may compute with a real key; simulators make theirs
    by `private_key` and `simulated_signer().public_of`.
    """
    private = private_key(random)
    public = sm2().public_of(private)
    return public if isinstance(public, Refusal) else (private, public)


def private_key(random: Callable[[int], bytes]) -> bytes:
    """A new private key: the first 32 bytes of `random` that can be one."""
    while not is_private(found := random(PRIVATE_BYTES)):
        continue
    return found


def public_of(private: bytes) -> bytes | Refusal:
    """The public key of a private one, by the chosen provider. Raises ValueError for none."""
    return sm2().public_of(private)


def is_right(computer: Sm2) -> bool:
    """Whether a computer accepts the published signature and nothing near it, and keys likewise."""
    example = standard()
    x, y = example.sm2_public[:32], example.sm2_public[32:]
    if computer.key(x + y[:-1] + bytes((y[-1] ^ 1,))) is not None:
        return False
    for tabled in (False, True):
        key = computer.key(example.sm2_public, tabled=tabled)
        if key is None or not computer.verify(key, example.sm2_message, example.sm2_signature):
            return False
        if computer.verify(key, example.sm2_message + b"\0", example.sm2_signature):
            return False
    return True


def wrong_basics() -> list[str]:
    """Which of SM3 and SM4 do not give their published example on this machine."""
    example = standard()
    wrong = [] if sm3(example.sm3_message) == example.sm3_digest else ["SM3"]
    try:
        cipher = Cipher(algorithms.SM4(example.sm4_key), modes.ECB()).encryptor()
        right = cipher.update(example.sm4_plain) == example.sm4_cipher
    except UnsupportedAlgorithm:
        right = False
    return wrong if right else [*wrong, "SM4"]


@cache
def _sm2(prefer: Work, forced: str) -> Sm2:
    if forced:
        if forced not in _MAKERS:
            raise Problem("SM2_PROVIDER_UNKNOWN", VARIABLE, name=forced, names=", ".join(_MAKERS))
        if (computer := _made(forced)) is None:
            raise _unfit(forced)
        return computer
    order = ("compiled", "libcrypto", "plain") if prefer == "bulk" else ("libcrypto", "plain")
    return next(computer for name in order if (computer := _made(name)))


@cache
def _made(name: str) -> Sm2 | None:
    """The provider of a name, or None when it is not here or gets the example wrong."""
    computer = _MAKERS[name]()
    return computer if computer and is_right(computer) else None


def _libcrypto() -> Sm2 | None:
    """OpenSSL, when it also signs what it accepts, and itself refuses a point off the curve."""
    example = standard()
    try:
        computer = LibcryptoSm2()
        key = computer.key(example.sm2_public)
        signature = computer.sign(example.sm2_private, example.sm2_message)
        signs = key is not None and computer.verify(key, example.sm2_message, signature)
        off_curve = example.sm2_public[:-1] + bytes((example.sm2_public[-1] ^ 1,))
        fit = signs and computer.refuses(off_curve) and is_right(computer)
        return quickest(computer) if fit else None
    except LibcryptoUnfit:
        return None


def _compiled() -> Sm2 | None:
    """The kernel, where numba is installed; private keys go to OpenSSL, or nowhere."""
    if not find_spec("numba"):
        return None
    from tongxing.media.crypto.sm2_compiled import CompiledSm2

    return CompiledSm2(_made("libcrypto") or PlainSm2())


_MAKERS: dict[str, Callable[[], Sm2 | None]] = {
    "compiled": _compiled,
    "libcrypto": _libcrypto,
    "plain": PlainSm2,
}


def _unfit(forced: str) -> Problem:
    return Problem("SM2_PROVIDER_UNFIT", VARIABLE, name=forced)


def _why(name: str, chosen: str, forced: str) -> str:
    if name == chosen:
        return "forced" if forced else f"chosen.{name}"
    if name == "compiled":
        return "bulk" if find_spec("numba") else "absent.compiled"
    return "slower" if _made(name) else "unfit"
