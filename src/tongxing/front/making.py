"""The keys of a city that opens, made where they are missing: one folder, one passphrase.

What is there stays: whoever was stopped in the middle begins again. A city's ride codes are signed
under a certificate; a city on its own makes the root of it here, one in a scheme gets its
certificate from there and brings it with the private key it was made for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from tongxing.city.codes.issuer_file import seal_issuer, seal_root, unseal_root
from tongxing.city.people.keyfile import new_keys, write_keys
from tongxing.front.keys import CELLS, ISSUER, ROOTS, VAULT, keys_in
from tongxing.front.message_key import MESSAGES, seal_message_key
from tongxing.kernel.files import write_whole
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.issue import make_certificate, signer
from tongxing.media.crypto.providers import generate_key, public_of, sm2
from tongxing.media.keys import Environment
from tongxing.media.keys.sealed_file import LOG2_COST, passphrase_objection
from tongxing.media.keys.vault_file import new_masters, seal

ROOT = "codes.root"
ROOT_INDEX = 1
CERTIFICATE_YEARS = 3
_MESSAGE_SECRET_BYTES = 32
_SERIALS = 10**6

Draw = Callable[[int], bytes]
Sealed = bytes | Refusal


@dataclass(frozen=True)
class Issuing:
    """Under which numbers (8 digits each) a city gives out ride codes, and what a scheme gave it:
    its certificate (117 bytes) and the private key (32 bytes) of that, empty for an own root."""

    issuer_id: str
    platform_id: str
    certificate: bytes = b""
    private: bytes = b""


@dataclass(frozen=True)
class Made:
    """One file of the folder, and whether it was made just now."""

    file: Path
    is_new: bool


@dataclass(frozen=True)
class _Maker:
    folder: Path
    environment: Environment
    passphrase: str
    today: date
    draw: Draw
    log2_cost: int

    def vault(self) -> Refusal | None:
        """Master keys of cards."""
        masters = new_masters(self.environment, self.draw)
        sealed = seal(masters, self.environment, self.passphrase, self.draw, self.log2_cost)
        return self._write(VAULT, sealed)

    def cells(self) -> Refusal | None:
        """Keys of personal data."""
        keys = new_keys(self.environment, self.draw)
        return write_keys(self.folder / CELLS, keys, self.passphrase, self.draw, self.log2_cost)

    def messages(self) -> Refusal | None:
        """The key by which devices know their city."""
        secret = self.draw(_MESSAGE_SECRET_BYTES)
        sealed = seal_message_key(secret, self.passphrase, self.draw, self.log2_cost)
        return self._write(MESSAGES, sealed)

    def root(self) -> Refusal | None:
        """A root of ride codes of the city's own."""
        pair = generate_key(self.draw)
        if isinstance(pair, Refusal):
            return pair
        return self._write(ROOT, seal_root(pair[0], self.passphrase, self.draw, self.log2_cost))

    def roots(self) -> Refusal | None:
        """The file by which gates know the own root: its public key."""
        root = self._root()
        public = root if isinstance(root, Refusal) else public_of(root)
        if isinstance(public, Refusal):
            return public
        content = msgspec.json.encode({"roots": {str(ROOT_INDEX): public.hex()}})
        write_whole(self.folder / ROOTS, content + b"\n")
        return None

    def issuer(self, issuing: Issuing) -> Refusal | None:
        """The issuer of ride codes, with a scheme's certificate or one of the own root."""
        private, certificate = issuing.private, issuing.certificate
        if not certificate:
            made = self._certified(issuing)
            if isinstance(made, Refusal):
                return made
            private, certificate = made
        sealed = seal_issuer(
            private,
            certificate,
            issuing.platform_id,
            self.environment,
            self.passphrase,
            self.draw,
            self.log2_cost,
        )
        return self._write(ISSUER, sealed)

    def _certified(self, issuing: Issuing) -> tuple[bytes, bytes] | Refusal:
        root, pair = self._root(), generate_key(self.draw)
        for one in (root, pair):
            if isinstance(one, Refusal):
                return one
        assert isinstance(root, bytes) and not isinstance(pair, Refusal)
        private, public = pair
        year = self.today.year + CERTIFICATE_YEARS
        certificate = make_certificate(
            signer(sm2(), root),
            issuer_id=issuing.issuer_id,
            public_key=public,
            expires=date(year, self.today.month, 1),
            serial=f"{int(sha256_hex(public)[:12], 16) % _SERIALS:06d}",
            root_index=ROOT_INDEX,
        )
        return certificate if isinstance(certificate, Refusal) else (private, certificate)

    def _root(self) -> bytes | Refusal:
        return unseal_root((self.folder / ROOT).read_bytes(), self.passphrase)

    def _write(self, name: str, sealed: Sealed) -> Refusal | None:
        if isinstance(sealed, Refusal):
            return sealed
        write_whole(self.folder / name, sealed, private=True)
        return None


def make_keys(
    folder: Path,
    environment: Environment,
    issuing: Issuing,
    passphrase: str,
    today: date,
    draw: Draw,
    log2_cost: int = LOG2_COST,
) -> list[Made] | Refusal:
    """Every file that `keys_of` and `message_key_of` read in `folder`, made where it is missing.

    The root may be kept elsewhere once the issuer is there. Everything is opened once more at the
    end, so that a file that was there and has another passphrase is found today. `draw` gives
    unpredictable bytes. Refuses FRONT_KEYS_MISSING for a root that gates know and that is not
    here, what `passphrase_objection`, `seal_issuer` and `keys_in` refuse, and SM2_NO_SIGNER; what
    was made before a refusal stays. Raises OSError when the disk refuses.
    """
    refusal = passphrase_objection(passphrase)
    if refusal is not None:
        return refusal
    maker = _Maker(folder, environment, passphrase, today, draw, log2_cost)
    steps: list[tuple[str, Callable[[], Refusal | None]]] = [
        (VAULT, maker.vault),
        (CELLS, maker.cells),
        (MESSAGES, maker.messages),
        (ISSUER, lambda: maker.issuer(issuing)),
    ]
    if not issuing.certificate and not (folder / ISSUER).exists():
        if (folder / ROOTS).exists() and not (folder / ROOT).exists():
            return Refusal("FRONT_KEYS_MISSING", str(folder), {"what": ROOT})
        steps[-1:-1] = [(ROOT, maker.root), (ROOTS, maker.roots)]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    for name, make in steps:
        is_new = not (folder / name).exists()
        refusal = make() if is_new else None
        if refusal is not None:
            return refusal
        made.append(Made(folder / name, is_new))
    tried = keys_in(folder, passphrase)
    return tried if isinstance(tried, Refusal) else made
